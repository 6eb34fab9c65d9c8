/* report - figures and report.html of a run, made again from its tables. */
#include <stdio.h>

#include "analysis/figures.h"
#include "analysis/report.h"
#include "sim/command/command.h"

static const struct command_option options[] = {
	{ .name = "quiet", .letter = 'q', .help = "do not print the name of the report" },
	{ .name = NULL },
};

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
	.usage = "report DIR [--quiet]",
	.summary = "rebuilds figures and report.html from the tables of a run",
	.options = options,
	.run = run,
};
