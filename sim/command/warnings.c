#include "sim/command/warnings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/summary.h"
#include "sim/base/must.h"

void warnings_add(struct warnings *w, size_t scheme, const char *format, ...)
{
	va_list args;
	char *line = NULL;

	va_start(args, format);
	must(vasprintf(&line, format, args) >= 0);
	va_end(args);
	w->items = must_grow(w->items, w->count + 1, sizeof(*w->items));
	w->items[w->count++] = (struct result_warning){ scheme, line };
}

static double mean_active(const struct usage *u, enum protocol p, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += (double)u->samples[i].active[p];
	return to > from ? sum / (double)(to - from) : 0;
}

/* By how many percent the active ports of the last third of the window differ from the middle third's. */
static double drift_percent(const struct measures *m)
{
	const struct usage *u = m->usage;
	enum protocol p = summary_headline(m);
	double middle = mean_active(u, p, u->sample_count / 3, u->sample_count * 2 / 3);
	double last = mean_active(u, p, u->sample_count * 2 / 3, u->sample_count);

	return middle > 0 ? (last - middle) / middle * 100 : 0;
}

/* Fewer samples show no drift: each third should have a few. */
#define DRIFT_SAMPLES 9

static void warn_warmup(struct warnings *w, const struct scenario *s, const struct workload_facts *facts)
{
	char given[DURATION_TEXT], wanted[DURATION_TEXT], timer[DURATION_TEXT];
	int64_t rounded = (facts->warmup_wanted_ns + NS_PER_S - 1) / NS_PER_S * NS_PER_S;

	if (s->workload.warmup_ns >= facts->warmup_wanted_ns)
		return;
	duration_format(s->workload.warmup_ns, given);
	duration_format(rounded, wanted);
	duration_format(facts->longest_timer_ns, timer);
	for (size_t i = 0; i < s->trial_count; i++) {
		const struct measures *m = &s->trials[i].measures[0];
		char *drift = m->usage->sample_count < DRIFT_SAMPLES
		                      ? must_printf("there are too few samples to see how active ports change")
		                      : must_printf("active ports change by %+.1f%% from the middle to the last third of the window",
		                                    drift_percent(m));

		warnings_add(w, i, "the warm-up of %s is shorter than the %s that the timers want (longest %s): %s", given, wanted, timer,
		     drift);
		free(drift);
	}
}

static void warn_capture(struct warnings *w, const struct scenario *s, const struct workload_facts *facts)
{
	char captured[DURATION_TEXT], timer[DURATION_TEXT], over[DURATION_TEXT], end[DURATION_TEXT];
	int64_t end_ns = s->workload.warmup_ns + s->workload.duration_ns;

	if (facts->over_ns && facts->over_ns < end_ns) {
		duration_format(facts->over_ns / NS_PER_MS * NS_PER_MS, over);
		duration_format(end_ns, end);
		warnings_add(w, RESULT_ALL, "the workload ends before the window does: the capture is played once and is over after %s of the %s",
		     over, end);
	}
	if (!facts->tails) {
		duration_format(facts->captured_ns / NS_PER_MS * NS_PER_MS, captured);
		duration_format(facts->longest_timer_ns, timer);
		warnings_add(w, RESULT_ALL, "the capture lasts %s, less than the longest timer in use (%s): no quantiles of ports above 0.9 are given",
		     captured, timer);
	}
	if (facts->captured_hosts && facts->captured_hosts < s->workload.subscribers)
		warnings_add(w, RESULT_ALL, "%u distinct captured hosts stand behind the %u subscribers", facts->captured_hosts,
		     s->workload.subscribers);
	if (facts->captured_hosts && facts->drawn_hosts && facts->drawn_hosts < facts->captured_hosts)
		warnings_add(w, RESULT_ALL, "%u of the %u captured hosts were drawn for a subscriber", facts->drawn_hosts, facts->captured_hosts);
	if (facts->tail.hosts > 1)
		warnings_add(w, RESULT_ALL, "99.9%% of the time a captured host has at most %u ports in use; drawing these %u hosts again makes it "
		                    "%u to %u (95%%)%s",
		     facts->tail.p999, facts->tail.hosts, facts->tail.low, facts->tail.high,
		     facts->tail.bounded ? "" : ", and no draw has a busier host: what others of their kind have, fewer than some 3000 hosts "
		                                "do not bound from above");
	else if (facts->tail.hosts)
		warnings_add(w, RESULT_ALL, "99.9%% of the time the one captured host has at most %u ports in use; what another would have, "
		                    "nothing can say", facts->tail.p999);
}

void warnings_find(struct warnings *w, const struct scenario *s, const struct workload_facts *facts)
{
	const struct measures *first = &s->trials[0].measures[0];

	for (size_t i = 0; i < s->warning_count; i++)
		warnings_add(w, RESULT_ALL, "%s", s->warnings[i]);
	warn_warmup(w, s, facts);
	warn_capture(w, s, facts);
	if (first->flows_not_offered)
		warnings_add(w, RESULT_ALL, "%llu flows were not offered: their subscribers had no free inside port",
		     (unsigned long long)first->flows_not_offered);
	for (size_t i = 0; i < s->trial_count; i++) {
		const struct ambiguity *a = &s->trials[i].measures[0].ambiguity[EVIDENCE_PORT];

		if (a->incidents + a->not_reached < s->workload.evidence.incidents)
			warnings_add(w, i, "only %llu incidents were drawn, fewer than the %u asked for: there were too few flows",
			     (unsigned long long)(a->incidents + a->not_reached),
			     s->workload.evidence.incidents);
	}
}

void warnings_clear(struct warnings *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->items[i].text);
	free(w->items);
	*w = (struct warnings){ 0 };
}
