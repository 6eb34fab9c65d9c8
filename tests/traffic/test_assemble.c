/* What becomes of flows: whose they are, how they ended, in which order they lie. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/desk.h"

/* One flow each; who is the host, and is it in the trace at all? */
static void which_side_is_inside(void **state)
{
	static const struct {
		const char *name;
		uint32_t from, to;
		uint8_t protocol, flags;
		bool answered;
		const char *inside[2];
		uint32_t host; /* 0: not in the trace */
		bool local;
	} cases[] = {
		{ "the private end", SERVER, HOST, IP_TCP, A, false, { 0 }, HOST, false },
		{ "the end of RFC 6598", SERVER, HOST_2, IP_UDP, 0, false, { 0 }, HOST_2, false },
		{ "both ends private", HOST, HOST_2, IP_UDP, 0, false, { 0 }, 0, true },
		{ "no end private: who sent SYN", PEER, SERVER, IP_TCP, S, false, { 0 }, PEER, false },
		{ "no end private: whom SYN-ACK answered", PEER, SERVER, IP_TCP, S | A, false, { 0 }, SERVER, false },
		{ "no end private, no SYN: who was first", SERVER, PEER, IP_UDP, 0, true, { 0 }, SERVER, false },
		{ "a prefix given", PEER, SERVER, IP_TCP, S, false, { "203.0.113.0/24" }, SERVER, false },
		{ "a prefix given: private is not inside then", HOST, SERVER, IP_TCP, S, false, { "203.0.113.0/24" }, SERVER, false },
		{ "both ends in prefixes given", PEER, SERVER, IP_TCP, S, false, { "203.0.113.0/24", "198.51.100.1" }, 0, true },
		{ "to multicast", HOST, 0xeffffffau, IP_UDP, 0, false, { 0 }, 0, false },
		{ "to everybody", HOST, 0xffffffffu, IP_UDP, 0, false, { 0 }, 0, false },
		{ "from nobody", 0, 0xffffffffu, IP_UDP, 0, false, { 0 }, 0, false },
		{ "a multicast address that answers is an anonymiser's", HOST, 0xeffffffau, IP_UDP, 0, true, { 0 }, HOST, false },
		{ "TCP to a multicast address is too", HOST, 0xeffffffau, IP_TCP, S, false, { 0 }, HOST, false },
		{ "from loopback to loopback", 0x7f000001u, 0x7f000001u, IP_TCP, S, false, { 0 }, 0, false },
		{ "one loopback address is an anonymiser's", HOST, 0x7f123456u, IP_TCP, S, false, { 0 }, HOST, false },
		{ "between link-local addresses", 0xa9fe0001u, 0xa9fe0002u, IP_UDP, 0, true, { 0 }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk *t = desk();
		struct addr_range items[2];
		struct addr_ranges inside = { items, 0 };
		struct assembly a;
		struct trace *trace;
		uint32_t host;

		for (int k = 0; k < 2 && cases[i].inside[k]; k++)
			assert_true(range_parse(cases[i].inside[k], &items[inside.count++]));
		add(t, 5, cases[i].from, 5000, cases[i].to, 6000, cases[i].protocol, cases[i].flags);
		if (cases[i].answered)
			add(t, 6, cases[i].to, 6000, cases[i].from, 5000, cases[i].protocol, A);
		t->rules.inside.prefixes = inside;
		trace = done(t, 1000, &a);
		host = trace->host_count ? trace->hosts[0].address : 0;
		if (host != cases[i].host || a.local != cases[i].local || a.unrouted != (!host && !cases[i].local))
			fail_msg("%s: host %08x, local %d, unrouted %d", cases[i].name, host, (int)a.local, (int)a.unrouted);
		assert_int_equal(a.outside.tcp + a.outside.udp, 1);
		assert_int_equal(a.local_packets + a.unrouted_packets + (host ? 1u + cases[i].answered : 0), 1u + cases[i].answered);
		trace_destroy(trace);
	}
}

/* Hosts by address, flows numbered by their first train, trains by start. */
static void order_of_a_trace(void **state)
{
	struct desk *t = desk();
	struct assembly a;
	struct trace *trace;

	(void)state;
	add(t, 20, HOST_2, 1111, SERVER, 80, IP_UDP, 0);
	add(t, 30, HOST, 2222, SERVER, 80, IP_UDP, 0);
	add(t, 10, HOST, 3333, SERVER, 80, IP_UDP, 0);
	add(t, 40, SERVER, 80, HOST, 3333, IP_UDP, 0);
	add(t, 9000, HOST, 3333, SERVER, 80, IP_UDP, 0);
	trace = done(t, 9000, &a);
	assert_int_equal(trace->host_count, 2);
	assert_int_equal(trace->hosts[0].count, 3);
	assert_int_equal(trace->hosts[1].first, 3);
	assert_int_equal(trace->records[0].train.port, 3333);
	assert_int_equal(trace->records[0].train.flow, 0);
	assert_int_equal(trace->records[1].train.port, 2222);
	assert_int_equal(trace->records[1].train.flow, 1);
	assert_int_equal(trace->records[2].train.port, 3333);
	assert_int_equal(trace->records[2].train.flags, SEG_LAST);
	assert_int_equal(trace->records[3].train.subscriber, 1);
	assert_int_equal(a.peak_flows, 2); /* spans [10, 9000], [20, 20] and [30, 30] */
	trace_destroy(trace);
}

/* How a flow ended, as a capture of 200 s shows it; `last` is its last packet. */
static void how_flows_end(void **state)
{
	static const struct {
		const char *name;
		int64_t first, last;
		uint8_t protocol, flags, reply;
		int64_t split_s;
		enum flow_close close;
		uint8_t cut;
	} cases[] = {
		{ "silent to the end", 100000, 130000, IP_UDP, 0, 0, 0, CLOSE_SILENT, 0 },
		{ "for 64 s exactly", 100000, 136000, IP_UDP, 0, 0, 0, CLOSE_SILENT, 0 },
		{ "for less: cut by the end", 100000, 136001, IP_UDP, 0, 0, 0, CLOSE_CENSORED, 0 },
		{ "the time asked for counts", 100000, 136001, IP_UDP, 0, 0, 60, CLOSE_SILENT, 0 },
		{ "and may be longer", 100000, 130000, IP_UDP, 0, 0, 100, CLOSE_CENSORED, 0 },
		{ "near the begin: perhaps older", 10, 100000, IP_UDP, 0, 0, 0, CLOSE_SILENT, CUT_BEGIN },
		{ "a query is not", 10, 100000, IP_ICMP, 0, 0, 0, CLOSE_SILENT, 0 },
		{ "TCP with a SYN is not", 10, 100000, IP_TCP, S, S | A, 0, CLOSE_SILENT, 0 },
		{ "TCP without one is", 90000, 100000, IP_TCP, A, A, 0, CLOSE_SILENT, CUT_BEGIN },
		{ "one FIN and silence", 90000, 100000, IP_TCP, S, F | A, 0, CLOSE_HALF, 0 },
		{ "one FIN and the end", 90000, 190000, IP_TCP, S, F | A, 0, CLOSE_CENSORED, 0 },
		{ "a reset at the end", 90000, 199000, IP_TCP, S, R, 0, CLOSE_RESET, 0 },
		{ "two FINs at the end", 90000, 199000, IP_TCP, S | F, F, 0, CLOSE_FIN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk *t = desk();
		struct assembly a;
		struct trace *trace;
		const struct trace_record *last;

		t->rules.split_ns[PROTO_UDP] = t->rules.split_ns[PROTO_TCP] = cases[i].split_s * NS_PER_S;
		add(t, cases[i].first, HOST, 7, SERVER, 7, cases[i].protocol, cases[i].flags);
		for (int64_t at = cases[i].first + 4000; at < cases[i].last; at += 4000)
			add(t, at, HOST, 7, SERVER, 7, cases[i].protocol, A);
		add(t, cases[i].last, SERVER, 7, HOST, 7, cases[i].protocol, cases[i].reply);
		trace = done(t, 200000, &a);
		assert_int_equal(trace->record_count, 1);
		last = &trace->records[0];
		if (last->close != cases[i].close || last->cut != cases[i].cut)
			fail_msg("%s: close %d, cut %d", cases[i].name, last->close, last->cut);
		trace_destroy(trace);
	}
}

/* A 5-tuple with silences of 70, 30 and 60 s, split at 60 s: three flows, the
 * first two ended by silence, or by what TCP said. */
static void split_where_idle(void **state)
{
	struct desk *t = desk();
	struct assembly a;
	struct trace *trace;

	(void)state;
	t->rules.split_ns[PROTO_TCP] = 60 * NS_PER_S;
	add(t, 0, HOST, 7, SERVER, 7, IP_TCP, S);
	add(t, 10, SERVER, 7, HOST, 7, IP_TCP, R);
	add(t, 70010, HOST, 7, SERVER, 7, IP_TCP, S);
	add(t, 100010, HOST, 7, SERVER, 7, IP_TCP, A);
	add(t, 160010, HOST, 7, SERVER, 7, IP_TCP, A);
	add(t, 0, HOST, 8, SERVER, 7, IP_UDP, 0);
	add(t, 100000, HOST, 8, SERVER, 7, IP_UDP, 0);
	trace = done(t, 170000, &a);
	assert_int_equal(a.outside.tcp, 1);
	assert_int_equal(a.splits, 2);
	assert_int_equal(trace->flows[PROTO_TCP], 3);
	assert_int_equal(trace->flows[PROTO_UDP], 1);
	assert_int_equal(trace->record_count, 4 + 2);
	for (uint32_t i = 0; i < trace->record_count; i++) {
		const struct trace_record *r = &trace->records[i];

		if (r->train.protocol == PROTO_UDP)
			continue;
		if (r->train.start_ns == 0)
			assert_true(r->close == CLOSE_RESET && r->cut == 0 && r->train.flags & SEG_LAST);
		else if (r->train.start_ns == 70010 * NS_PER_MS)
			assert_true(r->cut == CUT_SPLIT && r->train.flags & SEG_FIRST && !(r->train.flags & SEG_LAST));
		else if (r->train.start_ns == 100010 * NS_PER_MS)
			assert_true(r->close == CLOSE_SILENT && r->train.flags & SEG_LAST && !(r->train.flags & SEG_FIRST));
		else
			assert_true(r->close == CLOSE_CENSORED && r->cut == CUT_SPLIT);
	}
	trace_destroy(trace);
}

/* Endpoint-independent mapping needs to know: one socket, three remote ones, of which one twice. */
static void sockets_of_several_remotes(void **state)
{
	struct desk *t = desk();
	struct assembly a;

	(void)state;
	add(t, 0, HOST, 7, SERVER, 53, IP_UDP, 0);
	add(t, 1, HOST, 7, SERVER, 54, IP_UDP, 0);
	add(t, 2, HOST, 7, PEER, 53, IP_UDP, 0);
	add(t, 3, HOST, 7, PEER, 53, IP_UDP, 0);
	add(t, 4, HOST, 7, PEER, 53, IP_TCP, S);
	add(t, 5, HOST_2, 7, SERVER, 53, IP_UDP, 0);
	trace_destroy(done(t, 10, &a));
	assert_int_equal(a.sockets, 3);
	assert_int_equal(a.shared_sockets, 1);
	assert_int_equal(a.most_remotes, 3);
}

/* One host has all: more trains than are kept in memory come out in order all the same, and its sockets are counted. */
static void a_host_of_many_flows(void **state)
{
	enum { FLOWS = 100000, SOCKETS = 1000, PAUSE_MS = 6000 };
	struct desk *d = desk();
	struct assembly a;
	struct trace *t;

	(void)state;
	for (int64_t at = 0; at < FLOWS + PAUSE_MS; at++)
		for (int64_t flow = at; flow >= 0 && flow >= at - PAUSE_MS; flow -= PAUSE_MS)
			if (flow < FLOWS)
				add(d, at, HOST, (uint16_t)(2000 + flow % SOCKETS), SERVER, (uint16_t)(2000 + flow / SOCKETS), IP_UDP, 0);
	t = done(d, FLOWS + PAUSE_MS, &a);
	assert_int_equal(t->host_count, 1);
	assert_int_equal(t->record_count, 2 * FLOWS);
	for (uint32_t i = 0, first = 0; i < t->record_count; i++) {
		const struct segment *train = &t->records[i].train;

		assert_true(!i || train->start_ns >= t->records[i - 1].train.start_ns);
		assert_int_equal(train->start_ns / NS_PER_MS, train->flow + (train->flags & SEG_FIRST ? 0 : PAUSE_MS));
		if (train->flags & SEG_FIRST)
			assert_int_equal(train->flow, first++);
		assert_int_equal(train->port, 2000 + train->flow % SOCKETS);
	}
	assert_int_equal(t->flows[PROTO_UDP], FLOWS);
	assert_int_equal(a.sockets, SOCKETS);
	assert_int_equal(a.shared_sockets, SOCKETS);
	assert_int_equal(a.most_remotes, FLOWS / SOCKETS);
	trace_destroy(t);
}

/* Closed spans: one that ends when another starts shares that moment with it. */
static void peaks(void **state)
{
	int64_t first[] = { 0, 10, 10, 20, 31 }, last[] = { 10, 20, 12, 30, 40 };

	(void)state;
	assert_int_equal(trace_peak(first, last, 5), 3);
	assert_int_equal(trace_peak(first, last, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(which_side_is_inside),
		cmocka_unit_test(order_of_a_trace),
		cmocka_unit_test(how_flows_end),
		cmocka_unit_test(split_where_idle),
		cmocka_unit_test(sockets_of_several_remotes),
		cmocka_unit_test(a_host_of_many_flows),
		cmocka_unit_test(peaks),
	};

	return cmocka_run_group_tests_name("assemble", tests, NULL, NULL);
}
