/* block - RFC 7768: numbers are given to subscribers by the block, and only
 * blocks are logged. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/blocks.h"
#include "sim/scheme/scheme.h"

struct block_config {
	uint32_t size;
	uint32_t max_blocks;
	int order, select;
	int64_t idle, guard;
};

static const char *const order_choices[] = { "random", "sequential", NULL };

static const struct param params[] = {
	{ .name = "size", .type = PARAM_U32, .unit = "ports", .preset = "256", .min = 1, .max = 65535,
	  .offset = offsetof(struct block_config, size), .help = "numbers in a block" },
	{ .name = "max_blocks", .type = PARAM_U32, .unit = "blocks", .preset = "8", .min = 0, .max = 65535,
	  .offset = offsetof(struct block_config, max_blocks), .help = "most blocks of a subscriber; 0: no limit" },
	{ .name = "order", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = order_choices,
	  .offset = offsetof(struct block_config, order), .help = "which free block of the address is given" },
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = order_choices,
	  .offset = offsetof(struct block_config, select), .help = "which free number of a block is given" },
	{ .name = "idle", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct block_config, idle),
	  .help = "how long a block must be empty (no live and no held number) before it is returned" },
	{ .name = "guard", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct block_config, guard),
	  .help = "how long a returned block is nobody's, on top of the hold-down of its numbers" },
	{ 0 },
};

static bool block_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	const struct block_config *c = config;

	if (c->size > pool->slots->count)
		return fail(e, "%s.size: %u is more than the %u numbers of an address", place, c->size, pool->slots->count);
	return true;
}

static bool block_room(void *state, uint32_t address, enum protocol protocol)
{
	(void)protocol;
	return blocks_free_on(state, address);
}

static enum outcome block_alloc(void *state, const struct request *r, struct binding *out)
{
	return blocks_alloc(state, r, out);
}

static void block_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                          enum protocol protocol)
{
	(void)subscriber;
	blocks_release(state, now_ns, address, slot, protocol);
}

static bool block_owns(void *state, uint32_t subscriber)
{
	return blocks_owned(state, subscriber);
}

static int64_t block_next(void *state)
{
	return blocks_next(state);
}

static void block_tick(void *state, int64_t now_ns)
{
	blocks_tick(state, now_ns);
}

static void block_destroy(void *state)
{
	blocks_destroy(state);
}

static struct allocator block_create(const void *config, struct ground *ground)
{
	const struct block_config *c = config;
	struct blocks_config blocks = {
		.size = c->size,
		.per_address = ground->slots->count / c->size,
		.max_blocks = c->max_blocks,
		.order = c->order,
		.select = c->select,
		.idle_ns = c->idle,
		.guard_ns = c->guard,
	};

	return (struct allocator){
		.room = block_room,
		.alloc = block_alloc,
		.release = block_release,
		.owns = block_owns,
		.next = c->idle || c->guard ? block_next : NULL,
		.tick = block_tick,
		.destroy = block_destroy,
		.state = blocks_create(&blocks, ground),
	};
}

static int64_t block_lag(const void *config)
{
	const struct block_config *c = config;

	return c->idle + c->guard;
}

static uint64_t block_stranded(const void *config, const struct scheme_pool *pool)
{
	const struct block_config *c = config;

	return (uint64_t)(pool->slots->count % c->size) * pool->addresses;
}

const struct scheme_type scheme_block = {
	.name = "block",
	.summary = "RFC 7768: numbers by the block; only blocks are logged",
	.params = params,
	.config_size = sizeof(struct block_config),
	.settle = block_settle,
	.create = block_create,
	.lag = block_lag,
	.stranded = block_stranded,
};
