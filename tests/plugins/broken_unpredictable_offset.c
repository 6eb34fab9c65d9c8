/* As far from the inside port as ever, declared as hard to guess as any of all. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, (r->inside_port + 7u) % h->slots);
	grant->odds = h->slots - r->held;
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_unpredictable_offset", .create = single_create, .alloc = alloc, .destroy = free,
};
