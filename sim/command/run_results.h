/* run_results - what `run` and `measure` leave of their measures: tables, figures, report, manifest. */
#ifndef SIM_COMMAND_RUN_RESULTS_H
#define SIM_COMMAND_RUN_RESULTS_H

#include <cjson/cJSON.h>

#include "sim/command/opened.h"

/* What the measures come from. */
struct result_origin {
	const char *command;   /* "run" */
	size_t first, words;   /* words [first, words) of the line follow it; the last is the scenario */
	const char *options;   /* more that it was given, such as " --world ns3"; NULL: none */
	const char *world;     /* NULL: the flow world */
	const char *warning;   /* one more; NULL: none */
};

/* Writes all files but kept logs into the directory, and prints the warnings.
 * *summary is what summary.json holds, the caller's in any case. */
bool run_results_write(const char *directory, const struct opened *o, const struct arguments *args,
                       const struct result_origin *origin, cJSON **summary, struct err *e);

#endif
