#include "sim/world/crossing.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/cpe.h"
#include "sim/world/flowset.h"
#include "sim/world/instance.h"
#include "sim/world/retries.h"
#include "sim/world/workload.h"

struct crossing {
	const struct workload *workload;
	const struct trial *trial;
	const struct watch_ground *ground;
	struct share share;
	struct nat *nat;
	struct cpe_bank *cpe;      /* NULL: no NATs at home */
	struct flowset lost;       /* flows refused */
	struct retries retries;
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
		.rng_key = nat_key(c->workload, trial, 0, instance),
		.sink = { .event = ignore_event },
		.scheme_create = trial->scheme->create,
		.scheme_config = trial->scheme_config,
	});
}

/* Shows the CGN a train, as it comes from its home; its subscriber is the scenario's. */
static void show_nat(struct crossing *c, struct crossing_step *step)
{
	struct segment train = step->seen;
	struct verdict v;

	train.subscriber -= c->share.first_subscriber;
	v = nat_show(c->nat, &train);
	step->outcome = v.outcome;
	step->outside = c->workload->inside.first + step->seen.subscriber;
	step->number = train.port;
	if (v.outcome == OUT_CREATED || v.outcome == OUT_REFRESHED) {
		step->outside = pool_config_address(&c->trial->pool, (uint64_t)c->share.first_address + v.address);
		step->number = v.number;
	}
}

/* Tries again what is due by now. */
static void retry(struct crossing *c, int64_t now_ns)
{
	while (retries_due(&c->retries, now_ns)) {
		struct retry due = retries_take(&c->retries);
		struct crossing_step step = { .seen = retry_train(&due), .again = true };

		show_nat(c, &step);
		if (outcome_is_refusal(step.outcome))
			retries_again(&c->retries, &due);
		else
			flowset_take(&c->lost, &step.seen);
		c->take(c->context, &step);
	}
}

static void show(struct crossing *c, const struct segment *offered)
{
	struct crossing_step step = { .seen = *offered, .outcome = OUT_CREATED };

	retry(c, offered->start_ns);
	if (c->cpe) {
		step.seen.subscriber -= c->share.first_subscriber;
		step.outcome = cpe_show(c->cpe, &step.seen);
		step.seen.subscriber += c->share.first_subscriber;
	}
	step.at_home = !outcome_passes(step.outcome);
	if (flowset_has(&c->lost, offered))
		return;
	if (!step.at_home)
		show_nat(c, &step);
	if (outcome_is_refusal(step.outcome)) {
		flowset_add(&c->lost, offered);
		if (!step.at_home)
			retries_refused(&c->retries, &step.seen);
	}
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
	retries_init(&c->retries, c->trial->nat.retry);
	workload_next(stream, until_ns, &trains);
	for (size_t i = 0; i < trains.count; i++)
		show(c, &trains.items[i]);
	retry(c, until_ns - 1);
	workload_end(stream);
	free(trains.items);
	flowset_clear(&c->lost);
	retries_clear(&c->retries);
	cpe_destroy(c->cpe);
	nat_destroy(c->nat);
	c->cpe = NULL;
}

bool crossing_run(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                  const struct trial *trial, int64_t until_ns,
                  void (*take)(void *context, const struct crossing_step *step), void *context, struct err *e)
{
	struct cut cut = cut_of(workload, trial);
	struct watch_ground ground;
	struct crossing c = { .workload = workload, .trial = trial, .ground = &ground, .take = take, .context = context };
	struct slots *cpe_slots = slots_create(trial->cpe.ports, &(struct port_ranges){ 0 });

	watch_ground_init(&ground, workload, trial, facts, cut.instances);
	for (uint32_t i = 0; i < cut.instances; i++) {
		c.share = cut_share(&cut, i);
		if (c.share.subscribers)
			run_instance(&c, sources, cpe_slots, i, until_ns);
	}
	watch_ground_clear(&ground);
	slots_destroy(cpe_slots);
	return !trial->scheme->fault || trial->scheme->fault(trial->scheme_config, e);
}
