/* Laws: every one is held against the distribution function that GSL computes
 * for it (Kolmogorov and Smirnov), at fixed seeds, so a failure is no chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "sim/base/distribution.h"
#include "sim/base/simtime.h"

enum { DRAWS = 200000 };

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Largest distance between the draws' distribution and the law's, times the root
 * of their number: 1.95 is passed once in a thousand times by chance. */
static double distance(double *draws, size_t count, double (*cdf)(double, const void *), const void *with)
{
	double most = 0;

	qsort(draws, count, sizeof(*draws), by_value);
	for (size_t i = 0; i < count; i++) {
		double p = cdf(draws[i], with);

		most = fmax(most, fmax(p - (double)i / (double)count, (double)(i + 1) / (double)count - p));
	}
	return most * sqrt((double)count);
}

static double law_cdf(double x, const void *with)
{
	const struct distribution *d = with;
	double scale;

	switch (d->kind) {
	case DIST_EXPONENTIAL:
		return gsl_cdf_exponential_P(x, d->mean);
	case DIST_UNIFORM:
		return gsl_cdf_flat_P(x, d->low, d->high);
	case DIST_LOGNORMAL:
		return gsl_cdf_lognormal_P(x, log(d->median), d->sigma);
	case DIST_WEIBULL:
		return gsl_cdf_weibull_P(x, d->scale, d->shape);
	case DIST_PARETO:
		scale = d->mean * (d->shape - 1) / d->shape;
		return gsl_cdf_pareto_P(x, d->shape, scale);
	case DIST_GAMMA:
		return gsl_cdf_gamma_P(x, d->shape, d->mean / d->shape);
	default:
		fail_msg("no function for kind %d", d->kind);
		return 0;
	}
}

static double truncated_cdf(double x, const void *with)
{
	const struct distribution *d = with;

	return fmin(1, law_cdf(x, d) / law_cdf(d->max, d));
}

static void fill(double *draws, const struct distribution *d, uint64_t seed)
{
	struct rng r;

	rng_seed(&r, mix64(RNG_TEST, seed));
	for (size_t i = 0; i < DRAWS; i++)
		draws[i] = (double)distribution_draw(d, &r) / (double)NS_PER_S;
}

/* Shapes below, at and above 1, where methods change; heavy and light tails. */
static const struct distribution laws[] = {
	{ .kind = DIST_EXPONENTIAL, .mean = 10 },
	{ .kind = DIST_UNIFORM, .low = 5, .high = 7 },
	{ .kind = DIST_UNIFORM, .low = -1, .high = 1 },
	{ .kind = DIST_LOGNORMAL, .median = 3, .sigma = 0.5 },
	{ .kind = DIST_LOGNORMAL, .median = 30, .sigma = 2 },
	{ .kind = DIST_WEIBULL, .shape = 0.5, .scale = 20 },
	{ .kind = DIST_WEIBULL, .shape = 3, .scale = 20 },
	{ .kind = DIST_PARETO, .shape = 1.2, .mean = 12 },
	{ .kind = DIST_PARETO, .shape = 5, .mean = 12 },
	{ .kind = DIST_GAMMA, .shape = 0.3, .mean = 8 },
	{ .kind = DIST_GAMMA, .shape = 1, .mean = 8 },
	{ .kind = DIST_GAMMA, .shape = 9, .mean = 8 },
};
enum { LAWS = sizeof(laws) / sizeof(laws[0]) };

static void draws_follow_their_law(void **state)
{
	double *draws = malloc(DRAWS * sizeof(*draws));

	(void)state;
	for (size_t k = 0; k < LAWS; k++) {
		fill(draws, &laws[k], k);
		assert_true(distance(draws, DRAWS, law_cdf, &laws[k]) < 1.95);
	}
	free(draws);
}

static void truncated_draws_follow_the_law_below_the_bound(void **state)
{
	double *draws = malloc(DRAWS * sizeof(*draws));

	(void)state;
	for (size_t k = 0; k < LAWS; k++) {
		struct distribution d = laws[k];

		d.max = (double)distribution_quantile(&d, 0.7) / (double)NS_PER_S;
		if (d.max <= 0)
			continue;
		fill(draws, &d, 100 + k);
		assert_true(distance(draws, DRAWS, truncated_cdf, &d) < 1.95);
		assert_true(draws[DRAWS - 1] <= d.max);
	}
	free(draws);
}

/* A bound that hardly any draw meets is given itself, after a thousand tries. */
static void a_hopeless_bound_is_given_itself(void **state)
{
	const struct distribution d = { .kind = DIST_PARETO, .shape = 2, .mean = 10, .max = 1 };
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 10; i++)
		assert_true(distribution_draw(&d, &r) == NS_PER_S);
}

static double exponential_cdf(double x, const void *with)
{
	(void)with;
	return gsl_cdf_exponential_P(x, 1);
}

static double normal_cdf(double x, const void *with)
{
	(void)with;
	return gsl_cdf_ugaussian_P(x);
}

/* What a ziggurat can get wrong and a test of the whole cannot see: the tail,
 * beyond R, and how often it is drawn. */
static void tails_are_as_heavy_as_they_should_be(void **state)
{
	enum { MANY = 20000000, TAIL = 20000 };
	const double exponential_r = 7.697117470131049, normal_r = 3.654152885361008;
	double p = gsl_cdf_exponential_Q(exponential_r, 1), q = 2 * gsl_cdf_ugaussian_Q(normal_r);
	double *tail = malloc(TAIL * sizeof(*tail));
	size_t beyond = 0, outside = 0, right = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < MANY; i++) {
		double x = draw_exponential(&r), z = draw_normal(&r);

		if (x > exponential_r)
			tail[beyond++ % TAIL] = x - exponential_r;
		outside += z > normal_r || z < -normal_r;
		right += z > normal_r;
	}
	assert_true(fabs((double)beyond - MANY * p) < 4 * sqrt(MANY * p));
	assert_true(fabs((double)outside - MANY * q) < 4 * sqrt(MANY * q));
	assert_true(fabs((double)right - MANY * q / 2) < 4 * sqrt(MANY * q / 2));
	assert_true(beyond < TAIL);
	assert_true(distance(tail, beyond, exponential_cdf, NULL) < 1.95);
	free(tail);
}

static void standard_laws(void **state)
{
	enum { MANY = 4000000 };
	double *draws = malloc(MANY * sizeof(*draws));
	double sum = 0, squares = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < MANY; i++)
		sum += draws[i] = draw_exponential(&r);
	assert_true(fabs(sum / MANY - 1) < 4 / sqrt(MANY));
	assert_true(distance(draws, MANY, exponential_cdf, NULL) < 1.95);
	sum = 0;
	for (int i = 0; i < MANY; i++) {
		sum += draws[i] = draw_normal(&r);
		squares += draws[i] * draws[i];
	}
	assert_true(fabs(sum / MANY) < 4 / sqrt(MANY));
	assert_true(fabs(squares / MANY - 1) < 4 * sqrt(2. / MANY));
	assert_true(distance(draws, MANY, normal_cdf, NULL) < 1.95);
	free(draws);
}

static void means(void **state)
{
	(void)state;
	for (size_t k = 0; k < LAWS; k++) {
		const struct distribution *d = &laws[k];
		double right = d->kind == DIST_UNIFORM     ? (d->low + d->high) / 2
		               : d->kind == DIST_LOGNORMAL ? d->median * exp(d->sigma * d->sigma / 2)
		               : d->kind == DIST_WEIBULL   ? d->scale * gsl_sf_gamma(1 + 1 / d->shape)
		                                           : d->mean;

		assert_true(fabs(distribution_mean(d) - right) <= 1e-12 * fabs(right));
	}
}

/* What was drawn is what the mean says, where the variance is small enough to tell. */
static void means_are_drawn(void **state)
{
	double *draws = malloc(DRAWS * sizeof(*draws));

	(void)state;
	for (size_t k = 0; k < LAWS; k++) {
		double sum = 0, squares = 0, mean, error;

		if (laws[k].kind == DIST_PARETO && laws[k].shape < 2)
			continue;
		fill(draws, &laws[k], 200 + k);
		for (size_t i = 0; i < DRAWS; i++) {
			sum += draws[i];
			squares += draws[i] * draws[i];
		}
		mean = sum / DRAWS;
		error = sqrt((squares / DRAWS - mean * mean) / DRAWS);
		assert_true(fabs(mean - distribution_mean(&laws[k])) < 4 * error);
	}
	free(draws);
}

/* 100,000 draws know a quantile to about the root of p (1 - p) / n in probability. */
static void quantiles(void **state)
{
	static const double shares[] = { 0.01, 0.5, 0.9, 0.99 };

	(void)state;
	for (size_t k = 0; k < LAWS; k++)
		for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
			double p = shares[i], x = (double)distribution_quantile(&laws[k], p) / (double)NS_PER_S;

			assert_true(fabs(law_cdf(x, &laws[k]) - p) < 4 * sqrt(p * (1 - p) / 100000));
		}
	assert_true(distribution_quantile(&laws[1], 0) >= 5 * NS_PER_S);
	assert_true(distribution_quantile(&laws[1], 1) <= 7 * NS_PER_S);
}

static void constant_empirical_and_mixture(void **state)
{
	double values[] = { 1, 2, 4 };
	double weights[] = { 0.25, 1 };
	struct distribution parts[] = {
		{ .kind = DIST_CONSTANT, .value = 100 },
		{ .kind = DIST_EMPIRICAL, .values = values, .value_count = 3 },
	};
	const struct distribution mixture = { .kind = DIST_MIXTURE, .parts = parts, .weights = weights, .part_count = 2 };
	int hundreds = 0, ones = 0, twos = 0, fours = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 120000; i++) {
		int64_t ns = distribution_draw(&mixture, &r);

		hundreds += ns == 100 * NS_PER_S;
		ones += ns == NS_PER_S;
		twos += ns == 2 * NS_PER_S;
		fours += ns == 4 * NS_PER_S;
	}
	assert_int_equal(hundreds + ones + twos + fours, 120000);
	assert_in_range(hundreds, 29400, 30600);
	assert_in_range(ones, 29400, 30600);
	assert_in_range(twos, 29400, 30600);
	assert_true(fabs(distribution_mean(&mixture) - (25 + 0.75 * 7 / 3)) < 1e-12);
	assert_true(distribution_mean(&parts[0]) == 100);
}

/* No law leaves the longest time that sums are safe with. */
static void draws_stay_within_a_century(void **state)
{
	const struct distribution long_ones[] = {
		{ .kind = DIST_PARETO, .shape = 1.001, .mean = 3e9 },
		{ .kind = DIST_LOGNORMAL, .median = 1e9, .sigma = 5 },
		{ .kind = DIST_UNIFORM, .low = -1e10, .high = 1e10 },
		{ .kind = DIST_WEIBULL, .shape = 0.05, .scale = 1 },
		{ .kind = DIST_GAMMA, .shape = 0.001, .mean = 1 },
	};
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (size_t k = 0; k < sizeof(long_ones) / sizeof(long_ones[0]); k++)
		for (int i = 0; i < 10000; i++) {
			int64_t ns = distribution_draw(&long_ones[k], &r);

			assert_true(ns >= -NS_LONGEST && ns <= NS_LONGEST);
		}
}

/* Results hang on these: the same stream gives the same nanoseconds everywhere. */
static void first_values_are_pinned(void **state)
{
	static const int64_t first[LAWS][3] = {
		{ INT64_C(10967939503), INT64_C(11299755985), INT64_C(3613874060) },
		{ INT64_C(6623224318), INT64_C(6494209432), INT64_C(5200301807) },
		{ INT64_C(623224318), INT64_C(494209432), INT64_C(-799698193) },
		{ INT64_C(5197476770), INT64_C(5152463113), INT64_C(2660846671) },
		{ INT64_C(270275365647), INT64_C(261033232205), INT64_C(18565884047) },
		{ INT64_C(24059139387), INT64_C(25536897062), INT64_C(2612017144) },
		{ INT64_C(20625524964), INT64_C(20831458797), INT64_C(14245827029) },
		{ INT64_C(4988534300), INT64_C(5128398938), INT64_C(2702840757) },
		{ INT64_C(11954668703), INT64_C(12034267656), INT64_C(10319554388) },
		{ INT64_C(1700319521), INT64_C(3416301916), INT64_C(27969487300) },
		{ INT64_C(16216132924), INT64_C(3914584353), INT64_C(3920104406) },
		{ INT64_C(10952701218), INT64_C(7092738349), INT64_C(7095309568) },
	};

	(void)state;
	for (size_t k = 0; k < LAWS; k++) {
		struct rng r;

		rng_seed(&r, 1);
		for (int i = 0; i < 3; i++)
			assert_true(distribution_draw(&laws[k], &r) == first[k][i]);
	}
}

static void clearing_frees_parts(void **state)
{
	struct distribution d = { .kind = DIST_MIXTURE, .part_count = 2 };

	(void)state;
	d.parts = calloc(2, sizeof(*d.parts));
	d.weights = calloc(2, sizeof(*d.weights));
	d.parts[1].kind = DIST_EMPIRICAL;
	d.parts[1].values = calloc(3, sizeof(double));
	d.parts[1].value_count = 3;
	distribution_clear(&d);
	assert_null(d.parts);
	distribution_clear(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(standard_laws),
		cmocka_unit_test(tails_are_as_heavy_as_they_should_be),
		cmocka_unit_test(draws_follow_their_law),
		cmocka_unit_test(truncated_draws_follow_the_law_below_the_bound),
		cmocka_unit_test(a_hopeless_bound_is_given_itself),
		cmocka_unit_test(means),
		cmocka_unit_test(means_are_drawn),
		cmocka_unit_test(quantiles),
		cmocka_unit_test(constant_empirical_and_mixture),
		cmocka_unit_test(draws_stay_within_a_century),
		cmocka_unit_test(first_values_are_pinned),
		cmocka_unit_test(clearing_frees_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
