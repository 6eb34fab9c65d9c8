/* Applications: each moves what it said it would, through the node in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/ns3net.h"

#include <cmocka.h>

enum { PORT = 9000 };

static void bulk_sends_all_of_it(void **state)
{
	struct net n = { 0 };
	struct ns3c_app *sink, *bulk;

	(void)state;
	net_up(&n, NULL, NULL);
	sink = ns3c_add_sink(n.server, 0, PORT, true);
	bulk = ns3c_add_bulk(n.client, SERVER, PORT, 1234567, SECOND, 0);
	net_must(sink && bulk);
	ns3c_run(n.sim, SECOND - 1);
	assert_int_equal(n.packets, 0);
	ns3c_run(n.sim, 60 * SECOND);
	assert_int_equal(ns3c_app_get_counts(bulk).sent, 1234567);
	assert_int_equal(ns3c_app_get_counts(sink).received, 1234567);
	assert_int_equal(ns3c_app_get_counts(sink).answers, 1);
	net_down(&n);
}

/* On for 1 s of 2, 10 packets of 1000 bytes a second while on: in 10 s 50, or as many as have 6,001 bytes. Begun while
 * the simulation runs, it keeps its times. */
static void on_and_off_keep_their_rate(void **state)
{
	static const struct {
		bool tcp;
		uint64_t bytes, want;
	} cases[] = { { false, 0, 50000 }, { true, 0, 50000 }, { false, 6001, 7000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ns3c_on_off how = { .address = SERVER, .port = PORT, .tcp = cases[i].tcp, .on_ns = SECOND, .off_ns = SECOND,
			                   .bits_per_second = 80000, .packet_size = 1000, .bytes = cases[i].bytes,
			                   .start_ns = 5 * SECOND, .stop_ns = 15 * SECOND };
		struct net n = { 0 };
		struct ns3c_app *sink, *app;
		uint64_t got;

		net_up(&n, NULL, NULL);
		sink = ns3c_add_sink(n.server, SERVER, PORT, cases[i].tcp);
		ns3c_run(n.sim, 2 * SECOND);
		app = ns3c_add_on_off(n.client, &how);
		net_must(sink && app);
		ns3c_run(n.sim, 5 * SECOND - 1);
		assert_int_equal(n.packets, 0);
		ns3c_run(n.sim, 60 * SECOND);
		got = ns3c_app_get_counts(sink).received;
		/* A packet that would be on the edge of a period may fall into the next. */
		assert_true(got <= cases[i].want && got + 5000 >= cases[i].want);
		assert_int_equal(ns3c_app_get_counts(app).sent, got);
		if (!cases[i].tcp)
			assert_int_equal(ns3c_app_get_counts(sink).answers, got / 1000);
		net_down(&n);
	}
}

/* Drawn lengths are those of the seed: of another seed they are others. */
static void draws_are_the_seeds(void **state)
{
	uint64_t sent[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		const struct ns3c_on_off how = { .address = SERVER, .port = PORT, .exponential = true, .on_ns = SECOND,
			                         .off_ns = SECOND, .bits_per_second = 800000, .packet_size = 1000, .stop_ns = 100 * SECOND };
		struct ns3c_options options;
		struct net n = { 0 };
		struct ns3c_app *app;

		ns3c_defaults(&options);
		options.seed = i == 1 ? 7 : 3;
		net_up(&n, &options, NULL);
		app = ns3c_add_on_off(n.client, &how);
		net_must(app);
		ns3c_run(n.sim, 100 * SECOND);
		sent[i] = ns3c_app_get_counts(app).sent;
		net_down(&n);
	}
	assert_true(sent[0] > 1000000 && sent[0] < 9000000);
	assert_int_equal(sent[2], sent[0]);
	assert_int_not_equal(sent[1], sent[0]);
}

static void http_fetches_pages(void **state)
{
	struct net n = { 0 };
	struct ns3c_app *server, *client;
	struct ns3c_app_counts asked;

	(void)state;
	net_up(&n, NULL, NULL);
	server = ns3c_add_http_server(n.server, SERVER, 80);
	client = ns3c_add_http_client(n.client, SERVER, 80, SECOND, 0);
	net_must(server && client);
	ns3c_run(n.sim, 300 * SECOND);
	asked = ns3c_app_get_counts(client);
	assert_true(asked.requests >= 5);
	assert_true(asked.answers == asked.requests || asked.answers + 1 == asked.requests);
	assert_true(asked.received > 10000);
	assert_true(ns3c_app_get_counts(server).received == asked.sent);
	assert_true(ns3c_app_get_counts(server).sent >= asked.received);
	net_down(&n);
}

struct taken {
	struct ns3c_node *host;
	uint32_t address;
};

static void none_beside_it(void *user)
{
	const struct ns3c_tcp_events events = { 0 };
	struct taken *t = user;

	assert_null(ns3c_tcp_listen(t->host, t->address, 80, NULL, &events, NULL, NULL));
	assert_string_equal(ns3c_error(), "tcp: port 80 is taken");
	assert_null(ns3c_add_http_server(t->host, t->address, 80));
}

/* From when it was added: before, as and after it begins. */
static void an_http_server_has_its_port(void **state)
{
	static const uint32_t addresses[] = { SERVER, 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct net n = { 0 };
		struct taken taken = { .address = addresses[i] };
		struct ns3c_app *client;

		net_up(&n, NULL, NULL);
		taken.host = n.server;
		ns3c_at(n.sim, 0, none_beside_it, &taken);
		net_must(ns3c_add_http_server(n.server, addresses[i], 80));
		none_beside_it(&taken);
		ns3c_at(n.sim, 0, none_beside_it, &taken);
		ns3c_at(n.sim, SECOND, none_beside_it, &taken);
		client = ns3c_add_http_client(n.client, SERVER, 80, 0, 0);
		ns3c_run(n.sim, 60 * SECOND);
		assert_true(ns3c_app_get_counts(client).answers > 0);
		net_down(&n);
	}
}

/* --- ping ------------------------------------------------------------------------------------- */

struct pings {
	unsigned count, icmps;
	uint16_t sequences[8];
	int64_t rtts[8];
	struct ns3c_icmp icmp;
};

static void on_reply(uint16_t sequence, int64_t rtt_ns, void *user)
{
	struct pings *p = user;

	p->sequences[p->count] = sequence;
	p->rtts[p->count++] = rtt_ns;
}

static void on_icmp(uint16_t sequence, const struct ns3c_icmp *error, void *user)
{
	struct pings *p = user;

	(void)sequence;
	p->icmp = *error;
	p->icmps++;
}

/* The second request is lost. */
static bool lose_second(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	(void)length;
	return !(from == n->inside && wire16(bytes + 26) == 1);
}

/* 20 + 8 + 56 bytes and 2 of PPP at 1 Mbit/s: 0.688 ms a link, four links, and 10 ms each. */
static void ping_measures_the_round_trip(void **state)
{
	const struct ns3c_link link = { .bits_per_second = 1000000, .delay_ns = 10000000 };
	struct pings pings = { 0 }, others = { 0 };
	struct ns3c_ping how = { .address = SERVER, .identifier = 77, .size = 56, .count = 3, .start_ns = SECOND,
		                 .interval_ns = SECOND, .replied = on_reply, .user = &pings };
	struct net n = { .pass = lose_second };
	struct ns3c_app *app;

	(void)state;
	net_up(&n, NULL, &link);
	app = ns3c_add_ping(n.client, &how);
	net_must(app);
	how.identifier = 78;
	how.start_ns += SECOND / 2;
	how.count = 1;
	how.user = &others;
	net_must(ns3c_add_ping(n.client, &how));
	ns3c_run(n.sim, 30 * SECOND);
	assert_true(pings.count == 2 && pings.sequences[0] == 0 && pings.sequences[1] == 2);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pings.rtts[i], 4 * (688000 + 10000000));
	assert_true(ns3c_app_get_counts(app).requests == 3 && ns3c_app_get_counts(app).answers == 2);
	assert_int_equal(others.count, 1);
	net_down(&n);
}

/* 3500 bytes are three packets each way, of 1500, 1500 and 568 bytes and 2 of PPP at 100 kbit/s. The first of them goes
 * over both links, the others behind it; the server answers when it has all. */
static void a_ping_is_answered_when_all_of_it_is_there(void **state)
{
	const struct ns3c_link link = { .bits_per_second = 100000 };
	struct pings pings = { 0 };
	const struct ns3c_ping how = { .address = SERVER, .size = 3500, .count = 1, .interval_ns = SECOND, .replied = on_reply,
		                       .user = &pings };
	struct net n = { 0 };
	struct ns3c_app *app;

	(void)state;
	net_up(&n, NULL, &link);
	app = ns3c_add_ping(n.client, &how);
	net_must(app);
	ns3c_run(n.sim, -1);
	assert_int_equal(n.packets, 6);
	assert_true(pings.count == 1 && ns3c_app_get_counts(app).received == 3500);
	assert_int_equal(pings.rtts[0], 2 * (1502 + 1502 + 1502 + 570) * 8 * (SECOND / 100000));
	net_down(&n);
}

static bool spoil(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	if ((from == n->inside) == *(bool *)n->user)
		bytes[length - 1] ^= 1;
	return true;
}

/* The request, then the reply; without checksums nobody minds. */
static void a_bad_checksum_is_no_ping(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct ns3c_ping how = { .address = SERVER, .size = 8, .count = 1, .interval_ns = SECOND };
		struct ns3c_options options;
		bool request = i % 2 == 0;
		struct net n = { .pass = spoil, .user = &request };
		struct ns3c_app *app;

		ns3c_defaults(&options);
		options.checksums = i < 2;
		net_up(&n, &options, NULL);
		app = ns3c_add_ping(n.client, &how);
		net_must(app);
		ns3c_run(n.sim, -1);
		assert_int_equal(n.packets, i == 0 ? 1 : 2);
		assert_int_equal(ns3c_app_get_counts(app).answers, i >= 2);
		net_down(&n);
	}
}

/* A packet whose time to live is over is told of, and ping hands it on. */
static void ping_tells_of_errors(void **state)
{
	struct ns3c_sim *sim = ns3c_create(NULL);
	struct ns3c_node *host = ns3c_add_host(sim), *router = ns3c_add_host(sim);
	struct ns3c_device *at_host, *at_router;
	struct pings pings = { 0 };
	const struct ns3c_ping how = { .address = SERVER, .identifier = 9, .size = 8, .count = 2, .interval_ns = SECOND,
		                       .replied = on_reply, .icmp = on_icmp, .user = &pings };

	(void)state;
	net_must(ns3c_join(host, router, NULL, &at_host, &at_router) == 0);
	net_must(ns3c_address(at_host, CLIENT, 24) == 0 && ns3c_route(at_host, 0, 0, CLIENT + 1) == 0);
	net_must(ns3c_address(at_router, CLIENT + 1, 24) == 0 && ns3c_forward(router, true) == 0);
	net_must(ns3c_forward(host, true) == 0);
	net_must(ns3c_route(at_router, SERVER, 32, CLIENT) == 0);
	net_must(ns3c_add_ping(host, &how));
	ns3c_run(sim, 30 * SECOND);
	assert_int_equal(pings.count, 0);
	/* The route leads back: the packet goes to and fro until then. */
	assert_true(pings.icmps == 2 && pings.icmp.type == 11 && pings.icmp.code == 0);
	ns3c_destroy(sim);
}

static void faults_are_told(void **state)
{
	struct ns3c_on_off bad = { .address = SERVER, .port = PORT, .on_ns = 1, .bits_per_second = 1, .packet_size = 65508 };
	struct ns3c_ping ping = { .address = SERVER, .interval_ns = 1 };
	struct net n = { 0 };

	(void)state;
	net_up(&n, NULL, NULL);
	ns3c_run(n.sim, SECOND);
	assert_null(ns3c_add_sink(n.middle, 0, PORT, true));
	assert_null(ns3c_add_sink(n.server, 0, 0, true));
	assert_non_null(ns3c_add_sink(n.server, 0, PORT, true));
	assert_null(ns3c_add_sink(n.server, 0, PORT, true));
	assert_non_null(ns3c_add_sink(n.server, 0, PORT, false));
	assert_null(ns3c_add_bulk(n.client, SERVER, PORT, 1, SECOND - 1, 0));
	assert_string_equal(ns3c_error(), "bulk: start_ns is past");
	assert_null(ns3c_add_bulk(n.client, SERVER, PORT, 1, SECOND, SECOND));
	assert_null(ns3c_add_bulk(n.client, SERVER, 0, 1, SECOND, 0));
	bad.start_ns = SECOND;
	assert_null(ns3c_add_on_off(n.client, &bad));
	assert_string_equal(ns3c_error(), "on_off: packet_size 65508 is not within 1 .. 65507");
	bad.packet_size = 1;
	bad.on_ns = 0;
	assert_null(ns3c_add_on_off(n.client, &bad));
	assert_null(ns3c_add_on_off(n.client, NULL));
	assert_null(ns3c_add_http_server(n.server, CLIENT, 80));
	assert_null(ns3c_add_http_client(n.middle, SERVER, 80, SECOND, 0));
	ping.start_ns = SECOND;
	assert_null(ns3c_add_ping(n.client, &ping));
	assert_string_equal(ns3c_error(), "ping: count 0 is not within 1 .. 65536");
	net_down(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bulk_sends_all_of_it),
		cmocka_unit_test(on_and_off_keep_their_rate),
		cmocka_unit_test(draws_are_the_seeds),
		cmocka_unit_test(http_fetches_pages),
		cmocka_unit_test(an_http_server_has_its_port),
		cmocka_unit_test(ping_measures_the_round_trip),
		cmocka_unit_test(a_ping_is_answered_when_all_of_it_is_there),
		cmocka_unit_test(a_bad_checksum_is_no_ping),
		cmocka_unit_test(ping_tells_of_errors),
		cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
