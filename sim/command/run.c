#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/summary.h"
#include "sim/base/must.h"
#include "sim/command/basis.h"
#include "sim/command/console.h"
#include "sim/command/kept_logs.h"
#include "sim/command/progress.h"
#include "sim/command/run_events.h"
#include "sim/command/run_ns3.h"
#include "sim/command/run_results.h"
#include "sim/command/rundir.h"

#define CHECKPOINT "5s"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "DIR", .help = "where the results go (default results/<scenario name>)" },
	OPTION_SET,
	OPTION_SCHEMES,
	OPTION_SEED,
	{ .name = "threads", .value = "N", .help = "threads, of each rank under mpirun (default: all cores); they change no result" },
	{ .name = "keep-logs", .help = "keep every scheme's log as DIR/logs/SCHEME.EXT.zst" },
	{ .name = "events", .value = "FILE", .help = "write what happened as an event file too, for cgnsim measure" },
	{ .name = "resume", .help = "go on from where a run into DIR was interrupted; the same bytes come out" },
	{ .name = "checkpoint", .value = "DURATION", .help = "save what is done this often (default " CHECKPOINT ")" },
	{ .name = "world", .value = "flow|ns3", .help = "which world runs it: flow (default), or ns3: generate, cgnsim-ns3 and measure in one go" },
	{ .name = "pcap", .value = "PREFIX", .help = "with --world ns3: capture both sides of the CGN (see cgnsim-ns3 --help)" },
	{ .name = "force", .help = "write even into a directory that holds other things" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no table" },
	{ 0 },
};

static atomic_int told_to_stop;

static void on_signal(int number)
{
	(void)number;
	atomic_store(&told_to_stop, 1);
}

/* A first SIGINT or SIGTERM ends the run cleanly; a second one at once. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void show_progress(void *context, double share, uint64_t trains)
{
	progress_show(context, share, trains);
}

/* A run under way. */
struct job {
	struct arguments args;
	struct ranks *ranks;
	struct opened opened;
	struct basis basis;
	struct rundir dir;         /* rank 0 only */
	char *path, *work, *logs;  /* DIR, DIR.unfinished, DIR.unfinished/logs or NULL */
	struct run_events events;
	struct checkpoint *checkpoint;
	cJSON *summary;
	uint64_t threads;
	int64_t checkpoint_ns;
	bool quiet;
};

static bool read_line(struct job *j, struct err *e)
{
	const char *every = arguments_value(&j->args, "checkpoint");

	if (!duration_parse(every ? every : CHECKPOINT, &j->checkpoint_ns))
		return fail(e, "--checkpoint: \"%s\" is not a duration (such as 30s, 5m)", every);
	return arguments_number(&j->args, "threads", 1, 1024, &j->threads, e);
}

static bool open_scenario(struct job *j, struct err *e)
{
	bool keep_all = arguments_has(&j->args, "keep-logs"), any = false;

	if (!read_line(j, e) || !scenario_open(&j->opened, &j->args, e))
		return false;
	if (arguments_has(&j->args, "events") && (arguments_has(&j->args, "resume") || ranks_count(j->ranks) > 1))
		return fail(e, "--events: goes neither with --resume nor with several ranks: leave one of the two out");
	for (size_t i = 0; i < j->opened.scenario->trial_count; i++) {
		j->opened.scenario->trials[i].log.keep |= keep_all;
		any |= j->opened.scenario->trials[i].log.keep;
	}
	j->path = arguments_value(&j->args, "output") ? must_strdup(arguments_value(&j->args, "output"))
	                                              : must_printf("results/%s", j->opened.scenario->name);
	j->work = rundir_work(j->path);
	j->logs = any ? must_printf("%s/logs", j->work) : NULL;
	return basis_make(&j->basis, &j->opened, keep_all, e);
}

/* Rank 0: the work directory, with nothing in it but what is gone on from. */
static bool open_work(struct job *j, struct err *e)
{
	bool resume = arguments_has(&j->args, "resume"), state;

	if (!rundir_open(&j->dir, j->path, arguments_has(&j->args, "force"), e))
		return false;
	state = rundir_holds_state(&j->dir);
	if (resume && state)
		return basis_check(&j->basis, j->work, e);
	if (resume)
		fprintf(stderr, "cgnsim: %s: there is nothing to go on from; the run starts anew\n", j->work);
	else if (state)
		fprintf(stderr, "cgnsim: %s: an unfinished run is given up; --resume would have gone on from it\n", j->work);
	if (!rundir_empty(&j->dir, e) || !basis_write(&j->basis, j->work, e))
		return false;
	if (j->logs && mkdir(j->logs, 0777))
		return fail(e, "%s: %s", j->logs, strerror(errno));
	return run_events_open(&j->events, &j->opened, arguments_value(&j->args, "events"), j->work, e);
}

static bool agree(struct job *j, bool good, struct err *e)
{
	return ranks_agree(j->ranks, good, e, &told_to_stop);
}

/* All ranks read what there is before rank 0 changes it, and go on when it has. */
static bool open_checkpoint(struct job *j, struct err *e)
{
	unsigned mine = ranks_mine(j->ranks);

	if (!agree(j, mine || open_work(j, e), e))
		return false;
	j->checkpoint = checkpoint_open(&(struct checkpoint_setup){
		.directory = j->work,
		.fingerprint = j->basis.fingerprint,
		.rank = mine,
		.every_ns = j->checkpoint_ns,
	}, e);
	return agree(j, j->checkpoint, e) && agree(j, mine || checkpoint_settle(j->checkpoint, e), e);
}

static bool simulate(struct job *j, struct err *e)
{
	struct progress progress = { 0 };
	struct run_options how = {
		.threads = (unsigned)j->threads,
		.ranks = j->ranks,
		.checkpoint = j->checkpoint,
		.log_directory = j->logs,
		.events_directory = j->events.directory,
		.flows = &j->events.flows,
		.progress = show_progress,
		.progress_context = &progress,
		.stop = &told_to_stop,
	};
	const struct opened *o = &j->opened;
	bool good;

	progress_begin(&progress, "trains", j->quiet || ranks_mine(j->ranks));
	good = run_trials(&o->scenario->workload, o->sources, &o->facts, o->scenario->trials, o->scenario->trial_count, &how, e);
	progress_end(&progress);
	return good;
}

static const struct result_origin run_origin = { .command = "run", .words = 1 };

static bool write_results(struct job *j, struct err *e)
{
	if (!run_events_join(&j->events, &j->opened, e) || !rundir_begin(&j->dir, e) ||
	    !run_results_write(j->dir.temporary, &j->opened, &j->args, &run_origin, &j->summary, e) || (j->logs && !kept_logs_move(j->logs, j->dir.temporary, j->opened.scenario, e)) ||
	    !rundir_commit(&j->dir, e))
		return false;
	if (!j->quiet) {
		summary_print(j->summary, stdout);
		printf("\n%s/report.html\n", j->path);
	}
	return true;
}

/* What a user is told of a run that was told to stop. */
static void say_stopped(const struct job *j, struct err *e)
{
	const char *why = ranks_count(j->ranks) > 1 ? "stopped by a signal, or since another rank ended" : "stopped";

	if (checkpoint_holds(j->checkpoint))
		fail(e, "%s; --resume goes on from here", why);
	else
		fail(e, "%s; nothing was finished yet, and nothing was written", why);
}

static bool is_ns3(const struct arguments *args)
{
	return arguments_value(args, "world") && !strcmp(arguments_value(args, "world"), "ns3");
}

static bool world_is_flow(const struct arguments *args, struct err *e)
{
	const char *world = arguments_value(args, "world");

	if (world && strcmp(world, "flow"))
		return fail(e, "--world: \"%s\" is neither flow nor ns3", world);
	return !arguments_has(args, "pcap") || fail(e, "--pcap: the flow world has no packets; --world ns3 has");
}

static int run_in_ranks(struct job *j, int argc, char **argv)
{
	struct err e = ERR_INIT;
	int status;
	bool good;

	ranks_hush(j->ranks, true);
	status = arguments_parse(&j->args, &command_run, argc, argv, 1, 1);
	if (status >= 0)
		return status;
	if (is_ns3(&j->args)) {
		status = ranks_count(j->ranks) > 1 ? command_misused(&command_run, "--world ns3 runs on one machine, without mpirun")
		                                   : run_ns3(&j->args);
		arguments_clear(&j->args);
		return status;
	}
	j->quiet = arguments_has(&j->args, "quiet");
	good = world_is_flow(&j->args, &e) && open_scenario(j, &e);
	ranks_hush(j->ranks, false);
	catch_signals();
	good = agree(j, good, &e) && open_checkpoint(j, &e) && simulate(j, &e);
	if (!good && atomic_load(&told_to_stop) && !e.count)
		say_stopped(j, &e);
	if (good && !ranks_mine(j->ranks))
		good = write_results(j, &e);
	if (ranks_mine(j->ranks)) /* rank 0 has said it all */
		err_clear(&e);
	status = good ? EXIT_DONE : command_failed(&e);
	rundir_abandon(&j->dir);
	checkpoint_close(j->checkpoint);
	cJSON_Delete(j->summary);
	run_events_clear(&j->events);
	basis_clear(&j->basis);
	scenario_close(&j->opened);
	free(j->path);
	free(j->work);
	free(j->logs);
	arguments_clear(&j->args);
	return status;
}

static int run(int argc, char **argv)
{
	struct job j = { .ranks = ranks_open() };
	int status = run_in_ranks(&j, argc, argv);

	return ranks_close(j.ranks, status);
}

const struct command command_run = {
	.name = "run",
	.usage = "run SCENARIO [-o DIR] [--set PATH=VALUE]... [--scheme NAME]... [--seed N] [--threads N] [--keep-logs]\n"
	         "    [--events FILE] [--resume] [--checkpoint DURATION] [--world flow|ns3] [--pcap PREFIX] [--force] [--quiet]",
	.summary = "runs every scheme of a scenario on the same workload, and writes tables, figures and a report",
	.options = options,
	.run = run,
};
