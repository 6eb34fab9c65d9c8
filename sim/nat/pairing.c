#include "sim/nat/pairing.h"

#include <stdlib.h>

#include "sim/base/must.h"

void pairing_init(struct pairing *p, uint32_t subscribers, uint32_t addresses, int assignment, uint64_t rng_key)
{
	*p = (struct pairing){
		.tenants = must_alloc(subscribers, sizeof(*p->tenants)),
		.tenants_on = must_alloc(addresses, sizeof(*p->tenants_on)),
		.addresses = addresses,
		.assignment = assignment,
	};
	for (uint32_t i = 0; i < subscribers; i++)
		p->tenants[i].address = ADDRESS_NONE;
	rng_seed(&p->rng, mix64(rng_key, RNG_PAIRING));
}

void pairing_clear(struct pairing *p)
{
	free(p->tenants);
	free(p->tenants_on);
	*p = (struct pairing){ 0 };
}

/* The first address with room at or after `from`, wrapping; ADDRESS_NONE if there is none. */
static uint32_t with_room_from(const struct pairing *p, const struct allocator *a, enum protocol protocol, uint32_t from)
{
	for (uint32_t i = 0; i < p->addresses; i++) {
		uint32_t address = (from + i) % p->addresses;

		if (a->room(a->state, address, protocol))
			return address;
	}
	return ADDRESS_NONE;
}

/* Uniform over those with room: the n-th of them. */
static uint32_t choose_random(struct pairing *p, const struct allocator *a, enum protocol protocol)
{
	uint32_t guess = rng_below(&p->rng, p->addresses);
	uint32_t with_room = 0;

	if (a->room(a->state, guess, protocol))
		return guess;
	for (uint32_t address = 0; address < p->addresses; address++)
		with_room += a->room(a->state, address, protocol);
	if (!with_room)
		return ADDRESS_NONE;
	for (uint32_t address = 0, n = rng_below(&p->rng, with_room);; address++)
		if (a->room(a->state, address, protocol) && n-- == 0)
			return address;
}

static uint32_t choose_least_used(const struct pairing *p, const struct allocator *a, enum protocol protocol)
{
	uint32_t best = ADDRESS_NONE;

	for (uint32_t address = 0; address < p->addresses; address++)
		if ((best == ADDRESS_NONE || p->tenants_on[address] < p->tenants_on[best]) &&
		    a->room(a->state, address, protocol))
			best = address;
	return best;
}

uint32_t pairing_choose(struct pairing *p, const struct allocator *a, uint32_t subscriber, enum protocol protocol)
{
	if (a->home) {
		uint32_t home = a->home(a->state, subscriber);

		if (home != ADDRESS_NONE)
			return home;
	}
	switch (p->assignment) {
	case ASSIGN_ROUND_ROBIN:
		return with_room_from(p, a, protocol, p->next);
	case ASSIGN_LEAST_USED:
		return choose_least_used(p, a, protocol);
	case ASSIGN_HASH:
		return with_room_from(p, a, protocol, (uint32_t)(mix64(subscriber, RNG_PAIRING) % p->addresses));
	default:
		return choose_random(p, a, protocol);
	}
}

void pairing_begin(struct pairing *p, uint32_t subscriber, uint32_t address)
{
	must(p->tenants[subscriber].address == ADDRESS_NONE);
	p->tenants[subscriber].address = address;
	p->tenants_on[address]++;
	pairing_gave(p, address);
}

void pairing_end_if_idle(struct pairing *p, const struct allocator *a, uint32_t subscriber)
{
	struct tenant *t = &p->tenants[subscriber];

	if (t->address == ADDRESS_NONE || t->held[PROTO_TCP] || t->held[PROTO_UDP] || t->held[PROTO_ICMP] ||
	    (a->owns && a->owns(a->state, subscriber)))
		return;
	p->tenants_on[t->address]--;
	t->address = ADDRESS_NONE;
}
