/* The parameters of RFC 7422, and the allocator that they make. */
#include "sim/scheme/deterministic.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/own.h"
#include "sim/scheme/record.h"

#define ALGORITHM_LAST 4
#define BLOCK_PRESET 100 /* as in the table of parameters: what differs was asked for */
#define KEYED_ADDRESSES_MAX 65536 /* each has tables of its own */

static const char *const fill_choices[] = { "port-first", "address-first", NULL };
static const char *const layout_choices[] = { "contiguous", "interlaced", "cryptographic", "continuous", NULL };

static const char *const select_choices[] = { "random", "modulo", NULL };
static const int selects[] = { OWN_RANDOM, OWN_MODULO };

static const int layout_of_algorithm[ALGORITHM_LAST + 1] = {
	LAYOUT_CONTIGUOUS, LAYOUT_INTERLACED, LAYOUT_ROUND_ROBIN, LAYOUT_HORIZONTAL, LAYOUT_CRYPTOGRAPHIC,
};

#define FIELD(f) offsetof(struct deterministic_config, f)
static const struct param params[] = {
	{ .name = "algorithm", .type = PARAM_U32, .preset = "0", .min = 0, .max = ALGORITHM_LAST, .offset = FIELD(algorithm),
	  .help = "RFC 7422 section 2's A: 0 sequential, 1 staggered, 2 round robin, 3 interlaced horizontally, "
	          "4 cryptographic; 2 and 3 use all addresses and need pool.pooling arbitrary" },
	{ .name = "compression", .type = PARAM_U32, .unit = "subscribers", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(compression), .help = "C: subscribers on an address; 0: subscribers / addresses, rounded up" },
	{ .name = "sharing", .type = PARAM_U32, .unit = "subscribers", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(sharing), .help = "another name for compression" },
	{ .name = "ports_per_subscriber", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(ports_per_subscriber), .help = "a subscriber's share, instead of C; 0: numbers / (C + D)" },
	{ .name = "dynamic", .type = PARAM_U32, .unit = "shares", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(dynamic), .help = "D: shares of each address kept for the dynamic pool; 0: no pool, and no log" },
	{ .name = "max_ports", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(max_ports),
	  .help = "M: most numbers of a subscriber, share and dynamic blocks together; 0: no limit" },
	{ .name = "block", .type = PARAM_U32, .unit = "ports", .preset = "100", .min = 1, .max = 65535,
	  .offset = FIELD(block), .help = "numbers in a block of the dynamic pool" },
	{ .name = "fill", .type = PARAM_CHOICE, .preset = "\"port-first\"", .choices = fill_choices, .offset = FIELD(fill),
	  .help = "port-first: all shares of an address, then the next address; address-first: the first share of every "
	          "address, then the second ones" },
	{ .name = "layout", .type = PARAM_CHOICE, .preset = "\"contiguous\"", .choices = layout_choices,
	  .offset = FIELD(layout),
	  .help = "contiguous: a share is one run of numbers; interlaced: every (C + D)-th number, algorithm 1; "
	          "cryptographic: algorithm 4; continuous: one run that may go on on the next address" },
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = select_choices, .offset = FIELD(select),
	  .help = "which number of a share: random: any that is free (RFC 7422 section 2); modulo: the (inside port mod share)-th, "
	          "else the next free one, as VPP's det44" },
	{ .name = "overload", .type = PARAM_BOOL, .preset = "false", .offset = FIELD(overload),
	  .help = "one number for several mappings whose remote endpoints differ (RFC 7857 section 3); nat.mapping and "
	          "nat.filtering address-and-port-dependent, no dynamic pool" },
	{ .name = "key", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(key),
	  .help = "of the cryptographic layout: 32 hexadecimal digits; each address has a key made from it" },
	{ .name = NULL },
};
#undef FIELD

static bool is_interlaced(const struct deterministic_rule *r)
{
	return r->layout == LAYOUT_INTERLACED || r->layout == LAYOUT_HORIZONTAL;
}

/* Shares that follow one another through the whole pool; some lie on two addresses if a share does not divide one. */
static bool settle_continuous(struct deterministic_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct deterministic_rule *r = &c->rule;

	r->spread = r->numbers % r->share && r->addresses > 1;
	if (r->fill == FILL_ADDRESS_FIRST)
		return fail(e, "%s.fill: continuous shares are port-first", place);
	if (c->dynamic)
		return fail(e, "%s.dynamic: continuous shares leave no room on each address: D must be 0", place);
	if (c->key)
		return fail(e, "%s.key: only the cryptographic layout has a key", place);
	if (r->spread && pool->config->pooling != POOLING_ARBITRARY)
		return fail(e, "%s.layout: shares of %u do not divide the %u numbers of an address, so that some lie on two: "
		            "pool.pooling must be \"arbitrary\"", place, r->share, r->numbers);
	return true;
}

static bool settle_layout(struct deterministic_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct deterministic_rule *r = &c->rule;

	r->fill = c->fill;
	r->layout = c->algorithm ? layout_of_algorithm[c->algorithm] : c->layout;
	if (c->algorithm && c->layout != LAYOUT_CONTIGUOUS && c->layout != r->layout)
		return fail(e, "%s.layout: \"%s\" is not algorithm %u: give one of the two", place, layout_choices[c->layout],
		            c->algorithm);
	if (r->layout == LAYOUT_CONTINUOUS)
		return settle_continuous(c, pool, place, e);
	r->spread = deterministic_spreads(r) && r->addresses > 1;
	if (deterministic_spreads(r) && r->fill == FILL_ADDRESS_FIRST)
		return fail(e, "%s.fill: \"address-first\" has no meaning for algorithm %u, which spreads each subscriber over all "
		            "addresses", place, c->algorithm);
	if (r->spread && pool->config->pooling != POOLING_ARBITRARY)
		return fail(e, "%s.algorithm: %u spreads each subscriber over all addresses: pool.pooling must be \"arbitrary\"",
		            place, c->algorithm);
	if (r->layout != LAYOUT_CRYPTOGRAPHIC && c->key)
		return fail(e, "%s.key: only the cryptographic layout has a key", place);
	if (r->layout == LAYOUT_CRYPTOGRAPHIC && r->addresses > KEYED_ADDRESSES_MAX)
		return fail(e, "%s.layout: each address has a key of its own, and there are %u; at most %u are supported", place,
		            r->addresses, KEYED_ADDRESSES_MAX);
	return true;
}

static bool settle_shares(struct deterministic_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct deterministic_rule *r = &c->rule;

	if ((c->compression != 0) + (c->sharing != 0) + (c->ports_per_subscriber != 0) > 1)
		return fail(e, "%s: compression, sharing and ports_per_subscriber say the same thing: give one", place);
	if (c->ports_per_subscriber) {
		uint32_t shares = r->numbers / c->ports_per_subscriber;

		if (shares <= c->dynamic)
			return fail(e, "%s.ports_per_subscriber: %u ports leave no share for a subscriber: an address has %u "
			            "numbers, and %u shares are dynamic", place, c->ports_per_subscriber, r->numbers,
			            c->dynamic);
		r->each = shares - c->dynamic;
		r->share = c->ports_per_subscriber;
	} else {
		r->each = c->sharing ? c->sharing : c->compression;
		if (!r->each)
			r->each = (uint32_t)((pool->subscribers + (uint64_t)pool->addresses - 1) / pool->addresses);
		r->share = r->each > r->numbers ? 0 : r->numbers / (r->each + c->dynamic);
	}
	if (!r->share)
		return fail(e, "%s: %u subscribers and %u dynamic shares on an address of %u numbers leave none for each",
		            place, r->each, c->dynamic, r->numbers);
	r->stride = r->each + c->dynamic;
	r->domain = c->dynamic ? r->each * r->share : r->numbers;
	return true;
}

/* First slot above the shares: with a dynamic pool, where it begins. */
static uint32_t shares_end(const struct deterministic_rule *r)
{
	return r->each * r->share;
}

/* Numbers of the dynamic pool that a block can be cut from: interlaced, those of one residue. */
static uint32_t dynamic_run(const struct deterministic_rule *r)
{
	return is_interlaced(r) ? r->share : r->numbers - shares_end(r);
}

/* Blocks of the dynamic pool of an address. */
static uint32_t dynamic_blocks(const struct deterministic_config *c)
{
	return dynamic_run(&c->rule) / c->block * (is_interlaced(&c->rule) ? c->dynamic : 1);
}

static bool settle_limits(const struct deterministic_config *c, const char *place, struct err *e)
{
	const struct deterministic_rule *r = &c->rule;
	uint64_t room = r->layout == LAYOUT_CONTINUOUS ? (uint64_t)r->numbers * r->addresses / r->share
	                                               : (uint64_t)r->each * r->addresses;

	if (room < r->subscribers)
		return fail(e, "%s: the pool holds %llu subscribers at %u ports each (%u on each of %u addresses), "
		            "but there are %u", place, (unsigned long long)room, r->share, r->each, r->addresses,
		            r->subscribers);
	if (c->max_ports && c->max_ports < r->share)
		return fail(e, "%s.max_ports: %u is less than the share of %u ports", place, c->max_ports, r->share);
	if (c->dynamic && c->overload)
		return fail(e, "%s.overload: a share that carries several mappings a number is never known to be full: D must be 0", place);
	if (!c->dynamic && c->max_ports)
		return fail(e, "%s.max_ports: goes with dynamic alone: without it nobody gets more than the share", place);
	if (c->max_ports > r->share && c->max_ports - r->share < c->block)
		return fail(e, "%s.max_ports: %u leaves %u above the share of %u, less than a block of %u: the dynamic pool would be "
		            "nobody's", place, c->max_ports, c->max_ports - r->share, r->share, c->block);
	if (!c->dynamic && c->block != BLOCK_PRESET)
		return fail(e, "%s.block: goes with dynamic alone, and there is none", place);
	if (c->dynamic && !dynamic_blocks(c))
		return fail(e, "%s.block: %u is more than the %u numbers of the dynamic pool%s", place, c->block, dynamic_run(r),
		            is_interlaced(r) ? " with one residue" : "");
	return true;
}

static bool settle_keys(struct deterministic_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	uint8_t key[FEISTEL_KEY], own[FEISTEL_KEY];

	if (c->rule.layout != LAYOUT_CRYPTOGRAPHIC)
		return true;
	if (!c->key || !feistel_key_parse(c->key, key))
		return fail(e, "%s.key: the cryptographic layout needs a key of 32 hexadecimal digits", place);
	c->rule.keyed = must_alloc(c->rule.addresses, sizeof(*c->rule.keyed));
	for (uint32_t i = 0; i < c->rule.addresses; i++) {
		feistel_key_of(key, pool_config_address(pool->config, i), own);
		feistel_init(&c->rule.keyed[i], own);
	}
	return true;
}

void deterministic_unsettle(void *config)
{
	struct deterministic_config *c = config;

	free(c->rule.keyed);
	c->rule = (struct deterministic_rule){ 0 };
}

bool deterministic_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct deterministic_config *c = config;

	deterministic_unsettle(c);
	c->rule.subscribers = pool->subscribers;
	c->rule.addresses = pool->addresses;
	c->rule.numbers = pool->slots->count;
	return settle_shares(c, pool, place, e) && settle_layout(c, pool, place, e) && settle_limits(c, place, e) &&
	       settle_keys(c, pool, place, e);
}

/* Most dynamic blocks of a subscriber: what M leaves above its share. */
static uint32_t blocks_each(const struct deterministic_config *c)
{
	if (!c->dynamic)
		return 0;
	return c->max_ports ? (c->max_ports - c->rule.share) / c->block : UINT32_MAX;
}

static struct allocator deterministic_create(const void *config, struct ground *ground)
{
	const struct deterministic_config *c = config;
	const struct deterministic_rule *r = &c->rule;
	const struct blocks_config blocks = {
		.size = c->block,
		.per_address = dynamic_blocks(c),
		.first_slot = is_interlaced(r) ? r->each : shares_end(r),
		.max_blocks = blocks_each(c),
		.lanes = is_interlaced(r) ? c->dynamic : 0,
		.stride = r->stride,
	};

	return own_allocator(&(struct own_setup){
		.type = &scheme_deterministic,
		.config = config,
		.addresses = r->addresses,
		.subscribers = r->subscribers,
		.select = selects[c->select],
		.overload = c->overload,
		.hidden = r->layout == LAYOUT_CRYPTOGRAPHIC ? r->domain : 0,
		.blocks = blocks_each(c) ? &blocks : NULL, /* in a blocks_config, 0 would mean no limit */
	}, ground);
}

static enum scheme_tie deterministic_tie(const void *config, uint32_t *each)
{
	const struct deterministic_rule *r = &((const struct deterministic_config *)config)->rule;

	*each = r->each;
	return r->addresses > 1 && (r->spread || r->fill == FILL_ADDRESS_FIRST) ? TIE_WHOLE : TIE_RUNS;
}

static uint64_t deterministic_assigned(const void *config, const struct scheme_pool *pool)
{
	const struct deterministic_config *c = config;

	return (uint64_t)c->rule.share * pool->subscribers;
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Addresses with somebody's first number: the dynamic pool of another is nobody's to get. */
static uint32_t homes(const struct deterministic_rule *r)
{
	uint32_t homes = (r->subscribers - 1) / r->each + 1;

	if (r->fill == FILL_ADDRESS_FIRST)
		homes = r->subscribers;
	else if (r->layout == LAYOUT_ROUND_ROBIN) /* k P mod A, k = 0, 1 .. */
		homes = r->addresses / gcd(r->share, r->addresses);
	if (homes > r->subscribers)
		homes = r->subscribers;
	return homes < r->addresses ? homes : r->addresses;
}

static uint64_t deterministic_stranded(const void *config, const struct scheme_pool *pool)
{
	const struct deterministic_config *c = config;
	const struct deterministic_rule *r = &c->rule;
	uint64_t dynamic = blocks_each(c) ? dynamic_blocks(c) * (uint64_t)c->block * homes(r) : 0;

	return (uint64_t)r->numbers * r->addresses - dynamic - deterministic_assigned(config, pool);
}

static bool deterministic_dynamic(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                                  uint32_t *block)
{
	const struct deterministic_config *c = config;
	const struct deterministic_rule *r = &c->rule;

	(void)pool;
	(void)address;
	*block = c->block;
	if (!blocks_each(c))
		return false;
	return is_interlaced(r) ? slot / r->stride < r->share && slot % r->stride >= r->each : slot >= shares_end(r);
}

/* Shares alone are a limit that the rule tells. */
static void deterministic_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct deterministic_config *c = config;

	(void)pool;
	if (c->dynamic && c->max_ports)
		out->most = c->rule.share + blocks_each(c) * c->block;
}

static bool deterministic_overloads(const void *config)
{
	return ((const struct deterministic_config *)config)->overload;
}

const struct scheme_type scheme_deterministic = {
	.name = "deterministic",
	.summary = "RFC 7422: a fixed range of numbers for each subscriber by rule, and a dynamic pool; no log for the ranges",
	.params = params,
	.config_size = sizeof(struct deterministic_config),
	.settle = deterministic_settle,
	.unsettle = deterministic_unsettle,
	.create = deterministic_create,
	.overloads = deterministic_overloads,
	.tie = deterministic_tie,
	.stranded = deterministic_stranded,
	.assigned = deterministic_assigned,
	.numbers = deterministic_numbers,
	.forward = deterministic_forward,
	.reverse = deterministic_reverse,
	.tenant = deterministic_tenant,
	.dynamic = deterministic_dynamic,
	.record = record_text,
	.promise = deterministic_promise,
};
