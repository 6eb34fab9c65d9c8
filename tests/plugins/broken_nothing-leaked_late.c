/* Loses memory once it has given a hundred numbers. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	if (s->given >= 100)
		s->lost = malloc(24);
	(void)h;
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_nothing-leaked_late", .create = single_create, .alloc = alloc, .destroy = free,
};
