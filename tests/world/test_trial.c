#include "tests/support/trialbench.h"

#include "sim/base/file.h"
#include "sim/world/cut.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char *golden_scenario(void)
{
	struct err e = ERR_INIT;
	size_t length;
	char *text = file_read("tests/golden/small.json", &length, &e);

	must(text);
	return text;
}

/* zstd's own figure may differ from version to version: it stands outside byte-for-byte comparisons. */
static void blank_zstd(char *summary)
{
	for (char *at = summary; (at = strstr(at, "\"bytes_zstd\":")); at++)
		for (char *c = at + strlen("\"bytes_zstd\":"); *c && *c != ',' && *c != '\n'; c++)
			*c = '#';
}

static char *summary_of(const char *scenario, unsigned threads)
{
	struct trialbench b;
	char *text;

	trialbench_run(&b, scenario, threads);
	text = trialbench_summary(&b);
	trialbench_close(&b);
	blank_zstd(text);
	return text;
}

/* The committed summary, byte for byte. CGNSIM_UPDATE=1 writes it anew, for a change that was meant. */
static void golden_summary(void **state)
{
	char *scenario = golden_scenario(), *now = summary_of(scenario, 2), *then;
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	if (getenv("CGNSIM_UPDATE")) {
		FILE *out = fopen("tests/golden/small.summary.json", "w");

		must(out);
		fputs(now, out);
		fclose(out);
	}
	then = file_read("tests/golden/small.summary.json", &length, &e);
	assert_non_null(then);
	assert_string_equal(now, then);
	free(scenario);
	free(now);
	free(then);
}

static void same_bytes_for_any_number_of_threads(void **state)
{
	char *scenario = golden_scenario(), *one = summary_of(scenario, 1);
	static const unsigned threads[] = { 1, 2, 3, 7 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		char *more = summary_of(scenario, threads[i]);

		assert_string_equal(one, more);
		free(more);
	}
	free(one);
	free(scenario);
}

/* A scheme's row does not depend on which others are in the run, nor on their order. */
static void a_row_is_the_same_alone(void **state)
{
	static const char *const part = "{'seed':3,'duration':'3m','warmup':'2m','subscribers':{'count':600},'traffic':[{"
		"'source':'poisson','rate_per_day':20000}],'pool':{'prefixes':['192.0.2.0/29']},'schemes':[%s]}";
	static const char *const all[] = {
		"{'name':'s','type':'session'}", "{'name':'b','type':'block'}", "{'name':'d','type':'deterministic'}",
	};
	char *every = must_printf("%s,%s,%s", all[2], all[0], all[1]), *text = must_printf(part, every);
	struct trialbench full;

	(void)state;
	trialbench_run(&full, text, 2);
	for (size_t i = 0; i < 3; i++) {
		char *one = must_printf(part, all[i]), *a, *b;
		struct trialbench alone;
		struct result_scheme scheme = { "x", "x", "syslog", false, NULL };
		struct result_run run = { .subscribers = 600, .tails = true, .duration_ns = 180 * NS_PER_S };
		cJSON *json;

		trialbench_run(&alone, one, 1);
		scheme.measures = trialbench_measures(&alone, 0, 0);
		json = summary_scheme(&run, &scheme, 0);
		a = cJSON_Print(json);
		cJSON_Delete(json);
		scheme.measures = trialbench_measures(&full, (i + 1) % 3, 0);
		json = summary_scheme(&run, &scheme, 0);
		b = cJSON_Print(json);
		cJSON_Delete(json);
		assert_string_equal(a, b);
		free(a);
		free(b);
		free(one);
		trialbench_close(&alone);
	}
	trialbench_close(&full);
	free(text);
	free(every);
}

/* What theory says of any workload: numbers one by one reserve least and log most, ranges log nothing and reserve
 * most, blocks lie between; a complaint with a port finds one subscriber under all three. */
static void schemes_differ_as_theory_says(void **state)
{
	struct trialbench b;
	const struct measures *s, *k, *d;

	(void)state;
	trialbench_run(&b,
		"{'seed':1,'duration':'10m','warmup':'10m','subscribers':{'count':1000},"
		"'traffic':[{'source':'poisson','rate_per_day':33000}],'pool':{'prefixes':['192.0.2.0/28']},'schemes':["
		"{'name':'s','type':'session'},{'name':'b','type':'block','size':64,'max_blocks':16},"
		"{'name':'d','type':'deterministic','ports_per_subscriber':1008}]}", 2);
	s = trialbench_measures(&b, 0, 0);
	k = trialbench_measures(&b, 1, 0);
	d = trialbench_measures(&b, 2, 0);
	assert_true(summary_reserved_mean(s, PROTO_UDP) < summary_reserved_mean(k, PROTO_UDP));
	assert_true(summary_reserved_mean(k, PROTO_UDP) < summary_reserved_mean(d, PROTO_UDP));
	assert_true(s->log.bytes > 20 * k->log.bytes);
	assert_true(k->log.bytes > 0);
	assert_int_equal(d->log.bytes, 0);
	for (size_t i = 0; i < 3; i++) {
		const struct measures *m = trialbench_measures(&b, i, 0);
		const struct ambiguity *port = &m->ambiguity[EVIDENCE_PORT], *address = &m->ambiguity[EVIDENCE_ADDRESS];

		assert_int_equal(m->usage->refused_by[OUT_NO_PORT], 0);
		assert_true(port->unique_ratio > 0.999999);
		assert_true(address->candidates_mean > 40);
		assert_true(address->ambiguous_ratio > 0.999999);
		assert_int_equal(m->usage->created[PROTO_UDP], trialbench_measures(&b, 0, 0)->usage->created[PROTO_UDP]);
	}
	trialbench_close(&b);
}

/* Every subscriber and every address belongs to exactly one instance, in order; a tie keeps them together. */
static void a_cut_deals_everything_once(void **state)
{
	static const struct cut cuts[] = {
		{ 1, 10, 1, 0 },   { 3, 10, 3, 0 },    { 7, 1000, 13, 0 }, { 5, 300, 8, 40 },
		{ 39, 10000, 160, 64 }, { 4, 7, 4, 5 }, { 1000, 4000000000u, 1000, 4000000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		uint64_t subscriber = 0, address = 0;

		for (uint32_t n = 0; n < cuts[i].instances; n++) {
			struct share s = cut_share(&cuts[i], n);

			assert_int_equal(s.first_subscriber, subscriber);
			assert_int_equal(s.first_address, address);
			assert_true(s.addresses > 0);
			subscriber += s.subscribers;
			address += s.addresses;
		}
		assert_int_equal(subscriber, cuts[i].subscribers);
		assert_int_equal(address, cuts[i].addresses);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_summary),
		cmocka_unit_test(same_bytes_for_any_number_of_threads),
		cmocka_unit_test(a_row_is_the_same_alone),
		cmocka_unit_test(schemes_differ_as_theory_says),
		cmocka_unit_test(a_cut_deals_everything_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
