/* Streams: the first values are written down, for every result hangs on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>

#include "sim/base/rng.h"

static void first_values_are_pinned(void **state)
{
	/* SplitMix64 from 0, as published: 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, ... */
	static const uint64_t seeded[4] = {
		UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4), UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec),
	};
	static const uint64_t first[4] = {
		UINT64_C(0x53175d61490b23df), UINT64_C(0x61da6f3dc380d507), UINT64_C(0x5c0fdf91ec9a7bfc), UINT64_C(0x02eebf8c3bbe5e1a),
	};
	struct rng r;

	(void)state;
	rng_seed(&r, 0);
	for (int i = 0; i < 4; i++)
		assert_true(r.s[i] == seeded[i]);
	for (int i = 0; i < 4; i++)
		assert_true(rng_next(&r) == first[i]);
	assert_true(mix64(1, 2) == UINT64_C(0xa5405d06ea7ac75a));
	assert_true(mix_text(1, "block") == UINT64_C(0xc214f8babf2c6f91));
}

/* The generator by its authors' own words, step by step. */
static void generator_is_xoshiro(void **state)
{
	struct rng r = { { 1, 2, 3, 4 } };
	static const uint64_t published[5] = { 41943041, 58720359, UINT64_C(3588806011781223), UINT64_C(3591011842654386), UINT64_C(9228616714210784205) };

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(rng_next(&r) == published[i]);
}

/* Texts that differ only past a word's end, in length, or in order. */
static void texts_make_different_keys(void **state)
{
	static const char *const texts[] = { "", "a", "b", "ab", "ba", "abcdefgh", "abcdefghi", "abcdefg", "ibcdefgh", "abcdefghabcdefgh" };
	const size_t count = sizeof(texts) / sizeof(texts[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			assert_true((mix_text(7, texts[i]) == mix_text(7, texts[j])) == (i == j));
	assert_true(mix_text(1, "a") != mix_text(2, "a"));
}

static double chi_square(const uint32_t *seen, size_t cells, double expected)
{
	double sum = 0;

	for (size_t i = 0; i < cells; i++)
		sum += (seen[i] - expected) * (seen[i] - expected) / expected;
	return sum;
}

/* One value, a power of two, one more than that, and one where rejection matters. */
static void below_is_uniform(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 64, 65, 1000 };
	enum { DRAWS = 1000000 };

	(void)state;
	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		uint32_t seen[1000] = { 0 };
		struct rng r;

		rng_seed(&r, mix64(RNG_TEST, k));
		for (int i = 0; i < DRAWS; i++) {
			uint32_t x = rng_below(&r, sizes[k]);

			assert_true(x < sizes[k]);
			seen[x]++;
		}
		if (sizes[k] > 1)
			assert_true(gsl_cdf_chisq_Q(chi_square(seen, sizes[k], DRAWS / (double)sizes[k]), sizes[k] - 1) > 1e-3);
	}
}

/* 3 * 2^30: without rejection one value in three would come twice as often as the others. */
static void below_is_unbiased_for_large_n(void **state)
{
	enum { DRAWS = 300000 };
	uint32_t seen[3] = { 0 };
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < DRAWS; i++)
		seen[rng_below(&r, UINT32_C(3) << 30) % 3]++;
	assert_true(gsl_cdf_chisq_Q(chi_square(seen, 3, DRAWS / 3.0), 2) > 1e-3);
}

/* Neighbouring keys: the low and the high bits of first values must not follow the key. */
static void neighbouring_keys_are_unrelated(void **state)
{
	enum { KEYS = 100000 };
	uint32_t low[64] = { 0 }, high[64] = { 0 }, steps[64] = { 0 };
	uint64_t last = 0;

	(void)state;
	for (uint64_t k = 0; k < KEYS; k++) {
		struct rng r;
		uint64_t x;

		rng_seed(&r, mix64(mix64(1, RNG_TRAFFIC), k));
		x = rng_next(&r);
		low[x % 64]++;
		high[x >> 58]++;
		steps[(x - last) >> 58]++;
		last = x;
	}
	assert_true(gsl_cdf_chisq_Q(chi_square(low, 64, KEYS / 64.0), 63) > 1e-3);
	assert_true(gsl_cdf_chisq_Q(chi_square(high, 64, KEYS / 64.0), 63) > 1e-3);
	assert_true(gsl_cdf_chisq_Q(chi_square(steps, 64, KEYS / 64.0), 63) > 1e-3);
}

static void unit_stays_below_one(void **state)
{
	struct rng r = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX } };
	double sum = 0;

	(void)state;
	for (int i = 0; i < 1000000; i++) {
		double u = rng_unit(&r);

		assert_true(u >= 0 && u < 1);
		sum += u;
	}
	assert_true(sum > 498000 && sum < 502000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_values_are_pinned),
		cmocka_unit_test(generator_is_xoshiro),
		cmocka_unit_test(texts_make_different_keys),
		cmocka_unit_test(below_is_uniform),
		cmocka_unit_test(below_is_unbiased_for_large_n),
		cmocka_unit_test(neighbouring_keys_are_unrelated),
		cmocka_unit_test(unit_stays_below_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
