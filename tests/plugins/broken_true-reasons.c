/* Half of the numbers are kept back, and said to be taken. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	if (h->free_slots(h->nat, r->address, r->protocol) <= h->slots / 2)
		return CGNSIM_NO_PORT;
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_true-reasons", .create = single_create, .alloc = alloc, .destroy = free,
};
