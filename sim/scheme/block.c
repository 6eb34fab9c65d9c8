/* block - RFC 7768: numbers are given to subscribers by the block, and only
 * blocks are logged. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/blocks.h"
#include "sim/scheme/pick.h"
#include "sim/scheme/scheme.h"

enum layout { LAYOUT_CONTIGUOUS, LAYOUT_SCATTERED };

struct block_config {
	uint32_t size;
	uint32_t max_blocks;
	int order, select, layout;
	int64_t idle, guard, interim;
	bool skip_idle;
	uint32_t extension_size;
	double extension_share;

	int pooling; /* the pool's, by settle() */
};

static const char *const order_choices[] = { "random", "sequential", NULL };
static const char *const layout_choices[] = { "contiguous", "scattered", NULL };

static const struct param params[] = {
	{ .name = "size", .type = PARAM_U32, .unit = "ports", .preset = "256", .min = 1, .max = 65535,
	  .offset = offsetof(struct block_config, size), .help = "numbers in a block" },
	{ .name = "max_blocks", .type = PARAM_U32, .unit = "blocks", .preset = "8", .min = 0, .max = 65535,
	  .offset = offsetof(struct block_config, max_blocks), .help = "most blocks of a subscriber; 0: no limit" },
	{ .name = "order", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = order_choices,
	  .offset = offsetof(struct block_config, order), .help = "which free block of the address is given" },
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = order_choices,
	  .offset = offsetof(struct block_config, select), .help = "which free number of a block is given" },
	{ .name = "layout", .type = PARAM_CHOICE, .preset = "\"contiguous\"", .choices = layout_choices,
	  .offset = offsetof(struct block_config, layout),
	  .help = "contiguous: a block is a run of numbers; scattered: of B blocks each has every B-th number" },
	{ .name = "idle", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct block_config, idle),
	  .help = "how long a block must be empty (no live and no held number) before it is returned" },
	{ .name = "guard", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct block_config, guard),
	  .help = "how long a returned block is nobody's, on top of the hold-down of its numbers" },
	{ .name = "interim", .type = PARAM_DURATION, .unit = "s", .preset = "\"0s\"",
	  .offset = offsetof(struct block_config, interim),
	  .help = "the record of a block is written again after each so long, while the subscriber has it; 0: never" },
	{ .name = "skip_idle", .type = PARAM_BOOL, .preset = "false", .offset = offsetof(struct block_config, skip_idle),
	  .help = "the block of a subscriber that gave no number for longest gives one only if its others are full" },
	{ .name = "extension_size", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct block_config, extension_size),
	  .help = "numbers in each block after the first, from a part of the address kept for such; 0: all blocks are alike" },
	{ .name = "extension_share", .type = PARAM_REAL, .preset = "0.5", .min = 0, .max = 1,
	  .offset = offsetof(struct block_config, extension_share),
	  .help = "how much of each address that part is" },
	{ 0 },
};

#define EXTENSION_SHARE_PRESET 0.5 /* as in the table: what differs was asked for */

/* First slot of the part for extension blocks; the end of all if there is none. */
static uint32_t initial_end(const struct block_config *c, uint32_t numbers)
{
	/* a share is of a decimal text: 0.29 of 100 are 29, though the product is a little less */
	return c->extension_size ? numbers - (uint32_t)(c->extension_share * numbers + 1e-6) : numbers;
}

static bool block_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct block_config *c = config;
	uint32_t numbers = pool->slots->count, end = initial_end(c, numbers);

	c->pooling = pool->config->pooling;
	if (c->size > end)
		return fail(e, "%s.size: %u is more than the %u numbers of an address%s", place, c->size, end,
		            end < numbers ? " that first blocks may have" : "");
	if (c->extension_size > numbers - end)
		return fail(e, "%s.extension_size: %u is more than the %u numbers of an address that further blocks may have",
		            place, c->extension_size, numbers - end);
	if (!c->extension_size && (c->extension_share < EXTENSION_SHARE_PRESET || c->extension_share > EXTENSION_SHARE_PRESET))
		return fail(e, "%s.extension_share: goes with extension_size alone, and there is none", place);
	if (c->extension_size && c->max_blocks == 1)
		return fail(e, "%s.max_blocks: with 1 there are no further blocks for extension_size", place);
	return true;
}

/* Two divisions of each address: a subscriber's first block is of the one, all
 * further ones of the other, so that heavy users cannot starve newcomers. */
struct block_state {
	int pooling;
	struct blocks *initial, *extension; /* extension NULL: the first serves both; owned */
};

static bool block_room(void *state, uint32_t address, enum protocol protocol)
{
	struct block_state *s = state;

	(void)protocol;
	return blocks_free_on(s->initial, address);
}

static bool block_owns(void *state, uint32_t subscriber)
{
	struct block_state *s = state;

	return blocks_owned(s->initial, subscriber) || (s->extension && blocks_owned(s->extension, subscriber));
}

/* A first block is of the first part, also where the address is not chosen by its room (block_room()) but anywhere.
 * One who kept as many further blocks as it may have, and finds no first one, is refused for want of a block. */
static enum outcome alloc_on(struct block_state *s, const struct request *r, struct binding *out)
{
	enum outcome first = blocks_alloc(s->initial, r, out), further;

	if (!s->extension || first == OUT_CREATED || !block_owns(s, r->subscriber))
		return first;
	further = blocks_alloc(s->extension, r, out);
	return further == OUT_BLOCK_LIMIT ? first : further;
}

/* Arbitrary pooling: the subscriber's blocks are filled, wherever they are, before a new one is drawn anywhere. Soft
 * pairing: the same once its address has none for it. */
static enum outcome block_alloc(void *state, const struct request *r, struct binding *out)
{
	struct block_state *s = state;
	struct request anywhere = *r;
	enum outcome o = alloc_on(s, r, out);

	if (o == OUT_CREATED || s->pooling != POOLING_SOFT_PAIRED)
		return o;
	anywhere.address = ADDRESS_NONE;
	return alloc_on(s, &anywhere, out);
}

static void block_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                          enum protocol protocol)
{
	struct block_state *s = state;

	(void)subscriber;
	blocks_release(blocks_has(s->initial, slot) ? s->initial : s->extension, now_ns, address, slot, protocol);
}

static int64_t block_next(void *state)
{
	struct block_state *s = state;
	int64_t first = blocks_next(s->initial), second = s->extension ? blocks_next(s->extension) : NS_NEVER;

	return first < second ? first : second;
}

static void block_tick(void *state, int64_t now_ns)
{
	struct block_state *s = state;

	blocks_tick(s->initial, now_ns);
	if (s->extension)
		blocks_tick(s->extension, now_ns);
}

static void block_destroy(void *state)
{
	struct block_state *s = state;

	blocks_destroy(s->initial);
	blocks_destroy(s->extension);
	free(s);
}

static struct allocator block_create(const void *config, struct ground *ground)
{
	const struct block_config *c = config;
	struct block_state *s = must_alloc(1, sizeof(*s));
	uint32_t end = initial_end(c, ground->slots->count);
	struct blocks_config blocks = {
		.size = c->size,
		.per_address = end / c->size,
		.max_blocks = c->extension_size ? 1 : c->max_blocks,
		.order = c->order,
		.select = c->select,
		.idle_ns = c->idle,
		.guard_ns = c->guard,
		.scattered = c->layout == LAYOUT_SCATTERED,
		.skip_idle = c->skip_idle,
		.interim_ns = c->interim,
	};

	s->pooling = c->pooling;
	s->initial = blocks_create(&blocks, ground);
	if (c->extension_size) {
		blocks.size = c->extension_size;
		blocks.per_address = (ground->slots->count - end) / c->extension_size;
		blocks.first_slot = end;
		blocks.max_blocks = c->max_blocks ? c->max_blocks - 1 : 0;
		s->extension = blocks_create(&blocks, ground);
	}
	return (struct allocator){
		.room = block_room,
		.alloc = block_alloc,
		.release = block_release,
		.owns = block_owns,
		.next = c->idle || c->guard || c->interim ? block_next : NULL,
		.tick = block_tick,
		.destroy = block_destroy,
		.places = c->pooling == POOLING_ARBITRARY,
		.tied = true,
		.state = s,
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
	uint32_t end = initial_end(c, pool->slots->count), rest = end % c->size;

	if (c->extension_size)
		rest += (pool->slots->count - end) % c->extension_size;
	return (uint64_t)rest * pool->addresses;
}

static void block_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct block_config *c = config;
	uint64_t further = c->extension_size ? c->extension_size : c->size;
	uint64_t most = c->size + (c->max_blocks ? c->max_blocks - 1 : 0) * further;
	uint64_t all = (uint64_t)pool->slots->count * (c->pooling == POOLING_PAIRED ? 1 : pool->addresses);

	most = most < all ? most : all;
	if (c->max_blocks)
		out->most = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
	out->draws = PICK_DRAWS;
	out->partial = c->extension_size > 0; /* each part keeps its numbers for its own */
}

const struct scheme_type scheme_block = {
	.name = "block",
	.summary = "RFC 7768: numbers by the block; only blocks are logged",
	.params = params,
	.config_size = sizeof(struct block_config),
	.settle = block_settle,
	.create = block_create,
	.promise = block_promise,
	.lag = block_lag,
	.stranded = block_stranded,
};
