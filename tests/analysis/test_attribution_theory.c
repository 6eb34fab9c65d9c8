/* Attribution against theory, on synthetic logs: intervals by GSL. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "tests/analysis/history.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static int by_time(const void *x, const void *y)
{
	const struct step *a = x, *b = y;
	int64_t ta = step_time(a), tb = step_time(b);

	return ta != tb ? (ta > tb) - (ta < tb) : (a->order > b->order) - (a->order < b->order);
}

static void mapping(struct history *h, int64_t from_ns, int64_t to_ns, uint32_t inside, uint32_t outside, uint16_t port)
{
	struct log_record r = { .time_ns = from_ns, .kind = LOG_MAPPING_ADD, .protocol = PROTO_UDP, .inside = inside,
	                        .outside = outside, .lo = port, .hi = port };

	add_step(h)->record = r;
	r.time_ns = to_ns;
	r.kind = LOG_MAPPING_DELETE;
	add_step(h)->record = r;
}

static void complaint(struct history *h, int64_t time_ns, uint32_t inside, uint32_t outside, uint16_t port)
{
	struct step *s = add_step(h);

	s->is_incident = true;
	s->incident = (struct incident){ .hash = mix64((uint64_t)time_ns, port), .time_ns = time_ns, .subscriber = inside,
	                                 .outside = outside, .port = port, .remote = inside, .protocol = PROTO_UDP, .reached = true };
}

static int64_t exponential_ns(struct rng *r, double mean_s)
{
	return (int64_t)(-log1p(-rng_unit(r)) * mean_s * 1e9);
}

/* Sorts, answers, and sums up one kind of evidence; the history is used up. */
static struct ambiguity measure(struct history *h, const struct evidence_config *e, enum evidence evidence, double *variance)
{
	struct log_config log = { 0 };
	struct attribution_setup setup = { .evidence = e, .log = &log, .log_resolution_ns = NS_PER_MS, .seed = 1 };
	struct answers all;
	struct ambiguity out;
	struct rng r;

	rng_seed(&r, RNG_TEST);
	qsort(h->steps, h->count, sizeof(*h->steps), by_time);
	all = answer(&setup, h, &r);
	ambiguity_of(&all, UINT32_MAX, evidence, e, &out);
	*variance = 0;
	for (size_t i = 0; i < all.count; i++) {
		double d = all.items[i].candidates[evidence] - out.candidates_mean;

		*variance += d * d / (double)(all.count - 1);
	}
	assert_true(fabs(out.unique_ratio + out.ambiguous_ratio + out.missed_ratio + out.wrong_ratio - 1) < 1e-12);
	free(all.items);
	free(h->steps);
	return out;
}

/* 99.9% of the time a right program's mean lies this near to the truth. */
static void assert_mean(const struct ambiguity *m, double variance, double expected)
{
	double half = gsl_cdf_tdist_Pinv(0.9995, (double)(m->incidents - 1)) * sqrt(variance / (double)m->incidents);

	if (fabs(m->candidates_mean - expected) > half)
		print_message("mean %.5f, expected %.5f +- %.5f\n", m->candidates_mean, expected, half);
	assert_true(fabs(m->candidates_mean - expected) <= half);
	assert_true(half < 0.05 * expected); /* and the interval means something */
}

/* Numbers rest for 120 s between holders. A window (and the log's resolution)
 * shorter than that finds one subscriber; one that is longer does not always. */
static void hold_down_makes_the_port_unique(void **state)
{
	static const struct { int64_t error_ns; bool unique; } rows[] = {
		{ 0, true }, { NS_PER_S, true }, { 59 * NS_PER_S + 499 * NS_PER_MS, true }, { 90 * NS_PER_S, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_config e = { .resolution_ns = NS_PER_S, .assumed_error_ns = rows[i].error_ns };
		double half_width = (double)rows[i].error_ns * 1e-9, variance;
		struct history h = { 0 };
		struct ambiguity m;
		struct rng r;

		e.clock_offset = (struct distribution){ .kind = DIST_UNIFORM, .low = -half_width, .high = half_width };
		rng_seed(&r, mix64(i, RNG_TEST));
		for (uint16_t port = 1; port <= 100; port++) {
			int64_t now_ns = exponential_ns(&r, 100);

			for (int k = 0; k < 60; k++) {
				int64_t end_ns = now_ns + 1 + exponential_ns(&r, 30);
				uint32_t inside = rng_below(&r, 1000);

				mapping(&h, now_ns, end_ns, inside, 7, port);
				complaint(&h, now_ns + (int64_t)(rng_unit(&r) * (double)(end_ns - now_ns)), inside, 7, port);
				now_ns = end_ns + 120 * NS_PER_S + exponential_ns(&r, 0.01);
			}
		}
		m = measure(&h, &e, EVIDENCE_PORT, &variance);
		assert_int_equal(m.incidents, 6000);
		if (rows[i].unique) {
			assert_true(m.unique_ratio == 1);
			assert_true(m.entropy_bits == 0);
		} else {
			assert_true(m.unique_ratio < 0.9);
			assert_true(m.missed_ratio == 0 && m.wrong_ratio == 0);
		}
	}
}

/* Without the port: N subscribers of an address, each with mappings at rate r that live L
 * (M/G/infinity, here of constant and of exponential life): 1 + (N-1)(1 - e^(-r(L+W))). */
static void address_alone(void **state)
{
	static const struct { uint32_t subscribers; double rate, life, window; bool constant; } rows[] = {
		{ 16, 1 / 300.0, 60, 3, false }, { 16, 1 / 300.0, 60, 3, true }, { 64, 1 / 2000.0, 100, 121, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_config e = { .resolution_ns = NS_PER_S };
		double half_width = (rows[i].window - 1) / 2, variance;
		struct history h = { 0 };
		struct ambiguity m;
		struct rng r;

		e.assumed_error_ns = (int64_t)(half_width * 1e9);
		e.clock_offset = (struct distribution){ .kind = DIST_UNIFORM, .low = -half_width, .high = half_width };
		rng_seed(&r, mix64(i, RNG_TEST));
		for (uint32_t address = 0; address < 1000; address++) {
			for (uint32_t s = 0; s < rows[i].subscribers; s++) {
				int64_t now_ns = exponential_ns(&r, 1 / rows[i].rate);

				for (uint16_t port = 1; now_ns < 2000 * NS_PER_S; port++) {
					int64_t life_ns = rows[i].constant ? (int64_t)(rows[i].life * 1e9) : exponential_ns(&r, rows[i].life);

					mapping(&h, now_ns, now_ns + life_ns, s, address, (uint16_t)(s * 256 + port));
					now_ns += exponential_ns(&r, 1 / rows[i].rate);
				}
			}
			/* One flow more, of a subscriber that has nothing else to do with it. */
			mapping(&h, 1500 * NS_PER_S + (int64_t)rng_below(&r, 1000000000), 1700 * NS_PER_S, 0, address, 65000);
			complaint(&h, h.steps[h.count - 2].record.time_ns, 0, address, 65000);
		}
		m = measure(&h, &e, EVIDENCE_ADDRESS, &variance);
		assert_int_equal(m.incidents, 1000);
		assert_true(m.missed_ratio == 0 && m.wrong_ratio == 0);
		assert_mean(&m, variance, 1 + (rows[i].subscribers - 1) * (1 - exp(-rows[i].rate * (rows[i].life + rows[i].window))));
	}
}

/* No hold-down: a number is held for an exponential time L, free for an exponential time G.
 * Exact stamp, D = W/2: E[K] = 1 + 2/(L+G) (D - (1 - e^(-cD))/c), c = 1/L + 1/G. */
static void number_without_hold_down(void **state)
{
	static const struct { double life, gap, d; } rows[] = { { 120, 60, 60 }, { 30, 5, 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct evidence_config e = { .resolution_ns = 1, .assumed_error_ns = (int64_t)(rows[i].d * 1e9) };
		double c = 1 / rows[i].life + 1 / rows[i].gap, d = rows[i].d, variance;
		struct history h = { 0 };
		struct ambiguity m;
		struct rng r;

		rng_seed(&r, mix64(i, RNG_TEST));
		for (uint16_t port = 1; port <= 20000; port++) {
			int64_t now_ns = 0, ask_ns = 1000 * NS_PER_S;

			/* As if it had gone on for ever: asked long after the start, and only if held then. */
			while (now_ns < ask_ns + 200 * NS_PER_S) {
				int64_t end_ns = now_ns + exponential_ns(&r, rows[i].life);
				uint32_t inside = rng_below(&r, 1u << 30);

				mapping(&h, now_ns, end_ns, inside, 7u + port, port);
				if (now_ns <= ask_ns && ask_ns < end_ns)
					complaint(&h, ask_ns, inside, 7u + port, port);
				now_ns = end_ns + exponential_ns(&r, rows[i].gap);
			}
		}
		m = measure(&h, &e, EVIDENCE_PORT, &variance);
		assert_true(m.incidents > 10000);
		assert_true(m.missed_ratio == 0 && m.wrong_ratio == 0);
		assert_mean(&m, variance, 1 + 2 / (rows[i].life + rows[i].gap) * (d - (1 - exp(-c * d)) / c));
	}
}

/* The share of servers that log the port is the share of incidents answered with it. */
static void servers_that_log_the_port(void **state)
{
	static const double shares[] = { 0, 0.3, 1 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct evidence_config e = { .resolution_ns = NS_PER_S, .port_logged = shares[i] };
		struct history h = { 0 };
		struct ambiguity m;
		double variance;

		mapping(&h, 0, 1000 * NS_PER_S, 1, 7, 1);
		mapping(&h, 0, 1000 * NS_PER_S, 2, 7, 2);
		for (uint32_t k = 0; k < 2000; k++) {
			complaint(&h, 10 * NS_PER_S, 1, 7, 1);
			h.steps[h.count - 1].incident.remote = k;
		}
		m = measure(&h, &e, EVIDENCE_AS_LOGGED, &variance);
		assert_true(fabs(m.unique_ratio - shares[i]) <= 0.04 * (shares[i] > 0 && shares[i] < 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold_down_makes_the_port_unique),
		cmocka_unit_test(address_alone),
		cmocka_unit_test(number_without_hold_down),
		cmocka_unit_test(servers_that_log_the_port),
	};

	return cmocka_run_group_tests_name("attribution theory", tests, NULL, NULL);
}
