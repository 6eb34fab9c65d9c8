/* Where an address is full, another gives the number. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	int answer = single_draw(s, r, grant);

	if (answer == CGNSIM_GIVEN || h->addresses == 1)
		return answer;
	grant->address = (r->address + 1) % h->addresses;
	grant->slot = h->find(h->nat, grant->address, r->protocol, 0, h->slots - 1, 0);
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_pairing", .create = single_create, .alloc = alloc, .destroy = free,
};
