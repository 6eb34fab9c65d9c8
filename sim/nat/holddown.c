#include "sim/nat/holddown.h"

#include <stdlib.h>

void holddown_init(struct holddown *h)
{
	*h = (struct holddown){ .ring = must_alloc(64, sizeof(*h->ring)), .mask = 63 };
}

void holddown_clear(struct holddown *h)
{
	free(h->ring);
	*h = (struct holddown){ 0 };
}

void holddown_grow(struct holddown *h)
{
	uint32_t room = h->mask + 1;
	struct held_number *ring = must_grow(NULL, (size_t)room * 2, sizeof(*ring));

	for (uint32_t i = 0; i < h->count; i++)
		ring[i] = h->ring[(h->first + i) & h->mask];
	free(h->ring);
	h->ring = ring;
	h->first = 0;
	h->mask = room * 2 - 1;
}

uint32_t holddown_of(const struct holddown *h, uint32_t subscriber, uint32_t address, uint8_t protocol)
{
	for (uint32_t i = 0; i < h->count; i++) {
		const struct held_number *n = &h->ring[(h->first + i) & h->mask];

		if (n->subscriber == subscriber && n->protocol == protocol && (address == UINT32_MAX || n->address == address))
			return (h->first + i) & h->mask;
	}
	return HELD_NONE;
}

struct held_number holddown_void(struct holddown *h, uint32_t at)
{
	struct held_number n = h->ring[at];

	h->ring[at].subscriber = HELD_BY_NOBODY;
	h->voids++;
	return n;
}
