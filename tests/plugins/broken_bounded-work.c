/* Draws until a free number is found: near the end there is none. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	(void)s;
	do {
		grant->slot = h->random(h->nat, h->slots);
	} while (h->taken(h->nat, r->address, r->protocol, grant->slot));
	return CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_bounded-work", .create = single_create, .alloc = alloc, .destroy = free,
};
