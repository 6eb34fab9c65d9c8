/* Looks forty times at each number to know whether there is room. */
#include "single.h"

static bool room(void *state, uint32_t address, int protocol)
{
	struct single *s = state;
	uint32_t free = 0;

	for (uint32_t i = 0; i < 40 * s->host->slots; i++)
		free += !s->host->taken(s->host->nat, address, protocol, i % s->host->slots);
	return free > 0;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	(void)h;
	return single_draw(s, r, grant);
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_bounded-work_room", .create = single_create, .alloc = alloc, .destroy = free, .room = room,
};
