#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/figures.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/fit_items.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "MIX", .help = "the mix to write; its figure goes beside it, as .csv and .svg" },
	{ .name = "json", .help = "what was found as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "no report" },
	{ 0 },
};

/* MIX without .json, and with another ending. */
static char *beside(const char *mix, const char *ending)
{
	size_t length = strlen(mix);

	if (length > 5 && !strcmp(mix + length - 5, ".json"))
		length -= 5;
	return must_printf("%.*s%s", (int)length, mix, ending);
}

/* Does the file begin with that, or is it empty, or not there? A directory is told when it is written to. */
static bool begins_with(const char *path, const char *wanted)
{
	char text[32] = "";
	FILE *in = fopen(path, "rb");
	size_t length = in ? fread(text, 1, strlen(wanted), in) : 0;

	if (in)
		fclose(in);
	return !length || !strncmp(text, wanted, strlen(wanted));
}

static bool is_mix(const char *path)
{
	size_t length;
	struct err e = ERR_INIT;
	char *text = begins_with(path, "{") ? file_read(path, &length, &e) : NULL;
	cJSON *mix = text ? cJSON_Parse(text) : NULL;
	bool is = cJSON_GetObjectItemCaseSensitive(mix, "mix") != NULL || (text && !*text) || access(path, F_OK);

	cJSON_Delete(mix);
	free(text);
	err_clear(&e);
	return is;
}

/* What is there and was not written by a fit is not written over: a trace named as the output by mistake,
 * or a capture that happens to be called as the table is. */
static bool may_write(const char *mix, const char *csv, const char *svg, struct err *e)
{
	struct stat at;

	if (!stat(mix, &at) && S_ISREG(at.st_mode) && !is_mix(mix))
		return fail(e, "%s: is there and is no mix; it is not written over", mix);
	if (!begins_with(csv, FIT_CURVES_HEADER))
		return fail(e, "%s: is there and is no table of a fit; it is not written over", csv);
	return begins_with(svg, "<?xml") || fail(e, "%s: is there and is no figure; it is not written over", svg);
}

static bool write_mix(const struct fit *f, FILE *to)
{
	cJSON *mix = fit_mix(f);
	char *text = cJSON_Print(mix);

	must(text);
	fprintf(to, "%s\n", text);
	free(text);
	cJSON_Delete(mix);
	return !fflush(to);
}

/* The figure of a table that is not in its place yet, so that nothing is if it fails. */
static enum figures_result draw(const struct outfile *csv, const char *svg, struct err *e)
{
	char *path = csv->temporary ? must_printf("%s", csv->temporary) : must_printf("/proc/self/fd/%d", fileno(csv->stream));
	enum figures_result drawn = figure_make("fit", path, svg, e);

	free(path);
	return drawn;
}

/* Whatever was there stays until all is made: then the figure, the table and, last, the mix take their places. Without gnuplot,
 * or without a point to draw, there is no figure, and that is a warning. */
static bool write_all(const struct fit *f, const char *path, struct err *e)
{
	char *csv_path = beside(path, ".csv"), *svg_path = beside(path, ".svg");
	struct outfile csv = { 0 }, mix = { 0 };
	enum figures_result drawn = FIGURES_NO_GNUPLOT;
	size_t points = 0;
	bool good = may_write(path, csv_path, svg_path, e) && outfile_open(&csv, csv_path, e) && outfile_open(&mix, path, e);

	if (good) {
		points = fit_write_curves(f, csv.stream);
		good = write_mix(f, mix.stream) && !fflush(csv.stream);
		if (good && points)
			good = (drawn = draw(&csv, svg_path, e)) != FIGURES_FAILED;
		else if (!good)
			fail(e, "%s: %s", path, strerror(errno));
	}
	good = good && outfile_commit(&csv, e) && outfile_commit(&mix, e);
	if (good && drawn == FIGURES_NO_GNUPLOT) {
		remove(svg_path); /* of an earlier fit */
		fputs(points ? "cgnsim: gnuplot is not there, so no figure was drawn; apt-get install gnuplot-nox\n"
		             : "cgnsim: no law has a value to draw, so there is no figure\n", stderr);
	}
	outfile_abandon(&csv);
	outfile_abandon(&mix);
	free(csv_path);
	free(svg_path);
	return good;
}

static void print_json(const struct fit *f)
{
	cJSON *account = fit_account(f);
	char *text = cJSON_Print(account);

	must(text);
	puts(text);
	free(text);
	cJSON_Delete(account);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct err e = ERR_INIT;
	struct trace *t = NULL;
	struct fit f = { 0 };
	const char *path;
	int status = arguments_parse(&args, &command_fit, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	path = arguments_value(&args, "output");
	if (!path) {
		status = command_misused(&command_fit, "-o MIX is missing: the mix to write");
		goto out;
	}
	t = trace_load(args.words[0], &e);
	if (!t || !fit_trace(t, args.words[0], &f, &e) || !write_all(&f, path, &e)) {
		status = command_failed(&e);
		goto out;
	}
	fit_warn(&f, stderr);
	if (arguments_has(&args, "json"))
		print_json(&f);
	else if (!arguments_has(&args, "quiet"))
		fit_print(&f, args.words[0], stdout);
	status = EXIT_DONE;
out:
	fit_clear(&f);
	trace_destroy(t);
	arguments_clear(&args);
	return status;
}

const struct command command_fit = {
	.name = "fit",
	.usage = "fit TRACE -o MIX [--json | --quiet]",
	.summary = "finds the laws behind a trace, and writes them as a mix that run takes, with a figure",
	.options = options,
	.run = run,
};
