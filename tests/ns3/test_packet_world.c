/* The packet world in the small: a few flows by hand, and what only packets show of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/ns3/packet_world.h"
#include "sim/scenario/scenario.h"
#include "sim/world/events.h"
#include "sim/world/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define S NS_PER_S
#define ROWS_MOST 8
#define SERVER UINT32_C(0xc6336401) /* 198.51.100.1 */

/* A flow of one train. */
struct row {
	uint32_t subscriber;
	enum protocol protocol;
	int64_t from_s, to_s;
	uint16_t port, remote_port;
	uint32_t remote;
	uint32_t bytes_out, bytes_in; /* of one packet each way; 0: not known; NOTHING_IN: none came */
};
#define NOTHING_IN UINT32_MAX

/* What the CGN said of each flow's first packet, and of those after it that made a mapping or were refused. */
struct seen {
	struct { uint32_t flow; enum outcome outcome; unsigned sight; int64_t at_ns; } trains[64];
	int count;
	struct packets packets;
};

static void take_event(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

static void take_train(void *context, const struct segment *train, const struct verdict *v, unsigned sight)
{
	struct seen *seen = context;

	must(seen->count < 64);
	seen->trains[seen->count].flow = train->flow;
	seen->trains[seen->count].outcome = v->outcome;
	seen->trains[seen->count].sight = sight;
	seen->trains[seen->count++].at_ns = train->start_ns;
}

static struct trace *trace_of(const struct row *rows, uint32_t count, uint32_t subscribers, const struct workload *w)
{
	struct trace *t = must_alloc(1, sizeof(*t));

	t->duration_ns = w->warmup_ns + w->duration_ns;
	t->hosts = must_alloc(subscribers, sizeof(*t->hosts));
	t->records = must_alloc(count, sizeof(*t->records));
	for (uint32_t k = 0; k < subscribers; k++) {
		struct trace_host *h = &t->hosts[t->host_count++];

		*h = (struct trace_host){ .address = w->inside.first + k, .first = t->record_count };
		for (uint32_t i = 0; i < count; i++) {
			const struct row *r = &rows[i];

			if (r->subscriber != k)
				continue;
			t->records[t->record_count++] = (struct trace_record){
				.train = {
					.start_ns = r->from_s * S, .last_out_ns = r->to_s * S, .first_in_ns = r->bytes_in == NOTHING_IN ? NS_NONE : r->from_s * S,
					.last_in_ns = r->bytes_in == NOTHING_IN ? NS_NONE : r->to_s * S,
					.subscriber = k, .flow = h->count, .remote = r->remote ? r->remote : SERVER,
					.remote_port = r->protocol == PROTO_ICMP ? 0 : r->remote_port, .port = r->port, .protocol = (uint8_t)r->protocol,
					.flags = SEG_FIRST | SEG_LAST | (r->protocol == PROTO_TCP ? SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN : 0),
				},
				.packets_out = r->bytes_out != 0, .packets_in = r->bytes_in && r->bytes_in != NOTHING_IN,
				.bytes_out = r->bytes_out, .bytes_in = r->bytes_in == NOTHING_IN ? 0 : r->bytes_in,
			};
			h->count++;
			t->flows[r->protocol]++;
		}
	}
	return t;
}

/* Runs the rows; `more` are keys of the scenario, ' for ". */
static struct seen run_rows(const struct row *rows, uint32_t count, uint32_t subscribers, const char *more)
{
	char *text = must_printf("{'duration':'300s','warmup':0,'subscribers':{'count':%u},'pool':{'prefixes':['192.0.2.1/32']}%s%s}",
	                         subscribers, *more ? "," : "", more);
	char section[] = "/tmp/cgnsim-section-XXXXXX", *joined = must_printf("%s.events", "/tmp/cgnsim-test-ns3");
	const char *sections[] = { section };
	struct seen seen = { 0 };
	struct err e = ERR_INIT;
	struct events_head head = { .world = "ns3", .made_by = "test" };
	struct scenario *s;
	struct events *ev;
	struct trace *t;
	int fd = mkstemp(section);

	must(fd >= 0);
	close(fd);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	s = scenario_parse(text, strlen(text), "test", NULL, &e);
	if (!s)
		err_print(&e, stderr);
	must(s);
	t = trace_of(rows, count, subscribers, &s->workload);
	head.scenario = cJSON_Duplicate(scenario_resolved(s), 1);
	if (!packet_world_takes(&s->workload, s->trials, t, "test", "trace", &e) ||
	    !packet_world_run(&(struct packet_job){ .workload = &s->workload, .trial = s->trials, .trace = t, .section = section }, &e) ||
	    !events_join(joined, &head, sections, 1, &e) || !(ev = events_open(joined, &e)) ||
	    !events_read(ev, (struct events_place){ 0, 0 },
	                 &(struct events_bounds){ .subscribers = subscribers, .addresses = 1, .slots = 65535, .end_ns = 300 * S },
	                 (struct events_taker){ .context = &seen, .event = take_event, .train = take_train }, &seen.packets, &e)) {
		err_print(&e, stderr);
		must(!"a run that should be good");
	}
	events_close(ev);
	cJSON_Delete(head.scenario);
	unlink(section);
	unlink(joined);
	free(joined);
	trace_destroy(t);
	scenario_destroy(s);
	free(text);
	return seen;
}

static uint64_t sum(const struct seen *seen, enum packet_sum which)
{
	return seen->packets.sums[which];
}

#define NAT44 "'access':'nat44'"

/* A connection: set up in one round trip, as many bytes each way as asked, mapped at the trace's time. */
static void a_connection_delivers(void **state)
{
	static const char *const access[] = { "'access':'nat44'", "'access':'nat444'" };
	static const struct row rows[] = { { 0, PROTO_TCP, 10, 20, 5000, 443, 0, 0, 0 } };

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
	static const struct row rows[] = { { 0, PROTO_TCP, 10, 110, 5000, 443, 0, 0, 0 } };
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
	static const struct row rows[] = { { 0, PROTO_UDP, 10, 110, 5000, 53, 0, 0, 0 }, { 0, PROTO_ICMP, 10, 110, 77, 0, 0, 0, 0 } };
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
	static const struct row rows[] = { { 0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0 }, { 0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0 } };
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
	static const struct row rows[] = { { 0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0 }, { 0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0 } };
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
		{ 0, PROTO_UDP, 0, 50, 5000, 53, 0, 0, 0 },
		{ 1, PROTO_UDP, 10, 10, 6000, 5000, UINT32_C(0xc0000201), 0, 0 },
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
	static const struct row rows[] = { { 0, PROTO_UDP, 0, 0, 5000, 9999, UINT32_C(0xc0000201), 0, 0 } };
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
	static const struct row rows[] = { { 0, PROTO_UDP, 0, 0, 5000, 53, 0, 4000, 4000 } };
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
	static const struct row rows[] = { { 0, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0 }, { 1, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0 },
	                                   { 2, PROTO_UDP, 0, 20, 5000, 53, 0, 0, 0 } };
	struct seen seen = run_rows(rows, 3, 3, NAT44 ",'packets':{'core':{'rate':20000},'queue':1,'datagram':1000},"
	                                              "'nat':{'timeouts':{'udp':'1s','udp_well_known':'1s'}}");

	(void)state;
	assert_true(sum(&seen, PACKETS_LOST) > 0);
	assert_int_equal(sum(&seen, PACKETS_OUT), sum(&seen, PACKETS_DATAGRAMS_UP) + sum(&seen, PACKETS_LOST));
}

/* What a server sends again counts, of a connection too that is still open at the end. */
static void what_is_sent_again_is_counted(void **state)
{
	static const struct row rows[] = { { 0, PROTO_TCP, 0, 299, 5000, 443, 0, 0, 0 } };
	struct seen seen = run_rows(rows, 1, 1, NAT44 ",'packets':{'access':{'rate':200000},'queue':10,'response':50000000}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_HANDSHAKES), 1);
	assert_true(sum(&seen, PACKETS_LOST) > 100);
	assert_in_range(sum(&seen, PACKETS_RESENT), sum(&seen, PACKETS_LOST) - 20, 2 * sum(&seen, PACKETS_LOST));
}

/* More than a socket's buffer holds, and all of it goes up. */
static void long_uploads_arrive(void **state)
{
	static const struct row rows[] = { { 0, PROTO_TCP, 0, 1, 5000, 443, 0, 0, 0 } };
	struct seen seen = run_rows(rows, 1, 1, NAT44 ",'packets':{'request':1000000}");

	(void)state;
	assert_int_equal(sum(&seen, PACKETS_BYTES_UP), 1000000);
	assert_int_equal(sum(&seen, PACKETS_BYTES_DOWN), 10000);
}

/* A SYN that nobody answered in the trace is not answered: the host tries as long as the trace has it try. */
static void silence_stays_silence(void **state)
{
	static const struct row rows[] = { { 0, PROTO_TCP, 5, 15, 5000, 443, 0, 0, NOTHING_IN } };
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
	static const struct row rows[] = { { 0, PROTO_UDP, 0, 50, 5000, 53, 0, 0, 0 }, { 0, PROTO_UDP, 10, 20, 5001, 53, 0, 0, 0 } };
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
	static const struct row rows[] = { { 0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0 }, { 0, PROTO_TCP, 1, 6, 5001, 443, 0, 0, 0 } };
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
		{ 0, PROTO_TCP, 0, 5, 5000, 443, 0, 0, 0 }, { 1, PROTO_UDP, 1, 6, 5001, 53, 0, 0, 0 }, { 1, PROTO_ICMP, 1, 6, 9, 0, 0, 0, 0 },
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
