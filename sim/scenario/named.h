/* named - an object of names that a scheme's own library knows (PARAM_NAMED):
 * { "size": 64, "guard": "2m", "random": true }. Whether a name is known, and its
 * range, is that library's to say. */
#ifndef SIM_SCENARIO_NAMED_H
#define SIM_SCENARIO_NAMED_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "sim/base/params.h"
#include "sim/scenario/params.h"

/* What `out` held is freed if the reading went well, kept if not. */
bool named_read(const struct params_reading *r, const cJSON *value, struct named_numbers *out, const char *place);

cJSON *named_resolve(const struct named_numbers *numbers); /* the caller owns it */
void named_clear(struct named_numbers *numbers);

#endif
