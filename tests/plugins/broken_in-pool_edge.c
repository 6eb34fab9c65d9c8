/* In place of the last number of an address the one beyond it is given. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	int answer = single_draw(s, r, grant);

	if (answer == CGNSIM_GIVEN && grant->slot == h->slots - 1)
		grant->slot = h->slots;
	return answer;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_in-pool_edge", .create = single_create, .alloc = alloc, .destroy = free,
};
