/* The packet world in the small: a few flows by hand, and what only packets show of them. */
#include "tests/ns3/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* A connection: set up in one round trip, as many bytes each way as asked, mapped at the trace's time. */
static void a_connection_delivers(void **state)
{
	static const char *const access[] = { "'access':'nat44'", "'access':'nat444'" };
	static const struct row rows[] = { ROW(0, PROTO_TCP, 10, 20, 5000, 443, 0, 0, 0) };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct seen seen = run_rows(rows, 1, 1, access[i]);

		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.trains[0].outcome, OUT_CREATED);
		assert_int_equal(seen.trains[0].sight, SIGHT_BEGINS | SIGHT_NEEDS);
		assert_in_range(seen.trains[0].at_ns, 10 * S, 10 * S + 1000);
		assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 1);
		assert_int_equal(sum(&seen, PACKETS_SYNS), 1);
		assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 200);
		assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 10000);
		assert_int_equal(sum(&seen, PACKETS_RESENT), 0);
		assert_int_equal(sum(&seen, PACKETS_LOST), 0);
		assert_in_range(seen.packets.delays[DELAY_SETUP].max_us, 30000, 30100);
	}
}

/* A connection that outlasts the timer of established ones keeps its mapping, behind a home's NAT with a shorter one too. */
static void a_connection_keeps_its_mapping(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 10, 110, 5000, 443, 0, 0, 0) };
	static const char *const more[] = {
		NAT44 ",'nat':{'timeouts':{'tcp_established':'20s','tcp_closing':'5s'}}",
		"'access':'nat444','cpe':{'timeouts':{'tcp_established':'20s','tcp_closing':'5s'}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		struct seen seen = run_rows(rows, 1, 1, more[i]);

		assert_int_equal(seen.count, 1);
		assert_int_equal(seen.trains[0].outcome, OUT_CREATED);
		assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 200 + 11); /* no 9 s without a packet */
		assert_int_equal(sum(&seen, PACKETS_DROPPED) + sum(&seen, PACKETS_HOME_DROPPED), 0);
	}
}

/* Datagrams and echoes are answered; so many are sent that a short timer does not run out. */
static void datagrams_keep_a_mapping(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 10, 110, 5000, 53, 0, 0, 0), ROW(0, PROTO_ICMP, 10, 110, 77, 0, 0, 0, 0) };
	struct seen seen = run_rows(rows, 2, 1, NAT44 ",'nat':{'timeouts':{'udp':'20s','udp_well_known':'20s','icmp':'20s'}}");

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_int_equal(sum(&seen, PACKETS_OUT), 26); /* 13 each: no two more than 9 s apart */
	assert_int_equal(sum(&seen, PACKETS_IN), 26);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), 26);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), 26);
	assert_in_range(seen.packets.delays[DELAY_ANSWER].max_us, 30000, 30100);
}

/* A refused connection: SYNs at 0, 3, 9 s .. until the number is free; and an ICMP error for each that was refused. */
static void a_refused_connection_tries_again(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0), ROW(0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0) };
	static const struct { const char *more; int seen; uint64_t syns, retries, failed, icmp, passed; } cases[] = {
		{ "'retry':'ns3'", 4, 4, 2, 0, 2, 1 },            /* at 1 and 4 s in vain, at 10 s not */
		{ "'retry':'tcp'", 6, 6, 4, 0, 4, 1 },            /* at 1, 2, 4 and 8 s in vain, at 16 s not */
		{ "'retry':'none'", 2, 2, 0, 1, 1, 0 },
		{ "'retry':'ns3','icmp_per_second':0", 4, 4, 2, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *more = must_printf(NAT44 ",'nat':{%s,'hold_down':0,'timeouts':{'tcp_closing':'4s'},'limits':{'tcp':1}}", cases[i].more);
		struct seen seen = run_rows(rows, 2, 1, more);

		assert_int_equal(seen.count, cases[i].seen);
		assert_int_equal(seen.trains[1].outcome, OUT_PROTOCOL_LIMIT);
		assert_int_equal(sum(&seen, PACKETS_SYNS), cases[i].syns);
		assert_int_equal(sum(&seen, PACKETS_SYN_RETRIES), cases[i].retries);
		assert_int_equal(sum(&seen, PACKETS_HANDSHAKES_FAILED), cases[i].failed);
		assert_int_equal(sum(&seen, PACKETS_HANDSHAKES_LATE), cases[i].passed);
		assert_int_equal(sum(&seen, PACKETS_ICMP_SENT), cases[i].icmp);
		assert_int_equal(sum(&seen, PACKETS_ICMP_DELIVERED), cases[i].icmp);
		if (cases[i].passed) {
			assert_int_equal(seen.trains[seen.count - 1].outcome, OUT_CREATED);
			assert_int_equal(seen.trains[seen.count - 1].sight, SIGHT_RETRY);
		}
		free(more);
	}
}

/* Told by ICMP, a host may give up at once (RFC 5461 section 4), and there is nothing to reset (RFC 9293 3.10.5). */
static void icmp_may_end_it_at_once(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0), ROW(0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0) };
	struct seen seen = run_rows(rows, 2, 1, NAT44 ",'packets':{'on_icmp':'give-up'},'nat':{'retry':'ns3','limits':{'tcp':1}}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES_FAILED), 1);
	assert_int_equal(sum(&seen, PACKETS_SYN_RETRIES), 0);
	assert_in_range(seen.packets.delays[DELAY_FAILURE].max_us, 10000, 10100); /* to the CGN and back */
	assert_int_equal(sum(&seen, PACKETS_DROPPED), 0);
}

/* Two subscribers speak to each other by their public endpoints (RFC 4787 REQ-9), and the answer comes back. */
static void a_hairpin_is_a_path(void **state)
{
	static const struct row rows[] = {
		ROW(0, PROTO_UDP, 0, 50, 5000, 53, 0, 0, 0),
		ROW(1, PROTO_UDP, 10, 10, 6000, 5000, UINT32_C(0xc0000201), 0, 0),
	};
	struct seen seen = run_rows(rows, 2, 2, NAT44 ",'schemes':[{'type':'session','select':'preserve'}]");

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_int_equal(sum(&seen, PACKETS_HAIRPIN), 2);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), 3);
	assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), 2);
	assert_true(delays_quantile(&seen.packets.delays[DELAY_ANSWER], 0.01) < 22000); /* twice to the CGN and back: 20 ms */
}

/* Who speaks to a public endpoint that is nobody's has a mapping for it, as to anybody else; nothing comes of it. */
static void a_hairpin_to_nobody_makes_a_mapping(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 0, 0, 5000, 9999, UINT32_C(0xc0000201), 0, 0) };
	struct seen seen = run_rows(rows, 1, 1, NAT44);

	(void)state;
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.trains[0].outcome, OUT_CREATED);
	assert_int_equal(sum(&seen, PACKETS_DROPPED), 1);
	assert_int_equal(sum(&seen, PACKETS_HAIRPIN), 0);
}

/* A datagram longer than the links takes several packets, and goes through whole; a narrower core cuts again. */
static void long_datagrams_go_in_fragments(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 0, 0, 5000, 53, 0, 4000, 4000) };
	static const char *const access[] = { "nat44", "nat444" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		char *more = must_printf("'access':'%s','packets':{'core':{'mtu':1400}}", access[i]);
		struct seen seen = run_rows(rows, 1, 1, more);

		assert_int_equal(seen.count, 1);
		assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_UP), 1);
		assert_int_equal(sum(&seen, PACKETS_DATAGRAMS_DOWN), 1);
		assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 4000 - 28);
		assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 4000 - 28);
		assert_int_equal(sum(&seen, PACKETS_OUT), 3);
		assert_int_equal(sum(&seen, PACKETS_IN), 3);
		assert_true(sum(&seen, PACKETS_FRAGMENTS) >= 6);
		free(more);
	}
}

/* A narrow link loses packets, and each is counted: what left the CGN or a server and did not come is in the sums. */
static void losses_are_counted(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0), ROW(1, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0),
	                                   ROW(2, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0) };
	struct seen seen = run_rows(rows, 3, 3, NAT44 ",'packets':{'core':{'rate':20000},'queue':1,'datagram':1000},"
	                                              "'nat':{'timeouts':{'udp':'1s','udp_well_known':'1s'}}");

	(void)state;
	assert_true(sum(&seen, PACKETS_LOST) > 0);
	assert_int_equal(sum(&seen, PACKETS_OUT), sum(&seen, PACKETS_DATAGRAMS_UP) + sum(&seen, PACKETS_LOST));
}

/* What a server sends again counts, of a connection too that is still open at the end. */
static void what_is_sent_again_is_counted(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 0, 299, 5000, 443, 0, 0, 0) };
	struct seen seen = run_rows(rows, 1, 1, NAT44 ",'packets':{'access':{'rate':200000},'queue':10,'response':50000000}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 1);
	assert_true(sum(&seen, PACKETS_LOST) > 100);
	assert_in_range(sum(&seen, PACKETS_RESENT), sum(&seen, PACKETS_LOST) - 20, 2 * sum(&seen, PACKETS_LOST));
}

/* More than a socket's buffer holds, and all of it goes up. */
static void long_uploads_arrive(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 0, 1, 5000, 443, 0, 0, 0) };
	struct seen seen = run_rows(rows, 1, 1, NAT44 ",'packets':{'request':1000000}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 1000000);
	assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 10000);
}

/* A SYN that nobody answered in the trace is not answered: the host tries as long as the trace has it try. */
static void silence_stays_silence(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 5, 15, 5000, 443, 0, 0, NOTHING_IN) };
	struct seen seen = run_rows(rows, 1, 1, NAT44);

	(void)state;
	assert_int_equal(seen.trains[0].outcome, OUT_CREATED);
	assert_int_equal(sum(&seen, PACKETS_SYNS), 3); /* at 5, 8 and 14 s */
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 0);
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES_FAILED), 1);
	assert_int_equal(sum(&seen, PACKETS_IN), 0);
}

/* What a home's NAT refuses never reaches the CGN, and is told as its refusal. */
static void homes_refuse_too(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_UDP, 0, 50, 5000, 53, 0, 0, 0), ROW(0, PROTO_UDP, 10, 20, 5001, 53, 0, 0, 0) };
	struct seen seen = run_rows(rows, 2, 1, "'access':'nat444','cpe':{'ports':'1024-1024'}");

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.trains[1].outcome, OUT_NO_PORT);
	assert_int_equal(seen.trains[1].sight, SIGHT_BEGINS | SIGHT_NEEDS | SIGHT_AT_HOME);
	assert_int_equal(sum(&seen, PACKETS_HOME_DROPPED), 1);
	assert_int_equal(sum(&seen, PACKETS_REFUSED), 0);
}

/* Nor does a SYN that comes again, when the home has a number again: nat.retry is about the CGN's refusals. */
static void a_home_refuses_for_good(void **state)
{
	static const struct row rows[] = { ROW(0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0), ROW(0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0) };
	struct seen seen = run_rows(rows, 2, 1, "'access':'nat444','nat':{'retry':'ns3'},"
	                                        "'cpe':{'ports':'1024-1024','timeouts':{'tcp_closing':'4s'}}");

	(void)state;
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.trains[1].sight, SIGHT_BEGINS | SIGHT_NEEDS | SIGHT_AT_HOME);
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 1);
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES_FAILED), 1);
	assert_int_equal(sum(&seen, PACKETS_HOME_DROPPED), 6);
}

/* The same bytes, run again. */
static void the_same_again(void **state)
{
	static const struct row rows[] = {
		ROW(0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0), ROW(1, PROTO_UDP, 1, 6, 5001, 53, 0, 0, 0), ROW(1, PROTO_ICMP, 1, 6, 9, 0, 0, 0, 0),
	};
	struct seen a = run_rows(rows, 3, 2, ""), b = run_rows(rows, 3, 2, "");

	(void)state;
	assert_memory_equal(&a.packets, &b.packets, sizeof(a.packets));
	assert_int_equal(a.count, b.count);
	for (int i = 0; i < a.count; i++)
		assert_int_equal(a.trains[i].at_ns, b.trains[i].at_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_delivers),
		cmocka_unit_test(a_connection_keeps_its_mapping),
		cmocka_unit_test(datagrams_keep_a_mapping),
		cmocka_unit_test(a_refused_connection_tries_again),
		cmocka_unit_test(icmp_may_end_it_at_once),
		cmocka_unit_test(a_hairpin_is_a_path),
		cmocka_unit_test(a_hairpin_to_nobody_makes_a_mapping),
		cmocka_unit_test(long_datagrams_go_in_fragments),
		cmocka_unit_test(losses_are_counted),
		cmocka_unit_test(what_is_sent_again_is_counted),
		cmocka_unit_test(long_uploads_arrive),
		cmocka_unit_test(silence_stays_silence),
		cmocka_unit_test(homes_refuse_too),
		cmocka_unit_test(a_home_refuses_for_good),
		cmocka_unit_test(the_same_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
