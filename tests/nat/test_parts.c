/* Parts of the NAT that packets alone do not show. */
#include "sim/nat/edge.h"
#include "sim/nat/table.h"
#include "tests/support/packetbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The warm-up leans on it: of the timers that a workload's protocols can reach, the longest. */
static void longest_timeout_is_of_what_can_happen(void **state)
{
	static const struct { bool tcp, udp, icmp, left_open; int64_t want; } rows[] = {
		{ false, false, false, true, 0 }, { false, false, true, false, 50 }, { false, true, true, true, 400 },
		{ true, false, true, false, 200 }, { true, false, false, true, 7000 }, { true, true, true, false, 400 },
		{ false, true, false, false, 400 },
	};
	struct nat_timeouts t = { .udp = 300, .udp_well_known = 400, .tcp_established = 7000, .tcp_open = 240, .tcp_closing = 200,
	                          .icmp = 50 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		bool protocols[PROTO_COUNT] = { [PROTO_TCP] = rows[i].tcp, [PROTO_UDP] = rows[i].udp, [PROTO_ICMP] = rows[i].icmp };

		assert_int_equal(nat_longest_timeout(&t, protocols, rows[i].left_open), rows[i].want);
	}
	t.udp = 500;
	t.tcp_open = 8000;
	assert_int_equal(nat_longest_timeout(&t, (bool[PROTO_COUNT]){ [PROTO_UDP] = true }, false), 500);
	assert_int_equal(nat_longest_timeout(&t, (bool[PROTO_COUNT]){ [PROTO_TCP] = true }, true), 8000);
}

static void nothing_may_be_destroyed(void **state)
{
	(void)state;
	nat_destroy(NULL);
	slots_destroy(NULL);
	portset_destroy(NULL);
	edge_destroy(NULL);
	holders_destroy(NULL);
}

/* The n-th address and back, over a gap, as far as `addresses` says; nothing beyond the list, though something lies there. */
static void addresses_are_counted_in_order(void **state)
{
	struct addr_range items[] = { { 100, 103 }, { 10, 11 }, { 50, 60 } };
	struct pool_config c = { .prefixes = { items, 2 } };
	uint64_t n;

	(void)state;
	assert_int_equal(pool_config_size(&c), 6);
	for (uint64_t k = 0; k < 6; k++) {
		uint32_t address = (uint32_t)(k < 4 ? 100 + k : 6 + k);

		assert_int_equal(pool_config_address(&c, k), address);
		assert_true(pool_config_find(&c, address, &n));
		assert_int_equal(n, k);
	}
	assert_false(pool_config_find(&c, 12, &n));
	assert_false(pool_config_find(&c, 55, &n));
	assert_false(pool_config_find(&c, 99, &n));
	c.addresses = 5;
	assert_int_equal(pool_config_size(&c), 5);
	assert_true(pool_config_find(&c, 10, &n));
	assert_false(pool_config_find(&c, 11, &n));
	c.addresses = 7;
	assert_int_equal(pool_config_size(&c), 6);
	assert_true(pool_config_find(&c, 11, &n));
}

/* Newcomers one by one, over three addresses that all have room. */
static void assignment_is_as_told(void **state)
{
	static const uint32_t in_turn[] = { 0, 1, 2, 0, 1, 2, 0, 1 };

	(void)state;
	for (int assignment = ASSIGN_RANDOM; assignment <= ASSIGN_HASH; assignment++)
		for (int backwards = 0; backwards < 2; backwards++) {
			struct lab b;
			uint32_t address[8], on[3] = { 0 };

			lab_defaults(&b);
			b.addresses = 3;
			b.assignment = assignment;
			lab_open(&b);
			for (uint32_t k = 0; k < 8; k++) {
				uint32_t who = backwards ? 7 - k : k;

				lab_out(&b, 0, who, udp(1, REMOTE(0), 80));
				address[who] = nat_address_of(b.nat, who);
				on[address[who]]++;
				if (assignment == ASSIGN_ROUND_ROBIN || assignment == ASSIGN_LEAST_USED)
					assert_int_equal(address[who], in_turn[k]);
				if (assignment == ASSIGN_HASH) /* whoever else came before */
					assert_int_equal(address[who], mix64(who, RNG_PAIRING) % 3);
			}
			assert_true(on[0] && on[1] && on[2]);
			lab_close(&b);
		}
}

/* A block that is still one's own holds the pairing; when it is given back, at that very moment, the pairing ends. */
static void a_block_holds_the_pairing(void **state)
{
	struct lab b;

	(void)state;
	lab_defaults(&b);
	lab_scheme(&b, "block");
	conf_u32(b.scheme, b.scheme_config, "max_blocks", 2);
	conf_ns(b.scheme, b.scheme_config, "idle", 1000 * S);
	conf_ns(b.scheme, b.scheme_config, "guard", 500 * S);
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	nat_advance(b.nat, 420 * S);
	assert_int_equal(lab_events(&b, NAT_PORT_RELEASED), 1);
	assert_int_not_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
	for (int64_t at = 421; !lab_events(&b, NAT_BLOCK_RETURNED); at++) {
		assert_int_not_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
		must(at < 5000);
		nat_advance(b.nat, at * S);
	}
	assert_int_equal(lab_events(&b, NAT_BLOCK_FREE), 0); /* its guard has only begun */
	assert_int_equal(nat_address_of(b.nat, 0), ADDRESS_NONE);
	lab_close(&b);
}

/* A NAT that is only shown trains evicts too. */
static void trains_may_evict(void **state)
{
	struct lab b;
	struct nat *nat;
	struct segment train = { .remote = REMOTE(0), .remote_port = 80, .port = 9, .protocol = PROTO_UDP,
	                         .first_in_ns = NS_NONE, .last_in_ns = NS_NONE };

	(void)state;
	lab_usual(&b);
	b.config.on_full = FULL_EVICT_RANDOM;
	nat_destroy(b.nat);
	slots_destroy(b.slots);
	b.slots = slots_create((struct port_range){ 2000, 2000 }, &b.exclude);
	b.nat = NULL;
	nat = nat_create(&(struct nat_setup){ .config = &b.config, .slots = b.slots, .addresses = 1, .subscribers = 2,
	                                      .sink = { .context = &b, .event = lab_event },
	                                      .scheme_create = b.scheme->create, .scheme_config = b.scheme_config });
	assert_int_equal(nat_show(nat, &train).outcome, OUT_CREATED);
	train.subscriber = 1;
	nat_prefetch(nat, &train);
	assert_int_equal(nat_show(nat, &train).outcome, OUT_CREATED);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->end, END_EVICTED);
	nat_destroy(nat);
	lab_close(&b);
}

/* Which number a fraction picks, of those that are free in a range across words; and the work of each search, in numbers
 * looked at. */
static void searches_pick_in_order_and_count_their_work(void **state)
{
	struct portset *ps = portset_create(300);
	uint64_t looked;

	(void)state;
	for (uint32_t slot = 0; slot < 300; slot++)
		if (slot % 3)
			portset_take(ps, slot);
	/* Free in 10..209: 12, 15 .. 207, 66 of them. */
	for (uint64_t k = 0; k < 66; k++) {
		uint32_t at = (uint32_t)((k << 32) / 66 + 1);

		assert_int_equal(portset_pick(ps, 10, 209, at), 12 + 3 * k);
	}
	assert_int_equal(portset_pick(ps, 10, 209, UINT32_MAX), 207);
	assert_int_equal(portset_pick(ps, 10, 11, 0), SLOT_NONE);
	assert_int_equal(portset_pick(ps, 130, 192, 0), 132); /* 21 of them, from the third word on */
	assert_int_equal(portset_pick(ps, 130, 192, UINT32_MAX), 192);
	looked = portset_looked(ps);
	portset_pick(ps, 10, 209, 0);
	assert_int_equal(portset_looked(ps) - looked, 200);
	looked = portset_looked(ps);
	portset_has(ps, 0);
	assert_int_equal(portset_looked(ps) - looked, 1);
	looked = portset_looked(ps);
	assert_int_equal(portset_find(ps, 0, 299, 100), 102);
	assert_int_equal(portset_looked(ps) - looked, 3);
	looked = portset_looked(ps);
	assert_int_equal(portset_find(ps, 97, 98, 98), SLOT_NONE);
	assert_int_equal(portset_looked(ps) - looked, 2);
	looked = portset_looked(ps);
	for (uint32_t slot = 0; slot < 300; slot += 3)
		portset_take(ps, slot); /* which looks at each */
	assert_int_equal(portset_find(ps, 70, 250, 100), SLOT_NONE);
	assert_int_equal(portset_looked(ps) - looked, 100 + 181);
	portset_destroy(ps);
}

/* Mappings with the same hash, which are rare, that differ in one thing alone. */
static void mappings_of_one_hash_are_told_apart(void **state)
{
	static const struct inside keys[] = {
		{ 1, 2, 3, 4, 5, 6 }, { 9, 2, 3, 4, 5, 6 }, { 1, 9, 3, 4, 5, 6 }, { 1, 2, 9, 4, 5, 6 }, { 1, 2, 3, 9, 5, 6 },
		{ 1, 2, 3, 4, 9, 6 }, { 1, 2, 3, 4, 5, 9 },
	};
	const size_t count = sizeof(keys) / sizeof(*keys);
	struct table t;

	(void)state;
	table_init(&t, 4);
	for (uint32_t k = 0; k < count; k++) {
		assert_int_equal(table_find(&t, 77, &keys[k]), INDEX_NONE);
		assert_int_equal(table_add(&t, 77, &keys[k]), k);
	}
	for (uint32_t k = 0; k < count; k++)
		assert_int_equal(table_find(&t, 77, &keys[k]), k);
	table_remove(&t, 3);
	for (uint32_t k = 0; k < count; k++)
		assert_int_equal(table_find(&t, 77, &keys[k]), k == 3 ? INDEX_NONE : k);
	assert_int_equal(t.by_inside.count, count - 1);
	/* What is removed leaves nothing in an index, which would grow for ever. */
	table_remove_further(&t, table_add_further(&t, 0, REMOTE(0), 80));
	assert_int_equal(t.by_remote.count, 0);
	table_clear(&t);
}

/* Thousands of 5-tuples, from few enough cells that they grow, taken, held and given back in three orders. */
static void tuples_are_found_until_given_back(void **state)
{
	enum { COUNT = 4999 };
	static const uint32_t strides[] = { 1, 7, COUNT - 1 };

	(void)state;
	for (size_t s = 0; s < 3; s++) {
		struct tuples *t = tuples_create(2, 10);

		for (uint32_t k = 0; k < COUNT; k++)
			tuples_take(t, &(struct tuple){ k % 2, k % 10, k, (uint16_t)(k * 3), PROTO_UDP }, k);
		for (uint32_t i = 0; i < COUNT; i++) {
			uint32_t k = i * strides[s] % COUNT, later = (i + 1) * strides[s] % COUNT;
			struct tuple key = { k % 2, k % 10, k, (uint16_t)(k * 3), PROTO_UDP };

			assert_int_equal(tuples_find(t, &key), k);
			tuples_hold(t, &key);
			assert_int_equal(tuples_find(t, &key), TUPLE_HELD);
			tuples_give(t, &key);
			assert_int_equal(tuples_find(t, &key), TUPLE_FREE);
			if (i + 1 < COUNT)
				assert_int_equal(tuples_find(t, &(struct tuple){ later % 2, later % 10, later, (uint16_t)(later * 3), PROTO_UDP }), later);
		}
		for (uint32_t slot = 0; slot < 10; slot++)
			assert_int_equal(tuples_live(t, slot % 2, PROTO_UDP, slot) + tuples_taken(t, slot % 2, PROTO_UDP, slot), 0);
		tuples_destroy(t);
	}
	tuples_destroy(NULL);
}

/* 5-tuples that differ in one thing alone, whichever it is, are others. */
static void tuples_differ_in_any_part(void **state)
{
	static const struct tuple keys[] = {
		{ 0, 0, 0, 0, PROTO_TCP }, { 1, 0, 0, 0, PROTO_TCP }, { 0, 1, 0, 0, PROTO_TCP }, { 0, 0, 1, 0, PROTO_TCP },
		{ 0, 0, 0, 1, PROTO_TCP }, { 0, 0, 0, 0, PROTO_UDP },
	};
	struct tuples *t = tuples_create(2, 2);

	(void)state;
	for (uint32_t k = 0; k < 6; k++) {
		assert_int_equal(tuples_find(t, &keys[k]), TUPLE_FREE);
		tuples_take(t, &keys[k], k);
	}
	for (uint32_t k = 0; k < 6; k++)
		assert_int_equal(tuples_find(t, &keys[k]), k);
	assert_int_equal(tuples_live(t, 0, PROTO_TCP, 0), 3);
	assert_int_equal(tuples_live(t, 0, PROTO_TCP, 1), 1);
	tuples_destroy(t);
}

static struct segment tcp_train(int64_t at_s, uint32_t remote, uint8_t flags)
{
	bool inbound = flags & SEG_INBOUND;

	return (struct segment){ .start_ns = at_s * S, .last_out_ns = inbound ? NS_NONE : at_s * S,
	                         .first_in_ns = inbound ? at_s * S : NS_NONE, .last_in_ns = inbound ? at_s * S : NS_NONE,
	                         .remote = remote, .remote_port = 80, .port = 9, .protocol = PROTO_TCP, .flags = flags };
}

/* A SYN again on an established connection, and on one that was reset: the one lives on, the other begins anew. */
static void trains_of_repeated_syns(void **state)
{
	static const struct { uint8_t first, second; int64_t life; } rows[] = {
		{ SEG_SYN_OUT | SEG_SYN_IN, SEG_SYN_OUT, 7440 }, { SEG_SYN_OUT, SEG_SYN_OUT, 240 }, { 0, SEG_SYN_IN, 7440 },
		{ SEG_SYN_OUT | SEG_SYN_IN | SEG_RST, SEG_SYN_OUT, 240 }, { SEG_SYN_OUT | SEG_SYN_IN | SEG_RST, SEG_SYN_IN, 7440 },
		{ SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_IN, SEG_SYN_OUT, 7200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct segment first = tcp_train(0, REMOTE(0), rows[i].first), second = tcp_train(100, REMOTE(0), rows[i].second);
		struct lab b;

		lab_usual(&b);
		nat_show(b.nat, &first);
		nat_show(b.nat, &second);
		assert_int_equal(lab_end_of_all(&b, 100 * S), (100 + rows[i].life) * S);
		lab_close(&b);
	}
}

/* After both FINs a train renews nothing, unless it opens anew; one from a stranger begins a session only by a SYN. */
static void trains_of_closed_and_strange_connections(void **state)
{
	static const struct { uint32_t remote; uint8_t flags; uint32_t sessions; int64_t end; } rows[] = {
		{ REMOTE(0), 0, 1, 240 }, { REMOTE(0), SEG_SYN_IN, 1, 240 }, { REMOTE(0), SEG_INBOUND, 1, 240 },
		{ REMOTE(0), SEG_SYN_OUT, 1, 340 }, { REMOTE(1), SEG_INBOUND, 1, 240 },
		{ REMOTE(1), SEG_INBOUND | SEG_SYN_IN, 2, 340 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct segment first = tcp_train(0, REMOTE(0), SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN);
		struct segment second = tcp_train(100, rows[i].remote, rows[i].flags);
		struct lab b;

		lab_usual(&b);
		assert_int_equal(nat_show(b.nat, &first).outcome, OUT_CREATED);
		assert_int_equal(nat_show(b.nat, &second).outcome, OUT_REFRESHED);
		assert_int_equal(nat_sessions(b.nat, 0), rows[i].sessions);
		assert_int_equal(lab_end_of_all(&b, 100 * S), rows[i].end * S);
		lab_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_timeout_is_of_what_can_happen),
		cmocka_unit_test(nothing_may_be_destroyed),
		cmocka_unit_test(addresses_are_counted_in_order),
		cmocka_unit_test(assignment_is_as_told),
		cmocka_unit_test(a_block_holds_the_pairing),
		cmocka_unit_test(trains_may_evict),
		cmocka_unit_test(searches_pick_in_order_and_count_their_work),
		cmocka_unit_test(mappings_of_one_hash_are_told_apart),
		cmocka_unit_test(tuples_are_found_until_given_back),
		cmocka_unit_test(tuples_differ_in_any_part),
		cmocka_unit_test(trains_of_repeated_syns),
		cmocka_unit_test(trains_of_closed_and_strange_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
