/* Nothing is wrong. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "good_single", .create = single_create, .alloc = alloc, .destroy = free,
};
