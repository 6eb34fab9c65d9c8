/* One train to packets: what was ordered, and what cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "traffic/replay_packet.h"
#include "traffic/replay_payload.h"
#include "traffic/replay_train.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static struct train_order random_order(struct rng *r)
{
	struct train_order o = { .lead = (enum way)rng_below(r, WAYS), .tcp = true, .header = 40, .full = 1460 };
	int64_t spread = rng_below(r, 2) ? 4 * NS_PER_S : 4;

	for (int way = 0; way < WAYS; way++) {
		uint32_t n = rng_below(r, 40);

		o.ways[way].first_ns = o.ways[way].last_ns = NS_NONE;
		if (!n)
			continue;
		o.ways[way].first_ns = rng_below(r, (uint32_t)spread);
		o.ways[way].last_ns = n == 1 ? o.ways[way].first_ns : o.ways[way].first_ns + rng_below(r, (uint32_t)spread);
		o.ways[way].packets = n;
		o.ways[way].bytes = 40 * n + rng_below(r, 1400 * n);
		o.ways[way].syn = rng_below(r, 2);
		o.ways[way].fin = rng_below(r, 2);
	}
	o.reset = rng_below(r, 2);
	o.ways[WAY_OUT].asks = o.ways[WAY_OUT].syn && !o.ways[WAY_IN].packets && rng_below(r, 2);
	return o;
}

/* Packets, bytes, first and last times are those asked for; time does not run backwards; no gap cuts the train;
 * the marks lie where NATs look for them. */
static void trains_are_as_ordered(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int round = 0; round < 20000; round++) {
		struct train_order o = random_order(&r);
		struct train_walk w;
		struct train_step s = { 0 };
		int64_t before_ns = NS_NONE, last_ns[WAYS] = { NS_NONE, NS_NONE };
		uint32_t packets[WAYS] = { 0 }, fins[WAYS] = { 0 };
		uint64_t bytes[WAYS] = { 0 };

		assert_true(train_begin(&w, &o));
		while (train_next(&w, &s)) {
			assert_true(s.time_ns >= before_ns && (before_ns == NS_NONE || s.time_ns - before_ns < SEGMENT_GAP));
			assert_int_equal(s.index, packets[s.way]);
			assert_true(s.index || s.time_ns == o.ways[s.way].first_ns);
			assert_true(s.syn == (o.ways[s.way].syn && (!s.index || (o.ways[s.way].asks && s.syn))));
			assert_true(s.options <= 40 && s.options % 4 == 0 && (s.syn || !s.options));
			assert_true(s.payload + s.options + 40 <= 65535);
			assert_true(s.reset == (o.reset && s.last));
			before_ns = last_ns[s.way] = s.time_ns;
			packets[s.way]++;
			fins[s.way] += s.fin;
			bytes[s.way] += 40 + s.options + s.payload;
		}
		for (int way = 0; way < WAYS; way++) {
			assert_int_equal(packets[way], o.ways[way].packets);
			assert_true(bytes[way] == o.ways[way].bytes);
			assert_true(last_ns[way] == o.ways[way].last_ns);
			assert_int_equal(fins[way], o.ways[way].packets && o.ways[way].fin);
		}
	}
}

/* What cannot be had is said: fewer bytes than headers, a silence of a minute with two packets. */
static void impossible_trains_are_told(void **state)
{
	struct train_order small = { .header = 28, .full = 1472 }, silent = small, unknown = small;
	struct train_walk w;
	struct train_step s;
	int packets = 0;

	(void)state;
	small.ways[WAY_IN].first_ns = small.ways[WAY_IN].last_ns = NS_NONE;
	silent.ways[WAY_IN] = unknown.ways[WAY_IN] = small.ways[WAY_IN];
	small.ways[WAY_OUT].packets = 1;
	small.ways[WAY_OUT].bytes = 27;
	assert_false(train_begin(&w, &small));
	silent.ways[WAY_OUT].last_ns = unknown.ways[WAY_OUT].last_ns = 60 * NS_PER_S;
	silent.ways[WAY_OUT].packets = 2;
	silent.ways[WAY_OUT].bytes = 56;
	assert_false(train_begin(&w, &silent));
	assert_true(train_begin(&w, &unknown)); /* no number was asked for: as few as can be */
	while (train_next(&w, &s))
		packets++;
	assert_int_equal(packets, 14); /* 60 s by steps of less than 5 s */
}

static void payloads_suit_their_ports(void **state)
{
	uint8_t fill;

	(void)state;
	assert_true(replay_payload(PROTO_UDP, 40000, 53, 40, &fill) && fill == 0); /* a header that asks nothing */
	assert_false(replay_payload(PROTO_UDP, 40000, 53, 5, &fill));
	assert_true(replay_payload(PROTO_TCP, 443, 40000, 1, &fill));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains_are_as_ordered),
		cmocka_unit_test(impossible_trains_are_told),
		cmocka_unit_test(payloads_suit_their_ports),
	};

	return cmocka_run_group_tests_name("replay_train", tests, NULL, NULL);
}
