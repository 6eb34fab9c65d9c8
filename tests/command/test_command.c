/* The command line as every command reads it, and the progress of a run. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/progress.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "DIR", .help = "where" },
	{ .name = "set", .value = "PATH=VALUE", .many = true, .help = "what" },
	{ .name = "seed", .value = "N", .help = "which" },
	{ .name = "json", .help = "how" },
	{ 0 },
};
static const struct command command = {
	.name = "test", .usage = "test WORD [-o DIR]", .summary = "is a test", .options = options
};

#define ARGV(...) (char *[]){ "test", __VA_ARGS__, NULL }

static int parse(struct arguments *a, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	return arguments_parse(a, &command, argc, argv, 1, 2);
}

static void options_and_words_may_be_mixed(void **state)
{
	struct arguments a;
	size_t count;
	const char **sets;

	(void)state;
	assert_int_equal(parse(&a, ARGV("--set", "a=1", "word", "--set=b=2", "-o", "dir", "--json", "--", "--json")),
	                 -1);
	assert_int_equal(a.word_count, 2);
	assert_string_equal(a.words[0], "word");
	assert_string_equal(a.words[1], "--json");
	assert_string_equal(arguments_value(&a, "output"), "dir");
	assert_true(arguments_has(&a, "json"));
	assert_null(arguments_value(&a, "seed"));
	sets = arguments_values(&a, "set", &count);
	assert_int_equal(count, 2);
	assert_string_equal(sets[0], "a=1");
	assert_string_equal(sets[1], "b=2");
	free(sets);
	arguments_clear(&a);

	assert_int_equal(parse(&a, ARGV("-odir", "-")), -1);
	assert_string_equal(arguments_value(&a, "output"), "dir");
	assert_string_equal(a.words[0], "-");
	arguments_clear(&a);

	assert_int_equal(parse(&a, ARGV("word", "--output=")), -1);
	assert_string_equal(arguments_value(&a, "output"), "");
	arguments_clear(&a);
}

/* Their texts are asserted in test_cli.sh, which sees them as a user does. */
static void lines_that_cannot_be_read_have_status_2(void **state)
{
	static char *rows[][5] = {
		{ "test", NULL },
		{ "test", "a", "b", "c", NULL },
		{ "test", "a", "--outptu", "x", NULL },
		{ "test", "a", "-x", NULL },
		{ "test", "a", "--output", NULL },
		{ "test", "a", "--json=1", NULL },
		{ "test", "a", "--seed=1", "--seed=2", NULL },
		{ "test", "a", "--=1", NULL },
	};
	struct arguments a;
	int terminal = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);
	int status[sizeof(rows) / sizeof(rows[0])];

	(void)state;
	dup2(nowhere, STDERR_FILENO);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		status[i] = parse(&a, rows[i]);
	dup2(terminal, STDERR_FILENO);
	close(terminal);
	close(nowhere);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(status[i], EXIT_BAD_INPUT);
}

static void numbers_have_a_range(void **state)
{
	static const struct { char *text; bool good; uint64_t value; } rows[] = {
		{ "0", true, 0 },   { "9", true, 9 },  { "18446744073709551615", true, UINT64_MAX },
		{ "", false, 42 },  { "-1", false, 42 }, { "+1", false, 42 }, { "1x", false, 42 }, { "1.0", false, 42 },
		{ "18446744073709551616", false, 42 }, { "99999999999999999999999", false, 42 },
	};
	struct err e = ERR_INIT;
	struct arguments a;
	uint64_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = 42;
		assert_int_equal(parse(&a, ARGV("w", "--seed", rows[i].text)), -1);
		assert_int_equal(arguments_number(&a, "seed", 0, UINT64_MAX, &n, &e), rows[i].good);
		assert_true(n == rows[i].value);
		arguments_clear(&a);
	}
	err_clear(&e);
	n = 42;
	assert_int_equal(parse(&a, ARGV("w", "--seed=7")), -1);
	assert_false(arguments_number(&a, "seed", 1, 5, &n, &e)); /* a small maximum and a larger digit */
	assert_string_equal(e.lines[0], "--seed: \"7\" is not a whole number from 1 to 5");
	err_clear(&e);
	assert_true(arguments_number(&a, "json", 1, 5, &n, &e)); /* not given: stays as it is */
	assert_true(n == 42);
	arguments_clear(&a);
}

/* What a progress of given times writes. The caller frees it. */
static char *shown(bool bar, bool colour, const double *times, size_t count)
{
	char *text = NULL;
	size_t length = 0;
	FILE *to = open_memstream(&text, &length);
	struct progress p;

	progress_begin_at(&p, "trains", to, bar, colour, 100);
	for (size_t i = 0; i < count; i++)
		progress_show_at(&p, times[i] / 40, (uint64_t)(times[i] * 1500000), 100 + times[i]);
	progress_end(&p);
	fclose(to);
	return text;
}

static void progress_is_silent_then_says_what_is_left(void **state)
{
	char *text = shown(true, false, (const double[]){ 0.5, 1.9 }, 2);

	(void)state;
	assert_string_equal(text, "");
	free(text);
	text = shown(true, false, (const double[]){ 1, 10, 10.01, 20 }, 4); /* 10.01 comes too soon */
	assert_string_equal(text, "\r[######                  ]  25%  15M trains  1.5M/s  30 s left\033[K"
	                          "\r[############            ]  50%  30M trains  1.5M/s  20 s left\033[K\r\033[K");
	free(text);
	text = shown(true, true, (const double[]){ 40 }, 1);
	assert_string_equal(text, "\r\033[32m[########################]\033[0m 100%  60M trains  1.5M/s  0 s "
	                          "left\033[K\r\033[K");
	free(text);
	text = shown(false, false, (const double[]){ 3, 9.9, 10, 15, 20 },
	             5); /* not a terminal: a line every ten seconds */
	assert_string_equal(text, "cgnsim:  25%, 15M trains, 1.5M/s, 30 s left\ncgnsim:  50%, 30M trains, 1.5M/s, 20 s "
	                          "left\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_and_words_may_be_mixed),
		cmocka_unit_test(numbers_have_a_range),
		cmocka_unit_test(lines_that_cannot_be_read_have_status_2),
		cmocka_unit_test(progress_is_silent_then_says_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
