/* flowset - flows that must not be offered again: once refused, a flow is lost
 * and its later trains are not sent (nat.retry "none": Erlang's lost call). */
#ifndef SIM_WORLD_FLOWSET_H
#define SIM_WORLD_FLOWSET_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/packet.h"

struct flowset {
	uint64_t *cells;  /* open addressing, 0: empty; owned */
	uint32_t mask, count;
};

void flowset_init(struct flowset *s);
void flowset_clear(struct flowset *s);
void flowset_add(struct flowset *s, const struct segment *train);     /* unless this is its last train */
bool flowset_has(struct flowset *s, const struct segment *train);     /* forgets it if this is its last train */

#endif
