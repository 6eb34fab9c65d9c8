/* How trials are run
 *
 * Trials with the same cut form a group. A job is one instance of one group
 * (instance.c). Ranks deal the jobs among them by number; within a rank, every
 * worker adds what its jobs measured to sums of its own. They are integers, so
 * the order in which they are added up does not matter: the same bytes come out
 * for any number of workers and ranks, and from a run that was interrupted.
 *
 * A worker hands its sums over to the rank's when its jobs are done, and every
 * few seconds before that, between two jobs, so that they can be written down
 * (checkpoint.h). At the end of a replication, rank 0 gathers the ranks' sums. */
#include "sim/world/trial.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/base/must.h"
#include "sim/engine/runner.h"
#include "sim/world/instance.h"
#include "sim/world/keep.h"
#include "sim/world/measuring.h"

/* Who is told to stop may finish a job for so long: what it has measured is lost else. */
#define STOP_GRACE_NS (500 * NS_PER_MS)

struct run;

struct worker {
	struct run *run;
	struct sums sums;
	struct err e;
	int64_t handed_ns;     /* when its sums were last handed over */
	int64_t told_ns;       /* when it saw that it is to stop; 0: not yet */
	bool leads;            /* it is the one that shows the progress */
	bool spoiled;          /* a part of a job is in its sums */
};

struct run {
	const struct workload *workload;
	const struct traffic_sources *sources;
	const struct workload_facts *facts;
	const struct run_options *options;
	struct checkpoint *checkpoint;
	struct trial *trials;
	size_t trial_count;
	struct watch_ground *grounds;   /* by trial; owned */
	struct usage_frame *usage, *demand; /* by trial; owned; demand NULL: not asked for */
	struct slots *cpe_slots;       /* owned */
	struct group *groups;          /* owned */
	size_t group_count, job_count;
	unsigned rank, ranks;
	struct worker *workers;        /* owned */
	unsigned worker_count;
	uint32_t replication;
	uint32_t joined;               /* replications whose kept logs are joined */
	size_t *todo;                  /* this rank's jobs of the replication; owned */
	size_t todo_count;
	pthread_mutex_t lock;          /* on what follows, while workers run */
	struct sums sums;              /* what was handed over */
	struct err e;
	atomic_uint_fast64_t trains;
	atomic_uint_fast64_t done;     /* simulated nanoseconds of all jobs, in units of 2^20 */
};

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

/* The group of a job, which becomes its instance. */
static const struct group *group_of(const struct run *run, size_t *job)
{
	const struct group *g = run->groups;

	while (*job >= g->cut.instances)
		*job -= g++->cut.instances;
	return g;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static bool told_to_stop(const struct run *run)
{
	return run->options->stop && atomic_load(run->options->stop);
}

/* In units of 2^20 ns. */
static uint64_t job_length(const struct run *run)
{
	return (uint64_t)(run->workload->warmup_ns + run->workload->duration_ns) >> 20;
}

static bool job_advanced(void *context, int64_t by_ns, uint64_t trains)
{
	struct worker *w = context;
	struct run *run = w->run;
	uint64_t by = (uint64_t)by_ns >> 20, done, all = job_length(run) * (run->todo_count ? run->todo_count : 1);

	atomic_fetch_add(&run->trains, trains);
	done = atomic_fetch_add(&run->done, by) + by;
	if (w->leads && run->options->progress)
		run->options->progress(run->options->progress_context,
		                       ((double)done / ((double)all + 1) + run->replication) / run->workload->replications,
		                       atomic_load(&run->trains));
	if (!told_to_stop(run))
		return true;
	if (!w->told_ns)
		w->told_ns = now_ns();
	return now_ns() - w->told_ns < STOP_GRACE_NS;
}

static bool keeps_logs(const struct run *run, const struct trial *t)
{
	return t->log.keep && run->options->log_directory;
}

/* Writes down what was handed over; with the lock held, or alone. */
static bool save(struct run *run, struct err *e)
{
	return checkpoint_write(run->checkpoint, run->replication, &run->sums, e);
}

static bool hand_over(struct worker *w)
{
	struct run *run = w->run;
	bool good = true;

	must(!pthread_mutex_lock(&run->lock));
	sums_move(&run->sums, &w->sums);
	if (checkpoint_due(run->checkpoint))
		good = save(run, &run->e);
	must(!pthread_mutex_unlock(&run->lock));
	w->handed_ns = now_ns();
	return good;
}

static int run_job(void *context, size_t n, unsigned worker)
{
	struct run *run = context;
	struct worker *w = &run->workers[worker];
	size_t job = run->todo[n], number = job;
	const struct group *group = group_of(run, &number);

	if (told_to_stop(run))
		return 1;
	w->spoiled = !instance_run(&(struct instance_setup){
		.workload = run->workload,
		.sources = run->sources,
		.facts = run->facts,
		.trials = run->trials,
		.grounds = run->grounds,
		.cpe_slots = run->cpe_slots,
		.group = group,
		.number = (uint32_t)number,
		.replication = run->replication,
		.tallies = w->sums.tallies,
		.log_directory = run->options->log_directory,
		.events_directory = run->options->events_directory,
		.flows = run->options->flows,
		.advanced = job_advanced,
		.context = w,
	}, &w->e);
	if (w->spoiled)
		return 1;
	sums_done(&w->sums, job);
	if (!run->checkpoint || now_ns() - w->handed_ns < checkpoint_every_ns(run->checkpoint))
		return 0;
	return hand_over(w) ? 0 : 1;
}

/* This rank's share of the jobs not yet done. */
static void deal_jobs(struct run *run)
{
	run->todo_count = 0;
	for (size_t job = run->rank; job < run->job_count; job += run->ranks)
		if (!run->sums.done[job])
			run->todo[run->todo_count++] = job;
}

/* Does the part of each kept log lie there for every job that was done before? */
static bool check_parts(const struct run *run, struct err *e)
{
	for (size_t job = 0; job < run->job_count; job++) {
		size_t number = job;
		const struct group *group = group_of(run, &number);

		if (!run->sums.done[job] || !cut_share(&group->cut, (uint32_t)number).subscribers)
			continue;
		for (size_t k = 0; k < group->count; k++) {
			const struct trial *t = &run->trials[group->trials[k]];

			if (keeps_logs(run, t) &&
			    !keep_there(run->options->log_directory, t, run->replication, (uint32_t)number, e))
				return false;
		}
	}
	return true;
}

/* What an earlier run had done of this replication. Only rank 0 counts it. */
static bool take_up(struct run *run, struct err *e)
{
	bool good = true;

	if (run->checkpoint)
		good = checkpoint_take(run->checkpoint, run->replication, &run->sums, e) && (run->rank || check_parts(run, e));
	deal_jobs(run);
	if (run->rank)
		sums_empty(&run->sums);
	return good;
}

static bool run_share(struct run *run, struct err *e)
{
	unsigned count = run->todo_count < run->worker_count ? (unsigned)run->todo_count : run->worker_count;
	bool good;

	atomic_store(&run->done, 0);
	for (unsigned i = 0; i < count; i++) {
		struct worker *w = &run->workers[i];

		*w = (struct worker){ .run = run, .e = ERR_INIT, .handed_ns = now_ns(), .leads = !i };
		sums_open(&w->sums, run->job_count, run->trial_count, run->usage, run->demand);
	}
	good = run_jobs(run->todo_count, count, run_job, run) == run->todo_count;
	for (unsigned i = 0; i < count; i++) {
		struct worker *w = &run->workers[i];

		if (!w->spoiled)
			sums_move(&run->sums, &w->sums);
		sums_close(&w->sums);
		for (size_t k = 0; k < w->e.count; k++)
			fail(e, "%s", w->e.lines[k]);
		err_clear(&w->e);
	}
	for (size_t k = 0; k < run->e.count; k++)
		fail(e, "%s", run->e.lines[k]);
	err_clear(&run->e);
	return good;
}

static bool take_rank(void *context, unsigned rank, const uint8_t *bytes, size_t length)
{
	struct run *run = context;
	struct carry_in in = { bytes, bytes + length };

	(void)rank;
	must(sums_take(&in, &run->sums));
	return true;
}

/* Rank 0 gets everybody's sums; all learn whether it went well everywhere. */
static bool gather(struct run *run, bool good, struct err *e)
{
	const struct run_options *o = run->options;
	struct carry_out mine = { 0 };

	if (run->ranks == 1)
		return good;
	if (!ranks_agree(o->ranks, good, e, o->stop))
		return false;
	if (run->rank)
		sums_carry(&mine, &run->sums);
	good = ranks_gather(o->ranks, mine.bytes, mine.length, take_rank, run, o->stop);
	free(mine.bytes);
	return good;
}

/* Joins the kept logs of every replication before `until`, all of which are written down. */
static bool join_logs(struct run *run, uint32_t until, struct err *e)
{
	for (; run->joined < until; run->joined++)
		for (size_t i = 0; i < run->trial_count; i++)
			if (keeps_logs(run, &run->trials[i]) &&
			    !keep_join(run->options->log_directory, &run->trials[i], run->joined,
			               cut_of(run->workload, &run->trials[i]).instances, e))
				return false;
	return true;
}

/* Every scheme must have met the same flows. */
static void check_flows(const struct run *run)
{
	const struct usage *first = run->trials[0].measures[run->replication].usage;

	for (size_t i = 1; i < run->trial_count; i++)
		must(!memcmp(run->trials[i].measures[run->replication].usage->flows, first->flows, sizeof(first->flows)));
}

/* The parts of a kept log may go only once nobody needs them to go on from. */
static bool finish_replication(struct run *run, struct err *e)
{
	struct checkpoint *c = run->checkpoint;

	if (run->rank)
		return true;
	must(run->sums.done_count == run->job_count);
	if (c)
		checkpoint_finished(c, run->replication, &run->sums);
	if (c && checkpoint_due(c)) {
		if (!checkpoint_write(c, run->replication, NULL, e) || !join_logs(run, run->replication + 1, e))
			return false;
	}
	if (run->workload->replications > 1)
		sums_slim(&run->sums);
	for (size_t i = 0; i < run->trial_count; i++)
		measuring_take(&run->grounds[i], &run->sums.tallies[i], &run->trials[i].measures[run->replication]);
	check_flows(run);
	return c || join_logs(run, run->replication + 1, e);
}

static bool run_replication(struct run *run, struct err *e)
{
	bool good;

	sums_open(&run->sums, run->job_count, run->trial_count, run->usage, run->demand);
	good = take_up(run, e) && run_share(run, e);
	good = gather(run, good, e);
	if (good)
		good = ranks_agree(run->options->ranks, finish_replication(run, e), e, run->options->stop);
	else if (run->checkpoint)
		save(run, e);
	sums_close(&run->sums);
	return good;
}

static void open_frames(struct run *run)
{
	const struct workload *w = run->workload;

	run->usage = must_alloc(run->trial_count, sizeof(*run->usage));
	run->demand = w->demand ? must_alloc(run->trial_count, sizeof(*run->demand)) : NULL;
	for (size_t i = 0; i < run->trial_count; i++) {
		run->usage[i] = measuring_frame(&run->grounds[i]);
		if (run->demand)
			run->demand[i] = measuring_demand(&run->grounds[i]);
	}
}

static void open_run(struct run *run)
{
	const struct workload *w = run->workload;

	make_groups(run);
	if (run->worker_count > run->job_count)
		run->worker_count = (unsigned)run->job_count;
	run->workers = must_alloc(run->worker_count, sizeof(*run->workers));
	run->todo = must_alloc(run->job_count, sizeof(*run->todo));
	run->grounds = must_alloc(run->trial_count, sizeof(*run->grounds));
	for (size_t i = 0; i < run->trial_count; i++) {
		struct trial *t = &run->trials[i];

		watch_ground_init(&run->grounds[i], w, t, run->facts, cut_of(w, t).instances);
		t->measures = must_alloc(w->replications, sizeof(*t->measures));
		if (behind_cpe(t) && !run->cpe_slots) {
			run->cpe_slots = slots_create(t->cpe.ports, &(struct port_ranges){ 0 });
			must(run->cpe_slots);
		}
	}
	open_frames(run);
	must(!pthread_mutex_init(&run->lock, NULL));
}

static void close_run(struct run *run)
{
	pthread_mutex_destroy(&run->lock);
	for (size_t i = 0; i < run->trial_count; i++)
		watch_ground_clear(&run->grounds[i]);
	for (size_t i = 0; i < run->group_count; i++)
		free(run->groups[i].trials);
	slots_destroy(run->cpe_slots);
	free(run->groups);
	free(run->grounds);
	free(run->usage);
	free(run->demand);
	free(run->todo);
	free(run->workers);
}

bool run_trials(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                struct trial *trials, size_t count, const struct run_options *options, struct err *e)
{
	struct run run = {
		.workload = workload,
		.sources = sources,
		.facts = facts,
		.options = options,
		.checkpoint = options->checkpoint,
		.trials = trials,
		.trial_count = count,
		.rank = ranks_mine(options->ranks),
		.ranks = ranks_count(options->ranks),
		.worker_count = options->threads ? options->threads : ranks_threads(options->ranks),
		.e = ERR_INIT,
	};
	bool good = true;

	open_run(&run);
	for (run.replication = 0; good && run.replication < workload->replications; run.replication++)
		good = run_replication(&run, e);
	if (good && !run.rank)
		good = join_logs(&run, workload->replications, e);
	close_run(&run);
	return good;
}
