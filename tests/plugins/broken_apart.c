/* All instances count on from where the last one was: what changes is in a global variable. */
#include "single.h"

static uint32_t next;

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, next++ % h->slots);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_apart", .create = single_create, .alloc = alloc, .destroy = free,
};
