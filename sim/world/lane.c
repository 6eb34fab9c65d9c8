#include "sim/world/lane.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/alone.h"
#include "sim/world/flowset.h"
#include "sim/world/retries.h"

struct lane {
	struct watch *watch;
	const struct watch_ground *ground;
	struct share share;
	struct nat *nat;
	struct flowset lost;     /* flows refused here or at the home's NAT */
	struct flowset unbegun;  /* flows of which only inbound packets came so far, and met no mapping */
	struct retries retries;
	/* the same trains where nothing is refused; NULL unless asked for */
	struct nat *unlimited;
	struct nat_config unlimited_config;
	struct meter *demand;
	/* who is told the same as the watch; NULL unless asked for */
	struct events_section *events;
	const struct workload_flows *flows;
};

static void lane_event(void *context, const struct nat_event *e)
{
	watch_event(context, e);
}

static void lane_event_told(void *context, const struct nat_event *e)
{
	struct lane *lane = context;

	watch_event(lane->watch, e);
	events_section_event(lane->events, e);
}

static void lane_train(struct lane *lane, const struct segment *train, const struct verdict *v, unsigned sight)
{
	watch_train(lane->watch, train, v, sight);
	if (lane->events) {
		struct segment traced = *train;

		workload_flows_traced(lane->flows, &traced);
		events_section_train(lane->events, &traced, v, sight);
	}
}

static void demand_event(void *context, const struct nat_event *e)
{
	meter_event(context, e);
}

static void create_demand(struct lane *lane, struct usage *usage)
{
	const struct share *share = &lane->share;

	lane->unlimited_config = lane->ground->trial->nat;
	lane->unlimited_config.limits = (struct nat_limits){ 0 };
	lane->demand = meter_create(usage, share->subscribers, share->subscribers);
	lane->unlimited = nat_create(&(struct nat_setup){
		.config = &lane->unlimited_config,
		.slots = lane->ground->slots,
		.addresses = share->subscribers,
		.subscribers = share->subscribers,
		.sink = { .context = lane->demand, .event = demand_event },
		.scheme_create = alone_create,
	});
}

struct lane *lane_create(const struct lane_setup *setup, struct err *e)
{
	const struct trial *trial = setup->watch.ground->trial;
	const struct workload *workload = setup->watch.ground->workload;
	const struct share *share = &setup->watch.share;
	struct lane *lane = must_alloc(1, sizeof(*lane));

	lane->watch = watch_create(&setup->watch, e);
	if (!lane->watch) {
		events_section_abandon(setup->events);
		free(lane);
		return NULL;
	}
	lane->events = setup->events;
	lane->flows = setup->flows;
	lane->ground = setup->watch.ground;
	lane->share = *share;
	flowset_init(&lane->lost);
	flowset_init(&lane->unbegun);
	retries_init(&lane->retries, trial->nat.retry);
	lane->nat = nat_create(&(struct nat_setup){
		.config = &trial->nat,
		.slots = setup->watch.ground->slots,
		.pooling = trial->pool.pooling,
		.assignment = trial->pool.assignment,
		.addresses = share->addresses,
		.first_address = share->first_address,
		.subscribers = share->subscribers,
		.first_subscriber = share->first_subscriber,
		.rng_key = nat_key(workload, trial, setup->watch.replication, setup->watch.instance),
		.sink = lane->events ? (struct sink){ lane, lane_event_told } : (struct sink){ lane->watch, lane_event },
		.scheme_create = trial->scheme->create,
		.scheme_config = trial->scheme_config,
	});
	if (setup->demand)
		create_demand(lane, setup->demand);
	return lane;
}

static struct verdict show_nat(struct lane *lane, const struct segment *offered)
{
	struct segment train = *offered;

	train.subscriber -= lane->share.first_subscriber;
	return nat_show(lane->nat, &train);
}

/* Tries again what is due by now. */
static void retry(struct lane *lane, int64_t now_ns)
{
	while (retries_due(&lane->retries, now_ns)) {
		struct retry due = retries_take(&lane->retries);
		struct segment train = retry_train(&due);
		struct verdict v = show_nat(lane, &train);

		lane_train(lane, &train, &v, SIGHT_RETRY);
		if (outcome_is_refusal(v.outcome))
			retries_again(&lane->retries, &due);
		else
			flowset_take(&lane->lost, &train);
	}
}

void lane_show(struct lane *lane, const struct segment *offered, enum outcome before)
{
	struct verdict v = { .outcome = before };
	bool at_home = outcome_is_refusal(before), shown = before != OUT_NO_MAPPING && !at_home;
	unsigned sight = offered->flags & SEG_FIRST ? SIGHT_BEGINS | SIGHT_NEEDS : 0;

	if (lane->retries.count)
		retry(lane, offered->start_ns);
	if (lane->unlimited && shown) {
		struct segment train = *offered;

		train.subscriber -= lane->share.first_subscriber;
		nat_show(lane->unlimited, &train);
	}
	if (flowset_has(&lane->lost, offered))
		return;
	if (shown)
		v = show_nat(lane, offered);
	if (v.outcome == OUT_NO_MAPPING || v.outcome == OUT_FILTERED) {
		/* Inbound packets with no mapping, or that its filter keeps out, are dropped; the flow may yet begin. */
		if (offered->flags & SEG_FIRST)
			flowset_add(&lane->unbegun, offered);
	} else {
		if (lane->unbegun.count && flowset_take(&lane->unbegun, offered))
			sight |= SIGHT_NEEDS;
		if (outcome_is_refusal(v.outcome)) {
			flowset_add(&lane->lost, offered);
			if (!at_home)
				retries_refused(&lane->retries, offered);
		}
	}
	lane_train(lane, offered, &v, sight | (at_home ? SIGHT_AT_HOME : 0u));
}

void lane_prefetch(const struct lane *lane, const struct segment *offered)
{
	struct segment train = { .subscriber = offered->subscriber - lane->share.first_subscriber, .host = offered->host,
	                         .port = offered->port, .protocol = offered->protocol };

	nat_prefetch(lane->nat, &train);
}

void lane_advance(struct lane *lane, int64_t now_ns)
{
	retry(lane, now_ns);
	nat_advance(lane->nat, now_ns);
	watch_advance(lane->watch, now_ns);
}

bool lane_finish(struct lane *lane, struct log_weight *log, struct answers *answers, struct err *e)
{
	const struct workload *w = lane->ground->workload;
	const struct trial *trial = lane->ground->trial;
	int64_t end_ns = w->warmup_ns + w->duration_ns;
	bool good;

	nat_advance(lane->nat, end_ns);
	good = watch_finish(lane->watch, log, answers, e);
	if (lane->events)
		good &= events_section_close(lane->events, NULL, e);
	nat_destroy(lane->nat);
	if (trial->scheme->fault)
		good &= trial->scheme->fault(trial->scheme_config, e);
	if (lane->unlimited) {
		nat_advance(lane->unlimited, end_ns);
		meter_finish(lane->demand);
		nat_destroy(lane->unlimited);
	}
	flowset_clear(&lane->lost);
	flowset_clear(&lane->unbegun);
	retries_clear(&lane->retries);
	free(lane);
	return good;
}
