/* What is said to be drawn at random is: which mapping is evicted, and which
 * address with room a newcomer gets. Bounds of five standard deviations. */
#include "tests/support/natbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { NUMBERS = 8, ADDRESSES = 5 };

static const uint64_t session_random[16];

/* A full address: each newcomer takes the number of one of the eight, all alike often. */
static void victims_are_drawn_evenly(void **state)
{
	enum { ROUNDS = 8000 };
	struct nat_config config = bench_defaults();
	int taken[NUMBERS] = { 0 };
	struct bench b;

	(void)state;
	config.on_full = FULL_EVICT_RANDOM;
	config.hold_down.time = 0;
	bench_open(&b, config, (struct port_range){ 1024, 1024 + NUMBERS - 1 }, 1, 1, scheme_find("session"), session_random);
	for (uint16_t k = 0; k < NUMBERS; k++)
		assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, k, 0).outcome, OUT_CREATED);
	for (int k = 0; k < ROUNDS; k++) {
		struct verdict v = bench_send(&b, k, 0, PROTO_UDP, (uint16_t)(NUMBERS + k), 0);

		assert_int_equal(v.outcome, OUT_CREATED);
		taken[v.slot]++;
	}
	for (int k = 0; k < NUMBERS; k++)
		assert_in_range(taken[k], ROUNDS / NUMBERS - 5 * 30, ROUNDS / NUMBERS + 5 * 30);
	bench_close(&b);
}

/* Two of five addresses are full; a newcomer gets each of the other three alike often. */
static void addresses_with_room_are_drawn_evenly(void **state)
{
	enum { ROUNDS = 3000 };
	int given[ADDRESSES] = { 0 };
	struct nat_config config = bench_defaults();
	struct bench b;
	uint16_t port = 0;
	uint32_t full = 0;
	int64_t now = 0;

	(void)state;
	config.timeouts.udp = 10 * S;
	config.hold_down.time = 0;
	bench_open(&b, config, (struct port_range){ 1024, 1024 + NUMBERS - 1 }, ADDRESSES, 40, scheme_find("session"), session_random);
	/* Two subscribers fill one address each, for good: they renew their sessions with every round. */
	for (uint32_t who = 0; who < 2; who++)
		for (uint16_t k = 0; k < NUMBERS; k++)
			assert_int_equal(bench_send(&b, 0, who, PROTO_UDP, k, 0).outcome, OUT_CREATED);
	full = nat_address_of(b.nat, 0);
	for (int k = 0; k < ROUNDS; k++) {
		struct verdict v;

		now += 4 * S;
		for (uint32_t who = 0; who < 2; who++)
			for (uint16_t n = 0; n < NUMBERS; n++)
				bench_send(&b, now, who, PROTO_UDP, n, 0);
		v = bench_send(&b, now, (uint32_t)(2 + k % 38), PROTO_UDP, port++, 0);
		assert_int_equal(v.outcome, OUT_CREATED);
		given[v.address]++;
	}
	assert_int_equal(given[full], 0);
	assert_int_equal(given[nat_address_of(b.nat, 1)], 0);
	for (uint32_t a = 0; a < ADDRESSES; a++)
		if (a != full && a != nat_address_of(b.nat, 1))
			assert_in_range(given[a], ROUNDS / 3 - 5 * 26, ROUNDS / 3 + 5 * 26);
	bench_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(victims_are_drawn_evenly),
		cmocka_unit_test(addresses_with_room_are_drawn_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
