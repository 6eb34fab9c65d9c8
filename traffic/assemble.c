/* Trains are sorted by flow; each flow's are put in order, joined, split, and
 * given to a host (assemble_tuple.c); then they are sorted again, by host
 * (assemble_host.c). */
#include "traffic/assemble.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/assemble_host.h"
#include "traffic/assemble_tuple.h"

enum { MEMORY = 8 << 20, MEMORY_SPANS = 2 << 20 }; /* of a spool */

#define TUPLE offsetof(struct flow_train, marks)

static int by_time(const struct flow_train *x, const struct flow_train *y)
{
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

static int by_tuple(const void *a, const void *b)
{
	const struct flow_train *x = a, *y = b;
	int order = memcmp(x, y, TUPLE); /* addresses, tunnel, ports, protocol, version */

	return order ? order : by_time(x, y);
}

/* The tuple first: which end of a tunnel comes first hangs on the AFTR's address, and flows are numbered in this order. */
static int by_ends(const void *a, const void *b)
{
	const struct wide_train *x = a, *y = b;
	int order = memcmp(&x->train, &y->train, TUPLE);

	if (!order)
		order = memcmp(&x->ends, &y->ends, sizeof(x->ends));
	return order ? order : by_time(&x->train, &y->train);
}

static int by_first(const void *a, const void *b)
{
	const struct placed6 *x = a, *y = b;
	int order;

	if (x->flow.first_ns != y->flow.first_ns)
		return x->flow.first_ns < y->flow.first_ns ? -1 : 1;
	order = memcmp(&x->flow, &y->flow, sizeof(x->flow));
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

struct assembler *assembler_create(const struct assembly_rules *rules)
{
	struct assembler *a = must_alloc(1, sizeof(*a));

	a->rules = rules;
	a->trains = spool_create(sizeof(struct flow_train), by_tuple, MEMORY);
	a->wide = spool_create(sizeof(struct wide_train), by_ends, MEMORY);
	a->placed = spool_create(sizeof(struct placed), placed_compare, MEMORY);
	a->flows6 = spool_create(sizeof(struct placed6), by_first, MEMORY);
	a->spans = spool_create(sizeof(struct span_end), span_compare, MEMORY_SPANS);
	a->trace_spans = spool_create(sizeof(struct span_end), span_compare, MEMORY_SPANS);
	return a;
}

void assembler_destroy(struct assembler *a)
{
	if (!a)
		return;
	spool_destroy(a->trains);
	spool_destroy(a->wide);
	spool_destroy(a->placed);
	spool_destroy(a->flows6);
	spool_destroy(a->spans);
	spool_destroy(a->trace_spans);
	free(a->group);
	free(a);
}

static void take_train(void *context, const struct flow_train *t, const struct flow_ends *ends)
{
	struct assembler *a = context;

	if (ends)
		*(struct wide_train *)spool_add(a->wide) = (struct wide_train){ *ends, *t };
	else
		*(struct flow_train *)spool_add(a->trains) = *t;
}

struct flow_sink assembler_sink(struct assembler *a)
{
	return (struct flow_sink){ .context = a, .train = take_train };
}

/* The group so far is all that there is of its tuple. */
static void group_finish(struct assembler *a)
{
	if (a->group_count)
		assemble_tuple(a);
	a->group_count = 0;
}

static void group_add(struct assembler *a, const struct flow_train *t)
{
	if (a->group_count && memcmp(a->group, t, TUPLE))
		group_finish(a);
	if (a->group_count == a->group_room) {
		a->group_room = a->group_room ? 2 * a->group_room : 64;
		a->group = must_grow(a->group, a->group_room, sizeof(*a->group));
	}
	a->group[a->group_count++] = *t;
}

static bool finish_tuples(struct assembler *a, struct err *e)
{
	const struct flow_train *t;

	if (!spool_sort(a->trains, e))
		return false;
	while ((t = spool_next(a->trains)))
		group_add(a, t);
	group_finish(a);
	return spool_good(a->trains, e);
}

static bool finish_wide_tuples(struct assembler *a, struct err *e)
{
	const struct wide_train *t;
	struct flow_ends ends = { 0 };

	if (!spool_sort(a->wide, e))
		return false;
	a->ends = &ends;
	while ((t = spool_next(a->wide))) {
		if (memcmp(&t->ends, &ends, sizeof(ends)))
			group_finish(a);
		ends = t->ends;
		group_add(a, &t->train);
	}
	group_finish(a);
	a->ends = NULL;
	return spool_good(a->wide, e);
}

static bool finish_flows6(struct assembler *a, struct assembly_output *to, struct err *e)
{
	struct trace *t = to->trace;
	const struct placed6 *p;

	if (!spool_sort(a->flows6, e))
		return false;
	while ((p = spool_next(a->flows6))) {
		if (to->writer) {
			trace_writer_flow6(to->writer, &p->flow);
		} else {
			if (t->flow6_count == to->flow6_room) {
				to->flow6_room = to->flow6_room ? 2 * to->flow6_room : 64;
				t->flows6 = must_grow(t->flows6, to->flow6_room, sizeof(*t->flows6));
			}
			t->flows6[t->flow6_count] = p->flow;
		}
		t->flow6_count++;
	}
	return spool_good(a->flows6, e);
}

/* What is sorted first goes before the next is. */
static bool finish_trains(struct assembler *a, struct err *e)
{
	bool good = finish_tuples(a, e);

	spool_destroy(a->trains);
	a->trains = NULL;
	good = good && finish_wide_tuples(a, e);
	spool_destroy(a->wide);
	a->wide = NULL;
	return good;
}

struct trace *assembler_finish(struct assembler *a, const struct timeline *timeline, struct trace_writer *writer,
                               struct assembly *out, struct err *e)
{
	struct trace *t = must_alloc(1, sizeof(*t));
	struct assembly_output to = { .trace = t, .writer = writer, .spans = a->trace_spans };
	bool good;

	*out = (struct assembly){ 0 };
	a->timeline = timeline;
	a->out = out;
	t->epoch_ns = timeline->count ? timeline->parts[0].first_ns : 0;
	t->duration_ns = timeline->total_ns;
	t->silence_ns = SILENCE;
	t->anonymised = a->rules->anonymiser != NULL;
	memcpy(t->split_ns, a->rules->split_ns, sizeof(t->split_ns));
	good = finish_trains(a, e);
	to.majority = a->majority;
	good = good && spool_sort(a->placed, e) && assemble_hosts(a->placed, &to, out, e) &&
	       finish_flows6(a, &to, e) && span_peak(a->spans, &out->peak_flows, e) &&
	       span_peak(a->trace_spans, &t->peak_flows, e);
	if (to.majority_flows * 2 > t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP])
		out->busiest_remote_flows = to.majority_flows;
	if (!good) {
		trace_destroy(t);
		t = NULL;
	}
	return t;
}
