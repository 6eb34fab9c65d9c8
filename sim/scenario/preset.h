/* preset - a scheme that names a preset (scenarios/presets) has that one's keys
 * where it says nothing itself: { "preset": "juniper-pba", "max_blocks": 4 }. */
#ifndef SIM_SCENARIO_PRESET_H
#define SIM_SCENARIO_PRESET_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"

/* Puts the keys of the scheme's preset into it, and takes "preset" out; objects are
 * merged key by key. A scheme without one stays as it is. False with a fault in `e`. */
bool preset_expand(cJSON *scheme, const char *place, struct err *e);

#endif
