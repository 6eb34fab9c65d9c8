/* The last number of a large address is never given to TCP. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	uint32_t last = h->slots - (r->protocol == CGNSIM_TCP && h->slots > 100 ? 2 : 1);

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, last, h->random(h->nat, last + 1));
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_true-reasons_tcp", .create = single_create, .alloc = alloc, .destroy = free,
};
