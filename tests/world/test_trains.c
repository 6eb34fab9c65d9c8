/* Flows of several trains, from a trace: what is counted when a mapping has gone
 * between two trains, when a flow was refused, and when others spoke first. */
#include "tests/support/trialbench.h"

#include <unistd.h>

#include "traffic/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define S NS_PER_S

struct row {
	int64_t at_s;
	uint32_t flow;
	uint16_t port;
	uint8_t flags;
};

/* One host, a packet a train. */
static char *trace_of(const struct row *rows, uint32_t count, uint32_t flows, enum protocol protocol)
{
	struct trace_record *records = must_alloc(count, sizeof(*records));
	struct trace_host host = { .address = 0x64400000, .count = count };
	struct trace t = { .duration_ns = 1000 * S, .hosts = &host, .host_count = 1, .records = records,
	                   .record_count = count, .peak_flows = flows };
	char *path = must_strdup("/tmp/cgnsim-trains-XXXXXX");
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	must(fd >= 0);
	close(fd);
	t.flows[protocol] = flows;
	for (uint32_t i = 0; i < count; i++) {
		bool inbound = rows[i].flags & SEG_INBOUND;

		records[i].train = (struct segment){
			.start_ns = rows[i].at_s * S,
			.last_out_ns = inbound ? NS_NONE : rows[i].at_s * S,
			.first_in_ns = inbound ? rows[i].at_s * S : NS_NONE,
			.last_in_ns = inbound ? rows[i].at_s * S : NS_NONE,
			.flow = rows[i].flow,
			.remote = 0xc6120001 + rows[i].flow,
			.remote_port = 4433,
			.port = rows[i].port,
			.protocol = (uint8_t)protocol,
			.flags = rows[i].flags,
		};
		if (inbound)
			records[i].packets_in = 1;
		else
			records[i].packets_out = 1;
	}
	if (!trace_save(&t, path, &e)) {
		err_print(&e, stderr);
		must(!"a trace that should be good");
	}
	free(records);
	return path;
}

static struct trialbench run_rows(const struct row *rows, uint32_t count, uint32_t flows, const char *access, unsigned limit)
{
	char *path = trace_of(rows, count, flows, PROTO_UDP), *text;
	struct trialbench b;

	text = must_printf("{'duration':'1000s','warmup':0,'subscribers':{'count':1},'access':'%s','traffic':[{"
	                   "'source':'capture','file':'%s','scale':'replay','extend':'once'}],"
	                   "'pool':{'prefixes':['192.0.2.1/32']},'nat':{'limits':{'ports_per_subscriber':%u}},"
	                   "'schemes':[{'name':'a','type':'session'}]}", access, path, limit);
	trialbench_run(&b, text, 1);
	unlink(path);
	free(path);
	free(text);
	return b;
}

/* Silent for longer than its mapping lives, a flow has one made again: recreated, not attempted twice. */
static void a_mapping_made_again_is_recreated(void **state)
{
	static const struct row rows[] = {
		{ 0, 0, 5000, SEG_FIRST }, { 100, 0, 5000, 0 }, { 500, 0, 5000, SEG_LAST },
	};
	static const char *const access[] = { "nat44", "nat444" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trialbench b = run_rows(rows, 3, 1, access[i], 0);
		const struct usage *u = trialbench_measures(&b, 0, 0)->usage;

		assert_int_equal(u->flows[PROTO_UDP], 1);
		assert_int_equal(u->attempted[PROTO_UDP], 1);
		assert_int_equal(u->created[PROTO_UDP], 1);
		assert_int_equal(u->recreated, 1);
		trialbench_close(&b);
	}
}

/* A refused flow is lost: its later trains are not offered, though there would be room for them by then. */
static void a_refused_flow_is_lost(void **state)
{
	static const struct row rows[] = {
		{ 0, 0, 5000, SEG_FIRST | SEG_LAST }, { 1, 1, 5001, SEG_FIRST }, { 600, 1, 5001, 0 }, { 700, 1, 5001, SEG_LAST },
		{ 900, 2, 5001, SEG_FIRST | SEG_LAST },
	};
	struct trialbench b = run_rows(rows, 5, 3, "nat44", 1);
	const struct usage *u = trialbench_measures(&b, 0, 0)->usage;

	(void)state;
	assert_int_equal(u->attempted[PROTO_UDP], 3);
	assert_int_equal(u->created[PROTO_UDP], 2); /* the first, and the one that begins anew on the lost one's port */
	assert_int_equal(u->refused_by[OUT_SUBSCRIBER_LIMIT], 1);
	assert_int_equal(u->recreated, 0);
	assert_int_equal(u->recreate_refused, 0);
	trialbench_close(&b);
}

/* A TCP host on one port: its first connection's number is free again 10 s after its end, and until then a second is
 * refused, again and again. */
static void a_refused_connection_is_tried_again(void **state)
{
	static const struct row rows[] = {
		{ 0, 0, 5000, SEG_FIRST | SEG_LAST | SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN },
		{ 1, 1, 5001, SEG_FIRST | SEG_SYN_OUT | SEG_SYN_IN },
		{ 5, 1, 5001, 0 }, /* it is not connected: not offered */
		{ 30, 1, 5001, SEG_LAST | SEG_FIN_OUT | SEG_FIN_IN },
	};
	static const struct { const char *retry; unsigned refused, retries, late; } cases[] = {
		{ "none", 1, 0, 0 },
		{ "tcp", 1, 4, 1 },  /* at 2, 4 and 8 s in vain, at 16 s not */
		{ "ns3", 1, 2, 1 },  /* at 4 and 10 s, when the number is just free */
	};
	char *path = trace_of(rows, 4, 2, PROTO_TCP);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *text = must_printf("{'duration':'1000s','warmup':0,'subscribers':{'count':1},'access':'nat44','traffic':[{"
		                         "'source':'capture','file':'%s','scale':'replay','extend':'once'}],"
		                         "'pool':{'prefixes':['192.0.2.1/32']},'nat':{'retry':'%s','hold_down':0,"
		                         "'timeouts':{'tcp_closing':'10s'},'limits':{'ports_per_subscriber':1}},"
		                         "'schemes':[{'name':'a','type':'session'}]}", path, cases[i].retry);
		struct trialbench b;
		const struct usage *u;

		trialbench_run(&b, text, 1);
		u = trialbench_measures(&b, 0, 0)->usage;
		assert_int_equal(u->attempted[PROTO_TCP], 2);
		assert_int_equal(u->refused_by[OUT_SUBSCRIBER_LIMIT], cases[i].refused);
		assert_int_equal(u->retries, cases[i].retries);
		assert_int_equal(u->created_late, cases[i].late);
		assert_int_equal(u->recreated, 0);
		trialbench_close(&b);
		free(text);
	}
	unlink(path);
	free(path);
}

/* A mapping that goes between two trains and cannot be had again is counted apart. */
static void a_mapping_may_not_be_had_again(void **state)
{
	static const struct row rows[] = {
		{ 0, 0, 5000, SEG_FIRST }, { 350, 1, 5001, SEG_FIRST | SEG_LAST }, { 400, 0, 5000, SEG_LAST },
	};
	struct trialbench b = run_rows(rows, 3, 2, "nat44", 1);
	const struct usage *u = trialbench_measures(&b, 0, 0)->usage;

	(void)state;
	assert_int_equal(u->attempted[PROTO_UDP], 2);
	assert_int_equal(u->created[PROTO_UDP], 2);
	assert_int_equal(u->recreated, 0);
	assert_int_equal(u->recreate_refused, 1);
	trialbench_close(&b);
}

/* Inbound packets that meet no mapping are dropped; the flow needs a mapping when it first sends. */
static void a_flow_may_begin_inbound(void **state)
{
	static const struct row rows[] = {
		{ 0, 0, 5000, SEG_FIRST | SEG_INBOUND }, { 10, 0, 5000, 0 }, { 500, 0, 5000, SEG_LAST },
		{ 510, 1, 5000, SEG_FIRST | SEG_LAST | SEG_INBOUND }, { 950, 2, 6000, SEG_FIRST | SEG_LAST | SEG_INBOUND },
	};
	static const char *const access[] = { "nat44", "nat444" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trialbench b = run_rows(rows, 5, 3, access[i], 0);
		const struct usage *u = trialbench_measures(&b, 0, 0)->usage;

		assert_int_equal(u->flows[PROTO_UDP], 3);
		assert_int_equal(u->attempted[PROTO_UDP], 1);
		assert_int_equal(u->created[PROTO_UDP], 1);
		assert_int_equal(u->recreated, 1);
		assert_int_equal(u->inbound_unmatched, 2); /* the first, and the last; flow 1 comes in by flow 0's mapping */
		trialbench_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mapping_made_again_is_recreated),
		cmocka_unit_test(a_refused_flow_is_lost),
		cmocka_unit_test(a_refused_connection_is_tried_again),
		cmocka_unit_test(a_mapping_may_not_be_had_again),
		cmocka_unit_test(a_flow_may_begin_inbound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
