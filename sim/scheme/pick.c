#include "sim/scheme/pick.h"

#include "sim/base/must.h"

uint32_t pick_drawn(const struct portset *ports, uint32_t lo, uint32_t count, uint32_t draws, struct rng *rng)
{
	uint64_t word = 0;

	must(draws);
	while (draws--) {
		uint32_t slot = lo + rng_below_of(rng, count, &word);

		if (!portset_has(ports, slot))
			return slot;
	}
	return portset_pick(ports, lo, lo + count - 1, (uint32_t)word); /* the half that the draw did not use */
}

uint32_t pick_random(const struct portset *ports, uint32_t lo, uint32_t count, struct rng *rng)
{
	return pick_drawn(ports, lo, count, PICK_DRAWS, rng);
}
