/* holddown - numbers whose mapping has ended and that nobody may have yet
 * (RFC 6888 REQ-8). The time is the same for all, so the first in is the first out. */
#ifndef SIM_NAT_HOLDDOWN_H
#define SIM_NAT_HOLDDOWN_H

#include <stdbool.h>
#include <stdint.h>

struct held_number {
	int64_t  release_ns;
	uint32_t subscriber;
	uint32_t address;
	uint16_t slot;
	uint8_t  protocol;
};

struct holddown {
	struct held_number *ring; /* owned */
	uint32_t mask;            /* room - 1, a power of two */
	uint32_t first, count;
};

void holddown_init(struct holddown *h);
void holddown_clear(struct holddown *h);
void holddown_add(struct holddown *h, struct held_number n); /* release_ns never falls */

/* When the next one is released; NS_NEVER if none is held. */
int64_t holddown_next(const struct holddown *h);
struct held_number holddown_take(struct holddown *h); /* the longest held; there must be one */

#endif
