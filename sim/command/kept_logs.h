/* kept_logs - kept logs join the results of a run. */
#ifndef SIM_COMMAND_KEPT_LOGS_H
#define SIM_COMMAND_KEPT_LOGS_H

#include "sim/scenario/scenario.h"

/* Moves them from where they were joined to directory/logs, without whatever a killed run left beside them, and writes what
 * the schemes must keep of their rules. */
bool kept_logs_move(const char *from, const char *directory, const struct scenario *s, struct err *e);

#endif
