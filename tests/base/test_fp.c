/* Real functions are held against the C library, in units of the last place,
 * over all the range they promise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "sim/base/fp.h"
#include "sim/base/rng.h"

enum { DRAWS = 200000 };

/* Distance in units of the last place of `right`. */
static double ulps(double got, double right)
{
	double unit;

	if (got == right)
		return 0;
	if (!isfinite(got) || !isfinite(right))
		return HUGE_VAL;
	unit = nextafter(fabs(right), HUGE_VAL) - fabs(right);
	return fabs(got - right) / unit;
}

static double between(struct rng *r, double low, double high)
{
	return low + (high - low) * rng_unit(r);
}

/* Every exponent alike. */
static double any_positive(struct rng *r)
{
	uint64_t bits = rng_next(r) >> 1;
	double x;

	if (bits >= UINT64_C(0x7ff0000000000000))
		bits ^= UINT64_C(0x4000000000000000);
	memcpy(&x, &bits, sizeof(x));
	return x > 0 ? x : 1;
}

static void log_holds_its_bits(void **state)
{
	struct rng r;
	double worst = 0, worst2 = 0;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < DRAWS; i++) {
		double all = any_positive(&r), near = between(&r, 0.5, 2), close = 1 + between(&r, -1e-6, 1e-6);

		worst = fmax(worst, fmax(ulps(fp_log(all), log(all)), fmax(ulps(fp_log(near), log(near)), ulps(fp_log(close), log(close)))));
		worst2 = fmax(worst2, fmax(ulps(fp_log2(all), log2(all)), fmax(ulps(fp_log2(near), log2(near)), ulps(fp_log2(close), log2(close)))));
	}
	print_message("worst: log %.2f, log2 %.2f ulp\n", worst, worst2);
	assert_true(worst <= 2);
	assert_true(worst2 <= 2);
}

static void exp_holds_its_bits(void **state)
{
	struct rng r;
	double worst = 0;

	(void)state;
	rng_seed(&r, 2);
	for (int i = 0; i < DRAWS; i++) {
		double all = between(&r, -708, 709.7), near = between(&r, -1, 1), close = between(&r, -1e-9, 1e-9);

		worst = fmax(worst, fmax(ulps(fp_exp(all), exp(all)), fmax(ulps(fp_exp(near), exp(near)), ulps(fp_exp(close), exp(close)))));
	}
	for (int i = 0; i < DRAWS / 10; i++) {  /* results without all their bits */
		double deep = between(&r, -745, -708);

		assert_true(fabs(fp_exp(deep) - exp(deep)) <= 0x1p-1074 + 2 * 0x1p-52 * exp(deep));
	}
	print_message("worst: exp %.2f ulp\n", worst);
	assert_true(worst <= 2);
}

static void pow_holds_its_bits(void **state)
{
	struct rng r;
	double worst = 0;

	(void)state;
	rng_seed(&r, 3);
	for (int i = 0; i < DRAWS; i++) {
		double base = i & 1 ? any_positive(&r) : between(&r, 0, 200000);
		double exponent = between(&r, -700, 700) / fmax(fabs(log(base)), 1);
		double flat = between(&r, -3, 3);

		worst = fmax(worst, ulps(fp_pow(base, exponent), pow(base, exponent)));
		if (!(i & 1))
			worst = fmax(worst, ulps(fp_pow(base, flat), pow(base, flat)));
	}
	print_message("worst: pow %.2f ulp\n", worst);
	assert_true(worst <= 2);
}

static void edges(void **state)
{
	(void)state;
	assert_true(fp_log(0) == -HUGE_VAL);
	assert_true(fp_log2(0) == -HUGE_VAL);
	assert_true(fp_log(1) == 0 && fp_log2(1) == 0);
	for (int k = -1074; k <= 1023; k++)
		assert_true(fp_log2(ldexp(1, k)) == k);
	assert_true(fp_exp(0) == 1);
	assert_true(fp_exp(-746) == 0 && fp_exp(-HUGE_VAL) == 0);
	assert_true(fp_exp(709.8) == HUGE_VAL && fp_exp(HUGE_VAL) == HUGE_VAL);
	assert_true(isfinite(fp_exp(709.78)));
	assert_true(fp_pow(0, 0) == 1 && fp_pow(0, 2) == 0 && fp_pow(0, -1) == HUGE_VAL);
	assert_true(fp_pow(1, 1e300) == 1 && fp_pow(7, 0) == 1);
	assert_true(fp_pow(10, 400) == HUGE_VAL && fp_pow(10, -400) == 0 && fp_pow(0.1, 1e300) == 0);
	assert_true(fp_sqrt(2) == sqrt(2) && fp_sqrt(0) == 0);
}

/* The same bits everywhere is what this file is for: a few, written down. */
static void bits_are_pinned(void **state)
{
	(void)state;
	assert_true(fp_log(10) == 0x1.26bb1bbb55516p+1);
	assert_true(fp_exp(1) == 0x1.5bf0a8b14576ap+1);
	assert_true(fp_pow(3, 0.7) == 0x1.142e81c889914p+1);
	assert_true(fp_log2(10000) == 0x1.a934f0979a371p+3);
}

static void t_agrees_with_gsl(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 2000; n++) {
		double right = gsl_cdf_tdist_Pinv(0.975, n);

		assert_true(fabs(fp_t95(n) - right) <= 0.5001e-4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_holds_its_bits), cmocka_unit_test(exp_holds_its_bits), cmocka_unit_test(pow_holds_its_bits),
		cmocka_unit_test(edges),              cmocka_unit_test(bits_are_pinned),    cmocka_unit_test(t_agrees_with_gsl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
