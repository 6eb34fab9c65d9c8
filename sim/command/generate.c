#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/command/opened.h"
#include "sim/world/workload.h"
#include "traffic/trace.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "TRACE", .help = "the flow trace to write" },
	OPTION_SET,
	OPTION_SEED,
	{ .name = "quiet", .letter = 'q', .help = "no report" },
	{ 0 },
};

struct key {
	uint64_t flow;   /* source and its number of the flow */
	size_t record;
};

static int by_flow(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return x->flow < y->flow ? -1 : x->flow > y->flow;
}

/* A trace numbers a host's flows from 0 without a gap; sources count each for itself, and may skip. */
static void number_flows(struct trace *t, struct trace_record *records, size_t count)
{
	struct key *keys = must_alloc(count, sizeof(*keys));
	uint32_t flow = 0;

	for (size_t i = 0; i < count; i++)
		keys[i] = (struct key){ (uint64_t)records[i].train.source << 32 | records[i].train.flow, i };
	qsort(keys, count, sizeof(*keys), by_flow);
	for (size_t i = 0; i < count; i++) {
		struct segment *train = &records[keys[i].record].train;

		if (i && keys[i].flow != keys[i - 1].flow)
			flow++;
		if (!i || keys[i].flow != keys[i - 1].flow)
			t->flows[train->protocol]++;
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
static void add_host(struct trace *t, const struct opened *o, uint32_t subscriber, size_t *room)
{
	struct workload_stream *stream = workload_stream(o->sources, 0, subscriber, 1);
	const struct workload *w = &o->scenario->workload;
	struct segments trains = { 0 };

	workload_next(stream, w->warmup_ns + w->duration_ns, &trains);
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
	number_flows(t, t->records + t->record_count, trains.count);
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

static struct trace *generate(const struct opened *o, struct err *e)
{
	const struct workload *w = &o->scenario->workload;
	struct trace *t = must_alloc(1, sizeof(*t));
	size_t room = 0;

	t->duration_ns = w->warmup_ns + w->duration_ns;
	t->hosts = must_alloc(w->subscribers, sizeof(*t->hosts));
	for (uint32_t k = 0; k < w->subscribers; k++) {
		add_host(t, o, k, &room);
		if (room > UINT32_MAX) {
			fail(e, "%s: too many trains for one trace (2,147,483,648 and more): make it shorter", o->scenario->name);
			trace_destroy(t);
			return NULL;
		}
	}
	t->peak_flows = peak_of(t);
	return t;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct opened o = { 0 };
	struct trace *t = NULL;
	struct err e = ERR_INIT;
	const char *path;
	int status = arguments_parse(&args, &command_generate, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	path = arguments_value(&args, "output");
	if (!path) {
		status = command_misused(&command_generate, "-o TRACE is missing: the flow trace to write");
		goto out;
	}
	if (!scenario_open(&o, &args, &e) || !(t = generate(&o, &e)) || !trace_save(t, path, &e)) {
		status = command_failed(&e);
		goto out;
	}
	if (!arguments_has(&args, "quiet"))
		printf("%s: %u hosts, %" PRIu64 " flows (%" PRIu64 " tcp, %" PRIu64 " udp, %" PRIu64 " icmp) in %u trains, %.15g s\n",
		       path, t->host_count, t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP],
		       t->flows[PROTO_TCP], t->flows[PROTO_UDP], t->flows[PROTO_ICMP], t->record_count,
		       seconds_from_ns(t->duration_ns));
	status = EXIT_DONE;
out:
	trace_destroy(t);
	scenario_close(&o);
	arguments_clear(&args);
	return status;
}

const struct command command_generate = {
	.name = "generate",
	.usage = "generate SCENARIO -o TRACE [--set PATH=VALUE]... [--seed N] [--quiet]",
	.summary = "writes a scenario's workload as a flow trace, from time 0 (warm-up included)",
	.options = options,
	.run = run,
};
