#include "sim/command/run_results.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/figures.h"
#include "analysis/report.h"
#include "analysis/summary.h"
#include "analysis/tables.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/warnings.h"

static bool write_json(const char *directory, const char *name, const cJSON *json, struct err *e)
{
	char *path = must_printf("%s/%s", directory, name);
	char *text = cJSON_Print(json);
	struct outfile out;
	bool good = outfile_open(&out, path, e);

	must(text);
	if (good) {
		fprintf(out.stream, "%s\n", text);
		good = outfile_commit(&out, e);
	}
	free(text);
	free(path);
	return good;
}

/* The command that gives this run again, whatever it was called and wherever it wrote. */
static char *command_line(const struct arguments *args, const struct result_origin *origin)
{
	char *line = must_printf("cgnsim %s", origin->command);

	for (size_t i = origin->first; i < origin->words; i++) {
		char *longer = must_printf("%s %s", line, args->words[i]);

		free(line);
		line = longer;
	}
	for (size_t i = 0; i < args->given_count; i++) {
		const struct argument *a = &args->given[i];
		static const char *const changing[] = { "set", "scheme", "seed", "keep-logs" };

		for (size_t k = 0; k < sizeof(changing) / sizeof(*changing); k++) {
			char *longer;

			if (strcmp(a->option->name, changing[k]))
				continue;
			longer = a->option->value ? must_printf("%s --%s '%s'", line, a->option->name, a->value)
			                          : must_printf("%s --%s", line, a->option->name);
			free(line);
			line = longer;
		}
	}
	if (origin->options) {
		char *longer = must_printf("%s%s", line, origin->options);

		free(line);
		line = longer;
	}
	return line;
}

static bool write_manifest(const char *directory, const struct opened *o, const struct arguments *args,
                           const struct result_origin *origin, struct err *e)
{
	cJSON *m = cJSON_CreateObject(), *instances;
	char *line = command_line(args, origin);
	bool good;

	must(m);
	cJSON_AddNumberToObject(m, "format", 1);
	cJSON_AddStringToObject(m, "made_by", "cgnsim " CGNSIM_VERSION);
	cJSON_AddStringToObject(m, "scenario_file", args->words[origin->words - 1]);
	cJSON_AddStringToObject(m, "command", line);
	if (origin->world)
		cJSON_AddStringToObject(m, "world", origin->world);
	cJSON_AddNumberToObject(m, "warmup_s", seconds_from_ns(o->scenario->workload.warmup_ns));
	instances = cJSON_AddArrayToObject(m, "instances");
	for (size_t i = 0; i < o->scenario->trial_count; i++) {
		const struct trial *t = &o->scenario->trials[i];
		cJSON *one = cJSON_CreateObject();

		must(one && cJSON_AddItemToArray(instances, one));
		cJSON_AddStringToObject(one, "scheme", t->name);
		cJSON_AddNumberToObject(one, "instances", t->measures[0].instances);
	}
	cJSON_AddItemToObject(m, "scenario", cJSON_Duplicate(scenario_resolved(o->scenario), 1));
	good = write_json(directory, "manifest.json", m, e);
	cJSON_Delete(m);
	free(line);
	return good;
}

static struct result_scheme *result_schemes(const struct scenario *s)
{
	struct result_scheme *schemes = must_alloc(s->trial_count, sizeof(*schemes));

	for (size_t i = 0; i < s->trial_count; i++) {
		const struct trial *t = &s->trials[i];

		schemes[i] = (struct result_scheme){
			.name = t->name,
			.type = t->scheme->name,
			.log_format = log_format_choices[t->log.format],
			.behind_cpe = t->access == ACCESS_NAT444 && t->cpe.nat,
			.measures = t->measures,
		};
	}
	return schemes;
}

/* Figures that cannot be drawn for want of gnuplot are a warning; the report says so itself. */
static bool write_pictures(const char *directory, struct err *e)
{
	switch (figures_make(directory, e)) {
	case FIGURES_FAILED:
		return false;
	case FIGURES_NO_GNUPLOT:
		fprintf(stderr, "cgnsim: %s\n", FIGURES_WITHOUT_GNUPLOT);
		break;
	case FIGURES_MADE:
		break;
	}
	return report_make(directory, e);
}

bool run_results_write(const char *directory, const struct opened *o, const struct arguments *args,
                       const struct result_origin *origin, cJSON **summary, struct err *e)
{
	const struct scenario *s = o->scenario;
	struct result_scheme *schemes = result_schemes(s);
	struct warnings warnings = { 0 };
	struct result_run run = {
		.scenario = s->name,
		.description = s->description,
		.seed = s->workload.seed,
		.replications = s->workload.replications,
		.subscribers = s->workload.subscribers,
		.warmup_ns = s->workload.warmup_ns,
		.duration_ns = s->workload.duration_ns,
		.interval_ns = s->workload.sample_interval_ns,
		.tails = o->facts.tails,
		.schemes = schemes,
		.scheme_count = s->trial_count,
	};
	bool good;

	warnings_find(&warnings, s, &o->facts);
	if (origin->warning)
		warnings_add(&warnings, RESULT_ALL, "%s", origin->warning);
	run.warnings = warnings.items;
	run.warning_count = warnings.count;
	for (size_t i = 0; i < warnings.count; i++) {
		const struct result_warning *w = &warnings.items[i];

		fprintf(stderr, "cgnsim: warning: %s%s%s\n", w->scheme == RESULT_ALL ? "" : s->trials[w->scheme].name,
		        w->scheme == RESULT_ALL ? "" : ": ", w->text);
	}
	*summary = summary_json(&run);
	good = write_json(directory, "summary.json", *summary, e) && write_manifest(directory, o, args, origin, e) &&
	       tables_write(directory, &run, *summary, e) && write_pictures(directory, e);
	warnings_clear(&warnings);
	free(schemes);
	return good;
}
