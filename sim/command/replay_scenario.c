#include "sim/command/replay_scenario.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/record.h"
#include "sim/world/crossing.h"

/* A train on its way into the trace. */
struct passed {
	struct segment train;  /* port: as on this side */
	uint32_t host;         /* address on this side */
	uint32_t own;          /* the flow's own number, of its source */
};

struct gathered {
	struct passed *items;
	size_t count, room;
	struct replay_scenario *report;
	const struct workload *workload;
};

static void gather(void *context, const struct crossing_step *step)
{
	struct gathered *g = context;
	struct replay_scenario *r = g->report;
	bool inside = !r->outside;
	struct passed *p;

	if (step->again && outcome_is_refusal(step->outcome))
		return;
	r->flows += !step->again && (step->seen.flags & SEG_FIRST) != 0;
	if (outcome_is_refusal(step->outcome))
		*(step->at_home ? &r->refused_home : &r->refused[step->outcome]) += 1;
	else if (!outcome_passes(step->outcome))
		r->dropped++;
	if (step->at_home || (!inside && !outcome_passes(step->outcome)))
		return;
	if (g->count == g->room) {
		g->room = g->room ? 2 * g->room : 1024;
		g->items = must_grow(g->items, g->room, sizeof(*g->items));
	}
	p = &g->items[g->count++];
	*p = (struct passed){ .train = step->seen, .host = inside ? g->workload->inside.first + step->seen.subscriber : step->outside,
		              .own = step->seen.flow };
	if (!inside) {
		p->train.port = step->number;
		p->train.host = 0;
	}
}

/* By host, then by flow (its subscriber's, on this port), then by time. */
static int by_flow(const void *a, const void *b)
{
	const struct passed *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->train.subscriber != y->train.subscriber)
		return x->train.subscriber < y->train.subscriber ? -1 : 1;
	if (x->train.source != y->train.source)
		return x->train.source < y->train.source ? -1 : 1;
	if (x->own != y->own)
		return x->own < y->own ? -1 : 1;
	if (x->train.port != y->train.port)
		return x->train.port < y->train.port ? -1 : 1;
	return (x->train.start_ns > y->train.start_ns) - (x->train.start_ns < y->train.start_ns);
}

static int by_start(const void *a, const void *b)
{
	const struct passed *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->train.start_ns != y->train.start_ns)
		return x->train.start_ns < y->train.start_ns ? -1 : 1;
	return (x->train.flow > y->train.flow) - (x->train.flow < y->train.flow);
}

static bool same_flow(const struct passed *a, const struct passed *b)
{
	return a->host == b->host && a->train.subscriber == b->train.subscriber && a->train.source == b->train.source &&
	       a->own == b->own && a->train.port == b->train.port;
}

static void number_flows(struct gathered *g)
{
	uint32_t flow = 0;

	qsort(g->items, g->count, sizeof(*g->items), by_flow);
	for (size_t i = 0; i < g->count; i++) {
		struct passed *p = &g->items[i];
		bool first = !i || !same_flow(p, p - 1);

		flow = !i || p->host != p[-1].host ? 0 : flow + first;
		p->train.flow = flow;
		p->train.flags = (uint8_t)(first ? p->train.flags | SEG_FIRST : p->train.flags & ~SEG_FIRST);
	}
	qsort(g->items, g->count, sizeof(*g->items), by_start);
}

static struct trace *trace_of(const struct gathered *g, int64_t duration_ns)
{
	struct trace *t = must_alloc(1, sizeof(*t));

	t->duration_ns = duration_ns;
	t->epoch_ns = RECORD_EPOCH_S * NS_PER_S;
	t->hosts = must_alloc(g->count, sizeof(*t->hosts));
	t->records = must_alloc(g->count, sizeof(*t->records));
	for (size_t i = 0; i < g->count; i++) {
		const struct passed *p = &g->items[i];

		if (!i || p->host != p[-1].host)
			t->hosts[t->host_count++] = (struct trace_host){ .address = p->host, .first = (uint32_t)i };
		t->hosts[t->host_count - 1].count++;
		t->records[i].train = p->train;
		t->records[i].train.subscriber = t->host_count - 1;
	}
	t->record_count = (uint32_t)g->count;
	return t;
}

struct trace *replay_scenario(const struct opened *o, const struct trial *trial, bool outside, int64_t until_ns,
                              struct replay_scenario *report, struct err *e)
{
	const struct workload *w = &o->scenario->workload;
	int64_t end_ns = w->warmup_ns + w->duration_ns;
	struct gathered g = { .report = report, .workload = w };
	struct trace *t = NULL;

	*report = (struct replay_scenario){ .scheme = trial->name, .outside = outside };
	end_ns = until_ns < end_ns ? until_ns : end_ns;
	if (crossing_run(w, o->sources, &o->facts, trial, end_ns, gather, &g, e)) {
		if (g.count < UINT32_MAX / 2) {
			if (g.count)
				number_flows(&g);
			t = trace_of(&g, end_ns);
		} else {
			fail(e, "%s: too many trains to replay (2,147,483,647 and more): --seconds makes it shorter", o->scenario->name);
		}
	}
	free(g.items);
	return t;
}
