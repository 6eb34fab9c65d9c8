#include "sim/study/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/must.h"

/* Of processor time: a list takes far less than a second, the largest a few. */
#define SECONDS_MAX 120

static _Noreturn void cannot(const char *what)
{
	fprintf(stderr, "cgnsim: conform: %s: %s\n", what, strerror(errno));
	exit(EXIT_LACKS);
}

static void run_here(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out)
{
	struct stand *s = stand_create(&(struct stand_setup){
		.type = setup->type,
		.config = setup->config,
		.pool = setup->pool,
		.hold_ns = setup->hold_ns,
		.unpaired = setup->unpaired,
		.seed = mix64(setup->seed, RNG_TEST),
		.told = told,
	});
	bool good = !stand_finding(s)->is;

	for (out->done = 0; good && out->done < o->count; out->done++)
		good = stand_do(s, &o->items[out->done]);
	out->done -= !good && out->done;
	if (good) {
		out->at_end = true;
		good = stand_finish(s, setup->fair);
	}
	out->finding = *stand_finding(s);
	memcpy(out->checks, stand_checks(s), sizeof(out->checks));
	out->trace = stand_trace(s);
	if (good)
		stand_destroy(s); /* a scheme that broke a rule may not survive it */
}

/* The scheme's own complaints would come once for each try. */
static void be_silent(void)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere >= 0)
		dup2(nowhere, STDERR_FILENO);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_CPU, &(struct rlimit){ SECONDS_MAX, SECONDS_MAX });
}

static void judge_death(struct child_answer *out, int status)
{
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	out->finding = (struct finding){ .is = true, .rule = RULE_CALLS };
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		snprintf(out->finding.text, sizeof(out->finding.text), "a call does not end: stopped after %d s of processor time",
		         SECONDS_MAX);
	else if (WIFSIGNALED(status))
		snprintf(out->finding.text, sizeof(out->finding.text), "a call crashes: signal %d, %s", WTERMSIG(status),
		         strsignal(WTERMSIG(status)));
	else
		snprintf(out->finding.text, sizeof(out->finding.text), "a call ends the program with status %d",
		         WEXITSTATUS(status));
}

void child_run(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out)
{
	struct child_answer *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		cannot("memory");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		cannot("a process of its own");
	if (!pid) {
		be_silent();
		run_here(setup, o, told, shared);
		if (told)
			fflush(told);
		_exit(EXIT_DONE);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			cannot("a process of its own");
	*out = *shared;
	munmap(shared, sizeof(*shared));
	judge_death(out, status);
}

void child_tell(const struct child_setup *setup, const struct operations *o, size_t most, char ***calls, size_t *count,
                struct child_answer *out)
{
	FILE *told = tmpfile();
	char *line = NULL;
	size_t room = 0, lines = 0, skip;

	if (!told)
		cannot("a temporary file");
	child_run(setup, o, told, out);
	rewind(told);
	while (getline(&line, &room, told) > 0)
		lines++;
	rewind(told);
	skip = lines > most ? lines - most : 0;
	*calls = must_alloc(lines - skip + 1, sizeof(**calls));
	*count = 0;
	for (size_t i = 0; getline(&line, &room, told) > 0; i++) {
		line[strcspn(line, "\n")] = 0;
		if (i < skip || !strncmp(line, "broken: ", 8))
			continue;
		(*calls)[(*count)++] = must_strdup(line);
	}
	free(line);
	fclose(told);
}
