/* Durations: what users may write, what they may not, and the way back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/base/rng.h"
#include "sim/base/simtime.h"

static void good_text_is_read_exactly(void **state)
{
	static const struct { const char *text; int64_t ns; } rows[] = {
		{ "90s", 90 * NS_PER_S },
		{ "2h4m", 7440 * NS_PER_S },
		{ "250ms", 250 * NS_PER_MS },
		{ "1.5h", 5400 * NS_PER_S },
		{ "300", 300 * NS_PER_S },
		{ "0.25", 250 * NS_PER_MS },
		{ "0", 0 },
		{ "0s", 0 },
		{ "1d2h3m4s5ms6us7ns", 93784 * NS_PER_S + 5006007 },
		{ "0.000000001s", 1 },
		{ "1.0000000019s", NS_PER_S + 1 }, /* beyond the nanosecond it is cut off */
		{ "0.123456789d", INT64_C(10666666569600) },
		{ "1.5ms", 1500 * NS_PER_US },
		{ "36525d", NS_LONGEST },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ns = -1;

		assert_true(duration_parse(rows[i].text, &ns));
		assert_int_equal(ns, rows[i].ns);
	}
}

static void bad_text_is_refused_and_leaves_the_output_alone(void **state)
{
	static const char *const rows[] = {
		"",
		" ",
		"s",
		"-1s",
		"+1s",
		"1 s",
		" 1s",
		"1s ",
		"1S",
		"1sec",
		"1x",
		"5.",
		".5s",
		"1..5s",
		"1e3",
		"4m2h",
		"1s1s",
		"2h4",
		"1ns1us",
		"36526d",
		"36525d1ns",
		"99999999999999999999999s",
		"9223372036854775808ns",
		"0x10s",
		"1,5s",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ns = 42;

		assert_false(duration_parse(rows[i], &ns));
		assert_int_equal(ns, 42);
	}
}

static void seconds_are_rounded_to_the_nanosecond(void **state)
{
	int64_t ns = 42;

	(void)state;
	assert_true(duration_from_seconds(0.1, &ns));
	assert_int_equal(ns, 100 * NS_PER_MS);
	assert_true(duration_from_seconds(0, &ns));
	assert_int_equal(ns, 0);
	assert_true(duration_from_seconds(86400.0 * 36525, &ns));
	assert_int_equal(ns, NS_LONGEST);
	ns = 42;
	assert_false(duration_from_seconds(-1e-9, &ns));
	assert_false(duration_from_seconds(86400.0 * 36526, &ns));
	assert_false(duration_from_seconds(strtod("nan", NULL), &ns));
	assert_false(duration_from_seconds(strtod("inf", NULL), &ns));
	assert_int_equal(ns, 42);
	assert_true(seconds_from_ns(1500 * NS_PER_MS) == 1.5);
}

static void the_shortest_text_is_chosen(void **state)
{
	static const struct { int64_t ns; const char *text; } rows[] = {
		{ 0, "0s" },
		{ 7440 * NS_PER_S, "2h4m" },
		{ 250 * NS_PER_MS, "250ms" },
		{ 300 * NS_PER_S, "5m" },
		{ 90 * NS_PER_S, "90s" },
		{ 1500 * NS_PER_MS, "1500ms" },
		{ NS_PER_DAY, "1d" },
		{ 1, "1ns" },
		{ -90 * NS_PER_S, "-90s" },
	};
	char text[DURATION_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(duration_format(rows[i].ns, text), rows[i].text);
}

/* The invariant behind both: what is written is read back, for durations of every size. */
static void format_and_parse_are_inverse(void **state)
{
	struct rng r;
	char text[DURATION_TEXT];

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 100000; i++) {
		int64_t ns = (int64_t)((rng_next(&r) >> (1 + rng_below(&r, 63))) % (uint64_t)NS_LONGEST), back;

		if (i % 3 == 0)
			ns -= ns % NS_PER_S;
		assert_true(duration_parse(duration_format(ns, text), &back));
		assert_int_equal(back, ns);
	}
	duration_format(INT64_MIN, text); /* fits */
	duration_format(INT64_MAX, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_is_read_exactly),
		cmocka_unit_test(bad_text_is_refused_and_leaves_the_output_alone),
		cmocka_unit_test(seconds_are_rounded_to_the_nanosecond),
		cmocka_unit_test(the_shortest_text_is_chosen),
		cmocka_unit_test(format_and_parse_are_inverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
