/* A scheme with a preset: its keys, what the scheme says instead, and faults. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* last: its macro fail would catch our fail() */

static struct scenario *with_scheme(const char *scheme, struct err *e)
{
	char *text = must_printf("{ \"subscribers\": { \"count\": 8 }, \"pool\": { \"prefixes\": [\"192.0.2.1\", \"192.0.2.4\"] }, "
	                         "\"nat\": { \"timeouts\": { \"tcp_incoming_syn\": 9 } }, \"schemes\": [%s] }", scheme);
	struct scenario *s = scenario_parse(text, strlen(text), "a.json", NULL, e);

	free(text);
	return s;
}

static const cJSON *at(const struct scenario *s, const char *a, const char *b, const char *c)
{
	const cJSON *v = cJSON_GetArrayItem(cJSON_GetObjectItem(scenario_resolved(s), "schemes"), 0);

	v = cJSON_GetObjectItem(v, a);
	v = b ? cJSON_GetObjectItem(v, b) : v;
	return c ? cJSON_GetObjectItem(v, c) : v;
}

/* The preset's keys, but where the scheme, and inside pool and nat one by one, says something itself. */
static void a_preset_fills_what_is_not_said(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = with_scheme("{ \"preset\": \"danos\", \"max_blocks\": 4, \"nat\": { \"timeouts\": { \"icmp\": 10 } } }", &e);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->trials[0].name, "danos");
	assert_string_equal(s->trials[0].scheme->name, "block");
	assert_int_equal(at(s, "size", NULL, NULL)->valueint, 128);
	assert_int_equal(at(s, "max_blocks", NULL, NULL)->valueint, 4);
	assert_string_equal(at(s, "pool", "assignment", NULL)->valuestring, "round-robin");
	assert_string_equal(at(s, "nat", "timeouts", "udp")->valuestring, "30m");
	assert_string_equal(at(s, "nat", "timeouts", "icmp")->valuestring, "10s");
	assert_string_equal(at(s, "nat", "timeouts", "tcp_incoming_syn")->valuestring, "9s"); /* the scenario's */
	assert_null(at(s, "preset", NULL, NULL));
	scenario_destroy(s);
}

/* VyOS's own listing: a limit of 16000, two addresses in the order of their sequence. */
static void vyos_shows_the_same_ranges(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = with_scheme("{ \"preset\": \"vyos\", \"ports_per_subscriber\": 16000 }", &e);
	struct scheme_pool pool;

	(void)state;
	assert_non_null(s);
	assert_true(scheme_pool_fill(&pool, &s->workload, &s->trials[0]));
	for (uint32_t k = 0; k < 8; k++) {
		const struct trial *t = &s->trials[0];
		struct scheme_number first, last;

		t->scheme->forward(t->scheme_config, &pool, k, 0, &first);
		t->scheme->forward(t->scheme_config, &pool, k, 15999, &last);
		assert_int_equal(t->scheme->numbers(t->scheme_config, &pool, k), 16000);
		assert_int_equal(first.address, k / 4);
		assert_int_equal(slots_number(pool.slots, first.slot), 1024 + k % 4 * 16000);
		assert_int_equal(slots_number(pool.slots, last.slot), 17023 + k % 4 * 16000);
	}
	scheme_pool_clear(&pool);
	scenario_destroy(s);
}

static void faults_have_their_text(void **state)
{
	static const struct { const char *scheme, *fault; } rows[] = {
		{ "{ \"preset\": \"junper-pba\" }",
		  "a.json: $.schemes[0].preset: there is no preset \"junper-pba\"; the nearest is \"juniper-pba\"" },
		{ "{ \"preset\": 7 }", "a.json: $.schemes[0].preset: 7 is not the name of a preset" },
		{ "{ \"preset\": \"danos\", \"type\": \"session\" }",
		  "a.json: $.schemes[0].type: \"session\" is not the type of the preset \"danos\", which is \"block\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = ERR_INIT;

		assert_null(with_scheme(rows[i].scheme, &e));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.lines[0], rows[i].fault);
		err_clear(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_preset_fills_what_is_not_said),
		cmocka_unit_test(vyos_shows_the_same_ranges),
		cmocka_unit_test(faults_have_their_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
