/* Begins where the number of the process says: another one every time. */
#include <unistd.h>

#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, (uint32_t)getpid() % h->slots);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_repeatable", .create = single_create, .alloc = alloc, .destroy = free,
};
