/* pairing - which public address a subscriber lives on (RFC 6888 REQ-2), and
 * what it has there. */
#ifndef SIM_NAT_PAIRING_H
#define SIM_NAT_PAIRING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/allocator.h"

struct tenant {               /* a subscriber */
	uint32_t address;             /* ADDRESS_NONE: not paired */
	uint32_t active[PROTO_COUNT]; /* live mappings */
	uint32_t held[PROTO_COUNT];   /* live, and numbers in hold-down */
	uint32_t sessions;
	int64_t  rate_ns;             /* of new mappings, see rate.h */
};

struct pairing {
	struct tenant *tenants;       /* owned; one a subscriber */
	uint32_t *tenants_on;         /* owned; subscribers paired with each address */
	uint32_t addresses;
	uint32_t next;                /* round robin */
	int assignment;               /* enum assignment */
	struct rng rng;
};

void pairing_init(struct pairing *p, uint32_t subscribers, uint32_t addresses, int assignment, uint64_t rng_key);
void pairing_clear(struct pairing *p);

/* The address for a newcomer: its home if the scheme gives it one, else one by
 * `assignment` among those with room; ADDRESS_NONE if none has. Changes nothing yet. */
uint32_t pairing_choose(struct pairing *p, const struct allocator *a, uint32_t subscriber, enum protocol protocol);

/* With arbitrary pooling, and for a subscriber's second address: this one was given a mapping. */
static inline void pairing_gave(struct pairing *p, uint32_t address)
{
	p->next = (address + 1) % p->addresses;
}

void pairing_begin(struct pairing *p, uint32_t subscriber, uint32_t address);

/* Ends the pairing if the subscriber has no mapping, no block and no held number. */
void pairing_end_if_idle(struct pairing *p, const struct allocator *a, uint32_t subscriber);

#endif
