/* measuring - how what was summed up of a trial becomes its measures, whatever world it ran in. */
#ifndef SIM_WORLD_MEASURING_H
#define SIM_WORLD_MEASURING_H

#include "sim/world/sums.h"
#include "sim/world/watch.h"

/* The frames of a trial's sums: of its usage, and of unlimited demand. */
struct usage_frame measuring_frame(const struct watch_ground *g);
struct usage_frame measuring_demand(const struct watch_ground *g);

/* The tally becomes the measures, and is empty then. */
void measuring_take(const struct watch_ground *g, struct tally *sum, struct measures *m);

#endif
