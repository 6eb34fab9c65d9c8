#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "sim/base/must.h"

static _Noreturn void become(const char *const *argv, int output, unsigned how)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
	    (!(how & CHILD_TALKS) && dup2(null, STDERR_FILENO) < 0) ||
	    (how & CHILD_ALONE && setenv("PATH", "/nonexistent", 1)))
		_exit(127);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static char *read_all(int from)
{
	size_t used = 0, room = 4096;
	char *text = must_grow(NULL, room, 1);
	ssize_t got;

	while ((got = read(from, text + used, room - used - 1)) > 0 || (got < 0 && errno == EINTR)) {
		used += got > 0 ? (size_t)got : 0;
		if (used + 1 == room) {
			room *= 2;
			text = must_grow(text, room, 1);
		}
	}
	text[used] = '\0';
	return text;
}

struct child child_run(const char *const *argv, unsigned how)
{
	struct child c = { 0 };
	double begin = seconds_now();
	struct rusage usage;
	int pipes[2], status;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC))
		give_up("no pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		give_up("no new process: %s", strerror(errno));
	if (pid == 0)
		become(argv, pipes[1], how);
	close(pipes[1]);
	c.output = read_all(pipes[0]);
	close(pipes[0]);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			give_up("%s is lost: %s", argv[0], strerror(errno));
	c.seconds = seconds_now() - begin;
	c.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	c.resident_bytes = (uint64_t)usage.ru_maxrss * 1024;
	return c;
}

void child_clear(struct child *c)
{
	free(c->output);
	*c = (struct child){ 0 };
}
