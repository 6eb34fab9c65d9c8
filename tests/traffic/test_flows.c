#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/assemble.h"
#include "traffic/flows.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

/* The cast: two inside hosts, two outside, by the default prefixes. */
#define HOST 0x0a000001u    /* 10.0.0.1 */
#define HOST_2 0x64400001u  /* 100.64.0.1 */
#define SERVER 0xcb007107u  /* 203.0.113.7 */
#define PEER 0xc6336401u    /* 198.51.100.1 */

#define S WIRE_TCP_SYN
#define F WIRE_TCP_FIN
#define R WIRE_TCP_RST
#define A WIRE_TCP_ACK

/* A table, and what becomes of its trains. */
struct desk {
	struct assembly_rules rules;
	struct timeline timeline;
	struct assembler *assembler;
	struct flow_table *table;
};

static struct desk *desk(void)
{
	struct desk *d = must_alloc(1, sizeof(*d));

	d->assembler = assembler_create(&d->rules);
	d->table = flows_create(assembler_sink(d->assembler));
	return d;
}

static enum reason put(struct desk *d, const struct wire_packet *p, enum reason seen, int64_t time_ns)
{
	assert_true(timeline_add(&d->timeline, time_ns));
	return flows_add(d->table, p, (struct flow_via){ .tunnel = TUNNEL_NONE }, 0, seen, time_ns);
}

static enum reason add(struct desk *d, int64_t ms, uint32_t from, uint16_t port, uint32_t to, uint16_t to_port,
                       uint8_t protocol, uint8_t flags)
{
	struct wire_packet p = {
		.version = 4,
		.source = from,
		.destination = to,
		.length = 100,
		.source_port = port,
		.destination_port = to_port,
		.protocol = protocol,
		.tcp_flags = flags,
	};

	return put(d, &p, REASON_NONE, ms * NS_PER_MS);
}

/* The trace of a capture that went on to last_ms. */
static struct trace *done(struct desk *d, int64_t last_ms, struct assembly *a)
{
	struct err e = ERR_INIT;
	struct trace *trace;

	assert_true(timeline_add(&d->timeline, 0));
	assert_true(timeline_add(&d->timeline, last_ms * NS_PER_MS));
	timeline_close(&d->timeline);
	flows_finish(d->table);
	trace = assembler_finish(d->assembler, d->table, &d->timeline, NULL, a, &e);
	assert_non_null(trace);
	flows_destroy(d->table);
	assembler_destroy(d->assembler);
	timeline_clear(&d->timeline);
	free(d);
	return trace;
}

static int64_t ms(int64_t ns)
{
	return ns == NS_NONE ? -1 : ns / NS_PER_MS;
}

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
		assert_int_equal(trace_censored(last), cases[i].close == CLOSE_CENSORED);
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
		cmocka_unit_test(trains_and_flags),
		cmocka_unit_test(which_side_is_inside),
		cmocka_unit_test(queries),
		cmocka_unit_test(fragments),
		cmocka_unit_test(other_protocols),
		cmocka_unit_test(order_of_a_trace),
		cmocka_unit_test(the_table_finds_every_flow_again),
		cmocka_unit_test(how_flows_end),
		cmocka_unit_test(split_where_idle),
		cmocka_unit_test(sockets_of_several_remotes),
		cmocka_unit_test(peaks),
	};

	return cmocka_run_group_tests_name("flows", tests, NULL, NULL);
}
