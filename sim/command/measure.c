#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/summary.h"
#include "sim/base/must.h"
#include "sim/command/console.h"
#include "sim/command/kept_logs.h"
#include "sim/command/measure_match.h"
#include "sim/command/run_ns3.h"
#include "sim/command/progress.h"
#include "sim/command/run_results.h"
#include "sim/command/rundir.h"
#include "sim/world/events_measure.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "DIR", .help = "where the results go (default results/<scenario name>)" },
	OPTION_SET,
	OPTION_SCHEMES,
	OPTION_SEED,
	{ .name = "keep-logs", .help = "keep every scheme's log as DIR/logs/SCHEME.EXT.zst" },
	{ .name = "force", .help = "write even into a directory that holds other things" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no table" },
	{ 0 },
};

enum { EVENTS, SCENARIO, WORDS }; /* the words of the line */

struct job {
	struct arguments args;
	struct events *events;
	struct opened opened;
	uint32_t *in_file;             /* the file's scheme of each trial; owned */
	struct workload_flows flows;
	uint64_t offered[PROTO_COUNT];
	bool as_run;                   /* the last step of `run --world ns3` */
	bool same_workload;            /* the file is of the workload that the scenario gives here */
	struct rundir dir;
	char *path, *logs;             /* DIR, DIR.unfinished/logs or NULL */
	cJSON *summary;
	bool quiet;
};

/* The scenario must be the file's, and its sources are then opened. */
static bool open_scenario(struct job *j, struct err *e)
{
	const char *file = j->args.words[EVENTS];
	struct scenario *s = scenario_of_word(&j->args, SCENARIO, NULL, 0, e);

	if (!s)
		return false;
	if (!measure_match(j->events, file, s, &j->in_file, e)) {
		scenario_destroy(s);
		return false;
	}
	if (s->workload.replications > 1) {
		fail(e, "%s: an event file holds one replication, and the scenario has %u", file, s->workload.replications);
		scenario_destroy(s);
		return false;
	}
	for (size_t i = 0; i < s->trial_count; i++)
		s->trials[i].log.keep |= arguments_has(&j->args, "keep-logs");
	return scenario_open_sources(&j->opened, s, &j->args, SCENARIO, e);
}

/* Makes the workload again: whose each flow is, and how many begin within the window. */
static bool make_workload(struct job *j, struct err *e)
{
	const struct workload *w = &j->opened.scenario->workload;
	struct trace *t = workload_trace(w, j->opened.sources, j->opened.scenario->name, &j->flows, e);

	if (!t)
		return false;
	j->same_workload = trace_digest(t) == events_head(j->events)->workload;
	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct segment *train = &t->records[i].train;

		j->offered[train->protocol] += train->flags & SEG_FIRST && train->start_ns >= w->warmup_ns;
	}
	trace_destroy(t);
	return true;
}

static bool open_directory(struct job *j, struct err *e)
{
	const struct scenario *s = j->opened.scenario;
	bool any = false;

	for (size_t i = 0; i < s->trial_count; i++)
		any |= s->trials[i].log.keep;
	j->path = arguments_value(&j->args, "output") ? must_strdup(arguments_value(&j->args, "output"))
	                                              : must_printf("results/%s", s->name);
	if (!rundir_open(&j->dir, j->path, arguments_has(&j->args, "force"), e))
		return false;
	if (rundir_holds_state(&j->dir))
		fprintf(stderr, "cgnsim: %s: an unfinished run is given up; run --resume would have gone on from it\n", j->dir.work);
	if (!rundir_empty(&j->dir, e))
		return false;
	j->logs = any ? must_printf("%s/logs", j->dir.work) : NULL;
	return !j->logs || !mkdir(j->logs, 0777) || fail(e, "%s: %s", j->logs, strerror(errno));
}

/* Unlimited demand is the workload's, whatever the world: the flow world says it. */
static bool measure_demand(struct job *j, struct err *e)
{
	struct scenario *s = j->opened.scenario;
	struct measures **measured;
	struct run_options how = { .threads = 0 };
	bool good;

	if (!s->workload.demand)
		return true;
	measured = must_alloc(s->trial_count, sizeof(*measured));
	for (size_t i = 0; i < s->trial_count; i++)
		measured[i] = s->trials[i].measures;
	good = run_trials(&s->workload, j->opened.sources, &j->opened.facts, s->trials, s->trial_count, &how, e);
	for (size_t i = 0; i < s->trial_count; i++) {
		struct measures *flow = s->trials[i].measures;

		if (flow != measured[i]) {
			measured[i]->demand = flow->demand;
			flow->demand = NULL;
			measures_clear(flow);
			free(flow);
		}
		s->trials[i].measures = measured[i];
	}
	free(measured);
	return good;
}

static void show_progress(void *context, double share, uint64_t records)
{
	progress_show(context, share, records);
}

static bool measure_events(struct job *j, struct err *e)
{
	const struct scenario *s = j->opened.scenario;
	struct progress progress = { 0 };
	struct events_measure how = {
		.events = j->events,
		.workload = &s->workload,
		.facts = &j->opened.facts,
		.trials = s->trials,
		.count = s->trial_count,
		.in_file = j->in_file,
		.flows = j->same_workload ? &j->flows : NULL,
		.log_directory = j->logs,
		.progress = show_progress,
		.progress_context = &progress,
	};
	bool good;

	memcpy(how.offered, j->offered, sizeof(how.offered));
	progress_begin(&progress, "records", j->quiet);
	good = events_measure(&how, e);
	progress_end(&progress);
	return good && measure_demand(j, e);
}

static bool of_packets(const struct job *j)
{
	return strcmp(events_head(j->events)->world, "flow") != 0;
}

/* What else is to be known of the workload that was run; NULL: nothing. */
static const char *warning_of(const struct job *j)
{
	if (!j->same_workload)
		return "the events are of another workload than the scenario gives here: incidents are drawn from other flows than a "
		       "run would draw, and only flows that reached the NAT are counted";
	if (of_packets(j) && j->opened.facts.captured_hosts)
		return "the captured flows carry what \"packets\" in the scenario says, not their own bytes and packets, which are not in "
		       "what generate writes; cgnsim-ns3 takes the trace of import itself";
	return NULL;
}

static bool write_results(struct job *j, struct err *e)
{
	const struct result_origin origin = {
		.command = j->as_run ? "run" : "measure",
		.first = j->as_run ? SCENARIO : EVENTS,
		.words = WORDS,
		.options = j->as_run ? " --world ns3" : NULL,
		.world = of_packets(j) ? events_head(j->events)->world : NULL,
		.warning = warning_of(j),
	};

	if (!rundir_begin(&j->dir, e) ||
	    !run_results_write(j->dir.temporary, &j->opened, &j->args, &origin, &j->summary, e) ||
	    (j->logs && !kept_logs_move(j->logs, j->dir.temporary, j->opened.scenario, e)) || !rundir_commit(&j->dir, e))
		return false;
	if (!j->quiet) {
		summary_print(j->summary, stdout);
		printf("\n%s/report.html\n", j->path);
	}
	return true;
}

static int measure(int argc, char **argv, bool as_run)
{
	struct job j = { .dir = { .lock = -1 }, .as_run = as_run };
	struct err e = ERR_INIT;
	int status = arguments_parse(&j.args, &command_measure, argc, argv, WORDS, WORDS);

	if (status >= 0)
		return status;
	j.quiet = arguments_has(&j.args, "quiet");
	j.events = events_open(j.args.words[EVENTS], &e);
	status = j.events && open_scenario(&j, &e) && make_workload(&j, &e) && open_directory(&j, &e) && measure_events(&j, &e) &&
	                         write_results(&j, &e)
	                 ? EXIT_DONE
	                 : command_failed(&e);
	rundir_abandon(&j.dir);
	cJSON_Delete(j.summary);
	scenario_close(&j.opened);
	workload_flows_clear(&j.flows);
	events_close(j.events);
	free(j.in_file);
	free(j.path);
	free(j.logs);
	arguments_clear(&j.args);
	return status;
}

static int run(int argc, char **argv)
{
	return measure(argc, argv, false);
}

int measure_as_run(int argc, char **argv)
{
	return measure(argc, argv, true);
}

const struct command command_measure = {
	.name = "measure",
	.usage = "measure EVENTS SCENARIO [-o DIR] [--set PATH=VALUE]... [--scheme NAME]... [--seed N] [--keep-logs]\n"
	         "    [--force] [--quiet]",
	.summary = "makes of an event file the tables, logs and report that run makes",
	.options = options,
	.run = run,
};
