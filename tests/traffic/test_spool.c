/* Items come out in order, as many as went in, whether they fitted into memory or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/intern.h"
#include "traffic/spool.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

struct item {
	uint64_t key, number;
};

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

/* 64 items a run at least: the largest case makes more than a thousand runs. */
static void in_order(void **state)
{
	static const struct { size_t items, memory; } cases[] = {
		{ 0, 0 }, { 1, 0 }, { 63, 0 }, { 64, 0 }, { 65, 0 }, { 1000, 0 }, { 70000, 0 }, { 70000, 1 << 20 }, { 1000, 1 << 20 },
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct spool *s = spool_create(sizeof(struct item), by_key, cases[c].memory);
		struct item last = { 0, 0 };
		struct err e = ERR_INIT;
		const struct item *got;
		uint64_t count = 0, sum = 0;
		struct rng r;

		rng_seed(&r, RNG_TEST + c);
		for (size_t i = 0; i < cases[c].items; i++)
			*(struct item *)spool_add(s) = (struct item){ rng_below(&r, 500), i + 1 };
		assert_true(spool_sort(s, &e));
		while ((got = spool_next(s))) {
			assert_true(by_key(&last, got) < 0);
			last = *got;
			sum += got->number;
			count++;
		}
		assert_null(spool_next(s));
		assert_true(spool_good(s, &e));
		assert_int_equal(count, cases[c].items);
		assert_int_equal(sum, (uint64_t)cases[c].items * (cases[c].items + 1) / 2);
		spool_destroy(s);
	}
	spool_destroy(NULL);
}

/* Where no temporary file can be made, one line says so, and where. */
static void no_place_to_spill(void **state)
{
	struct spool *s = spool_create(sizeof(struct item), by_key, 0);
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(setenv("TMPDIR", "/nonexistent", 1), 0);
	for (size_t i = 0; i < 1000; i++)
		*(struct item *)spool_add(s) = (struct item){ i, i };
	assert_false(spool_sort(s, &e));
	assert_int_equal(e.count, 1);
	assert_non_null(strstr(e.lines[0], "/nonexistent"));
	unsetenv("TMPDIR");
	err_clear(&e);
	spool_destroy(s);
}

/* A string keeps its number however many come after it. */
static void strings_keep_their_numbers(void **state)
{
	struct intern *in = intern_create(16);
	uint8_t bytes[16] = { 0 };

	(void)state;
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 5000; i++) {
			memcpy(bytes + 6, &i, sizeof(i));
			assert_int_equal(intern_number(in, bytes), i);
			assert_memory_equal(intern_bytes(in, i), bytes, 16);
		}
	assert_int_equal(intern_count(in), 5000);
	intern_destroy(in);
	intern_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(no_place_to_spill),
		cmocka_unit_test(strings_keep_their_numbers),
	};

	return cmocka_run_group_tests_name("spool", tests, NULL, NULL);
}
