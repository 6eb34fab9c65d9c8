/* source: capture - the flows of a capture, host by host, for as many
 * subscribers and as long as is asked.
 *
 * A subscriber *is* one captured host, whole: flows of one host belong together,
 * so they are never dealt out one by one. `replay` gives subscriber k host k;
 * `bootstrap` draws a host for each subscriber, with replacement.
 *
 * `loop` bends the capture of length L into a circle. Each subscriber begins at a
 * point of its own, the phase, uniform over the circle, and goes round, lap after
 * lap, to the end of the run. Nothing is stationary but this: every moment of the
 * run sees every moment of the capture with the same probability. A train that
 * is still going when its lap ends is ended there, a flow that began before the
 * phase begins with its first train behind it.
 *
 * Each lap moves the host's own ephemeral ports (1024 and up) on by 7919, modulo
 * 64512. Without that the second lap would meet the mappings of the first, still
 * alive, and open none of its own: a looped capture would ask for fewer ports
 * than a longer one. 7919 is prime and shares no factor with 64512 = 2^10 x 63,
 * so the ports of a lap are met again after 64512 laps; within a lap distinct
 * ports stay distinct. Ports below 1024 are what servers listen on, and stay.
 *
 * A flow's number is lap x flows of the host + its number in the trace. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/capture_source.h"
#include "traffic/capture_tail.h"
#include "traffic/import.h"
#include "traffic/sources.h"

#define LEAST_LOOP_NS NS_PER_S

static const char *const scales[] = { "replay", "bootstrap", NULL };
static const char *const extends[] = { "once", "loop", NULL };

static const struct param capture_params[] = {
	{ .name = "file", .type = PARAM_FILE, .unit = "", .offset = offsetof(struct capture_config, file),
	  .help = "a flow trace (from import or generate) or a capture (pcap, pcapng)" },
	{ .name = "scale", .type = PARAM_CHOICE, .unit = "", .preset = "\"bootstrap\"", .choices = scales,
	  .offset = offsetof(struct capture_config, scale),
	  .help = "replay: subscriber k is captured host k; bootstrap: each subscriber draws a host, with replacement" },
	{ .name = "extend", .type = PARAM_CHOICE, .unit = "", .preset = "\"loop\"", .choices = extends,
	  .offset = offsetof(struct capture_config, extend),
	  .help = "once: the capture from its start to its end; loop: round and round, each subscriber from a phase of its own" },
	{ .name = "active_share", .type = PARAM_REAL, .unit = "", .preset = "1", .min = 0, .max = 1,
	  .offset = offsetof(struct capture_config, active_share),
	  .help = "bootstrap: share of the subscribers that are active at all, as every captured host is; the others are silent" },
	{ .name = "inside", .type = PARAM_RANGES, .unit = "", .preset = "[]", .offset = offsetof(struct capture_config, inside),
	  .help = "a capture's inside addresses; none: RFC 1918 and 100.64.0.0/10, else the side that opened the flow" },
	{ .name = "inside_opener", .type = PARAM_BOOL, .unit = "", .preset = "false", .offset = offsetof(struct capture_config, inside_opener),
	  .help = "of a capture: private addresses say nothing about inside; the side that opened the flow is" },
	{ .name = "answered", .type = PARAM_BOOL, .unit = "", .preset = "false", .offset = offsetof(struct capture_config, answered),
	  .help = "of a capture: leave out flows of which only one side spoke" },
	{ .name = "split", .type = PARAM_DURATION, .unit = "", .preset = "\"0s\"", .min = 0, .max = 1e9,
	  .offset = offsetof(struct capture_config, split_ns),
	  .help = "of a capture: a 5-tuple silent for so long (5s at least) begins a new flow; 0: never" },
	{ 0 },
};

/* Faults of the file, each with the place in the scenario before it. */
static void fail_at(const char *place, const char *key, struct err *why, struct err *e)
{
	for (size_t i = 0; i < why->count; i++)
		fail(e, "%s.%s: %s", place, key, why->lines[i]);
	err_clear(why);
}

/* A capture is imported as it is read; one that breaks off is refused, for
 * nobody would see the warning here. */
static struct trace *import_one(const struct capture_config *c, struct err *e)
{
	const char *paths[] = { c->file };
	struct import_options options = { .inside = c->inside, .opener_only = c->inside_opener, .answered = c->answered };
	struct import_report report;
	struct trace *t;

	for (int p = 0; p < PROTO_COUNT; p++)
		options.split_ns[p] = c->split_ns;
	t = import_captures(paths, 1, &options, &report, e);
	if (t && report.captures[0].fault) {
		fail(e, "%s: breaks off after packet %llu: %s; if what comes before is wanted, make it a trace with cgnsim import",
		     c->file, (unsigned long long)report.captures[0].packets, report.captures[0].fault);
		trace_destroy(t);
		t = NULL;
	}
	import_report_clear(&report);
	return t;
}

/* What asks for another import than the default one can be asked of a capture only. */
static bool askable(const struct capture_config *c, const char *place, struct err *e)
{
	const char *key = c->inside.count ? "inside" : c->inside_opener ? "inside_opener" : c->answered ? "answered" :
	                  c->split_ns ? "split" : NULL;

	if (key && trace_is(c->file))
		return fail(e, "%s.%s: %s is a flow trace, which was imported already; this goes with a capture", place, key, c->file);
	return !c->split_ns || c->split_ns >= SEGMENT_GAP || fail(e, "%s.split: below 5s no silence is seen; 5s at least, or 0", place);
}

static bool fits(const struct trace *t, const struct capture_config *c, const struct source_setting *setting,
                 const char *place, struct err *e)
{
	if (!t->record_count)
		return fail(e, "%s.file: %s: no flow in it crosses from inside to outside", place, c->file);
	if (c->scale == SCALE_REPLAY && t->host_count > setting->subscribers)
		return fail(e, "%s.scale: replay needs a subscriber for each of the %u hosts of %s, and there are %u: raise "
		               "subscribers.count, or use bootstrap",
		            place, t->host_count, c->file, setting->subscribers);
	if (c->scale == SCALE_REPLAY && c->active_share < 1)
		return fail(e, "%s.active_share: replay plays every captured host; a share below 1 needs \"scale\": \"bootstrap\"",
		            place);
	return true;
}

static int by_length(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A flow of a host while its trains are gone through. */
struct span {
	int64_t begin_ns, end_ns;
	uint32_t latest; /* record of its last train so far */
};

/* What one host's trains tell: which follows which, how many flows there are, and
 * how long each is, written behind the lengths known so far. The last train that
 * is there of a flow becomes its SEG_LAST, should the trace not know its end. */
static void study_host(struct source *s, uint32_t host, int64_t *lengths_ns, uint64_t *flows)
{
	const struct trace_host *h = &s->trace->hosts[host];
	struct span *spans = must_alloc(h->count, sizeof(*spans));

	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct segment *train = &s->trace->records[i].train;
		struct span *span = &spans[train->flow];
		bool answered_first = train->first_in_ns != NS_NONE && train->first_in_ns < train->start_ns;

		s->before_ns[i] = NS_NONE;
		if (train->flags & SEG_FIRST) {
			span->begin_ns = answered_first ? train->first_in_ns : train->start_ns;
			span->end_ns = span->begin_ns;
			s->host_flows[host]++;
		} else {
			s->before_ns[i] = s->trace->records[span->latest].train.start_ns;
		}
		span->end_ns = capture_later(span->end_ns, capture_later(train->last_out_ns, train->last_in_ns));
		span->latest = i;
	}
	for (uint32_t f = 0; f < s->host_flows[host]; f++) {
		s->trace->records[spans[f].latest].train.flags |= SEG_LAST;
		lengths_ns[(*flows)++] = spans[f].end_ns - spans[f].begin_ns;
	}
	free(spans);
}

static void study(struct source *s)
{
	const struct trace *t = s->trace;
	uint64_t all = t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP], flows = 0;
	int64_t *lengths_ns = must_alloc(all, sizeof(*lengths_ns));

	s->host_flows = must_alloc(t->host_count, sizeof(*s->host_flows));
	s->before_ns = must_alloc(t->record_count, sizeof(*s->before_ns));
	for (uint32_t h = 0; h < t->host_count; h++)
		study_host(s, h, lengths_ns, &flows);
	must(flows == all);
	qsort(lengths_ns, all, sizeof(*lengths_ns), by_length);
	s->longest_p99_ns = all ? lengths_ns[(all * 99 + 99) / 100 - 1] : 0;
	free(lengths_ns);
}

static void capture_close(struct source *s)
{
	trace_destroy(s->trace);
	free(s->host_flows);
	free(s->before_ns);
	free(s);
}

static struct source *capture_open(const void *config, const struct source_setting *setting, const char *place,
                                   struct err *e)
{
	const struct capture_config *c = config;
	struct source *s = must_alloc(1, sizeof(*s));
	struct err why = ERR_INIT;

	if (!askable(c, place, e)) {
		free(s);
		return NULL;
	}
	s->config = c;
	s->trace = trace_is(c->file) ? trace_load(c->file, &why) : import_one(c, &why);
	if (!s->trace) {
		fail_at(place, "file", &why, e);
		capture_close(s);
		return NULL;
	}
	if (!fits(s->trace, c, setting, place, e)) {
		capture_close(s);
		return NULL;
	}
	s->length_ns = capture_later(s->trace->duration_ns, LEAST_LOOP_NS);
	study(s);
	return s;
}

/* Flows of all hosts that begin before a time of the trace. */
static uint64_t flows_before(const struct trace *t, int64_t time_ns)
{
	uint64_t flows = 0;

	for (uint32_t i = 0; i < t->record_count; i++)
		flows += (t->records[i].train.flags & SEG_FIRST) && t->records[i].train.start_ns < time_ns;
	return flows;
}

/* Distinct hosts that the subscribers are. */
static uint32_t hosts_drawn(const struct source *s, const struct source_setting *setting)
{
	bool *seen = must_alloc(s->trace->host_count, sizeof(*seen));
	uint32_t count = 0, host;
	int64_t phase_ns;

	for (uint32_t k = 0; k < setting->subscribers && count < s->trace->host_count; k++)
		if (capture_draw_host(s, setting, k, &host, &phase_ns) && !seen[host]) {
			seen[host] = true;
			count++;
		}
	free(seen);
	return count;
}

static void capture_facts(const struct source *s, const struct source_setting *setting, struct source_facts *out)
{
	const struct trace *t = s->trace;
	double flows;

	if (s->config->extend == EXTEND_LOOP)
		flows = (double)flows_before(t, NS_NEVER) * (double)setting->end_ns / (double)s->length_ns;
	else
		flows = (double)flows_before(t, setting->end_ns);
	if (s->config->scale == SCALE_BOOTSTRAP)
		flows = flows / t->host_count * setting->subscribers * s->config->active_share;
	*out = (struct source_facts){
		.flows_expected = flows,
		.longest_p99_ns = s->longest_p99_ns,
		.captured_ns = t->duration_ns,
		.over_ns = s->config->extend == EXTEND_ONCE ? capture_later(t->duration_ns, 1) : 0,
		.captured_hosts = t->host_count,
		.drawn_hosts = hosts_drawn(s, setting),
	};
	for (int p = 0; p < PROTO_COUNT; p++)
		out->protocols[p] = t->flows[p] > 0;
	out->tcp_left_open = t->flows[PROTO_TCP] > 0;
}

static void capture_tail_of(const struct source *s, const struct source_setting *setting, const struct source_holding *holding,
                            struct source_tail *out)
{
	capture_tail(s->trace, s->config->extend == EXTEND_LOOP, s->length_ns, holding, setting->seed, out);
}

const struct source_type source_capture = {
	.name = "capture",
	.summary = "the flows of a capture or trace, host by host, for any number of subscribers and any time",
	.params = capture_params,
	.config_size = sizeof(struct capture_config),
	.open = capture_open,
	.close = capture_close,
	.facts = capture_facts,
	.tail = capture_tail_of,
	.stream = capture_stream,
	.next = capture_next,
	.left_out = capture_left_out,
	.end = capture_end,
};
