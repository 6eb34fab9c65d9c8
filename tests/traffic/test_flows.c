#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "tests/support/desk.h"

/* TCP on one pair of sockets: `step` is (time in ms, 'o'ut or 'i'n, flags); what
 * comes of it is one line per train: "start last_out first_in last_in FLAGS". */
struct step {
	int64_t ms;
	char way;
	uint8_t flags;
};

static char *trains_of(const struct step *steps, enum flow_close *close)
{
	struct desk *t = desk();
	struct assembly a;
	struct trace *trace;
	char *text = calloc(1, 1000);

	for (const struct step *s = steps; s->way; s++) {
		if (s->way == 'o')
			add(t, s->ms, HOST, 50000, SERVER, 443, IP_TCP, s->flags);
		else
			add(t, s->ms, SERVER, 443, HOST, 50000, IP_TCP, s->flags);
	}
	trace = done(t, 1000000, &a);
	for (uint32_t i = 0; i < trace->record_count; i++) {
		const struct segment *s = &trace->records[i].train;
		static const char *const names[] = { "first", "last", "so", "si", "fo", "fi", "rst", "inbound" };
		size_t n = strlen(text);

		n += (size_t)sprintf(text + n, "%s%d %d %d %d", i ? "; " : "", (int)ms(s->start_ns), (int)ms(s->last_out_ns),
		                     (int)ms(s->first_in_ns), (int)ms(s->last_in_ns));
		for (int bit = 0; bit < 8; bit++)
			if (s->flags & 1 << bit)
				n += (size_t)sprintf(text + n, " %s", names[bit]);
	}
	*close = trace->records[trace->record_count - 1].close;
	trace_destroy(trace);
	return text;
}

static void trains_and_flags(void **state)
{
	static const struct {
		const char *name;
		struct step steps[8];
		const char *trains;
		enum flow_close close;
	} cases[] = {
		{ "opened, closed both ways",
		  { { 0, 'o', S }, { 10, 'i', S | A }, { 20, 'o', A }, { 30, 'o', F | A }, { 40, 'i', F | A }, { 50, 'o', A } },
		  "0 50 10 40 first last so si fo fi", CLOSE_FIN },
		{ "silent for one gap exactly: two trains",
		  { { 0, 'o', S }, { 10, 'i', S | A }, { 5010, 'o', A } },
		  "0 0 10 10 first so si; 5010 5010 -1 -1 last", CLOSE_SILENT },
		{ "silent for a millisecond less: one",
		  { { 0, 'o', S }, { 10, 'i', S | A }, { 5009, 'o', A } },
		  "0 5009 10 10 first last so si", CLOSE_SILENT },
		{ "either side bridges the gap",
		  { { 0, 'o', A }, { 4000, 'i', A }, { 8000, 'o', A }, { 12000, 'i', A } },
		  "0 8000 4000 12000 first last", CLOSE_SILENT },
		{ "one FIN, then silence", { { 0, 'o', S }, { 10, 'i', S | A }, { 20, 'i', F | A } },
		  "0 0 10 20 first last so si fi", CLOSE_HALF },
		{ "FINs in trains of their own",
		  { { 0, 'o', F | A }, { 6000, 'i', F | A } },
		  "0 0 -1 -1 first fo; 6000 -1 6000 6000 last fi inbound", CLOSE_FIN },
		{ "a reset at the end", { { 0, 'o', S }, { 10, 'i', R | A } }, "0 0 10 10 first last so rst", CLOSE_RESET },
		{ "a reset that data followed is none", { { 0, 'o', A }, { 10, 'i', R }, { 20, 'o', A } },
		  "0 20 10 10 first last", CLOSE_SILENT },
		{ "a reset after both FINs changes nothing about how it ended",
		  { { 0, 'o', F }, { 10, 'i', F }, { 20, 'o', R } }, "0 20 10 10 first last fo fi rst", CLOSE_FIN },
		{ "a new SYN after both FINs begins anew",
		  { { 0, 'o', F }, { 10, 'i', F }, { 20, 'o', S } }, "0 20 10 10 first last so", CLOSE_SILENT },
		{ "a new SYN after a reset begins anew",
		  { { 0, 'o', S }, { 10, 'i', R }, { 20, 'i', S } }, "0 0 10 20 first last si", CLOSE_SILENT },
		{ "a repeated SYN does not", { { 0, 'o', S }, { 10, 'i', S | A }, { 20, 'o', F }, { 30, 'o', S } },
		  "0 30 10 10 first last so si fo", CLOSE_HALF },
		{ "opened from outside: starts with our first packet",
		  { { 0, 'i', S }, { 10, 'o', S | A }, { 20, 'i', A } }, "10 10 0 20 first last so si", CLOSE_SILENT },
		{ "nothing of ours: inbound", { { 7, 'i', S }, { 9, 'i', S } }, "7 -1 7 9 first last si inbound", CLOSE_SILENT },
		{ "out of order by a little: one train, its first packet the earlier",
		  { { 100, 'o', A }, { 90, 'o', A }, { 95, 'i', A } }, "90 100 95 95 first last", CLOSE_SILENT },
		{ "out of order by a lot: trains in order of time",
		  { { 60000, 'o', A }, { 0, 'o', S } }, "0 0 -1 -1 first so; 60000 60000 -1 -1 last", CLOSE_SILENT },
		{ "a late packet undoes no reset", { { 0, 'o', S }, { 20, 'i', R }, { 10, 'o', A } }, "0 10 20 20 first last so rst",
		  CLOSE_RESET },
		{ "a late reset is one that a packet followed", { { 0, 'o', S }, { 20, 'o', A }, { 10, 'i', R } },
		  "0 20 10 10 first last so", CLOSE_SILENT },
		{ "trains that a late packet joins keep what they said", { { 0, 'o', S }, { 8000, 'o', F }, { 4000, 'i', F } },
		  "0 8000 4000 4000 first last so fo fi", CLOSE_FIN },
		{ "two trains that a third joins late become one",
		  { { 0, 'o', S }, { 8000, 'o', A }, { 4000, 'i', A } }, "0 8000 4000 4000 first last so", CLOSE_SILENT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum flow_close close;
		char *text = trains_of(cases[i].steps, &close);

		if (strcmp(text, cases[i].trains) || close != cases[i].close)
			fail_msg("%s: got \"%s\" (%d), not \"%s\" (%d)", cases[i].name, text, close, cases[i].trains, cases[i].close);
		free(text);
	}
}

/* ICMP: request and reply are one query; the requester opened it, even if only
 * the reply is seen; another identifier is another query. */
static void queries(void **state)
{
	struct desk *t = desk();
	struct wire_packet reply = {
		.version = 4, .source = PEER, .destination = SERVER, .source_port = 3, .destination_port = 3, .protocol = IP_ICMP, .echo_reply = true,
	};
	struct assembly a;
	struct trace *trace;

	(void)state;
	add(t, 0, HOST, 1, SERVER, 1, IP_ICMP, 0);
	add(t, 5, SERVER, 1, HOST, 1, IP_ICMP, 0);
	add(t, 9, HOST, 2, SERVER, 2, IP_ICMP, 0);
	assert_int_equal(put(t, &reply, REASON_NONE, 10), REASON_NONE);
	trace = done(t, 10, &a);
	assert_int_equal(a.outside.icmp, 3);
	assert_int_equal(a.peak_flows, 0); /* TCP and UDP alone */
	assert_int_equal(trace->flows[PROTO_ICMP], 3);
	assert_int_equal(trace->host_count, 2);
	assert_int_equal(trace->hosts[0].address, HOST);
	assert_int_equal(trace->hosts[1].address, SERVER);
	assert_int_equal(trace->records[0].train.port, 1);
	assert_int_equal(trace->records[0].train.remote_port, 0);
	assert_int_equal(trace->records[0].packets_in, 1);
	assert_int_equal(trace->records[2].train.flags, SEG_FIRST | SEG_LAST | SEG_INBOUND);
	trace_destroy(trace);
}

/* A later fragment counts to the flow of the first one, whichever way that went,
 * for as long as a host may wait for it; without one it counts nowhere. */
static void fragments(void **state)
{
	struct desk *t = desk();
	struct wire_packet first = {
		.version = 4, .source = SERVER, .destination = HOST, .length = 1500, .source_port = 53, .destination_port = 5000,
		.identification = 77, .protocol = IP_UDP, .first_fragment = true,
	};
	struct wire_packet later = {
		.version = 4, .source = SERVER, .destination = HOST, .length = 600, .identification = 77, .protocol = IP_UDP,
		.later_fragment = true,
	};
	struct wire_packet stranger = later;
	struct assembly a;
	struct trace *trace;

	(void)state;
	stranger.identification = 78;
	assert_int_equal(put(t, &later, REASON_NONE, 0), REASON_FRAGMENT);
	add(t, 1, HOST, 5000, SERVER, 53, IP_UDP, 0);
	assert_int_equal(put(t, &first, REASON_NONE, 2 * NS_PER_MS), REASON_NONE);
	assert_int_equal(put(t, &later, REASON_NONE, 3 * NS_PER_MS), REASON_NONE);
	assert_int_equal(put(t, &stranger, REASON_NONE, 4 * NS_PER_MS), REASON_FRAGMENT);
	assert_int_equal(put(t, &later, REASON_NONE, FRAGMENT_LIFE + 3 * NS_PER_MS), REASON_FRAGMENT);
	trace = done(t, 200000, &a);
	assert_int_equal(a.outside.udp, 1);
	assert_int_equal(trace->record_count, 1);
	assert_int_equal(trace->records[0].packets_in, 2);
	assert_int_equal(trace->records[0].bytes_in, 2100);
	assert_int_equal(trace->records[0].train.last_in_ns, 3 * NS_PER_MS);
	trace_destroy(trace);
}

/* Other protocols: pairs of addresses, without trains; their later fragments need no ports. */
static void other_protocols(void **state)
{
	struct desk *t = desk();
	struct wire_packet esp = { .version = 4, .source = HOST, .destination = SERVER, .protocol = 50 };
	struct wire_packet back = { .version = 4, .source = SERVER, .destination = HOST, .protocol = 50, .later_fragment = true };
	struct wire_packet gre = { .version = 4, .source = HOST, .destination = SERVER, .protocol = 47 };
	struct assembly a;
	struct trace *trace;

	(void)state;
	assert_int_equal(put(t, &esp, REASON_PROTOCOL, 1), REASON_PROTOCOL);
	assert_int_equal(put(t, &back, REASON_PROTOCOL, 2), REASON_PROTOCOL);
	assert_int_equal(put(t, &gre, REASON_PROTOCOL, 3), REASON_PROTOCOL);
	trace = done(t, 1, &a);
	assert_int_equal(a.outside.other, 2);
	assert_int_equal(trace->record_count, 0);
	assert_int_equal(a.local + a.unrouted, 0);
	trace_destroy(trace);
}

/* The table against a list that is searched from end to end: enough flows for the
 * table to be swept and to grow several times, each met about four times, from
 * either side; `apart` milliseconds between packets make most of them idle in between. */
static void every_flow_is_found_again(int64_t apart)
{
	enum { FLOWS = 20000 };
	struct desk *t = desk();
	struct assembly a;
	struct trace *trace;
	struct rng r;
	uint64_t packets = 0, seen = 0;

	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 4 * FLOWS; i++) {
		uint32_t k = i < FLOWS ? (uint32_t)i : rng_below(&r, FLOWS);
		uint32_t host = HOST + k % 50;
		uint16_t port = (uint16_t)(1024 + k / 50);

		if (rng_below(&r, 2))
			add(t, i * apart, host, port, SERVER, 53, IP_UDP, 0);
		else
			add(t, i * apart, SERVER, 53, host, port, IP_UDP, 0);
	}
	trace = done(t, 4 * FLOWS * apart, &a);
	assert_int_equal(a.outside.udp, FLOWS);
	assert_int_equal(a.sockets, FLOWS);
	assert_int_equal(trace->flows[PROTO_UDP], FLOWS);
	assert_int_equal(trace->host_count, 50);
	for (uint32_t i = 0; i < trace->record_count; i++) {
		packets += trace->records[i].packets_out + trace->records[i].packets_in;
		seen += (trace->records[i].train.flags & SEG_FIRST) != 0;
	}
	assert_int_equal(packets, 4 * FLOWS);
	assert_int_equal(seen, FLOWS);
	trace_destroy(trace);
}

static void the_table_finds_every_flow_again(void **state)
{
	(void)state;
	every_flow_is_found_again(0);
	every_flow_is_found_again(1);
	every_flow_is_found_again(20);
}

static void number_put(uint8_t *address, uint32_t number)
{
	memset(address, 0, 16);
	address[0] = 0x20;
	for (int i = 0; i < 4; i++)
		address[8 + i] = (uint8_t)((number * 2654435761u) >> (24 - 8 * i)); /* in no order */
}

/* The same of IPv6, and of softwires, whose addresses are numbers within the table that do not outlive a sweep. */
static void addresses_outlive_their_numbers(void **state)
{
	enum { FLOWS = 20000 };

	(void)state;
	for (int softwire = 0; softwire < 2; softwire++) {
		struct desk *t = desk();
		struct assembly a;
		struct trace *trace;
		struct rng r;
		uint64_t packets = 0;
		uint8_t ends[2][16];

		rng_seed(&r, RNG_TEST);
		for (uint32_t i = 0; i < 4 * FLOWS; i++) {
			uint32_t k = i < FLOWS ? i : rng_below(&r, FLOWS);
			bool back = i >= FLOWS && rng_below(&r, 2);
			struct wire_packet p = { .version = softwire ? 4 : 6, .protocol = IP_UDP, .length = 100, .source_6 = ends[0],
				                 .destination_6 = ends[1], .source = back ? SERVER : HOST, .destination = back ? HOST : SERVER,
				                 .source_port = back ? 53 : 4000, .destination_port = back ? 4000 : 53 };
			struct flow_via via = flows_via(&p, softwire ? TUNNEL_SOFTWIRE : TUNNEL_NONE);

			number_put(ends[back], k);
			number_put(ends[!back], FLOWS);
			assert_true(timeline_add(&t->timeline, (int64_t)i * 10 * NS_PER_MS));
			flows_add(t->table, &p, via, 0, REASON_NONE, (int64_t)i * 10 * NS_PER_MS);
		}
		trace = done(t, 40 * FLOWS, &a);
		if (softwire) {
			assert_int_equal(trace->host_count, FLOWS);
			for (uint32_t i = 0; i < trace->record_count; i++)
				packets += trace->records[i].packets_out + trace->records[i].packets_in;
			for (uint32_t h = 1; h < FLOWS; h++)
				assert_true(memcmp(trace->hosts[h - 1].home, trace->hosts[h].home, 16) < 0);
		} else {
			assert_int_equal(trace->flow6_count, FLOWS);
			for (uint32_t i = 0; i < trace->flow6_count; i++)
				packets += trace->flows6[i].packets_out + trace->flows6[i].packets_in;
		}
		assert_int_equal(packets, 4 * FLOWS);
		trace_destroy(trace);
	}
}

/* Who sent the first packet, or the first SYN, is inside: by time, however late that packet comes. */
static void the_earliest_packet_opens(void **state)
{
	static const int64_t late_ms[] = { 3, 4999, 5000, 40000, 1000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(late_ms) / sizeof(late_ms[0]); i++)
		for (int syn = 0; syn < 2; syn++) {
			struct desk *t = desk();
			int64_t then_ms = 2000000 + late_ms[i];
			uint8_t protocol = syn ? IP_TCP : IP_UDP;
			struct assembly a;
			struct trace *trace;

			add(t, 0, HOST, 7, SERVER, 8, IP_UDP, 0);
			add(t, then_ms, SERVER, 9999, PEER, 9998, protocol, S);
			add(t, 2000000, PEER, 9998, SERVER, 9999, protocol, S);
			add(t, then_ms + 500, SERVER, 9999, PEER, 9998, protocol, S);
			trace = done(t, 5000000, &a);
			if (!syn || late_ms[i] >= 5000)
				assert_int_equal(trace->hosts[1].address, PEER);
			assert_int_equal(a.decided[INSIDE_FIRST], !syn);
			assert_int_equal(a.decided[INSIDE_SYN], syn);
			trace_destroy(trace);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains_and_flags),
		cmocka_unit_test(the_earliest_packet_opens),
		cmocka_unit_test(queries),
		cmocka_unit_test(fragments),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(the_table_finds_every_flow_again),
		cmocka_unit_test(addresses_outlive_their_numbers),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
