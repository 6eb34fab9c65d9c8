#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* RFC 7422 section 2.3: I = 198.51.100.0/28 (14 hosts), O = 192.0.2.1, D = 2, R = 0-1023, M = 5040. */
struct example {
	const struct scheme_type *scheme;
	void *config;
	struct addr_range public;
	struct pool_config pool_config;
	struct scheme_pool pool;
};

static void example_open(struct example *x, uint32_t subscribers)
{
	struct err e = ERR_INIT;

	*x = (struct example){ .scheme = scheme_find("deterministic"), .public = { 0xc0000201, 0xc0000201 } };
	x->pool_config = (struct pool_config){ .prefixes = { &x->public, 1 }, .ports = { 1024, 65535 } };
	x->pool = (struct scheme_pool){
		.config = &x->pool_config,
		.slots = slots_create(x->pool_config.ports, &x->pool_config.exclude),
		.addresses = 1,
		.subscribers = subscribers,
		.first_inside = 0xc6336401,
	};
	x->config = conf_new(x->scheme);
	conf_u32(x->scheme, x->config, "compression", 14);
	conf_u32(x->scheme, x->config, "dynamic", 2);
	conf_u32(x->scheme, x->config, "max_ports", 5040);
	assert_true(x->scheme->settle(x->config, &x->pool, "x", &e));
}

static void example_close(struct example *x)
{
	slots_destroy((struct slots *)x->pool.slots);
	free(x->config);
}

/* "4032 ports each": .1 has 1024-5055, .2 5056-9087, ..., .14 53440-57471. */
static void worked_example_ranges(void **state)
{
	struct example x;
	struct scheme_number first, last;

	(void)state;
	example_open(&x, 14);
	for (uint32_t k = 0; k < 14; k++) {
		assert_int_equal(x.scheme->numbers(x.config, &x.pool, k), 4032);
		x.scheme->forward(x.config, &x.pool, k, 0, &first);
		x.scheme->forward(x.config, &x.pool, k, 4031, &last);
		assert_int_equal(first.address, 0);
		assert_int_equal(last.address, 0);
		assert_int_equal(slots_number(x.pool.slots, first.slot), 1024 + 4032 * k);
		assert_int_equal(slots_number(x.pool.slots, last.slot), 5055 + 4032 * k);
	}
	assert_int_equal(x.scheme->assigned(x.config, &x.pool), 14 * 4032);
	example_close(&x);
}

/* Reverse of every number: the share's owner up to 57471, nobody from 57472 on (the dynamic pool, 8064 numbers). */
static void worked_example_reverse(void **state)
{
	struct example x;
	uint32_t who, nobody = 0;

	(void)state;
	example_open(&x, 14);
	for (uint32_t port = 1024; port <= 65535; port++) {
		bool known = x.scheme->reverse(x.config, &x.pool, 0, x.pool.slots->slot[port], &who);

		assert_int_equal(known, port <= 57471);
		if (known)
			assert_int_equal(who, (port - 1024) / 4032);
		nobody += !known;
	}
	assert_int_equal(nobody, 8064);
	assert_true(x.scheme->reverse(x.config, &x.pool, 0, x.pool.slots->slot[2001], &who));
	assert_int_equal(who, 0); /* "port 2001: subscriber 1, with no log" */
	assert_false(x.scheme->reverse(x.config, &x.pool, 0, x.pool.slots->slot[58204], &who));
	example_close(&x);
}

/* Subscriber 2 fills its share and takes 1000 more: ten blocks of 100, ten records, none before; M stops it at 5040. */
static void worked_example_overflow(void **state)
{
	struct example x;
	struct bench b;
	struct verdict v;

	(void)state;
	example_open(&x, 14);
	bench_open(&b, bench_defaults(), (struct port_range){ 1024, 65535 }, 1, 14, x.scheme, x.config);
	for (uint32_t n = 0; n < 4032; n++) {
		v = bench_send(&b, 0, 1, PROTO_UDP, (uint16_t)(n + 1), 0);
		assert_int_equal(v.outcome, OUT_CREATED);
		assert_in_range(v.number, 5056, 9087);
	}
	assert_int_equal(b.blocks_given, 0);
	for (uint32_t n = 4032; n < 5032; n++) {
		v = bench_send(&b, 0, 1, PROTO_UDP, (uint16_t)(n + 1), 0);
		assert_int_equal(v.outcome, OUT_CREATED);
		assert_in_range(v.number, 57472, 65535);
		assert_int_equal(b.blocks_given, (n - 4032) / 100 + 1);
	}
	assert_int_equal(b.blocks_given, 10);
	assert_int_equal(bench_send(&b, 0, 1, PROTO_UDP, 6000, 0).outcome, OUT_BLOCK_LIMIT);
	nat_advance(b.nat, 1000 * S);
	assert_int_equal(b.blocks_returned, 10);
	bench_close(&b);
	example_close(&x);
}

/* Without a dynamic pool a full share refuses, and says why. */
static void full_share_without_a_pool(void **state)
{
	const struct scheme_type *scheme = scheme_find("deterministic");
	struct example x;
	struct bench b;
	struct err e = ERR_INIT;
	uint32_t each;

	(void)state;
	example_open(&x, 4);
	free(x.config);
	x.config = conf_new(scheme);
	conf_u32(scheme, x.config, "ports_per_subscriber", 1008);
	assert_true(scheme->settle(x.config, &x.pool, "x", &e));
	assert_int_equal(scheme->tie(x.config, &each), TIE_RUNS);
	assert_int_equal(each, 64);
	assert_int_equal(scheme->stranded(x.config, &x.pool), 60 * 1008);
	bench_open(&b, bench_defaults(), (struct port_range){ 1024, 65535 }, 1, 4, scheme, x.config);
	for (uint16_t n = 1; n <= 1008; n++)
		assert_int_equal(bench_send(&b, 0, 3, PROTO_UDP, n, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 3, PROTO_UDP, 2000, 0).outcome, OUT_RANGE_FULL);
	assert_int_equal(bench_send(&b, 0, 3, PROTO_TCP, 2000, SEG_SYN_OUT).outcome, OUT_CREATED); /* numbers of its own */
	assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, 2000, 0).outcome, OUT_CREATED);
	bench_close(&b);
	example_close(&x);
}

/* A dynamic pool from which M lets nobody have a block is stranded whole, and refuses as a full share does. */
static void a_pool_that_m_forbids_is_stranded(void **state)
{
	const struct scheme_type *scheme = scheme_find("deterministic");
	struct example x;
	struct bench b;
	struct err e = ERR_INIT;

	(void)state;
	example_open(&x, 14);
	conf_u32(scheme, x.config, "compression", 14);
	conf_u32(scheme, x.config, "ports_per_subscriber", 0);
	conf_u32(scheme, x.config, "max_ports", 4032); /* the share: no block on top */
	assert_true(scheme->settle(x.config, &x.pool, "x", &e));
	assert_int_equal(scheme->stranded(x.config, &x.pool), 8064);
	bench_open(&b, bench_defaults(), (struct port_range){ 1024, 65535 }, 1, 14, scheme, x.config);
	for (uint16_t n = 1; n <= 4032; n++)
		assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, n, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 5000, 0).outcome, OUT_RANGE_FULL);
	bench_close(&b);
	example_close(&x);
}

/* What cannot be is refused with the numbers that say why. */
static void impossible_pools_are_refused(void **state)
{
	static const struct { const char *key; uint32_t value; uint32_t dynamic, subscribers; const char *want; } rows[] = {
		{ "ports_per_subscriber", 1008, 0, 65,
		  "x: the pool holds 64 subscribers at 1008 ports each (64 on each of 1 addresses), but there are 65" },
		{ "ports_per_subscriber", 40000, 1, 1,
		  "x.ports_per_subscriber: 40000 ports leave no share for a subscriber: an address has 64512 numbers, and 1 "
		  "shares are dynamic" },
		{ "sharing", 16, 0, 17,
		  "x: the pool holds 16 subscribers at 4032 ports each (16 on each of 1 addresses), but there are 17" },
		{ "compression", 65000, 0, 10, "x: 65000 subscribers and 0 dynamic shares on an address of 64512 numbers leave none "
		  "for each" },
	};
	const struct scheme_type *scheme = scheme_find("deterministic");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct example x;
		struct err e = ERR_INIT;

		example_open(&x, 14);
		free(x.config);
		x.config = conf_new(scheme);
		conf_u32(scheme, x.config, rows[i].key, rows[i].value);
		conf_u32(scheme, x.config, "dynamic", rows[i].dynamic);
		x.pool.subscribers = rows[i].subscribers;
		assert_false(scheme->settle(x.config, &x.pool, "x", &e));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.lines[0], rows[i].want);
		err_clear(&e);
		example_close(&x);
	}
}

/* Forward then reverse is the identity for every number of every share, over awkward pools. */
static void reverse_undoes_forward(void **state)
{
	static const struct { uint16_t lo, hi; uint32_t addresses, subscribers, sharing, dynamic; } rows[] = {
		{ 1024, 65535, 3, 40, 0, 0 }, { 1, 65535, 2, 7, 5, 3 }, { 5000, 5006, 4, 4, 0, 0 }, { 40000, 40999, 7, 100, 0, 1 },
	};
	const struct scheme_type *scheme = scheme_find("deterministic");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr_range range = { 0xcb007100, 0xcb007100 + rows[i].addresses - 1 };
		struct pool_config pool_config = { .prefixes = { &range, 1 }, .ports = { rows[i].lo, rows[i].hi } };
		struct slots *slots = slots_create(pool_config.ports, &pool_config.exclude);
		struct scheme_pool pool = { &pool_config, slots, rows[i].addresses, rows[i].subscribers, 1 };
		void *config = conf_new(scheme);
		struct err e = ERR_INIT;

		conf_u32(scheme, config, "sharing", rows[i].sharing);
		conf_u32(scheme, config, "dynamic", rows[i].dynamic);
		conf_u32(scheme, config, "block", rows[i].dynamic ? 1 : 100);
		assert_true(scheme->settle(config, &pool, "x", &e));
		for (uint32_t k = 0; k < rows[i].subscribers; k++) {
			struct scheme_number number;
			uint32_t who;

			for (uint32_t n = 0; n < scheme->numbers(config, &pool, k); n++) {
				scheme->forward(config, &pool, k, n, &number);
				assert_true(scheme->reverse(config, &pool, number.address, number.slot, &who));
				assert_int_equal(who, k);
			}
		}
		free(config);
		slots_destroy(slots);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example_ranges),     cmocka_unit_test(worked_example_reverse),
		cmocka_unit_test(worked_example_overflow),   cmocka_unit_test(full_share_without_a_pool),
		cmocka_unit_test(a_pool_that_m_forbids_is_stranded), cmocka_unit_test(impossible_pools_are_refused), cmocka_unit_test(reverse_undoes_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
