/* report - figures and report.html of a run, or the figure of a fit or a comparison, made again from the tables. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "analysis/figures.h"
#include "analysis/report.h"
#include "sim/base/must.h"
#include "sim/command/command.h"

static const struct command_option options[] = {
	{ .name = "quiet", .letter = 'q', .help = "do not print the name of the report" },
	{ .name = NULL },
};

/* TABLE.csv gives TABLE.svg: a comparison's rows begin with a scheme, a fit's with a law. */
static int report_table(const char *path, struct err *e)
{
	struct csv table = { 0 };
	char *svg = must_printf("%.*s.svg", (int)strlen(path) - 4, path);
	enum figures_result drawn = FIGURES_FAILED;

	if (csv_read(&table, path, e))
		drawn = figure_make(strcmp(table.header[0], "scheme") ? "fit" : "compare", path, svg, e);
	csv_clear(&table);
	free(svg);
	if (drawn == FIGURES_NO_GNUPLOT)
		fail_lacks(e, "%s", FIGURES_WITHOUT_GNUPLOT);
	return drawn == FIGURES_MADE ? EXIT_DONE : command_failed(e);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct err e = ERR_INIT;
	const char *dir;
	enum figures_result drawn;
	int status = arguments_parse(&args, &command_report, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	dir = args.words[0];
	if (strlen(dir) > 4 && !strcmp(dir + strlen(dir) - 4, ".csv")) {
		status = report_table(dir, &e);
		arguments_clear(&args);
		return status;
	}
	drawn = figures_make(dir, &e);
	if (drawn == FIGURES_NO_GNUPLOT)
		fprintf(stderr, "cgnsim: %s\n", FIGURES_WITHOUT_GNUPLOT);
	if (drawn == FIGURES_FAILED || !report_make(dir, &e)) {
		status = command_failed(&e);
	} else {
		if (!arguments_has(&args, "quiet"))
			printf("%s/report.html\n", dir);
		status = EXIT_DONE;
	}
	arguments_clear(&args);
	return status;
}

const struct command command_report = {
	.name = "report",
	.usage = "report DIR [--quiet]\nreport TABLE.csv",
	.summary = "rebuilds figures and report.html from the tables of a run, or the figure of a fit or a comparison from its table",
	.options = options,
	.run = run,
};
