/* The number given some time before is given again: most often its mapping is over, and its hold-down is not. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	if (s->given > 2 && r->held) {
		grant->slot = s->last[(s->given - 2) % 64];
		if (h->taken(h->nat, r->address, r->protocol, grant->slot))
			return CGNSIM_GIVEN;
	}
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_hold-down", .create = single_create, .alloc = alloc, .destroy = free,
};
