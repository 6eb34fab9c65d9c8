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

static int by_tuple(const void *a, const void *b)
{
	const struct flow_train *x = a, *y = b;
	int order = memcmp(x, y, offsetof(struct flow_train, marks)); /* addresses, tunnel, ports, protocol, version */

	if (order)
		return order;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? -1 : 1;
	return memcmp(x, y, sizeof(*x));
}

static bool same_tuple(const struct flow_train *a, const struct flow_train *b)
{
	return !memcmp(a, b, offsetof(struct flow_train, marks));
}

static int by_first(const void *a, const void *b)
{
	const struct placed6 *x = a, *y = b;
	int order;

	if (x->flow.first_ns != y->flow.first_ns)
		return x->flow.first_ns < y->flow.first_ns ? -1 : 1;
	order = memcmp(&x->flow, &y->flow, sizeof(x->flow)); /* by address: numbers depend on who was seen first */
	return order ? order : (x->number > y->number) - (x->number < y->number);
}

struct assembler *assembler_create(const struct assembly_rules *rules)
{
	struct assembler *a = must_alloc(1, sizeof(*a));

	a->rules = rules;
	a->trains = spool_create(sizeof(struct flow_train), by_tuple, MEMORY);
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
	spool_destroy(a->placed);
	spool_destroy(a->flows6);
	spool_destroy(a->spans);
	spool_destroy(a->trace_spans);
	free(a->group);
	free(a);
}

static void take_train(void *context, const struct flow_train *t)
{
	struct assembler *a = context;

	*(struct flow_train *)spool_add(a->trains) = *t;
}

struct flow_sink assembler_sink(struct assembler *a)
{
	return (struct flow_sink){ .context = a, .train = take_train };
}

static bool finish_tuples(struct assembler *a, struct err *e)
{
	const struct flow_train *t;

	if (!spool_sort(a->trains, e))
		return false;
	while ((t = spool_next(a->trains))) {
		if (a->group_count && !same_tuple(a->group, t)) {
			assemble_tuple(a);
			a->group_count = 0;
		}
		if (a->group_count == a->group_room) {
			a->group_room = a->group_room ? 2 * a->group_room : 64;
			a->group = must_grow(a->group, a->group_room, sizeof(*a->group));
		}
		a->group[a->group_count++] = *t;
	}
	if (a->group_count)
		assemble_tuple(a);
	return spool_good(a->trains, e);
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

struct home_names {
	const struct assembler *a;
	uint8_t bytes[16];
};

static const uint8_t *home_address(void *context, uint32_t home)
{
	struct home_names *names = context;

	memcpy(names->bytes, flows_address6(names->a->table, home), 16);
	if (names->a->rules->anonymiser)
		anonymise6(names->a->rules->anonymiser, names->bytes, names->bytes);
	return names->bytes;
}

struct trace *assembler_finish(struct assembler *a, const struct flow_table *flows, const struct timeline *timeline,
                               struct trace_writer *writer, struct assembly *out, struct err *e)
{
	struct trace *t = must_alloc(1, sizeof(*t));
	struct assembly_output to = { .trace = t, .writer = writer, .spans = a->trace_spans };
	struct home_names names = { .a = a };
	bool good;

	*out = (struct assembly){ 0 };
	a->table = flows;
	a->timeline = timeline;
	a->out = out;
	t->epoch_ns = timeline->count ? timeline->parts[0].first_ns : 0;
	t->duration_ns = timeline->total_ns;
	t->silence_ns = SILENCE;
	t->anonymised = a->rules->anonymiser != NULL;
	memcpy(t->split_ns, a->rules->split_ns, sizeof(t->split_ns));
	good = finish_tuples(a, e);
	spool_destroy(a->trains);
	a->trains = NULL;
	to.majority = a->majority;
	good = good && spool_sort(a->placed, e) && assemble_hosts(a->placed, home_address, &names, &to, out, e) &&
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
