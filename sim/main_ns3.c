/* cgnsim-ns3 - the packet world: a scenario's schemes on a trace, packet by packet, to an event file.
 *
 * A program of its own because libns3 is GPL-2.0-only (see docs/ns3.md). Each scheme's instances share nothing, and each
 * is a process: as many at a time as there are cores. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/opened.h"
#include "sim/command/progress.h"
#include "sim/engine/runner.h"
#include "sim/ns3/packet_world.h"
#include "sim/world/cut.h"
#include "sim/world/events.h"
#include "sim/world/workload_trace.h"

#define POLL_NS (50 * NS_PER_MS)

static const struct command_option options[] = {
	{ .name = "workload", .value = "TRACE", .help = "what the hosts do: of cgnsim generate, for this scenario" },
	{ .name = "called", .value = "NAME", .help = "what messages call the trace (default: TRACE)" },
	{ .name = "output", .letter = 'o', .value = "EVENTS", .help = "the event file to write (cgnsim measure reads it)" },
	OPTION_SET,
	OPTION_SCHEMES,
	OPTION_SEED,
	{ .name = "jobs", .letter = 'j', .value = "N", .help = "instances at a time (default: all cores); they change no result" },
	{ .name = "pcap", .value = "PREFIX", .help = "capture both sides of the CGN: PREFIX-SCHEME-INSTANCE-inside.pcap, .. -outside.pcap" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no report" },
	{ 0 },
};

static int run(int argc, char **argv);

static const struct command command = {
	.name = "cgnsim-ns3",
	.alone = true,
	.usage = "SCENARIO --workload TRACE -o EVENTS [--scheme NAME]... [--set PATH=VALUE]... [--seed N] [--jobs N]\n"
	         "    [--pcap PREFIX] [--called NAME] [--quiet]",
	.summary = "runs a scenario's schemes packet by packet in ns-3, and writes down what the CGN saw",
	.options = options,
	.run = run,
};

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
	(void)number;
	told_to_stop = 1;
}

/* One instance of one scheme. */
struct part {
	struct packet_job job;
	char *section, *pcap;
	pid_t process;           /* 0: not begun, -1: done */
};

struct session {
	struct arguments args;
	struct scenario *scenario;
	struct trace *trace;
	struct part *parts;
	size_t count, begun, done;
	char *directory;         /* of the sections */
	double *shares;          /* by part, shared with the processes */
	bool quiet;
};

/* ---- what there is to do ---- */

/* A trace that `generate` wrote is as long as warm-up and duration: that says what an automatic warm-up came to. */
static bool settle_warmup(struct session *s, const char *trace_name, struct err *e)
{
	struct workload *w = &s->scenario->workload;
	char have[DURATION_TEXT], want[DURATION_TEXT];

	if (!w->warmup_auto)
		return true;
	if (s->trace->duration_ns < w->duration_ns)
		return fail(e, "%s: it lasts %s, less than the scenario's duration of %s", trace_name,
		            duration_format(s->trace->duration_ns, have), duration_format(w->duration_ns, want));
	w->warmup_ns = s->trace->duration_ns - w->duration_ns;
	return true;
}

/* Which subscriber each host is: its address says, as in a trace of `generate`. Where one says nothing, or the same as
 * another's (homes behind DS-Lite), the n-th host is the n-th subscriber, as it is when a capture is replayed. */
static bool settle_hosts(struct session *s, const char *trace_name, struct err *e)
{
	const struct workload *w = &s->scenario->workload;
	struct trace *t = s->trace;
	bool fits = true;

	if (t->host_count > w->subscribers)
		return fail(e, "%s: %u hosts, more than the scenario's $.subscribers.count of %u", trace_name, t->host_count,
		            w->subscribers);
	for (uint32_t i = 0; i < t->host_count; i++)
		fits &= t->hosts[i].address - w->inside.first < w->subscribers &&
		        (!i || t->hosts[i].address > t->hosts[i - 1].address);
	for (uint32_t i = 0; i < t->host_count && !fits; i++)
		t->hosts[i].address = w->inside.first + i;
	return true;
}

/* A trace of another seed or duration runs as well, but hardly anybody means it. */
static void warn_of_other_workload(const struct session *s, const char *trace_name)
{
	struct err e = ERR_INIT;
	struct opened o = { 0 };
	struct trace *own = NULL;

	if (scenario_open(&o, &s->args, &e))
		own = workload_trace(&o.scenario->workload, o.sources, o.scenario->name, NULL, &e);
	if (!own)
		fprintf(stderr, "cgnsim-ns3: warning: whether the trace is the scenario's workload cannot be said: %s\n", e.lines[0]);
	else if (trace_digest(own) != trace_digest(s->trace))
		fprintf(stderr, "cgnsim-ns3: warning: %s is not the workload that %s gives here; it is run as it is\n", trace_name,
		        s->args.words[0]);
	trace_destroy(own);
	scenario_close(&o);
	err_clear(&e);
}

static bool open_session(struct session *s, struct err *e)
{
	const char *called = arguments_value(&s->args, "called"), *file = arguments_value(&s->args, "workload");
	const char *trace_name = called ? called : file;
	size_t most = 0;

	s->scenario = scenario_of_arguments(&s->args, e);
	s->trace = s->scenario ? trace_load(file, e) : NULL;
	if (!s->trace || !settle_warmup(s, trace_name, e) || !settle_hosts(s, trace_name, e))
		return false;
	for (size_t i = 0; i < s->scenario->trial_count; i++) {
		if (!packet_world_takes(&s->scenario->workload, &s->scenario->trials[i], s->trace, s->args.words[0], trace_name, e))
			return false;
		most += cut_of(&s->scenario->workload, &s->scenario->trials[i]).instances;
	}
	warn_of_other_workload(s, trace_name);
	s->directory = must_printf("%s.parts-XXXXXX", arguments_value(&s->args, "output"));
	if (!mkdtemp(s->directory)) {
		fail(e, "%s: %s", arguments_value(&s->args, "output"), strerror(errno));
		free(s->directory);
		s->directory = NULL;
		return false;
	}
	s->parts = must_alloc(most, sizeof(*s->parts));
	s->shares = mmap(NULL, (most + 1) * sizeof(*s->shares), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(s->shares != MAP_FAILED);
	return true;
}

static void show_share(void *context, double share)
{
	*(double *)context = share;
}

static void list_parts(struct session *s)
{
	const char *pcap = arguments_value(&s->args, "pcap");

	for (size_t i = 0; i < s->scenario->trial_count; i++) {
		const struct trial *t = &s->scenario->trials[i];
		struct cut cut = cut_of(&s->scenario->workload, t);

		for (uint32_t n = 0; n < cut.instances; n++) {
			struct part *p = &s->parts[s->count];

			if (!cut_share(&cut, n).subscribers)
				continue;
			p->section = must_printf("%s/%zu-%u", s->directory, i, n);
			p->pcap = pcap ? must_printf("%s-%s-%u", pcap, t->name, n) : NULL;
			p->job = (struct packet_job){
				.workload = &s->scenario->workload, .trial = t, .trial_index = (uint32_t)i, .instance = n,
				.trace = s->trace, .section = p->section, .pcap = p->pcap,
				.progress = show_share, .progress_context = &s->shares[s->count],
			};
			s->count++;
		}
	}
}

/* ---- processes ---- */

static void begin(struct part *p)
{
	p->process = fork();
	must(p->process >= 0);
	if (!p->process) {
		struct err e = ERR_INIT;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		_exit(packet_world_run(&p->job, &e) ? EXIT_DONE : command_failed(&e));
	}
}

static struct part *part_of(struct session *s, pid_t process)
{
	for (size_t i = 0; i < s->begun; i++)
		if (s->parts[i].process == process)
			return &s->parts[i];
	return NULL;
}

/* One ended: well, or with a fault that it told itself, or by a signal. */
static bool ended(struct part *p, int status, struct err *e)
{
	p->process = -1;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	if (WIFEXITED(status)) {
		e->status = WEXITSTATUS(status);
		return false;
	}
	e->status = EXIT_NO;
	return fail(e, "scheme %s, instance %u: ended by signal %d (%s)%s", p->job.trial->name, p->job.instance, WTERMSIG(status),
	            strsignal(WTERMSIG(status)), WTERMSIG(status) == SIGABRT ? "; what ns-3 said of it stands above" : "");
}

static double share_done(const struct session *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += s->parts[i].process == -1 ? 1 : s->shares[i];
	return sum / (double)(s->count ? s->count : 1);
}

static void kill_all(struct session *s)
{
	for (size_t i = 0; i < s->begun; i++)
		if (s->parts[i].process > 0) {
			kill(s->parts[i].process, SIGKILL);
			waitpid(s->parts[i].process, NULL, 0);
		}
}

static bool run_parts(struct session *s, size_t jobs, struct err *e)
{
	struct timespec nap = { .tv_nsec = POLL_NS };
	struct progress progress = { 0 };
	bool good = true;

	progress_begin(&progress, "instances", s->quiet);
	while (good && s->done < s->count) {
		int status;
		pid_t process;

		while (s->begun < s->count && s->begun - s->done < jobs)
			begin(&s->parts[s->begun++]);
		process = waitpid(-1, &status, WNOHANG);
		if (process > 0) {
			s->done++;
			good = ended(part_of(s, process), status, e);
		} else {
			nanosleep(&nap, NULL);
		}
		if (told_to_stop)
			good = fail(e, "stopped; nothing was written");
		progress_show(&progress, share_done(s), s->done);
	}
	progress_end(&progress);
	if (!good)
		kill_all(s);
	for (size_t i = 0; i < s->count; i++)
		good = packet_world_captured(&s->parts[i].job, good, e) && good;
	return good;
}

static bool join(struct session *s, struct err *e)
{
	const char **sections = must_alloc(s->count + 1, sizeof(*sections));
	struct events_head head = {
		.scenario = cJSON_Duplicate(scenario_resolved(s->scenario), 1),
		.world = must_strdup("ns3"),
		.made_by = must_strdup("cgnsim " CGNSIM_VERSION),
		.workload = trace_digest(s->trace),
	};
	bool good;

	for (size_t i = 0; i < s->count; i++)
		sections[i] = s->parts[i].section;
	good = events_join(arguments_value(&s->args, "output"), &head, sections, s->count, e);
	cJSON_Delete(head.scenario);
	free(head.world);
	free(head.made_by);
	free(sections);
	return good;
}

static void close_session(struct session *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->parts[i].section);
		free(s->parts[i].pcap);
	}
	free(s->parts);
	if (s->directory)
		directory_remove(s->directory);
	free(s->directory);
	trace_destroy(s->trace);
	scenario_destroy(s->scenario);
	arguments_clear(&s->args);
}

static int run(int argc, char **argv)
{
	struct session s = { 0 };
	struct err e = ERR_INIT;
	uint64_t jobs = cores();
	int status = arguments_parse(&s.args, &command, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	s.quiet = arguments_has(&s.args, "quiet");
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (!arguments_value(&s.args, "workload") || !arguments_value(&s.args, "output")) {
		status = command_misused(&command, "--workload TRACE and -o EVENTS are both wanted");
	} else if (!arguments_number(&s.args, "jobs", 1, 1024, &jobs, &e) || !open_session(&s, &e)) {
		status = command_failed(&e);
	} else {
		list_parts(&s);
		status = run_parts(&s, jobs, &e) && join(&s, &e) ? EXIT_DONE : e.status;
		if (status != EXIT_DONE)
			command_failed(&e);
		else if (!s.quiet)
			printf("%s: %zu scheme%s in %zu instance%s\n", arguments_value(&s.args, "output"), s.scenario->trial_count,
			       s.scenario->trial_count == 1 ? "" : "s", s.count, s.count == 1 ? "" : "s");
	}
	close_session(&s);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("cgnsim-ns3 " CGNSIM_VERSION);
		return EXIT_DONE;
	}
	return run(argc, argv);
}
