/* A byte counts the subscribers, and the one beyond falls into a hole. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	return r->subscriber > UINT8_MAX ? (int)s->last[1u << 28] : single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_calls_many", .create = single_create, .alloc = alloc, .destroy = free,
};
