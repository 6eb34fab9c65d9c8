#include "sim/scheme/pick.h"

#define DRAWS 8

uint32_t pick_random(const struct portset *ports, uint32_t lo, uint32_t count, struct rng *rng)
{
	uint32_t slot = lo;

	for (int i = 0; i < DRAWS; i++) {
		slot = lo + rng_below(rng, count);
		if (!portset_has(ports, slot))
			return slot;
	}
	return portset_find(ports, lo, lo + count - 1, slot);
}
