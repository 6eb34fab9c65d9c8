/* What the NAT asks of a scheme, when and how often, and what it does with each of its answers. The scheme is a toy that
 * gives the lowest free number and refuses as it is told. */
#include "tests/support/packetbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct toy {
	enum outcome why[2];       /* of a refusal, by address */
	uint32_t numbers[2];       /* how many it has, by address */
	bool room;                 /* what it says of room, true or not */
	bool tied;
	bool homes;                /* subscriber 1 must live on address 1; the others where the NAT will */
	int64_t due_ns;            /* it wants to be called then; NS_NEVER: never */
	uint32_t asked;
	struct lab *lab;
	size_t events_before;      /* how many there were when it was called */
	struct ground *ground;
};

static bool toy_room(void *state, uint32_t address, enum protocol protocol)
{
	const struct toy *t = state;

	(void)address;
	(void)protocol;
	return t->room;
}

static enum outcome toy_alloc(void *state, const struct request *r, struct binding *out)
{
	struct toy *t = state;

	t->asked++;
	for (uint32_t slot = 0; slot < t->numbers[r->address]; slot++)
		if (!portset_has(ground_ports(t->ground, r->address, r->protocol), slot)) {
			out->slot = slot;
			return OUT_CREATED;
		}
	return t->why[r->address];
}

static uint32_t toy_home(void *state, uint32_t subscriber)
{
	const struct toy *t = state;

	return t->homes && subscriber == 1 ? 1 : ADDRESS_NONE;
}

static int64_t toy_next(void *state)
{
	const struct toy *t = state;

	return t->due_ns;
}

static void toy_tick(void *state, int64_t now_ns)
{
	struct toy *t = state;

	must(now_ns == t->due_ns);
	t->due_ns = NS_NEVER;
	t->events_before = t->lab->event_count;
}

static void toy_destroy(void *state)
{
	(void)state;
}

static struct allocator toy_create(const void *config, struct ground *ground)
{
	struct toy *t = (struct toy *)(uintptr_t)config;

	t->ground = ground;
	return (struct allocator){ .home = toy_home, .room = toy_room, .alloc = toy_alloc, .next = toy_next,
	                            .tick = toy_tick, .destroy = toy_destroy, .state = t, .tied = t->tied };
}

static const struct scheme_type toy_type = { .name = "toy", .create = toy_create };

/* One address with one number, unless the caller changes it before lab_open(). */
static struct toy *toy_defaults(struct lab *b, enum outcome why)
{
	struct toy *t = must_alloc(1, sizeof(*t));

	lab_defaults(b);
	free(b->scheme_config);
	b->scheme = &toy_type;
	b->scheme_config = t;
	b->addresses = 1;
	b->ports = (struct port_range){ 2000, 2003 };
	*t = (struct toy){ .why = { why, why }, .numbers = { 1, 1 }, .room = true, .due_ns = NS_NEVER, .lab = b };
	return t;
}

static const enum outcome reasons[] = { OUT_BLOCK_LIMIT, OUT_RANGE_FULL, OUT_NO_ADDRESS, OUT_NO_BLOCK, OUT_NO_PORT,
	                                OUT_TRIES_EXHAUSTED };

/* RFC 6888 REQ-8 B. Whatever word a scheme has for it, a held number of the same subscriber is given back. */
static void a_held_number_comes_back_for_any_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		struct lab b;
		struct toy *t = toy_defaults(&b, reasons[i]);

		b.config.hold_down.same_subscriber = RELEASE;
		lab_open(&b);
		lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
		assert_int_equal(lab_out(&b, 300 * S, 0, udp(2, REMOTE(0), 80)).outcome, OUT_CREATED);
		assert_int_equal(t->asked, 3);
		lab_close(&b);
	}
}

/* And with `evict-random` a mapping is, for any of them. */
static void a_mapping_is_evicted_for_any_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		struct lab b;

		toy_defaults(&b, reasons[i]);
		b.config.on_full = FULL_EVICT_RANDOM;
		lab_open(&b);
		lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
		assert_int_equal(lab_out(&b, 1 * S, 1, udp(2, REMOTE(0), 80)).outcome, OUT_CREATED);
		assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->end, END_EVICTED);
		lab_close(&b);
	}
}

/* A scheme is asked again only when something was freed. */
static void a_refusal_is_not_asked_about_twice(void **state)
{
	(void)state;
	for (int evict = 0; evict < 2; evict++) {
		struct lab b;
		struct toy *t = toy_defaults(&b, OUT_NO_PORT);

		t->tied = true; /* another's number is of no use: there is nothing to evict */
		b.config.hold_down.same_subscriber = RELEASE;
		b.config.on_full = evict ? FULL_EVICT_RANDOM : FULL_REFUSE;
		lab_open(&b);
		lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
		assert_int_equal(t->asked, 1);
		assert_int_equal(lab_out(&b, 1 * S, 1, udp(2, REMOTE(0), 80)).outcome, OUT_NO_PORT);
		assert_int_equal(t->asked, 2);
		assert_int_equal(lab_events(&b, NAT_MAPPING_ENDED), 0);
		lab_close(&b);
	}
}

/* Where numbers belong to subscribers, it is an own mapping that goes. */
static void eviction_is_among_ones_own_where_numbers_are_tied(void **state)
{
	struct lab b;
	struct toy *t = toy_defaults(&b, OUT_RANGE_FULL);

	(void)state;
	t->tied = true;
	t->numbers[0] = 4;
	b.config.on_full = FULL_EVICT_RANDOM;
	lab_open(&b);
	for (uint16_t k = 0; k < 4; k++)
		lab_out(&b, 0, k == 2, udp(k, REMOTE(0), 80));
	assert_int_equal(lab_out(&b, 1 * S, 1, udp(9, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->subscriber, 1);
	assert_int_equal(lab_last(&b, NAT_MAPPING_ENDED)->port, 2);
	assert_int_equal(lab_last(&b, NAT_MAPPING_CREATED)->slot, 2);
	lab_close(&b);
}

/* RFC 6888 REQ-2. A newcomer that is refused is not paired with the address that refused it; one that lives there stays. */
static void a_refused_newcomer_is_not_paired(void **state)
{
	struct lab b;

	(void)state;
	toy_defaults(&b, OUT_TRIES_EXHAUSTED);
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	assert_int_equal(lab_out(&b, 0, 1, udp(1, REMOTE(0), 80)).outcome, OUT_TRIES_EXHAUSTED);
	assert_int_equal(nat_address_of(b.nat, 1), ADDRESS_NONE);
	assert_int_equal(lab_out(&b, 0, 0, udp(2, REMOTE(0), 80)).outcome, OUT_TRIES_EXHAUSTED);
	assert_int_equal(nat_address_of(b.nat, 0), 0);
	lab_close(&b);
}

/* Soft pairing that finds no better elsewhere refuses for the reason at home, not the one there. */
static void the_reason_at_home_counts(void **state)
{
	struct lab b;
	struct toy *t = toy_defaults(&b, OUT_NO_PORT);

	(void)state;
	t->why[1] = OUT_TRIES_EXHAUSTED;
	t->numbers[1] = 0;
	b.pooling = POOLING_SOFT_PAIRED;
	b.addresses = 2;
	b.assignment = ASSIGN_ROUND_ROBIN; /* home is the first, elsewhere the second */
	lab_open(&b);
	assert_int_equal(lab_out(&b, 0, 0, udp(1, REMOTE(0), 80)).outcome, OUT_CREATED);
	assert_int_equal(lab_out(&b, 0, 0, udp(2, REMOTE(0), 80)).outcome, OUT_NO_PORT);
	assert_int_equal(t->asked, 3);
	lab_close(&b);
}

/* Crowded out is who is refused for want of numbers that others have: not who has used up its own, nor who is limited. */
static void only_want_of_numbers_crowds_out(void **state)
{
	static const bool crowds[] = { false, false, true, true, true, false }; /* as `reasons` */

	(void)state;
	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
		struct lab b;
		struct segment train = { .subscriber = 1, .remote = REMOTE(0), .remote_port = 80, .port = 9, .protocol = PROTO_UDP,
		                         .first_in_ns = NS_NONE, .last_in_ns = NS_NONE };
		struct verdict v;

		toy_defaults(&b, reasons[i])->numbers[0] = 4;
		lab_open(&b);
		for (uint16_t k = 0; k < 4; k++) /* three and one of four */
			lab_out(&b, 0, k == 3, udp(k, REMOTE(0), 80));
		v = nat_show(b.nat, &train);
		assert_int_equal(v.outcome, reasons[i]);
		assert_int_equal(v.crowded_out, crowds[i]);
		lab_close(&b);
	}
}

/* Who has a home lives there, were another address next in turn; who has none, where it is its turn. */
static void a_home_is_where_one_lives(void **state)
{
	struct lab b;

	(void)state;
	toy_defaults(&b, OUT_NO_PORT)->homes = true;
	b.addresses = 2;
	b.assignment = ASSIGN_ROUND_ROBIN;
	lab_open(&b);
	lab_out(&b, 0, 1, udp(1, REMOTE(0), 80));
	assert_int_equal(nat_address_of(b.nat, 1), 1);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));
	assert_int_equal(nat_address_of(b.nat, 0), 0);
	lab_close(&b);
}

/* At one moment: what is held is released, then the scheme has its turn, then sessions end. All of them by the time that
 * it is. */
static void things_due_at_once_come_in_order(void **state)
{
	struct lab b;
	struct toy *t = toy_defaults(&b, OUT_NO_PORT);

	(void)state;
	t->numbers[0] = 2;
	t->due_ns = 420 * S;
	lab_open(&b);
	lab_out(&b, 0, 0, udp(1, REMOTE(0), 80));       /* ends at 300 s, is released at 420 s */
	lab_out(&b, 120 * S, 0, udp(2, REMOTE(0), 80)); /* ends at 420 s */
	nat_advance(b.nat, 420 * S - 1);
	assert_int_equal(b.event_count, 3);
	nat_advance(b.nat, 420 * S);
	assert_int_equal(b.event_count, 5);
	assert_int_equal(t->events_before, 4);
	assert_int_equal(b.events[3].kind, NAT_PORT_RELEASED);
	assert_int_equal(b.events[4].kind, NAT_MAPPING_ENDED);
	/* And when nothing else is due. */
	t->due_ns = 430 * S;
	nat_advance(b.nat, 430 * S);
	assert_int_equal(t->due_ns, NS_NEVER);
	lab_close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_number_comes_back_for_any_reason),
		cmocka_unit_test(a_mapping_is_evicted_for_any_reason),
		cmocka_unit_test(a_refusal_is_not_asked_about_twice),
		cmocka_unit_test(eviction_is_among_ones_own_where_numbers_are_tied),
		cmocka_unit_test(a_refused_newcomer_is_not_paired),
		cmocka_unit_test(the_reason_at_home_counts),
		cmocka_unit_test(only_want_of_numbers_crowds_out),
		cmocka_unit_test(a_home_is_where_one_lives),
		cmocka_unit_test(things_due_at_once_come_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
