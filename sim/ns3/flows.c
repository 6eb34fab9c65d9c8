/* What hosts do: each flow of the trace, train by train. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/ns3/flow.h"

/* A train and when it starts. */
struct start {
	int64_t at_ns;
	uint32_t record, flow;
};

int64_t flow_leaves(const struct flow *f, int64_t at_ns)
{
	int64_t at = LEAD_NS + at_ns + f->shift_ns - f->scene->config->access.delay_ns, now = ns3c_now(f->scene->sim);

	return at > now ? at : now;
}

void flow_at(struct flow *f, int64_t when_ns, void (*fn)(void *user))
{
	must(ns3c_at(f->scene->sim, when_ns, fn, f));
}

static uint32_t header_of(enum protocol protocol)
{
	return protocol == PROTO_TCP ? 40 : 28;
}

uint64_t flow_payload(const struct flow *f, uint64_t bytes, uint32_t packets, uint64_t unknown)
{
	uint64_t headers = (uint64_t)packets * header_of(f->record->train.protocol);

	return !packets ? unknown : bytes > headers ? bytes - headers : 0;
}

static void train_due(void *user)
{
	struct flow *f = user;

	if (f->record->train.protocol == PROTO_TCP)
		connection_goes_on(f);
	else
		datagrams_begin(f);
}

void flow_next_train(struct flow *f)
{
	const struct trace *t = f->scene->job->trace;

	while (f->next != NO_RECORD && t->records[f->next].train.flags & SEG_INBOUND)
		f->next = f->scene->next_record[f->next]; /* answers come when they are asked for */
	if (f->next == NO_RECORD || f->state & FLOW_LOST) {
		if (f->record->train.protocol == PROTO_UDP)
			datagrams_close(f);
		return;
	}
	f->record = &t->records[f->next];
	f->next = f->scene->next_record[f->next];
	flow_at(f, flow_leaves(f, f->record->train.start_ns), train_due);
}

/* Until when the trace has something of the flow from its host; sees whether it has anything from the other side. */
static int64_t heard_of(struct flow *f, uint32_t record)
{
	int64_t last_ns = 0;
	bool answered = false;

	for (; record != NO_RECORD; record = f->scene->next_record[record]) {
		const struct segment *t = &f->scene->job->trace->records[record].train;

		answered |= t->first_in_ns != NS_NONE;
		last_ns = t->last_out_ns > last_ns ? t->last_out_ns : last_ns;
	}
	if (!answered)
		f->state |= FLOW_SILENT;
	return last_ns;
}

static void begin(struct scene *s, const struct start *start)
{
	struct flow *f = &s->flows[start->flow];
	const struct segment *t;
	struct flow_key key;

	f->record = &s->job->trace->records[start->record];
	f->next = s->next_record[start->record];
	t = &f->record->train;
	f->cgn_port = t->port;
	key = (struct flow_key){ .subscriber = f->host->home->subscriber, .host = s->cpe ? f->host->number : HOST_CGN,
	                         .protocol = t->protocol, .port = t->port, .remote = t->remote, .remote_port = t->remote_port };
	if (s->cpe)
		f->cgn_port = 0; /* the home's NAT will say */
	flows_know(s, &key, f);
	if (t->protocol == PROTO_TCP)
		connection_begin(f, heard_of(f, start->record));
	else if (t->protocol == PROTO_ICMP || datagrams_open(f->host, t->port))
		datagrams_begin(f);
	else
		s->packets.sums[PACKETS_SOCKET_BUSY]++;
}

/* Flows begin one after the other: each calls up the next. */
static void begin_next(void *user)
{
	struct scene *s = user;
	int64_t early = LEAD_NS - s->config->access.delay_ns;

	begin(s, &s->starts[s->started++]);
	while (s->started < s->start_count && s->starts[s->started].at_ns + early <= ns3c_now(s->sim))
		begin(s, &s->starts[s->started++]);
	if (s->started < s->start_count)
		must(ns3c_at(s->sim, s->starts[s->started].at_ns + early, begin_next, s));
}

static int by_time(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->record > y->record) - (x->record < y->record);
}

/* The flows of one host of the trace: their trains in line, and when each begins. */
static void take_host(struct scene *s, const struct trace_host *h, uint32_t subscriber)
{
	const struct trace *t = s->job->trace;
	uint32_t first_flow = s->flow_count, *last = must_alloc((size_t)h->count + 1, sizeof(*last));

	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct segment *train = &t->records[i].train;
		uint32_t number = first_flow + train->flow;
		struct flow *f = &s->flows[number];

		s->next_record[i] = NO_RECORD;
		if (number >= s->flow_count)
			s->flow_count = number + 1;
		if (f->scene) {
			s->next_record[last[train->flow]] = i;
		} else {
			*f = (struct flow){ .scene = s, .host = &s->homes[subscriber].hosts[train->host], .number = number };
			s->starts[s->start_count++] = (struct start){ train->start_ns, i, number };
		}
		last[train->flow] = i;
	}
	free(last);
}

/* Flows that begin with what the other side sends cannot be offered: nobody knows a mapping there. */
static void leave_out_inbound(struct scene *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->start_count; i++)
		if (s->job->trace->records[s->starts[i].record].train.flags & SEG_INBOUND)
			s->packets.sums[PACKETS_OPENED_OUTSIDE]++;
		else
			s->starts[kept++] = s->starts[i];
	s->start_count = kept;
}

bool flows_open(struct scene *s, struct err *e)
{
	const struct trace *t = s->job->trace;
	uint32_t base = s->job->workload->inside.first + s->share.first_subscriber;
	uint64_t records = 0;

	(void)e;
	for (uint32_t i = 0; i < t->host_count; i++)
		records += t->hosts[i].address - base < s->share.subscribers ? t->hosts[i].count : 0;
	s->flows = must_alloc(records + 1, sizeof(*s->flows));
	s->starts = must_alloc(records + 1, sizeof(*s->starts));
	s->next_record = must_alloc((size_t)t->record_count + 1, sizeof(*s->next_record));
	flows_table_open(&s->table);
	for (uint32_t i = 0; i < t->host_count; i++)
		if (t->hosts[i].address - base < s->share.subscribers)
			take_host(s, &t->hosts[i], t->hosts[i].address - base);
	leave_out_inbound(s);
	if (s->start_count)
		qsort(s->starts, s->start_count, sizeof(*s->starts), by_time);
	if (s->start_count)
		must(ns3c_at(s->sim, s->starts[0].at_ns + LEAD_NS - s->config->access.delay_ns, begin_next, s));
	return true;
}

void flows_count_open(struct scene *s)
{
	for (uint32_t i = 0; i < s->flow_count; i++)
		connection_count(s, &s->flows[i]);
}

void flows_close(struct scene *s)
{
	free(s->flows);
	free(s->starts);
	free(s->next_record);
	flows_table_close(&s->table);
}
