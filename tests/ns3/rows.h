/* rows - flows by hand, run through the packet world, and what it said of them. */
#ifndef TESTS_NS3_ROWS_H
#define TESTS_NS3_ROWS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/ns3/packet_world.h"
#include "sim/scenario/scenario.h"
#include "sim/world/events.h"
#include "sim/world/watch.h"

#define S NS_PER_S
#define ROWS_MOST 8
#define SERVER UINT32_C(0xc6336401) /* 198.51.100.1 */

/* A flow of one train, or a train more of the one before it. */
struct row {
	uint32_t subscriber;
	enum protocol protocol;
	int64_t from_s, to_s;
	uint16_t port, remote_port;
	uint32_t remote;
	uint32_t bytes_out, bytes_in; /* of all packets each way; 0: not known; NOTHING_IN: none came */
	uint32_t packets_in;          /* 0: one, if bytes_in are known */
	uint8_t  flags;               /* but for first and last; 0: of TCP both SYNs and FINs */
	bool     again;               /* of the flow of the row before it */
};
#define NOTHING_IN UINT32_MAX
#define ROW(subscriber, protocol, from, to, port, remote_port, remote, out, in) \
	{ subscriber, protocol, from, to, port, remote_port, remote, out, in, 0, 0, false }

/* What the CGN said of each flow's first packet, and of those after it that made a mapping or were refused. */
struct seen {
	struct { uint32_t flow; enum outcome outcome; unsigned sight; int64_t at_ns; } trains[64];
	int count;
	struct packets packets;
};

static inline void take_event(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

static inline void take_train(void *context, const struct segment *train, const struct verdict *v, unsigned sight)
{
	struct seen *seen = context;

	must(seen->count < 64);
	seen->trains[seen->count].flow = train->flow;
	seen->trains[seen->count].outcome = v->outcome;
	seen->trains[seen->count].sight = sight;
	seen->trains[seen->count++].at_ns = train->start_ns;
}

static inline struct trace_record record_of(const struct row *r, uint32_t flow)
{
	const uint8_t whole = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN;
	bool nothing_in = r->bytes_in == NOTHING_IN, nothing_out = r->flags & SEG_INBOUND;

	return (struct trace_record){
		.train = {
			.start_ns = r->from_s * S, .last_out_ns = nothing_out ? NS_NONE : r->to_s * S,
			.first_in_ns = nothing_in ? NS_NONE : r->from_s * S, .last_in_ns = nothing_in ? NS_NONE : r->to_s * S,
			.subscriber = r->subscriber, .flow = flow, .remote = r->remote ? r->remote : SERVER,
			.remote_port = r->protocol == PROTO_ICMP ? 0 : r->remote_port, .port = r->port, .protocol = (uint8_t)r->protocol,
			.flags = (uint8_t)(SEG_LAST | (r->again ? 0 : SEG_FIRST) | (r->flags ? r->flags : r->protocol == PROTO_TCP ? whole : 0)),
		},
		.packets_out = r->bytes_out != 0,
		.packets_in = r->packets_in ? r->packets_in : r->bytes_in && !nothing_in,
		.bytes_out = r->bytes_out, .bytes_in = nothing_in ? 0 : r->bytes_in,
	};
}

static inline struct trace *trace_of(const struct row *rows, uint32_t count, uint32_t subscribers, const struct workload *w)
{
	struct trace *t = must_alloc(1, sizeof(*t));

	t->duration_ns = w->warmup_ns + w->duration_ns;
	t->hosts = must_alloc(subscribers, sizeof(*t->hosts));
	t->records = must_alloc(count, sizeof(*t->records));
	for (uint32_t k = 0; k < subscribers; k++) {
		struct trace_host *h = &t->hosts[t->host_count++];
		uint32_t flows = 0;

		*h = (struct trace_host){ .address = w->inside.first + k, .first = t->record_count };
		for (uint32_t i = 0; i < count; i++) {
			const struct row *r = &rows[i];
			struct trace_record *last = t->records + t->record_count - 1;

			if (r->subscriber != k)
				continue;
			if (r->again)
				last->train.flags &= (uint8_t)~SEG_LAST;
			else
				t->flows[r->protocol]++;
			t->records[t->record_count++] = record_of(r, r->again ? last->train.flow : flows++);
			h->count++;
		}
	}
	return t;
}

/* Runs the rows; `more` are keys of the scenario, ' for ". */
static inline struct seen run_rows(const struct row *rows, uint32_t count, uint32_t subscribers, const char *more)
{
	char *text = must_printf("{'duration':'300s','warmup':0,'subscribers':{'count':%u},'pool':{'prefixes':['192.0.2.1/32']}%s%s}",
	                         subscribers, *more ? "," : "", more);
	char section[] = "/tmp/cgnsim-section-XXXXXX", *joined;
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
	joined = must_printf("%s.events", section);
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

static inline uint64_t sum(const struct seen *seen, enum packet_sum which)
{
	return seen->packets.sums[which];
}

#define NAT44 "'access':'nat44'"

#endif
