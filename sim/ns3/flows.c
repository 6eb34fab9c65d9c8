/* What hosts do: each flow of the trace, train by train. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/ns3/flow.h"

/* A train, and when whoever sends its first packet does so, simulated. */
struct start {
	int64_t leaves_ns;
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

int64_t flow_comes(const struct flow *f, int64_t at_ns)
{
	int64_t at = LEAD_NS + at_ns + f->shift_ns - f->scene->config->core.delay_ns, now = ns3c_now(f->scene->sim);

	return at > now ? at : now;
}

/* Until when the trace has something of the flow from its host; sees whether it has anything from the other side. */
static int64_t heard_of(struct flow *f)
{
	uint32_t record = (uint32_t)(f->record - f->scene->job->trace->records);
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

/* The present train begins, by whoever speaks first in it. */
static void train_due(void *user)
{
	struct flow *f = user;
	const struct segment *t = &f->record->train;

	if (t->flags & SEG_INBOUND)
		call_begin(f);
	else if (t->protocol != PROTO_TCP)
		datagrams_begin(f);
	else if (f->state & (FLOW_OPEN | FLOW_OVER))
		connection_goes_on(f);
	else
		connection_begin(f, heard_of(f));
}

void flow_next_train(struct flow *f)
{
	const struct segment *t;

	if (f->next == NO_RECORD || f->state & FLOW_LOST) {
		if (f->record->train.protocol == PROTO_UDP)
			datagrams_close(f);
		return;
	}
	f->record = &f->scene->job->trace->records[f->next];
	f->next = f->scene->next_record[f->next];
	t = &f->record->train;
	flow_at(f, t->flags & SEG_INBOUND ? flow_comes(f, t->start_ns) : flow_leaves(f, t->start_ns), train_due);
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
	if (t->protocol == PROTO_UDP && !datagrams_open(f->host, t->port))
		s->packets.sums[PACKETS_SOCKET_BUSY]++;
	else
		train_due(f);
}

/* Flows begin one after the other: each calls up the next. */
static void begin_next(void *user)
{
	struct scene *s = user;

	while (s->started < s->start_count && s->starts[s->started].leaves_ns <= ns3c_now(s->sim))
		begin(s, &s->starts[s->started++]);
	if (s->started < s->start_count)
		must(ns3c_at(s->sim, s->starts[s->started].leaves_ns, begin_next, s));
}

static int by_time(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->leaves_ns != y->leaves_ns)
		return x->leaves_ns < y->leaves_ns ? -1 : 1;
	return (x->record > y->record) - (x->record < y->record);
}

static int64_t leaves(const struct scene *s, const struct segment *t)
{
	const struct packet_link *link = t->flags & SEG_INBOUND ? &s->config->core : &s->config->access;

	return LEAD_NS + t->start_ns - link->delay_ns;
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
			s->starts[s->start_count++] = (struct start){ leaves(s, train), i, number };
		}
		last[train->flow] = i;
	}
	free(last);
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
	if (s->start_count)
		qsort(s->starts, s->start_count, sizeof(*s->starts), by_time);
	begin_next(s);
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
