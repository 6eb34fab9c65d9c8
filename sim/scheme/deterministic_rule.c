/* The rule of RFC 7422, forward and back. */
#include "sim/base/must.h"
#include "sim/scheme/deterministic.h"

static const struct deterministic_rule *rule_of(const void *config)
{
	return &((const struct deterministic_config *)config)->rule;
}

uint32_t deterministic_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber)
{
	(void)pool;
	must(subscriber < rule_of(config)->subscribers);
	return rule_of(config)->share;
}

void deterministic_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                           struct scheme_number *out)
{
	const struct deterministic_rule *r = rule_of(config);
	bool across = r->fill == FILL_ADDRESS_FIRST;
	uint32_t address = across ? subscriber % r->addresses : subscriber / r->each;
	uint32_t share = across ? subscriber / r->addresses : subscriber % r->each;
	uint64_t q;

	switch ((enum deterministic_layout)r->layout) {
	case LAYOUT_CONTIGUOUS:
		*out = (struct scheme_number){ address, share * r->share + n };
		return;
	case LAYOUT_INTERLACED:
		*out = (struct scheme_number){ address, n * r->stride + share };
		return;
	case LAYOUT_CRYPTOGRAPHIC:
		*out = (struct scheme_number){ address, feistel_slot(&r->keyed[address], pool->slots, r->domain,
		                                                     share * r->share + n) };
		return;
	case LAYOUT_CONTINUOUS:
		q = (uint64_t)subscriber * r->share + n;
		*out = (struct scheme_number){ (uint32_t)(q / r->numbers), (uint32_t)(q % r->numbers) };
		return;
	case LAYOUT_ROUND_ROBIN:
		q = (uint64_t)subscriber * r->share + n;
		*out = (struct scheme_number){ (uint32_t)(q % r->addresses), (uint32_t)(q / r->addresses) };
		return;
	case LAYOUT_HORIZONTAL:
		*out = (struct scheme_number){ (uint32_t)(((uint64_t)address + n) % r->addresses), n * r->stride + share };
		return;
	}
	must(!"a layout that nobody made");
}

/* Whose a share is; false if it is empty. */
static bool holder(const struct deterministic_rule *r, uint32_t address, uint32_t share, uint32_t *subscriber)
{
	uint64_t who = r->fill == FILL_ADDRESS_FIRST ? (uint64_t)share * r->addresses + address
	                                             : (uint64_t)address * r->each + share;

	if (who >= r->subscribers)
		return false;
	*subscriber = (uint32_t)who;
	return true;
}

bool deterministic_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                           uint32_t *subscriber)
{
	const struct deterministic_rule *r = rule_of(config);
	uint32_t shares = r->each * r->share, n;
	uint64_t q;

	switch ((enum deterministic_layout)r->layout) {
	case LAYOUT_CRYPTOGRAPHIC:
		if (slot >= r->domain)
			return false;
		slot = feistel_slot_back(&r->keyed[address], pool->slots, r->domain, slot);
		/* fall through */
	case LAYOUT_CONTIGUOUS:
		return slot < shares && holder(r, address, slot / r->share, subscriber);
	case LAYOUT_INTERLACED:
	case LAYOUT_HORIZONTAL:
		n = slot / r->stride;
		if (n >= r->share || slot % r->stride >= r->each)
			return false;
		if (r->layout == LAYOUT_HORIZONTAL)
			address = (address + r->addresses - n % r->addresses) % r->addresses;
		return holder(r, address, slot % r->stride, subscriber);
	case LAYOUT_CONTINUOUS:
	case LAYOUT_ROUND_ROBIN:
		q = r->layout == LAYOUT_CONTINUOUS ? (uint64_t)address * r->numbers + slot : (uint64_t)slot * r->addresses + address;
		q /= r->share;
		if (q >= r->subscribers)
			return false;
		*subscriber = (uint32_t)q;
		return true;
	}
	must(!"a layout that nobody made");
	return false;
}

/* Of a rule that spreads subscribers: those with a number on the address are the
 * ones that follow one another, round the pool, of whom some number falls there. */
static bool spread_tenant(const struct deterministic_rule *r, uint32_t address, uint32_t n, uint32_t *subscriber)
{
	uint32_t window = r->share < r->addresses ? r->share : r->addresses, home;

	if (window == r->addresses) {
		*subscriber = n;
		return n < r->subscribers;
	}
	if (r->layout == LAYOUT_HORIZONTAL) {
		/* homes address-window+1 .. address, C subscribers each; empty ones are skipped by the count below */
		for (uint32_t i = 0; i < window; i++) {
			uint64_t first, end;

			home = (address + r->addresses - i) % r->addresses;
			first = (uint64_t)home * r->each;
			end = first + r->each < r->subscribers ? first + r->each : r->subscribers;
			if (first < end && n < end - first) {
				*subscriber = (uint32_t)(first + n);
				return true;
			}
			n -= first < end ? (uint32_t)(end - first) : 0;
		}
		return false;
	}
	/* round robin: one of its P < A numbers falls on the address in turn of the pool */
	if ((uint64_t)n * r->addresses + address >= (uint64_t)r->subscribers * r->share)
		return false;
	*subscriber = (uint32_t)(((uint64_t)n * r->addresses + address) / r->share);
	return true;
}

bool deterministic_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                          uint32_t *subscriber)
{
	const struct deterministic_rule *r = rule_of(config);

	(void)pool;
	if (r->layout == LAYOUT_CONTINUOUS) {
		uint64_t begin = (uint64_t)address * r->numbers, who = begin / r->share + n;

		*subscriber = (uint32_t)who;
		return who < r->subscribers && who * r->share < begin + r->numbers;
	}
	if (deterministic_spreads(r))
		return spread_tenant(r, address, n, subscriber);
	return n < r->each && holder(r, address, n, subscriber);
}
