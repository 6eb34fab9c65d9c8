/* The Poisson source: how many flows and when, that a subscriber does the same
 * whoever else is streamed and however far at a time, and that its inside ports
 * are its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/distribution.h"
#include "sim/base/must.h"
#include "traffic/sources.h"

#include <cmocka.h> /* after ours: it makes fail() a macro */
#include <gsl/gsl_cdf.h>
#include <math.h>

/* --- a configuration, filled in by the names of its parameters ----------------- */

static const struct param *param_of(const struct param *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	fail_msg("no parameter %s", name);
	return NULL;
}

static void *field(void *config, const char *name)
{
	return (char *)config + param_of(source_poisson.params, name)->offset;
}

struct given {
	double rate_per_day;
	enum protocol protocol;
	struct distribution duration;
	uint32_t servers;
	double zipf;
	uint32_t port;
};

static void *config_of(const struct given *g)
{
	void *config = must_alloc(1, source_poisson.config_size);
	const struct param *destinations = param_of(source_poisson.params, "destinations");
	char *object = (char *)config + destinations->offset;

	*(double *)field(config, "rate_per_day") = g->rate_per_day;
	*(int *)field(config, "protocol") = (int)g->protocol;
	*(struct distribution *)field(config, "duration") = g->duration;
	*(uint32_t *)field(config, "port") = g->port;
	*(uint32_t *)(void *)(object + param_of(destinations->object, "count")->offset) = g->servers;
	*(double *)(void *)(object + param_of(destinations->object, "zipf")->offset) = g->zipf;
	return config;
}

static const struct given usual = {
	.rate_per_day = 33000, .protocol = PROTO_UDP, .servers = 10000, .zipf = 1, .port = 443,
	.duration = { .kind = DIST_EXPONENTIAL, .mean = 10 },
};

/* --- streaming ---------------------------------------------------------------- */

/* All trains of a run of subscribers, `step_ns` at a time. */
static struct segments stream(const struct given *g, const struct source_setting *setting, uint32_t first, uint32_t count,
                              int64_t step_ns, uint64_t *left_out)
{
	struct err e = ERR_INIT;
	void *config = config_of(g);
	struct source *s = source_poisson.open(config, setting, "$.traffic[0]", &e);
	struct source_stream *st;
	struct segments out = { 0 };
	bool more = true;

	assert_non_null(s);
	st = source_poisson.stream(s, setting, first, count);
	for (int64_t until = step_ns; more; until += step_ns) {
		size_t before = out.count;

		more = source_poisson.next(st, until, &out);
		for (size_t i = before; i < out.count; i++)
			assert_true(out.items[i].start_ns < until && out.items[i].start_ns >= until - step_ns);
	}
	assert_false(source_poisson.next(st, NS_NEVER, &out));
	for (size_t i = 1; i < out.count; i++)
		assert_true(out.items[i].start_ns >= out.items[i - 1].start_ns);
	if (left_out)
		*left_out = source_poisson.left_out(st);
	source_poisson.end(st);
	source_poisson.close(s);
	free(config);
	return out;
}

static bool same_train(const struct segment *a, const struct segment *b)
{
	return a->start_ns == b->start_ns && a->last_out_ns == b->last_out_ns && a->first_in_ns == b->first_in_ns &&
	       a->last_in_ns == b->last_in_ns && a->subscriber == b->subscriber && a->flow == b->flow && a->remote == b->remote &&
	       a->remote_port == b->remote_port && a->port == b->port && a->protocol == b->protocol && a->flags == b->flags &&
	       a->source == b->source && a->host == b->host;
}

/* --- tests --------------------------------------------------------------------- */

/* Alone, among a hundred, and in steps of another length. */
static void a_subscriber_is_the_same_in_any_run(void **state)
{
	const struct source_setting setting = { .seed = 1, .subscribers = 100, .end_ns = NS_PER_DAY / 4, .index = 3 };
	struct segments alone = stream(&usual, &setting, 7, 1, NS_PER_DAY, NULL);
	struct segments steps = stream(&usual, &setting, 7, 1, 7 * NS_PER_S, NULL);
	struct segments among = stream(&usual, &setting, 0, 100, 60 * NS_PER_S, NULL);
	size_t k = 0;

	(void)state;
	assert_true(alone.count > 7000);
	assert_int_equal(alone.count, steps.count);
	for (size_t i = 0; i < alone.count; i++)
		assert_true(same_train(&alone.items[i], &steps.items[i]));
	for (size_t i = 0; i < among.count; i++)
		if (among.items[i].subscriber == 7)
			assert_true(k < alone.count && same_train(&among.items[i], &alone.items[k++]));
	assert_int_equal(k, alone.count);
	free(alone.items);
	free(steps.items);
	free(among.items);
}

/* Seed, replication, place in the scenario and subscriber: each makes it another stream. */
static void every_word_of_the_key_counts(void **state)
{
	const struct source_setting base = { .seed = 1, .subscribers = 10, .end_ns = NS_PER_DAY };
	struct source_setting other[3] = { base, base, base };
	struct segments a = stream(&usual, &base, 0, 1, NS_PER_DAY, NULL), b;

	(void)state;
	other[0].seed = 2;
	other[1].replication = 1;
	other[2].index = 1;
	for (int i = 0; i < 4; i++) {
		b = i < 3 ? stream(&usual, &other[i], 0, 1, NS_PER_DAY, NULL) : stream(&usual, &base, 1, 1, NS_PER_DAY, NULL);
		assert_true(a.items[0].start_ns != b.items[0].start_ns);
		assert_true(a.items[0].port != b.items[0].port);
		free(b.items);
	}
	free(a.items);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double distance_from_exponential(double *draws, size_t count, double mean)
{
	double most = 0;

	qsort(draws, count, sizeof(*draws), by_value);
	for (size_t i = 0; i < count; i++) {
		double p = gsl_cdf_exponential_P(draws[i], mean);

		most = fmax(most, fmax(p - (double)i / (double)count, (double)(i + 1) / (double)count - p));
	}
	return most * sqrt((double)count);
}

/* Gaps and durations of one subscriber, counts of many. */
static void arrivals_are_a_poisson_process(void **state)
{
	const struct source_setting setting = { .seed = 4, .subscribers = 1000, .end_ns = 8 * NS_PER_DAY };
	const double expected = usual.rate_per_day * 8, gap_s = 86400 / usual.rate_per_day;
	struct segments one = stream(&usual, &setting, 0, 1, NS_PER_DAY, NULL), many;
	double *gaps = must_alloc(one.count, sizeof(*gaps)), *lives = must_alloc(one.count, sizeof(*lives));
	double mean = 0, variance = 0;
	uint32_t counts[1000] = { 0 };
	struct source_setting hour = setting;

	(void)state;
	assert_true(fabs((double)one.count - expected) < 4 * sqrt(expected));
	for (size_t i = 0; i < one.count; i++) {
		const struct segment *s = &one.items[i];

		gaps[i] = (double)(s->start_ns - (i ? one.items[i - 1].start_ns : 0)) * 1e-9;
		lives[i] = (double)(s->last_out_ns - s->start_ns) * 1e-9;
		assert_int_equal(s->flow, i);
		assert_true(s->start_ns >= 0 && s->start_ns < setting.end_ns);
	}
	assert_true(distance_from_exponential(gaps, one.count, gap_s) < 1.95);
	assert_true(distance_from_exponential(lives, one.count, 10) < 1.95);
	free(gaps);
	free(lives);
	free(one.items);

	/* Variance of a Poisson count is its mean: their ratio is chi-square over its degrees. */
	hour.end_ns = NS_PER_DAY / 24;
	many = stream(&usual, &hour, 0, 1000, NS_PER_DAY, NULL);
	for (size_t i = 0; i < many.count; i++)
		counts[many.items[i].subscriber]++;
	for (int k = 0; k < 1000; k++)
		mean += counts[k] / 1000.;
	for (int k = 0; k < 1000; k++)
		variance += (counts[k] - mean) * (counts[k] - mean) / 999;
	assert_true(fabs(mean - 1375) < 4 * sqrt(1375 / 1000.));
	assert_in_range((int)(gsl_cdf_chisq_P(999 * variance / mean, 999) * 1000), 1, 998);
	free(many.items);
}

static void trains_are_whole_flows(void **state)
{
	static const struct { enum protocol protocol; uint16_t remote_port; uint8_t flags; } wanted[] = {
		{ PROTO_UDP, 8080, SEG_FIRST | SEG_LAST },
		{ PROTO_ICMP, 0, SEG_FIRST | SEG_LAST },
		{ PROTO_TCP, 8080, SEG_FIRST | SEG_LAST | SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN },
	};
	const struct source_setting setting = { .seed = 1, .subscribers = 20, .end_ns = NS_PER_DAY / 24, .index = 5 };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct given g = usual;
		struct segments out;

		g.protocol = wanted[k].protocol;
		g.port = 8080;
		g.servers = 3;
		out = stream(&g, &setting, 10, 5, NS_PER_DAY, NULL);
		assert_true(out.count > 5000);
		for (size_t i = 0; i < out.count; i++) {
			const struct segment *s = &out.items[i];

			assert_int_equal(s->protocol, wanted[k].protocol);
			assert_int_equal(s->remote_port, wanted[k].remote_port);
			assert_int_equal(s->flags, wanted[k].flags);
			assert_int_equal(s->source, 5);
			assert_int_equal(s->host, 0);
			assert_in_range(s->subscriber, 10, 14);
			assert_in_range(s->remote, 0xc6120000, 0xc6120002);
			assert_true(s->first_in_ns == s->start_ns && s->last_in_ns == s->last_out_ns && s->last_out_ns >= s->start_ns);
		}
		free(out.items);
	}
}

/* Zipf's law over few servers and many, uniform, and one alone. */
static void servers_are_drawn_by_zipf(void **state)
{
	static const struct { uint32_t servers; double zipf; } cases[] = { { 1, 1 }, { 2, 1 }, { 10, 0 }, { 100, 0.7 }, { 1000, 1 }, { 1000, 2.5 } };
	const struct source_setting setting = { .seed = 1, .subscribers = 10, .end_ns = 3 * NS_PER_DAY };

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct given g = usual;
		double *seen = must_alloc(cases[k].servers, sizeof(*seen)), sum = 0, chi = 0, rest = 0, rest_seen = 0;
		struct segments out;
		int cells = 0;

		g.servers = cases[k].servers;
		g.zipf = cases[k].zipf;
		out = stream(&g, &setting, 0, 10, NS_PER_DAY, NULL);
		for (size_t i = 0; i < out.count; i++)
			seen[out.items[i].remote - 0xc6120000]++;
		for (uint32_t d = 0; d < g.servers; d++)
			sum += pow(d + 1, -g.zipf);
		for (uint32_t d = 0; d < g.servers; d++) {
			double expected = (double)out.count * pow(d + 1, -g.zipf) / sum;

			if (expected < 20) {    /* too rare for chi-square: together */
				rest += expected;
				rest_seen += seen[d];
				continue;
			}
			chi += (seen[d] - expected) * (seen[d] - expected) / expected;
			cells++;
		}
		if (rest > 0) {
			chi += (rest_seen - rest) * (rest_seen - rest) / rest;
			cells++;
		}
		if (cells > 1)
			assert_true(gsl_cdf_chisq_Q(chi, cells - 1) > 1e-3);
		free(seen);
		free(out.items);
	}
}

/* Rates and lives from easy to hopeless: a port is never one in use, and every
 * port of the space has its turn, but for those of the chunk begun with, which
 * may lie before the start and then be blocked by a long flow. */
static void no_two_live_flows_share_a_port(void **state)
{
	static const struct { double rate_per_day; struct distribution duration; bool leaves_out; } cases[] = {
		{ 33000, { .kind = DIST_EXPONENTIAL, .mean = 10 }, false },
		{ 3e7, { .kind = DIST_EXPONENTIAL, .mean = 10 }, false },            /* round the ports in minutes */
		{ 3e7, { .kind = DIST_PARETO, .shape = 1.1, .mean = 30 }, true },      /* long flows block chunks */
		{ 3e7, { .kind = DIST_CONSTANT, .value = 1000 }, true },               /* 350,000 at once wanted */
		{ 3e7, { .kind = DIST_CONSTANT, .value = 0 }, false },
	};
	const struct source_setting setting = { .seed = 9, .subscribers = 2, .end_ns = NS_PER_DAY / 24 };

	(void)state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		struct given g = usual;
		int64_t (*end)[65536] = must_alloc(2, sizeof(*end));
		uint64_t left_out = 0;
		struct segments out;
		size_t used = 0, others = 0;

		g.rate_per_day = cases[k].rate_per_day;
		g.duration = cases[k].duration;
		out = stream(&g, &setting, 0, 2, NS_PER_DAY, &left_out);
		memset(end, 0xff, 2 * sizeof(*end));
		for (size_t i = 0; i < out.count; i++) {
			const struct segment *s = &out.items[i];
			int64_t *last = &end[s->subscriber][s->port];

			assert_true(s->port >= 1024);
			assert_true(*last < s->start_ns);
			used += *last < 0;
			*last = s->last_out_ns;
		}
		for (size_t i = 0; i < out.count; i++)
			others += out.items[i].subscriber;
		assert_true(others > out.count / 3 && others < out.count - out.count / 3);
		assert_true((left_out > 0) == cases[k].leaves_out);
		assert_true(fabs((double)(out.count + left_out) - 2 * g.rate_per_day / 24) < 4 * sqrt(2 * g.rate_per_day / 24));
		if (g.rate_per_day > 1e6)
			assert_in_range(used, cases[k].leaves_out ? 2 * 63504 : 2 * 64512, 2 * 64512);
		free(end);
		free(out.items);
	}
}

static void facts_are_what_is_streamed(void **state)
{
	const struct source_setting setting = { .seed = 1, .subscribers = 50, .end_ns = NS_PER_DAY / 2 };
	void *config = config_of(&usual);
	struct err e = ERR_INIT;
	struct source *s = source_poisson.open(config, &setting, "$.traffic[0]", &e);
	struct source_facts facts;

	(void)state;
	source_poisson.facts(s, &setting, &facts);
	assert_true(fabs(facts.flows_expected - 33000. * 50 / 2) < 1e-6);
	assert_true(fabs((double)facts.longest_p99_ns / (double)NS_PER_S - 10 * log(100)) < 2);
	assert_true(facts.captured_ns == 0 && facts.captured_hosts == 0);
	assert_true(facts.protocols[PROTO_UDP] && !facts.protocols[PROTO_TCP] && !facts.protocols[PROTO_ICMP]);
	source_poisson.close(s);
	source_poisson.close(NULL);
	source_poisson.end(NULL);
	free(config);
}

/* So many flows a second that several begin in the same nanosecond: they come in the
 * order in which their subscribers' flows before them came; and in any steps. */
static void ties_have_an_order(void **state)
{
	enum { SUBSCRIBERS = 300 };
	const struct source_setting setting = { .seed = 1, .subscribers = SUBSCRIBERS, .end_ns = 20 * NS_PER_MS };
	struct given g = usual;
	struct segments out, steps;
	int64_t before[SUBSCRIBERS], last = 0; /* place of the flow before: by subscriber, and of the last train's */
	size_t ties = 0;

	(void)state;
	g.rate_per_day = 1e9;
	out = stream(&g, &setting, 0, SUBSCRIBERS, NS_PER_S, NULL);
	steps = stream(&g, &setting, 0, SUBSCRIBERS, 77777, NULL);
	assert_int_equal(out.count, steps.count);
	for (int64_t k = 0; k < SUBSCRIBERS; k++)
		before[k] = k - SUBSCRIBERS;
	for (size_t i = 0; i < out.count; i++) {
		const struct segment *t = &out.items[i];

		assert_true(same_train(t, &steps.items[i]));
		if (i > 0 && t[-1].start_ns == t->start_ns) {
			assert_true(before[t->subscriber] > last);
			ties++;
		}
		last = before[t->subscriber];
		before[t->subscriber] = (int64_t)i;
	}
	assert_true(ties > 20);
	free(out.items);
	free(steps.items);
}

/* So rare that most subscribers never begin one, and none of them begins late. */
static void rare_flows(void **state)
{
	const struct source_setting setting = { .seed = 1, .subscribers = 100000, .end_ns = NS_PER_DAY };
	struct given g = usual;
	struct segments out;

	(void)state;
	g.rate_per_day = 0.001;
	out = stream(&g, &setting, 0, 100000, NS_PER_DAY, NULL);
	assert_in_range(out.count, 60, 140);
	for (size_t i = 0; i < out.count; i++)
		assert_true(out.items[i].start_ns < setting.end_ns);
	free(out.items);
}

/* Every result hangs on these. */
static void first_trains_are_pinned(void **state)
{
	static const struct { int64_t start_ns, end_ns; uint32_t remote; uint16_t port; } first[] = {
		{ INT64_C(4581222009), INT64_C(8887286057), 0xc6120000, 54487 },
		{ INT64_C(6186796466), INT64_C(14587095314), 0xc6120c7e, 54488 },
		{ INT64_C(8069456144), INT64_C(16368915399), 0xc6120086, 54489 },
	};
	const struct source_setting setting = { .seed = 1, .subscribers = 1, .end_ns = NS_PER_DAY };
	struct segments out = stream(&usual, &setting, 0, 1, NS_PER_DAY, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
		const struct segment *s = &out.items[i];

		assert_true(s->start_ns == first[i].start_ns && s->last_out_ns == first[i].end_ns);
		assert_true(s->remote == first[i].remote && s->port == first[i].port);
	}
	free(out.items);
}

static void sources_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(source_find("poisson"), &source_poisson);
	assert_ptr_equal(source_find("capture"), &source_capture);
	assert_null(source_find("poissons"));
	assert_null(source_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subscriber_is_the_same_in_any_run),
		cmocka_unit_test(every_word_of_the_key_counts),
		cmocka_unit_test(arrivals_are_a_poisson_process),
		cmocka_unit_test(trains_are_whole_flows),
		cmocka_unit_test(servers_are_drawn_by_zipf),
		cmocka_unit_test(no_two_live_flows_share_a_port),
		cmocka_unit_test(facts_are_what_is_streamed),
		cmocka_unit_test(ties_have_an_order),
		cmocka_unit_test(rare_flows),
		cmocka_unit_test(first_trains_are_pinned),
		cmocka_unit_test(sources_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
