#include "sim/world/workload.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

static struct source_setting setting_of(const struct workload *w, uint32_t replication, size_t index)
{
	return (struct source_setting){
		.seed = w->seed,
		.replication = replication,
		.subscribers = w->subscribers,
		.end_ns = w->warmup_ns + w->duration_ns,
		.index = (uint8_t)index,
	};
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Timers and everything else that warm-up must outlast, over all trials. */
static void timers_of(const struct trial *trials, size_t count, struct workload_facts *facts)
{
	int64_t most = 0;

	facts->longest_timer_ns = 0;
	for (size_t i = 0; i < count; i++) {
		const struct trial *t = &trials[i];
		int64_t timer = nat_longest_timeout(&t->nat.timeouts, facts->protocols, facts->tcp_left_open);
		int64_t lag = t->nat.hold_down.time + (t->scheme->lag ? t->scheme->lag(t->scheme_config) : 0);

		if (t->access == ACCESS_NAT444 && t->cpe.nat)
			timer = longer(timer, nat_longest_timeout(&t->cpe.timeouts, facts->protocols, facts->tcp_left_open));
		facts->longest_timer_ns = longer(facts->longest_timer_ns, timer);
		most = longer(most, timer + lag);
	}
	facts->warmup_wanted_ns = most + facts->longest_p99_ns;
}

static void facts_of(const struct traffic_sources *t, struct workload_facts *facts)
{
	*facts = (struct workload_facts){ 0 };
	for (size_t i = 0; i < t->workload->traffic_count; i++) {
		struct source_setting setting = setting_of(t->workload, 0, i);
		struct source_facts one = { 0 };

		t->workload->traffic[i].type->facts(t->sources[i], &setting, &one);
		facts->flows_expected += one.flows_expected;
		facts->longest_p99_ns = longer(facts->longest_p99_ns, one.longest_p99_ns);
		for (int p = 0; p < PROTO_COUNT; p++)
			facts->protocols[p] |= one.protocols[p];
		facts->tcp_left_open |= one.tcp_left_open;
		if (i == 0 || (one.over_ns && facts->over_ns))
			facts->over_ns = longer(facts->over_ns, one.over_ns);
		else
			facts->over_ns = 0;
		if (one.captured_ns && (!facts->captured_ns || one.captured_ns < facts->captured_ns))
			facts->captured_ns = one.captured_ns;
		if (one.captured_hosts && (!facts->captured_hosts || one.captured_hosts < facts->captured_hosts)) {
			facts->captured_hosts = one.captured_hosts;
			facts->drawn_hosts = one.drawn_hosts;
		}
	}
}

/* The tail of the source with the fewest hosts behind it. */
static void tail_of(const struct traffic_sources *t, const struct nat_timeouts *timers, struct workload_facts *facts)
{
	const struct source_holding holding = {
		.udp_ns = timers->udp, .icmp_ns = timers->icmp, .tcp_open_ns = timers->tcp_open,
		.tcp_established_ns = timers->tcp_established, .tcp_closed_ns = timers->tcp_closing,
	};

	for (size_t i = 0; i < t->workload->traffic_count; i++) {
		const struct source_type *type = t->workload->traffic[i].type;
		struct source_setting setting = setting_of(t->workload, 0, i);
		struct source_tail one = { 0 };

		if (!type->tail)
			continue;
		type->tail(t->sources[i], &setting, &holding, &one);
		if (one.hosts && (!facts->tail.hosts || one.hosts < facts->tail.hosts))
			facts->tail = one;
	}
}

struct traffic_sources *workload_open(struct workload *workload, const struct trial *trials, size_t count,
                                      const char *name, struct workload_facts *facts, struct err *e)
{
	struct traffic_sources *t = must_alloc(1, sizeof(*t));

	t->workload = workload;
	t->sources = must_alloc(workload->traffic_count, sizeof(*t->sources));
	for (size_t i = 0; i < workload->traffic_count; i++) {
		const struct traffic *traffic = &workload->traffic[i];
		struct source_setting setting = setting_of(workload, 0, i);
		char *place = must_printf("%s: $.traffic[%zu]", name, i);

		t->sources[i] = traffic->type->open(traffic->config, &setting, place, e);
		free(place);
		if (!t->sources[i]) {
			workload_close(t);
			return NULL;
		}
	}
	facts_of(t, facts);
	timers_of(trials, count, facts);
	if (workload->warmup_auto) {
		int64_t wanted = facts->warmup_wanted_ns;

		workload->warmup_ns = (wanted + NS_PER_S - 1) / NS_PER_S * NS_PER_S;
		facts_of(t, facts);
		timers_of(trials, count, facts);
	}
	facts->tails = !facts->captured_ns || facts->captured_ns >= facts->longest_timer_ns;
	if (facts->tails && count)
		tail_of(t, &trials[0].nat.timeouts, facts);
	return t;
}

void workload_close(struct traffic_sources *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->workload->traffic_count; i++)
		if (t->sources[i])
			t->workload->traffic[i].type->close(t->sources[i]);
	free(t->sources);
	free(t);
}

struct workload_stream {
	const struct traffic_sources *sources;
	struct source_setting *settings;
	struct source_stream **streams;  /* NULL once it is empty */
	struct segments parts;           /* several sources: gathered before the merge */
	uint64_t left_out;
};

struct workload_stream *workload_stream(const struct traffic_sources *t, uint32_t replication, uint32_t first, uint32_t count)
{
	const struct workload *w = t->workload;
	struct workload_stream *s = must_alloc(1, sizeof(*s));

	s->sources = t;
	s->settings = must_alloc(w->traffic_count, sizeof(*s->settings));
	s->streams = must_alloc(w->traffic_count, sizeof(*s->streams));
	for (size_t i = 0; i < w->traffic_count; i++) {
		s->settings[i] = setting_of(w, replication, i);
		s->streams[i] = w->traffic[i].type->stream(t->sources[i], &s->settings[i], first, count);
	}
	return s;
}

static void end_one(struct workload_stream *s, size_t i)
{
	const struct source_type *type = s->sources->workload->traffic[i].type;

	s->left_out += type->left_out(s->streams[i]);
	type->end(s->streams[i]);
	s->streams[i] = NULL;
}

/* Stable merge of two sorted runs a[0..n) and a[n..n+m) into out. */
static void merge(const struct segment *a, size_t n, size_t m, struct segments *out)
{
	const struct segment *left = a, *right = a + n, *left_end = a + n, *right_end = a + n + m;

	while (left < left_end || right < right_end) {
		bool take_left = right == right_end || (left < left_end && left->start_ns <= right->start_ns);

		*segments_add(out) = take_left ? *left++ : *right++;
	}
}

/* One more source's trains, merged into what `out` holds from `begin` on. */
static void merge_in(struct workload_stream *s, size_t begin, size_t middle, struct segments *out)
{
	size_t count = out->count - begin;

	if (middle == begin || middle == out->count)
		return;
	s->parts.count = 0;
	for (size_t i = 0; i < count; i++)
		*segments_add(&s->parts) = out->items[begin + i];
	out->count = begin;
	merge(s->parts.items, middle - begin, count - (middle - begin), out);
}

bool workload_next(struct workload_stream *s, int64_t until_ns, struct segments *out)
{
	const struct workload *w = s->sources->workload;
	size_t begin = out->count;
	bool more = false;

	for (size_t i = 0; i < w->traffic_count; i++) {
		size_t middle = out->count;

		if (!s->streams[i])
			continue;
		if (w->traffic[i].type->next(s->streams[i], until_ns, out))
			more = true;
		else
			end_one(s, i);
		merge_in(s, begin, middle, out);
	}
	return more;
}

uint64_t workload_left_out(const struct workload_stream *s)
{
	uint64_t total = s->left_out;

	for (size_t i = 0; i < s->sources->workload->traffic_count; i++)
		if (s->streams[i])
			total += s->sources->workload->traffic[i].type->left_out(s->streams[i]);
	return total;
}

void workload_end(struct workload_stream *s)
{
	for (size_t i = 0; i < s->sources->workload->traffic_count; i++)
		if (s->streams[i])
			end_one(s, i);
	free(s->parts.items);
	free(s->settings);
	free(s->streams);
	free(s);
}
