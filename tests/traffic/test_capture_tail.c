/* The tail of a capture: percentiles worked out by hand, and that it is whole hosts
 * that are drawn again. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/capture_tail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define S NS_PER_S

static const struct source_holding holding = {
	.udp_ns = 100 * S, .icmp_ns = 60 * S, .tcp_open_ns = 240 * S, .tcp_established_ns = 7440 * S, .tcp_closed_ns = 40 * S,
};

/* `count` UDP ports of one packet each at `at_s`, each port two flows. */
static uint32_t add(struct trace_record *records, uint32_t n, uint32_t count, int64_t at_s)
{
	for (uint32_t i = 0; i < 2 * count; i++)
		records[n + i] = (struct trace_record){
			.train = { .start_ns = at_s * S, .last_out_ns = at_s * S, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
			           .port = (uint16_t)(2000 + i / 2), .flow = n + i, .protocol = PROTO_UDP, .flags = SEG_FIRST | SEG_LAST },
		};
	return n + 2 * count;
}

static struct source_tail tail_of(struct trace_host *hosts, uint32_t count, struct trace_record *records, bool circle,
                                  int64_t length_s)
{
	struct trace t = { .duration_ns = length_s * S, .hosts = hosts, .host_count = count, .records = records };
	struct source_tail tail;

	capture_tail(&t, circle, length_s * S, &holding, 1, &tail);
	return tail;
}

/* Ports, not flows; the timer; and on the circle what hangs over the end. */
static void one_host_by_hand(void **state)
{
	struct trace_record records[64];
	struct trace_host host = { .count = add(records, 0, 3, 950) };

	(void)state;
	assert_int_equal(tail_of(&host, 1, records, false, 1000).p999, 3);
	assert_int_equal(tail_of(&host, 1, records, true, 1000).p999, 3);
	/* 3 more at the start, of other ports: in use at once only on the circle, from 0 to 50 s. */
	for (uint32_t i = 0; i < host.count; i++)
		records[i].train.port = (uint16_t)(records[i].train.port + 100);
	host.count = add(records, host.count, 3, 0);
	assert_int_equal(tail_of(&host, 1, records, false, 1000).p999, 3);
	assert_int_equal(tail_of(&host, 1, records, true, 1000).p999, 6);
	/* The same ports again within the timer are the same ports. */
	for (uint32_t i = 0; i < host.count; i++)
		records[i].train.port = (uint16_t)(2000 + i % 3);
	assert_int_equal(tail_of(&host, 1, records, false, 1000).p999, 3);
	/* A flow that only came in holds none. */
	for (uint32_t i = 0; i < host.count; i++)
		records[i].train.flags |= SEG_INBOUND;
	assert_int_equal(tail_of(&host, 1, records, false, 1000).p999, 0);
}

/* A quantile of time: 0.5 s in 1000 is less than the last thousandth, 2 s are more. */
static void moments_count_by_their_length(void **state)
{
	struct trace_record records[8];
	struct trace_host host = { .count = add(records, 0, 1, 100) };

	(void)state;
	for (uint32_t i = 0; i < host.count; i++) {
		records[i].train.protocol = PROTO_TCP;
		records[i].train.first_in_ns = records[i].train.last_in_ns = 100 * S;
		records[i].train.flags |= SEG_RST;
	}
	assert_int_equal(tail_of(&host, 1, records, false, 100000).p999, 0);
	assert_int_equal(tail_of(&host, 1, records, false, 20000).p999, 1);
	/* Without the reset the port is held for 7440 s. */
	for (uint32_t i = 0; i < host.count; i++)
		records[i].train.flags &= (uint8_t)~SEG_RST;
	assert_int_equal(tail_of(&host, 1, records, false, 100000).p999, 1);
}

/* 300 hosts with a port each, one of them with 50: it may be drawn again or not,
 * and the interval says so. Were flows drawn, not hosts, 50 would hardly ever come
 * together. */
static void whole_hosts_are_drawn(void **state)
{
	struct trace_record *records = must_alloc(1000, sizeof(*records));
	struct trace_host hosts[300] = { 0 };
	struct source_tail tail;
	uint32_t n = 0;

	(void)state;
	for (uint32_t h = 0; h < 300; h++) {
		hosts[h].first = n;
		n = add(records, n, h == 17 ? 50 : 1, 0);
		hosts[h].count = n - hosts[h].first;
	}
	tail = tail_of(hosts, 300, records, false, 100);
	assert_int_equal(tail.hosts, 300);
	assert_int_equal(tail.p999, 50);
	assert_int_equal(tail.low, 1);
	assert_int_equal(tail.high, 50);
	assert_false(tail.bounded);
	/* All alike: nothing is left open. */
	hosts[17].count = 2;
	tail = tail_of(hosts, 300, records, false, 100);
	assert_true(tail.p999 == 1 && tail.low == 1 && tail.high == 1);
	free(records);
}

/* 2995 hosts are the fewest of which one is beyond the 99.9th percentile of their kind with 95%. */
static void enough_hosts_bound_their_kind(void **state)
{
	struct trace_record *records = must_alloc(3000 * 2, sizeof(*records));
	struct trace_host *hosts = must_alloc(3000, sizeof(*hosts));
	uint32_t n = 0;

	(void)state;
	for (uint32_t h = 0; h < 3000; h++) {
		hosts[h].first = n;
		n = add(records, n, 1, 0);
		hosts[h].count = n - hosts[h].first;
	}
	assert_false(tail_of(hosts, 2994, records, false, 100).bounded);
	assert_true(tail_of(hosts, 2995, records, false, 100).bounded);
	free(hosts);
	free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_host_by_hand),
		cmocka_unit_test(moments_count_by_their_length),
		cmocka_unit_test(whole_hosts_are_drawn),
		cmocka_unit_test(enough_hosts_bound_their_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
