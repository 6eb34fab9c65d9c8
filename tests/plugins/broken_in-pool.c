/* The number beyond the last one counts as one more. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	int answer = single_draw(s, r, grant);

	if (answer == CGNSIM_GIVEN)
		return answer;
	grant->slot = h->slots;
	return CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_in-pool", .create = single_create, .alloc = alloc, .destroy = free,
};
