#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/figures.h"
#include "analysis/report.h"
#include "analysis/summary.h"
#include "analysis/tables.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/console.h"
#include "sim/command/opened.h"
#include "sim/command/progress.h"
#include "sim/command/rundir.h"
#include "sim/command/warnings.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "DIR", .help = "where the results go (default results/<scenario name>)" },
	OPTION_SET,
	OPTION_SCHEMES,
	OPTION_SEED,
	{ .name = "threads", .value = "N", .help = "threads (default: all cores); results do not depend on it" },
	{ .name = "keep-logs", .help = "keep every scheme's log as DIR/logs/SCHEME.EXT.zst" },
	{ .name = "force", .help = "write even into a directory that holds other things" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no table" },
	{ 0 },
};

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
	(void)number;
	told_to_stop = 1;
}

/* A first SIGINT or SIGTERM ends the run cleanly; a second one at once. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

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
static char *command_line(const struct arguments *args)
{
	char *line = must_printf("cgnsim run %s", args->words[0]);

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
	return line;
}

static bool write_manifest(const char *directory, const struct opened *o, const struct arguments *args, struct err *e)
{
	cJSON *m = cJSON_CreateObject(), *instances;
	char *line = command_line(args);
	bool good;

	must(m);
	cJSON_AddNumberToObject(m, "format", 1);
	cJSON_AddStringToObject(m, "made_by", "cgnsim " CGNSIM_VERSION);
	cJSON_AddStringToObject(m, "scenario_file", args->words[0]);
	cJSON_AddStringToObject(m, "command", line);
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

static bool write_results(const char *directory, const struct opened *o, const struct arguments *args, cJSON **summary,
                          struct err *e)
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
	run.warnings = (const char *const *)warnings.lines;
	run.warning_count = warnings.count;
	for (size_t i = 0; i < warnings.count; i++)
		fprintf(stderr, "cgnsim: warning: %s\n", warnings.lines[i]);
	*summary = summary_json(&run);
	good = write_json(directory, "summary.json", *summary, e) && write_manifest(directory, o, args, e) &&
	       tables_write(directory, &run, *summary, e) && write_pictures(directory, e);
	warnings_clear(&warnings);
	free(schemes);
	return good;
}

static bool make_log_directory(struct opened *o, const struct rundir *dir, bool keep_all, char **path, struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < o->scenario->trial_count; i++) {
		o->scenario->trials[i].log.keep |= keep_all;
		any |= o->scenario->trials[i].log.keep;
	}
	if (!any)
		return true;
	*path = must_printf("%s/logs", dir->temporary);
	return mkdir(*path, 0777) ? fail(e, "%s: %s", *path, strerror(errno)) : true;
}

static void show_progress(void *context, double share, uint64_t trains)
{
	progress_show(context, share, trains);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct opened o = { 0 };
	struct rundir dir = { 0 };
	struct run_options how = { .stop = &told_to_stop };
	struct progress progress = { 0 };
	struct err e = ERR_INIT;
	cJSON *summary = NULL;
	char *path = NULL, *logs = NULL;
	uint64_t threads = 0;
	bool quiet;
	int status = arguments_parse(&args, &command_run, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	quiet = arguments_has(&args, "quiet");
	if (!arguments_number(&args, "threads", 1, 1024, &threads, &e) || !scenario_open(&o, &args, &e))
		goto out;
	path = arguments_value(&args, "output") ? must_strdup(arguments_value(&args, "output"))
	                                        : must_printf("results/%s", o.scenario->name);
	if (!rundir_open(&dir, path, arguments_has(&args, "force"), &e) ||
	    !make_log_directory(&o, &dir, arguments_has(&args, "keep-logs"), &logs, &e))
		goto out;
	catch_signals();
	progress_begin(&progress, "trains", quiet);
	how.threads = (unsigned)threads;
	how.log_directory = logs;
	how.progress = show_progress;
	how.progress_context = &progress;
	if (!run_trials(&o.scenario->workload, o.sources, &o.facts, o.scenario->trials, o.scenario->trial_count, &how, &e)) {
		progress_end(&progress);
		if (told_to_stop)
			fail(&e, "stopped by a signal; nothing was written");
		goto out;
	}
	progress_end(&progress);
	if (!write_results(dir.temporary, &o, &args, &summary, &e) || !rundir_commit(&dir, &e))
		goto out;
	if (!quiet) {
		summary_print(summary, stdout);
		printf("\n%s/report.html\n", path);
	}
	status = EXIT_DONE;
out:
	if (status < 0)
		status = command_failed(&e);
	rundir_abandon(&dir);
	cJSON_Delete(summary);
	scenario_close(&o);
	free(path);
	free(logs);
	arguments_clear(&args);
	return status;
}

const struct command command_run = {
	.name = "run",
	.usage = "run SCENARIO [-o DIR] [--set PATH=VALUE]... [--scheme NAME]... [--seed N] [--threads N] [--keep-logs]\n"
	         "    [--force] [--quiet]",
	.summary = "runs every scheme of a scenario on the same workload, and writes tables, figures and a report",
	.options = options,
	.run = run,
};
