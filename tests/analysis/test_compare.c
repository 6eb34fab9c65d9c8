/* Two runs held against each other: what agrees, what does not, and that nothing is passed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/compare_write.h"
#include "analysis/csv.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"

#include <cmocka.h> /* last: its fail() is a macro */

#define REFERENCE "results/reference/quickstart/summary.json"

struct bench {
	struct compare_run a, b;
	struct tolerances t;
	struct comparison c;
	struct err e;
};

static void take(struct compare_run *run, const char *path, const char *summary, const char *manifest)
{
	struct err e = ERR_INIT;

	run->path = path;
	run->manifest = cJSON_Parse(manifest);
	must(run->manifest);
	if (!run_summary_parse(&run->summary, summary, strlen(summary), path, &e))
		err_print(&e, stderr);
	assert_int_equal(e.count, 0);
}

/* Summaries of schemes as given, all else equal. */
static void open_bench(struct bench *x, const char *schemes_a, const char *schemes_b)
{
	char *a = must_printf("{ \"format\": 1, \"seed\": 1, \"schemes\": [%s] }", schemes_a);
	char *b = must_printf("{ \"format\": 1, \"seed\": 1, \"schemes\": [%s] }", schemes_b);

	*x = (struct bench){ .e = ERR_INIT };
	take(&x->a, "a", a, "{ \"format\": 1 }");
	take(&x->b, "b", b, "{ \"format\": 1 }");
	free(a);
	free(b);
}

static void compare(struct bench *x)
{
	comparison_clear(&x->c);
	must(compare_runs(&x->c, &x->a, &x->b, &x->t, &x->e) == !x->e.count);
}

static void close_bench(struct bench *x)
{
	comparison_clear(&x->c);
	compare_run_clear(&x->a);
	compare_run_clear(&x->b);
	tolerances_clear(&x->t);
	err_clear(&x->e);
}

static const struct compare_row *row_of(const struct bench *x, size_t scheme, const char *measure)
{
	const struct compare_scheme *s = &x->c.schemes[scheme];

	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->rows[i].measure, measure))
			return &s->rows[i];
	return NULL;
}

static void assert_verdict(const struct bench *x, const char *measure, enum compare_verdict verdict)
{
	const struct compare_row *row = row_of(x, 0, measure);

	if (!row)
		fail_msg("there is no row %s", measure);
	else
		assert_string_equal(compare_verdict_name[row->verdict], compare_verdict_name[verdict]);
}

static char *reference(void)
{
	struct err e = ERR_INIT;
	size_t length;
	char *text = file_read(REFERENCE, &length, &e);

	must(text);
	return text;
}

static size_t leaves_in(const cJSON *item)
{
	const cJSON *child;
	size_t count = cJSON_IsNumber(item) || cJSON_IsString(item);

	cJSON_ArrayForEach(child, item)
		if (!child->string || (strcmp(child->string, "warnings") && strcmp(child->string, "ci95") && strcmp(child->string, "name")))
			count += leaves_in(child);
	return count;
}

/* No measure is passed over: as many rows as the JSON has numbers and texts, and all equal to themselves. */
static void a_run_agrees_with_itself(void **state)
{
	char *text = reference();
	struct bench x = { .e = ERR_INIT };

	(void)state;
	take(&x.a, REFERENCE, text, "{ \"format\": 1 }");
	take(&x.b, REFERENCE, text, "{ \"format\": 1 }");
	x.t.exact = true;
	compare(&x);
	assert_true(comparison_agrees(&x.c));
	assert_int_equal(x.c.setting_count, 0);
	assert_int_equal(x.c.scheme_count, x.a.summary.count);
	for (size_t i = 0; i < x.c.scheme_count; i++) {
		assert_true(x.c.schemes[i].count > 100);
		assert_int_equal(x.c.schemes[i].count, leaves_in(x.a.summary.schemes[i]));
		assert_int_equal(x.c.schemes[i].verdicts[COMPARE_EQUAL], x.c.schemes[i].count);
	}
	close_bench(&x);
	free(text);
}

static void shake(cJSON *item, struct rng *r)
{
	cJSON *child;

	if (cJSON_IsNumber(item) && rng_below(r, 4) == 0)
		cJSON_SetNumberHelper(item, item->valuedouble * (0.97 + 0.01 * (double)rng_below(r, 7)) + (double)rng_below(r, 3) - 1);
	cJSON_ArrayForEach(child, item)
		shake(child, r);
}

/* Which run comes first does not matter to any verdict; what is added up is what the rows say. */
static void verdicts_do_not_hang_on_the_order(void **state)
{
	char *text = reference();
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int round = 0; round < 20; round++) {
		struct bench x = { .e = ERR_INIT }, y = { .e = ERR_INIT };
		size_t seen[COMPARE_VERDICTS] = { 0 };
		char *shaken;

		take(&x.b, "b", text, "{}");
		for (size_t i = 0; i < x.b.summary.count; i++)
			shake((cJSON *)x.b.summary.schemes[i], &r);
		shaken = cJSON_PrintUnformatted(x.b.summary.root);
		must(shaken);
		compare_run_clear(&x.b);
		take(&x.a, "a", shaken, "{}");
		take(&x.b, "b", text, "{}");
		take(&y.a, "a", text, "{}");
		take(&y.b, "b", shaken, "{}");
		compare(&x);
		compare(&y);
		for (size_t s = 0; s < x.c.scheme_count; s++)
			for (size_t i = 0; i < x.c.schemes[s].count; i++) {
				const struct compare_row *row = &x.c.schemes[s].rows[i], *back = row_of(&y, s, row->measure);

				must(back);
				assert_int_equal(row->verdict, back->verdict);
				assert_true(row->difference == -back->difference);
				seen[row->verdict]++;
			}
		assert_memory_equal(seen, x.c.verdicts, sizeof(seen));
		assert_true(seen[COMPARE_OUTSIDE] && seen[COMPARE_WITHIN] && seen[COMPARE_EQUAL]);
		close_bench(&x);
		close_bench(&y);
		free(shaken);
	}
	free(text);
}

/* At the tolerance, and a little beyond it: 1 % of the larger value; one port where that is more. */
static void a_tolerance_ends_where_it_says(void **state)
{
	static const struct {
		const char *a, *b;
		enum compare_verdict verdict;
	} cases[] = {
		{ "\"active_mean\": 100", "\"active_mean\": 100", COMPARE_EQUAL },
		{ "\"active_mean\": 99", "\"active_mean\": 100", COMPARE_WITHIN },
		{ "\"fairness_jain\": 0.8935", "\"fairness_jain\": 0.9035", COMPARE_WITHIN },
		{ "\"active_mean\": 98.999", "\"active_mean\": 100", COMPARE_OUTSIDE },
		{ "\"active_mean\": 0", "\"active_mean\": 1e-9", COMPARE_OUTSIDE },
		{ "\"active_mean\": -1e308", "\"active_mean\": 1e308", COMPARE_OUTSIDE },
		{ "\"active_peak\": 5", "\"active_peak\": 6", COMPARE_WITHIN },
		{ "\"active_peak\": 5", "\"active_peak\": 7", COMPARE_OUTSIDE },
		{ "\"active_peak\": 1000", "\"active_peak\": 1010", COMPARE_WITHIN },
		{ "\"attempted\": 9007199254740991", "\"attempted\": 9007199254740992", COMPARE_OUTSIDE },
		{ "\"attempted\": 5", "\"attempted\": 6", COMPARE_OUTSIDE },
		{ "\"refused\": 479", "\"refused\": 482", COMPARE_WITHIN },
		{ "\"refused\": 479", "\"refused\": 483", COMPARE_OUTSIDE },
		{ "\"created\": 5", "\"created\": \"5\"", COMPARE_OUTSIDE },
		{ "\"protocol\": \"udp\"", "\"protocol\": \"udp\"", COMPARE_EQUAL },
		{ "\"protocol\": \"udp\"", "\"protocol\": \"tcp\"", COMPARE_OUTSIDE },
		{ "\"whole\": true", "\"whole\": false", COMPARE_OUTSIDE },
		{ "\"demand\": { \"p50\": 3 }", "\"demand\": null", COMPARE_ALONE },
		{ "\"created\": 5", "\"refused\": 5", COMPARE_ALONE },
		{ "\"refused_by\": { \"no-port\": 5 }", "\"refused_by\": {}", COMPARE_OUTSIDE },
		{ "\"refused_by\": { \"no-port\": 0 }", "\"refused_by\": {}", COMPARE_EQUAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *a = must_printf("{ \"name\": \"x\", \"ports\": { %s } }", cases[i].a);
		char *b = must_printf("{ \"name\": \"x\", \"ports\": { %s } }", cases[i].b);
		struct bench x;

		open_bench(&x, a, b);
		compare(&x);
		if (x.c.schemes[0].rows[0].verdict != cases[i].verdict)
			fail_msg("%s | %s: %s", cases[i].a, cases[i].b, compare_verdict_name[x.c.schemes[0].rows[0].verdict]);
		assert_int_equal(comparison_agrees(&x.c), cases[i].verdict < COMPARE_OUTSIDE);
		close_bench(&x);
		free(a);
		free(b);
	}
}

/* Means over replications: sqrt(3^2 + 4^2) more than the tolerance; not when nothing but equality will do. */
static void half_widths_widen(void **state)
{
	struct bench x;

	(void)state;
	open_bench(&x, "{ \"name\": \"x\", \"ports\": { \"created\": 100, \"active_mean\": 100 }, \"ci95\": { \"ports\": { \"created\": 3, \"active_mean\": 3 } } }",
	           "{ \"name\": \"x\", \"ports\": { \"created\": 105, \"active_mean\": 106 }, \"ci95\": { \"ports\": { \"created\": 4 } } }");
	compare(&x);
	assert_verdict(&x, "ports.created", COMPARE_WITHIN);
	assert_true(fabs(row_of(&x, 0, "ports.created")->half_width - 5) < 1e-12);
	assert_true(fabs(row_of(&x, 0, "ports.active_mean")->tolerance - 4.06) < 1e-12);
	assert_verdict(&x, "ports.active_mean", COMPARE_OUTSIDE);
	assert_int_equal(x.c.schemes[0].count, 2);
	x.t.exact = true;
	compare(&x);
	assert_verdict(&x, "ports.created", COMPARE_OUTSIDE);
	close_bench(&x);
}

static void own_tolerances_go_before(void **state)
{
	struct bench x;

	(void)state;
	open_bench(&x, "{ \"name\": \"x\", \"log\": { \"records\": 100, \"bytes\": 100 } }", "{ \"name\": \"x\", \"log\": { \"records\": 110, \"bytes\": 110, \"new\": 1 } }");
	assert_true(tolerances_add(&x.t, "log.*=50%", &x.e));
	assert_true(tolerances_add(&x.t, "log.records=0.05,2", &x.e));
	tolerances_ignore(&x.t, "log.n*w");
	assert_true(tolerances_add(&x.t, "log.nothing=0", &x.e));
	for (int exact = 0; exact < 2; exact++) {
		x.t.exact = exact;
		compare(&x);
		assert_verdict(&x, "log.bytes", COMPARE_WITHIN);
		assert_verdict(&x, "log.records", COMPARE_OUTSIDE);
		assert_verdict(&x, "log.new", COMPARE_IGNORED);
	}
	assert_true(fabs(row_of(&x, 0, "log.records")->tolerance - 5.5) < 1e-12);
	assert_true(x.t.met[0] && x.t.met[1] && x.t.met[2] && !x.t.met[3]);
	assert_true(tolerances_add(&x.t, "*=0,10", &x.e));
	compare(&x);
	assert_verdict(&x, "log.records", COMPARE_WITHIN);
	close_bench(&x);
}

/* docs/formats.md has the table, row by row. */
/* What only one world can show is no difference to the other; unless nothing but equality will do. */
static void measures_of_one_world(void **state)
{
	struct bench x;

	(void)state;
	open_bench(&x, "{ \"name\": \"x\", \"log\": { \"records\": 1 } }", "{ \"name\": \"x\", \"log\": { \"records\": 1 }, \"packets\": { \"syns\": 0 } }");
	compare(&x);
	assert_verdict(&x, "packets.syns", COMPARE_OWN);
	assert_true(comparison_agrees(&x.c));
	x.t.exact = true;
	compare(&x);
	assert_verdict(&x, "packets.syns", COMPARE_ALONE);
	assert_false(comparison_agrees(&x.c));
	close_bench(&x);
}

static void schemes_are_matched_by_name(void **state)
{
	struct bench x;

	(void)state;
	open_bench(&x, "{ \"name\": \"one\", \"log\": { \"records\": 1 } }, { \"name\": \"two\", \"log\": { \"records\": 2 } }",
	           "{ \"name\": \"three\", \"log\": { \"records\": 3 } }, { \"name\": \"two\", \"log\": { \"records\": 2 } }");
	compare(&x);
	assert_int_equal(x.c.scheme_count, 3);
	assert_int_equal(x.c.schemes_alone, 2);
	assert_true(x.c.schemes[0].in_a && !x.c.schemes[0].in_b && !x.c.schemes[2].in_a && x.c.schemes[2].in_b);
	assert_string_equal(x.c.schemes[2].name, "three");
	assert_int_equal(x.c.schemes[1].verdicts[COMPARE_EQUAL], 1);
	assert_false(comparison_agrees(&x.c));
	close_bench(&x);

	open_bench(&x, "{ \"name\": \"one\" }", "{ \"name\": \"one\" }, { \"name\": \"one\" }");
	compare(&x);
	assert_int_equal(x.e.count, 1);
	assert_string_equal(x.e.lines[0], "b: $.schemes[1].name: \"one\" is the name of a scheme before it");
	close_bench(&x);
}

/* What was run: only what differs, and whether the workload hangs on it. */
static void settings_that_differ(void **state)
{
	static const struct {
		const char *name;
		bool workload;
	} expected[] = {
		{ "seed", true },
		{ "workload.flows", true },
		{ "instances.x.instances", false },
		{ "scenario.schemes.x.size", false },
		{ "scenario.traffic.0.rate_per_day", true },
	};
	struct bench x = { .e = ERR_INIT };

	(void)state;
	take(&x.a, "a", "{ \"format\": 1, \"seed\": 9007199254740991, \"workload\": { \"flows\": 1, \"tcp\": 1 }, \"schemes\": [{ \"name\": \"x\" }] }",
	     "{ \"instances\": [{ \"scheme\": \"x\", \"instances\": 1 }], \"scenario_file\": \"a\", \"command\": \"run a\", \"scenario\": { \"traffic\": [{ \"rate_per_day\": 1 }], \"schemes\": [{ \"name\": \"x\", \"size\": 64 }] } }");
	take(&x.b, "b", "{ \"format\": 1, \"seed\": 9007199254740992, \"workload\": { \"flows\": 2, \"tcp\": 1 }, \"schemes\": [{ \"name\": \"x\" }, { \"name\": \"y\" }] }",
	     "{ \"instances\": [{ \"scheme\": \"y\", \"instances\": 1 }, { \"scheme\": \"x\", \"instances\": 2 }], \"scenario_file\": \"b\", \"command\": \"run b\", \"scenario\": { \"traffic\": [{ \"rate_per_day\": 2 }], "
	     "\"schemes\": [{ \"name\": \"y\", \"size\": 3 }, { \"name\": \"x\", \"size\": 128 }] } }");
	compare(&x);
	assert_true(x.c.other_workload);
	assert_int_equal(x.c.setting_count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < x.c.setting_count; i++) {
		assert_string_equal(x.c.settings[i].name, expected[i].name);
		assert_int_equal(x.c.settings[i].workload, expected[i].workload);
	}
	close_bench(&x);
}

/* JSON and table hold every row, and say the same. */
static void written_whole(void **state)
{
	static const char *const names[2] = { "flow", "a \"packet\", really" };
	char path[] = "/tmp/cgnsim-compare-XXXXXX";
	struct err e = ERR_INIT;
	struct csv table;
	struct bench x;
	size_t row = 0;
	cJSON *json, *scheme, *measure;
	FILE *out;

	(void)state;
	open_bench(&x, "{ \"name\": \"x\", \"ports\": { \"created\": 0.1, \"refused\": 0, \"protocol\": \"a,b\", \"gone\": 1 } }, { \"name\": \"y\" }",
	           "{ \"name\": \"x\", \"ports\": { \"created\": 0.3, \"refused\": 7, \"protocol\": \"\", \"refused_by\": { \"no-port\": 7 } } }");
	compare(&x);
	must(close(mkstemp(path)) == 0);
	out = fopen(path, "w");
	must(out);
	comparison_measures(out, &x.c);
	must(!fclose(out));
	must(csv_read(&table, path, &e));
	json = comparison_json(&x.c, names);
	assert_string_equal(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "runs"), 1)->valuestring, names[1]);
	cJSON_ArrayForEach(scheme, cJSON_GetObjectItem(json, "schemes"))
		cJSON_ArrayForEach(measure, cJSON_GetObjectItem(scheme, "measures")) {
			static const char *const columns[] = { "a", "b", "difference", "relative", "tolerance" };

			assert_string_equal(csv_cell(&table, row, 1), cJSON_GetObjectItem(measure, "name")->valuestring);
			assert_string_equal(csv_cell(&table, row, 9), cJSON_GetObjectItem(measure, "verdict")->valuestring);
			for (size_t i = 0; i < 5; i++) {
				const cJSON *value = cJSON_GetObjectItem(measure, columns[i]);
				const char *cell = csv_cell(&table, row, 2 + i);

				if (cJSON_IsNumber(value))
					assert_true(*cell && strtod(cell, NULL) == value->valuedouble);
				else
					assert_string_equal(cell, cJSON_IsString(value) ? value->valuestring : "");
			}
			row++;
		}
	assert_int_equal(row, 5);
	assert_int_equal(table.rows, row + 1);
	assert_string_equal(csv_cell(&table, row, 9), "alone");
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(json, "schemes"), 0), "measures"), 1), "relative")));
	cJSON_Delete(json);
	csv_clear(&table);
	close_bench(&x);
	unlink(path);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char *path = must_printf("%s/%s", dir, name);
	FILE *out = fopen(path, "w");

	must(out && fputs(text, out) >= 0 && !fclose(out));
	free(path);
}

/* Reads two runs' tables of one scheme, `x`; the other scheme must not count. */
static bool add_curves(struct bench *x, const char *series_a, const char *series_b)
{
	static const char head[] = "time_s,scheme,active,held,reserved,sessions\n0,y,9,9,9,9\n";
	const char *series[2] = { series_a, series_b };
	struct compare_tables tables[2];
	bool good;

	for (int i = 0; i < 2; i++) {
		char dir[] = "/tmp/cgnsim-compare-XXXXXX";
		char *text = must_printf("%s%s", head, series[i]);

		must(mkdtemp(dir));
		write_file(dir, "timeseries.csv", text);
		write_file(dir, "subscribers.csv", i ? "scheme,measure,quantile,ports\nx,active,0,1\nx,peak,0.5,7\nx,peak,1,8\n"
		                                     : "scheme,measure,quantile,ports\nx,active,0,1\nx,peak,0.5,4\nx,peak,1,5\n");
		must(compare_tables_read(&tables[i], dir, &x->e));
		must(directory_remove(dir));
		free(text);
	}
	compare(x);
	good = compare_curves(&x->c, tables, &x->t, &x->e);
	compare_tables_clear(&tables[0]);
	compare_tables_clear(&tables[1]);
	return good;
}

static void curves_by_their_worst_point(void **state)
{
	struct bench x;
	const struct compare_row *row;

	(void)state;
	open_bench(&x, "{ \"name\": \"x\" }", "{ \"name\": \"x\" }");
	assert_true(add_curves(&x, "0,x,100,10,5,1\n10,x,100,10,5,1\n20,x,100,10,5,1\n", "0,x,101,10,5,1\n10,x,90,12,5,1\n20,x,109,13,5,1\n"));
	row = row_of(&x, 0, "timeseries.active");
	must(row);
	assert_true(row->value_a == 100 && row->value_b == 90 && row->at == 10 && row->difference == -10);
	assert_string_equal(row->over, "time_s");
	assert_verdict(&x, "timeseries.active", COMPARE_OUTSIDE);
	assert_verdict(&x, "timeseries.held", COMPARE_OUTSIDE);
	assert_verdict(&x, "timeseries.reserved", COMPARE_EQUAL);
	assert_verdict(&x, "subscribers.active", COMPARE_EQUAL);
	assert_verdict(&x, "subscribers.peak", COMPARE_OUTSIDE);
	assert_true(row_of(&x, 0, "subscribers.peak")->at == 0.5); /* the first of two as far apart */
	assert_int_equal(x.c.schemes[0].count, 6);
	assert_int_equal(x.c.verdicts[COMPARE_EQUAL], 3);
	assert_int_equal(x.c.verdicts[COMPARE_OUTSIDE], 3);

	/* Other points: no comparison, and no agreement. */
	assert_true(add_curves(&x, "0,x,1,1,1,1\n10,x,1,1,1,1\n", "0,x,1,1,1,1\n20,x,1,1,1,1\n"));
	assert_verdict(&x, "timeseries.active", COMPARE_OUTSIDE);
	assert_string_equal(row_of(&x, 0, "timeseries.active")->b->valuestring, "2 points, time_s 0 to 20");
	assert_true(add_curves(&x, "0,x,1,1,1,1\n", ""));
	assert_verdict(&x, "timeseries.active", COMPARE_OUTSIDE);
	assert_string_equal(row_of(&x, 0, "timeseries.active")->b->valuestring, "no points");

	assert_false(add_curves(&x, "0,x,1,1,1,1\n", "0,x,1,1e999,1,1\n"));
	assert_true(strstr(x.e.lines[0], "/timeseries.csv: row 2: held: \"1e999\" is not a number") != NULL);
	close_bench(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_agrees_with_itself),
		cmocka_unit_test(verdicts_do_not_hang_on_the_order),
		cmocka_unit_test(a_tolerance_ends_where_it_says),
		cmocka_unit_test(half_widths_widen),
		cmocka_unit_test(own_tolerances_go_before),
		cmocka_unit_test(measures_of_one_world),
		cmocka_unit_test(schemes_are_matched_by_name),
		cmocka_unit_test(settings_that_differ),
		cmocka_unit_test(written_whole),
		cmocka_unit_test(curves_by_their_worst_point),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
