/* pick - a free slot of a run, as the schemes choose it. */
#ifndef SIM_SCHEME_PICK_H
#define SIM_SCHEME_PICK_H

#include <stdint.h>

#include "sim/base/rng.h"
#include "sim/nat/portset.h"

/* A free slot of lo..lo+count-1, SLOT_NONE if all are taken: a few uniform
 * draws (RFC 6056 algorithm 2), which is uniform over the free ones, then, when
 * they fail as they may on a crowded run, the next free one after a uniform
 * start (algorithm 1), which looks at each slot at most once. */
uint32_t pick_random(const struct portset *ports, uint32_t lo, uint32_t count, struct rng *rng);

#endif
