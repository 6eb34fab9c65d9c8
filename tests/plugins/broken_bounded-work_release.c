/* Looks forty times at each number when one is free again. */
#include "single.h"

static void release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct single *s = state;
	uint32_t free = 0;

	(void)now_ns, (void)subscriber, (void)slot;
	for (uint32_t i = 0; i < 40 * s->host->slots; i++)
		free += !s->host->taken(s->host->nat, address, protocol, i % s->host->slots);
	s->given = free;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_bounded-work_release", .create = single_create, .alloc = alloc, .destroy = free, .release = release,
};
