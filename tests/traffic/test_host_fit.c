/* Hosts that do something at rates of their own, with gaps of a known law: the
 * fit finds both laws, and its intervals hold what they were drawn with.
 * CGNSIM_SEEDS=N asks for N seeds of every case. */
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define ALIKE LAW_COUNT /* one rate for all */

static const struct truth {
	const char *name;
	enum law rates;
	double rate[LAW_PARAMETERS]; /* a day */
	enum law gaps;
	double gap[GAP_PARAMETERS];
	size_t hosts;
	bool near; /* to another law of the rates: so few hosts cannot tell them apart */
} truths[] = {
	{ "equal, exponential", ALIKE, { 432 }, LAW_EXPONENTIAL, { 0 }, 60, false },
	{ "gamma, exponential", LAW_GAMMA, { 2.5, 345 }, LAW_EXPONENTIAL, { 0 }, 100, true },
	{ "gamma, Weibull", LAW_GAMMA, { 2.5, 345 }, LAW_WEIBULL, { 0.6 }, 100, true },
	{ "lognormal, gamma", LAW_LOGNORMAL, { 259, 1 }, LAW_GAMMA, { 0.4 }, 100, true },
	{ "lognormal, lognormal", LAW_LOGNORMAL, { 259, 0.8 }, LAW_LOGNORMAL, { 1.2 }, 100, true },
	{ "gamma, two exponentials", LAW_GAMMA, { 2.5, 432 }, LAW_TWO_EXPONENTIAL, { 0.8, 20 }, 100, true },
	{ "exponential, Pareto", LAW_EXPONENTIAL, { 400 }, LAW_PARETO, { 2.5 }, 150, false },
	{ "Pareto, exponential", LAW_PARETO, { 150, 1.6 }, LAW_EXPONENTIAL, { 0 }, 200, false },
	{ "Weibull, gamma", LAW_WEIBULL, { 0.5, 200 }, LAW_GAMMA, { 0.5 }, 400, true },
	{ "two parts, exponential", LAW_TWO_EXPONENTIAL, { 0.8, 60, 1500 }, LAW_EXPONENTIAL, { 0 }, 400, false },
	{ "gamma, two lognormals", LAW_GAMMA, { 2.5, 432 }, LAW_TWO_LOGNORMAL, { 0.7, 0.6, 1.2, 60 }, 100, true },
};
#define TRUTHS (sizeof(truths) / sizeof(*truths))

static unsigned seeds(unsigned few)
{
	const char *text = getenv("CGNSIM_SEEDS");

	return text ? (unsigned)strtoul(text, NULL, 10) : few;
}

static struct host_fit fit(const struct truth *t, uint64_t seed)
{
	size_t count = getenv("CGNSIM_SEEDS") ? t->hosts : t->hosts / 2;
	struct host_times *hosts = must_alloc(count, sizeof(*hosts));
	double **at = must_alloc(count, sizeof(*at)), value[LAW_PARAMETERS];
	struct distribution rates = { .kind = DIST_CONSTANT, .value = t->rate[0] }, gaps;
	struct host_fit found;
	struct rng r;

	if (t->rates != ALIKE)
		law_distribution(&law_types[t->rates], t->rate, &rates);
	gap_law_value(t->gaps, t->gap, value);
	law_distribution(&law_types[t->gaps], value, &gaps);
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
		hosts[h].span_s = SPAN_S;
	}
	host_fit(hosts, count, true, &found);
	for (size_t h = 0; h < count; h++)
		free(at[h]);
	free(at);
	free(hosts);
	distribution_clear(&rates);
	distribution_clear(&gaps);
	return found;
}

/* The law of the rates that was found; ALIKE if they are equal. */
static enum law rates_of(const struct host_fit *f)
{
	return f->rates.count ? f->rates.fits[f->rates.chosen].law : ALIKE;
}

static size_t rate_parameters(const struct truth *t)
{
	return t->rates == ALIKE ? 1 : law_types[t->rates].count;
}

static bool rate_held(const struct host_fit *f, const struct truth *t, size_t i)
{
	const struct law_fit *l = &f->rates.fits[f->rates.chosen];
	double low = t->rates == ALIKE ? f->equal_low : l->low[i], high = t->rates == ALIKE ? f->equal_high : l->high[i];

	return low <= t->rate[i] && t->rate[i] <= high;
}

static void laws_and_intervals(void **state)
{
	unsigned count = seeds(1), allowed = count / 20, bad = 0;
	const char *only = getenv("CGNSIM_TRUTH");

	(void)state;
	for (size_t k = 0; k < TRUTHS; k++) {
		const struct truth *t = &truths[k];
		unsigned gaps = 0, rates = 0, tied = 0, rate_missed[LAW_PARAMETERS] = { 0 }, gap_missed[GAP_PARAMETERS] = { 0 };

		if (only && strcmp(only, t->name))
			continue;
		for (unsigned seed = 0; seed < count; seed++) {
			struct host_fit f = fit(t, seed);

			assert_true(f.fitted);
			gaps += f.gaps != t->gaps;
			rates += rates_of(&f) != t->rates;
			if (rates_of(&f) != t->rates && getenv("CGNSIM_TRUTH"))
				print_message("    %s: rates %s\n", t->name, rates_of(&f) == ALIKE ? "constant" : law_types[rates_of(&f)].name);
			tied += f.tied;
			for (size_t i = 0; i < rate_parameters(t) && rates_of(&f) == t->rates; i++)
				rate_missed[i] += !rate_held(&f, t, i);
			for (size_t i = 0; i < gap_parameter_count(t->gaps) && f.gaps == t->gaps; i++)
				gap_missed[i] += !(f.gap_low[i] <= t->gap[i] && t->gap[i] <= f.gap_high[i]);
			assert_true(f.ks < 0.1);
			host_fit_clear(&f);
		}
		print_message("    %-24s of %u: gaps wrong %u, rates wrong %u, tied %u, missed: rates %u %u %u, gaps %u %u %u %u\n", t->name, count,
		              gaps, rates, tied, rate_missed[0], rate_missed[1], rate_missed[2], gap_missed[0], gap_missed[1],
		              gap_missed[2], gap_missed[3]);
		bad += gaps > allowed;
		for (int i = 0; i < LAW_PARAMETERS; i++)
			bad += rate_missed[i] > allowed;
		for (int i = 0; i < GAP_PARAMETERS; i++)
			bad += gap_missed[i] > allowed;
		bad += rates > (t->near ? count * 3 / 4 + 1 : allowed) || tied;
	}
	assert_int_equal(bad, 0);
}

/* Of hosts with more gaps than are looked at, all hosts count, and so does how they differ. */
static void busy_hosts_are_thinned_not_the_crowd(void **state)
{
	static const struct truth busy = { "busy", LAW_LOGNORMAL, { 10000, 1 }, LAW_EXPONENTIAL, { 0 }, 80, false };
	struct host_fit f;

	(void)state;
	f = fit(&busy, 3);
	assert_true(f.rates.count > 0 && f.rates.values == (double)f.hosts && f.hosts >= 40);
	for (size_t i = 0; i < f.rates.count; i++)
		if (f.rates.fits[i].law == LAW_LOGNORMAL)
			assert_true(f.rates.fits[i].low[1] < 1 && f.rates.fits[i].high[1] > 1);
	assert_true(f.scaled.count < 25000); /* but not all of their gaps */
	host_fit_clear(&f);
}

/* Hosts that come, do much for a minute, and go: how long they stay away is longer than the watch. Their mean
 * rate is then what was counted, not what a law makes of pauses that it never saw. */
static void pauses_that_nobody_saw_give_no_rate(void **state)
{
	struct host_times hosts[50];
	double *at[50];
	struct host_fit f;
	struct rng r;
	double counted = 0;

	(void)state;
	rng_seed(&r, 5);
	for (size_t h = 0; h < 50; h++) {
		double from = rng_unit(&r) * 660 - 60, now = from;
		size_t n = 0;

		at[h] = must_alloc(400, sizeof(*at[h]));
		while ((now += draw_exponential(&r)) < from + 60 && now < 600 && n < 400)
			if (now >= 0)
				at[h][n++] = now;
		hosts[h] = (struct host_times){ .at_s = at[h], .count = n, .span_s = 600 };
		counted += (double)n;
	}
	host_fit(hosts, 50, false, &f);
	assert_true(f.measured > 0.9 * counted / (50 * 600) * 86400);
	assert_true(f.fitted_mean < HOST_FIT_ABOVE * f.measured && f.measured < HOST_FIT_ABOVE * f.fitted_mean);
	for (size_t i = 0; i < gap_parameter_count(f.gaps); i++)
		assert_true(f.gap_high[i] < HUGE_VAL);
	host_fit_clear(&f);
	for (size_t h = 0; h < 50; h++)
		free(at[h]);
}

/* Few times, none: a rate that is the mean, and no crash. */
static void poor_captures_give_the_mean(void **state)
{
	static const double at[] = { 0, 0, 0, 5, 10 };
	struct host_times hosts[20] = { { .at_s = at, .count = 5 } };
	struct host_fit f;

	(void)state;
	for (int i = 0; i < 20; i++)
		hosts[i].span_s = 10;
	host_fit(hosts, 1, true, &f);
	assert_true(!f.fitted && fabs(f.rates.constant / 86400 - 0.5) < 1e-12);
	host_fit_clear(&f);
	host_fit(hosts, 20, true, &f);
	assert_true(!f.fitted && fabs(f.rates.constant / 86400 - 5. / 200) < 1e-12);
	host_fit_clear(&f);
	host_fit(hosts + 1, 19, true, &f);
	assert_true(!f.fitted && f.rates.constant == 0);
	host_fit_clear(&f);
	host_fit(hosts, 0, true, &f);
	assert_true(!f.fitted && f.rates.constant == 0);
	host_fit_clear(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laws_and_intervals),
		cmocka_unit_test(busy_hosts_are_thinned_not_the_crowd),
		cmocka_unit_test(pauses_that_nobody_saw_give_no_rate),
		cmocka_unit_test(poor_captures_give_the_mean),
	};

	gsl_set_error_handler_off();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
