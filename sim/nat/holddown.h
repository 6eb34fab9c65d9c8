/* holddown - numbers whose mapping has ended and that nobody may have yet
 * (RFC 6888 REQ-8). The time is the same for all, so the first in is the first out. */
#ifndef SIM_NAT_HOLDDOWN_H
#define SIM_NAT_HOLDDOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

#define HELD_BY_NOBODY UINT32_MAX

struct held_number {
	int64_t  release_ns;
	uint32_t subscriber;      /* HELD_BY_NOBODY: it was released before its time */
	uint32_t address;
	uint32_t remote;          /* where numbers carry several mappings: of which one */
	uint16_t remote_port;
	uint16_t slot;
	uint8_t  protocol;
};

struct holddown {
	struct held_number *ring; /* owned */
	uint32_t mask;            /* room - 1, a power of two */
	uint32_t first, count;
	uint32_t voids;           /* how many of them were released before their time */
};

void holddown_init(struct holddown *h);
void holddown_clear(struct holddown *h);
void holddown_grow(struct holddown *h); /* twice the room */

/* Where to write the next one, whose release_ns is not before that of any other. */
static inline struct held_number *holddown_add(struct holddown *h)
{
	if (h->count > h->mask)
		holddown_grow(h);
	return &h->ring[(h->first + h->count++) & h->mask];
}

/* When the next one is released; NS_NEVER if none is held. */
static inline int64_t holddown_next(const struct holddown *h)
{
	return h->count ? h->ring[h->first & h->mask].release_ns : NS_NEVER;
}

/* Takes the longest held, which there must be; it is valid until the next is added. */
static inline const struct held_number *holddown_take(struct holddown *h)
{
	const struct held_number *n = &h->ring[h->first++ & h->mask];

	must(h->count);
	h->count--;
	h->voids -= n->subscriber == HELD_BY_NOBODY;
	return n;
}

#define HELD_NONE UINT32_MAX

/* The longest held number of this subscriber and protocol, on this address (ADDRESS_NONE: any);
 * HELD_NONE if it has none. Its place is valid until anything changes. */
uint32_t holddown_of(const struct holddown *h, uint32_t subscriber, uint32_t address, uint8_t protocol);

/* Takes the one at that place out of its turn. */
struct held_number holddown_void(struct holddown *h, uint32_t at);

#endif
