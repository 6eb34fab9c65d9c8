/* A home that moves with every number that is given. */
#include "single.h"

static uint32_t home(void *state, uint32_t subscriber)
{
	struct single *s = state;

	return (subscriber + s->given) % s->host->addresses;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	s->given++;
	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, 0);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_pairing_home", .create = single_create, .alloc = alloc, .destroy = free, .home = home,
};
