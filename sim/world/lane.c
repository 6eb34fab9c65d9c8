#include "sim/world/lane.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/alone.h"
#include "sim/world/flowset.h"

struct lane {
	struct lane_ground *ground;
	struct share share;
	struct nat *nat;
	struct meter *meter;
	struct usage *usage;
	struct log_writer *log;
	struct attribution *attribution;
	struct flowset lost;     /* flows refused here or at the home's NAT */
	struct flowset unbegun;  /* flows of which only inbound packets came so far, and met no mapping */
	uint64_t incident_key;   /* of this replication */
	uint32_t *outside;       /* public addresses by the instance's index; owned */
	/* the same trains where nothing is refused; NULL unless asked for */
	struct nat *unlimited;
	struct nat_config unlimited_config;
	struct meter *demand;
};

/* The rule of an algorithmic scheme, as an operator would ask it. */
static bool rule_holder(void *context, uint32_t outside, uint16_t port, uint32_t *inside)
{
	const struct lane_ground *g = context;

	return scheme_lookup(g->trial->scheme, g->trial->scheme_config, &g->pool, outside, port, inside);
}

static void rule_assigned(void *context, uint32_t outside, void (*each)(void *context, uint32_t inside), void *each_context)
{
	const struct lane_ground *g = context;
	uint64_t address;
	uint32_t subscriber;

	if (!pool_config_find(&g->trial->pool, outside, &address))
		return;
	for (uint32_t n = 0; g->trial->scheme->tenant(g->trial->scheme_config, &g->pool, (uint32_t)address, n, &subscriber); n++)
		each(each_context, g->workload->inside.first + subscriber);
}

/* The hash below which about four times as many flows lie as are wanted. */
static uint64_t incident_threshold(const struct workload *w, const struct workload_facts *facts)
{
	double total = (double)(w->warmup_ns + w->duration_ns);
	double flows = facts->flows_expected * (double)w->duration_ns / total;
	double wanted = 4.0 * w->evidence.incidents;

	if (wanted >= flows)
		return UINT64_MAX;
	return (uint64_t)(wanted / flows * 0x1p64);
}

#define LOG_WHOLE_BYTES (UINT64_C(64) << 20)
#define LOG_RECORD_BYTES 80 /* any format's record of a mapping is longer */

/* Up to how many bytes an instance's log is compressed whole: its part of 64 MiB,
 * or nothing if the scenario alone says that there will be far more. */
static uint64_t whole_below(const struct workload *w, const struct trial *trial, const struct workload_facts *facts,
                            uint32_t instances)
{
	double total = (double)(w->warmup_ns + w->duration_ns);
	double flows = facts->flows_expected * (double)w->duration_ns / total;

	if (trial->scheme->logs_mappings && flows * LOG_RECORD_BYTES > 4 * (double)LOG_WHOLE_BYTES)
		return 0;
	return LOG_WHOLE_BYTES / instances;
}

void lane_ground_init(struct lane_ground *g, const struct workload *workload, const struct trial *trial,
                      const struct workload_facts *facts, uint32_t instances)
{
	*g = (struct lane_ground){
		.workload = workload,
		.trial = trial,
		.slots = slots_create(trial->pool.ports, &trial->pool.exclude),
		.incident_below = incident_threshold(workload, facts),
		.whole_below = whole_below(workload, trial, facts, instances),
	};
	must(g->slots);
	g->pool = (struct scheme_pool){
		.config = &trial->pool,
		.slots = g->slots,
		.addresses = (uint32_t)pool_config_size(&trial->pool),
		.subscribers = workload->subscribers,
		.first_inside = workload->inside.first,
	};
	g->rule = (struct rule){ .context = g, .holder = rule_holder, .assigned = rule_assigned };
}

void lane_ground_clear(struct lane_ground *g)
{
	slots_destroy(g->slots);
	*g = (struct lane_ground){ 0 };
}

static void log_event(struct lane *lane, const struct nat_event *e, enum log_kind kind)
{
	const struct lane_ground *g = lane->ground;
	struct log_record record = {
		.time_ns = e->time_ns,
		.kind = kind,
		.protocol = e->protocol,
		.inside = g->workload->inside.first + lane->share.first_subscriber + e->subscriber,
		.outside = lane->outside[e->address],
		.inside_port = e->port,
		.lo = slots_number(g->slots, e->slot),
		.hi = slots_number(g->slots, e->slot + (e->count - 1) * (e->step ? e->step : 1)),
		.step = (uint16_t)e->step,
	};

	if (log_write(lane->log, &record, &record))
		attribution_record(lane->attribution, &record);
}

static void lane_event(void *context, const struct nat_event *e)
{
	struct lane *lane = context;
	bool single = lane->ground->trial->scheme->logs_mappings;

	meter_event(lane->meter, e);
	if (e->kind == NAT_MAPPING_CREATED && single)
		log_event(lane, e, LOG_MAPPING_ADD);
	else if (e->kind == NAT_MAPPING_ENDED && single && e->end != END_LOST)
		log_event(lane, e, LOG_MAPPING_DELETE);
	else if (e->kind == NAT_BLOCK_GIVEN || e->kind == NAT_BLOCK_INTERIM)
		log_event(lane, e, LOG_BLOCK_ADD);
	else if (e->kind == NAT_BLOCK_RETURNED)
		log_event(lane, e, LOG_BLOCK_DELETE);
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
	const struct trial *trial = setup->ground->trial;
	const struct workload *workload = setup->ground->workload;
	const struct share *share = &setup->share;
	struct lane *lane = must_alloc(1, sizeof(*lane));
	const struct log_format *format = log_format_find(log_format_choices[trial->log.format]);

	lane->ground = setup->ground;
	lane->share = *share;
	lane->usage = setup->usage;
	lane->log = log_open(&(struct log_setup){
		.config = &trial->log,
		.warmup_ns = workload->warmup_ns,
		.end_ns = workload->warmup_ns + workload->duration_ns,
		.whole_below = setup->ground->whole_below,
		.keep_path = setup->keep_path,
	}, e);
	if (!lane->log) {
		free(lane);
		return NULL;
	}
	lane->meter = meter_create(setup->usage, share->subscribers, share->addresses);
	lane->attribution = attribution_create(&(struct attribution_setup){
		.evidence = &workload->evidence,
		.log = &trial->log,
		.log_resolution_ns = format ? format->resolution_ns : 0,
		.seed = workload->seed,
		.shared = trial->scheme->overloads && trial->scheme->overloads(trial->scheme_config),
		.rule = trial->scheme->reverse ? &setup->ground->rule : NULL,
	});
	lane->outside = must_alloc(share->addresses, sizeof(*lane->outside));
	for (uint32_t i = 0; i < share->addresses; i++)
		lane->outside[i] = pool_config_address(&trial->pool, (uint64_t)share->first_address + i);
	flowset_init(&lane->lost);
	flowset_init(&lane->unbegun);
	lane->incident_key = mix64(mix64(workload->seed, RNG_INCIDENT), setup->replication);
	lane->nat = nat_create(&(struct nat_setup){
		.config = &trial->nat,
		.slots = setup->ground->slots,
		.pooling = trial->pool.pooling,
		.assignment = trial->pool.assignment,
		.addresses = share->addresses,
		.first_address = share->first_address,
		.subscribers = share->subscribers,
		.first_subscriber = share->first_subscriber,
		.rng_key = mix64(mix64(mix_text(workload->seed, trial->name), setup->replication), setup->instance),
		.sink = { .context = lane, .event = lane_event },
		.scheme_create = trial->scheme->create,
		.scheme_config = trial->scheme_config,
	});
	if (setup->demand)
		create_demand(lane, setup->demand);
	return lane;
}

/* A flow's first train may be complained about. */
static void consider_incident(struct lane *lane, const struct segment *train, const struct verdict *v)
{
	const struct workload *w = lane->ground->workload;
	bool reached = v->outcome == OUT_CREATED || v->outcome == OUT_REFRESHED;
	uint64_t hash;

	if (train->start_ns < w->warmup_ns)
		return;
	hash = mix64(mix64(lane->incident_key, (uint64_t)train->source << 32 | train->subscriber), train->flow);
	if (hash >= lane->ground->incident_below)
		return;
	attribution_incident(lane->attribution, &(struct incident){
		.hash = hash,
		.time_ns = train->start_ns,
		.subscriber = w->inside.first + train->subscriber,
		.outside = reached ? lane->outside[v->address] : 0,
		.port = v->number,
		.remote = train->remote,
		.protocol = train->protocol,
		.reached = reached,
	});
}

static bool in_window(const struct lane *lane, const struct segment *train)
{
	const struct usage_frame *f = &lane->usage->frame;

	return train->start_ns >= f->begin_ns && train->start_ns < f->end_ns;
}

/* What became of a train that is not its flow's first need of the NAT. */
static void count_later(struct lane *lane, const struct segment *train, enum outcome outcome)
{
	if (!in_window(lane, train))
		return;
	if (outcome == OUT_CREATED)
		lane->usage->recreated++;
	else if (outcome_is_refusal(outcome))
		lane->usage->recreate_refused++;
}

/* Inbound packets with no mapping, or that its filter keeps out, are dropped, here or at home; the flow may yet begin. */
static void drop_inbound(struct lane *lane, const struct segment *offered, enum outcome why)
{
	if (why == OUT_FILTERED)
		lane->usage->inbound_filtered += in_window(lane, offered);
	else
		lane->usage->inbound_unmatched += in_window(lane, offered);
	if (offered->flags & SEG_FIRST)
		flowset_add(&lane->unbegun, offered);
}

void lane_show(struct lane *lane, const struct segment *offered, enum outcome before)
{
	struct verdict v = { .outcome = before };
	struct segment train = *offered;
	bool first = train.flags & SEG_FIRST, at_home = outcome_is_refusal(before);

	train.subscriber -= lane->share.first_subscriber;
	lane->usage->flows[train.protocol] += first && in_window(lane, offered);
	if (lane->unlimited && before != OUT_NO_MAPPING && !at_home)
		nat_show(lane->unlimited, &train);
	if (flowset_has(&lane->lost, offered))
		return;
	if (before != OUT_NO_MAPPING && !at_home)
		v = nat_show(lane->nat, &train);
	if (train.flags & SEG_FIRST)
		consider_incident(lane, offered, &v);
	if (v.outcome == OUT_NO_MAPPING || v.outcome == OUT_FILTERED) {
		drop_inbound(lane, offered, v.outcome);
		return;
	}
	first |= lane->unbegun.count && flowset_take(&lane->unbegun, offered);
	if (outcome_is_refusal(v.outcome))
		flowset_add(&lane->lost, offered);
	if (at_home)
		lane->usage->cpe_refused_by[before] += first && in_window(lane, offered);
	else if (first)
		meter_flow(lane->meter, train.start_ns, train.subscriber, train.protocol, v.outcome, v.crowded_out);
	else
		count_later(lane, offered, v.outcome);
}

void lane_prefetch(const struct lane *lane, const struct segment *offered)
{
	struct segment train = { .subscriber = offered->subscriber - lane->share.first_subscriber, .host = offered->host,
	                         .port = offered->port, .protocol = offered->protocol };

	nat_prefetch(lane->nat, &train);
}

void lane_advance(struct lane *lane, int64_t now_ns)
{
	nat_advance(lane->nat, now_ns);
	attribution_advance(lane->attribution, now_ns);
}

bool lane_finish(struct lane *lane, struct log_weight *log, struct answers *answers, struct err *e)
{
	const struct workload *w = lane->ground->workload;
	const struct trial *trial = lane->ground->trial;
	int64_t end_ns = w->warmup_ns + w->duration_ns;
	bool good;

	nat_advance(lane->nat, end_ns);
	meter_finish(lane->meter);
	attribution_finish(lane->attribution, answers);
	attribution_destroy(lane->attribution);
	good = log_close(lane->log, log, e);
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
	free(lane->outside);
	free(lane);
	return good;
}
