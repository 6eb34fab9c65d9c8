#include "tests/support/trialbench.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>

/* Twenty replications; seeds are fixed, so these either hold or do not. A true
 * claim would fail for one seed in a thousand. */
#define REPLICATIONS 20
#define CONFIDENCE 0.999

/* Is `want` inside the interval of the mean that the replications give? */
static void expect_mean(const double *values, size_t count, double want)
{
	double mean = gsl_stats_mean(values, 1, count), sd = gsl_stats_sd(values, 1, count);
	double half = gsl_cdf_tdist_Pinv(1 - (1 - CONFIDENCE) / 2, (double)count - 1) * sd / sqrt((double)count);

	if (fabs(mean - want) > half)
		print_error("mean %.6g, half-width %.3g, wanted %.6g\n", mean, half, want);
	assert_true(fabs(mean - want) <= half);
	assert_true(half < 0.2 * want); /* a test that could see nothing is none */
}

static double number_at(const cJSON *from, const char *a, const char *b)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, a);

	item = b ? cJSON_GetObjectItemCaseSensitive(item, b) : item;
	must(cJSON_IsNumber(item));
	return item->valuedouble;
}

/* ports.A or ports.A.B of a trial in every replication. */
static void collect(const struct trialbench *b, size_t trial, const char *name, const char *part, double *out)
{
	const struct scenario *s = b->scenario;
	struct result_scheme scheme = { "x", "x", "none", false, s->trials[trial].measures };
	struct result_run run = { .subscribers = s->workload.subscribers, .tails = true,
	                          .duration_ns = s->workload.duration_ns };

	for (uint32_t r = 0; r < REPLICATIONS; r++) {
		cJSON *one = summary_scheme(&run, &scheme, r);

		out[r] = number_at(cJSON_GetObjectItemCaseSensitive(one, "ports"), name, part);
		cJSON_Delete(one);
	}
}

/* M/G/infinity: Poisson arrivals of 33,000 a day and a life of 120 s in the mean (flow of 60 s in the mean, then 60 s
 * idle) give mean = variance = 45.83 active ports, whatever the flows' law. Insensitivity is the point: three laws. */
static void active_ports_are_poisson_whatever_the_law(void **state)
{
	static const char *const laws[] = {
		"{'distribution':'constant','value':'60s'}",
		"{'distribution':'exponential','mean':'60s'}",
		"{'distribution':'pareto','shape':2.5,'mean':'60s'}",
	};
	double lambda = 33000.0 / 86400, want = lambda * 120, values[REPLICATIONS];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char *text = must_printf(
			"{'replications':20,'duration':'20m','warmup':'30m','subscribers':{'count':100},'access':'nat44',"
			"'traffic':[{'source':'poisson','rate_per_day':33000,'duration':%s}],"
			"'pool':{'prefixes':['192.0.2.0/28'],'instances':1},"
			"'nat':{'timeouts':{'udp':'60s','udp_well_known':'60s'}},'log':{'format':'none'},"
			"'schemes':[{'name':'a','type':'session'}]}", laws[i]);
		struct trialbench b;

		trialbench_run(&b, text, 2);
		free(text);
		collect(&b, 0, "subscriber_active", "mean", values);
		expect_mean(values, REPLICATIONS, want);
		collect(&b, 0, "subscriber_active", "variance", values);
		expect_mean(values, REPLICATIONS, want);
		collect(&b, 0, "active_mean", NULL, values);
		expect_mean(values, REPLICATIONS, want * 100);
		trialbench_close(&b);
	}
}

/* Erlang's loss formula by its recursion. */
static double erlang_b(unsigned servers, double load)
{
	double b = 1;

	for (unsigned n = 1; n <= servers; n++)
		b = load * b / (n + load * b);
	return b;
}

/* A limit of n ports is n servers: facts for 45.83 erlang are 0.00285 at 63 and 0.00204 at 64. */
static void a_limit_refuses_as_erlang_says(void **state)
{
	static const struct { unsigned limit; double fact; } rows[] = { { 50, 0 }, { 63, 0.00285 }, { 64, 0.00204 } };
	double load = 33000.0 / 86400 * 120, values[REPLICATIONS];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf(
			"{'replications':20,'duration':'1h','warmup':'10m','subscribers':{'count':100},'access':'nat44',"
			"'traffic':[{'source':'poisson','rate_per_day':33000,"
			"'duration':{'distribution':'exponential','mean':'60s'}}],"
			"'pool':{'prefixes':['192.0.2.0/28']},"
			"'nat':{'timeouts':{'udp':'60s','udp_well_known':'60s'},'hold_down':0,"
			"'limits':{'ports_per_subscriber':%u}},'log':{'format':'none'},"
			"'schemes':[{'name':'a','type':'session'}]}", rows[i].limit);
		struct trialbench b;

		trialbench_run(&b, text, 2);
		free(text);
		if (rows[i].fact > 0)
			assert_true(fabs(erlang_b(rows[i].limit, load) - rows[i].fact) < 0.000005);
		collect(&b, 0, "refusal_ratio", NULL, values);
		expect_mean(values, REPLICATIONS, erlang_b(rows[i].limit, load));
		trialbench_close(&b);
	}
}

/* A full address is Erlang's loss over its ports, and a port is busy while it is live and while it is held down. */
static void a_full_address_refuses_as_erlang_says(void **state)
{
	double values[REPLICATIONS];
	double load = 40 * 2000.0 / 86400 * (10 + 30 + 60);
	struct trialbench b;

	(void)state;
	trialbench_run(&b,
		"{'replications':20,'duration':'2h','warmup':'20m','subscribers':{'count':40},'access':'nat44',"
		"'traffic':[{'source':'poisson','rate_per_day':2000,'duration':{'distribution':'exponential','mean':'10s'}}],"
		"'pool':{'prefixes':['192.0.2.1/32'],'ports':'1024-1123'},"
		"'nat':{'timeouts':{'udp':'30s','udp_well_known':'30s'},'hold_down':'60s'},'log':{'format':'none'},"
		"'schemes':[{'name':'a','type':'session'}]}", 2);
	collect(&b, 0, "refusal_ratio", NULL, values);
	expect_mean(values, REPLICATIONS, erlang_b(100, load));
	trialbench_close(&b);
}

/* Facts' check 21: hold-down 120 s on a life of 120 s doubles the numbers that are tied up, 45.8 to 91.7. */
static void hold_down_ties_up_as_many_again(void **state)
{
	double lambda = 33000.0 / 86400, values[REPLICATIONS];
	struct trialbench b;

	(void)state;
	trialbench_run(&b,
		"{'replications':20,'duration':'20m','warmup':'30m','subscribers':{'count':100},'access':'nat44',"
		"'traffic':[{'source':'poisson','rate_per_day':33000,'duration':{'distribution':'constant','value':'60s'}}],"
		"'pool':{'prefixes':['192.0.2.0/28']},'nat':{'timeouts':{'udp':'60s','udp_well_known':'60s'},'hold_down':'120s'},"
		"'log':{'format':'none'},'schemes':[{'name':'a','type':'session'}]}", 2);
	collect(&b, 0, "held_mean", NULL, values);
	expect_mean(values, REPLICATIONS, lambda * 240 * 100);
	collect(&b, 0, "active_mean", NULL, values);
	expect_mean(values, REPLICATIONS, lambda * 120 * 100);
	trialbench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_ports_are_poisson_whatever_the_law),
		cmocka_unit_test(a_limit_refuses_as_erlang_says),
		cmocka_unit_test(a_full_address_refuses_as_erlang_says),
		cmocka_unit_test(hold_down_ties_up_as_many_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
