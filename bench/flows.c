/* Flows a second: quickstart's traffic, pool and measures, one scheme at a time.
 *
 * Timed is run_trials() alone, within this process: traffic, homes' NATs, the
 * CGN, the log, attribution. Reading the scenario, and writing tables and
 * figures, is not. Every flow counts that was simulated, those of the warm-up
 * included; a `poisson` flow is one train, so they are the workload's trains. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "sim/base/must.h"
#include "sim/scenario/scenario.h"
#include "sim/world/workload.h"

#define SCENARIO "scenarios/quickstart.json"

static const char *const types[] = { "session", "block", "deterministic" };
static const char *const schemes[] = { "per-session", "rfc7768", "rfc7422" }; /* their names in the scenario */
#define SCHEMES (sizeof(schemes) / sizeof(*schemes))

struct opening {
	struct scenario *scenario;
	struct traffic_sources *sources;
	struct workload_facts facts;
};

static struct opening open_scenario(const struct bench *b, const char *scheme, const char *access, const char *more,
                                    const char *window)
{
	char *set_access = must_printf("access=%s", access);
	const char *sets[] = { set_access, more ? more : set_access, window ? window : set_access, "subscribers.count=1024",
	                       "warmup=20s", "duration=40s" };
	struct scenario_changes changes = {
		.sets = sets,
		.set_count = b->quick ? sizeof(sets) / sizeof(*sets) : 3,
		.schemes = &scheme,
		.scheme_count = 1,
	};
	struct err e = ERR_INIT;
	struct opening o = { .scenario = scenario_load(SCENARIO, &changes, &e) };

	if (o.scenario)
		o.sources = workload_open(&o.scenario->workload, o.scenario->trials, o.scenario->trial_count, SCENARIO,
		                          &o.facts, &e);
	if (!o.sources) {
		err_print(&e, stderr);
		give_up("%s cannot be opened with %s", SCENARIO, more ? more : set_access);
	}
	free(set_access);
	return o;
}

static void close_scenario(struct opening *o)
{
	workload_close(o->sources);
	scenario_destroy(o->scenario);
}

uint64_t flows_count(const struct bench *b, const char *window)
{
	struct opening o = open_scenario(b, schemes[0], "nat44", NULL, window);
	const struct workload *w = &o.scenario->workload;
	const int64_t slice_ns = 10 * NS_PER_S, end_ns = w->warmup_ns + w->duration_ns;
	struct workload_stream *stream = workload_stream(o.sources, 0, 0, w->subscribers);
	struct segments trains = { 0 };
	uint64_t flows = 0;

	for (int64_t until_ns = slice_ns; until_ns < end_ns + slice_ns; until_ns += slice_ns) {
		trains.count = 0;
		workload_next(stream, until_ns, &trains);
		flows += trains.count;
	}
	workload_end(stream);
	free(trains.items);
	close_scenario(&o);
	return flows;
}

double flows_seconds(const struct bench *b, const char *scheme, const char *access, unsigned threads, const char *more,
                     const char *window)
{
	struct opening o = open_scenario(b, scheme, access, more, window);
	struct scenario *s = o.scenario;
	struct run_options options = { .threads = threads };
	struct err e = ERR_INIT;
	double begin = seconds_now(), seconds;

	if (!run_trials(&s->workload, o.sources, &o.facts, s->trials, s->trial_count, &options, &e)) {
		err_print(&e, stderr);
		give_up("the scheme %s does not run", scheme);
	}
	seconds = seconds_now() - begin;
	close_scenario(&o);
	return seconds;
}

static void measure(struct bench *b, size_t scheme, const char *access, unsigned threads, uint64_t flows)
{
	char *name = must_printf("%s, %s, %u thread%s", types[scheme], access, threads, threads == 1 ? "" : "s");

	sheet_add(b->sheet, name, FLOWS_UNIT, (double)flows / flows_seconds(b, schemes[scheme], access, threads, NULL, NULL));
	free(name);
}

/* 2, 4, 8 ... below the number of cores: how the session scheme scales. */
static void measure_scaling(struct bench *b, uint64_t flows)
{
	for (unsigned threads = 2; threads < b->cores; threads *= 2)
		measure(b, 0, "nat44", threads, flows);
	if (b->cores == 1)
		sheet_lack(b->sheet, FLOWS_SESSION_TWO, "only one core here");
}

void bench_flows(struct bench *b)
{
	static const char *const accesses[] = { "nat44", "nat444" };
	uint64_t flows = flows_count(b, NULL);

	for (size_t a = 0; a < 2; a++)
		for (size_t i = 0; i < SCHEMES; i++) {
			measure(b, i, accesses[a], 1, flows);
			if (a == 0 && i == 0)
				measure_scaling(b, flows);
			if (b->cores > 1)
				measure(b, i, accesses[a], b->cores, flows);
		}
}
