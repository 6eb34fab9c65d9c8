#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sim/base/rng.h"
#include "traffic/timeline.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

#define S NS_PER_S
#define DAY NS_PER_DAY
#define YEAR (365 * DAY)

/* Times in the order given; where each is at the end, from the first. */
static void gaps_are_shortened(void **state)
{
	static const struct {
		const char *name;
		int64_t times[5], since[5];
		size_t parts;
	} cases[] = {
		{ "one part", { 10 * S, 11 * S, 10 * S, 15 * S, 12 * S }, { 0, S, 0, 5 * S, 2 * S }, 1 },
		{ "a day less a nanosecond is no gap", { 0, DAY - 1, DAY, 2 * DAY - 1, 5 }, { 0, DAY - 1, DAY, 2 * DAY - 1, 5 }, 1 },
		{ "a day is", { 0, DAY, DAY + S, 2 * S, 3 * S }, { 0, DAY, DAY + S, 2 * S, 3 * S }, 1 },
		{ "22 years are a day", { 0, S, 22 * YEAR, 22 * YEAR + S, 22 * YEAR + 2 * S }, { 0, S, S + DAY, 2 * S + DAY, 3 * S + DAY }, 2 },
		{ "back by years", { 9 * YEAR, 9 * YEAR + S, S, 0, 2 * S }, { 2 * S + DAY, 3 * S + DAY, S, 0, 2 * S }, 2 },
		{ "one stamp far off", { 5 * S, 6 * S, 30 * YEAR, 7 * S, 8 * S }, { 0, S, 3 * S + DAY, 2 * S, 3 * S }, 2 },
		{ "a late packet joins two parts", { 0, 3 * DAY / 2, 3 * DAY / 4, S, S }, { 0, 3 * DAY / 2, 3 * DAY / 4, S, S }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timeline t = { 0 };

		for (int k = 0; k < 5; k++)
			assert_true(timeline_add(&t, cases[i].times[k]));
		timeline_close(&t);
		for (int k = 0; k < 5; k++)
			if (timeline_since(&t, cases[i].times[k]) != cases[i].since[k])
				fail_msg("%s: time %d is at %lld", cases[i].name, k, (long long)timeline_since(&t, cases[i].times[k]));
		assert_int_equal(t.count, cases[i].parts);
		timeline_clear(&t);
	}
}

/* A hundred years of packets a day apart are the most there may be; a wilder time
 * is refused, and all that were taken keep their place. */
static void no_longer_than_the_longest(void **state)
{
	struct timeline t = { 0 };
	uint32_t taken = 0;

	(void)state;
	for (int64_t i = 0; i < 50000; i++)
		taken += timeline_add(&t, i * 2 * DAY);
	assert_int_equal(taken, NS_LONGEST / DAY + 1);
	assert_true(t.total_ns <= NS_LONGEST);
	timeline_close(&t);
	assert_int_equal(timeline_since(&t, 2 * DAY), DAY);
	timeline_clear(&t);
}

/* Files in any order; what is watched around a time, and how many times between are not. */
static void what_no_file_covers(void **state)
{
	static const struct {
		const char *name;
		int64_t files[3][2]; /* first and last packet; 0, 0: no such file */
		int64_t at, first, last;
		size_t parts, seams;
	} cases[] = {
		{ "one file", { { S, 90 * S } }, 50 * S, S, 90 * S, 1, 0 },
		{ "an hour between", { { S, 90 * S }, { 3690 * S, 3790 * S } }, 90 * S, S, 90 * S, 1, 1 },
		{ "the other side of it", { { 3690 * S, 3790 * S }, { S, 90 * S } }, 3690 * S, 3690 * S, 3790 * S, 1, 1 },
		{ "one goes on where the other ends", { { S, 90 * S }, { 95 * S - 1, 200 * S } }, 90 * S, S, 200 * S, 1, 0 },
		{ "5 s are no going on", { { S, 90 * S }, { 95 * S, 200 * S } }, 90 * S, S, 90 * S, 1, 1 },
		{ "side by side", { { S, 90 * S }, { 10 * S, 20 * S }, { 50 * S, 200 * S } }, 20 * S, S, 200 * S, 1, 0 },
		{ "two days between", { { S, 90 * S }, { 2 * DAY, 2 * DAY + S } }, 90 * S, S, 90 * S, 2, 0 },
		{ "one within the gap of another", { { S, 2 * DAY }, { DAY, DAY + S } }, DAY, DAY, DAY + S, 1, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct timeline all = { 0 };
		const struct timeline_part *p;

		for (int k = 0; k < 3 && cases[i].files[k][1]; k++) {
			struct timeline file = { 0 };

			for (int end = 0; end < 2; end++) {
				assert_true(timeline_add(&file, cases[i].files[k][end]));
				assert_true(timeline_add(&all, cases[i].files[k][end]));
			}
			timeline_watch(&all, &file);
			timeline_clear(&file);
		}
		timeline_close(&all);
		p = timeline_watched(&all, cases[i].at);
		if (p->first_ns != cases[i].first || p->last_ns != cases[i].last || all.count != cases[i].parts ||
		    timeline_seams(&all) != cases[i].seams)
			fail_msg("%s: %lld to %lld, %zu parts, %zu seams", cases[i].name, (long long)p->first_ns, (long long)p->last_ns,
			         all.count, timeline_seams(&all));
		timeline_clear(&all);
	}
}

/* In any order the same parts, and the total is their sum. */
static void order_does_not_matter(void **state)
{
	enum { TIMES = 400 };
	int64_t times[TIMES], total = -1;
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < TIMES; i++)
		times[i] = (int64_t)rng_below(&r, 40) * DAY / 2 + (int64_t)rng_below(&r, 1000000000);
	for (int round = 0; round < 20; round++) {
		struct timeline t = { 0 };
		int64_t sum;

		for (int i = TIMES - 1; i > 0; i--) {
			int k = (int)rng_below(&r, (uint32_t)i + 1);
			int64_t swap = times[i];

			times[i] = times[k];
			times[k] = swap;
		}
		for (int i = 0; i < TIMES; i++)
			assert_true(timeline_add(&t, times[i]));
		sum = (int64_t)(t.count - 1) * TIMELINE_GAP;
		for (size_t p = 0; p < t.count; p++)
			sum += t.parts[p].last_ns - t.parts[p].first_ns;
		assert_int_equal(sum, t.total_ns);
		assert_true(total < 0 || total == sum);
		total = sum;
		timeline_clear(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_shortened),
		cmocka_unit_test(no_longer_than_the_longest),
		cmocka_unit_test(what_no_file_covers),
		cmocka_unit_test(order_does_not_matter),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
