/* laws - distributions of durations as a scenario writes them:
 * { "distribution": "lognormal", "median": "30s", "sigma": 1.5, "max": "1h" },
 * or a bare duration, which is the constant law. */
#ifndef SIM_SCENARIO_LAWS_H
#define SIM_SCENARIO_LAWS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "sim/base/distribution.h"
#include "sim/scenario/params.h"

/* Reads a law; `either_sign` allows laws with negative values (an offset of a
 * clock). What `out` held is freed if the reading went well, kept if not. */
bool law_read(const struct params_reading *r, const cJSON *value, bool either_sign, struct distribution *out,
              const char *place);

/* The same law as JSON; the caller owns it. */
cJSON *law_resolve(const struct distribution *d);

/* The parameters of one kind, ended by a row with name NULL. */
const struct param *law_params(enum distribution_kind kind);

#endif
