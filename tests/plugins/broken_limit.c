/* Five numbers are given where four are promised. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	return r->held < 5 ? single_draw(s, r, grant) : CGNSIM_RANGE_FULL;
}

static void promise(void *state, struct cgnsim_promise *promise)
{
	(void)state;
	promise->most = 4;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_limit", .create = single_create, .alloc = alloc, .destroy = free,
	.promise = promise,
};
