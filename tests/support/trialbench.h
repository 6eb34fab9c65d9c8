/* trialbench - a scenario from a text, run, with its measures at hand. Header
 * only, for tests. Within the text ' stands for ". */
#ifndef TESTS_SUPPORT_TRIALBENCH_H
#define TESTS_SUPPORT_TRIALBENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/summary.h"
#include "sim/base/must.h"
#include "sim/scenario/scenario.h"

struct trialbench {
	struct scenario *scenario;
	struct traffic_sources *sources;
	struct workload_facts facts;
};

/* Opens it, but runs nothing. */
static inline void trialbench_open(struct trialbench *b, const char *text)
{
	char *json = must_strdup(text);
	struct err e = ERR_INIT;

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	*b = (struct trialbench){ .scenario = scenario_parse(json, strlen(json), "test", NULL, &e) };
	free(json);
	if (b->scenario)
		b->sources = workload_open(&b->scenario->workload, b->scenario->trials, b->scenario->trial_count, "test",
		                           &b->facts, &e);
	if (!b->sources) {
		err_print(&e, stderr);
		must(!"a scenario that should open");
	}
}

static inline void trialbench_run_with(struct trialbench *b, const struct run_options *how)
{
	struct err e = ERR_INIT;

	if (!run_trials(&b->scenario->workload, b->sources, &b->facts, b->scenario->trials, b->scenario->trial_count, how, &e)) {
		err_print(&e, stderr);
		must(!"a scenario that should run");
	}
}

static inline void trialbench_run(struct trialbench *b, const char *text, unsigned threads)
{
	trialbench_open(b, text);
	trialbench_run_with(b, &(struct run_options){ .threads = threads });
}

static inline const struct measures *trialbench_measures(const struct trialbench *b, size_t trial, uint32_t replication)
{
	return &b->scenario->trials[trial].measures[replication];
}

/* summary.json's text. The caller frees it. */
static inline char *trialbench_summary(const struct trialbench *b)
{
	const struct scenario *s = b->scenario;
	struct result_scheme *schemes = must_alloc(s->trial_count, sizeof(*schemes));
	struct result_run run = {
		.scenario = s->name,
		.description = s->description,
		.seed = s->workload.seed,
		.replications = s->workload.replications,
		.subscribers = s->workload.subscribers,
		.warmup_ns = s->workload.warmup_ns,
		.duration_ns = s->workload.duration_ns,
		.interval_ns = s->workload.sample_interval_ns,
		.tails = b->facts.tails,
		.schemes = schemes,
		.scheme_count = s->trial_count,
	};
	cJSON *json;
	char *text;

	for (size_t i = 0; i < s->trial_count; i++)
		schemes[i] = (struct result_scheme){ s->trials[i].name, s->trials[i].scheme->name,
		                                     log_format_choices[s->trials[i].log.format],
		                                     s->trials[i].access == ACCESS_NAT444 && s->trials[i].cpe.nat,
		                                     s->trials[i].measures };
	json = summary_json(&run);
	text = cJSON_Print(json);
	cJSON_Delete(json);
	free(schemes);
	return text;
}

static inline void trialbench_close(struct trialbench *b)
{
	workload_close(b->sources);
	scenario_destroy(b->scenario);
}

#endif
