/* Trains in order of their first packet wait their turn; those under way lie in a
 * heap by the time of their next packet. Memory grows with the trains under way, beside
 * the trace itself. */
#include "traffic/replay.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/replay_mark.h"
#include "traffic/replay_packet.h"
#include "traffic/replay_plan.h"
#include "traffic/replay_train.h"
#include "traffic/wire.h"

#define FRAMES_BETWEEN_PROGRESS 65536u

/* A train that waits: one of the records, or, after them, of the IPv6 flows. */
struct waiting {
	int64_t  time_ns;
	uint32_t number;
};

struct active {
	struct train_walk walk;
	int64_t  time_ns;      /* of its next packet */
	uint32_t number, host;
	uint8_t  opening;
};

/* Of a 5-tuple. */
struct tuple_state {
	uint64_t sent[WAYS];   /* TCP: bytes since the connection's SYN */
	uint32_t next[WAYS];   /* TCP: sequence number of what comes next; ICMP: queries, replies so far */
	bool     begun, odd[WAYS]; /* odd: an odd number of packets was sent */
};

struct replaying {
	const struct trace *trace;
	const struct replay_options *options;
	struct replay_taker taker;
	struct replay_report *report;
	struct replay_builder *builder;
	struct replay_plan plan;
	struct marks marks;
	struct tuple_state *tuples;
	struct waiting *waiting;
	size_t waiting_count, next, mark;
	struct active **heap;
	size_t heap_count, heap_room;
	int64_t  end_ns;       /* about when it is all sent */
	uint16_t identification;
};

static int by_time(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static void line_up(struct replaying *r)
{
	const struct trace *t = r->trace;

	r->waiting = must_alloc((size_t)t->record_count + t->flow6_count, sizeof(*r->waiting));
	for (uint32_t i = 0; i < t->record_count; i++) {
		r->waiting[r->waiting_count++] = (struct waiting){ replay_first(&t->records[i].train), i };
	}
	for (uint32_t i = 0; i < t->flow6_count; i++) {
		r->waiting[r->waiting_count++] = (struct waiting){ t->flows6[i].first_ns, t->record_count + i };
	}
	if (r->waiting_count)
		qsort(r->waiting, r->waiting_count, sizeof(*r->waiting), by_time);
}

static bool sooner(const struct active *a, const struct active *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void heap_sink(struct replaying *r)
{
	struct active *a = r->heap[0];
	size_t at = 0;

	for (size_t child; (child = 2 * at + 1) < r->heap_count; at = child) {
		if (child + 1 < r->heap_count && sooner(r->heap[child + 1], r->heap[child]))
			child++;
		if (!sooner(r->heap[child], a))
			break;
		r->heap[at] = r->heap[child];
	}
	r->heap[at] = a;
}

static void heap_add(struct replaying *r, struct active *a)
{
	size_t at;

	if (r->heap_count == r->heap_room) {
		r->heap_room = r->heap_room ? 2 * r->heap_room : 256;
		r->heap = must_grow(r->heap, r->heap_room, sizeof(struct active *));
	}
	for (at = r->heap_count++; at && sooner(a, r->heap[(at - 1) / 2]); at = (at - 1) / 2)
		r->heap[at] = r->heap[(at - 1) / 2];
	r->heap[at] = a;
}

static uint32_t host_of(const struct trace *t, uint32_t record)
{
	uint32_t low = 0, high = t->host_count - 1;

	while (low < high) {
		uint32_t middle = low + (high - low + 1) / 2;

		if (t->hosts[middle].first <= record)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static void begin_train(struct replaying *r, uint32_t number)
{
	const struct trace *t = r->trace;
	struct active *a = must_alloc(1, sizeof(*a));
	struct train_order order;
	enum opening opening;
	enum protocol protocol;
	bool six = number >= t->record_count;

	if (!six) {
		const struct trace_record *record = &t->records[number];

		opening = (enum opening)r->plan.opening[number];
		order = replay_order(record, opening);
		protocol = (enum protocol)record->train.protocol;
		a->host = host_of(t, number);
		r->report->trains++;
		r->report->flows[protocol] += (record->train.flags & SEG_FIRST) != 0;
	} else {
		const struct trace_flow6 *f = &t->flows6[number - t->record_count];

		order = replay_order6(f, r->options->opener_only, &opening);
		protocol = (enum protocol)f->protocol;
		r->report->flows6++;
	}
	order.header = replay_header(protocol, six);
	order.full = REPLAY_MTU - order.header;
	order.limit = replay_most(six) - order.header;
	r->report->resized += !train_begin(&a->walk, &order);
	a->number = number;
	a->opening = (uint8_t)opening;
	a->time_ns = train_time(&a->walk);
	if (a->time_ns == NS_NEVER)
		free(a);
	else
		heap_add(r, a);
}

static bool send(struct replaying *r, int64_t time_ns, const uint8_t *bytes, size_t length, struct err *e)
{
	struct replay_report *report = r->report;

	report->frames++;
	report->bytes += length;
	report->last_ns = time_ns;
	if (r->options->progress && report->frames % FRAMES_BETWEEN_PROGRESS == 0)
		r->options->progress(r->options->progress_context, r->end_ns > time_ns ? (double)time_ns / (double)r->end_ns : 1,
		                     report->frames);
	return r->taker.frame(r->taker.context, time_ns, bytes, length, e);
}

static bool send_mark(struct replaying *r, int64_t time_ns, struct err *e)
{
	size_t length;
	const uint8_t *frame = replay_build_mark(r->builder, &length, e);

	r->report->marks++;
	return frame && send(r, time_ns, frame, length, e);
}

/* Homes are numbered as they are first seen, so the first to be seen are they all. */
static bool send_homes(struct replaying *r, struct err *e)
{
	const struct trace *t = r->trace;
	uint32_t homes = 0;

	for (uint32_t h = 0; h < t->host_count; h++)
		homes += t->hosts[h].inner_count > 0;
	for (uint32_t h = 0; h < t->host_count && homes > 1; h++) {
		size_t length;
		const uint8_t *frame;

		if (!t->hosts[h].inner_count)
			continue;
		frame = replay_build_home(r->builder, t->hosts[h].home, &length, e);
		r->report->marks++;
		if (!frame || !send(r, 0, frame, length, e))
			return false;
	}
	return true;
}

static void set_ends(struct replay_packet *p, const struct trace *t, const struct active *a)
{
	if (a->number < t->record_count) {
		const struct segment *s = &t->records[a->number].train;
		const struct trace_host *h = &t->hosts[a->host];
		uint32_t inside = h->inner_count ? t->inner[h->first_inner + s->host] : h->address;

		p->protocol = (enum protocol)s->protocol;
		p->source = p->outbound ? inside : s->remote;
		p->destination = p->outbound ? s->remote : inside;
		p->source_port = p->outbound || s->protocol == PROTO_ICMP ? s->port : s->remote_port;
		p->destination_port = p->outbound ? s->remote_port : s->port;
		p->tunnel = h->inner_count ? h->home : NULL;
	} else {
		const struct trace_flow6 *f = &t->flows6[a->number - t->record_count];

		p->six = true;
		p->protocol = (enum protocol)f->protocol;
		p->source6 = p->outbound ? f->inside : f->remote;
		p->destination6 = p->outbound ? f->remote : f->inside;
		p->source_port = p->outbound || f->protocol == PROTO_ICMP ? f->port : f->remote_port;
		p->destination_port = p->outbound ? f->remote_port : f->port;
	}
}

/* Both ways begin anywhere, but always at the same place. */
static void begin_tuple(struct tuple_state *s, const struct replay_packet *p, uint32_t number)
{
	s->begun = true;
	if (p->protocol != PROTO_TCP)
		return;
	for (int way = 0; way < WAYS; way++)
		s->next[way] = (uint32_t)mix64(number, (uint64_t)way);
}

static void set_tcp(struct replay_packet *p, struct tuple_state *s, const struct train_step *step, const struct active *a)
{
	bool opens = step->syn && a->opening == (step->way == WAY_OUT ? OPENED_OUT : OPENED_IN);

	if (step->syn)
		s->sent[step->way] = 0;
	p->position = s->sent[step->way];
	s->sent[step->way] += step->payload;
	p->sequence = s->next[step->way];
	p->acknowledgement = opens ? 0 : s->next[!step->way];
	p->tcp_flags = (uint8_t)((step->syn ? WIRE_TCP_SYN : 0) | (step->fin ? WIRE_TCP_FIN : 0) | (step->reset ? WIRE_TCP_RST : 0) |
	                         (opens ? 0 : WIRE_TCP_ACK) | (step->payload ? REPLAY_TCP_PUSH : 0));
	p->window = (uint16_t)(UINT16_MAX - s->odd[step->way]); /* an empty segment like the one before asks for a retransmission */
	s->odd[step->way] = !s->odd[step->way];
	s->next[step->way] += step->payload + step->syn + step->fin;
}

static bool send_step(struct replaying *r, struct active *a, const struct train_step *step, struct err *e)
{
	const struct trace *t = r->trace;
	uint32_t tuple = a->number < t->record_count ? r->plan.tuple[a->number] : r->plan.tuple6[a->number - t->record_count];
	struct tuple_state *s = &r->tuples[tuple];
	struct replay_packet p = { .outbound = step->way == WAY_OUT, .payload = step->payload, .options = step->options,
		                   .identification = r->identification++ };
	const uint8_t *frame;
	size_t length;

	set_ends(&p, t, a);
	if (!s->begun)
		begin_tuple(s, &p, tuple);
	if (p.protocol == PROTO_TCP) {
		set_tcp(&p, s, step, a);
	} else {
		p.sequence = ++s->next[step->way];
		p.reply = a->opening == OPENED_IN ? p.outbound : !p.outbound;
	}
	r->report->packets[p.protocol] += !p.six;
	r->report->packets6 += p.six;
	frame = replay_build(r->builder, &p, &length, e);
	return frame && send(r, step->time_ns, frame, length, e);
}

/* Takes the next step of the train whose turn it is. */
static bool advance(struct replaying *r, struct err *e)
{
	struct active *a = r->heap[0];
	struct train_step step;

	must(train_next(&a->walk, &step));
	a->time_ns = train_time(&a->walk);
	if (!send_step(r, a, &step, e))
		return false;
	if (a->time_ns == NS_NEVER) {
		r->heap[0] = r->heap[--r->heap_count];
		free(a);
	}
	if (r->heap_count)
		heap_sink(r);
	return true;
}

static bool run(struct replaying *r, struct err *e)
{
	if (!send_homes(r, e))
		return false;
	for (;;) {
		int64_t mark_ns = r->mark < r->marks.count ? r->marks.times_ns[r->mark] : NS_NEVER;
		int64_t train_ns = r->next < r->waiting_count ? r->waiting[r->next].time_ns : NS_NEVER;
		int64_t packet_ns = r->heap_count ? r->heap[0]->time_ns : NS_NEVER;
		int64_t now_ns = packet_ns < train_ns ? packet_ns : train_ns;

		now_ns = mark_ns < now_ns ? mark_ns : now_ns;
		if (now_ns == NS_NEVER || now_ns > r->options->until_ns)
			break;
		if (train_ns == now_ns) {
			begin_train(r, r->waiting[r->next++].number);
		} else if (mark_ns == now_ns) {
			r->mark++;
			if (!send_mark(r, mark_ns, e))
				return false;
		} else if (!advance(r, e)) {
			return false;
		}
	}
	/* what was cut off there was as long as that */
	return r->report->last_ns >= r->options->until_ns || r->options->until_ns > r->trace->duration_ns ||
	       send_mark(r, r->options->until_ns, e);
}

bool replay(const struct trace *t, const struct replay_options *options, struct replay_taker taker,
            struct replay_report *report, struct err *e)
{
	struct replaying r = { .trace = t, .options = options, .taker = taker, .report = report };
	bool good;

	*report = (struct replay_report){ 0 };
	r.builder = replay_builder_create(e);
	if (!r.builder)
		return false;
	replay_plan_make(&r.plan, t, options->opener_only);
	marks_make(&r.marks, t, &r.plan);
	r.tuples = must_alloc(r.plan.tuples, sizeof(*r.tuples));
	line_up(&r);
	r.end_ns = options->until_ns < t->duration_ns ? options->until_ns : t->duration_ns;
	report->unclosed = r.plan.unclosed;
	report->merged = r.plan.merged;
	report->seams_lost = r.marks.seams_lost;
	good = run(&r, e);
	for (size_t i = 0; i < r.heap_count; i++)
		free(r.heap[i]);
	free(r.heap);
	free(r.waiting);
	free(r.tuples);
	marks_clear(&r.marks);
	replay_plan_clear(&r.plan);
	replay_builder_destroy(r.builder);
	return good;
}
