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
	struct train_order o = { .lead = (enum way)rng_below(r, WAYS), .tcp = true, .header = 40, .full = 1460, .limit = 65495 };
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
		o.ways[way].answers = o.ways[way].syn && rng_below(r, 2);
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
			assert_true(o.ways[s.way].syn || !s.syn);
			assert_true(s.syn || s.index || !o.ways[s.way].syn);
			assert_true(!s.syn || !s.index || o.ways[s.way].asks || !o.ways[s.way].answers);
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

/* A whole connection that the inside opened: SYN, SYN-ACK, both FIN; the numbers of packets known, or not. */
static struct train_order random_connection(struct rng *r, bool known)
{
	struct train_order o = { .lead = WAY_OUT, .tcp = true, .header = 40, .full = 1460, .limit = 65495 };
	int64_t spread = (1 + rng_below(r, 4)) * NS_PER_S;

	for (int way = 0; way < WAYS; way++) {
		o.ways[way].syn = o.ways[way].fin = true;
		o.ways[way].packets = known ? 4 + rng_below(r, 20) : 0;
		o.ways[way].bytes = known ? 40 * (uint64_t)o.ways[way].packets + rng_below(r, 1400) : 0;
	}
	o.ways[WAY_IN].answers = true;
	o.ways[WAY_IN].first_ns = rng_below(r, 2) ? (int64_t)rng_below(r, NS_PER_S) : 0;
	for (int way = 0; way < WAYS; way++)
		o.ways[way].last_ns = o.ways[WAY_IN].first_ns + (rng_below(r, 2) ? spread : (int64_t)rng_below(r, (uint32_t)spread));
	return o;
}

/* Who was answered speaks next, at once; each FIN is acknowledged, and nothing but that follows it. */
static void connections_are_well_formed(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 11);
	for (int round = 0; round < 20000; round++) {
		struct train_order o = random_connection(&r, round % 2);
		struct train_walk w;
		struct train_step s;
		bool fin[WAYS] = { false }, acknowledged[WAYS] = { false };
		int64_t answered_ns = NS_NONE;

		assert_true(train_begin(&w, &o));
		assert_true(train_next(&w, &s) && s.way == WAY_OUT && s.syn);
		assert_true(train_next(&w, &s) && s.way == WAY_IN && s.syn);
		answered_ns = s.time_ns;
		assert_true(train_next(&w, &s) && s.way == WAY_OUT && !s.syn && !s.fin && s.time_ns == answered_ns);
		while (train_next(&w, &s)) {
			assert_false(s.syn);
			assert_true(!fin[s.way] || (!s.payload && !s.fin));
			for (int way = 0; way < WAYS; way++)
				acknowledged[way] = acknowledged[way] || (fin[way] && s.way != (enum way)way);
			fin[s.way] = fin[s.way] || s.fin;
		}
		assert_true(acknowledged[WAY_OUT] && acknowledged[WAY_IN]);
	}
}

/* A silence that takes the only packet to spare has it as late as can be; the other side waits for it. */
static void late_greetings_come_first(void **state)
{
	struct train_order o = { .lead = WAY_OUT, .tcp = true, .header = 40, .full = 1460, .limit = 65495 };
	struct train_walk w;
	struct train_step s;

	(void)state;
	o.ways[WAY_OUT].syn = o.ways[WAY_IN].syn = o.ways[WAY_IN].answers = true;
	o.ways[WAY_OUT].packets = 3;
	o.ways[WAY_IN].packets = 4;
	o.ways[WAY_OUT].bytes = 120;
	o.ways[WAY_IN].bytes = 160;
	o.ways[WAY_IN].first_ns = 1;
	o.ways[WAY_OUT].last_ns = 18 * NS_PER_S; /* three packets are needed between: all that there are */
	o.ways[WAY_IN].last_ns = 17 * NS_PER_S;
	assert_true(train_begin(&w, &o));
	assert_true(train_next(&w, &s) && s.way == WAY_OUT);
	assert_true(train_next(&w, &s) && s.way == WAY_IN);
	assert_true(train_next(&w, &s) && s.way == WAY_OUT && s.time_ns == SEGMENT_GAP);
}

/* The SYN of a connection that was answered only after SEGMENT_GAP came again. */
static void unanswered_syns_come_again(void **state)
{
	struct train_order o = { .lead = WAY_OUT, .tcp = true, .header = 40, .full = 1460, .limit = 65495 };
	struct train_walk w;
	struct train_step s;

	(void)state;
	o.ways[WAY_OUT].syn = o.ways[WAY_IN].syn = o.ways[WAY_IN].answers = true;
	o.ways[WAY_OUT].packets = 3;
	o.ways[WAY_IN].packets = 1;
	o.ways[WAY_OUT].bytes = 130;
	o.ways[WAY_IN].bytes = 40;
	o.ways[WAY_OUT].last_ns = o.ways[WAY_IN].first_ns = o.ways[WAY_IN].last_ns = 7 * NS_PER_S;
	assert_true(train_begin(&w, &o));
	assert_true(train_next(&w, &s) && s.way == WAY_OUT && s.syn);
	assert_true(train_next(&w, &s) && s.way == WAY_OUT && s.syn && s.time_ns < 7 * NS_PER_S);
	assert_true(train_next(&w, &s) && s.way == WAY_IN && s.syn);
	assert_true(train_next(&w, &s) && s.way == WAY_OUT && !s.syn);
}

/* Segments put together by a network card: more than the packets without a mark can carry. */
static void marked_packets_carry_what_is_left(void **state)
{
	static const struct { uint32_t packets; bool syn, fin, reset; uint64_t payload; } cases[] = {
		{ 3, true, true, false, 64240 + 36000 }, { 2, false, true, false, 1460 + 1000 }, { 2, false, true, true, 90000 },
		{ 2, true, false, true, 100 }, { 3, true, true, true, 3 * 65455 }, { 1, true, false, false, 65455 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct train_order o = { .tcp = true, .reset = cases[i].reset, .header = 40, .full = 1460, .limit = 65495 };
		struct train_walk w;
		struct train_step s;
		uint64_t bytes = 0;

		o.ways[WAY_IN].first_ns = o.ways[WAY_IN].last_ns = NS_NONE;
		o.ways[WAY_OUT].last_ns = cases[i].packets > 1;
		o.ways[WAY_OUT].packets = cases[i].packets;
		o.ways[WAY_OUT].bytes = 40 * cases[i].packets + cases[i].payload;
		o.ways[WAY_OUT].syn = cases[i].syn;
		o.ways[WAY_OUT].fin = cases[i].fin;
		assert_true(train_begin(&w, &o));
		while (train_next(&w, &s)) {
			bytes += 40 + s.options + s.payload;
			assert_true(40 + s.options + s.payload <= 65535);
			assert_true(cases[i].payload > 1460 * cases[i].packets || s.payload <= 1460);
		}
		assert_true(bytes == o.ways[WAY_OUT].bytes);
	}
}

/* What cannot be had is said: fewer bytes than headers, a silence of a minute with two packets. */
static void impossible_trains_are_told(void **state)
{
	struct train_order small = { .header = 28, .full = 1472, .limit = 65507 }, silent = small, unknown = small;
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
	uint8_t payload[40];

	(void)state;
	assert_true(replay_payload(PROTO_UDP, 40000, 53, 0, payload, 40) && payload[0] == 0); /* a header that asks nothing */
	assert_false(replay_payload(PROTO_UDP, 40000, 53, 0, payload, 5));
	assert_true(replay_payload(PROTO_TCP, 443, 40000, 0, payload, 1));
}

/* Messages follow one another whatever the segments; or each segment is one, where none is put together of several. */
static void messages_are_whole(void **state)
{
	uint8_t whole[200], part[200];

	(void)state;
	assert_true(replay_payload(PROTO_TCP, 53, 40000, 0, whole, sizeof(whole)));
	for (size_t at = 0; at + 14 <= sizeof(whole); at += 14)
		assert_true(whole[at] == 0 && whole[at + 1] == 12);
	for (uint32_t at = 0, n = 1; at + n <= sizeof(whole); at += n, n = n % 17 + 1) {
		assert_true(replay_payload(PROTO_TCP, 40000, 53, at, part, n));
		assert_memory_equal(part, whole + at, n);
	}
	for (uint32_t n = 7; n < sizeof(part); n++) {
		assert_true(replay_payload(PROTO_TCP, 161, 40000, n, part, n));
		assert_true(part[0] == 0x30 && part[2] == 0 && part[3] == n - 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trains_are_as_ordered),
		cmocka_unit_test(connections_are_well_formed),
		cmocka_unit_test(late_greetings_come_first),
		cmocka_unit_test(unanswered_syns_come_again),
		cmocka_unit_test(marked_packets_carry_what_is_left),
		cmocka_unit_test(impossible_trains_are_told),
		cmocka_unit_test(payloads_suit_their_ports),
		cmocka_unit_test(messages_are_whole),
	};

	return cmocka_run_group_tests_name("replay_train", tests, NULL, NULL);
}
