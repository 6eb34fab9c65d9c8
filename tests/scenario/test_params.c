/* The reader of tables on a table that has every type once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/distribution.h"
#include "sim/base/simtime.h"
#include "sim/scenario/json.h"
#include "sim/scenario/nearest.h"
#include "sim/scenario/params.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

struct inner {
	uint32_t n;
	int64_t wait;
};

struct all {
	bool flag;
	uint32_t count, word;
	uint64_t big;
	double real, seconds;
	int64_t duration;
	char *text, *none, *file;
	int choice;
	struct port_range ports;
	struct addr_range range;
	struct distribution law;
	struct addr_ranges ranges;
	struct port_ranges port_list;
	struct exempts exempts;
	struct inner inner;
	uint32_t unbuilt;
};

static const char *const colours[] = { "red", "green", NULL };
#define AT(f) offsetof(struct all, f)
static const struct param inner_table[] = {
	{ .name = "n", .type = PARAM_U32, .preset = "4", .max = 10, .offset = offsetof(struct inner, n) },
	{ .name = "wait", .type = PARAM_DURATION, .preset = "\"2s\"", .offset = offsetof(struct inner, wait) },
	{ 0 },
};
static const struct param table[] = {
	{ .name = "flag", .type = PARAM_BOOL, .preset = "true", .offset = AT(flag) },
	{ .name = "count", .type = PARAM_U32, .min = 1, .max = 9, .offset = AT(count), .help = "how many" }, /* must be
	                                                                                                        given */
	{ .name = "word",
	  .type = PARAM_U32,
	  .preset = "\"auto\"",
	  .min = 1,
	  .word = "auto",
	  .word_value = 77,
	  .offset = AT(word) },
	{ .name = "big", .type = PARAM_U64, .preset = "9007199254740992", .offset = AT(big) },
	{ .name = "real", .type = PARAM_REAL, .preset = "0.1", .min = -1, .max = 1, .offset = AT(real) },
	{ .name = "seconds", .type = PARAM_SECONDS, .preset = "\"1500ms\"", .offset = AT(seconds) },
	{ .name = "duration", .type = PARAM_DURATION, .preset = "90", .offset = AT(duration) },
	{ .name = "text", .type = PARAM_TEXT, .preset = "\"hello\"", .offset = AT(text) },
	{ .name = "none", .type = PARAM_TEXT, .preset = "null", .offset = AT(none) },
	{ .name = "file", .type = PARAM_FILE, .preset = "null", .offset = AT(file) },
	{ .name = "choice", .type = PARAM_CHOICE, .preset = "\"green\"", .choices = colours, .offset = AT(choice) },
	{ .name = "ports", .type = PARAM_PORTS, .preset = "\"1024-65535\"", .offset = AT(ports) },
	{ .name = "range", .type = PARAM_RANGE, .preset = "\"10.0.0.0/8\"", .offset = AT(range) },
	{ .name = "law", .type = PARAM_DISTRIBUTION, .preset = "\"10s\"", .offset = AT(law) },
	{ .name = "ranges",
	  .type = PARAM_RANGES,
	  .preset = "[\"192.0.2.0/24\", \"198.51.100.1-198.51.100.9\"]",
	  .offset = AT(ranges) },
	{ .name = "port_list", .type = PARAM_PORT_LIST, .preset = "[5, \"7-9\"]", .offset = AT(port_list) },
	{ .name = "exempts", .type = PARAM_EXEMPTS, .preset = "[\":53\", \"192.0.2.0/24:80\"]", .offset = AT(exempts) },
	{ .name = "inner", .type = PARAM_OBJECT, .object = inner_table, .shorthand = "wait", .offset = AT(inner) },
	{ .name = "unbuilt", .type = PARAM_U32, .preset = "3", .only = "3", .offset = AT(unbuilt) },
	{ .name = "elsewhere", .type = PARAM_JSON },
	{ 0 },
};

static bool read_text(const char *text, struct all *out, bool overlay, const char *directory, struct err *e)
{
	struct params_reading r = { .directory = directory, .overlay = overlay, .e = e };
	struct params_part part = { .table = table, .config = out };
	cJSON *object = json_read(text, strlen(text), "t", e);
	bool good;

	assert_non_null(object);
	good = params_read(&r, object, &part, 1, "$");
	cJSON_Delete(object);
	return good;
}

static void presets_fill_what_is_not_there(void **state)
{
	struct err e = ERR_INIT;
	struct all a = { 0 };

	(void)state;
	assert_true(read_text("{\"count\":2,\"elsewhere\":[1,{}]}", &a, false, "", &e));
	assert_true(a.flag);
	assert_int_equal(a.count, 2);
	assert_int_equal(a.word, 77);
	assert_true(a.big == UINT64_C(1) << 53);
	assert_true(a.real == 0.1);
	assert_true(a.seconds == 1.5);
	assert_int_equal(a.duration, 90 * NS_PER_S);
	assert_string_equal(a.text, "hello");
	assert_null(a.none);
	assert_null(a.file);
	assert_int_equal(a.choice, 1);
	assert_int_equal(a.ports.hi, 65535);
	assert_int_equal(a.range.last, 0x0affffff);
	assert_int_equal(a.law.kind, DIST_CONSTANT);
	assert_true(a.law.value == 10);
	assert_int_equal(a.ranges.count, 2);
	assert_int_equal(a.port_list.items[0].lo, 5);
	assert_int_equal(a.port_list.items[1].hi, 9);
	assert_int_equal(a.exempts.items[0].port, 53);
	assert_int_equal(a.inner.n, 4);
	assert_int_equal(a.inner.wait, 2 * NS_PER_S);
	assert_int_equal(a.unbuilt, 3);
	params_clear(table, &a);
	assert_null(a.text);
	assert_int_equal(a.ranges.count, 0);
}

/* What is written reads back as the same text, whatever the values. */
static void written_and_read_again(void **state)
{
	static const char *const texts[] = {
		"{\"count\":2}",
		"{\"count\":9,\"flag\":false,\"word\":5,\"big\":0,\"real\":-0.3333333333333333,\"seconds\":0,"
		"\"duration\":\"1h1ns\",\"text\":\"\","
		"\"none\":\"x\\u00e9\\n\",\"choice\":\"red\",\"ports\":5,\"range\":\"1.2.3.4\",\"law\":{"
		"\"distribution\":\"exponential\",\"mean\":\"1ms\"},"
		"\"ranges\":[],\"port_list\":[],\"exempts\":[\"1.2.3.4-1.2.3.9\"],\"inner\":{\"n\":0,\"wait\":0}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;
		struct all a = { 0 }, b = { 0 };
		cJSON *once = cJSON_CreateObject(), *twice = cJSON_CreateObject();
		char *first, *second;

		assert_true(read_text(texts[i], &a, false, "", &e));
		params_resolve(once, table, &a, "");
		first = cJSON_Print(once);
		assert_true(read_text(first, &b, false, "", &e));
		params_resolve(twice, table, &b, "");
		second = cJSON_Print(twice);
		assert_string_equal(first, second);
		free(first);
		free(second);
		cJSON_Delete(once);
		cJSON_Delete(twice);
		params_clear(table, &a);
		params_clear(table, &b);
	}
}

static void an_overlay_changes_only_what_it_names(void **state)
{
	struct err e = ERR_INIT;
	struct all a = { 0 };

	(void)state;
	assert_true(read_text("{\"count\":2,\"real\":0.5,\"text\":\"old\",\"ports\":7,\"inner\":{\"n\":9}}", &a, false,
	                      "", &e));
	assert_true(
		read_text("{\"text\":\"new\",\"ranges\":[\"1.2.3.4\"],\"inner\":\"5s\",\"law\":1}", &a, true, "", &e));
	assert_int_equal(a.count, 2);
	assert_true(a.real == 0.5);
	assert_string_equal(a.text, "new");
	assert_int_equal(a.ports.lo, 7);
	assert_int_equal(a.ranges.count, 1);
	assert_int_equal(a.inner.n, 9);
	assert_int_equal(a.inner.wait, 5 * NS_PER_S);
	assert_true(a.law.value == 1);
	params_clear(table, &a);
}

/* A value with a fault leaves its field alone; the others are read all the same. */
static void faults_are_collected_and_the_rest_is_read(void **state)
{
	struct err e = ERR_INIT;
	struct all a = { 0 };
	static const char *const lines[] = {
		"$.flag: \"yes\" is not true or false",
		"$.word: \"none\" is not a whole number (\"auto\", or 1 to 4294967295)",
		"$.seconds: null is not a duration (such as \"90s\", \"2h4m\", \"250ms\", or a number of seconds; at "
		"most 36525d)",
		"$.choice: 1 is not one of \"red\", \"green\"",
		"$.ranges[1]: 7 is not a prefix (A/LENGTH with host bits 0), an address or a range A-B",
		"$.inner.m: unknown key; the nearest known one is \"n\"",
		"$.inner.n: 11 is out of range (0 to 10)",
		"$.unbuilt: 4 is not built yet: only 3 is accepted",
		"$.fiel: unknown key; the nearest known one is \"file\"",
		"$.count: is missing: how many",
	};

	(void)state;
	assert_false(read_text("{\"flag\":\"yes\",\"word\":\"none\",\"seconds\":null,\"choice\":1,\"ranges\":[\"1.2.3."
	                       "4\",7],"
	                       "\"inner\":{\"m\":1,\"n\":11,\"wait\":\"8s\"},\"unbuilt\":4,\"fiel\":1,\"real\":0.25}",
	                       &a, false, "", &e));
	assert_int_equal(e.count, sizeof(lines) / sizeof(lines[0]));
	for (size_t i = 0; i < e.count; i++)
		assert_string_equal(e.lines[i], lines[i]);
	assert_false(a.flag);
	assert_int_equal(a.ranges.count, 0);
	assert_true(a.real == 0.25);
	assert_int_equal(a.inner.wait, 8 * NS_PER_S);
	err_clear(&e);
	params_clear(table, &a);
}

/* Relative names begin at the scenario's directory, unless they came from the command line. */
static void files_are_found_where_they_are_named(void **state)
{
	struct err e = ERR_INIT;
	struct params_reading r = { .directory = "tests/scenario/", .e = &e };
	struct all a = { 0 };
	cJSON *name = cJSON_CreateString("full.json"), *object = cJSON_CreateObject();
	const struct param *row = table;

	(void)state;
	while (strcmp(row->name, "file") != 0)
		row++;
	assert_true(params_read_one(&r, row, name, &a.file, "$.file"));
	assert_string_equal(a.file, "tests/scenario/full.json");
	params_resolve(object, row, &a, "tests/scenario/"); /* as it was written */
	assert_string_equal(cJSON_GetObjectItem(object, "file")->valuestring, "full.json");
	name->type |= JSON_FROM_COMMAND_LINE;
	assert_false(params_read_one(&r, row, name, &a.file, "$.file"));
	assert_string_equal(e.lines[0], "$.file: full.json: No such file or directory");
	err_clear(&e);
	params_clear(table, &a);
	cJSON_Delete(name);
	cJSON_Delete(object);
}

static void the_nearest_word_is_found(void **state)
{
	struct nearest n = { .wanted = "prots" };

	(void)state;
	assert_int_equal(edit_distance("", ""), 0);
	assert_int_equal(edit_distance("abc", ""), 3);
	assert_int_equal(edit_distance("kitten", "sitting"), 3);
	assert_int_equal(edit_distance("prots", "ports"), 1); /* a swap is one edit */
	assert_int_equal(edit_distance("ab", "ba"), 1);
	nearest_show(&n, "prefixes");
	nearest_show(&n, "ports");
	nearest_show(&n, "pooling");
	assert_string_equal(n.best, "ports");
	assert_true(nearest_is_near(&n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(presets_fill_what_is_not_there),
		cmocka_unit_test(written_and_read_again),
		cmocka_unit_test(an_overlay_changes_only_what_it_names),
		cmocka_unit_test(faults_are_collected_and_the_rest_is_read),
		cmocka_unit_test(files_are_found_where_they_are_named),
		cmocka_unit_test(the_nearest_word_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
