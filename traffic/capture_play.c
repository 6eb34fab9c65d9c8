/* The trains of the source `capture`, subscriber by subscriber, in order of time:
 * capture.c tells the rules. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "traffic/capture_source.h"

#define EPHEMERAL_FIRST 1024u
#define EPHEMERAL_COUNT 64512u /* 1024 .. 65535 */
#define LAP_STRIDE 7919u

/* Where a subscriber is in its host's trains. */
struct cursor {
	int64_t  shift_ns;   /* simulated time = trace time + shift */
	uint32_t host;
	uint32_t next;       /* of the host's records */
	uint32_t lap;
};

struct source_stream {
	const struct source *source;
	struct source_setting setting;
	uint32_t first;
	struct cursor *cursors;
	struct queue *queue; /* the next train of each subscriber that has one */
};

bool capture_draw_host(const struct source *s, const struct source_setting *setting, uint32_t subscriber, uint32_t *host,
                       int64_t *phase_ns)
{
	const struct trace *t = s->trace;
	struct rng r;
	bool active;

	rng_seed(&r, mix64(mix64(mix64(mix64(setting->seed, setting->replication), RNG_HOST), setting->index), subscriber));
	active = rng_unit(&r) < s->config->active_share;
	*host = rng_below(&r, t->host_count);
	*phase_ns = (int64_t)(rng_unit(&r) * (double)s->length_ns);
	if (s->config->scale == SCALE_REPLAY) {
		active = subscriber < t->host_count;
		*host = subscriber;
	}
	if (s->config->extend == EXTEND_ONCE)
		*phase_ns = 0;
	return active;
}

/* The host's first record that starts at or after a time of the trace. */
static uint32_t first_after(const struct trace *t, const struct trace_host *h, int64_t time_ns)
{
	uint32_t low = 0, high = h->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (t->records[h->first + middle].train.start_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool cursor_begin(const struct source *s, const struct source_setting *setting, uint32_t subscriber,
                         struct cursor *c)
{
	const struct trace *t = s->trace;
	uint32_t host;
	int64_t phase_ns;

	if (!capture_draw_host(s, setting, subscriber, &host, &phase_ns) || !t->hosts[host].count)
		return false;
	*c = (struct cursor){
		.shift_ns = -phase_ns,
		.host = host,
		.next = first_after(t, &t->hosts[host], phase_ns),
	};
	return true;
}

/* Queues the train at the cursor, on the next lap if this one is over. */
static void enqueue(struct source_stream *st, uint32_t which)
{
	const struct source *s = st->source;
	struct cursor *c = &st->cursors[which];
	const struct trace_host *h = &s->trace->hosts[c->host];
	int64_t time_ns;

	if (c->next == h->count) {
		if (s->config->extend == EXTEND_ONCE)
			return;
		c->next = 0;
		c->lap++;
		c->shift_ns += s->length_ns;
	}
	time_ns = s->trace->records[h->first + c->next].train.start_ns + c->shift_ns;
	if (time_ns < st->setting.end_ns)
		queue_push(st->queue, time_ns, which);
}

struct source_stream *capture_stream(const struct source *s, const struct source_setting *setting, uint32_t first,
                                     uint32_t count)
{
	struct source_stream *st = must_alloc(1, sizeof(*st));

	st->source = s;
	st->setting = *setting;
	st->first = first;
	st->cursors = must_alloc(count, sizeof(*st->cursors));
	st->queue = queue_create();
	for (uint32_t i = 0; i < count; i++)
		if (cursor_begin(s, setting, first + i, &st->cursors[i]))
			enqueue(st, i);
	return st;
}

static uint16_t lap_port(uint16_t port, uint32_t lap)
{
	uint64_t at;

	if (port < EPHEMERAL_FIRST)
		return port;
	at = port - EPHEMERAL_FIRST + (uint64_t)lap * LAP_STRIDE;
	return (uint16_t)(EPHEMERAL_FIRST + at % EPHEMERAL_COUNT);
}

/* A time within a train, in simulated time: not after the lap's end, nor before
 * the run's start (an inbound packet may come before the train's first of ours). */
static int64_t moved(const struct source *s, const struct cursor *c, int64_t trace_ns)
{
	if (s->config->extend == EXTEND_LOOP && trace_ns > s->length_ns)
		trace_ns = s->length_ns;
	return capture_later(trace_ns + c->shift_ns, 0);
}

static void emit(const struct source_stream *st, uint32_t which, struct segment *out)
{
	const struct source *s = st->source;
	const struct cursor *c = &st->cursors[which];
	const struct trace_host *h = &s->trace->hosts[c->host];
	const struct segment *train = &s->trace->records[h->first + c->next].train;
	int64_t before_ns = s->before_ns[h->first + c->next];

	*out = *train;
	out->start_ns = train->start_ns + c->shift_ns;
	if (train->last_out_ns != NS_NONE)
		out->last_out_ns = moved(s, c, train->last_out_ns);
	if (train->first_in_ns != NS_NONE) {
		out->first_in_ns = moved(s, c, train->first_in_ns);
		out->last_in_ns = moved(s, c, train->last_in_ns);
	}
	out->subscriber = st->first + which;
	out->flow = c->lap * s->host_flows[c->host] + train->flow; /* wraps after 2^32 flows of one subscriber */
	out->source = st->setting.index;
	if (s->config->extend == EXTEND_LOOP)
		out->port = lap_port(train->port, c->lap);
	if (c->lap == 0 && before_ns != NS_NONE && before_ns + c->shift_ns < 0)
		out->flags |= SEG_FIRST; /* what came before it lies before the phase */
}

bool capture_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	int64_t time_ns;
	uint32_t which;

	while (queue_next(st->queue) < until_ns && queue_pop(st->queue, &time_ns, &which)) {
		emit(st, which, segments_add(out));
		st->cursors[which].next++;
		enqueue(st, which);
	}
	return queue_count(st->queue) > 0;
}

uint64_t capture_left_out(const struct source_stream *st)
{
	(void)st;
	return 0; /* a captured socket is never refused */
}

void capture_end(struct source_stream *st)
{
	queue_destroy(st->queue);
	free(st->cursors);
	free(st);
}
