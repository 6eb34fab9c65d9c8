/* pick - a free slot of a run, uniform over the free ones.
 *
 * A few uniform draws (RFC 6056 algorithm 2) and, when they fail as they may on a
 * crowded run, one scan that counts the free slots and takes one of them: no slot
 * is looked at more than once beyond the draws, however full the run is. A scan
 * that took the next free slot instead would take the one behind a run of r taken
 * ones r + 1 times as often, and who holds such a run could count on that. */
#ifndef SIM_SCHEME_PICK_H
#define SIM_SCHEME_PICK_H

#include <stdint.h>

#include "sim/base/rng.h"
#include "sim/nat/allocator.h"
#include "sim/nat/portset.h"

#define PICK_DRAWS 8

/* Of lo..lo+count-1; SLOT_NONE if all are taken. */
uint32_t pick_random(const struct portset *ports, uint32_t lo, uint32_t count, struct rng *rng);

/* The same with `draws` draws, at least 1. */
uint32_t pick_drawn(const struct portset *ports, uint32_t lo, uint32_t count, uint32_t draws, struct rng *rng);

/* Is the number free for the request: not taken, or, where numbers carry several mappings, not yet carrying one to
 * the request's remote endpoint? */
static inline bool pick_is_free(const struct ground *g, const struct request *r, uint32_t slot)
{
	if (!g->tuples)
		return !portset_has(ground_ports(g, r->address, r->protocol), slot);
	return tuples_find(g->tuples, &(struct tuple){ r->address, slot, r->remote, r->remote_port, r->protocol }) ==
	       TUPLE_FREE;
}

/* Odds (struct nat_event) of such a pick, for who has `own` slots of the run. */
static inline uint32_t pick_odds(uint32_t count, uint32_t own)
{
	return count > own ? count - own : 1;
}

#endif
