#include "sim/command/run_ns3.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/opened.h"
#include "sim/command/rundir.h"

#define PROGRAM "cgnsim-ns3"

/* A command line that grows. */
struct line {
	char **words;            /* ended by NULL; owned, with the texts */
	size_t count;
};

static void add(struct line *l, const char *word)
{
	l->words = must_grow(l->words, l->count + 2, sizeof(*l->words));
	l->words[l->count++] = must_strdup(word);
	l->words[l->count] = NULL;
}

static void add_value(struct line *l, const char *option, const char *value)
{
	char *word = *value ? must_printf("--%s=%s", option, value) : must_printf("--%s", option);

	add(l, word);
	free(word);
}

/* Those of the options given that the next step takes too. */
static void add_given(struct line *l, const struct arguments *args, const char *const names[])
{
	for (size_t i = 0; i < args->given_count; i++)
		for (size_t k = 0; names[k]; k++)
			if (!strcmp(args->given[i].option->name, names[k]))
				add_value(l, names[k], args->given[i].value);
}

static void clear(struct line *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->words[i]);
	free(l->words);
}

/* Beside this program, or where the shell would find it; NULL with `e` set. The caller frees it. */
static char *find_program(struct err *e)
{
	char self[PATH_MAX] = "";
	const char *path = getenv("PATH");
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash = length > 0 ? strrchr(self, '/') : NULL;

	if (slash) {
		char *beside = must_printf("%.*s/" PROGRAM, (int)(slash - self), self);

		if (!access(beside, X_OK))
			return beside;
		free(beside);
	}
	while (path && *path) {
		int part = (int)strcspn(path, ":");
		char *there = must_printf("%.*s/" PROGRAM, part, path);

		if (!access(there, X_OK))
			return there;
		free(there);
		path += part + (path[part] == ':');
	}
	fail_lacks(e, "--world ns3: there is no " PROGRAM " beside this program or in PATH; make ns3 builds it (it needs libns3-dev and g++)");
	return NULL;
}

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
	told_to_stop = number;
}

/* Without SA_RESTART: waiting ends too. */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Another program; its exit status. It is told to stop when this one is, and ends with it. What it has to report is of a
 * file that nobody will see: only its progress and its faults are shown. */
static int spawn(const struct line *l, struct err *e)
{
	pid_t mine = getpid(), process = fork();
	int status;

	if (!process) {
		int nowhere = open("/dev/null", O_WRONLY);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (nowhere >= 0)
			dup2(nowhere, STDOUT_FILENO);
		if (getppid() == mine)
			execv(l->words[0], l->words);
		_exit(127);
	}
	while (process > 0 && waitpid(process, &status, 0) < 0) {
		if (errno != EINTR)
			process = -1;
		else if (told_to_stop)
			kill(process, SIGTERM);
	}
	if (process < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
		fail(e, "%s: it could not be run", l->words[0]);
	else if (WIFSIGNALED(status))
		fail(e, "%s: ended by signal %d (%s)", l->words[0], WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		return WEXITSTATUS(status);
	return command_failed(e);
}

/* The steps, each with the files of the ones before it. */
struct steps {
	const struct arguments *args;
	char *program, *trace, *events, *output;
};

static int generate(const struct steps *s)
{
	static const char *const options[] = { "set", "seed", NULL };
	struct line l = { 0 };
	int status;

	add(&l, "generate");
	add(&l, s->args->words[0]);
	add_value(&l, "output", s->trace);
	add(&l, "--quiet");
	add_given(&l, s->args, options);
	status = command_generate.run((int)l.count, l.words);
	clear(&l);
	return status;
}

static int simulate(const struct steps *s, struct err *e)
{
	static const char *const options[] = { "set", "seed", "scheme", "pcap", NULL };
	struct line l = { 0 };
	int status;

	add(&l, s->program);
	add(&l, s->args->words[0]);
	add_value(&l, "workload", s->trace);
	add_value(&l, "called", s->args->words[0]);
	add_value(&l, "output", s->events);
	if (arguments_value(s->args, "threads"))
		add_value(&l, "jobs", arguments_value(s->args, "threads"));
	if (arguments_has(s->args, "quiet"))
		add(&l, "--quiet");
	add_given(&l, s->args, options);
	status = spawn(&l, e);
	clear(&l);
	return status;
}

static int measure(const struct steps *s)
{
	static const char *const options[] = { "set", "seed", "scheme", "keep-logs", "force", "quiet", NULL };
	struct line l = { 0 };
	int status;

	add(&l, "measure");
	add(&l, s->events);
	add(&l, s->args->words[0]);
	add_value(&l, "output", s->output);
	add_given(&l, s->args, options);
	status = measure_as_run((int)l.count, l.words);
	clear(&l);
	return status;
}

/* What the packet world does not have. */
static bool line_fits(const struct arguments *args, struct err *e)
{
	static const char *const flow_only[] = { "resume", "checkpoint" };

	for (size_t i = 0; i < sizeof(flow_only) / sizeof(*flow_only); i++)
		if (arguments_has(args, flow_only[i]))
			return fail(e, "--%s: not with --world ns3, which does not go on from where it was interrupted", flow_only[i]);
	if (arguments_has(args, "events"))
		return fail(e, "--events: not with --world ns3, which removes its event file; " PROGRAM " -o writes one that stays");
	return true;
}

static char *default_output(const struct arguments *args, struct err *e)
{
	struct scenario *s = scenario_of_arguments(args, e);
	char *path = s ? must_printf("results/%s-ns3", s->name) : NULL;

	scenario_destroy(s);
	return path;
}

/* May the results go there? Better asked before the simulation than after it. */
static bool output_is_free(const struct steps *s, struct err *e)
{
	struct rundir d = { .lock = -1 };
	bool good = rundir_open(&d, s->output, arguments_has(s->args, "force"), e);

	rundir_abandon(&d);
	return good;
}

int run_ns3(const struct arguments *args)
{
	struct steps s = { .args = args };
	struct err e = ERR_INIT;
	const char *given = getenv("TMPDIR");
	char *directory = must_printf("%s/cgnsim-ns3-XXXXXX", given && *given ? given : "/tmp");
	int status;

	if (!line_fits(args, &e) || !(s.program = find_program(&e))) {
		free(directory);
		return command_failed(&e);
	}
	s.output = arguments_value(args, "output") ? must_strdup(arguments_value(args, "output")) : default_output(args, &e);
	if (!s.output || !output_is_free(&s, &e) || (!mkdtemp(directory) && !fail(&e, "%s: %s", directory, strerror(errno)))) {
		free(s.program);
		free(s.output);
		free(directory);
		return command_failed(&e);
	}
	s.trace = must_printf("%s/workload.trace", directory);
	s.events = must_printf("%s/events", directory);
	catch_signals();
	status = generate(&s);
	if (status == EXIT_DONE && !told_to_stop)
		status = simulate(&s, &e);
	if (status == EXIT_DONE && told_to_stop) {
		fail(&e, "stopped; nothing was written");
		status = command_failed(&e);
	}
	if (status == EXIT_DONE)
		status = measure(&s);
	directory_remove(directory);
	free(s.program);
	free(s.output);
	free(s.trace);
	free(s.events);
	free(directory);
	return status;
}
