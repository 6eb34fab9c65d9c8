/* --set, --scheme and --seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/json.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/set.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

/* A tree, a change, and the tree after it. */
static void changes_do_what_they_say(void **state)
{
	static const struct { const char *before, *set, *after;
	} rows[] = {
		{ "{}", "seed=7", "{\"seed\":7}" },
		{ "{}", "$.seed=7", "{\"seed\":7}" },
		{ "{\"seed\":1,\"name\":\"x\"}", "seed=2", "{\"seed\":2,\"name\":\"x\"}" },
		{ "{}", "pool.ports=2048-65535", "{\"pool\":{\"ports\":\"2048-65535\"}}" }, /* not JSON: a text */
		{ "{}", "pool.prefixes=[\"192.0.2.0/24\"]", "{\"pool\":{\"prefixes\":[\"192.0.2.0/24\"]}}" },
		{ "{}", "name=", "{\"name\":\"\"}" },
		{ "{}", "name=\"true\"", "{\"name\":\"true\"}" },
		{ "{}", "description=a=b", "{\"description\":\"a=b\"}" },
		{ "{}", "a.b.c.d=null", "{\"a\":{\"b\":{\"c\":{\"d\":null}}}}" },
		{ "{\"schemes\":[{\"size\":1},{\"size\":2}]}", "schemes[1].size=128",
		  "{\"schemes\":[{\"size\":1},{\"size\":128}]}" },
		{ "{\"schemes\":[{}]}", "schemes[1].type=block", "{\"schemes\":[{},{\"type\":\"block\"}]}" },
		{ "{}", "traffic[0].file=x.pcap", "{\"traffic\":[{\"file\":\"x.pcap\"}]}" },
		{ "{\"a\":[[1,2]]}", "a[0][1]=3", "{\"a\":[[1,3]]}" },
		{ "{\"a\":[1]}", "a[0]={\"b\":[]}", "{\"a\":[{\"b\":[]}]}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_INIT;
		cJSON *tree = cJSON_Parse(rows[i].before);
		char *after;

		assert_true(set_apply(tree, rows[i].set, &e));
		after = cJSON_PrintUnformatted(tree);
		assert_string_equal(after, rows[i].after);
		free(after);
		cJSON_Delete(tree);
	}
}

static void bad_paths_are_faults(void **state)
{
	static const struct { const char *before, *set, *fault;
	} rows[] = {
		{ "{}", "seed", "--set seed: not of the form PATH=VALUE" },
		{ "{}", "=1", "--set =1: \"\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a..b=1", "--set a..b=1: \"a..b\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", ".a=1", "--set .a=1: \".a\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a.=1", "--set a.=1: \"a.\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "[0]=1", "--set [0]=1: \"[0]\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a[x]=1", "--set a[x]=1: \"a[x]\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a[-1]=1", "--set a[-1]=1: \"a[-1]\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a[0=1", "--set a[0=1: \"a[0\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a[0]b=1", "--set a[0]b=1: \"a[0]b\" is not a path (such as pool.ports or schemes[1].size)" },
		{ "{}", "a[99999999999999999999]=1",
		  "--set a[99999999999999999999]=1: \"a[99999999999999999999]\" is not a path (such as pool.ports or "
		  "schemes[1].size)" },
		{ "{\"seed\":5}", "seed.x=1", "--set seed.x=1: $.seed is 5, so it has no key \"x\"" },
		{ "{\"pool\":{}}", "pool[0]=1", "--set pool[0]=1: $.pool is an object, so it has no entry [0]" },
		{ "{\"schemes\":[1,2]}", "schemes[7].size=1",
		  "--set schemes[7].size=1: $.schemes has 2 entries, so there is no [7]" },
		{ "{\"schemes\":[1]}", "schemes.size=1",
		  "--set schemes.size=1: $.schemes is a list, so it has no key \"size\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = ERR_INIT;
		cJSON *tree = cJSON_Parse(rows[i].before);
		char *after;

		assert_false(set_apply(tree, rows[i].set, &e));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.lines[0], rows[i].fault);
		after = cJSON_PrintUnformatted(tree);
		assert_string_equal(after, rows[i].before);
		free(after);
		err_clear(&e);
		cJSON_Delete(tree);
	}
}

/* A path of a million steps is refused before it is walked. */
static void a_path_has_a_depth(void **state)
{
	struct err e = ERR_INIT;
	cJSON *tree = cJSON_CreateObject();
	char *set = must_alloc(1, 2000003);

	(void)state;
	for (size_t i = 0; i < 1000000; i++)
		memcpy(set + 2 * i, "a.", 2);
	strcpy(set + 2000000, "a=");
	assert_false(set_apply(tree, set, &e));
	assert_null(tree->child);
	err_clear(&e);
	free(set);
	cJSON_Delete(tree);
}

#define TEXT "{\"subscribers\":{\"count\":10},\"pool\":{\"prefixes\":[\"192.0.2.0/25\"]}," \
             "\"schemes\":[{\"name\":\"a\"},{\"name\":\"b\",\"type\":\"block\"},{\"type\":\"deterministic\"}]}"

static struct scenario *changed(const struct scenario_changes *changes, struct err *e)
{
	return scenario_parse(TEXT, strlen(TEXT), "dir/a.json", changes, e);
}

static void only_the_named_schemes_are_kept(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s =
		changed(&(struct scenario_changes){ .schemes = (const char *const[]){ "deterministic", "a" },
	                                            .scheme_count = 2 },
	                &e);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->trial_count, 2); /* in the scenario's order */
	assert_string_equal(s->trials[0].name, "a");
	assert_string_equal(s->trials[1].name, "deterministic");
	scenario_destroy(s);
	assert_null(
		changed(&(struct scenario_changes){ .schemes = (const char *const[]){ "c" }, .scheme_count = 1 }, &e));
	assert_int_equal(e.count, 1);
	assert_string_equal(e.lines[0], "--scheme c: there is no such scheme in the scenario; there are: a, b, "
	                                "deterministic");
	err_clear(&e);
}

static void seed_and_set_reach_the_workload(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = changed(
		&(struct scenario_changes){
			.sets = (const char *const[]){ "duration=2h", "schemes[1].size=128", "seed=5" },
			.set_count = 3,
			.has_seed = true,
			.seed = 9,
		},
		&e);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->workload.seed, 9); /* --seed has the last word */
	assert_int_equal(s->workload.duration_ns, 7200 * NS_PER_S);
	assert_int_equal(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(s->resolved, "schemes"), 1), "size")
	                         ->valueint,
	                 128);
	scenario_destroy(s);
	assert_null(changed(
		&(struct scenario_changes){ .sets = (const char *const[]){ "pool.ports=7-5", "x" }, .set_count = 2 },
		&e));
	assert_int_equal(e.count, 1); /* a line that cannot be read stops before the scenario is judged */
	err_clear(&e);
	assert_null(changed(
		&(struct scenario_changes){ .sets = (const char *const[]){ "pool.ports=7-5" }, .set_count = 1 }, &e));
	assert_string_equal(e.lines[0], "dir/a.json: $.pool.ports: \"7-5\" is not a port range (LO-HI, 1 to 65535)");
	err_clear(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_do_what_they_say),
		cmocka_unit_test(bad_paths_are_faults),
		cmocka_unit_test(a_path_has_a_depth),
		cmocka_unit_test(only_the_named_schemes_are_kept),
		cmocka_unit_test(seed_and_set_reach_the_workload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
