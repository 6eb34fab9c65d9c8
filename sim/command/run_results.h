/* run_results - what `run` leaves of its measures: tables, figures, report, manifest. */
#ifndef SIM_COMMAND_RUN_RESULTS_H
#define SIM_COMMAND_RUN_RESULTS_H

#include <cjson/cJSON.h>

#include "sim/command/opened.h"

/* Writes all files but kept logs into the directory, and prints the warnings.
 * *summary is what summary.json holds, the caller's in any case. */
bool run_results_write(const char *directory, const struct opened *o, const struct arguments *args, cJSON **summary,
                       struct err *e);

#endif
