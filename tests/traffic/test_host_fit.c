/* Hosts that do something at rates of their own, with gaps of a known law: the
 * fit finds both laws, and its intervals hold what they were drawn with.
 * CGNSIM_SEEDS=N asks for N seeds of every case. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/base/simtime.h"
#include "traffic/host_fit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SPAN_S 20000.0
#define SETTLE_S 20000.0 /* gaps go on for so long before the watch begins */

static const struct truth {
	const char *name;
	enum spread spread;
	double rate, shape;  /* a second; gamma's shape or lognormal's sigma */
	enum law gaps;
	double gap[2];
	size_t hosts;
} truths[] = {
	{ "equal, exponential", SPREAD_EQUAL, 0.005, 0, LAW_EXPONENTIAL, { 0 }, 60 },
	{ "gamma, exponential", SPREAD_GAMMA, 0.004, 1.5, LAW_EXPONENTIAL, { 0 }, 100 },
	{ "gamma, Weibull", SPREAD_GAMMA, 0.004, 2, LAW_WEIBULL, { 0.6 }, 100 },
	{ "lognormal, gamma", SPREAD_LOGNORMAL, 0.003, 1, LAW_GAMMA, { 0.4 }, 100 },
	{ "lognormal, lognormal", SPREAD_LOGNORMAL, 0.003, 0.8, LAW_LOGNORMAL, { 1.2 }, 100 },
	{ "gamma, two exponentials", SPREAD_GAMMA, 0.005, 2, LAW_TWO_EXPONENTIAL, { 0.8, 20 }, 80 },
};
#define TRUTHS (sizeof(truths) / sizeof(*truths))

static unsigned seeds(unsigned few)
{
	const char *text = getenv("CGNSIM_SEEDS");

	return text ? (unsigned)strtoul(text, NULL, 10) : few;
}

static struct host_fit fit(const struct truth *t, uint64_t seed)
{
	struct host_fit truth = { .spread = t->spread, .rate = t->rate, .shape = t->shape, .gaps = t->gaps,
	                          .gap = { t->gap[0], t->gap[1] } }, found;
	struct host_times *hosts = must_alloc(t->hosts, sizeof(*hosts));
	size_t count = getenv("CGNSIM_SEEDS") ? t->hosts : t->hosts / 2;
	double **at = must_alloc(t->hosts, sizeof(*at));
	struct distribution rates, gaps;
	struct rng r;

	host_fit_rates(&truth, &rates);
	host_fit_gaps(&truth, &gaps);
	rng_seed(&r, mix64(mix64(seed, RNG_TEST), (uint64_t)(t - truths)));
	for (size_t h = 0; h < count; h++) {
		double rate = seconds_from_ns(distribution_draw(&rates, &r)) / 86400, now = -SETTLE_S;
		size_t room = 0;

		while ((now += seconds_from_ns(distribution_draw(&gaps, &r)) / rate) < SPAN_S) {
			if (now < 0)
				continue;
			if (hosts[h].count == room)
				at[h] = must_grow(at[h], room = room * 2 + 16, sizeof(**at));
			at[h][hosts[h].count++] = now;
		}
		hosts[h].at_s = at[h];
	}
	host_fit(hosts, count, SPAN_S, true, &found);
	for (size_t h = 0; h < count; h++)
		free(at[h]);
	free(at);
	free(hosts);
	distribution_clear(&rates);
	distribution_clear(&gaps);
	return found;
}

static void laws_and_intervals(void **state)
{
	unsigned count = seeds(1), allowed = count / 20, bad = 0;

	(void)state;
	for (size_t k = 0; k < TRUTHS; k++) {
		const struct truth *t = &truths[k];
		unsigned gaps = 0, spread = 0, missed[4] = { 0 };

		for (unsigned seed = 0; seed < count; seed++) {
			struct host_fit f = fit(t, seed);

			assert_true(f.fitted);
			gaps += f.gaps != t->gaps;
			spread += f.spread != t->spread;
			if (f.gaps == t->gaps && f.spread == t->spread) {
				missed[0] += !(f.rate_low <= t->rate && t->rate <= f.rate_high);
				missed[1] += t->spread != SPREAD_EQUAL && !(f.shape_low <= t->shape && t->shape <= f.shape_high);
				missed[2] += t->gaps != LAW_EXPONENTIAL && !(f.gap_low[0] <= t->gap[0] && t->gap[0] <= f.gap_high[0]);
				missed[3] += t->gaps == LAW_TWO_EXPONENTIAL && !(f.gap_low[1] <= t->gap[1] && t->gap[1] <= f.gap_high[1]);
			}
			assert_true(f.ks < 0.1);
			host_fit_clear(&f);
		}
		print_message("    %-24s of %u: gaps wrong %u, spread wrong %u, missed: rate %u, shape %u, gaps %u %u\n", t->name, count,
		              gaps, spread, missed[0], missed[1], missed[2], missed[3]);
		bad += gaps > allowed;
		for (int i = 0; i < 4; i++)
			bad += missed[i] > allowed;
		/* A gamma and a lognormal spread of a hundred hosts are near each other: told apart more often than not. */
		bad += spread > (t->spread == SPREAD_EQUAL ? allowed : (count + 1) / 2);
	}
	assert_int_equal(bad, 0);
}

/* Few times, none: a rate that is the mean, and no crash. */
static void poor_captures_give_the_mean(void **state)
{
	static const double at[] = { 0, 0, 0, 5, 10 };
	struct host_times hosts[20] = { { .at_s = at, .count = 5 } };
	struct host_fit f;

	(void)state;
	host_fit(hosts, 1, 10, true, &f);
	assert_true(!f.fitted && fabs(f.rate - 0.5) < 1e-12);
	host_fit_clear(&f);
	host_fit(hosts, 20, 10, true, &f);
	assert_true(!f.fitted && fabs(f.rate - 5. / 200) < 1e-12);
	host_fit_clear(&f);
	host_fit(hosts + 1, 19, 10, true, &f);
	assert_true(!f.fitted && f.rate == 0);
	host_fit_clear(&f);
	host_fit(hosts, 0, 10, true, &f);
	assert_true(!f.fitted && f.rate == 0);
	host_fit_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laws_and_intervals),
		cmocka_unit_test(poor_captures_give_the_mean),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
