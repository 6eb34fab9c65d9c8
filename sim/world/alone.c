#include "sim/world/alone.h"

/* The slot of the inside port if it is free, else the next free one. */
static enum outcome alone_alloc(void *state, const struct request *r, struct binding *out)
{
	const struct ground *ground = state;
	const struct portset *ports = ground_ports(ground, r->address, r->protocol);
	uint32_t wanted = ground->slots->slot[r->port];

	out->odds = 1;
	out->slot = portset_find(ports, 0, ground->slots->count - 1, wanted == SLOT_NONE ? 0 : wanted);
	return out->slot == SLOT_NONE ? OUT_NO_PORT : OUT_CREATED;
}

static uint32_t alone_home(void *state, uint32_t subscriber)
{
	(void)state;
	return subscriber;
}

static void alone_destroy(void *state)
{
	(void)state;
}

struct allocator alone_create(const void *config, struct ground *ground)
{
	(void)config;
	return (struct allocator){
		.home = alone_home,
		.alloc = alone_alloc,
		.destroy = alone_destroy,
		.state = ground,
	};
}
