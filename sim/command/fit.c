#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* A trace named as the output by mistake is not written over. */
static bool may_write(const char *path, struct err *e)
{
	FILE *in = fopen(path, "rb");
	int first = in ? fgetc(in) : EOF;

	if (in)
		fclose(in);
	return first == EOF || first == '{' || fail(e, "%s: is there and is no mix; it is not written over", path);
}

static bool write_mix(const struct fit *f, const char *path, struct err *e)
{
	cJSON *mix = fit_mix(f);
	char *text = cJSON_Print(mix);
	struct outfile out;
	bool good = outfile_open(&out, path, e);

	must(text);
	if (good) {
		fprintf(out.stream, "%s\n", text);
		good = outfile_commit(&out, e);
	}
	free(text);
	cJSON_Delete(mix);
	return good;
}

/* The mix last: where it is, all is; and without it nothing. Without gnuplot there
 * is no figure, and that is a warning. */
static bool write_all(const struct fit *f, const char *path, struct err *e)
{
	char *csv = beside(path, ".csv"), *svg = beside(path, ".svg");
	bool good = may_write(path, e) && fit_write_curves(f, csv, e), begun = good;

	if (good) {
		enum figures_result drawn = figure_make("fit", csv, svg, e);

		good = drawn != FIGURES_FAILED;
		if (drawn == FIGURES_NO_GNUPLOT)
			fputs("cgnsim: gnuplot is not there, so no figure was drawn; apt-get install gnuplot-nox\n", stderr);
	}
	good = good && write_mix(f, path, e);
	if (begun && !good) {
		remove(csv);
		remove(svg);
	}
	free(csv);
	free(svg);
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
