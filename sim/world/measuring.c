#include "sim/world/measuring.h"

#include <stdlib.h>

struct usage_frame measuring_frame(const struct watch_ground *g)
{
	const struct workload *w = g->workload;

	return (struct usage_frame){
		.begin_ns = w->warmup_ns,
		.end_ns = w->warmup_ns + w->duration_ns,
		.interval_ns = w->sample_interval_ns,
		.subscribers = w->subscribers,
		.ports = (uint64_t)g->pool.addresses * g->slots->count,
	};
}

struct usage_frame measuring_demand(const struct watch_ground *g)
{
	struct usage_frame frame = measuring_frame(g);

	frame.ports = (uint64_t)g->workload->subscribers * g->slots->count;
	return frame;
}

void measuring_take(const struct watch_ground *g, struct tally *sum, struct measures *m)
{
	const struct trial *t = g->trial;

	*m = (struct measures){
		.usage = sum->usage,
		.demand = sum->demand,
		.log = sum->log,
		.addresses = g->pool.addresses,
		.ports = (uint64_t)g->pool.addresses * g->slots->count,
		.assigned = t->scheme->assigned ? t->scheme->assigned(t->scheme_config, &g->pool) : 0,
		.stranded = t->scheme->stranded ? t->scheme->stranded(t->scheme_config, &g->pool) : 0,
		.flows_not_offered = sum->not_offered,
		.single_numbers = t->scheme->logs_mappings,
		.instances = cut_of(g->workload, t).instances,
	};
	for (int k = 0; k < EVIDENCE_COUNT; k++)
		ambiguity_of(&sum->answers, g->workload->evidence.incidents, (enum evidence)k, &g->workload->evidence,
		             &m->ambiguity[k]);
	free(sum->answers.items);
	*sum = (struct tally){ 0 };
}
