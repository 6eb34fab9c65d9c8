#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>


/* The `session` scheme's configuration when all of it is 0: random. */
static const uint64_t session_random[16];

static void open_small(struct bench *b, struct nat_config config)
{
	bench_open(b, config, (struct port_range){ 1024, 1033 }, 2, 4, scheme_find("session"), session_random);
}

/* When the mapping made at time 0 by these trains is gone: asked one nanosecond before and at the time. */
static void expect_life(struct bench *b, int64_t ends_ns)
{
	nat_advance(b->nat, ends_ns - 1);
	assert_int_equal(b->ended, 0);
	nat_advance(b->nat, ends_ns);
	assert_int_equal(b->ended, 1);
	assert_int_equal(b->last.time_ns, ends_ns);
}

/* RFC 4787 REQ-5, RFC 5508 REQ-2: idle life from the last outbound packet. */
static void idle_timers_by_protocol(void **state)
{
	static const struct { enum protocol protocol; uint16_t remote_port; int64_t life; } rows[] = {
		{ PROTO_UDP, 4433, 300 }, { PROTO_UDP, 53, 30 }, { PROTO_UDP, 1023, 30 }, { PROTO_UDP, 1024, 300 },
		{ PROTO_ICMP, 0, 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct nat_config config = bench_defaults();
		struct segment train = train_of(5 * S, 0, rows[i].protocol, 7000, 0);
		struct bench b;

		config.timeouts.udp_well_known = 30 * S;
		open_small(&b, config);
		train.remote_port = rows[i].remote_port;
		train.last_out_ns = 15 * S; /* a train of ten seconds */
		assert_int_equal(nat_show(b.nat, &train).outcome, OUT_CREATED);
		expect_life(&b, (15 + rows[i].life) * S);
		bench_close(&b);
	}
}

/* RFC 5382 REQ-5 and RFC 6146 section 3.5.2.2, by the flags seen, in order. */
static void tcp_timers_by_state(void **state)
{
	static const struct { uint8_t flags[3]; int64_t life; } rows[] = {
		{ { SEG_SYN_OUT }, 240 },                                          /* never answered */
		{ { SEG_SYN_OUT | SEG_SYN_IN }, 7440 },                            /* established */
		{ { 0 }, 7440 },                                                   /* joined in the middle */
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_FIN_OUT }, 7200 },               /* one FIN: the long timer, no transitory rest */
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_FIN_OUT, SEG_FIN_IN }, 240 },    /* both: transitory */
		{ { SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN }, 240 },
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_RST }, 240 },                    /* RFC 7857 section 2.2 */
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_RST, 0 }, 7440 },                /* then data: established again */
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_FIN_OUT | SEG_FIN_IN, SEG_SYN_OUT }, 240 }, /* begun anew, unanswered */
		{ { SEG_SYN_OUT | SEG_SYN_IN, SEG_RST, SEG_SYN_OUT | SEG_SYN_IN }, 7440 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bench b;
		int64_t last = 0;

		open_small(&b, bench_defaults());
		for (int k = 0; k < 3 && (k == 0 || rows[i].flags[k] || (k == 2 && rows[i].flags[1] == SEG_RST && rows[i].life == 7440)); k++) {
			last = (k + 1) * 10 * S;
			bench_send(&b, last, 1, PROTO_TCP, 7000, rows[i].flags[k]);
		}
		assert_int_equal(b.created, 1);
		expect_life(&b, last + rows[i].life * S);
		bench_close(&b);
	}
}

/* RFC 4787 REQ-6: inbound need not refresh, and then does not; RFC 6146: TCP is refreshed by both. */
static void inbound_refreshes_tcp_only(void **state)
{
	for (int refresh = 0; refresh < 2; refresh++)
		for (int tcp = 0; tcp < 2; tcp++) {
			struct nat_config config = bench_defaults();
			struct bench b;

			(void)state;
			config.inbound_refresh = refresh;
			config.timeouts.tcp_established = 300 * S;
			open_small(&b, config);
			bench_send(&b, 1 * S, 0, tcp ? PROTO_TCP : PROTO_UDP, 7000, 0);
			bench_send(&b, 100 * S, 0, tcp ? PROTO_TCP : PROTO_UDP, 7000, SEG_INBOUND);
			expect_life(&b, ((tcp || refresh ? 100 : 1) + 300) * S);
			bench_close(&b);
		}
}

/* An inbound packet makes nothing. */
static void inbound_needs_a_mapping(void **state)
{
	struct bench b;

	(void)state;
	open_small(&b, bench_defaults());
	assert_int_equal(bench_send(&b, 1 * S, 0, PROTO_UDP, 7000, SEG_INBOUND).outcome, OUT_NO_MAPPING);
	assert_int_equal(b.created, 0);
	bench_close(&b);
}

/* RFC 4787 REQ-1: one mapping for all remotes; it lives as long as any session of it. */
static void mapping_is_endpoint_independent(void **state)
{
	struct bench b;
	struct segment train;
	struct verdict first, second;

	(void)state;
	open_small(&b, bench_defaults());
	first = bench_send(&b, 0, 2, PROTO_UDP, 7000, 0);
	for (uint32_t k = 1; k <= 3; k++) {
		train = train_of(k * 100 * S, 2, PROTO_UDP, 7000, 0);
		train.remote += k;
		second = nat_show(b.nat, &train);
		assert_int_equal(second.outcome, OUT_REFRESHED);
		assert_int_equal(second.address, first.address);
		assert_int_equal(second.number, first.number);
	}
	assert_int_equal(b.created, 1);
	second = nat_find(b.nat, &train);
	assert_int_equal(second.outcome, OUT_REFRESHED);
	assert_int_equal(second.address, first.address);
	assert_int_equal(second.slot, first.slot);
	assert_int_equal(second.number, first.number);
	train.port++;
	assert_int_equal(nat_find(b.nat, &train).outcome, OUT_NO_MAPPING);
	nat_advance(b.nat, 599 * S);
	assert_int_equal(b.ended, 0);
	nat_advance(b.nat, 600 * S);
	assert_int_equal(b.ended, 1);
	bench_close(&b);
}

/* RFC 6888 REQ-8: 120 s, to the nanosecond, for other subscribers and for the same one. */
static void hold_down_keeps_the_number_from_all(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, bench_defaults(), (struct port_range){ 2000, 2000 }, 1, 2, scheme_find("session"), session_random);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 1, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 300 * S, 0, PROTO_UDP, 2, 0).outcome, OUT_NO_PORT);
	assert_int_equal(bench_send(&b, 420 * S - 1, 1, PROTO_UDP, 3, 0).outcome, OUT_NO_ADDRESS);
	assert_int_equal(bench_send(&b, 420 * S, 1, PROTO_UDP, 4, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 420 * S, 1, PROTO_TCP, 4, SEG_SYN_OUT).outcome, OUT_CREATED); /* other numbers */
	bench_close(&b);
}

/* max_ports bounds what is held: the longest held goes first. */
static void hold_down_may_be_bounded(void **state)
{
	struct nat_config config = bench_defaults();
	struct bench b;

	(void)state;
	config.hold_down.max_ports = 2;
	open_small(&b, config);
	for (uint16_t k = 0; k < 5; k++)
		bench_send(&b, k * S, 0, PROTO_UDP, (uint16_t)(100 + k), 0);
	nat_advance(b.nat, 304 * S);
	assert_int_equal(b.ended, 5);
	assert_int_equal(b.released, 3);
	nat_advance(b.nat, 424 * S);
	assert_int_equal(b.released, 5);
	bench_close(&b);
}

/* RFC 6888 REQ-4: the limit counts live mappings; refusing touches none of them. */
static void limits_refuse_and_leave_the_rest_alone(void **state)
{
	struct nat_config config = bench_defaults();
	struct bench b;

	(void)state;
	config.limits.ports_per_subscriber = 3;
	config.limits.udp = 2;
	open_small(&b, config);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 1, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 2, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 3, 0).outcome, OUT_PROTOCOL_LIMIT);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_TCP, 3, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_ICMP, 3, 0).outcome, OUT_SUBSCRIBER_LIMIT);
	assert_int_equal(bench_send(&b, 0, 1, PROTO_UDP, 3, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 2, 0).outcome, OUT_REFRESHED);
	assert_int_equal(nat_active(b.nat, 0, PROTO_UDP), 2);
	/* Held numbers do not count: at 300 s both have ended, and are still held. */
	assert_int_equal(bench_send(&b, 300 * S, 0, PROTO_UDP, 4, 0).outcome, OUT_CREATED);
	bench_close(&b);
}

/* RFC 6888 REQ-2: all of a subscriber's mappings on one address, until it has nothing there: no mapping and no held
 * number of any protocol. */
static void pairing_holds_until_nothing_is_left(void **state)
{
	static const int64_t life[PROTO_COUNT] = { [PROTO_TCP] = 7440, [PROTO_UDP] = 300, [PROTO_ICMP] = 60 };

	(void)state;
	for (int p = 0; p < PROTO_COUNT; p++) {
		struct bench b;
		uint32_t address;

		open_small(&b, bench_defaults());
		address = bench_send(&b, 0, 0, (enum protocol)p, 0, 0).address;
		for (uint16_t k = 1; k < 10; k++)
			assert_int_equal(bench_send(&b, 0, 0, (enum protocol)p, k, 0).address, address);
		/* Its address is full, the other empty: refused all the same. */
		assert_int_equal(bench_send(&b, 0, 0, (enum protocol)p, 10, 0).outcome, OUT_NO_PORT);
		nat_advance(b.nat, (life[p] + 120) * S - 1);
		assert_int_equal(b.ended, 10);
		assert_int_equal(nat_address_of(b.nat, 0), address);
		nat_advance(b.nat, (life[p] + 120) * S);
		assert_int_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
		bench_close(&b);
	}
}

/* A number in hold-down keeps the pairing, whatever the protocol of the one that is released meanwhile. */
static void pairing_outlasts_other_protocols(void **state)
{
	static const struct { enum protocol held, other; int64_t held_at, other_at, other_released, held_released; } rows[] = {
		{ PROTO_TCP, PROTO_ICMP, 0, 100, 280, 360 },
		{ PROTO_UDP, PROTO_ICMP, 0, 200, 380, 420 },
		{ PROTO_ICMP, PROTO_TCP, 200, 0, 360, 380 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool held_first = rows[i].held_at < rows[i].other_at;
		struct bench b;

		open_small(&b, bench_defaults());
		for (int k = 0; k < 2; k++) {
			bool held = (k == 0) == held_first;
			enum protocol p = held ? rows[i].held : rows[i].other;

			bench_send(&b, (held ? rows[i].held_at : rows[i].other_at) * S, 0, p, 9, p == PROTO_TCP ? SEG_SYN_OUT : 0);
		}
		nat_advance(b.nat, rows[i].other_released * S);
		assert_int_equal(b.ended, 2);
		assert_int_equal(b.released, 1);
		assert_int_not_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
		nat_advance(b.nat, rows[i].held_released * S);
		assert_int_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
		bench_close(&b);
	}
}

/* Ten numbers, two subscribers, a fair share of five: the one with two is crowded out, the one with eight is not. */
static void who_holds_less_than_its_share_is_crowded_out(void **state)
{
	struct bench b;
	struct verdict v;

	(void)state;
	bench_open(&b, bench_defaults(), (struct port_range){ 1024, 1033 }, 1, 2, scheme_find("session"), session_random);
	for (uint16_t k = 0; k < 10; k++)
		bench_send(&b, 0, k >= 8, PROTO_UDP, k, 0);
	v = bench_send(&b, 0, 1, PROTO_UDP, 20, 0);
	assert_int_equal(v.outcome, OUT_NO_PORT);
	assert_true(v.crowded_out);
	v = bench_send(&b, 0, 0, PROTO_UDP, 20, 0);
	assert_int_equal(v.outcome, OUT_NO_PORT);
	assert_false(v.crowded_out);
	bench_close(&b);
}

/* RFC 6888 REQ-6: by address, by port, by both. */
static void exempt_destinations_pass_untranslated(void **state)
{
	struct exempt list[] = { { { 0xcb007100, 0xcb0071ff }, 53 }, { { 0xcb007200, 0xcb0072ff }, 0 } };
	static const struct { uint32_t remote; uint16_t port; enum outcome want; } rows[] = {
		{ 0xcb007105, 53, OUT_EXEMPT }, { 0xcb007105, 54, OUT_CREATED }, { 0xcb0072ff, 54, OUT_EXEMPT },
		{ 0xcb007300, 53, OUT_REFRESHED },
	};
	struct nat_config config = bench_defaults();
	struct bench b;

	(void)state;
	config.exempt = (struct exempts){ list, 2 };
	open_small(&b, config);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct segment train = train_of(1 * S, 0, PROTO_UDP, 7, 0);

		train.remote = rows[i].remote;
		train.remote_port = rows[i].port;
		assert_int_equal(nat_show(b.nat, &train).outcome, rows[i].want);
		assert_int_equal(nat_find(b.nat, &train).outcome, rows[i].want == OUT_CREATED ? OUT_REFRESHED : rows[i].want);
	}
	bench_close(&b);
}

/* A storm over every scheme, at the edge of exhaustion: the witness of the bench stops at the first number that two
 * hold; at the end everything must have come back. */
static void storm_leaves_nothing_behind(void **state)
{
	static const struct { const char *scheme, *key[2]; uint32_t value[2]; } rows[] = {
		{ "session", { "select" }, { 0 } }, { "session", { "select" }, { 1 } }, { "session", { "select" }, { 2 } },
		{ "block", { "size", "max_blocks" }, { 8, 2 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (int hold = 0; hold < 2; hold++) {
			const struct scheme_type *scheme = scheme_find(rows[i].scheme);
			void *conf = conf_new(scheme);
			struct nat_config config = bench_defaults();
			struct bench b;
			struct rng r;
			int64_t now = 0;

			for (int k = 0; k < 2 && rows[i].key[k]; k++)
				conf_u32(scheme, conf, rows[i].key[k], rows[i].value[k]);
			rng_seed(&r, mix64(RNG_TEST, i));
			config.hold_down.time = hold ? 20 * S : 0;
			config.timeouts.udp = 10 * S;
			config.timeouts.tcp_established = 25 * S;
			config.timeouts.tcp_open = config.timeouts.tcp_closing = 5 * S;
			config.timeouts.icmp = 3 * S;
			bench_open(&b, config, (struct port_range){ 1024, 1024 + 23 }, 3, 20, scheme, conf);
			b.blocks_only = scheme == scheme_find("block");
			for (int n = 0; n < 100000; n++) {
				struct segment train;
				struct verdict v;

				now += rng_below(&r, 1000) ? (int64_t)rng_below(&r, 200 * 1000 * 1000) : 15 * S;
				train = train_of(now, rng_below(&r, 20), (enum protocol)rng_below(&r, PROTO_COUNT),
				                 (uint16_t)(rng_below(&r, 60) + 1000), 0);
				train.remote += rng_below(&r, 3);
				if (train.protocol == PROTO_TCP)
					train.flags = (uint8_t)(rng_next(&r) & (SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN | SEG_RST));
				train.last_out_ns += rng_below(&r, 4) * S;
				v = nat_show(b.nat, &train);
				if (!outcome_is_refusal(v.outcome))
					assert_int_equal(v.address, nat_address_of(b.nat, train.subscriber));
			}
			assert_true(b.refused > 100);
			nat_advance(b.nat, now + 1000 * S);
			assert_int_equal(nat_mappings(b.nat), 0);
			assert_int_equal(b.created, b.ended);
			assert_int_equal(b.created, b.released);
			assert_int_equal(b.blocks_given, b.blocks_returned);
			for (uint32_t k = 0; k < 20; k++)
				assert_int_equal(nat_address_of(b.nat, k), ADDRESS_NONE);
			bench_close(&b);
			free(conf);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_timers_by_protocol),
		cmocka_unit_test(tcp_timers_by_state),
		cmocka_unit_test(inbound_refreshes_tcp_only),
		cmocka_unit_test(inbound_needs_a_mapping),
		cmocka_unit_test(mapping_is_endpoint_independent),
		cmocka_unit_test(hold_down_keeps_the_number_from_all),
		cmocka_unit_test(hold_down_may_be_bounded),
		cmocka_unit_test(limits_refuse_and_leave_the_rest_alone),
		cmocka_unit_test(pairing_holds_until_nothing_is_left),
		cmocka_unit_test(pairing_outlasts_other_protocols),
		cmocka_unit_test(who_holds_less_than_its_share_is_crowded_out),
		cmocka_unit_test(exempt_destinations_pass_untranslated),
		cmocka_unit_test(storm_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
