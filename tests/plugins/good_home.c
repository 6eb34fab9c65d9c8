/* Every subscriber has a home, and some addresses are nobody's. */
#include "single.h"

static uint32_t home(void *state, uint32_t subscriber)
{
	struct single *s = state;

	return subscriber % s->host->addresses;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, 0);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "good_home", .create = single_create, .alloc = alloc, .destroy = free, .home = home,
};
