/* compare - two runs, measure by measure. */
#include "analysis/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/compare_write.h"
#include "analysis/figures.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/compare_print.h"
#include "sim/command/rundir.h"
#include "sim/scenario/json.h"

static const struct command_option options[] = {
	{ .name = "tolerance", .value = "PATH=REL[,ABS]", .many = true,
	  .help = "how far a measure may differ: the larger of a part of its value (0.01 or 1%) and an absolute part; "
	          "* stands for anything, the last one that fits counts" },
	{ .name = "ignore", .value = "PATH", .many = true, .help = "a measure whose values may be anything, or be in one run only" },
	{ .name = "exact", .help = "only equal values agree, but for --tolerance" },
	{ .name = "names", .value = "A,B", .help = "what to call the runs (default: the directories' names)" },
	{ .name = "all", .help = "show the measures that are equal too" },
	{ .name = "json", .help = "everything as JSON" },
	{ .name = "markdown", .help = "tables for a document, with the reason of each tolerance" },
	{ .name = "output", .letter = 'o', .value = "DIR", .help = "write compare.json, measures.csv and the figure compare.svg with its compare.csv" },
	{ .name = "force", .help = "write even into a directory that holds other things" },
	{ 0 },
};

static const struct rundir_kind rundir_of_compare = {
	.made_by = "comparison",
	.names = (const char *const[]){ "compare.json", "measures.csv", "compare.csv", "compare.svg", NULL },
	.always = "compare.json",
};

struct job {
	struct arguments args;
	const char *dirs[2];       /* as on the command line */
	char *names[2];
	struct compare_run runs[2];
	struct compare_tables tables[2];
	char *paths[2];            /* of the summaries */
	struct tolerances tolerances;
	struct comparison comparison;
};

static cJSON *read_json(const char *path, struct err *e)
{
	size_t length = 0;
	char *text = file_read(path, &length, e);
	cJSON *root = text ? json_read(text, length, path, e) : NULL;

	free(text);
	return root;
}

static bool read_run(struct job *j, int which, struct err *e)
{
	struct compare_run *run = &j->runs[which];
	char *manifest = must_printf("%s/manifest.json", j->dirs[which]);
	struct stat st;
	cJSON *root;
	bool good;

	j->paths[which] = must_printf("%s/summary.json", j->dirs[which]);
	if (!stat(j->dirs[which], &st) && S_ISDIR(st.st_mode) && stat(j->paths[which], &st)) {
		free(manifest);
		return fail(e, "%s: is no run's directory: there is no summary.json in it", j->dirs[which]);
	}
	root = read_json(j->paths[which], e);
	good = root && run_summary_take(&run->summary, root, j->paths[which], e);
	if (good) {
		run->manifest = read_json(manifest, e);
		good = run->manifest && run_json_check(run->manifest, manifest, e);
	}
	run->path = j->paths[which];
	run->name = j->names[which];
	free(manifest);
	return good && compare_tables_read(&j->tables[which], j->dirs[which], e);
}

/* The last part of a directory's name. The caller frees it. */
static char *base_name(const char *dir)
{
	size_t end = strlen(dir), begin;

	while (end > 1 && dir[end - 1] == '/')
		end--;
	begin = end;
	while (begin && dir[begin - 1] != '/')
		begin--;
	return must_printf("%.*s", (int)(end - begin), dir + begin);
}

static void set_names(struct job *j, char *a, char *b)
{
	free(j->names[0]);
	free(j->names[1]);
	j->names[0] = a;
	j->names[1] = b;
}

/* As asked; else the directories' names, as far as they must be written out to differ. */
static bool name_runs(struct job *j, struct err *e)
{
	const char *asked = arguments_value(&j->args, "names"), *comma = asked ? strchr(asked, ',') : NULL;

	if (asked) {
		if (!comma || comma == asked || !comma[1] || strchr(comma + 1, ','))
			return fail(e, "--names: \"%s\" is not two names with a comma between (such as flow,packet)", asked);
		set_names(j, must_printf("%.*s", (int)(comma - asked), asked), must_strdup(comma + 1));
		return strcmp(j->names[0], j->names[1]) || fail(e, "--names: \"%s\" are one name", asked);
	}
	set_names(j, base_name(j->dirs[0]), base_name(j->dirs[1]));
	if (!strcmp(j->names[0], j->names[1]))
		set_names(j, must_strdup(j->dirs[0]), must_strdup(j->dirs[1]));
	if (!strcmp(j->names[0], j->names[1]))
		set_names(j, must_strdup("A"), must_strdup("B"));
	return true;
}

/* In the order of the line, which says what goes before what. */
static bool read_tolerances(struct job *j, struct err *e)
{
	j->tolerances.exact = arguments_has(&j->args, "exact");
	for (size_t i = 0; i < j->args.given_count; i++) {
		const struct argument *a = &j->args.given[i];

		if (!strcmp(a->option->name, "ignore"))
			tolerances_ignore(&j->tolerances, a->value);
		else if (!strcmp(a->option->name, "tolerance") && !tolerances_add(&j->tolerances, a->value, e))
			return false;
	}
	return true;
}

/* A pattern that fits nothing is a slip. */
static bool patterns_were_met(const struct tolerances *t, struct err *e)
{
	for (size_t i = 0; i < t->own_count; i++)
		if (!t->met[i])
			return fail(e, "--%s: no measure is called \"%s\" (--all shows their names)",
			            t->own[i].ignored ? "ignore" : "tolerance", t->own[i].pattern);
	return true;
}

static bool write_json(const struct job *j, const char *path, struct err *e)
{
	cJSON *json = comparison_json(&j->comparison, (const char *const *)j->names);
	char *text = cJSON_Print(json);
	struct outfile out = { 0 };
	bool good = outfile_open(&out, path, e);

	must(text);
	if (good) {
		fprintf(out.stream, "%s\n", text);
		good = outfile_commit(&out, e);
	}
	free(text);
	cJSON_Delete(json);
	return good;
}

static bool write_measures(const struct job *j, const char *path, struct err *e)
{
	struct outfile out = { 0 };

	if (!outfile_open(&out, path, e))
		return false;
	comparison_measures(out.stream, &j->comparison);
	return outfile_commit(&out, e);
}

static bool write_series(const struct job *j, const char *path, struct err *e)
{
	struct outfile out = { 0 };
	bool good = outfile_open(&out, path, e) &&
	            comparison_series(out.stream, &j->comparison, (const char *const *)j->names, j->tables, e) &&
	            outfile_commit(&out, e);

	outfile_abandon(&out);
	return good;
}

/* compare.svg from compare.csv, unless they have no scheme in common. */
static bool draw(const struct job *j, const char *dir, struct err *e)
{
	char *csv = must_printf("%s/compare.csv", dir), *svg = must_printf("%s/compare.svg", dir);
	enum figures_result drawn = FIGURES_MADE;

	if (j->comparison.schemes_alone < j->comparison.scheme_count)
		drawn = figure_make("compare", csv, svg, e);
	if (drawn == FIGURES_NO_GNUPLOT)
		fprintf(stderr, "cgnsim: %s\n", FIGURES_WITHOUT_GNUPLOT);
	free(csv);
	free(svg);
	return drawn != FIGURES_FAILED;
}

static bool write_directory(const struct job *j, const char *path, struct err *e)
{
	static const struct {
		const char *name;
		bool (*write)(const struct job *j, const char *path, struct err *e);
	} files[] = { { "compare.json", write_json }, { "measures.csv", write_measures }, { "compare.csv", write_series } };
	struct rundir dir = { .lock = -1 };
	bool good;

	if (!rundir_open_kind(&dir, path, &rundir_of_compare, arguments_has(&j->args, "force"), e))
		return false;
	good = rundir_empty(&dir, e) && rundir_begin(&dir, e);
	for (size_t i = 0; good && i < sizeof(files) / sizeof(*files); i++) {
		char *file = must_printf("%s/%s", dir.temporary, files[i].name);

		good = files[i].write(j, file, e);
		free(file);
	}
	good = good && draw(j, dir.temporary, e) && rundir_commit(&dir, e);
	rundir_abandon(&dir);
	return good;
}

static void print(const struct job *j)
{
	const char *const *names = (const char *const *)j->names;
	bool all = arguments_has(&j->args, "all");

	if (arguments_has(&j->args, "json")) {
		cJSON *json = comparison_json(&j->comparison, names);
		char *text = cJSON_Print(json);

		must(text);
		puts(text);
		free(text);
		cJSON_Delete(json);
	} else if (arguments_has(&j->args, "markdown")) {
		comparison_print_markdown(&j->comparison, names, all, stdout);
	} else {
		comparison_print_text(&j->comparison, names, all, stdout);
	}
}

static bool compare(struct job *j, struct err *e)
{
	const char *output = arguments_value(&j->args, "output");

	if (!name_runs(j, e) || !read_tolerances(j, e) || !read_run(j, 0, e) || !read_run(j, 1, e) ||
	    !compare_runs(&j->comparison, &j->runs[0], &j->runs[1], &j->tolerances, e) ||
	    !compare_curves(&j->comparison, j->tables, &j->tolerances, e) || !patterns_were_met(&j->tolerances, e) || (output && !write_directory(j, output, e)))
		return false;
	print(j);
	return true;
}

static int run(int argc, char **argv)
{
	struct job j = { 0 };
	struct err e = ERR_INIT;
	int status = arguments_parse(&j.args, &command_compare, argc, argv, 2, 2);

	if (status >= 0)
		return status;
	j.dirs[0] = j.args.words[0];
	j.dirs[1] = j.args.words[1];
	if (arguments_has(&j.args, "json") && arguments_has(&j.args, "markdown"))
		status = command_misused(&command_compare, "--json and --markdown exclude each other");
	else if (!compare(&j, &e))
		status = command_failed(&e);
	else
		status = comparison_agrees(&j.comparison) ? EXIT_DONE : EXIT_NO;
	comparison_clear(&j.comparison);
	for (int i = 0; i < 2; i++) {
		compare_run_clear(&j.runs[i]);
		compare_tables_clear(&j.tables[i]);
		free(j.names[i]);
		free(j.paths[i]);
	}
	tolerances_clear(&j.tolerances);
	arguments_clear(&j.args);
	return status;
}

const struct command command_compare = {
	.name = "compare",
	.usage = "compare DIR_A DIR_B [--tolerance PATH=REL[,ABS]]... [--ignore PATH]... [--exact] [--names A,B]\n"
	         "    [--all] [--json | --markdown] [-o DIR] [--force]",
	.summary = "holds two runs against each other, measure by measure; exit 1 if they are further apart than tolerances allow",
	.options = options,
	.run = run,
};
