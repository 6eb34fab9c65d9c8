/* Numbers by rule, given by a NAT: each stays within the rule, all of a subscriber's can be had, no more of them, and
 * what grows does so as told. */
#include "tests/support/natbench.h"
#include "tests/support/rulebench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define KEY "'key': '000102030405060708090a0b0c0d0e0f'"
#define ON(count, pool, scheme) \
	"'subscribers': { 'count': " count " }, 'pool': { " pool " }, 'schemes': [{ " scheme " }]"

static void bench_on(struct bench *b, const struct rulebench *r, struct nat_config config)
{
	bench_open(b, config, r->trial->pool.ports, r->pool.addresses, r->pool.subscribers, r->trial->scheme,
	           r->trial->scheme_config);
	/* again, with the scenario's pooling */
	nat_destroy(b->nat);
	b->nat = nat_create(&(struct nat_setup){
		.config = &b->config,
		.slots = b->slots,
		.pooling = r->trial->pool.pooling,
		.addresses = b->addresses,
		.subscribers = b->subscribers,
		.rng_key = RNG_TEST,
		.sink = { .context = b, .event = bench_event },
		.scheme_create = r->trial->scheme->create,
		.scheme_config = r->trial->scheme_config,
	});
}

/* Fills a subscriber's own numbers in random order: each is its own by the rule, all of them can be had, and the next flow
 * is refused for that reason, while its neighbour has all of its own and other protocols have theirs. */
static void all_of_ones_own_and_no_more(void **state)
{
	static const char *const rows[] = {
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'deterministic'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'deterministic', 'layout': 'interlaced'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'deterministic', 'fill': 'address-first'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'deterministic', 'layout': 'cryptographic', " KEY),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'port-set', 'psid_length': 4"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'port-set', 'masks': '0x0124', 'sharing': 8, "
		         "'pool': { 'prefixes': ['192.0.2.0/29'] }"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095'", "'type': 'port-set', 'psid_length': 4, " KEY),
		ON("4", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-1323'", "'type': 'one-to-one'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'", "'type': 'deterministic'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'soft-paired'", "'type': 'deterministic'"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'",
		   "'type': 'deterministic', 'layout': 'continuous', 'ports_per_subscriber': 307"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'",
		   "'type': 'deterministic', 'algorithm': 2"),
		ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'",
		   "'type': 'deterministic', 'algorithm': 3"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t last, count;
		struct rulebench r;
		struct bench b;

		rulebench_must_open(&r, rows[i]);
		bench_on(&b, &r, bench_defaults());
		last = r.pool.subscribers - 1;
		for (uint32_t k = last - 1; k <= last; k++) {
			count = rulebench_numbers(&r, k);
			for (uint32_t n = 0; n < count; n++) {
				struct verdict v = bench_send(&b, 0, k, PROTO_UDP, (uint16_t)(n + 1), 0);

				assert_int_equal(v.outcome, OUT_CREATED);
				assert_int_equal(rulebench_holder(&r, v.address, v.number), k);
				assert_in_range(b.last.odds, 1, 64512);
			}
			assert_int_equal(bench_send(&b, 0, k, PROTO_UDP, 60000, 0).outcome, OUT_RANGE_FULL);
			assert_int_equal(bench_send(&b, 0, k, PROTO_ICMP, 60000, 0).outcome, OUT_CREATED);
		}
		/* and again after hold-down, so that what was released is counted back */
		nat_advance(b.nat, 1000 * S);
		count = rulebench_numbers(&r, last);
		for (uint32_t n = 0; n < count; n++)
			assert_int_equal(bench_send(&b, 1000 * S, last, PROTO_UDP, (uint16_t)(n + 1), 0).outcome, OUT_CREATED);
		assert_int_equal(bench_send(&b, 1000 * S, last, PROTO_UDP, 60000, 0).outcome, OUT_RANGE_FULL);
		bench_close(&b);
		rulebench_close(&r);
	}
}

/* A full share overflows into blocks that are nobody's by rule, whatever the layout: a run, or, interlaced, numbers of
 * one residue; the witness holds every number to the block that was told. What no block takes is stranded. */
static void overflow_of_every_layout(void **state)
{
	static const struct { const char *scheme; uint32_t share, blocks, stranded; } rows[] = {
		{ "'layout': 'contiguous'", 192, 7, 4 * (384 - 350) },
		{ "'layout': 'cryptographic', " KEY, 192, 7, 4 * (384 - 350) },
		{ "'layout': 'interlaced'", 192, 6, 4 * (384 - 300) }, /* 2 residues of 192: 3 blocks of 50 each */
		{ "'algorithm': 2", 192, 7, 4 * 384 - 350 }, /* all first numbers are on one address: 192 is a multiple of 4 */
		{ "'algorithm': 3", 192, 6, 4 * (384 - 300) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf(ON("56", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'",
		                            "'type': 'deterministic', 'sharing': 14, 'dynamic': 2, 'block': 50, %s"), rows[i].scheme);
		uint32_t n = 0, home;
		struct rulebench r;
		struct bench b;
		uint16_t port;

		rulebench_must_open(&r, text);
		assert_int_equal(rulebench_numbers(&r, 20), rows[i].share);
		assert_int_equal(r.trial->scheme->stranded(r.trial->scheme_config, &r.pool), rows[i].stranded);
		rulebench_number(&r, 20, 0, &home, &port);
		bench_on(&b, &r, bench_defaults());
		for (; n < rows[i].share; n++)
			assert_int_equal(bench_send(&b, 0, 20, PROTO_UDP, (uint16_t)(n + 1), 0).outcome, OUT_CREATED);
		assert_int_equal(b.blocks_given, 0);
		b.blocks_only = true;
		for (uint32_t block = 1; block <= rows[i].blocks; block++)
			for (uint32_t k = 0; k < 50; k++, n++) {
				struct verdict v = bench_send(&b, 0, 20, PROTO_UDP, (uint16_t)(n + 1), 0);

				assert_int_equal(v.outcome, OUT_CREATED);
				assert_int_equal(v.address, home);
				assert_int_equal(rulebench_holder(&r, v.address, v.number), UINT32_MAX);
				assert_int_equal(b.blocks_given, block);
			}
		assert_int_equal(bench_send(&b, 0, 20, PROTO_UDP, (uint16_t)(n + 1), 0).outcome, OUT_NO_BLOCK);
		nat_advance(b.nat, 1000 * S);
		assert_int_equal(b.blocks_returned, rows[i].blocks);
		bench_close(&b);
		rulebench_close(&r);
		free(text);
	}
}

/* A dynamic pool on an address where nobody's first number lies is nobody's: of four addresses with 3072 numbers, 14
 * shares of 192 and 7 blocks of 50 each (interlaced: 6), the addresses without a subscriber are stranded whole. */
static void dynamic_pools_without_subscribers_are_stranded(void **state)
{
	static const struct { uint32_t subscribers, homes; const char *scheme; uint32_t share, dynamic; } rows[] = {
		{ 56, 4, "'layout': 'contiguous'", 192, 350 },
		{ 14, 1, "'layout': 'contiguous'", 192, 350 },
		{ 15, 2, "'layout': 'contiguous'", 192, 350 },
		{ 3, 3, "'fill': 'address-first'", 192, 350 },
		{ 29, 3, "'layout': 'interlaced'", 192, 300 },
		{ 2, 1, "'algorithm': 2", 192, 350 },  /* 192 is a multiple of 4: all first numbers are on address 0 */
		{ 56, 1, "'algorithm': 2", 192, 350 },
		{ 14, 1, "'algorithm': 3", 192, 300 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf(ON("%u", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-4095', 'pooling': 'arbitrary'",
		                            "'type': 'deterministic', 'sharing': 14, 'dynamic': 2, 'block': 50, %s"),
		                         rows[i].subscribers, rows[i].scheme);
		struct rulebench r;

		rulebench_must_open(&r, text);
		assert_int_equal(rulebench_numbers(&r, 0), rows[i].share);
		assert_int_equal(r.trial->scheme->stranded(r.trial->scheme_config, &r.pool),
		                 4 * 3072 - rows[i].subscribers * rows[i].share - rows[i].homes * rows[i].dynamic);
		rulebench_close(&r);
		free(text);
	}
	/* and of the ranges that A+P grows by */
	struct rulebench r;

	rulebench_must_open(&r, ON("17", "'prefixes': ['192.0.2.0/30']", "'type': 'port-set', 'psid_offset': 0, 'psid_length': 9, "
	                           "'sharing': 16, 'growth': 128"));
	assert_int_equal(r.trial->scheme->stranded(r.trial->scheme_config, &r.pool),
	                 4 * 64512 - 17 * 128 - 2 * (64512 - 16 * 128));
	rulebench_close(&r);
}

/* One to one, a port stays what it is while it can; a second flow that wants the same gets another. */
static void one_to_one_keeps_ports(void **state)
{
	struct rulebench r;
	struct bench b;
	struct segment train;

	(void)state;
	rulebench_must_open(&r, ON("4", "'prefixes': ['192.0.2.0/30']", "'type': 'one-to-one'"));
	bench_on(&b, &r, bench_defaults());
	assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, 40000, 0).number, 40000);
	assert_int_equal(bench_send(&b, 0, 3, PROTO_UDP, 40000, 0).number, 40000);
	assert_int_equal(bench_send(&b, 0, 3, PROTO_UDP, 40000, 0).address, 3);
	train = train_of(0, 2, PROTO_UDP, 40000, 0);
	train.host = 1;
	assert_int_not_equal(nat_show(b.nat, &train).number, 40000);
	assert_in_range(bench_send(&b, 0, 2, PROTO_UDP, 500, 0).number, 1024, 65535); /* 500 is not of the pool */
	bench_close(&b);
	rulebench_close(&r);
}

/* A+P (RFC 6346): 128 numbers of one's own, then ranges of 128 from above, one a minute at the most, `max_growth` of them. */
static void growth(void **state)
{
	struct rulebench r;
	struct bench b;
	uint32_t n = 0;

	(void)state;
	rulebench_must_open(&r, ON("16", "'prefixes': ['192.0.2.1']", "'type': 'port-set', 'psid_offset': 0, 'psid_length': 9, "
	                           "'sharing': 16, 'growth': 128, 'max_growth': 3"));
	assert_int_equal(rulebench_numbers(&r, 15), 128);
	assert_int_equal(r.trial->scheme->assigned(r.trial->scheme_config, &r.pool), 16 * 128);
	assert_int_equal(r.trial->scheme->stranded(r.trial->scheme_config, &r.pool), 0);
	bench_on(&b, &r, bench_defaults());
	for (; n < 128; n++)
		assert_in_range(bench_send(&b, 0, 0, PROTO_UDP, (uint16_t)(n + 1), 0).number, 1024, 1151);
	assert_int_equal(b.blocks_given, 0);
	for (; n < 256; n++) /* the first range comes at once */
		assert_in_range(bench_send(&b, 0, 0, PROTO_UDP, (uint16_t)(n + 1), 0).number, 1024 + 16 * 128, 65535);
	assert_int_equal(b.blocks_given, 1);
	assert_int_equal(bench_send(&b, 59 * S, 0, PROTO_UDP, 1000, 0).outcome, OUT_BLOCK_LIMIT);
	assert_int_equal(bench_send(&b, 60 * S, 0, PROTO_UDP, 1000, 0).outcome, OUT_CREATED);
	assert_int_equal(b.blocks_given, 2);
	assert_int_equal(bench_send(&b, 61 * S, 1, PROTO_UDP, 1000, 0).outcome, OUT_CREATED); /* its neighbour's own clock */
	for (n = 0; n < 127 + 128; n++)
		assert_int_equal(bench_send(&b, 120 * S, 0, PROTO_UDP, (uint16_t)(n + 2000), 0).outcome, OUT_CREATED);
	assert_int_equal(b.blocks_given, 3);
	assert_int_equal(bench_send(&b, 200 * S, 0, PROTO_UDP, 5000, 0).outcome, OUT_BLOCK_LIMIT);
	nat_advance(b.nat, 1000 * S);
	assert_int_equal(b.blocks_returned, 3);
	bench_close(&b);
	rulebench_close(&r);
}

/* Behind a key a guesser has all numbers to choose from until it has seen one come free; else only the subscriber's. */
static void odds(void **state)
{
	static const struct { const char *layout; uint32_t first, second, later; } rows[] = {
		{ "'layout': 'contiguous'", 4032, 4031, 4032 },
		{ "'layout': 'cryptographic', " KEY, 64512, 64511, 4032 },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = must_printf(ON("16", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', %s"), rows[i].layout);
		struct rulebench r;
		struct bench b;

		rulebench_must_open(&r, text);
		bench_on(&b, &r, bench_defaults());
		bench_send(&b, 0, 3, PROTO_UDP, 1, 0);
		assert_int_equal(b.last.odds, rows[i].first);
		bench_send(&b, 0, 3, PROTO_UDP, 2, 0);
		assert_int_equal(b.last.odds, rows[i].second);
		nat_advance(b.nat, 1000 * S);
		bench_send(&b, 1000 * S, 3, PROTO_UDP, 3, 0);
		assert_int_equal(b.last.odds, rows[i].later);
		bench_close(&b);
		rulebench_close(&r);
		free(text);
	}
}

/* Uniform over the ones that are free, as the odds say, when draws mostly fail: of a hundred numbers eight together and
 * two alone are free. A walk from the last draw in vain would give the first of them eleven times as often as the next. */
static void a_crowded_share_is_drawn_from_alike(void **state)
{
	static const char *const layouts[] = { "contiguous", "interlaced" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = must_printf(ON("1", "'prefixes': ['192.0.2.1'], 'ports': '1024-1123'", "'type': 'deterministic', "
		                            "'layout': '%s'"), layouts[i]);
		struct portset *ports[PROTO_COUNT] = { NULL };
		uint32_t hits[100] = { 0 };
		struct allocator a;
		struct ground ground;
		struct rulebench r;
		double chi = 0;

		rulebench_must_open(&r, text);
		ground = (struct ground){ .slots = r.pool.slots, .addresses = 1, .subscribers = 1, .ports = ports };
		rng_seed(&ground.rng, RNG_TEST);
		ports[PROTO_UDP] = portset_create(100);
		a = r.trial->scheme->create(r.trial->scheme_config, &ground);
		for (uint32_t n = 0; n < 100 + 20000; n++) {
			const struct request request = { .protocol = PROTO_UDP, .port = 5000 };
			struct binding b = { 0 };

			assert_int_equal(a.alloc(a.state, &request, &b), OUT_CREATED);
			portset_take(ports[PROTO_UDP], b.slot);
			if (n == 99)
				for (uint32_t slot = 0; slot < 100; slot++)
					if (slot == 3 || slot == 99 || (slot >= 40 && slot < 48)) {
						portset_give(ports[PROTO_UDP], slot);
						a.release(a.state, 0, 0, 0, slot, PROTO_UDP);
					}
			if (n < 100)
				continue;
			assert_int_equal(b.odds, 10);
			hits[b.slot]++;
			portset_give(ports[PROTO_UDP], b.slot);
			a.release(a.state, 0, 0, 0, b.slot, PROTO_UDP);
		}
		for (uint32_t slot = 0; slot < 100; slot++)
			chi += portset_has(ports[PROTO_UDP], slot) ? 0 : (hits[slot] - 2000.0) * (hits[slot] - 2000.0) / 2000;
		assert_true(chi < 27.9); /* 9 degrees of freedom: 1 in 1000 */
		a.destroy(a.state);
		portset_destroy(ports[PROTO_UDP]);
		rulebench_close(&r);
		free(text);
	}
}

static void ignore(void *context, const struct nat_event *e)
{
	(void)context;
	(void)e;
}

/* VPP's det44: of a share of 4 numbers from 1028 on, inside port 1030 has the (1030 mod 4)-th, and who comes next towards the
 * same remote the next one, round the share; each carries another remote as well, and is full for one alone. */
static void a_share_of_several_remotes(void **state)
{
	static const struct { uint16_t inside; uint32_t remote; uint16_t number; } rows[] = {
		{ 1030, 1, 1030 }, { 1034, 1, 1031 }, { 1038, 1, 1028 }, { 1038, 2, 1030 }, { 1029, 1, 1029 }, { 1033, 1, 0 },
		{ 1033, 2, 1029 }, { 1028, 3, 1028 },
	};
	struct rulebench r;
	struct nat *nat;

	(void)state;
	rulebench_must_open(&r, ON("8", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-1031'",
	                           "'preset': 'vpp-det44', 'ports_per_subscriber': 4, 'sharing': 0"));
	nat = nat_create(&(struct nat_setup){
		.config = &r.trial->nat, .slots = r.pool.slots, .pooling = r.trial->pool.pooling, .addresses = r.pool.addresses,
		.subscribers = r.pool.subscribers, .rng_key = RNG_TEST, .sink = { NULL, ignore },
		.scheme_create = r.trial->scheme->create, .scheme_config = r.trial->scheme_config,
	});
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct segment train = {
			.first_in_ns = NS_NONE, .last_in_ns = NS_NONE, .subscriber = 1, .port = rows[i].inside,
			.remote = 0xc6120000 + rows[i].remote, .remote_port = 443, .protocol = PROTO_UDP,
		};
		struct verdict v = nat_show(nat, &train);

		assert_int_equal(v.outcome, rows[i].number ? OUT_CREATED : OUT_RANGE_FULL);
		if (rows[i].number)
			assert_int_equal(v.number, rows[i].number);
	}
	nat_destroy(nat);
	rulebench_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_ones_own_and_no_more), cmocka_unit_test(overflow_of_every_layout),
		cmocka_unit_test(dynamic_pools_without_subscribers_are_stranded),
		cmocka_unit_test(one_to_one_keeps_ports), cmocka_unit_test(growth),
		cmocka_unit_test(a_share_of_several_remotes),
		cmocka_unit_test(odds), cmocka_unit_test(a_crowded_share_is_drawn_from_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
