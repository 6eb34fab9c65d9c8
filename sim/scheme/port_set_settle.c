/* From the parameters of port sets to their tables: which slots are in which set. */
#include <errno.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/port_set.h"

#define NUMBERS 65536u
#define PSID_OFFSET_PRESET 6 /* this and the next two: as in the table of parameters */
#define MAX_GROWTH_PRESET 511
#define GROWTH_INTERVAL_PRESET (60 * NS_PER_S)
#define KEYED_ADDRESSES_MAX 65536 /* each has tables of its own */

static unsigned ones(uint32_t mask)
{
	unsigned count = 0;

	for (; mask; mask &= mask - 1)
		count++;
	return count;
}

/* The bits of the number where the mask has ones, close together: which set it is in. */
static uint32_t gather(uint32_t number, uint32_t mask)
{
	uint32_t set = 0;

	for (unsigned bit = 0, at = 0; bit < 16; bit++)
		if (mask >> bit & 1)
			set |= (number >> bit & 1) << at++;
	return set;
}

static bool read_mask(const struct port_set_config *c, uint32_t *mask, const char *place, struct err *e)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(c->masks, &end, 0);
	if (errno || *end || end == c->masks || *c->masks == '-' || !value || value >= NUMBERS)
		return fail(e, "%s.masks: \"%s\" is not a port range mask (such as \"0x01f0\", up to 0xffff, not 0)", place,
		            c->masks);
	*mask = (uint32_t)value;
	return true;
}

/* ---- which sets there are, for a given length ---- */

/* Runs of `size` numbers that begin below the pool; a pool from 1 on is one from 0 on, whose number 0 is nobody's. */
static uint32_t runs_below(const struct scheme_pool *pool, uint32_t size)
{
	uint32_t lowest = pool->config->ports.lo;

	return lowest <= 1 ? 0 : (lowest + size - 1) / size;
}

/* The set, before any is left out, of a number of the pool. With a key, sets are of
 * slots: 2^k runs of equal size. PORT_SET_NONE: of none. */
static uint32_t set_at(const struct port_set_config *c, const struct scheme_pool *pool, uint32_t slot)
{
	const struct port_set_rule *r = &c->rule;
	uint32_t number = slots_number(pool->slots, slot), each;

	if (c->key) {
		each = r->numbers >> r->length;
		return each && slot / each < 1u << r->length ? slot / each : PORT_SET_NONE;
	}
	if (!c->masks && c->psid_offset && r->length) {
		uint32_t a = number >> (16 - c->psid_offset);

		if (!a || a < runs_below(pool, NUMBERS >> c->psid_offset))
			return PORT_SET_NONE;
	}
	return gather(number, r->mask);
}

/* With offset 0: how many sets begin below the pool (RFC 7597 appendix B, RFC 7596 section 5.1). */
static uint32_t left_out_below(const struct port_set_config *c, const struct scheme_pool *pool)
{
	if (c->key || c->masks || c->psid_offset || !c->rule.length)
		return 0;
	return runs_below(pool, NUMBERS >> c->rule.length);
}

static void drop_tables(struct port_set_rule *r)
{
	free(r->psid);
	free(r->set_of_psid);
	free(r->first);
	free(r->slots);
	free(r->set_of_slot);
	r->psid = r->set_of_psid = r->first = r->set_of_slot = NULL;
	r->slots = NULL;
}

/* Fills the tables for r->length and r->mask. */
static void make_tables(struct port_set_config *c, const struct scheme_pool *pool)
{
	struct port_set_rule *r = &c->rule;
	uint32_t all = 1u << r->length, from = left_out_below(c, pool), total = 0;
	uint32_t *sizes = must_alloc(all, sizeof(*sizes));

	drop_tables(r);
	r->psid = must_alloc(all, sizeof(*r->psid));
	r->set_of_psid = must_alloc(all, sizeof(*r->set_of_psid));
	r->first = must_alloc(all + 1, sizeof(*r->first));
	r->slots = must_alloc(r->numbers, sizeof(*r->slots));
	r->set_of_slot = must_alloc(r->numbers, sizeof(*r->set_of_slot));
	for (uint32_t slot = 0; slot < r->numbers; slot++)
		if (set_at(c, pool, slot) != PORT_SET_NONE)
			sizes[set_at(c, pool, slot)]++;
	r->sets = 0;
	for (uint32_t psid = 0; psid < all; psid++) {
		r->set_of_psid[psid] = PORT_SET_NONE;
		if (psid < from || !sizes[psid] || (c->psid != PORT_SET_AUTO && c->psid != psid))
			continue;
		r->set_of_psid[psid] = r->sets;
		r->psid[r->sets] = psid;
		r->first[r->sets++] = total;
		total += sizes[psid];
		sizes[psid] = r->first[r->sets - 1]; /* from here on: where its next slot goes */
	}
	r->first[r->sets] = total;
	for (uint32_t slot = 0; slot < r->numbers; slot++) {
		uint32_t psid = set_at(c, pool, slot);

		r->set_of_slot[slot] = psid == PORT_SET_NONE ? PORT_SET_NONE : r->set_of_psid[psid];
		if (r->set_of_slot[slot] != PORT_SET_NONE)
			r->slots[sizes[psid]++] = (uint16_t)slot;
	}
	free(sizes);
}

static uint64_t room(const struct port_set_config *c)
{
	uint32_t each = c->sharing && c->sharing < c->rule.sets ? c->sharing : c->rule.sets;

	return ((uint64_t)each * c->rule.addresses) >> c->rule.spare_bits;
}

static void make_length(struct port_set_config *c, const struct scheme_pool *pool, uint32_t length)
{
	c->rule.length = length;
	c->rule.mask = c->key ? 0 : ((1u << length) - 1) << (16 - c->psid_offset - length);
	make_tables(c, pool);
}

/* ---- the parameters, one after the other ---- */

/* What would have no effect; as `params` has them, nobody asked for them. */
static bool settle_idle(const struct port_set_config *c, const char *place, struct err *e)
{
	if ((c->masks || c->key) && c->psid_offset != PSID_OFFSET_PRESET)
		return fail(e, "%s.psid_offset: %s know of no offset: leave it out", place, c->masks ? "masks" : "keys");
	if (!c->ipv6_prefix && c->interface_identifier != IDENTIFIER_RFC7597)
		return fail(e, "%s.interface_identifier: goes with ipv6_prefix alone, and there is none", place);
	if (!c->growth && c->max_growth != MAX_GROWTH_PRESET)
		return fail(e, "%s.max_growth: goes with growth alone, and there is none", place);
	if (!c->growth && c->growth_interval != GROWTH_INTERVAL_PRESET)
		return fail(e, "%s.growth_interval: goes with growth alone, and there is none", place);
	return true;
}

/* The bits of an address below the pool's one prefix; false if the pool is no single prefix. */
static bool suffix_of(const struct scheme_pool *pool, struct addr_range *ipv4, uint32_t *bits)
{
	const struct addr_ranges *prefixes = &pool->config->prefixes;
	uint64_t size;

	if (prefixes->count != 1)
		return false;
	*ipv4 = prefixes->items[0];
	size = range_size(*ipv4);
	for (*bits = 0; UINT64_C(1) << *bits < size; ++*bits)
		;
	return UINT64_C(1) << *bits == size && !(ipv4->first & (size - 1)) && pool->addresses == size;
}

/* Fewer bits than an address has: a prefix of IPv4 for each subscriber. */
static bool settle_spare(struct port_set_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct port_set_rule *r = &c->rule;

	if (c->psid_length != PORT_SET_AUTO && c->psid_length)
		return fail(e, "%s.psid_length: with %u ea_bits a subscriber has several addresses, since one has %u bits within the "
		            "pool's prefix: there is no PSID", place, c->ea_bits, r->suffix_bits);
	if (pool->config->pooling != POOLING_ARBITRARY)
		return fail(e, "%s.ea_bits: %u is less than the %u bits of an address within the pool's prefix, so that a subscriber "
		            "has several: pool.pooling must be \"arbitrary\"", place, c->ea_bits, r->suffix_bits);
	r->spare_bits = r->suffix_bits - c->ea_bits;
	r->suffix_bits = c->ea_bits;
	r->length = 0;
	return true;
}

static bool settle_embedded(struct port_set_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct port_set_rule *r = &c->rule;
	bool wanted = c->ipv6_prefix || c->ea_bits != PORT_SET_AUTO;

	if (!wanted)
		return true;
	if (c->masks || c->key)
		return fail(e, "%s: masks and key know of no embedded bits: leave out ea_bits and ipv6_prefix", place);
	if (!suffix_of(pool, &r->ipv4, &r->suffix_bits))
		return fail(e, "%s: embedded bits need pool.prefixes to be one prefix, all of it: give each rule a scheme of its own",
		            place);
	if (c->ea_bits == PORT_SET_AUTO)
		return true;
	if (c->psid != PORT_SET_AUTO)
		return c->ea_bits == r->suffix_bits ||
		       fail(e, "%s.ea_bits: %u is not the %u bits of an address within the pool's prefix: a provisioned psid is not "
		            "embedded", place, c->ea_bits, r->suffix_bits);
	if (c->ea_bits < r->suffix_bits)
		return settle_spare(c, pool, place, e);
	if (c->psid_length == PORT_SET_AUTO)
		r->length = c->ea_bits - r->suffix_bits;
	else if (c->ea_bits != r->suffix_bits + c->psid_length)
		return fail(e, "%s.ea_bits: %u is not the %u bits of an address within the pool's prefix and the %u of psid_length%s",
		            place, c->ea_bits, r->suffix_bits, c->psid_length,
		            c->ea_bits == r->suffix_bits ? "; if the PSID is provisioned, give psid" : "");
	return true;
}

/* A PSID of its own for each address instead of one for each subscriber. */
static bool settle_psid(const struct port_set_config *c, const char *place, struct err *e)
{
	if (c->psid == PORT_SET_AUTO)
		return true;
	if (c->masks || c->key)
		return fail(e, "%s.psid: %s know of no PSID: leave it out", place, c->masks ? "masks" : "keys");
	if (c->psid_length == PORT_SET_AUTO)
		return fail(e, "%s.psid: a provisioned PSID needs its psid_length", place);
	if (c->psid >> c->psid_length)
		return fail(e, "%s.psid: %u does not fit into the %u bits of psid_length", place, c->psid, c->psid_length);
	return true;
}

/* The shortest length that holds the subscribers; if none does, the first that holds most. */
static void make_widest(struct port_set_config *c, const struct scheme_pool *pool, uint32_t most)
{
	uint64_t widest = 0;
	uint32_t best = 0;

	for (uint32_t length = 0; length <= most; length++) {
		make_length(c, pool, length);
		if (room(c) >= c->rule.subscribers)
			return;
		if (room(c) > widest) {
			widest = room(c);
			best = length;
		}
	}
	make_length(c, pool, best);
}

static bool settle_length(struct port_set_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct port_set_rule *r = &c->rule;
	uint32_t most = c->key ? 16 : 16 - c->psid_offset, wanted = c->psid_length;

	if (c->masks && c->key)
		return fail(e, "%s: masks and key are two ways of dividing numbers: give one", place);
	if (c->masks) {
		if (wanted != PORT_SET_AUTO)
			return fail(e, "%s.psid_length: masks say it already", place);
		if (!read_mask(c, &r->mask, place, e))
			return false;
		r->length = ones(r->mask);
		make_tables(c, pool);
		return true;
	}
	if (wanted == PORT_SET_AUTO && c->ea_bits != PORT_SET_AUTO)
		wanted = r->length;
	if (wanted != PORT_SET_AUTO) {
		if (wanted > most)
			return fail(e, "%s.psid_length: %u bits do not fit behind an offset of %u bits", place, wanted,
			            c->key ? 0 : c->psid_offset);
		make_length(c, pool, wanted);
		return true;
	}
	make_widest(c, pool, most);
	return true; /* settle_room() says if that is too small */
}

static bool settle_room(struct port_set_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct port_set_rule *r = &c->rule;

	if (!r->sets && c->psid != PORT_SET_AUTO)
		return fail(e, "%s.psid: no number of the pool is in set %u", place, c->psid);
	if (!r->sets && left_out_below(c, pool))
		return fail(e, "%s.psid_length: every number of the pool is in a set that begins below the pool, and is left out: %u "
		            "bits are too few", place, r->length);
	if (!r->sets && !c->masks && !c->key)
		return fail(e, "%s.psid_offset: no run of %u numbers that an offset of %u bits makes begins in the pool, except at 0", place,
		            NUMBERS >> c->psid_offset, c->psid_offset);
	if (!r->sets)
		return fail(e, "%s: no number of the pool is in any of the %u sets of an address", place, 1u << r->length);
	if (c->sharing > r->sets)
		return fail(e, "%s.sharing: an address has %u sets, not %u", place, r->sets, c->sharing);
	r->each = c->sharing ? c->sharing : r->sets;
	if (room(c) < r->subscribers)
		return r->spare_bits
		           ? fail(e, "%s.ea_bits: the pool holds %llu subscribers with %u addresses each, but there are %u", place,
		                  (unsigned long long)room(c), 1u << r->spare_bits, r->subscribers)
		           : fail(e, "%s: the pool holds %llu subscribers (%u sets on each of %u addresses), but there are %u", place,
		                  (unsigned long long)room(c), r->each, r->addresses, r->subscribers);
	if (!c->growth)
		return true;
	if (c->masks || c->key || c->psid_offset)
		return fail(e, "%s.growth: ranges to grow by need sets that are runs of numbers: psid_offset 0", place);
	if (r->each == r->sets)
		return fail(e, "%s.growth: all sets are subscribers' own: sharing must be less than %u", place, r->sets);
	if (c->growth > r->numbers - r->slots[r->first[r->each]])
		return fail(e, "%s.growth: %u is more than the %u numbers above the subscribers' own", place, c->growth,
		            r->numbers - r->slots[r->first[r->each]]);
	return true;
}

static bool settle_prefix(struct port_set_config *c, const char *place, struct err *e)
{
	struct port_set_rule *r = &c->rule;

	if (!c->ipv6_prefix)
		return true;
	r->psid_bits = c->psid == PORT_SET_AUTO ? r->length : 0;
	r->ea_bits = r->suffix_bits + r->psid_bits;
	if (!addr6_parse(c->ipv6_prefix, &r->prefix) || !r->prefix.length || r->prefix.length == 128)
		return fail(e, "%s.ipv6_prefix: \"%s\" is not an IPv6 prefix (A/LENGTH with host bits 0)", place, c->ipv6_prefix);
	if (r->prefix.length + r->ea_bits > 128)
		return fail(e, "%s.ipv6_prefix: its %u bits and %u embedded ones are more than 128", place, r->prefix.length,
		            r->ea_bits);
	return true;
}

static bool settle_keys(struct port_set_config *c, const struct scheme_pool *pool, const char *place, struct err *e)
{
	uint8_t key[FEISTEL_KEY], own[FEISTEL_KEY];

	if (!c->key)
		return true;
	if (!feistel_key_parse(c->key, key))
		return fail(e, "%s.key: is not 32 hexadecimal digits", place);
	if (pool->addresses > KEYED_ADDRESSES_MAX)
		return fail(e, "%s.key: each address has a key of its own, and there are %u; at most %u are supported", place,
		            pool->addresses, KEYED_ADDRESSES_MAX);
	c->rule.keyed = must_alloc(pool->addresses, sizeof(*c->rule.keyed));
	for (uint32_t i = 0; i < pool->addresses; i++) {
		feistel_key_of(key, pool_config_address(pool->config, i), own);
		feistel_init(&c->rule.keyed[i], own);
	}
	return true;
}

void port_set_unsettle(void *config)
{
	struct port_set_config *c = config;

	drop_tables(&c->rule);
	free(c->rule.keyed);
	c->rule = (struct port_set_rule){ 0 };
}

bool port_set_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct port_set_config *c = config;

	port_set_unsettle(c);
	c->rule.subscribers = pool->subscribers;
	c->rule.addresses = pool->addresses;
	c->rule.numbers = pool->slots->count;
	return settle_idle(c, place, e) && settle_psid(c, place, e) && settle_embedded(c, pool, place, e) && settle_length(c, pool, place, e) &&
	       settle_room(c, pool, place, e) && settle_prefix(c, place, e) && settle_keys(c, pool, place, e);
}
