/* Corners of the NAT where it once differed from its model (tests/model_nat.h): each is a case of its own here. */
#include "sim/nat/translate.h"
#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define REMOTE 0xc6120001u
#define PUBLIC 0xc0000201u

/* One public address, numbers 1024 to 1033, four subscribers; the last datagram that it sent by itself. */
struct corner {
	struct bench bench;
	void *scheme_config;
	uint32_t outside;
	uint32_t sent;
	struct datagram datagram;
	struct nat_path path;
};

static void hear(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path)
{
	struct corner *c = context;

	(void)now_ns;
	c->sent++;
	c->datagram = *d;
	c->path = path;
}

/* One number after the other. The caller frees it. */
static void *sequential(void)
{
	void *config = conf_new(&scheme_session);

	conf_u32(&scheme_session, config, "select", 1);
	return config;
}

static void open_corner(struct corner *c, struct nat_config config, struct port_range ports)
{
	struct bench *b = &c->bench;

	*c = (struct corner){ .outside = PUBLIC, .scheme_config = sequential() };
	bench_open(b, config, ports, 1, 4, &scheme_session, c->scheme_config);
	nat_destroy(b->nat);
	b->nat = nat_create(&(struct nat_setup){
		.config = &b->config, .slots = b->slots, .addresses = 1, .subscribers = 4, .rng_key = RNG_TEST,
		.sink = { .context = b, .event = bench_event }, .scheme_create = scheme_session.create,
		.scheme_config = c->scheme_config, .outside = &c->outside, .send = hear, .send_context = c });
}

static void close_corner(struct corner *c)
{
	bench_close(&c->bench);
	free(c->scheme_config);
}

static enum outcome tcp_out(struct corner *c, int64_t at_ns, uint16_t port, uint32_t to, uint16_t to_port,
                            uint8_t flags)
{
	struct datagram d = { .ends = { .source = 1,
		                        .source_port = port,
		                        .destination = to,
		                        .destination_port = to_port,
		                        .protocol = IP_TCP },
		              .tcp_flags = flags };

	return nat_outbound(c->bench.nat, at_ns, 0, 3, &d).outcome;
}

static enum outcome tcp_in(struct corner *c, int64_t at_ns, uint32_t from, uint16_t number, uint8_t flags)
{
	struct datagram d = { .ends = { .source = from, .source_port = 443, .destination = PUBLIC,
	                                .destination_port = number, .protocol = IP_TCP }, .tcp_flags = flags };

	return nat_inbound(c->bench.nat, at_ns, &d).outcome;
}

/* RFC 6146 section 3.5.2.2, V4 INIT: only a SYN from inside goes on from there. Whoever is outside cannot keep a
 * session open by SYNs alone. */
static void inbound_syns_keep_nothing_open(void **state)
{
	struct corner c;

	(void)state;
	open_corner(&c, bench_defaults(), (struct port_range){ 1024, 1033 });
	assert_int_equal(tcp_out(&c, 0, 7, REMOTE, 443, TCP_SYN), OUT_CREATED);
	assert_int_equal(tcp_in(&c, 100 * S, REMOTE + 1, 1024, TCP_SYN), OUT_REFRESHED);
	assert_int_equal(nat_sessions(c.bench.nat, 0), 2);
	assert_int_equal(tcp_in(&c, 200 * S, REMOTE + 1, 1024, TCP_SYN), OUT_REFRESHED);
	nat_advance(c.bench.nat, 340 * S - 1);
	assert_int_equal(nat_sessions(c.bench.nat, 0), 1);
	nat_advance(c.bench.nat, 340 * S);
	assert_int_equal(nat_sessions(c.bench.nat, 0), 0);
	close_corner(&c);
}

/* The same, TRANS: any packet but a reset makes it established; so does a FIN, which is then none of the two that end it. */
static void fin_after_reset_is_established(void **state)
{
	struct corner c;

	(void)state;
	open_corner(&c, bench_defaults(), (struct port_range){ 1024, 1033 });
	tcp_out(&c, 0, 7, REMOTE, 443, TCP_SYN);
	tcp_in(&c, 1 * S, REMOTE, 1024, TCP_SYN | TCP_ACK);
	tcp_in(&c, 2 * S, REMOTE, 1024, TCP_RST);
	tcp_out(&c, 3 * S, 7, REMOTE, 443, TCP_FIN | TCP_ACK);
	tcp_in(&c, 4 * S, REMOTE, 1024, TCP_FIN | TCP_ACK);
	nat_advance(c.bench.nat, 7204 * S - 1);
	assert_int_equal(c.bench.ended, 0);
	nat_advance(c.bench.nat, 7204 * S);
	assert_int_equal(c.bench.ended, 1);
	close_corner(&c);
}

/* Held numbers that were given back before their time are not those that the bound is about: nor may one of them be
 * taken for the longest held. */
static void bound_on_held_ports_outlasts_early_releases(void **state)
{
	struct nat_config config = bench_defaults();
	void *scheme_config = sequential();
	struct bench b;

	(void)state;
	config.hold_down.same_subscriber = RELEASE;
	config.hold_down.max_ports = 2;
	config.timeouts.udp = 10 * S;
	bench_open(&b, config, (struct port_range){ 1024, 1027 }, 1, 4, &scheme_session, scheme_config);
	for (uint16_t k = 0; k < 4; k++)
		bench_send(&b, k * S, 0, PROTO_UDP, (uint16_t)(100 + k), 0);
	/* Two end and are held, two live: the fifth has the first back, before its time. */
	assert_int_equal(bench_send(&b, 11 * S, 0, PROTO_UDP, 200, 0).outcome, OUT_CREATED);
	assert_int_equal(b.released, 1);
	/* The other two end: three would be held. */
	nat_advance(b.nat, 13 * S);
	assert_int_equal(b.ended, 4);
	assert_int_equal(b.released, 2);
	bench_close(&b);
	free(scheme_config);
}

struct notices_heard {
	int kinds[NOTICE_COUNT];
};

static void count_notices(void *context, const struct nat_event *e)
{
	struct notices_heard *h = context;

	if (e->kind == NAT_NOTICE)
		h->kinds[e->notice]++;
}

/* 85% of ten numbers are in use when nine are, not when eight are. */
static void threshold_is_that_share_or_more(void **state)
{
	struct nat_config config = bench_defaults();
	struct notices_heard heard = { { 0 } };
	struct port_ranges none = { 0 };
	void *scheme_config = sequential();
	struct slots *slots = slots_create((struct port_range){ 1024, 1033 }, &none);
	struct nat *nat;

	(void)state;
	config.notify.pool_high = 0.85;
	nat = nat_create(&(struct nat_setup){ .config = &config, .slots = slots, .addresses = 1, .subscribers = 1,
	                                      .sink = { .context = &heard, .event = count_notices },
	                                      .scheme_create = scheme_session.create, .scheme_config = scheme_config });
	for (uint16_t k = 1; k <= 9; k++) {
		struct segment train = train_of(0, 0, PROTO_UDP, k, 0);

		assert_int_equal(nat_show(nat, &train).outcome, OUT_CREATED);
		assert_int_equal(heard.kinds[NOTICE_POOL_HIGH], k == 9);
	}
	nat_destroy(nat);
	slots_destroy(slots);
	free(scheme_config);
}

/* RFC 5382 REQ-4 with RFC 4787 REQ-9: a SYN from inside to a public endpoint that nobody has is answered inside, as its
 * sender knows it; or not at all once its mapping is gone. */
static void hairpinned_syn_is_answered_inside(void **state)
{
	for (int gone = 0; gone < 2; gone++) {
		struct nat_config config = bench_defaults();
		struct corner c;

		(void)state;
		config.icmp_per_second = 10;
		if (gone)
			config.timeouts.tcp_open = 5 * S;
		open_corner(&c, config, (struct port_range){ 1024, 1033 });
		assert_int_equal(tcp_out(&c, 0, 7, PUBLIC, 1030, TCP_SYN), OUT_SYN_KEPT);
		nat_advance(c.bench.nat, 6 * S);
		assert_int_equal(c.sent, !gone);
		assert_int_equal(nat_icmp_sent(c.bench.nat), !gone);
		if (!gone) {
			assert_true(c.path.inside);
			assert_int_equal(c.path.subscriber, 0);
			assert_int_equal(c.path.host, 3);
			assert_int_equal(c.datagram.icmp_code, ICMP_PORT_UNREACHABLE);
			assert_int_equal(c.datagram.ends.source, PUBLIC);
			assert_int_equal(c.datagram.inner.source_port, 7);
			assert_int_equal(c.datagram.inner.destination_port, 1030);
		}
		close_corner(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inbound_syns_keep_nothing_open),
		cmocka_unit_test(fin_after_reset_is_established),
		cmocka_unit_test(bound_on_held_ports_outlasts_early_releases),
		cmocka_unit_test(threshold_is_that_share_or_more),
		cmocka_unit_test(hairpinned_syn_is_answered_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
