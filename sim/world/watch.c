#include "sim/world/watch.h"

#include <stdlib.h>

#include "sim/base/must.h"

struct watch {
	struct watch_ground *ground;
	struct share share;
	struct meter *meter;
	struct usage *usage;
	struct log_writer *log;
	struct attribution *attribution;
	uint64_t incident_key;   /* of this replication */
	uint32_t *outside;       /* public addresses by the instance's index; owned */
};

/* The rule of an algorithmic scheme, as an operator would ask it. */
static bool rule_holder(void *context, uint32_t outside, uint16_t port, uint32_t *inside)
{
	const struct watch_ground *g = context;

	return scheme_lookup(g->trial->scheme, g->trial->scheme_config, &g->pool, outside, port, inside);
}

static void rule_assigned(void *context, uint32_t outside, void (*each)(void *context, uint32_t inside), void *each_context)
{
	const struct watch_ground *g = context;
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

void watch_ground_init(struct watch_ground *g, const struct workload *workload, const struct trial *trial,
                      const struct workload_facts *facts, uint32_t instances)
{
	*g = (struct watch_ground){
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

void watch_ground_clear(struct watch_ground *g)
{
	slots_destroy(g->slots);
	*g = (struct watch_ground){ 0 };
}

static void log_event(struct watch *w, const struct nat_event *e, enum log_kind kind)
{
	const struct watch_ground *g = w->ground;
	struct log_record record = {
		.time_ns = e->time_ns,
		.kind = kind,
		.protocol = e->protocol,
		.inside = g->workload->inside.first + w->share.first_subscriber + e->subscriber,
		.outside = w->outside[e->address],
		.inside_port = e->port,
		.lo = slots_number(g->slots, e->slot),
		.hi = slots_number(g->slots, e->slot + (e->count - 1) * (e->step ? e->step : 1)),
		.step = (uint16_t)e->step,
	};

	if (log_write(w->log, &record, &record))
		attribution_record(w->attribution, &record);
}

void watch_event(struct watch *w, const struct nat_event *e)
{
	bool single = w->ground->trial->scheme->logs_mappings;

	meter_event(w->meter, e);
	if (e->kind == NAT_MAPPING_CREATED && single)
		log_event(w, e, LOG_MAPPING_ADD);
	else if (e->kind == NAT_MAPPING_ENDED && single && e->end != END_LOST)
		log_event(w, e, LOG_MAPPING_DELETE);
	else if (e->kind == NAT_BLOCK_GIVEN || e->kind == NAT_BLOCK_INTERIM)
		log_event(w, e, LOG_BLOCK_ADD);
	else if (e->kind == NAT_BLOCK_RETURNED)
		log_event(w, e, LOG_BLOCK_DELETE);
}

struct watch *watch_create(const struct watch_setup *setup, struct err *e)
{
	const struct trial *trial = setup->ground->trial;
	const struct workload *workload = setup->ground->workload;
	const struct share *share = &setup->share;
	struct watch *w = must_alloc(1, sizeof(*w));
	const struct log_format *format = log_format_find(log_format_choices[trial->log.format]);

	w->ground = setup->ground;
	w->share = *share;
	w->usage = setup->usage;
	w->log = log_open(&(struct log_setup){
		.config = &trial->log,
		.warmup_ns = workload->warmup_ns,
		.end_ns = workload->warmup_ns + workload->duration_ns,
		.whole_below = setup->ground->whole_below,
		.keep_path = setup->keep_path,
	}, e);
	if (!w->log) {
		free(w);
		return NULL;
	}
	w->meter = meter_create(setup->usage, share->subscribers, share->addresses);
	w->attribution = attribution_create(&(struct attribution_setup){
		.evidence = &workload->evidence,
		.log = &trial->log,
		.log_resolution_ns = format ? format->resolution_ns : 0,
		.seed = workload->seed,
		.shared = trial->scheme->overloads && trial->scheme->overloads(trial->scheme_config),
		.rule = trial->scheme->reverse ? &setup->ground->rule : NULL,
	});
	w->outside = must_alloc(share->addresses, sizeof(*w->outside));
	for (uint32_t i = 0; i < share->addresses; i++)
		w->outside[i] = pool_config_address(&trial->pool, (uint64_t)share->first_address + i);
	w->incident_key = mix64(mix64(workload->seed, RNG_INCIDENT), setup->replication);
	return w;
}

/* A flow's first train may be complained about. */
static void consider_incident(struct watch *w, const struct segment *train, const struct verdict *v)
{
	const struct workload *workload = w->ground->workload;
	bool reached = v->outcome == OUT_CREATED || v->outcome == OUT_REFRESHED;
	uint64_t hash;

	if (train->start_ns < workload->warmup_ns)
		return;
	hash = mix64(mix64(w->incident_key, (uint64_t)train->source << 32 | train->subscriber), train->flow);
	if (hash >= w->ground->incident_below)
		return;
	attribution_incident(w->attribution, &(struct incident){
		.hash = hash,
		.time_ns = train->start_ns,
		.subscriber = workload->inside.first + train->subscriber,
		.outside = reached ? w->outside[v->address] : 0,
		.port = v->number,
		.remote = train->remote,
		.protocol = train->protocol,
		.reached = reached,
	});
}

/* What became of a train that made no flow's attempt at the CGN. */
static void count_other(struct usage *u, enum outcome outcome, unsigned sight, bool in_window)
{
	if (!in_window)
		return;
	if (outcome == OUT_FILTERED) {
		u->inbound_filtered++;
	} else if (outcome == OUT_NO_MAPPING) {
		u->inbound_unmatched++;
	} else if (sight & SIGHT_AT_HOME) {
		u->cpe_refused_by[outcome] += (sight & SIGHT_NEEDS) != 0;
	} else if (sight & SIGHT_RETRY) {
		u->retries++;
		u->created_late += outcome == OUT_CREATED;
	} else if (outcome == OUT_CREATED) {
		u->recreated++;
	} else if (outcome_is_refusal(outcome)) {
		u->recreate_refused++;
	}
}

void watch_train(struct watch *w, const struct segment *train, const struct verdict *v, unsigned sight)
{
	struct usage *u = w->usage;
	bool in_window = train->start_ns >= u->frame.begin_ns && train->start_ns < u->frame.end_ns;

	if (sight & SIGHT_BEGINS) {
		u->flows[train->protocol] += in_window;
		consider_incident(w, train, v);
	}
	if (sight & SIGHT_NEEDS && v->outcome != OUT_FILTERED && v->outcome != OUT_NO_MAPPING && !(sight & SIGHT_AT_HOME))
		meter_flow(w->meter, train->start_ns, train->subscriber - w->share.first_subscriber, train->protocol, v->outcome,
		           v->crowded_out);
	else
		count_other(u, v->outcome, sight, in_window);
}

void watch_advance(struct watch *w, int64_t now_ns)
{
	attribution_advance(w->attribution, now_ns);
}

bool watch_finish(struct watch *w, struct log_weight *log, struct answers *answers, struct err *e)
{
	bool good;

	meter_finish(w->meter);
	attribution_finish(w->attribution, answers);
	attribution_destroy(w->attribution);
	good = log_close(w->log, log, e);
	free(w->outside);
	free(w);
	return good;
}

void watch_abandon(struct watch *w)
{
	struct answers answers = { 0 };

	if (!w)
		return;
	meter_finish(w->meter);
	attribution_finish(w->attribution, &answers);
	attribution_destroy(w->attribution);
	free(answers.items);
	log_abandon(w->log);
	free(w->outside);
	free(w);
}
