/* Overloading (RFC 7857 section 3): a number carries several mappings, each to a
 * remote endpoint of its own, and numbers are counted once however many they carry. */
#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include "sim/nat/translate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define REMOTE 0xc6120001u
#define PUBLIC 0xc0000201u

struct tally {
	struct nat_config config;
	struct slots *slots;
	void *conf;
	struct nat *nat;
	int created, ended, released, live, taken;
};

static void count(void *context, const struct nat_event *e)
{
	struct tally *t = context;

	t->created += e->kind == NAT_MAPPING_CREATED;
	t->ended += e->kind == NAT_MAPPING_ENDED;
	t->released += e->kind == NAT_PORT_RELEASED;
	if (e->kind == NAT_MAPPING_CREATED) {
		t->live += e->live;
		t->taken += e->taken;
	}
	t->live -= e->kind == NAT_MAPPING_ENDED && e->live;
	t->taken -= e->kind == NAT_PORT_RELEASED && e->taken;
}

static void open_with(struct tally *t, const char *select, uint16_t hi)
{
	static const uint32_t outside = PUBLIC;
	const struct scheme_type *scheme = scheme_find("session");

	*t = (struct tally){ .config = bench_defaults() };
	for (int p = 0; p < PROTO_COUNT; p++)
		t->config.mapping[p] = t->config.filtering[p] = ADDRESS_AND_PORT_DEPENDENT;
	t->slots = slots_create((struct port_range){ 2000, hi }, &(struct port_ranges){ 0 });
	t->conf = conf_new(scheme);
	*(bool *)conf_member(scheme, t->conf, "overload") = true;
	*(int *)conf_member(scheme, t->conf, "select") = !strcmp(select, "random") ? 0 : !strcmp(select, "sequential") ? 1 : 2;
	t->nat = nat_create(&(struct nat_setup){
		.config = &t->config, .slots = t->slots, .addresses = 1, .subscribers = 4, .rng_key = RNG_TEST,
		.sink = { .context = t, .event = count }, .scheme_create = scheme->create, .scheme_config = t->conf,
		.outside = &outside,
	});
}

static void close_all(struct tally *t)
{
	nat_destroy(t->nat);
	slots_destroy(t->slots);
	free(t->conf);
}

static struct verdict send_to(struct tally *t, int64_t at_ns, uint32_t subscriber, uint16_t port, uint32_t remote, uint16_t remote_port)
{
	struct segment train = train_of(at_ns, subscriber, PROTO_UDP, port, 0);

	train.remote = remote;
	train.remote_port = remote_port;
	return nat_show(t->nat, &train);
}

/* One number: as many mappings as there are remote endpoints, not one more for any. */
static void capacity_counts_per_remote_endpoint(void **state)
{
	static const char *const selects[] = { "random", "sequential", "preserve" };

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct tally t;

		open_with(&t, selects[k], 2000);
		assert_int_equal(send_to(&t, 0, 0, 5000, REMOTE, 80).outcome, OUT_CREATED);
		assert_int_equal(send_to(&t, 0, 1, 5000, REMOTE, 81).outcome, OUT_CREATED);
		assert_int_equal(send_to(&t, 0, 2, 5000, REMOTE + 1, 80).outcome, OUT_CREATED);
		assert_int_equal(send_to(&t, 0, 0, 5001, REMOTE + 2, 80).outcome, OUT_CREATED);
		assert_int_equal(send_to(&t, 0, 3, 5000, REMOTE, 80).outcome, OUT_NO_PORT);
		assert_int_equal(send_to(&t, 1, 0, 5000, REMOTE, 80).outcome, OUT_REFRESHED);
		assert_int_equal(t.created, 4);
		assert_int_equal(t.live, 1); /* one number, counted once */
		assert_int_equal(t.taken, 1);
		close_all(&t);
	}
}

/* A 5-tuple is held down alone: its number goes on, for other remotes. */
static void hold_down_is_of_the_tuple(void **state)
{
	struct tally t;

	(void)state;
	open_with(&t, "sequential", 2000);
	send_to(&t, 0, 0, 5000, REMOTE, 80);
	send_to(&t, 10 * S, 1, 5000, REMOTE, 81);
	nat_advance(t.nat, 300 * S);
	assert_int_equal(t.ended, 1);
	assert_int_equal(t.live, 1);
	assert_int_equal(send_to(&t, 301 * S, 2, 1, REMOTE, 80).outcome, OUT_NO_PORT);
	assert_int_equal(send_to(&t, 302 * S, 2, 1, REMOTE, 82).outcome, OUT_CREATED);
	assert_int_equal(send_to(&t, 420 * S - 1, 2, 2, REMOTE, 80).outcome, OUT_NO_PORT);
	assert_int_equal(send_to(&t, 420 * S, 2, 3, REMOTE, 80).outcome, OUT_CREATED);
	nat_advance(t.nat, 2000 * S);
	assert_int_equal(t.created, t.ended);
	assert_int_equal(t.created, t.released);
	assert_int_equal(t.live, 0);
	assert_int_equal(t.taken, 0);
	assert_int_equal(nat_mappings(t.nat), 0);
	close_all(&t);
}

/* What comes back is told apart by its remote endpoint, and so are errors about it. */
static void inbound_goes_to_its_own(void **state)
{
	struct tally t;

	(void)state;
	open_with(&t, "random", 2000);
	for (uint32_t k = 0; k < 4; k++)
		send_to(&t, 0, k, (uint16_t)(5000 + k), REMOTE, (uint16_t)(80 + k));
	for (uint16_t k = 0; k < 5; k++) {
		struct datagram in = { .ends = { REMOTE, PUBLIC, (uint16_t)(80 + k), 2000, IP_UDP } };
		struct datagram error = { .ends = { .source = 1, .destination = PUBLIC, .protocol = IP_ICMP },
		                          .icmp_type = ICMP_UNREACHABLE,
		                          .inner = { PUBLIC, REMOTE, 2000, (uint16_t)(80 + k), IP_UDP } };
		struct passage p = nat_inbound(t.nat, S, &in), q = nat_inbound(t.nat, S, &error);

		assert_int_equal(p.outcome, k < 4 ? OUT_REFRESHED : OUT_NO_MAPPING);
		assert_int_equal(q.outcome, k < 4 ? OUT_ICMP_ERROR : OUT_NO_MAPPING);
		if (k == 4)
			break;
		assert_int_equal(p.path.subscriber, k);
		assert_int_equal(in.ends.destination_port, 5000 + k);
		assert_int_equal(q.path.subscriber, k);
		assert_int_equal(error.inner.source_port, 5000 + k);
	}
	close_all(&t);
}

/* At random, at the edge: no 5-tuple has two owners, and the books close. */
static void storm(void **state)
{
	static uint32_t owner[8][6][4]; /* by number, remote, remote port; subscriber + 1 */
	struct tally t;
	struct rng r;
	int64_t now = 0;
	int refused = 0;

	(void)state;
	rng_seed(&r, RNG_TEST);
	open_with(&t, "random", 2007);
	memset(owner, 0, sizeof(owner));
	for (int n = 0; n < 100000; n++) {
		uint32_t who = rng_below(&r, 4), remote = rng_below(&r, 6), port = rng_below(&r, 4);
		struct verdict v;

		now += rng_below(&r, 500) * NS_PER_MS;
		v = send_to(&t, now, who, (uint16_t)(rng_below(&r, 30) + 4000), REMOTE + remote, (uint16_t)(80 + port));
		refused += v.outcome == OUT_NO_PORT;
		assert_in_range(t.live, 0, 8);
		assert_in_range(t.taken, t.live, 8);
		if (v.outcome == OUT_CREATED)
			owner[v.slot][remote][port] = who + 1;
		else if (v.outcome == OUT_REFRESHED)
			assert_int_equal(owner[v.slot][remote][port], who + 1);
	}
	assert_true(refused > 1000);
	nat_advance(t.nat, now + 1000 * S);
	assert_int_equal(t.created, t.released);
	assert_int_equal(t.live, 0);
	assert_int_equal(t.taken, 0);
	close_all(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_counts_per_remote_endpoint),
		cmocka_unit_test(hold_down_is_of_the_tuple),
		cmocka_unit_test(inbound_goes_to_its_own),
		cmocka_unit_test(storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
