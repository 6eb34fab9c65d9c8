/* The packet world train by train: what the other side sends unasked, when answers come, and what of them counts. */
#include "tests/ns3/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A server ends a connection after a silence in which the host says nothing: by a reset, or by the second FIN. */
static void servers_end_connections(void **state)
{
	static const struct { uint8_t first, second; uint64_t resets; } cases[] = {
		{ SEG_SYN_OUT | SEG_SYN_IN, SEG_INBOUND | SEG_RST, 1 },
		{ SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT, SEG_INBOUND | SEG_FIN_IN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct row rows[] = {
			{ 0, PROTO_TCP, 10, 12, 5000, 443, 0, 0, 0, 0, cases[i].first, false },
			{ 0, PROTO_TCP, 80, 80, 5000, 443, 0, 0, 0, 0, cases[i].second, true },
			/* Who finds the only mapping there may be, if it is free 4 s after the connection's end. */
			{ 1, PROTO_TCP, 70, 71, 5000, 443, 0, 0, 0, 0, 0, false },
			{ 1, PROTO_TCP, 90, 91, 5001, 443, 0, 0, 0, 0, 0, false },
		};
		struct seen seen = run_rows(rows, 4, 2, NAT44 ",'nat':{'hold_down':0,'timeouts':{'tcp_closing':'4s'},"
		                                              "'limits':{'mappings_total':1}}");

		assert_int_equal(seen.count, 3);
		assert_int_equal(seen.trains[1].outcome, OUT_TABLE_FULL);
		assert_int_equal(seen.trains[2].outcome, OUT_CREATED);
		assert_int_equal(sum(&seen, PACKETS_RESETS), cases[i].resets);
	}
}

/* The mapping of an idle connection runs out. What the host sends by the next one comes from an endpoint that the server
 * never heard of: it answers with a reset, and the connection is over. */
static void a_lost_mapping_ends_its_connection(void **state)
{
	static const struct row rows[] = {
		{ 0, PROTO_TCP, 10, 12, 5000, 443, 0, 0, 0, 0, SEG_SYN_OUT | SEG_SYN_IN, false },
		{ 0, PROTO_TCP, 60, 60, 5000, 443, 0, 0, 0, 0, SEG_FIN_OUT, true },
		{ 0, PROTO_TCP, 120, 120, 5000, 443, 0, 0, 0, 0, SEG_FIN_OUT, true },
	};
	struct seen seen = run_rows(rows, 3, 1, NAT44 ",'nat':{'hold_down':0,'timeouts':{'tcp_established':'20s','tcp_open':'10s','tcp_closing':'5s'}}");

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.trains[1].outcome, OUT_CREATED);
	assert_int_equal(sum(&seen, PACKETS_RESETS), 1);
	assert_int_equal(sum(&seen, PACKETS_RESENT), 0);
}

/* Payload of a captured connection, train by train: all that the trace counts, both ways, whoever began a train and however
 * long it is; answers come when the trace has them, the last ones before the end. */
static void all_trains_carry_their_bytes(void **state)
{
	static const struct row rows[] = {
		{ 0, PROTO_TCP, 10, 12, 5000, 443, 0, 1040, 2040, 0, SEG_SYN_OUT | SEG_SYN_IN, false },
		{ 0, PROTO_TCP, 30, 30, 5000, 443, 0, 3040, 500040, 0, SEG_SYN_OUT, true },
		{ 0, PROTO_TCP, 50, 50, 5000, 443, 0, 0, 7120, 3, SEG_INBOUND, true },
		{ 0, PROTO_TCP, 70, 110, 5000, 443, 0, 300040, 9040, 0, SEG_SYN_OUT, true },
		{ 0, PROTO_TCP, 130, 130, 5000, 443, 0, 40, 11040, 0, SEG_FIN_OUT | SEG_FIN_IN, true },
	};
	struct seen seen = run_rows(rows, 5, 1, NAT44 ",'nat':{'timeouts':{'tcp_established':'30s','tcp_open':'10s','tcp_closing':'5s'}}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 1000 + 3000 + 300000 + 1); /* a train without data is told by a byte */
	assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 2000 + 500000 + 7000 + 9000 + 11000);
	assert_int_equal(sum(&seen, PACKETS_LOST) + sum(&seen, PACKETS_RESETS) + sum(&seen, PACKETS_RESENT), 0);
}

/* A peer speaks first, to the socket that the host speaks to others with: it gets in where there is a mapping, and the
 * filter lets it; a flow that it began in vain is attempted when the host speaks. */
static void peers_speak_first(void **state)
{
	static const uint32_t peer = SERVER + 1;
	static const struct row rows[] = {
		{ 0, PROTO_UDP, 0, 0, 5000, 7000, peer, 0, 0, 0, SEG_INBOUND, false },      /* no mapping yet */
		{ 0, PROTO_UDP, 40, 40, 5000, 7000, peer, 0, NOTHING_IN, 0, 0, true },      /* then the host speaks */
		ROW(0, PROTO_UDP, 10, 30, 5000, 53, 0, 0, 0),
		{ 0, PROTO_UDP, 20, 50, 5000, 7001, peer + 1, 0, 0, 0, SEG_INBOUND, false }, /* by another flow's mapping */
	};
	static const struct { const char *more; enum outcome second; uint64_t heard; } cases[] = {
		{ NAT44 ",'nat':{'inbound_refresh':true}", OUT_REFRESHED, 2 },
		{ "'access':'nat444'", OUT_REFRESHED, 2 },
		{ NAT44 ",'nat':{'filtering':'address-dependent'}", OUT_FILTERED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen seen = run_rows(rows, 4, 1, cases[i].more);

		assert_int_equal(seen.count, 4);
		assert_int_equal(seen.trains[0].outcome, OUT_NO_MAPPING);
		assert_int_equal(seen.trains[0].sight, SIGHT_BEGINS | SIGHT_NEEDS);
		assert_in_range(seen.trains[0].at_ns, 0, 1000);
		assert_int_equal(seen.trains[1].outcome, OUT_CREATED);
		assert_int_equal(seen.trains[2].outcome, cases[i].second);
		assert_int_equal(seen.trains[2].sight, SIGHT_BEGINS | SIGHT_NEEDS);
		assert_in_range(seen.trains[2].at_ns, 20 * S, 20 * S + 1000);
		assert_int_equal(seen.trains[3].outcome, OUT_REFRESHED);
		assert_int_equal(seen.trains[3].sight, SIGHT_NEEDS);
		assert_int_equal(sum(&seen, PACKETS_OPENED_OUTSIDE), 1);
		assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), cases[i].heard + 2);
	}
}

/* ICMP and TCP too: a query of a mapped identifier, a SYN to a mapped port. Nobody answers a query that the trace leaves
 * unanswered. */
static void pings_and_scans_come_in(void **state)
{
	static const struct row rows[] = {
		ROW(0, PROTO_ICMP, 0, 20, 77, 0, 0, 0, 0),
		{ 0, PROTO_ICMP, 10, 10, 77, 0, SERVER + 1, 0, 0, 0, SEG_INBOUND, false },
		ROW(0, PROTO_TCP, 0, 20, 5000, 443, 0, 0, 0),
		{ 0, PROTO_TCP, 10, 10, 5000, 4000, SERVER + 1, 0, 0, 0, SEG_INBOUND | SEG_SYN_IN, false },
	};
	struct seen seen = run_rows(rows, 4, 1, NAT44);

	(void)state;
	assert_int_equal(seen.count, 4);
	for (int i = 2; i < 4; i++) {
		assert_int_equal(seen.trains[i].outcome, OUT_REFRESHED);
		assert_in_range(seen.trains[i].at_ns, 10 * S, 10 * S + 1000);
	}
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), 2);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), 3);
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 1);
}

/* The next datagram leaves before the answer to the last one is there: each waits for its own. */
static void answers_find_their_questions(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 5, 6, 5000, 53, 0, 0, 0), ROW(0, PROTO_ICMP, 5, 6, 77, 0, 0, 0, 0) };
	struct seen seen = run_rows(rows, 2, 1, NAT44 ",'packets':{'access':{'delay':'500ms'},'core':{'delay':'1s'}}");

	(void)state;
	assert_int_equal(seen.packets.delays[DELAY_ANSWER].count, 4);
	assert_in_range(seen.packets.delays[DELAY_ANSWER].sum_us, 4 * 3000000, 4 * 3001000);
}

/* So many answers that a queue would drop most of them if they came at once; the host hears the last of them too. */
static void answers_come_when_the_trace_has_them(void **state)
{
	static const struct row rows[] = { { 0, PROTO_UDP, 5, 15, 5000, 443, 0, 0, 70000 * 128, 70000, 0, false } };
	struct seen seen = run_rows(rows, 1, 1, NAT44);

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), 2);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), 70000);
	assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 7000000);
	assert_int_equal(sum(&seen, PACKETS_LOST), 0);
	assert_int_equal(seen.packets.delays[DELAY_ANSWER].count, 2);
}

/* A long echo is cut: all of it counts, both ways, and none of it if a part is lost. */
static void long_echoes_are_put_together(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_ICMP, 5, 6, 77, 0, 0, 0, 0) };
	static const struct { const char *more; uint64_t up, down; } cases[] = {
		{ "'access':'nat444','packets':{'datagram':65507,'core':{'mtu':1300}}", 2, 2 },
		{ NAT44 ",'packets':{'datagram':65507,'access':{'rate':10000000},'core':{'rate':1000000},'queue':20}", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen seen = run_rows(rows, 1, 1, cases[i].more);

		assert_int_equal(sum(&seen, PACKETS_LOST) > 0, i == 1);
		assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), cases[i].up);
		assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), cases[i].down);
		assert_int_equal(sum(&seen, PACKETS_BYTES_UP), cases[i].up * 65507);
		assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), cases[i].down * 65507);
		assert_int_equal(seen.packets.delays[DELAY_ANSWER].count, cases[i].down);
	}
}

/* An ICMP error about an echo request reaches who sent it. */
static void errors_about_echoes_arrive(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_ICMP, 0, 20, 77, 0, 0, 0, 0), ROW(0, PROTO_ICMP, 5, 6, 78, 0, 0, 0, 0) };
	static const char *const access[] = { "nat44", "nat444" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *more = must_printf("'access':'%s','nat':{'limits':{'icmp':1}}", access[i]);
		struct seen seen = run_rows(rows, 2, 1, more);

		assert_int_equal(sum(&seen, PACKETS_ICMP_SENT), 1);
		assert_int_equal(sum(&seen, PACKETS_ICMP_DELIVERED), 1);
		free(more);
	}
}

/* What ns-3's stacks cannot do is refused by name. */
static void what_stacks_do_not_have_is_refused(void **state)
{
	static const struct { struct row row; const char *says; } cases[] = {
		{ ROW(0, PROTO_UDP, 0, 1, 0, 53, 0, 0, 0), "port 0 is not to be had" },
		{ ROW(0, PROTO_TCP, 0, 1, 5000, 0, 0, 0, 0), "port 0 is not to be had" },
		{ ROW(0, PROTO_UDP, 0, 1, 5353, 5353, UINT32_MAX, 0, 0), "(udp): an address that is no other host's is not" },
		{ ROW(0, PROTO_UDP, 0, 1, 5000, 53, UINT32_C(0x64400000), 0, 0), "an address that is no other host's is not" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char text[] = "{\"duration\":\"9s\",\"warmup\":0,\"subscribers\":{\"count\":1},"
		                    "\"access\":\"nat44\",\"pool\":{\"prefixes\":[\"192.0.2.1/32\"]}}";
		struct err e = ERR_INIT;
		struct scenario *s = scenario_parse(text, strlen(text), "test", NULL, &e);
		struct trace *t = trace_of(&cases[i].row, 1, 1, &s->workload);

		assert_false(packet_world_takes(&s->workload, s->trials, t, "test", "trace", &e));
		assert_int_equal(e.count, 1);
		assert_non_null(strstr(e.lines[0], cases[i].says));
		err_clear(&e);
		trace_destroy(t);
		scenario_destroy(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_end_connections),
		cmocka_unit_test(a_lost_mapping_ends_its_connection),
		cmocka_unit_test(all_trains_carry_their_bytes),
		cmocka_unit_test(peers_speak_first),
		cmocka_unit_test(pings_and_scans_come_in),
		cmocka_unit_test(answers_find_their_questions),
		cmocka_unit_test(answers_come_when_the_trace_has_them),
		cmocka_unit_test(long_echoes_are_put_together),
		cmocka_unit_test(errors_about_echoes_arrive),
		cmocka_unit_test(what_stacks_do_not_have_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
