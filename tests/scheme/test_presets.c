/* The shipped presets: each says where it comes from and is a good scenario; where it has a rule, forward and back is
 * the identity for the numbers of all its subscribers, or of a sample of them unless CGNSIM_EXHAUSTIVE is set. */
#include "tests/support/rulebench.h"

#include "sim/scenario/presets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SAMPLE 300

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

static void every_rule_is_reversible(void **state)
{
	bool all = getenv("CGNSIM_EXHAUSTIVE") != NULL;
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
			assert_true(rulebench_identity(&b, all ? UINT32_MAX : SAMPLE) > 0);
			if (all)
				rulebench_reverse_all(&b);
			scheme_pool_clear(&b.pool);
		}
		scenario_destroy(b.scenario);
	}
	assert_true(rules >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_preset_says_where_it_comes_from), cmocka_unit_test(every_rule_is_reversible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
