/* The shipped presets: each says where it comes from and is a good scenario; where it has a rule, forward and back is
 * the identity for every number of every subscriber (under a sanitizer, of a sample of them). With CGNSIM_EXHAUSTIVE set
 * that is all of them in any case, and how many is said. */
#include "tests/support/rulebench.h"

#include "sim/scenario/presets.h"

#include <inttypes.h>
#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SAMPLE 300
#ifdef __SANITIZE_ADDRESS__
#define SLOW true
#else
#define SLOW false
#endif

/* The text embedded in the program, and what list shows of it, are those of the file. */
static void every_preset_says_where_it_comes_from(void **state)
{
	(void)state;
	for (const struct preset *p = presets; p->name; p++) {
		struct err e = ERR_INIT;
		struct scenario *s = scenario_parse(p->text, strlen(p->text), p->name, NULL, &e);

		if (!s)
			err_print(&e, stderr);
		assert_non_null(s);
		assert_string_equal(s->name, p->name);
		assert_string_equal(s->description, p->description);
		assert_string_equal(s->source, p->source);
		assert_string_equal(s->assumed, p->assumed);
		assert_true(strlen(p->source) > 7 && strlen(p->assumed) > 10);
		scenario_destroy(s);
	}
}

/* scenarios/all-schemes.json has every preset, and every type of scheme but a plugin, which is no file of the project's. */
static void all_schemes_has_all(void **state)
{
	static char text[65536];
	FILE *in = fopen("scenarios/all-schemes.json", "r");
	char *wanted;

	(void)state;
	assert_non_null(in);
	assert_in_range(fread(text, 1, sizeof(text) - 1, in), 1, sizeof(text) - 2);
	fclose(in);
	for (const struct preset *p = presets; p->name; p++) {
		wanted = must_printf("{\"preset\": \"%s\"", p->name);
		assert_non_null(strstr(text, wanted));
		free(wanted);
	}
	for (size_t i = 0; scheme_types[i]; i++) {
		wanted = must_printf("\"type\": \"%s\"", scheme_types[i]->name);
		assert_true(!strstr(text, wanted) == !strcmp(scheme_types[i]->name, "plugin"));
		free(wanted);
	}
}

/* One rule, forward and back: every number of every subscriber (or of SAMPLE of them), and every number of the pool back
 * and, if it is somebody's, among that subscriber's. */
static void rule_is_reversible(const struct rulebench *b, const char *name, bool all)
{
	uint64_t pairs = rulebench_identity(b, all ? UINT32_MAX : SAMPLE), numbers;

	assert_true(pairs > 0);
	if (!all)
		return;
	numbers = (uint64_t)b->pool.addresses * b->pool.slots->count;
	assert_true(pairs < UINT64_C(1) << 32); /* else it were to be sampled */
	assert_true(rulebench_reverse_all(b) == pairs);
	if (getenv("CGNSIM_EXHAUSTIVE"))
		printf("preset %-22s %7" PRIu32 " inside addresses, %9" PRIu64 " pairs forward and back; of %9" PRIu64 " outside numbers "
		       "%9" PRIu64 " somebody's\n", name, b->pool.subscribers, pairs, numbers, pairs);
}

static void every_rule_is_reversible(void **state)
{
	bool all = getenv("CGNSIM_EXHAUSTIVE") || !SLOW;
	uint32_t rules = 0;

	(void)state;
	for (const struct preset *p = presets; p->name; p++) {
		struct err e = ERR_INIT;
		struct rulebench b = { .scenario = scenario_parse(p->text, strlen(p->text), p->name, NULL, &e) };

		assert_non_null(b.scenario);
		for (size_t i = 0; i < b.scenario->trial_count; i++) {
			b.trial = &b.scenario->trials[i];
			if (!b.trial->scheme->reverse)
				continue;
			rules++;
			assert_true(scheme_pool_fill(&b.pool, &b.scenario->workload, b.trial));
			rule_is_reversible(&b, p->name, all);
			scheme_pool_clear(&b.pool);
		}
		scenario_destroy(b.scenario);
	}
	assert_true(rules >= 14);
}

/* Used by name in a scenario with another pool, a preset is the same rule: as many numbers for each, from the same one on. */
static void by_name_it_is_the_same_rule(void **state)
{
	(void)state;
	for (const struct preset *p = presets; p->name; p++) {
		char *text = must_printf("'subscribers': { 'count': 2000 }, 'pool': { 'prefixes': ['203.0.113.0/26'] }, "
		                         "'schemes': [{ 'preset': '%s'%s }]", p->name,
		                         strcmp(p->name, "rfc7422") ? "" : ", 'pool': { 'prefixes': ['203.0.112.0/24'] }");
		struct err e = ERR_INIT;
		struct rulebench file = { .scenario = scenario_parse(p->text, strlen(p->text), p->name, NULL, &e) }, named;
		uint32_t address;
		uint16_t wanted, port;

		assert_non_null(file.scenario);
		file.trial = &file.scenario->trials[0];
		rulebench_must_open(&named, text);
		if (file.trial->scheme->forward) {
			assert_true(scheme_pool_fill(&file.pool, &file.scenario->workload, file.trial));
			if (strcmp(p->name, "f5-deterministic")) /* its share follows from how many there are */
				assert_int_equal(rulebench_numbers(&named, 0), rulebench_numbers(&file, 0));
			rulebench_number(&file, 0, 0, &address, &wanted);
			rulebench_number(&named, 0, 0, &address, &port);
			assert_int_equal(port, wanted);
			scheme_pool_clear(&file.pool);
		}
		scenario_destroy(file.scenario);
		rulebench_close(&named);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_preset_says_where_it_comes_from), cmocka_unit_test(every_rule_is_reversible),
		cmocka_unit_test(by_name_it_is_the_same_rule), cmocka_unit_test(all_schemes_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
