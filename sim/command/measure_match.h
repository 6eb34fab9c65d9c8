/* measure_match - is an event file of this scenario, and which of its schemes are whose? */
#ifndef SIM_COMMAND_MEASURE_MATCH_H
#define SIM_COMMAND_MEASURE_MATCH_H

#include "sim/command/opened.h"
#include "sim/world/events.h"

/* The file's scheme of each trial. False with `e` set, naming the first place where the scenarios differ, or the scheme that the
 * file lacks. The caller frees it, in both cases. */
bool measure_match(const struct events *events, const char *path, const struct scenario *s, uint32_t **in_file, struct err *e);

#endif
