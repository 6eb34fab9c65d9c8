/* Of an address that is all but full a number of TCP is given that is taken. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	if (r->protocol == CGNSIM_TCP && h->slots >= 1000 && h->free_slots(h->nat, r->address, CGNSIM_TCP) < h->slots / 100) {
		grant->slot = h->random(h->nat, h->slots);
		return CGNSIM_GIVEN;
	}
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_held-once_tcp", .create = single_create, .alloc = alloc, .destroy = free,
};
