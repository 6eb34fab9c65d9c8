/* json_same - do two JSON trees say the same? The first place where they do not is told. */
#ifndef SIM_COMMAND_JSON_SAME_H
#define SIM_COMMAND_JSON_SAME_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"

/* At the first difference calls differ() with its path ("pool.ports" below "$" is "$.pool.ports") and both values as texts, and
 * returns what that does; true if there is none. Members count in their order. */
bool json_same(const char *place, const cJSON *then, const cJSON *now,
               bool (*differ)(void *context, const char *place, const char *then, const char *now, struct err *e), void *context,
               struct err *e);

#endif
