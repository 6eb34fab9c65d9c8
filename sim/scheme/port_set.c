/* The rule of port sets, forward and back, and the allocator that gives from them. */
#include "sim/scheme/port_set.h"

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/own.h"

static const char *const identifier_choices[] = { "rfc7597", "draft-03", NULL };

#define FIELD(f) offsetof(struct port_set_config, f)
static const struct param params[] = {
	{ .name = "psid_offset", .type = PARAM_U32, .unit = "bits", .preset = "6", .min = 0, .max = 15,
	  .offset = FIELD(psid_offset),
	  .help = "a: bits of a number before the PSID, not all 0 (RFC 7597 section 5.1); 0: each set is one run, as lw4o6 "
	          "has it" },
	{ .name = "psid_length", .type = PARAM_U32, .unit = "bits", .preset = "\"auto\"", .min = 0, .max = 16,
	  .word = "auto", .word_value = PORT_SET_AUTO, .offset = FIELD(psid_length),
	  .help = "k: an address has 2^k sets; auto: from ea_bits, else as few as hold the subscribers" },
	{ .name = "ea_bits", .type = PARAM_U32, .unit = "bits", .preset = "\"auto\"", .min = 0, .max = 48, .word = "auto",
	  .word_value = PORT_SET_AUTO, .offset = FIELD(ea_bits),
	  .help = "embedded bits: suffix of the address in pool.prefixes, and PSID; auto: as many as these need; fewer than the "
	          "suffix: each subscriber has a prefix of addresses, which needs pool.pooling arbitrary" },
	{ .name = "psid", .type = PARAM_U32, .preset = "\"auto\"", .min = 0, .max = 65535, .word = "auto",
	  .word_value = PORT_SET_AUTO, .offset = FIELD(psid),
	  .help = "a provisioned PSID, not embedded (RFC 7597 appendix A, example 5): each address has one subscriber, with "
	          "this set; auto: each set of an address is a subscriber's" },
	{ .name = "ipv6_prefix", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(ipv6_prefix),
	  .help = "the rule's IPv6 prefix: subscribers then have end-user prefixes and CE addresses" },
	{ .name = "interface_identifier", .type = PARAM_CHOICE, .preset = "\"rfc7597\"", .choices = identifier_choices,
	  .offset = FIELD(interface_identifier),
	  .help = "of the CE address: rfc7597: 16 zero bits, IPv4 address, PSID; draft-03: 8 zero bits, IPv4 address, PSID, 8 zero "
	          "bits, as drafts up to draft-ietf-softwire-map-03 have it" },
	{ .name = "masks", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(masks),
	  .help = "RFC 6431's port range mask, such as \"0x01f0\", in place of psid_offset and psid_length" },
	{ .name = "key", .type = PARAM_TEXT, .preset = "null", .offset = FIELD(key),
	  .help = "32 hexadecimal digits: RFC 6431's cryptographic sets, 2^psid_length of them" },
	{ .name = "sharing", .type = PARAM_U32, .unit = "subscribers", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(sharing), .help = "sets of an address that are subscribers' own; 0: all of them" },
	{ .name = "growth", .type = PARAM_U32, .unit = "ports", .preset = "0", .min = 0, .max = 65535,
	  .offset = FIELD(growth),
	  .help = "a subscriber whose set is full gets further ranges of so many numbers, from above those of `sharing` "
	          "(RFC 6346), logged; 0: none" },
	{ .name = "max_growth", .type = PARAM_U32, .unit = "ranges", .preset = "511", .min = 1, .max = 65535,
	  .offset = FIELD(max_growth), .help = "most further ranges of a subscriber" },
	{ .name = "growth_interval", .type = PARAM_DURATION, .unit = "s", .preset = "\"60s\"", .min = 0, .max = 86400,
	  .offset = FIELD(growth_interval), .help = "a subscriber gets no range sooner than so long after its last one" },
	{ .name = NULL },
};
#undef FIELD

static const struct port_set_rule *rule_of(const void *config)
{
	return &((const struct port_set_config *)config)->rule;
}

uint32_t port_set_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber)
{
	const struct port_set_rule *r = rule_of(config);
	uint32_t set = subscriber % r->each;

	(void)pool;
	if (r->spare_bits) {
		uint64_t all = (uint64_t)r->first[1] << r->spare_bits;

		return all < UINT32_MAX ? (uint32_t)all : UINT32_MAX;
	}
	return r->first[set + 1] - r->first[set];
}

uint32_t port_set_whole(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t *first)
{
	const struct port_set_rule *r = rule_of(config);

	(void)pool;
	*first = subscriber << r->spare_bits;
	return r->spare_bits ? 1u << r->spare_bits : 0;
}

void port_set_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                      struct scheme_number *out)
{
	const struct port_set_rule *r = rule_of(config);

	if (r->spare_bits) {
		*out = (struct scheme_number){ (subscriber << r->spare_bits) + n / r->first[1], r->slots[n % r->first[1]] };
		return;
	}
	out->address = subscriber / r->each;
	out->slot = r->slots[r->first[subscriber % r->each] + n];
	if (r->keyed)
		out->slot = feistel_slot(&r->keyed[out->address], pool->slots, r->numbers, out->slot);
}

bool port_set_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                      uint32_t *subscriber)
{
	const struct port_set_rule *r = rule_of(config);
	uint32_t set;

	if (r->keyed)
		slot = feistel_slot_back(&r->keyed[address], pool->slots, r->numbers, slot);
	set = r->set_of_slot[slot];
	return set < r->each && port_set_tenant(config, pool, address, set, subscriber);
}

bool port_set_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                     uint32_t *subscriber)
{
	const struct port_set_rule *r = rule_of(config);
	uint64_t who = (uint64_t)(address >> r->spare_bits) * r->each + n;

	(void)pool;
	*subscriber = (uint32_t)who;
	return n < r->each && who < r->subscribers;
}

/* Where the numbers for growth begin. */
static uint32_t growth_from(const struct port_set_rule *r)
{
	return r->slots[r->first[r->each]];
}

static struct allocator port_set_create(const void *config, struct ground *ground)
{
	const struct port_set_config *c = config;
	struct blocks_config blocks = { .size = c->growth, .max_blocks = c->max_growth, .interval_ns = c->growth_interval };

	if (c->growth) {
		blocks.first_slot = growth_from(&c->rule);
		blocks.per_address = (c->rule.numbers - blocks.first_slot) / c->growth;
	}
	return own_allocator(&(struct own_setup){
		.type = &scheme_port_set,
		.config = config,
		.addresses = c->rule.addresses,
		.subscribers = c->rule.subscribers,
		.hidden = c->rule.keyed ? c->rule.numbers : 0,
		.blocks = c->growth ? &blocks : NULL,
	}, ground);
}

static enum scheme_tie port_set_tie(const void *config, uint32_t *each)
{
	*each = rule_of(config)->each;
	return rule_of(config)->spare_bits ? TIE_WHOLE : TIE_RUNS;
}

static uint64_t port_set_assigned(const void *config, const struct scheme_pool *pool)
{
	const struct port_set_rule *r = rule_of(config);

	return ((uint64_t)(pool->subscribers / r->each) * r->first[r->each] + r->first[pool->subscribers % r->each]) << r->spare_bits;
}

static uint64_t port_set_stranded(const void *config, const struct scheme_pool *pool)
{
	const struct port_set_config *c = config;
	uint64_t numbers = (uint64_t)c->rule.numbers * pool->addresses, grown = 0;

	if (c->growth) /* on addresses where somebody lives */
		grown = (uint64_t)((c->rule.numbers - growth_from(&c->rule)) / c->growth) * c->growth *
		        ((pool->subscribers - 1) / c->rule.each + 1);
	return numbers - port_set_assigned(config, pool) - grown;
}

/* Growth has a limit and a pace; sets alone are a limit that the rule tells. */
static void port_set_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct port_set_config *c = config;
	uint64_t own = 0, most;

	if (!c->growth)
		return;
	for (uint32_t set = 0; set < c->rule.each; set++)
		if (c->rule.first[set + 1] - c->rule.first[set] > own)
			own = c->rule.first[set + 1] - c->rule.first[set];
	most = own + (uint64_t)c->growth * c->max_growth;
	out->most = most < pool->slots->count ? (uint32_t)most : pool->slots->count;
	out->interval_ns = c->growth_interval;
}

static bool port_set_dynamic(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                             uint32_t *block)
{
	const struct port_set_config *c = config;

	(void)pool;
	(void)address;
	*block = c->growth;
	return c->growth && slot >= growth_from(&c->rule);
}

const struct scheme_type scheme_port_set = {
	.name = "port-set",
	.summary = "RFC 7597, 7596, 6431, 6346: numbers that are a subscriber's by their bits (MAP, lw4o6, masks, A+P)",
	.params = params,
	.config_size = sizeof(struct port_set_config),
	.settle = port_set_settle,
	.unsettle = port_set_unsettle,
	.create = port_set_create,
	.tie = port_set_tie,
	.stranded = port_set_stranded,
	.assigned = port_set_assigned,
	.numbers = port_set_numbers,
	.forward = port_set_forward,
	.reverse = port_set_reverse,
	.tenant = port_set_tenant,
	.whole = port_set_whole,
	.dynamic = port_set_dynamic,
	.tell = port_set_tell,
	.of_prefix = port_set_of_prefix,
	.promise = port_set_promise,
};
