/* How trials are run
 *
 * Trials with the same cut form a group. A job is one instance of one group: it
 * generates the instance's trains once, slab by slab, shows them to the homes'
 * NATs once, and then to each scheme of the group. Every worker adds what its
 * jobs measured to sums of its own; they are integers, so the order in which
 * they are added up does not matter. */
#include "sim/world/trial.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/engine/runner.h"
#include "sim/world/cpe.h"
#include "sim/world/keep.h"
#include "sim/world/lane.h"
#include "sim/world/workload.h"

/* Trains in a slab: enough that changing from scheme to scheme costs little,
 * few enough to stay in the cache. */
#define SLAB_TRAINS 4096.0

struct group {
	struct cut cut;
	size_t *trials;        /* indices; owned */
	size_t count;
};

/* What a worker sums up for one trial. */
struct tally {
	struct usage *usage, *demand;
	struct log_weight log;
	struct answers answers;
	uint64_t not_offered;
};

struct run {
	const struct workload *workload;
	const struct traffic_sources *sources;
	const struct workload_facts *facts;
	const struct run_options *options;
	struct trial *trials;
	size_t trial_count;
	struct lane_ground *grounds;   /* by trial; owned */
	struct slots *cpe_slots;       /* owned */
	struct group *groups;          /* owned */
	size_t group_count, job_count;
	unsigned workers;
	uint32_t replication;
	struct tally *tallies;         /* [worker * trial_count + trial]; owned */
	struct err *errs;              /* by worker; owned */
	atomic_uint_fast64_t trains;
	atomic_uint_fast64_t done;     /* simulated nanoseconds of all jobs, in units of 2^20 */
};

static bool behind_cpe(const struct trial *t)
{
	return t->access == ACCESS_NAT444 && t->cpe.nat;
}

static void make_groups(struct run *run)
{
	run->groups = must_alloc(run->trial_count, sizeof(*run->groups));
	for (size_t i = 0; i < run->trial_count; i++) {
		struct cut cut = cut_of(run->workload, &run->trials[i]);
		struct group *g = run->groups;

		while (g < run->groups + run->group_count && !cut_same(&g->cut, &cut))
			g++;
		if (g == run->groups + run->group_count) {
			run->group_count++;
			g->cut = cut;
			g->trials = must_alloc(run->trial_count, sizeof(*g->trials));
			run->job_count += cut.instances;
		}
		g->trials[g->count++] = i;
	}
}

/* One instance of one group under way. */
struct instance {
	struct run *run;
	const struct group *group;
	uint32_t number;
	unsigned worker;
	struct share share;            /* its subscribers */
	struct workload_stream *stream;
	struct cpe_bank *cpe;          /* NULL if no trial of the group needs it */
	struct lane **lanes;           /* by place in the group */
	struct segments raw;           /* a slab as the hosts send it */
	struct segments seen;          /* and as the CGN sees it behind the homes' NATs */
	uint8_t *home;                 /* enum outcome of each at its home's NAT */
	size_t home_room;
};

static struct lane *make_lane(struct instance *in, size_t trial, struct err *e)
{
	struct run *run = in->run;
	const struct trial *t = &run->trials[trial];
	struct tally *tally = &run->tallies[in->worker * run->trial_count + trial];
	struct cut cut = cut_of(run->workload, t);
	char *keep = NULL;
	struct lane *lane;

	if (t->log.keep && run->options->log_directory)
		keep = keep_part_path(run->options->log_directory, t, run->replication, in->number);
	lane = lane_create(&(struct lane_setup){
		.ground = &run->grounds[trial],
		.share = cut_share(&cut, in->number),
		.instance = in->number,
		.replication = run->replication,
		.usage = tally->usage,
		.demand = tally->demand,
		.keep_path = keep,
	}, e);
	free(keep);
	return lane;
}

/* Shows the homes' NATs the slab: what they let through, and what became of the rest. */
static void pass_homes(struct instance *in)
{
	in->seen.count = 0;
	if (in->home_room < in->raw.count) {
		in->home_room = in->raw.room;
		in->home = must_grow(in->home, in->home_room, 1);
	}
	for (size_t i = 0; i < in->raw.count; i++) {
		struct segment *train = segments_add(&in->seen);

		*train = in->raw.items[i];
		train->subscriber -= in->share.first_subscriber;
		in->home[i] = (uint8_t)cpe_show(in->cpe, train);
		train->subscriber += in->share.first_subscriber;
	}
}

static void show_slab(struct instance *in, int64_t until_ns)
{
	if (in->cpe)
		pass_homes(in);
	for (size_t k = 0; k < in->group->count; k++) {
		struct lane *lane = in->lanes[k];
		bool cpe = in->cpe && behind_cpe(&in->run->trials[in->group->trials[k]]);
		const struct segment *trains = cpe ? in->seen.items : in->raw.items;

		for (size_t i = 0; i < in->raw.count; i++)
			lane_show(lane, &trains[i], cpe ? in->home[i] : OUT_CREATED);
		lane_advance(lane, until_ns);
	}
}

static void report_progress(struct run *run, const struct instance *in, int64_t advanced_ns)
{
	uint64_t done, all;

	atomic_fetch_add(&run->trains, in->raw.count * in->group->count);
	done = atomic_fetch_add(&run->done, (uint64_t)advanced_ns >> 20) + ((uint64_t)advanced_ns >> 20);
	if (in->worker || !run->options->progress)
		return;
	all = (uint64_t)(run->workload->warmup_ns + run->workload->duration_ns) >> 20;
	run->options->progress(run->options->progress_context,
	                       ((double)done / ((double)all * (double)run->job_count) + run->replication) /
	                               run->workload->replications,
	                       atomic_load(&run->trains));
}

/* How long a slab is, in simulated time. Changes no result. */
static int64_t slab_length(const struct run *run, uint32_t subscribers)
{
	double total = (double)(run->workload->warmup_ns + run->workload->duration_ns);
	double trains = run->facts->flows_expected * subscribers / run->workload->subscribers + 1;
	double length = total * SLAB_TRAINS / trains;

	if (length >= total)
		return (int64_t)total;
	return length < (double)NS_PER_MS ? NS_PER_MS : (int64_t)length;
}

/* False if it was told to stop. */
static bool run_slabs(struct instance *in)
{
	struct run *run = in->run;
	int64_t end_ns = run->workload->warmup_ns + run->workload->duration_ns;
	int64_t slab_ns = slab_length(run, in->share.subscribers);
	int64_t from_ns = 0;

	while (from_ns < end_ns) {
		int64_t until_ns = end_ns - from_ns <= slab_ns ? end_ns : from_ns + slab_ns;

		if (run->options->stop && *run->options->stop)
			return false;
		in->raw.count = 0;
		workload_next(in->stream, until_ns, &in->raw);
		show_slab(in, until_ns);
		report_progress(run, in, until_ns - from_ns);
		from_ns = until_ns;
	}
	return true;
}

static bool open_instance(struct instance *in, struct err *e)
{
	struct run *run = in->run;
	const struct trial *behind = NULL;

	in->stream = workload_stream(run->sources, run->replication, in->share.first_subscriber, in->share.subscribers);
	in->lanes = must_alloc(in->group->count, sizeof(*in->lanes));
	for (size_t k = 0; k < in->group->count; k++) {
		const struct trial *t = &run->trials[in->group->trials[k]];

		if (behind_cpe(t))
			behind = t;
		in->lanes[k] = make_lane(in, in->group->trials[k], e);
		if (!in->lanes[k])
			return false;
	}
	if (behind)
		in->cpe = cpe_create(&behind->cpe, run->cpe_slots, in->share.subscribers,
		                     mix64(mix64(run->workload->seed, RNG_CPE), in->number));
	return true;
}

/* Moves them all. */
static void add_answers(struct answers *to, struct answers *from)
{
	to->items = must_grow(to->items, to->count + from->count, sizeof(*to->items));
	if (from->count)
		memcpy(to->items + to->count, from->items, from->count * sizeof(*to->items));
	to->count += from->count;
	to->room = to->count;
	free(from->items);
	*from = (struct answers){ 0 };
}

static bool close_instance(struct instance *in, struct err *e)
{
	struct run *run = in->run;
	bool good = true;

	for (size_t k = 0; k < in->group->count; k++) {
		struct tally *tally = &run->tallies[in->worker * run->trial_count + in->group->trials[k]];
		struct log_weight log = { 0 };
		struct answers answers = { 0 };

		if (!in->lanes[k])
			continue;
		tally->not_offered += workload_left_out(in->stream);
		if (!lane_finish(in->lanes[k], &log, &answers, e))
			good = false;
		log_weight_add(&tally->log, &log);
		log_weight_clear(&log);
		add_answers(&tally->answers, &answers);
	}
	workload_end(in->stream);
	cpe_destroy(in->cpe);
	free(in->lanes);
	free(in->raw.items);
	free(in->seen.items);
	free(in->home);
	return good;
}

static int run_instance(void *context, size_t job, unsigned worker)
{
	struct run *run = context;
	struct instance in = { .run = run, .group = run->groups, .worker = worker };
	struct err *e = &run->errs[worker];
	bool good;

	while (job >= in.group->cut.instances)
		job -= in.group++->cut.instances;
	in.number = (uint32_t)job;
	in.share = cut_share(&in.group->cut, in.number);
	if (!in.share.subscribers)
		return 0;
	good = open_instance(&in, e) && run_slabs(&in);
	return close_instance(&in, e) && good ? 0 : 1;
}

static void open_tallies(struct run *run)
{
	const struct workload *w = run->workload;

	run->tallies = must_alloc(run->workers * run->trial_count, sizeof(*run->tallies));
	for (size_t i = 0; i < run->workers * run->trial_count; i++) {
		const struct lane_ground *g = &run->grounds[i % run->trial_count];
		struct usage_frame frame = {
			.begin_ns = w->warmup_ns,
			.end_ns = w->warmup_ns + w->duration_ns,
			.interval_ns = w->sample_interval_ns,
			.subscribers = w->subscribers,
			.ports = (uint64_t)g->pool.addresses * g->slots->count,
		};

		run->tallies[i].usage = usage_create(&frame);
		if (w->demand) {
			frame.ports = (uint64_t)w->subscribers * g->slots->count;
			run->tallies[i].demand = usage_create(&frame);
		}
	}
}

/* Adds up the workers' sums of one trial. */
static void collect(struct run *run, size_t trial, struct measures *m)
{
	const struct trial *t = &run->trials[trial];
	const struct lane_ground *g = &run->grounds[trial];
	struct tally *sum = &run->tallies[trial];

	for (unsigned worker = 1; worker < run->workers; worker++) {
		struct tally *more = &run->tallies[worker * run->trial_count + trial];

		usage_add(sum->usage, more->usage);
		usage_destroy(more->usage);
		if (sum->demand)
			usage_add(sum->demand, more->demand);
		usage_destroy(more->demand);
		log_weight_add(&sum->log, &more->log);
		log_weight_clear(&more->log);
		add_answers(&sum->answers, &more->answers);
		sum->not_offered += more->not_offered;
	}
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
		.instances = cut_of(run->workload, t).instances,
	};
	for (int k = 0; k < EVIDENCE_COUNT; k++)
		ambiguity_of(&sum->answers, run->workload->evidence.incidents, (enum evidence)k, &run->workload->evidence,
		             &m->ambiguity[k]);
	free(sum->answers.items);
}

static bool run_replication(struct run *run, struct err *e)
{
	bool good;

	atomic_store(&run->done, 0);
	open_tallies(run);
	good = run_jobs(run->job_count, run->workers, run_instance, run) == run->job_count;
	for (unsigned i = 0; i < run->workers; i++) {
		for (size_t k = 0; k < run->errs[i].count; k++)
			fail(e, "%s", run->errs[i].lines[k]);
		err_clear(&run->errs[i]);
	}
	for (size_t i = 0; i < run->trial_count; i++)
		collect(run, i, &run->trials[i].measures[run->replication]);
	free(run->tallies);
	for (size_t i = 0; good && i < run->trial_count; i++)
		if (run->trials[i].log.keep && run->options->log_directory)
			good = keep_join(run->options->log_directory, &run->trials[i], run->replication,
			                 run->trials[i].measures[run->replication].instances, e);
	return good;
}

bool run_trials(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                struct trial *trials, size_t count, const struct run_options *options, struct err *e)
{
	struct run run = {
		.workload = workload,
		.sources = sources,
		.facts = facts,
		.options = options,
		.trials = trials,
		.trial_count = count,
		.workers = options->threads ? options->threads : cores(),
	};
	bool good = true;

	make_groups(&run);
	if (run.workers > run.job_count)
		run.workers = (unsigned)run.job_count;
	run.errs = must_alloc(run.workers, sizeof(*run.errs));
	for (unsigned i = 0; i < run.workers; i++)
		run.errs[i] = (struct err)ERR_INIT;
	run.grounds = must_alloc(count, sizeof(*run.grounds));
	for (size_t i = 0; i < count; i++) {
		lane_ground_init(&run.grounds[i], workload, &trials[i], facts, cut_of(workload, &trials[i]).instances);
		trials[i].measures = must_alloc(workload->replications, sizeof(*trials[i].measures));
		if (behind_cpe(&trials[i]) && !run.cpe_slots) {
			run.cpe_slots = slots_create(trials[i].cpe.ports, &(struct port_ranges){ 0 });
			must(run.cpe_slots);
		}
	}
	for (run.replication = 0; good && run.replication < workload->replications; run.replication++)
		good = run_replication(&run, e);
	for (size_t i = 0; i < count; i++)
		lane_ground_clear(&run.grounds[i]);
	for (size_t i = 0; i < run.group_count; i++)
		free(run.groups[i].trials);
	slots_destroy(run.cpe_slots);
	free(run.groups);
	free(run.grounds);
	free(run.errs);
	return good;
}
