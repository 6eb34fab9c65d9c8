/* deterministic - RFC 7422: each subscriber has a range of numbers by rule.
 *
 * With C subscribers on an address, D more shares for a dynamic pool and N
 * allowed numbers, a share is floor(N / (C + D)) numbers (section 2). Algorithm
 * 0: subscriber k has share k mod C of address k div C. What is above the C
 * shares is the dynamic pool if D > 0: blocks, logged as in the `block` scheme,
 * for subscribers whose share is full; without D it is stranded. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/blocks.h"
#include "sim/scheme/pick.h"
#include "sim/scheme/scheme.h"

struct deterministic_config {
	uint32_t algorithm;
	uint32_t compression;          /* C; settled */
	uint32_t sharing;
	uint32_t ports_per_subscriber; /* a share; settled */
	uint32_t dynamic;              /* D */
	uint32_t max_ports;            /* M */
	uint32_t block;
	int fill, layout;
};

static const char *const fill_choices[] = { "port-first", NULL };
static const char *const layout_choices[] = { "contiguous", NULL };

static const struct param params[] = {
	{ .name = "algorithm", .type = PARAM_U32, .preset = "0",
	  .offset = offsetof(struct deterministic_config, algorithm), .help = "RFC 7422 section 2's A: 0, sequential" },
	{ .name = "compression", .type = PARAM_U32, .unit = "subscribers", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct deterministic_config, compression),
	  .help = "C: subscribers on an address; 0: subscribers / addresses, rounded up" },
	{ .name = "sharing", .type = PARAM_U32, .unit = "subscribers", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct deterministic_config, sharing), .help = "another name for compression" },
	{ .name = "ports_per_subscriber", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct deterministic_config, ports_per_subscriber),
	  .help = "a subscriber's share, instead of C; 0: numbers / (C + D)" },
	{ .name = "dynamic", .type = PARAM_U32, .unit = "shares", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct deterministic_config, dynamic),
	  .help = "D: shares of each address kept for the dynamic pool; 0: no pool, and no log" },
	{ .name = "max_ports", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct deterministic_config, max_ports),
	  .help = "M: most numbers of a subscriber, share and dynamic blocks together; 0: no limit" },
	{ .name = "block", .type = PARAM_U32, .unit = "ports", .preset = "100", .min = 1, .max = 65535,
	  .offset = offsetof(struct deterministic_config, block), .help = "numbers in a block of the dynamic pool" },
	{ .name = "fill", .type = PARAM_CHOICE, .preset = "\"port-first\"", .choices = fill_choices,
	  .offset = offsetof(struct deterministic_config, fill),
	  .help = "port-first: all shares of an address, then the next address" },
	{ .name = "layout", .type = PARAM_CHOICE, .preset = "\"contiguous\"", .choices = layout_choices,
	  .offset = offsetof(struct deterministic_config, layout), .help = "contiguous: a share is one run of numbers" },
	{ 0 },
};

struct deterministic_state {
	const struct deterministic_config *config;
	struct ground *ground;
	struct blocks *pool;  /* the dynamic pool; NULL: none */
	uint16_t *used;       /* live or held in the share, by subscriber and protocol; owned */
};

/* Most dynamic blocks of a subscriber: what M leaves above its share. */
static uint32_t blocks_each(const struct deterministic_config *c)
{
	if (!c->dynamic)
		return 0;
	return c->max_ports ? (c->max_ports - c->ports_per_subscriber) / c->block : UINT32_MAX;
}

/* First slot above the shares. */
static uint32_t shares_end(const struct deterministic_config *c)
{
	return c->compression * c->ports_per_subscriber;
}

static bool settle_shares(struct deterministic_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	uint32_t numbers = pool->slots->count;

	if ((c->compression != 0) + (c->sharing != 0) + (c->ports_per_subscriber != 0) > 1)
		return fail(e, "%s: compression, sharing and ports_per_subscriber say the same thing: give one", place);
	if (c->ports_per_subscriber) {
		uint32_t shares = numbers / c->ports_per_subscriber;

		if (shares <= c->dynamic)
			return fail(e, "%s.ports_per_subscriber: %u ports leave no share for a subscriber: an address has %u "
			            "numbers, and %u shares are dynamic", place, c->ports_per_subscriber, numbers, c->dynamic);
		c->compression = shares - c->dynamic;
		return true;
	}
	if (c->sharing)
		c->compression = c->sharing;
	if (!c->compression)
		c->compression = (uint32_t)((pool->subscribers + (uint64_t)pool->addresses - 1) / pool->addresses);
	c->ports_per_subscriber = numbers / (c->compression + c->dynamic);
	if (!c->ports_per_subscriber)
		return fail(e, "%s: %u subscribers and %u dynamic shares on an address of %u numbers leave none for each",
		            place, c->compression, c->dynamic, numbers);
	return true;
}

static bool deterministic_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct deterministic_config *c = config;
	uint64_t room;

	if (c->algorithm)
		return fail(e, "%s.algorithm: %u is not built: 0 (sequential) is", place, c->algorithm);
	if (!settle_shares(c, pool, place, e))
		return false;
	room = (uint64_t)c->compression * pool->addresses;
	if (room < pool->subscribers)
		return fail(e, "%s: the pool holds %llu subscribers at %u ports each (%u on each of %u addresses), "
		            "but there are %u", place, (unsigned long long)room, c->ports_per_subscriber, c->compression,
		            pool->addresses, pool->subscribers);
	if (c->max_ports && c->max_ports < c->ports_per_subscriber)
		return fail(e, "%s.max_ports: %u is less than the share of %u ports", place, c->max_ports,
		            c->ports_per_subscriber);
	if (c->dynamic && c->block > pool->slots->count - shares_end(c))
		return fail(e, "%s.block: %u is more than the %u numbers of the dynamic pool", place, c->block,
		            pool->slots->count - shares_end(c));
	return true;
}

static uint32_t deterministic_home(void *state, uint32_t subscriber)
{
	struct deterministic_state *s = state;

	return (s->ground->first_subscriber + subscriber) / s->config->compression - s->ground->first_address;
}

static bool deterministic_room(void *state, uint32_t address, enum protocol protocol)
{
	(void)state;
	(void)address;
	(void)protocol;
	return true; /* never asked: every subscriber has a home */
}

static uint32_t share_start(const struct deterministic_state *s, uint32_t subscriber)
{
	return (s->ground->first_subscriber + subscriber) % s->config->compression * s->config->ports_per_subscriber;
}

static enum outcome deterministic_alloc(void *state, const struct request *r, struct binding *out)
{
	struct deterministic_state *s = state;
	uint16_t *used = &s->used[r->subscriber * PROTO_COUNT + r->protocol];
	uint32_t share = s->config->ports_per_subscriber;

	if (*used < share) {
		out->slot = pick_random(ground_ports(s->ground, r->address, r->protocol),
		                        share_start(s, r->subscriber), share, &s->ground->rng);
		must(out->slot != SLOT_NONE);
		out->odds = share - *used;
		++*used;
		return OUT_CREATED;
	}
	if (!s->pool)
		return OUT_RANGE_FULL;
	return blocks_alloc(s->pool, r, out);
}

static void deterministic_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                                  enum protocol protocol)
{
	struct deterministic_state *s = state;

	if (slot < shares_end(s->config))
		s->used[subscriber * PROTO_COUNT + protocol]--;
	else
		blocks_release(s->pool, now_ns, address, slot, protocol);
}

static bool deterministic_owns(void *state, uint32_t subscriber)
{
	struct deterministic_state *s = state;

	return s->pool && blocks_owned(s->pool, subscriber);
}

static void deterministic_destroy(void *state)
{
	struct deterministic_state *s = state;

	blocks_destroy(s->pool);
	free(s->used);
	free(s);
}

static struct allocator deterministic_create(const void *config, struct ground *ground)
{
	const struct deterministic_config *c = config;
	struct deterministic_state *s = must_alloc(1, sizeof(*s));

	s->config = c;
	s->ground = ground;
	s->used = must_alloc((size_t)ground->subscribers * PROTO_COUNT, sizeof(*s->used));
	if (blocks_each(c)) { /* in a blocks_config, 0 would mean no limit */
		struct blocks_config blocks = {
			.size = c->block,
			.per_address = (ground->slots->count - shares_end(c)) / c->block,
			.first_slot = shares_end(c),
			.max_blocks = blocks_each(c),
		};

		s->pool = blocks_create(&blocks, ground);
	}
	return (struct allocator){
		.home = deterministic_home,
		.room = deterministic_room,
		.alloc = deterministic_alloc,
		.release = deterministic_release,
		.owns = deterministic_owns,
		.destroy = deterministic_destroy,
		.state = s,
	};
}

static uint32_t deterministic_tie(const void *config)
{
	const struct deterministic_config *c = config;

	return c->compression;
}

static uint64_t deterministic_assigned(const void *config, const struct scheme_pool *pool)
{
	const struct deterministic_config *c = config;

	return (uint64_t)c->ports_per_subscriber * pool->subscribers;
}

static uint64_t deterministic_stranded(const void *config, const struct scheme_pool *pool)
{
	const struct deterministic_config *c = config;
	uint64_t above = pool->slots->count - shares_end(c);
	uint64_t empty = (uint64_t)c->compression * pool->addresses - pool->subscribers;

	return (blocks_each(c) ? above % c->block : above) * pool->addresses + empty * c->ports_per_subscriber;
}

static bool deterministic_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber,
                                  struct scheme_range *out)
{
	const struct deterministic_config *c = config;

	if (subscriber >= pool->subscribers)
		return false;
	*out = (struct scheme_range){
		.address = subscriber / c->compression,
		.slot = subscriber % c->compression * c->ports_per_subscriber,
		.count = c->ports_per_subscriber,
	};
	return true;
}

static bool deterministic_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                                  uint32_t *subscriber)
{
	const struct deterministic_config *c = config;
	uint64_t who = (uint64_t)address * c->compression + slot / c->ports_per_subscriber;

	if (slot >= shares_end(c) || who >= pool->subscribers)
		return false;
	*subscriber = (uint32_t)who;
	return true;
}

const struct scheme_type scheme_deterministic = {
	.name = "deterministic",
	.summary = "RFC 7422: a fixed range of numbers for each subscriber by rule, and a dynamic pool; no log for the ranges",
	.params = params,
	.config_size = sizeof(struct deterministic_config),
	.settle = deterministic_settle,
	.create = deterministic_create,
	.tie = deterministic_tie,
	.stranded = deterministic_stranded,
	.assigned = deterministic_assigned,
	.forward = deterministic_forward,
	.reverse = deterministic_reverse,
};
