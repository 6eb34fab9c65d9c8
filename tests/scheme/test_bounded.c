/* Bounded searches: so many tries and not one more, of free numbers or, overloaded, of free 5-tuples. */
#include "sim/nat/nat.h"
#include "sim/scenario/scenario.h"
#include "tests/support/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define REMOTE 0xc6120001u

/* The inside port counts among the tries, and a try in vain is one: with one number free of a hundred, n tries
 * find it with 1 - 0.99^n, and never look at more than n. */
static void gives_up_after_its_tries(void **state)
{
	static const struct { uint32_t tries; const char *walk; uint32_t shortest, looks, least, most; } rows[] = {
		{ 10, "random", 0, 10, 100, 300 },   /* 9 in 100 of 2000 */
		{ 100, "random", 0, 100, 1180, 1360 }, /* 63 in 100 */
		{ 50, "next", 0, 50, 900, 1100 },    /* half of the range */
		{ 50, "next", 25, 75, 1160, 1340 },  /* and half of what is left: 1 - 1/2 x 3/4 */
		{ 100, "next", 0, 100, 2000, 2000 },
		{ 300, "next", 0, 100, 2000, 2000 }, /* none twice */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t found = 0;

		for (uint64_t seed = 0; seed < 2000; seed++) {
			struct stand s;
			struct binding b;
			uint64_t before;
			enum outcome o;

			stand_open(&s, "bounded", (struct port_range){ 1024, 1123 }, mix64(seed, RNG_TEST));
			conf_u32(s.type, s.config, "tries", rows[i].tries);
			conf_u32(s.type, s.config, "shortest", rows[i].shortest);
			set_choice(&s, "walk", rows[i].walk);
			stand_begin(&s);
			for (uint32_t slot = 0; slot < 100; slot++)
				if (slot != 37)
					portset_take(s.ports[PROTO_UDP], slot);
			before = portset_looked(s.ports[PROTO_UDP]);
			o = stand_alloc(&s, 1, 1, &b);
			assert_true(portset_looked(s.ports[PROTO_UDP]) - before <= rows[i].looks + (o == OUT_CREATED));
			assert_int_equal(o, o == OUT_CREATED ? OUT_CREATED : OUT_TRIES_EXHAUSTED);
			found += o == OUT_CREATED;
			stand_close(&s);
		}
		assert_in_range(found, rows[i].least, rows[i].most);
	}
}

/* The inside port first, and a full range is no-port: the tries are not to blame. */
static void takes_the_inside_port_first(void **state)
{
	struct stand s;
	struct binding b;

	(void)state;
	stand_open(&s, "bounded", (struct port_range){ 1024, 1123 }, RNG_TEST);
	conf_u32(s.type, s.config, "tries", 1);
	set_choice(&s, "first", "inside-port");
	stand_begin(&s);
	assert_int_equal(stand_alloc(&s, 1050, 1, &b), OUT_CREATED);
	assert_int_equal(b.slot, 26);
	assert_int_equal(stand_alloc(&s, 1050, 1, &b), OUT_TRIES_EXHAUSTED); /* it was the one try */
	for (uint16_t port = 1024; port <= 1123; port++)
		stand_alloc(&s, port, 1, &b);
	assert_int_equal(stand_alloc(&s, 1050, 1, &b), OUT_NO_PORT);
	stand_close(&s);
}

/* Overloaded, what counts is whether a number carries the remote already: with one of a hundred that does not, n tries
 * find it as they find a free one; towards another remote the first try does, though all numbers are taken. */
static void overloaded_tries_are_of_the_remote(void **state)
{
	static const struct { uint32_t tries; const char *walk; uint32_t shortest, least, most; } rows[] = {
		{ 10, "random", 0, 100, 300 }, { 50, "next", 0, 900, 1100 }, { 50, "next", 25, 1160, 1340 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t found = 0;

		for (uint64_t seed = 0; seed < 2000; seed++) {
			struct stand s;
			struct binding b;
			enum outcome o;

			stand_open(&s, "bounded", (struct port_range){ 1024, 1123 }, mix64(seed, RNG_TEST));
			conf_u32(s.type, s.config, "tries", rows[i].tries);
			conf_u32(s.type, s.config, "shortest", rows[i].shortest);
			set_choice(&s, "walk", rows[i].walk);
			*(bool *)conf_member(s.type, s.config, "overload") = true;
			stand_begin(&s);
			for (uint32_t slot = 0; slot < 100; slot++) {
				portset_take(s.ports[PROTO_UDP], slot);
				if (slot != 37)
					tuples_take(s.ground.tuples, &(struct tuple){ 0, slot, REMOTE, 443, PROTO_UDP }, 0);
			}
			assert_int_equal(stand_alloc(&s, 1, REMOTE + 1, &b), OUT_CREATED);
			assert_int_equal(b.odds, ODDS_UNKNOWN);
			o = stand_alloc(&s, 1, REMOTE, &b);
			assert_int_equal(o, o == OUT_CREATED ? OUT_CREATED : OUT_TRIES_EXHAUSTED);
			assert_true(o != OUT_CREATED || b.slot == 37);
			found += o == OUT_CREATED;
			stand_close(&s);
		}
		assert_in_range(found, rows[i].least, rows[i].most);
	}
}

static void ignore(void *context, const struct nat_event *e)
{
	(void)context;
	(void)e;
}

/* The presets of boxes that overload do as these: two subscribers with one inside port and different remotes share its
 * number, where the box keeps it; 16 numbers carry 32 sessions to two remotes, as was seen of Linux; a third remote is
 * served too, and no number carries one remote twice. */
static void boxes_share_a_port_between_remotes(void **state)
{
	static const struct { const char *preset; bool keeps; uint32_t least; } rows[] = {
		{ "linux-snat", true, 16 },   { "linux-persistent", true, 16 },      { "linux-random", false, 16 },
		{ "vpp-nat44-ed", true, 10 }, { "linux-fully-random", false, 16 }, /* 10 random tries of 16 miss some */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf("{ \"subscribers\": { \"count\": 4 }, \"pool\": { \"prefixes\": [\"192.0.2.1\"] }, \"schemes\": "
		                         "[{ \"preset\": \"%s\", \"pool\": { \"ports\": \"2000-2015\" } }] }", rows[i].preset);
		struct err e = ERR_INIT;
		struct scenario *s = scenario_parse(text, strlen(text), "test", NULL, &e);
		uint32_t remotes[3][16] = { { 0 } }, number[2];
		const struct trial *t;
		struct slots *slots;
		struct nat *nat;

		if (!s)
			err_print(&e, stderr);
		assert_non_null(s);
		t = &s->trials[0];
		slots = slots_create(t->pool.ports, &t->pool.exclude);
		assert_true(t->scheme->overloads(t->scheme_config));
		nat = nat_create(&(struct nat_setup){
			.config = &t->nat, .slots = slots, .pooling = t->pool.pooling, .assignment = t->pool.assignment,
			.addresses = 1, .subscribers = 4, .rng_key = RNG_TEST, .sink = { NULL, ignore },
			.scheme_create = t->scheme->create, .scheme_config = t->scheme_config,
		});
		for (uint32_t k = 0; k < 96; k++) { /* 32 towards each of three remotes: twice as many as there are numbers */
			struct segment train = {
				.first_in_ns = NS_NONE, .last_in_ns = NS_NONE, .subscriber = (k + k / 4) % 4, .port = (uint16_t)(2000 + k / 12),
				.remote = REMOTE + k / 4 % 3, .remote_port = 443, .protocol = PROTO_UDP,
			};
			struct verdict v = nat_show(nat, &train);

			if (k == 0 || k == 4) /* of two subscribers, to two remotes */
				number[k / 4] = v.number;
			if (v.outcome == OUT_CREATED)
				assert_int_equal(remotes[k / 4 % 3][v.slot]++, 0);
			else
				assert_int_equal(v.outcome, OUT_TRIES_EXHAUSTED);
		}
		assert_true(!rows[i].keeps || (number[0] == 2000 && number[1] == 2000));
		for (int remote = 0; remote < 3; remote++) {
			uint32_t given = 0;

			for (int slot = 0; slot < 16; slot++)
				given += remotes[remote][slot];
			assert_in_range(given, rows[i].least, 16);
		}
		nat_destroy(nat);
		slots_destroy(slots);
		scenario_destroy(s);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_up_after_its_tries),
		cmocka_unit_test(takes_the_inside_port_first),
		cmocka_unit_test(overloaded_tries_are_of_the_remote),
		cmocka_unit_test(boxes_share_a_port_between_remotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
