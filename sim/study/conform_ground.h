/* conform_ground - the pools of the battery, cut to the scheme: small and awkward
 * ones and a whole address.
 *
 * A scheme that cannot serve a pool's subscribers is given as many as it can; a
 * preset is asked on each pool's own range of numbers, but on the last, which has the
 * preset's and is widened to several addresses if the scheme needs them. */
#ifndef SIM_STUDY_CONFORM_GROUND_H
#define SIM_STUDY_CONFORM_GROUND_H

#include "sim/scenario/scenario.h"
#include "sim/study/operation.h"

struct conform_ground {
	const char *prefix, *ports, *exclude;
	uint32_t subscribers;
	unsigned mixes;          /* bits of enum operation_mix */
};

#define CONFORM_GROUNDS 10
extern const struct conform_ground conform_grounds[CONFORM_GROUNDS];

/* A scenario of one scheme on the n-th ground; `entry` is its object. NULL with `e` set if no
 * number of subscribers fits. The caller owns it. */
struct scenario *conform_ground_fit(size_t n, const char *entry, const char *directory, struct err *e);

#endif
