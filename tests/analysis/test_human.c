/* Numbers as people read them: the edges of units and of rounding. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/human.h"

static void every_edge(void **state)
{
	static const struct { char *(*format)(double, char *); double value; const char *text; } cases[] = {
		{ human_count, 0, "0" }, { human_count, 0.25, "0.25" }, { human_count, 0.0012, "0.0012" }, { human_count, 62.5, "62.5" },
		{ human_count, 9.994, "9.99" }, { human_count, 9.996, "10" }, { human_count, 99.95, "100" }, { human_count, 999.4, "999" }, { human_count, 999.6, "1,000" },
		{ human_count, 9999.4, "9,999" }, { human_count, 9999.6, "10 k" }, { human_count, 999499, "999 k" },
		{ human_count, 999600, "1 M" }, { human_count, 1184000, "1.18 M" }, { human_count, -3, "-3" },
		{ human_whole, 0, "0" }, { human_whole, 999, "999" }, { human_whole, 1000, "1,000" }, { human_whole, 13750000, "13,750,000" },
		{ human_whole, -1234, "-1,234" }, { human_whole, 1e15, "1 P" },
		{ human_bytes, 0, "0 B" }, { human_bytes, 999, "999 B" }, { human_bytes, 1000, "1 kB" }, { human_bytes, 7312000, "7.31 MB" },
		{ human_bytes, 42.5e12, "42.5 TB" },
		{ human_share, 0, "0 %" }, { human_share, 1, "100 %" }, { human_share, 0.5, "50 %" }, { human_share, 0.1147, "11.5 %" },
		{ human_share, 0.00031, "0.031 %" }, { human_share, 1e-4, "0.01 %" }, { human_share, 0.99996, "99.996 %" },
		{ human_share, 1e-7, "0.00001 %" }, { human_share, 0.9, "90 %" },
		{ human_count, (double)NAN, "-" }, { human_whole, (double)NAN, "-" }, { human_share, (double)INFINITY, "-" },
		{ human_bytes, -(double)INFINITY, "-" },
	};
	char text[HUMAN_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(cases[i].format(cases[i].value, text), cases[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_edge) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
