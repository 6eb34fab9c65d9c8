#include "sim/world/workload_trace.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/workload.h"

struct key {
	uint64_t flow;   /* its id */
	size_t record;
};

static int by_flow(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

static uint64_t id_of(const struct segment *train)
{
	return (uint64_t)train->source << 32 | train->flow;
}

/* One more flow of the host that is made. */
static void add_flow(struct workload_flows *flows, uint64_t id)
{
	if (flows->count == flows->room) {
		flows->room = flows->room ? flows->room * 2 : 1024;
		flows->ids = must_grow(flows->ids, flows->room, sizeof(*flows->ids));
	}
	flows->ids[flows->count++] = id;
}

/* A trace numbers a host's flows from 0 without a gap, in the order of their sources' numbers. */
static void number_flows(struct trace *t, struct trace_record *records, size_t count, struct workload_flows *flows)
{
	struct key *keys = must_alloc(count, sizeof(*keys));
	uint32_t flow = 0;

	for (size_t i = 0; i < count; i++)
		keys[i] = (struct key){ id_of(&records[i].train), i };
	qsort(keys, count, sizeof(*keys), by_flow);
	for (size_t i = 0; i < count; i++) {
		struct segment *train = &records[keys[i].record].train;

		if (i && keys[i].flow != keys[i - 1].flow)
			flow++;
		if (!i || keys[i].flow != keys[i - 1].flow) {
			t->flows[train->protocol]++;
			add_flow(flows, keys[i].flow);
		}
		train->flow = flow;
		train->source = 0;
	}
	free(keys);
}

static uint8_t close_of(const struct segment *train)
{
	if (train->flags & SEG_RST)
		return CLOSE_RESET;
	if (train->flags & SEG_FIN_OUT && train->flags & SEG_FIN_IN)
		return CLOSE_FIN;
	return train->flags & (SEG_FIN_OUT | SEG_FIN_IN) ? CLOSE_HALF : CLOSE_NONE;
}

/* All trains of one subscriber, after those of the subscribers before. */
static void add_host(struct trace *t, const struct workload *w, const struct traffic_sources *sources, uint32_t subscriber,
                     size_t *room, struct workload_flows *flows)
{
	struct workload_stream *stream = workload_stream(sources, 0, subscriber, 1);
	struct segments trains = { 0 };

	workload_next(stream, w->warmup_ns + w->duration_ns, &trains);
	flows->left_out[subscriber] = workload_left_out(stream);
	workload_end(stream);
	t->hosts[t->host_count++] = (struct trace_host){ .address = w->inside.first + subscriber, .first = t->record_count,
	                                                 .count = (uint32_t)trains.count };
	if (*room < t->record_count + trains.count) {
		*room = (t->record_count + trains.count) * 2;
		t->records = must_grow(t->records, *room, sizeof(*t->records));
	}
	for (size_t i = 0; i < trains.count; i++)
		t->records[t->record_count + i] = (struct trace_record){
			.train = trains.items[i],
			.close = trains.items[i].protocol == PROTO_TCP ? close_of(&trains.items[i]) : CLOSE_NONE,
		};
	flows->first[subscriber] = flows->count;
	number_flows(t, t->records + t->record_count, trains.count, flows);
	flows->first[subscriber + 1] = flows->count;
	t->record_count += (uint32_t)trains.count;
	free(trains.items);
}

static int64_t end_of(const struct segment *train)
{
	return train->last_out_ns > train->last_in_ns ? train->last_out_ns : train->last_in_ns;
}

/* From each flow's first train to its last. */
static uint64_t peak_of(const struct trace *t)
{
	int64_t *first = must_alloc(t->record_count, sizeof(*first));
	int64_t *last = must_alloc(t->record_count, sizeof(*last));
	uint64_t peak;
	size_t n = 0;

	for (uint32_t h = 0; h < t->host_count; h++) {
		const struct trace_host *host = &t->hosts[h];
		size_t begin = n;

		for (uint32_t i = host->first; i < host->first + host->count; i++) {
			const struct segment *train = &t->records[i].train;
			size_t at = begin + train->flow;

			if (train->flags & SEG_FIRST) {
				first[at] = train->start_ns;
				last[at] = end_of(train);
			} else if (end_of(train) > last[at]) {
				last[at] = end_of(train);
			}
			if (at >= n)
				n = at + 1;
		}
	}
	peak = trace_peak(first, last, n);
	free(first);
	free(last);
	return peak;
}

static void open_flows(struct workload_flows *flows, uint32_t hosts)
{
	*flows = (struct workload_flows){ .hosts = hosts };
	flows->first = must_alloc((size_t)hosts + 1, sizeof(*flows->first));
	flows->left_out = must_alloc(hosts, sizeof(*flows->left_out));
}

struct trace *workload_trace(const struct workload *w, const struct traffic_sources *sources, const char *name,
                             struct workload_flows *flows, struct err *e)
{
	struct trace *t = must_alloc(1, sizeof(*t));
	struct workload_flows own;
	size_t room = 0;

	t->duration_ns = w->warmup_ns + w->duration_ns;
	t->hosts = must_alloc(w->subscribers, sizeof(*t->hosts));
	open_flows(&own, w->subscribers);
	for (uint32_t k = 0; k < w->subscribers && room <= UINT32_MAX; k++)
		add_host(t, w, sources, k, &room, &own);
	if (room > UINT32_MAX) {
		fail(e, "%s: too many trains for one trace (2,147,483,648 and more): make it shorter", name);
		trace_destroy(t);
		t = NULL;
	} else {
		t->peak_flows = peak_of(t);
	}
	if (t && flows)
		*flows = own;
	else
		workload_flows_clear(&own);
	return t;
}

void workload_flows_clear(struct workload_flows *flows)
{
	free(flows->ids);
	free(flows->first);
	free(flows->left_out);
	*flows = (struct workload_flows){ 0 };
}

bool workload_flows_own(const struct workload_flows *flows, struct segment *train)
{
	size_t at = flows->first[train->subscriber] + train->flow;

	if (at >= flows->first[train->subscriber + 1])
		return false;
	train->source = (uint8_t)(flows->ids[at] >> 32);
	train->flow = (uint32_t)flows->ids[at];
	return true;
}

void workload_flows_traced(const struct workload_flows *flows, struct segment *train)
{
	size_t first = flows->first[train->subscriber], low = first, high = flows->first[train->subscriber + 1];
	uint64_t id = id_of(train);

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (flows->ids[middle] <= id)
			low = middle;
		else
			high = middle;
	}
	must(low < high && flows->ids[low] == id);
	train->flow = (uint32_t)(low - first);
	train->source = 0;
}
