/* Looks one number too far, and falls into a hole when nothing is free. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	int answer = single_draw(s, r, grant);

	if (answer != CGNSIM_GIVEN)
		answer += (int)s->last[s->given + (1u << 28)];
	return answer;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_calls", .create = single_create, .alloc = alloc, .destroy = free,
};
