/* Tolerances: what a text of one may be, which row a measure goes by, and that the table is documented. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/leaves.h"
#include "analysis/run_summary.h"
#include "analysis/tolerance.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

#include <cmocka.h> /* last: its fail() is a macro */

static void tolerances_are_checked(void **state)
{
	static const char *const bad[] = {
		"", "=", "a", "a=", "=1", "a=x", "a=1,", "a=1,2,3", "a=-1", "a=1e999", "a=nan", "a=1%%", "a=1,2%", "a= 1", "a=1 ", "a=,1", "a=inf",
	};
	struct tolerances t = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (tolerances_add(&t, bad[i], &e))
			fail_msg("\"%s\" is taken", bad[i]);
		assert_int_equal(e.count, i + 1);
	}
	assert_int_equal(t.own_count, 0);
	err_clear(&e);
	assert_true(tolerances_add(&t, "a=b=0.5%,1e3", &e));
	assert_string_equal(t.own[0].pattern, "a=b");
	assert_true(fabs(t.own[0].relative - 0.005) < 1e-15 && t.own[0].absolute == 1000);
	tolerances_clear(&t);
}

/* Which row a measure goes by; and no row of the table is without a measure. */
static void the_usual_table(void **state)
{
	static const struct {
		const char *measure, *pattern;
	} cases[] = {
		{ "ports.attempted", "*" },
		{ "ports.by_protocol.tcp.attempted", "*" },
		{ "ports.created", "ports.created" },
		{ "ports.by_protocol.tcp.created", "ports.*.created" },
		{ "ports.refused_by.no-port", "ports.refused_by.*" },
		{ "ports.created_late", "ports.created_late" },
		{ "ports.retries", "ports.retries" },
		{ "ports.notices.pool-high", "ports.notices.*" },
		{ "ports.active_mean", "ports.*_mean" },
		{ "ports.by_protocol.udp.held_mean", "ports.*_mean" },
		{ "ports.by_protocol.udp.utilisation", "ports.*utilisation" },
		{ "ports.subscriber_active.mean", "ports.subscriber_active.mean" },
		{ "ports.subscriber_active.p999", "ports.subscriber_active.*" },
		{ "ports.demand.p50", "ports.demand.*" },
		{ "log.bytes", "log.bytes" },
		{ "log.bytes_per_subscriber_day", "log.*" },
		{ "log.records_per_second.mean", "log.*" },
		{ "packets.setup_delay.p50", "packets.*" },
		{ "log.bytes_zstd", "log.bytes_zstd" },
		{ "ambiguity.as-logged.unique_ratio", "ambiguity.*_ratio" },
		{ "ambiguity.address+time.candidates.mean", "ambiguity.*.candidates.mean" },
		{ "ambiguity.address+time.incidents", "ambiguity.*.incidents" },
		{ "timeseries.held", "timeseries.*" },
		{ "subscribers.peak", "subscribers.*" },
	};
	struct tolerances t = { 0 };
	struct run_summary run;
	struct leaves l;
	struct err e = ERR_INIT;
	bool used[64] = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct tolerance *row = tolerances_for(&t, cases[i].measure);

		assert_string_equal(row->pattern, cases[i].pattern);
		used[row - tolerances_usual] = true;
	}
	must(run_summary_read(&run, "results/reference/quickstart", &e));
	leaves_of(&l, run.schemes[0], NULL);
	for (size_t i = 0; i < l.count; i++)
		used[tolerances_for(&t, l.items[i].path) - tolerances_usual] = true;
	for (size_t i = 0;; i++) {
		if (!used[i])
			fail_msg("no measure goes by %s", tolerances_usual[i].pattern);
		assert_true(tolerances_usual[i].why && *tolerances_usual[i].why);
		if (!strcmp(tolerances_usual[i].pattern, "*"))
			break;
	}
	leaves_clear(&l);
	run_summary_clear(&run);
}

static void the_usual_table_is_documented(void **state)
{
	struct err e = ERR_INIT;
	size_t length;
	char *text = file_read("docs/formats.md", &length, &e), *at = text;
	const struct tolerance *row = tolerances_usual;

	(void)state;
	must(text);
	for (bool last = false; !last; row++) {
		char *part = row->relative > 0 ? must_printf("%g %%", 100 * row->relative) : must_strdup("0");
		char *line = must_printf("\n| `%s` | %s | %g | %s |", row->pattern, part, row->absolute, row->why);

		at = strstr(at, line);
		if (!at)
			fail_msg("docs/formats.md lacks, in its place:%s", line);
		free(part);
		free(line);
		last = !strcmp(row->pattern, "*");
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tolerances_are_checked),
		cmocka_unit_test(the_usual_table),
		cmocka_unit_test(the_usual_table_is_documented),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
