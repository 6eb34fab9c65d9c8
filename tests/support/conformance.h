/* conformance - tests that stand for requirements. Header only, for tests.
 *
 * A program of them is one table: what is asked, by which text, and the test that
 * shows it, or why there can be none. Run plainly it is a cmocka group; with
 * --conformance it prints the table as Markdown, each row with its verdict, which
 * is had by running the test in a process of its own. */
#ifndef TESTS_SUPPORT_CONFORMANCE_H
#define TESTS_SUPPORT_CONFORMANCE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/must.h"

#include <cmocka.h>

struct requirement {
	const char *source;     /* "REQ-8 A" */
	const char *text;       /* in our own words */
	const char *test;       /* its name; NULL: there is none */
	CMUnitTestFunction run;
	const char *instead;    /* no test: why */
};

struct requirements {
	const char *title;      /* of the section: "RFC 4787: UDP" */
	const char *file;       /* where the tests are */
	const struct requirement *rows;
	size_t count;
};

/* Rows of the table. One test may show several requirements. */
#define SHOWN(source_, text_, function) { .source = source_, .text = text_, .test = #function, .run = function }
#define NOT_HERE(source_, text_, why) { .source = source_, .text = text_, .instead = why }

/* Does it hold? The child's words go nowhere. */
static inline bool conformance_holds(const struct requirement *r)
{
	const struct CMUnitTest one = { .name = r->test, .test_func = r->run };
	int status;
	pid_t child;

	fflush(NULL);
	child = fork();
	must(child >= 0);
	if (child == 0) {
		int nowhere = open("/dev/null", O_WRONLY);

		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
		_exit(_cmocka_run_group_tests("one", &one, 1, NULL, NULL) ? 1 : 0);
	}
	must(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline int conformance_print(const struct requirements *table)
{
	int broken = 0;

	printf("## %s\n\n`%s`\n\n| source | requirement | test | verdict |\n|---|---|---|---|\n", table->title, table->file);
	for (size_t i = 0; i < table->count; i++) {
		const struct requirement *r = &table->rows[i];

		if (!r->test) {
			printf("| %s | %s | none: %s | not modelled |\n", r->source, r->text, r->instead);
			continue;
		}
		bool holds = conformance_holds(r);

		broken += !holds;
		printf("| %s | %s | `%s` | %s |\n", r->source, r->text, r->test, holds ? "holds" : "**broken**");
	}
	printf("\n");
	return broken != 0;
}

/* Each test once, however many requirements it shows. */
static inline int conformance_main(int argc, char **argv, const struct requirements *table)
{
	struct CMUnitTest *tests = must_alloc(table->count, sizeof(*tests));
	size_t count = 0;
	int status;

	for (size_t i = 0; i < table->count; i++) {
		bool known = !table->rows[i].test;

		for (size_t k = 0; k < count; k++)
			known = known || tests[k].test_func == table->rows[i].run;
		if (!known)
			tests[count++] = (struct CMUnitTest){ .name = table->rows[i].test, .test_func = table->rows[i].run };
	}
	if (argc > 1 && !strcmp(argv[1], "--conformance"))
		status = conformance_print(table);
	else
		status = _cmocka_run_group_tests(table->title, tests, count, NULL, NULL);
	free(tests);
	return status;
}

#endif
