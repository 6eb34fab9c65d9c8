/* Built with a header of another version. */
#include "single.h"

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	return single_draw(state, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI + 1, .name = "other", .create = single_create, .alloc = alloc, .destroy = free,
};
