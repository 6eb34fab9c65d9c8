#include "sim/base/rng.h"
#include "sim/nat/pool.h"
#include "sim/nat/portset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>


/* One slot, a word's edges, a stride trap, an odd tail, a whole address. */
static const uint32_t sizes[] = { 1, 2, 63, 64, 65, 127, 1999, 64512, 65535 };

static void walk_takes_every_slot_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct portset *ps = portset_create(sizes[i]);
		uint32_t from = sizes[i] / 3;

		for (uint32_t n = 0; n < sizes[i]; n++) {
			uint32_t slot = portset_find(ps, 0, sizes[i] - 1, from);

			assert_int_not_equal(slot, SLOT_NONE);
			assert_false(portset_has(ps, slot));
			portset_take(ps, slot);
			assert_true(portset_has(ps, slot));
		}
		assert_int_equal(portset_free(ps), 0);
		assert_int_equal(portset_find(ps, 0, sizes[i] - 1, from), SLOT_NONE);
		portset_destroy(ps);
	}
}

/* find() against the obvious loop, on random sets, over sub-ranges with and without wrapping. */
static void find_is_the_first_free_at_or_after(void **state)
{
	struct portset *ps = portset_create(500);
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int round = 0; round < 20000; round++) {
		uint32_t lo = rng_below(&r, 500), hi = lo + rng_below(&r, 500 - lo), from = lo + rng_below(&r, hi - lo + 1);
		uint32_t slot = rng_below(&r, 500), want = SLOT_NONE;

		if (portset_has(ps, slot))
			portset_give(ps, slot);
		else if (rng_below(&r, 10) > 1)
			portset_take(ps, slot);
		for (uint32_t n = 0; n <= hi - lo && want == SLOT_NONE; n++) {
			uint32_t at = from + n <= hi ? from + n : from + n - (hi - lo + 1);

			if (!portset_has(ps, at))
				want = at;
		}
		assert_int_equal(portset_find(ps, lo, hi, from), want);
	}
	portset_destroy(ps);
}

/* "Excluded ports leave the candidate list before anything is divided." */
static void slots_leave_out_what_is_excluded(void **state)
{
	struct port_range excluded[] = { { 5004, 5004 }, { 5060, 5061 } };
	struct port_ranges exclude = { excluded, 2 };
	struct slots *s = slots_create((struct port_range){ 5000, 5100 }, &exclude);

	(void)state;
	assert_int_equal(s->count, 98);
	assert_false(s->contiguous);
	assert_int_equal(slots_number(s, 0), 5000);
	assert_int_equal(slots_number(s, 3), 5003);
	assert_int_equal(slots_number(s, 4), 5005);
	assert_int_equal(slots_number(s, 97), 5100);
	assert_int_equal(s->slot[5004], SLOT_NONE);
	assert_int_equal(s->slot[4999], SLOT_NONE);
	for (uint32_t i = 0; i < s->count; i++)
		assert_int_equal(s->slot[slots_number(s, i)], i);
	slots_destroy(s);
	s = slots_create((struct port_range){ 1024, 65535 }, &(struct port_ranges){ 0 });
	assert_true(s->contiguous);
	assert_int_equal(s->count, 64512);
	assert_int_equal(slots_number(s, 64511), 65535);
	slots_destroy(s);
	assert_null(slots_create((struct port_range){ 5004, 5004 }, &exclude));
}

/* Addresses in the order listed, network and broadcast included; `addresses` uses the first N. */
static void pool_counts_addresses_in_the_order_listed(void **state)
{
	struct addr_range ranges[] = { { 0xc6336400, 0xc6336403 }, { 0xc0000200, 0xc0000201 } };
	struct pool_config c = { .prefixes = { ranges, 2 } };
	uint64_t n;

	(void)state;
	assert_int_equal(pool_config_size(&c), 6);
	assert_int_equal(pool_config_address(&c, 0), 0xc6336400);
	assert_int_equal(pool_config_address(&c, 3), 0xc6336403);
	assert_int_equal(pool_config_address(&c, 4), 0xc0000200);
	assert_true(pool_config_find(&c, 0xc0000201, &n));
	assert_int_equal(n, 5);
	assert_false(pool_config_find(&c, 0xc0000202, &n));
	c.addresses = 5;
	assert_int_equal(pool_config_size(&c), 5);
	assert_false(pool_config_find(&c, 0xc0000201, &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walk_takes_every_slot_once),
		cmocka_unit_test(find_is_the_first_free_at_or_after),
		cmocka_unit_test(slots_leave_out_what_is_excluded),
		cmocka_unit_test(pool_counts_addresses_in_the_order_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
