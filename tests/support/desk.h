/* desk - packets put into a flow table, and the trace that comes of them. Header
 * only, for tests; it includes cmocka.h, and so comes after our own. */
#ifndef TESTS_SUPPORT_DESK_H
#define TESTS_SUPPORT_DESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/must.h"
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

static inline struct desk *desk(void)
{
	struct desk *d = must_alloc(1, sizeof(*d));

	d->assembler = assembler_create(&d->rules);
	d->table = flows_create(assembler_sink(d->assembler));
	return d;
}

static inline enum reason put(struct desk *d, const struct wire_packet *p, enum reason seen, int64_t time_ns)
{
	assert_true(timeline_add(&d->timeline, time_ns));
	return flows_add(d->table, p, (struct flow_via){ .tunnel = TUNNEL_NONE }, 0, seen, time_ns);
}

static inline enum reason add(struct desk *d, int64_t ms, uint32_t from, uint16_t port, uint32_t to, uint16_t to_port,
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
static inline struct trace *done(struct desk *d, int64_t last_ms, struct assembly *a)
{
	struct err e = ERR_INIT;
	struct trace *trace;

	assert_true(timeline_add(&d->timeline, 0));
	assert_true(timeline_add(&d->timeline, last_ms * NS_PER_MS));
	timeline_close(&d->timeline);
	flows_finish(d->table);
	trace = assembler_finish(d->assembler, &d->timeline, NULL, a, &e);
	assert_non_null(trace);
	flows_destroy(d->table);
	assembler_destroy(d->assembler);
	timeline_clear(&d->timeline);
	free(d);
	return trace;
}

static inline int64_t ms(int64_t ns)
{
	return ns == NS_NONE ? -1 : ns / NS_PER_MS;
}

#endif
