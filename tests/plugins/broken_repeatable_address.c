/* Begins where its code lies in memory: in one process always in the same place. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, (uint32_t)((uintptr_t)single_create >> 12) % h->slots);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_repeatable_address", .create = single_create, .alloc = alloc, .destroy = free,
};
