#include "sim/world/crossing.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/cpe.h"
#include "sim/world/flowset.h"
#include "sim/world/instance.h"
#include "sim/world/workload.h"

struct crossing {
	const struct workload *workload;
	const struct trial *trial;
	const struct lane_ground *ground;
	struct share share;
	struct nat *nat;
	struct cpe_bank *cpe;      /* NULL: no NATs at home */
	struct flowset lost;       /* flows refused */
	void (*take)(void *context, const struct crossing_step *step);
	void *context;
};

static void ignore_event(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

static struct nat *make_nat(const struct crossing *c, uint32_t instance)
{
	const struct trial *trial = c->trial;

	return nat_create(&(struct nat_setup){
		.config = &trial->nat,
		.slots = c->ground->slots,
		.pooling = trial->pool.pooling,
		.assignment = trial->pool.assignment,
		.addresses = c->share.addresses,
		.first_address = c->share.first_address,
		.subscribers = c->share.subscribers,
		.first_subscriber = c->share.first_subscriber,
		.rng_key = mix64(mix64(mix_text(c->workload->seed, trial->name), 0), instance),
		.sink = { .event = ignore_event },
		.scheme_create = trial->scheme->create,
		.scheme_config = trial->scheme_config,
	});
}

static void show(struct crossing *c, const struct segment *offered)
{
	struct crossing_step step = { .seen = *offered, .outcome = OUT_CREATED };
	struct segment train = *offered;
	struct verdict v;

	train.subscriber -= c->share.first_subscriber;
	if (c->cpe)
		step.outcome = cpe_show(c->cpe, &train);
	step.at_home = !outcome_passes(step.outcome);
	if (flowset_has(&c->lost, offered))
		return;
	if (!step.at_home) {
		v = nat_show(c->nat, &train);
		step.outcome = v.outcome;
		step.outside = c->workload->inside.first + offered->subscriber;
		step.number = train.port;
		if (v.outcome == OUT_CREATED || v.outcome == OUT_REFRESHED) {
			step.outside = pool_config_address(&c->trial->pool, (uint64_t)c->share.first_address + v.address);
			step.number = v.number;
		}
	}
	if (outcome_is_refusal(step.outcome))
		flowset_add(&c->lost, offered);
	step.seen = train;
	step.seen.subscriber = offered->subscriber;
	c->take(c->context, &step);
}

static void run_instance(struct crossing *c, const struct traffic_sources *sources, const struct slots *cpe_slots,
                         uint32_t instance, int64_t until_ns)
{
	struct workload_stream *stream = workload_stream(sources, 0, c->share.first_subscriber, c->share.subscribers);
	struct segments trains = { 0 };

	c->nat = make_nat(c, instance);
	if (behind_cpe(c->trial))
		c->cpe = cpe_create(&c->trial->cpe, cpe_slots, c->share.subscribers,
		                    mix64(mix64(c->workload->seed, RNG_CPE), instance));
	flowset_init(&c->lost);
	workload_next(stream, until_ns, &trains);
	for (size_t i = 0; i < trains.count; i++)
		show(c, &trains.items[i]);
	workload_end(stream);
	free(trains.items);
	flowset_clear(&c->lost);
	cpe_destroy(c->cpe);
	nat_destroy(c->nat);
	c->cpe = NULL;
}

bool crossing_run(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                  const struct trial *trial, int64_t until_ns,
                  void (*take)(void *context, const struct crossing_step *step), void *context, struct err *e)
{
	struct cut cut = cut_of(workload, trial);
	struct lane_ground ground;
	struct crossing c = { .workload = workload, .trial = trial, .ground = &ground, .take = take, .context = context };
	struct slots *cpe_slots = slots_create(trial->cpe.ports, &(struct port_ranges){ 0 });

	lane_ground_init(&ground, workload, trial, facts, cut.instances);
	for (uint32_t i = 0; i < cut.instances; i++) {
		c.share = cut_share(&cut, i);
		if (c.share.subscribers)
			run_instance(&c, sources, cpe_slots, i, until_ns);
	}
	lane_ground_clear(&ground);
	slots_destroy(cpe_slots);
	return !trial->scheme->fault || trial->scheme->fault(trial->scheme_config, e);
}
