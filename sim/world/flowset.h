/* flowset - flows whose later trains must be told from others': those that were
 * refused, and are not offered again (nat.retry "none": Erlang's lost call), and
 * those that have not yet sent anything. */
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
bool flowset_take(struct flowset *s, const struct segment *train);    /* forgets it */

#endif
