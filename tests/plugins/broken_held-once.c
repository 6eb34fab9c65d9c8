/* After a while the number given last is given again. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	if (s->given > 2 && s->given % 3 == 0) {
		grant->slot = s->last[(s->given++ - 1) % 64];
		return CGNSIM_GIVEN;
	}
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_held-once", .create = single_create, .alloc = alloc, .destroy = free,
};
