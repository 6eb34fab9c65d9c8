/* set - `--set PATH=VALUE`: a scenario's keys changed from the command line.
 *
 * PATH is keys joined by dots, with [N] for an entry of a list; "$." may stand
 * before it. Objects and lists on the way are made if they are not there; [N]
 * just after the last entry adds one. VALUE is JSON if it reads as JSON, else it
 * is the text itself. */
#ifndef SIM_SCENARIO_SET_H
#define SIM_SCENARIO_SET_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"

/* Changes the tree. False with one fault in `e`, and the tree as it was but for
 * objects made on the way. Texts are marked JSON_FROM_COMMAND_LINE. */
bool set_apply(cJSON *root, const char *assignment, struct err *e);

#endif
