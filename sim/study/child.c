#include "sim/study/child.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/scheme/plugin_call.h"

static _Noreturn void cannot(const char *what)
{
	fprintf(stderr, "cgnsim: conform: %s: %s\n", what, strerror(errno));
	exit(EXIT_LACKS);
}

static struct stand *stand_of(const struct child_setup *setup, uint64_t seed, FILE *told, const char *label)
{
	return stand_create(&(struct stand_setup){
		.type = setup->type,
		.config = setup->config,
		.pool = setup->pool,
		.hold_ns = setup->hold_ns,
		.unpaired = setup->unpaired,
		.seed = mix64(seed, RNG_TEST),
		.fair = setup->fair,
		.told = told,
		.label = label,
	});
}

static void found(struct child_answer *out, enum rule_id rule, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void found(struct child_answer *out, enum rule_id rule, const char *format, ...)
{
	va_list args;

	if (out->finding.is)
		return;
	out->finding = (struct finding){ .is = true, .rule = rule };
	va_start(args, format);
	vsnprintf(out->finding.text, sizeof(out->finding.text), format, args);
	va_end(args);
}

/* A call of destroy() that was given up has no stand to tell it. */
static void end_stand(struct stand *s, struct child_answer *out)
{
	stand_destroy(s);
	if (plugin_call_given_up())
		found(out, RULE_CALLS, "%s", plugin_call_given_up());
}

static void run_one(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out)
{
	struct stand *s = stand_of(setup, setup->seed, told, setup->label);
	bool good = !stand_finding(s)->is;

	for (out->done = 0; good && out->done < o->count; out->done++)
		good = stand_do(s, &o->items[out->done]);
	out->done -= !good && out->done;
	if (good) {
		out->at_end = true;
		good = stand_finish(s);
	}
	out->finding = *stand_finding(s);
	memcpy(out->checks, stand_checks(s), sizeof(out->checks));
	out->trace = stand_trace(s);
	out->cut = stand_cut(s);
	if (good)
		end_stand(s, out); /* a scheme that broke a rule may not survive it */
}

/* ---- beside another ---- */

/* What is answered after each operation; NULL if a rule breaks. */
static uint64_t *alone(const struct child_setup *setup, const struct operations *o, uint64_t seed, FILE *told)
{
	struct stand *s = stand_of(setup, seed, told, "alone:  ");
	uint64_t *traces = must_alloc(o->count + 1, sizeof(*traces));
	bool good = !stand_finding(s)->is;

	for (size_t i = 0; good && i < o->count; i++) {
		good = stand_do(s, &o->items[i]);
		traces[i] = stand_trace(s);
	}
	if (good && stand_finish(s)) {
		stand_destroy(s);
		return traces;
	}
	free(traces);
	return NULL;
}

/* The same operations on an instance and on another one, of another seed: neither must notice. What breaks a rule
 * alone is told by run_one(). */
static void run_beside(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out)
{
	uint64_t *traces = alone(setup, o, setup->seed, told), *others = NULL;
	struct stand *one, *other;

	if (traces)
		others = alone(setup, o, setup->seed + 1, told);
	if (!others) {
		free(traces);
		return;
	}
	one = stand_of(setup, setup->seed, told, "beside: ");
	other = stand_of(setup, setup->seed + 1, told, "other:  ");
	for (out->done = 0; out->done < o->count && !out->finding.is; out->done++) {
		bool good = stand_do(one, &o->items[out->done]) && stand_do(other, &o->items[out->done]);

		out->checks[RULE_APART]++;
		if (!good)
			found(out, RULE_APART, "beside another instance: %s",
			      stand_finding(stand_finding(one)->is ? one : other)->text);
		else if (stand_trace(one) != traces[out->done] || stand_trace(other) != others[out->done])
			found(out, RULE_APART, "an instance is answered otherwise beside another, or after one, than alone: they share "
			      "what changes");
	}
	out->done -= out->finding.is;
	free(traces);
	free(others);
	if (out->finding.is)
		return;
	stand_destroy(one);
	stand_destroy(other);
}

/* ---- memory ---- */

#define ROUNDS 200
#define ROUNDS_LONG 5

static size_t memory_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* Of any two rounds the second uses what the first gave back. */
static void run_again(const struct child_setup *setup, const struct operations *o, struct child_answer *out)
{
	size_t used[ROUNDS + 1] = { 0 }, least = SIZE_MAX;
	int rounds = setup->kind == CHILD_LONG ? ROUNDS_LONG : ROUNDS;

	for (int round = 0; round <= rounds && !out->finding.is; round++) {
		run_one(setup, o, NULL, out);
		used[round] = memory_in_use();
	}
	if (out->finding.is)
		return;
	for (int round = rounds * 3 / 5; round < rounds; round++) { /* before, the C library fills what it keeps for later */
		size_t more = used[round + 1] > used[round] ? used[round + 1] - used[round] : 0;

		least = more < least ? more : least;
	}
	out->at_end = true;
	if (least)
		found(out, RULE_LEAK, "from create() to destroy() at least %zu bytes are taken and not given back, each time", least);
}

/* The scheme's own complaints would come once for each try, and what it prints is no part of the answer. */
static void be_silent(unsigned seconds)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (nowhere >= 0) {
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
	}
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	setrlimit(RLIMIT_CPU, &(struct rlimit){ seconds, seconds + 2 }); /* SIGXCPU, not SIGKILL */
}

static void judge_death(struct child_answer *out, int status, unsigned seconds)
{
	const char *hook = out->hook ? out->hook : "a call";

	if (out->complete && WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	out->finding = (struct finding){ .is = true, .rule = RULE_CALLS };
	out->slow = WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU;
	if (out->slow) { /* what is done in arrays of its own cannot be counted */
		out->finding.rule = RULE_WORK;
		snprintf(out->finding.text, sizeof(out->finding.text), "the calls of a list take more than %u s of processor time, "
		         "which is far too long; the last was of %s", seconds, hook);
	} else if (WIFSIGNALED(status))
		snprintf(out->finding.text, sizeof(out->finding.text), "%s: crashes, and what it spoilt cannot go on: "
		         "signal %d, %s", hook, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(out->finding.text, sizeof(out->finding.text), "%s: ends the program with status %d", hook,
		         WEXITSTATUS(status));
}

/* Runs body(context, answer) in a process of its own. */
static void in_child(void (*body)(void *context, struct child_answer *out), void *context, double limit_s,
                     unsigned seconds, struct child_answer *out)
{
	struct child_answer *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rusage used;
	int status;
	pid_t pid;

	if (shared == MAP_FAILED)
		cannot("memory");
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		cannot("a process of its own");
	if (!pid) {
		be_silent(seconds);
		plugin_call_forget();
		plugin_call_note(&shared->hook);
		plugin_call_limit(limit_s);
		body(context, shared);
		shared->endless = plugin_call_endless();
		shared->complete = true;
		_exit(EXIT_DONE);
	}
	while (wait4(pid, &status, 0, &used) < 0)
		if (errno != EINTR)
			cannot("a process of its own");
	*out = *shared;
	munmap(shared, sizeof(*shared));
	out->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	             1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
	judge_death(out, status, seconds);
}

struct running {
	const struct child_setup *setup;
	const struct operations *operations;
	FILE *told;
};

static void run_here(void *context, struct child_answer *out)
{
	const struct running *r = context;

	if (r->setup->kind == CHILD_BESIDE)
		run_beside(r->setup, r->operations, r->told, out);
	else if (r->setup->kind == CHILD_AGAIN || r->setup->kind == CHILD_LONG)
		run_again(r->setup, r->operations, out);
	else
		run_one(r->setup, r->operations, r->told, out);
	if (r->told)
		fflush(r->told);
}

void child_run(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out)
{
	in_child(run_here, &(struct running){ setup, o, told }, setup->limit_s, setup->seconds, out);
}

struct ending {
	void (*body)(void *context);
	void *context;
};

static void end_here(void *context, struct child_answer *out)
{
	const struct ending *e = context;

	e->body(e->context);
	if (plugin_call_given_up())
		found(out, RULE_CALLS, "%s", plugin_call_given_up());
}

bool child_ends(void (*body)(void *context), void *context, double limit_s, struct child_answer *out)
{
	in_child(end_here, &(struct ending){ body, context }, limit_s, CHILD_SECONDS, out);
	return !out->finding.is;
}

void child_tell(const struct child_setup *setup, const struct operations *o, char ***calls, size_t *count,
                struct child_answer *out)
{
	FILE *told = tmpfile();
	char *line = NULL;
	size_t room = 0, lines = 0;

	if (!told)
		cannot("a temporary file");
	setvbuf(told, NULL, _IOLBF, 0); /* what was told stands when the next call is the last */
	child_run(setup, o, told, out);
	rewind(told);
	while (getline(&line, &room, told) > 0)
		lines++;
	rewind(told);
	*calls = must_grow(*calls, *count + lines + 1, sizeof(**calls));
	while (getline(&line, &room, told) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "broken: ", 8))
			continue;
		(*calls)[(*count)++] = must_strdup(line);
	}
	if (!out->complete)
		(*calls)[(*count)++] = must_printf("%s: does not come back", out->hook ? out->hook : "a call");
	free(line);
	fclose(told);
}
