/* Malformed captures from the test suites of other projects (434 files): each is
 * refused with one line, or imported as far as it can be read, and what comes of
 * it is a good trace. Never a crash, never longer than a few seconds: each file
 * has a process of its own, so that the one that fails is named.
 *
 * The files are looked for in $CGNSIM_CAPTURES/hostile, else in
 * ../shared/captures/hostile; where they are not, the test is skipped. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/import.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

enum { SECONDS = 20, FILES = 434 };
enum { REFUSED = 10, PARTIAL, WHOLE };

static struct {
	char trace[32];
	unsigned refused, partial, whole;
} tally = { .trace = "/tmp/test_hostile.XXXXXX" };

/* Aborts where something does not hold; the parent names the file. */
static int import_one(const char *path)
{
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t = import_captures(&path, 1, &how, &r, &e), *back;
	uint64_t found = 0;
	int outcome;

	if (!t) {
		must(e.count == 1 && e.status == EXIT_BAD_INPUT && !strncmp(e.lines[0], path, strlen(path)));
		import_report_clear(&r);
		err_clear(&e);
		return REFUSED;
	}
	must(e.count == 0);
	for (size_t i = 0; i < import_reason_count; i++)
		found += r.left_out[i];
	for (uint32_t i = 0; i < t->record_count; i++)
		found += t->records[i].packets_out + t->records[i].packets_in;
	must(found == r.captures[0].packets);
	must(trace_save(t, tally.trace, &e));
	back = trace_load(tally.trace, &e);
	must(back && back->record_count == t->record_count);
	outcome = r.captures[0].fault ? PARTIAL : WHOLE;
	trace_destroy(back);
	trace_destroy(t);
	import_report_clear(&r);
	return outcome;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *walk)
{
	int status;
	pid_t child;

	(void)st;
	(void)walk;
	if (type != FTW_F || strstr(path, "LIST.tsv"))
		return 0;
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		alarm(SECONDS);
		_exit(import_one(path));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) < REFUSED || WEXITSTATUS(status) > WHOLE)
		fail_msg("%s: %s %d", path, WIFEXITED(status) ? "ended with" : "killed by signal",
		         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	tally.refused += WEXITSTATUS(status) == REFUSED;
	tally.partial += WEXITSTATUS(status) == PARTIAL;
	tally.whole += WEXITSTATUS(status) == WHOLE;
	return 0;
}

static void every_hostile_capture(void **state)
{
	const char *given = getenv("CGNSIM_CAPTURES");
	char *directory = must_printf("%s/hostile", given && *given ? given : "../shared/captures");
	int fd;

	(void)state;
	if (access(directory, R_OK) != 0) {
		print_message("skipped: %s is not there (set CGNSIM_CAPTURES)\n", directory);
		free(directory);
		skip();
	}
	fd = mkstemp(tally.trace);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(nftw(directory, visit, 16, FTW_PHYS), 0);
	unlink(tally.trace);
	free(directory);
	print_message("%u imported, %u in part, %u refused\n", tally.whole, tally.partial, tally.refused);
	assert_int_equal(tally.whole + tally.partial + tally.refused, FILES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hostile_capture),
	};

	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
