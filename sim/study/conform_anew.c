#include "sim/study/conform_anew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/must.h"

void anew_clear(struct anew *a)
{
	for (size_t i = 0; i < CONFORM_GROUNDS; i++) {
		for (size_t k = 0; k < a->pools[i].call_count; k++)
			free(a->pools[i].calls[k]);
		free(a->pools[i].calls);
		free(a->pools[i].kept);
	}
	*a = (struct anew){ 0 };
}

bool anew_ask(const struct child_setup *setup, const struct operations *list, bool memory, struct anew_pool *out)
{
	struct child_setup one = *setup;
	struct child_answer answer;

	one.kind = CHILD_ONE;
	child_tell(&one, list, &out->calls, &out->call_count, &answer);
	if (answer.finding.is || !memory)
		return !answer.finding.is;
	one.kind = CHILD_LONG;
	child_run(&one, list, NULL, &answer);
	if (answer.finding.is && answer.finding.rule == RULE_LEAK)
		out->kept = must_strdup(answer.finding.text);
	return true;
}

void anew_write(const struct anew *a, FILE *to)
{
	for (size_t i = 0; i < CONFORM_GROUNDS; i++) {
		for (size_t k = 0; k < a->pools[i].call_count; k++)
			fprintf(to, "pool %zu call %s\n", i, a->pools[i].calls[k]);
		if (a->pools[i].kept)
			fprintf(to, "pool %zu kept %s\n", i, a->pools[i].kept);
	}
}

static void read_line(char *line, struct anew *out)
{
	struct anew_pool *p;
	size_t pool;
	int call = 0, kept = 0;

	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "pool %zu call %n", &pool, &call) != 1 || pool >= CONFORM_GROUNDS)
		return;
	sscanf(line, "pool %zu kept %n", &pool, &kept);
	p = &out->pools[pool];
	if (call) {
		p->calls = must_grow(p->calls, p->call_count + 1, sizeof(*p->calls));
		p->calls[p->call_count++] = must_strdup(line + call);
	} else if (kept && !p->kept) {
		p->kept = must_strdup(line + kept);
	}
}

static _Noreturn void become(char *const *command, int out)
{
	int nowhere = open("/dev/null", O_WRONLY);

	dup2(out, STDOUT_FILENO);
	dup2(nowhere, STDERR_FILENO);
	setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0", 1);
	execv("/proc/self/exe", command);
	_exit(EXIT_LACKS);
}

bool anew_read(char *const *command, int64_t began, struct anew *out)
{
	const struct timespec while_ns = { 0, 20000000 };
	char *line = NULL;
	size_t room = 0;
	int ends[2], status;
	FILE *from;
	pid_t pid;

	while ((int64_t)time(NULL) == began)
		nanosleep(&while_ns, NULL);
	if (pipe2(ends, O_CLOEXEC))
		return false;
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return false;
	}
	if (!pid)
		become(command, ends[1]);
	close(ends[1]);
	from = fdopen(ends[0], "r");
	while (from && getline(&line, &room, from) > 0)
		read_line(line, out);
	free(line);
	if (from)
		fclose(from);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
