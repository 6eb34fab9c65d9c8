/* Addresses: which a host may have, which it may send to, and that one is like another between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/ns3net.h"

#include <cmocka.h>

enum { PORT = 80, BYTES = 5000 };

static const struct ns3c_tcp_events none;

static void nothing(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length,
                    void *user)
{
	(void)udp, (void)address, (void)port, (void)bytes, (void)length, (void)user;
}

static const struct ns3c_udp_events ignores = { .received = nothing };

/* The first and the last of a prefix are nobody's, but where it holds two addresses or one (RFC 3021). */
static void a_host_has_what_a_host_can(void **state)
{
	static const struct {
		uint32_t address;
		unsigned prefix_length;
		const char *error;
	} cases[] = {
		{ 0x0a090001, 24, NULL },
		{ 0x0a090100, 31, NULL },
		{ 0x0a090101, 31, NULL },
		{ 0x0a0901ff, 32, NULL },
		{ 0x0a0a0000, 32, NULL },
		{ 0x0a0b0001, 0, NULL },
		{ 0xf0000001, 24, NULL },
		{ 0x0a090001, 24, "address: the host has 10.9.0.1 already" },
		{ 0x0a090000, 24, "address: 10.9.0.0/24 is not one host's" },
		{ 0x0a0900ff, 24, "address: 10.9.0.255/24 is not one host's" },
		{ 0x0a090003, 30, "address: 10.9.0.3/30 is not one host's" },
		{ 0, 32, "address: 0.0.0.0/32 is not one host's" },
		{ 0xffffffff, 32, "address: 255.255.255.255/32 is not one host's" },
		{ 0xe0000001, 32, "address: 224.0.0.1/32 is not one host's" },
		{ 0xeffffffa, 24, "address: 239.255.255.250/24 is not one host's" },
	};
	struct net n = { 0 };

	(void)state;
	net_up(&n, NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(ns3c_address(n.at_client, cases[i].address, cases[i].prefix_length), cases[i].error ? -1 : 0);
		if (cases[i].error)
			assert_string_equal(ns3c_error(), cases[i].error);
	}
	net_down(&n);
}

enum { WAYS = 8 };

/* Sends to an address in every way there is; how many of them took it. */
static unsigned send_all_ways(struct net *n, uint32_t address)
{
	const struct ns3c_on_off datagrams = { .address = address, .port = PORT, .on_ns = SECOND, .bits_per_second = 8000,
		                               .packet_size = 100 };
	const struct ns3c_ping ping = { .address = address, .count = 1, .interval_ns = SECOND };
	struct ns3c_on_off stream = datagrams;
	unsigned taken = 0;
	bool good[WAYS];

	stream.tcp = true;
	good[0] = ns3c_tcp_connect(n->client, 0, 0, address, PORT, NULL, &none, NULL);
	good[1] = ns3c_udp_send(ns3c_udp_open(n->client, 0, 0, &ignores, NULL), address, PORT, NULL, 1) == 0;
	good[2] = ns3c_udp_send(ns3c_udp_open(n->client, CLIENT, 0, &ignores, NULL), address, PORT, NULL, 1) == 0;
	good[3] = ns3c_add_bulk(n->client, address, PORT, 1, 0, 0);
	good[4] = ns3c_add_http_client(n->client, address, PORT, 0, 0);
	good[5] = ns3c_add_on_off(n->client, &datagrams);
	good[6] = ns3c_add_on_off(n->client, &stream);
	good[7] = ns3c_add_ping(n->client, &ping);
	for (int i = 0; i < WAYS; i++)
		taken += good[i];
	return taken;
}

static void what_is_no_other_host_is_refused(void **state)
{
	static const struct {
		uint32_t address;
		const char *error;
	} cases[] = {
		{ 0, "ping: 0.0.0.0 is not one host's address" },
		{ 0xffffffff, "ping: 255.255.255.255 is not one host's address" },
		{ 0x0a0900ff, "ping: 10.9.0.255 is not one host's address" },
		{ 0x0a090001, "ping: 10.9.0.1 is the host's own" },
		{ CLIENT, "ping: 10.0.0.1 is the host's own" },
	};
	struct net n = { 0 };

	(void)state;
	net_up(&n, NULL, NULL);
	net_must(ns3c_address(n.at_client, 0x0a090001, 24) == 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(send_all_ways(&n, cases[i].address), 0);
		assert_string_equal(ns3c_error(), cases[i].error);
		if (cases[i].address)   /* 0 is: on the link */
			assert_int_equal(ns3c_route(n.at_client, 0xc6336400, 24, cases[i].address), -1);
	}
	/* Next to them there are others. */
	assert_int_equal(send_all_ways(&n, 0x0a090002), WAYS);
	assert_int_equal(send_all_ways(&n, CLIENT + 1), WAYS);
	net_down(&n);
}

/* --- from one to another ------------------------------------------------------------ */

/* The node in the middle makes the server this address for the client, and the client the next one for the server. */
static bool disguise(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	bool out = from == n->inside;
	uint32_t address = *(uint32_t *)n->user, source = out ? address + 1 : address, target = out ? SERVER : CLIENT;

	(void)length;
	assert_int_equal(wire32(bytes + 12), out ? CLIENT : SERVER);
	assert_int_equal(wire32(bytes + 16), out ? address : address + 1);
	for (int i = 0; i < 4; i++) {
		bytes[12 + i] = (uint8_t)(source >> (24 - 8 * i));
		bytes[16 + i] = (uint8_t)(target >> (24 - 8 * i));
	}
	return true;
}

static void talk(struct ns3c_tcp *tcp, void *user)
{
	(void)user;
	assert_int_equal(ns3c_tcp_send(tcp, NULL, BYTES), BYTES);
	ns3c_tcp_close(tcp);
}

static void ended(struct ns3c_tcp *tcp, enum ns3c_end how, void *user)
{
	(void)tcp;
	*(enum ns3c_end *)user = how;
}

static void echo(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length,
                 void *user)
{
	++*(unsigned *)user;
	if (port != PORT)
		assert_int_equal(ns3c_udp_send(udp, address, port, bytes, length), 0);
}

static void count_icmp(struct ns3c_udp *udp, const struct ns3c_icmp *error, void *user)
{
	(void)udp, (void)error;
	++*(unsigned *)user;
}

/* What an anonymiser makes of an address may be multicast or loopback; packets go to and fro all the same. */
static void one_address_is_like_another(void **state)
{
	static const uint32_t addresses[] = { 0xc6336407, 0xe0000001, 0xe00000fb, 0xeffffffa, 0x7f000001, 0xf0000001 };

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		const struct ns3c_tcp_events talks = { .connected = talk, .ended = ended };
		const struct ns3c_udp_events echoes = { .received = echo, .icmp = count_icmp };
		const struct ns3c_ping ping = { .address = addresses[i], .count = 1, .interval_ns = SECOND };
		uint32_t address = addresses[i];
		struct net n = { .pass = disguise, .user = &address };
		enum ns3c_end how = NS3C_LOST;
		unsigned served = 0, answered[3] = { 0 };
		struct ns3c_app *sink, *bulk, *pings;
		struct ns3c_options options;

		ns3c_defaults(&options);
		options.checksums = false;   /* the node in the middle mends none */
		net_up(&n, &options, NULL);
		sink = ns3c_add_sink(n.server, 0, PORT, true);
		bulk = ns3c_add_bulk(n.client, address, PORT, BYTES, 0, 0);
		pings = ns3c_add_ping(n.client, &ping);
		net_must(sink && bulk && pings && ns3c_udp_open(n.server, 0, PORT, &echoes, &served));
		net_must(ns3c_tcp_connect(n.client, 0, 0, address, PORT, NULL, &talks, &how));
		for (unsigned k = 0; k < 3; k++) {
			struct ns3c_udp *udp = ns3c_udp_open(n.client, k ? CLIENT : 0, 0, &echoes, &answered[k]);

			net_must(ns3c_udp_send(udp, address, k < 2 ? PORT : PORT + 1, "x", 1) == 0);
		}
		ns3c_run(n.sim, -1);
		assert_int_equal(how, NS3C_CLOSED);
		assert_int_equal(ns3c_app_get_counts(sink).received, 2 * BYTES);
		assert_int_equal(ns3c_app_get_counts(pings).answers, 1);
		/* The third is for a port that nobody has: ICMP goes back as well. */
		assert_true(served == 2 && answered[0] == 1 && answered[1] == 1 && answered[2] == 1);
		net_down(&n);
	}
}

/* Where no route leads to them, sockets are told, and applications send nothing. */
static void without_a_route_there_is_none(void **state)
{
	static const uint32_t addresses[] = { 0xc6336407, 0xe0000001, 0xeffffffa, 0x7f000001 };

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		struct net n = { .sim = ns3c_create(NULL) };

		n.client = ns3c_add_host(n.sim);
		n.server = ns3c_add_host(n.sim);
		net_must(ns3c_join(n.client, n.server, NULL, &n.at_client, &n.at_server) == 0);
		net_must(ns3c_address(n.at_client, CLIENT, 24) == 0 && ns3c_address(n.at_server, CLIENT + 1, 24) == 0);
		assert_int_equal(send_all_ways(&n, addresses[i]), WAYS - 3);
		ns3c_run(n.sim, 10 * SECOND);
		assert_int_equal(ns3c_device_counts(n.at_client).sent, 0);
		/* A route of its own is one. */
		net_must(ns3c_route(n.at_client, addresses[i] & 0xffffff00, 24, CLIENT + 1) == 0);
		assert_non_null(ns3c_tcp_connect(n.client, 0, 0, addresses[i], PORT, NULL, &none, NULL));
		ns3c_run(n.sim, 11 * SECOND);
		assert_true(ns3c_device_counts(n.at_client).sent > 0);
		net_down(&n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_has_what_a_host_can),
		cmocka_unit_test(what_is_no_other_host_is_refused),
		cmocka_unit_test(one_address_is_like_another),
		cmocka_unit_test(without_a_route_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
