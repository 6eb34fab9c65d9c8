#include "sim/scheme/keyed.h"
#include "sim/scheme/pick.h"
#include "tests/support/stand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* One number, two, a stride trap (1999 to 2046), the ends of the space, a whole one, sizes beside powers of two. */
static const struct port_range ranges[] = {
	{ 1024, 1024 }, { 1024, 1025 }, { 1999, 2046 }, { 65500, 65535 }, { 1, 63 }, { 1, 64 }, { 1, 65 },
	{ 1000, 1100 }, { 1024, 5119 }, { 1, 65535 },
};
#define RANGES (sizeof(ranges) / sizeof(*ranges))

static const struct { const char *select; bool parity, port_class; } selects[] = {
	{ "random", false, false },    { "sequential", false, false }, { "preserve", false, false },
	{ "preserve", true, false },   { "preserve", false, true },    { "preserve", true, true },
	{ "rfc6056-1", false, false }, { "rfc6056-2", false, false },  { "rfc6056-3", false, false },
	{ "rfc6056-4", false, false }, { "rfc6056-5", false, false },
};
#define SELECTS (sizeof(selects) / sizeof(*selects))

static void open_select(struct stand *s, size_t row, struct port_range range, uint32_t draws)
{
	stand_open(s, "session", range, RNG_TEST);
	set_choice(s, "select", selects[row].select);
	*(bool *)conf_member(s->type, s->config, "parity") = selects[row].parity;
	*(bool *)conf_member(s->type, s->config, "port_class") = selects[row].port_class;
	conf_u32(s->type, s->config, "draws", draws);
	conf_u32(s->type, s->config, "counters", 10);
	conf_u32(s->type, s->config, "increment", 500);
	stand_begin(s);
}

/* Every number is given before the first refusal, and no choice looks at more than its declared draws and
 * each number once: RFC 6056's own loops of algorithms 2 and 5 fail the first, probes by stride the second. */
static void every_number_is_given_and_looked_at_once(void **state)
{
	(void)state;
	for (size_t k = 0; k < SELECTS; k++)
		for (size_t i = 0; i < RANGES; i++) {
			struct stand s;
			struct binding b;
			uint32_t draws = selects[k].port_class ? 2 * PICK_DRAWS : PICK_DRAWS;

			open_select(&s, k, ranges[i], 3);
			for (uint32_t n = 0; n < s.slots->count; n++) {
				uint64_t before = portset_looked(s.ports[PROTO_UDP]);

				/* taking it looks once more; `random` and `preserve`, in each class, draw PICK_DRAWS times; the inside port */
				assert_int_equal(stand_alloc(&s, (uint16_t)(n * 7919), n % 5, &b), OUT_CREATED);
				assert_true(portset_looked(s.ports[PROTO_UDP]) - before <= s.slots->count + draws + 2);
			}
			assert_int_equal(stand_alloc(&s, 1, 1, &b), OUT_NO_PORT);
			stand_close(&s);
		}
}

/* Algorithms 2 and 5: the declared number of draws, and then one full scan, on every range, with one number free: it is
 * found by a draw, after no more looks than draws, or by the scan, after all draws and a look at each number. */
static void declared_draws_and_then_one_scan(void **state)
{
	static const struct { const char *select; uint32_t draws; } rows[] = {
		{ "rfc6056-2", 1 }, { "rfc6056-2", 8 }, { "rfc6056-2", 200 }, { "rfc6056-5", 1 }, { "rfc6056-5", 8 },
	};

	(void)state;
	for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
		for (size_t i = 0; i < RANGES; i++) {
			uint32_t count = (uint32_t)(ranges[i].hi - ranges[i].lo) + 1, drawn = 0, scanned = 0;

			for (uint64_t seed = 0; seed < (count > 1000 ? 3 : 100); seed++) {
				struct stand s;
				struct binding b;
				uint64_t looks;

				stand_open(&s, "session", ranges[i], mix64(seed, RNG_TEST));
				set_choice(&s, "select", rows[k].select);
				conf_u32(s.type, s.config, "draws", rows[k].draws);
				conf_u32(s.type, s.config, "increment", 500);
				stand_begin(&s);
				for (uint32_t slot = 0; slot < count; slot++)
					if (slot != count / 3)
						portset_take(s.ports[PROTO_UDP], slot);
				looks = portset_looked(s.ports[PROTO_UDP]);
				assert_int_equal(stand_alloc(&s, 1, 1, &b), OUT_CREATED);
				assert_int_equal(b.slot, count / 3);
				looks = portset_looked(s.ports[PROTO_UDP]) - looks - 1; /* taking it is one */
				drawn += looks <= rows[k].draws;
				scanned += looks == rows[k].draws + count;
				stand_close(&s);
			}
			assert_int_equal(drawn + scanned, count > 1000 ? 3 : 100);
			if (count == 1)
				assert_int_equal(scanned, 0);
			else if (rows[k].draws <= 8 && count >= 36)
				assert_true(scanned > 0);
		}
}

/* Uniform over the free ones on a set where all but every hundredth number, and a run of
 * twenty, is taken: the walk of algorithm 1 would take the run's first twenty times less often than the others. */
static void a_pick_is_uniform_however_full(void **state)
{
	struct portset *ports = portset_create(1000);
	uint32_t hits[1000] = { 0 };
	struct rng rng;
	double chi = 0;

	(void)state;
	rng_seed(&rng, RNG_TEST);
	for (uint32_t slot = 0; slot < 1000; slot++)
		if (slot % 100 && (slot < 500 || slot >= 520))
			portset_take(ports, slot);
	assert_int_equal(portset_free(ports), 29);
	for (int i = 0; i < 29000; i++)
		hits[pick_random(ports, 0, 1000, &rng)]++;
	for (uint32_t slot = 0; slot < 1000; slot++) {
		if (portset_has(ports, slot))
			assert_int_equal(hits[slot], 0);
		else
			chi += (hits[slot] - 1000.0) * (hits[slot] - 1000.0) / 1000;
	}
	assert_true(chi < 56.9); /* 28 degrees of freedom: 1 in 1000 */
	assert_int_equal(pick_random(ports, 201, 99, &rng), SLOT_NONE);
	portset_destroy(ports);
}

/* Algorithm 1 is the walk: the free number behind a run of nine is given ten times as often as its neighbour. */
static void algorithm_1_walks_up_from_its_start(void **state)
{
	uint32_t behind = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		struct stand s;
		struct binding b;

		stand_open(&s, "session", (struct port_range){ 1, 11 }, seed);
		set_choice(&s, "select", "rfc6056-1");
		stand_begin(&s);
		for (uint32_t slot = 0; slot < 9; slot++)
			portset_take(s.ports[PROTO_UDP], slot);
		assert_int_equal(stand_alloc(&s, 1, 1, &b), OUT_CREATED);
		behind += b.slot == 9;
		stand_close(&s);
	}
	assert_in_range(behind, 1740, 1900); /* 10 of 11 */
}

/* Algorithm 3: to one remote endpoint the numbers follow each other; to another they begin elsewhere. With the
 * one counter of algorithm 3 a flow to B moves A's next number, with a table of them hardly ever. */
static void hashed_algorithms_count_by_endpoint(void **state)
{
	static const struct { const char *select; uint32_t moved; } rows[] = { { "rfc6056-3", 2 }, { "rfc6056-4", 1 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct stand s;
		struct binding a, b, again;

		stand_open(&s, "session", (struct port_range){ 1024, 65535 }, RNG_TEST);
		set_choice(&s, "select", rows[i].select);
		conf_u32(s.type, s.config, "counters", 1000);
		stand_begin(&s);
		assert_int_equal(stand_alloc(&s, 1, 0xc6120001, &a), OUT_CREATED);
		assert_int_equal(stand_alloc(&s, 2, 0xc6120002, &b), OUT_CREATED);
		assert_int_equal(stand_alloc(&s, 3, 0xc6120001, &again), OUT_CREATED);
		assert_int_equal(again.slot, (a.slot + rows[i].moved) % s.slots->count);
		assert_true(b.slot != a.slot + 1);
		assert_int_equal(a.odds, ODDS_UNKNOWN);
		stand_close(&s);
	}
}

/* Algorithm 5: steps of 1 to N, all of them, from the last one given. */
static void algorithm_5_steps_at_random(void **state)
{
	struct stand s;
	struct binding b;
	uint32_t last = 0, steps[8] = { 0 };

	(void)state;
	stand_open(&s, "session", (struct port_range){ 1024, 65535 }, RNG_TEST);
	set_choice(&s, "select", "rfc6056-5");
	conf_u32(s.type, s.config, "draws", 8);
	conf_u32(s.type, s.config, "increment", 7);
	stand_begin(&s);
	for (int i = 0; i < 7000; i++) {
		assert_int_equal(stand_alloc(&s, 1, 1, &b), OUT_CREATED);
		assert_in_range(b.slot - last, 1, 7);
		steps[b.slot - last]++;
		last = b.slot;
		assert_in_range(b.odds, 1, 7);
	}
	for (int i = 1; i <= 7; i++)
		assert_in_range(steps[i], 850, 1150);
	stand_close(&s);
}

/* RFC 4787 REQ-3 and REQ-4: the inside port, else one of its parity and class, else any. */
static void preserve_keeps_parity_and_class(void **state)
{
	struct stand s;
	struct binding b;

	(void)state;
	stand_open(&s, "session", (struct port_range){ 1000, 1047 }, RNG_TEST); /* 24 below 1024, 24 above */
	set_choice(&s, "select", "preserve");
	*(bool *)conf_member(s.type, s.config, "parity") = true;
	*(bool *)conf_member(s.type, s.config, "port_class") = true;
	stand_begin(&s);
	for (int i = 0; i < 24; i++) { /* port 1001 again and again: 12 odd ones of its class, then the even ones */
		assert_int_equal(stand_alloc(&s, 1001, 1, &b), OUT_CREATED);
		assert_in_range(b.slot, 0, 23);
		assert_int_equal(b.slot % 2, i < 12);
		if (i == 0)
			assert_int_equal(b.slot, 1);
	}
	assert_int_equal(stand_alloc(&s, 1001, 1, &b), OUT_CREATED); /* its class is full */
	assert_in_range(b.slot, 24, 47);
	assert_int_equal(b.slot % 2, 1);
	assert_int_equal(stand_alloc(&s, 40000, 1, &b), OUT_CREATED); /* not in the pool: an even one of its class */
	assert_in_range(b.slot, 24, 47);
	assert_int_equal(b.slot % 2, 0);
	stand_close(&s);
}

/* The vector of SipHash's paper, appendix A. */
static void the_keyed_hash_is_siphash(void **state)
{
	uint8_t message[15];

	(void)state;
	for (uint8_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	assert_true(keyed_hash((struct keyed){ UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908) }, message,
	                       sizeof(message)) == UINT64_C(0xa129ca6149be45e5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_is_given_and_looked_at_once),
		cmocka_unit_test(declared_draws_and_then_one_scan),
		cmocka_unit_test(a_pick_is_uniform_however_full),
		cmocka_unit_test(algorithm_1_walks_up_from_its_start),
		cmocka_unit_test(hashed_algorithms_count_by_endpoint),
		cmocka_unit_test(algorithm_5_steps_at_random),
		cmocka_unit_test(preserve_keeps_parity_and_class),
		cmocka_unit_test(the_keyed_hash_is_siphash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
