/* Links, LANs, nodes without a stack, and captures of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/ns3net.h"

#include <cmocka.h>

#include <unistd.h>

enum { PORT = 40000 }; /* no protocol that tshark would look for */

#define NEAR UINT32_C(0xc0a80001)   /* 192.168.0.1, of the node in the middle */
#define HOME UINT32_C(0xc0a8000a)   /* 192.168.0.10 and up */

struct ear {
	unsigned count;
	uint32_t address, length;
	uint16_t port;
	int64_t when;
	struct ns3c_sim *sim;
	bool answers;
};

static void on_received(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length,
                        void *user)
{
	struct ear *e = user;

	e->count++;
	e->address = address;
	e->port = port;
	e->length = length;
	e->when = ns3c_now(e->sim);
	if (e->answers)
		assert_int_equal(ns3c_udp_send(udp, address, port, bytes, length), 0);
}

static const struct ns3c_udp_events hears = { .received = on_received };

static struct ns3c_udp *ear(struct net *n, struct ns3c_node *host, uint16_t port, struct ear *e)
{
	struct ns3c_udp *udp = ns3c_udp_open(host, 0, port, &hears, e);

	net_must(udp);
	e->sim = n->sim;
	return udp;
}

/* A packet of 1000 bytes and 2 of PPP at 1 Mbit/s takes 8.016 ms, twice, and the delay twice. */
static void a_link_has_a_rate_and_a_delay(void **state)
{
	const struct ns3c_link link = { .bits_per_second = 1000000, .delay_ns = 30000000 };
	struct net n = { 0 };
	struct ear server = { 0 }, client = { 0 };

	(void)state;
	net_up(&n, NULL, &link);
	ear(&n, n.server, PORT, &server);
	assert_int_equal(ns3c_udp_send(ear(&n, n.client, 0, &client), SERVER, PORT, NULL, 972), 0);
	ns3c_run(n.sim, -1);
	assert_int_equal(server.when, 2 * (8016000 + 30000000));
	net_down(&n);
}

/* Of ten packets at once one is on its way, three wait, and six are dropped and counted. */
static void a_full_queue_drops_and_counts(void **state)
{
	const struct ns3c_link link = { .bits_per_second = 1000000, .queue_packets = 3 };
	struct net n = { 0 };
	struct ear server = { 0 }, client = { 0 };
	struct ns3c_udp *udp;
	struct ns3c_counts at_client, inside;

	(void)state;
	net_up(&n, NULL, &link);
	ear(&n, n.server, PORT, &server);
	udp = ear(&n, n.client, 0, &client);
	for (int i = 0; i < 10; i++)
		ns3c_udp_send(udp, SERVER, PORT, NULL, 1000);
	at_client = ns3c_device_counts(n.at_client);
	assert_true(at_client.sent == 1 && at_client.waiting == 3 && at_client.queue_dropped == 6);
	ns3c_run(n.sim, -1);
	at_client = ns3c_device_counts(n.at_client);
	inside = ns3c_device_counts(n.inside);
	assert_true(at_client.sent == 4 && at_client.waiting == 0 && at_client.queue_dropped == 6);
	assert_true(inside.received == 4 && inside.sent == 0);
	assert_int_equal(ns3c_device_counts(n.at_server).received, 4);
	assert_int_equal(server.count, 4);
	net_down(&n);
}

/* --- a node without a stack --------------------------------------------------------------- */

/* Adds the difference of a changed 32-bit field to a checksum (RFC 1624, equation 3). */
static void mend(uint8_t *sum, uint32_t before, uint32_t after)
{
	uint32_t s = (~wire16(sum) & 0xffff) + (~before >> 16) + (~before & 0xffff) + (after >> 16) + (after & 0xffff);

	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = ~s & 0xffff;
	sum[0] = (uint8_t)(s >> 8);
	sum[1] = (uint8_t)s;
}

static void write32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* A NAT of one address: the client goes out as 192.0.2.200. */
static bool rewrite(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	const uint32_t outside = 0xc00002c8;
	bool out = from == n->inside;
	uint8_t *field = bytes + (out ? 12 : 16), *transport = bytes + 20 + (bytes[9] == 6 ? 16 : 6);
	uint32_t before = wire32(field), after = out ? outside : CLIENT;

	(void)length;
	assert_int_equal(before, out ? CLIENT : outside);
	mend(bytes + 10, before, after);
	mend(transport, before, after);
	write32(field, after);
	return true;
}

/* Checksums are on: what was rewritten wrongly would not arrive. */
static void a_node_in_the_middle_may_rewrite(void **state)
{
	struct net n = { .pass = rewrite };
	struct ear server = { .answers = true }, client = { 0 };

	(void)state;
	net_up(&n, NULL, NULL);
	ear(&n, n.server, PORT, &server);
	assert_int_equal(ns3c_udp_send(ear(&n, n.client, 4444, &client), SERVER, PORT, "abc", 3), 0);
	ns3c_run(n.sim, -1);
	assert_true(server.count == 1 && server.address == 0xc00002c8 && server.port == 4444);
	assert_true(client.count == 1 && client.address == SERVER && client.length == 3);
	net_down(&n);
}

static bool spoil(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	(void)n, (void)from;
	bytes[length - 1] ^= 1;
	return true;
}

static void a_bad_checksum_is_dropped(void **state)
{
	(void)state;
	for (int on = 0; on < 2; on++) {
		struct net n = { .pass = spoil };
		struct ear server = { 0 }, client = { 0 };
		struct ns3c_options options;

		ns3c_defaults(&options);
		options.checksums = on;
		net_up(&n, &options, NULL);
		ear(&n, n.server, PORT, &server);
		assert_int_equal(ns3c_udp_send(ear(&n, n.client, 0, &client), SERVER, PORT, "abc", 3), 0);
		ns3c_run(n.sim, -1);
		assert_int_equal(server.count, !on);
		net_down(&n);
	}
}

static void faults_are_told(void **state)
{
	const struct ns3c_link negative = { .delay_ns = -1 }, small = { .mtu = 67 }, large = { .mtu = 1501 };
	uint8_t packet[1501] = { 0x45, 0, 0x05, 0xdd };
	struct ns3c_device *device;
	struct net n = { 0 };
	struct ns3c_lan *lan;

	(void)state;
	net_up(&n, NULL, NULL);
	assert_int_equal(ns3c_join(n.client, n.client, NULL, NULL, NULL), -1);
	assert_int_equal(ns3c_join(n.client, NULL, NULL, NULL, NULL), -1);
	assert_int_equal(ns3c_join(n.client, n.server, &negative, NULL, NULL), -1);
	assert_int_equal(ns3c_join(n.client, n.server, &small, NULL, NULL), -1);
	assert_string_equal(ns3c_error(), "link: mtu 67 is not within 68 .. 65535");
	assert_null(ns3c_add_lan(n.sim, &large));
	assert_string_equal(ns3c_error(), "link: mtu 1501 is not within 68 .. 1500");
	assert_null(ns3c_add_raw(n.sim, NULL, NULL));
	assert_int_equal(ns3c_address(n.inside, CLIENT, 24), -1);
	assert_int_equal(ns3c_address(n.at_client, CLIENT, 24), -1);
	assert_int_equal(ns3c_address(n.at_client, CLIENT + 1, 33), -1);
	assert_int_equal(ns3c_route(n.at_client, CLIENT, 24, 0), -1);
	assert_string_equal(ns3c_error(), "route: 10.0.0.1 has bits beyond the prefix of 24");
	assert_int_equal(ns3c_join(n.client, n.server, NULL, &device, NULL), 0);
	assert_int_equal(ns3c_route(device, 0, 0, 0), -1);
	assert_int_equal(ns3c_forward(n.middle, true), -1);
	assert_int_equal(ns3c_send(n.at_client, packet, 1501), -1);
	assert_int_equal(ns3c_send(n.inside, packet, 1501), -1);
	assert_string_equal(ns3c_error(), "send: 1501 bytes are over the MTU of 1500");
	assert_int_equal(ns3c_send(n.inside, packet, 1500), -1);
	assert_int_equal(ns3c_send(n.inside, NULL, 20), -1);
	assert_int_equal(ns3c_answer_arp(n.inside, SERVER, 32), -1);
	assert_null(ns3c_capture_open(n.inside, "/nowhere/at/all.pcap"));
	assert_string_equal(ns3c_error(), "/nowhere/at/all.pcap: No such file or directory");
	lan = ns3c_add_lan(n.sim, NULL);
	assert_non_null(ns3c_attach(lan, n.client));
	assert_null(ns3c_attach(NULL, n.client));
	net_down(&n);
}

/* --- a tap --------------------------------------------------------------------------------- */

struct tap {
	struct ns3c_device *device;
	unsigned count;
	uint8_t bytes[64];
};

/* Sends back what it was given, with the addresses and ports exchanged: the sums stay what they were. */
static void turn_round(struct ns3c_device *device, uint8_t *bytes, uint32_t length, void *user)
{
	struct tap *t = user;
	uint8_t kept[8];

	assert_ptr_equal(device, t->device);
	t->count++;
	memcpy(kept, bytes + 12, 4);
	memcpy(kept + 4, bytes + 20, 2);
	memcpy(bytes + 12, bytes + 16, 4);
	memcpy(bytes + 16, kept, 4);
	memcpy(bytes + 20, bytes + 22, 2);
	memcpy(bytes + 22, kept + 4, 2);
	assert_int_equal(ns3c_tap_deliver(device, bytes, length), 0);
	assert_int_equal(ns3c_tap_deliver(device, bytes, length - 1), -1);
}

/* The program is the other end: what it is given arrives, and is counted, and captured as it was. */
static void a_tap_is_the_programs_end(void **state)
{
	struct ns3c_sim *sim = ns3c_create(NULL);
	struct ns3c_node *host = ns3c_add_host(sim);
	struct tap tap = { 0 };
	struct ear heard = { .sim = sim };
	struct ns3c_capture *capture;
	uint8_t file[24 + 16 + 32];
	char path[64];
	FILE *in;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_link.tap.%ld.pcap", (long)getpid());
	tap.device = ns3c_add_tap(host, 1500, turn_round, &tap);
	net_must(tap.device && ns3c_address(tap.device, HOME, 32) == 0 && ns3c_route(tap.device, 0, 0, 0) == 0);
	capture = ns3c_capture_open(tap.device, path);
	net_must(capture && ns3c_udp_send(ns3c_udp_open(host, 0, 4000, &hears, &heard), SERVER, PORT, "four", 4) == 0);
	ns3c_run(sim, -1);
	assert_int_equal(tap.count, 1);
	assert_true(heard.count == 1 && heard.address == SERVER && heard.port == PORT && heard.length == 4);
	assert_true(ns3c_device_counts(tap.device).sent == 1 && ns3c_device_counts(tap.device).received == 1);
	assert_null(ns3c_add_tap(host, 67, turn_round, NULL));
	assert_int_equal(ns3c_capture_close(capture), 0);
	in = fopen(path, "rb");
	assert_true(in && fread(file, sizeof(file), 1, in) == 1);
	assert_true(file[40] == 0x45 && file[43] == 32 && wire32(file + 52) == HOME);
	fclose(in);
	remove(path);
	ns3c_destroy(sim);
}

/* --- a LAN ---------------------------------------------------------------------------------- */

/* Three hosts on a LAN reach each other by ARP, and the server through a node without a stack. */
static void a_lan_works_with_and_without_a_stack(void **state)
{
	struct net n = { 0 };
	struct ns3c_node *homes[3];
	struct ns3c_udp *udps[3];
	struct ear ears[3] = { { 0 } }, server = { .answers = true };
	struct ns3c_lan *lan;

	(void)state;
	net_up(&n, NULL, NULL);
	lan = ns3c_add_lan(n.sim, NULL);
	n.inside = ns3c_attach(lan, n.middle);
	net_must(n.inside && ns3c_answer_arp(n.inside, NEAR, 32) == 0);
	for (unsigned i = 0; i < 3; i++) {
		struct ns3c_device *device;

		homes[i] = ns3c_add_host(n.sim);
		device = ns3c_attach(lan, homes[i]);
		net_must(device && ns3c_address(device, HOME + i, 24) == 0 && ns3c_route(device, 0, 0, NEAR) == 0);
		udps[i] = ear(&n, homes[i], PORT, &ears[i]);
	}
	ear(&n, n.server, PORT, &server);
	assert_int_equal(ns3c_udp_send(udps[0], HOME + 1, PORT, "hello", 5), 0);
	ns3c_run(n.sim, -1);
	assert_true(ears[1].count == 1 && ears[1].address == HOME && ears[1].length == 5);
	assert_int_equal(n.packets, 0);
	/* One byte: Ethernet pads it, and the node does not see that. */
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(ns3c_udp_send(udps[i], SERVER, PORT, "?", 1), 0);
	ns3c_run(n.sim, -1);
	assert_int_equal(server.count, 3);
	assert_int_equal(server.length, 1);
	assert_int_equal(n.packets, 6);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ears[i].count, i == 1 ? 2 : 1);
		assert_true(ears[i].address == SERVER && ears[i].length == 1);
	}
	net_down(&n);
}

/* A router of ns-3's own between a LAN and a link. */
static void a_host_may_forward(void **state)
{
	struct ns3c_sim *sim = ns3c_create(NULL);
	struct ns3c_node *a = ns3c_add_host(sim), *router = ns3c_add_host(sim), *b = ns3c_add_host(sim);
	struct ns3c_lan *lan = ns3c_add_lan(sim, NULL);
	struct ns3c_device *at_a = ns3c_attach(lan, a), *near = ns3c_attach(lan, router), *far, *at_b;
	struct ear heard = { .sim = sim };
	struct ns3c_udp *udp;

	(void)state;
	net_must(ns3c_join(router, b, NULL, &far, &at_b) == 0);
	net_must(ns3c_address(at_a, HOME, 24) == 0 && ns3c_route(at_a, 0, 0, NEAR) == 0);
	net_must(ns3c_address(near, NEAR, 24) == 0 && ns3c_address(far, SERVER + 1, 24) == 0);
	net_must(ns3c_address(at_b, SERVER, 24) == 0 && ns3c_udp_open(b, 0, PORT, &hears, &heard));
	udp = ns3c_udp_open(a, 0, 0, &hears, &heard);
	net_must(ns3c_udp_send(udp, SERVER, PORT, "1", 1) == 0);
	ns3c_run(sim, -1);
	assert_int_equal(heard.count, 0);
	assert_int_equal(ns3c_forward(router, true), 0);
	net_must(ns3c_udp_send(udp, SERVER, PORT, "2", 1) == 0);
	ns3c_run(sim, -1);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.address, HOME);
	/* What it did not forward was counted; so is what no route leads to. */
	assert_int_equal(ns3c_host_drops(router), 1);
	net_must(ns3c_udp_send(udp, UINT32_C(0xcb007101), PORT, "3", 1) == 0);
	ns3c_run(sim, -1);
	assert_int_equal(ns3c_host_drops(router), 2);
	ns3c_destroy(sim);
}

/* --- captures --------------------------------------------------------------------------------- */

static void talk(struct ns3c_tcp *tcp, uint32_t space, void *user)
{
	(void)space, (void)user;
	ns3c_tcp_send(tcp, NULL, 30000);
	ns3c_tcp_close(tcp);
}

/* How many packets tshark finds in a capture that a filter lets through. */
static unsigned tshark_count(const char *path, const char *filter)
{
	char command[512], line[256];
	unsigned count = 0;
	FILE *out;

	snprintf(command, sizeof(command),
	         "tshark -n -r %s -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE -Y '%s' "
	         "-T fields -e frame.number 2>/dev/null",
	         path, filter);
	out = popen(command, "r");
	net_must(out);
	while (fgets(line, sizeof(line), out))
		count++;
	assert_int_equal(pclose(out), 0);
	return count;
}

/* TCP, fragments of UDP and ICMP, on a link and on a LAN: every packet that passed is there, whole and right. */
static void captures_are_well_formed(void **state)
{
	static const char bad[] = "_ws.malformed || ip.checksum.status == Bad || tcp.checksum.status == Bad || "
	                          "udp.checksum.status == Bad || icmp.checksum.status == Bad || _ws.expert.severity == Error";
	const struct ns3c_tcp_events talks = { .space = talk }, listens = { .ended = NULL };
	char paths[2][64];
	struct net n = { 0 };
	struct ear server = { .answers = true }, client = { 0 };
	struct ns3c_capture *captures[2];
	struct ns3c_device *devices[2], *at_host;
	struct ns3c_node *host;
	struct ns3c_lan *lan;

	(void)state;
	if (system("tshark -v >/dev/null 2>&1") != 0) {
		puts("skip captures_are_well_formed: there is no tshark here (apt-get install tshark)");
		skip();
	}
	net_up(&n, NULL, NULL);
	lan = ns3c_add_lan(n.sim, NULL);
	n.inside = ns3c_attach(lan, n.middle);
	host = ns3c_add_host(n.sim);
	at_host = ns3c_attach(lan, host);
	net_must(n.inside && at_host && ns3c_answer_arp(n.inside, NEAR, 32) == 0);
	net_must(ns3c_address(at_host, HOME, 24) == 0 && ns3c_route(at_host, 0, 0, NEAR) == 0);
	devices[0] = n.outside;
	devices[1] = at_host;
	for (int i = 0; i < 2; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/tmp/test_link.%d.%ld.pcap", i, (long)getpid());
		captures[i] = ns3c_capture_open(devices[i], paths[i]);
		net_must(captures[i]);
	}
	ear(&n, n.server, PORT, &server);
	net_must(ns3c_tcp_listen(n.server, 0, 80, NULL, &listens, NULL, NULL));
	/* The first packet has ARP ask: until it knows, ns-3 keeps no more than three. */
	net_must(ns3c_udp_send(ear(&n, host, 0, &client), SERVER, PORT, "", 1) == 0);
	ns3c_run(n.sim, SECOND / 10);
	net_must(ns3c_tcp_connect(host, 0, 0, SERVER, 80, NULL, &talks, NULL));
	for (uint16_t port = PORT; port < PORT + 2; port++)
		net_must(ns3c_udp_send(ear(&n, host, 0, &client), SERVER, port, NULL, 3001) == 0);
	ns3c_run(n.sim, SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(ns3c_capture_close(captures[i]), 0);
	ns3c_run(n.sim, -1);
	for (int i = 0; i < 2; i++) {
		struct ns3c_counts counts = ns3c_device_counts(devices[i]);

		assert_int_equal(tshark_count(paths[i], "ip"), n.packets);
		assert_int_equal(tshark_count(paths[i], bad), 0);
		assert_int_equal(tshark_count(paths[i], "tcp.flags.syn == 1"), 2);
		assert_int_equal(tshark_count(paths[i], "icmp.type == 3 && icmp.code == 3"), 1);
		assert_true(tshark_count(paths[i], "ip.frag_offset > 0") >= 6);
		if (i == 0)
			assert_int_equal(counts.sent + counts.received, n.packets);
		else
			assert_int_equal(tshark_count(paths[i], "arp"), 2);
		remove(paths[i]);
	}
	net_down(&n);
}

/* A disk that is full is told when the capture is closed. */
static void a_capture_that_cannot_be_written_is_told(void **state)
{
	struct net n = { 0 };
	struct ns3c_capture *capture;

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	net_up(&n, NULL, NULL);
	capture = ns3c_capture_open(n.inside, "/dev/full");
	assert_non_null(capture);
	assert_int_equal(ns3c_capture_close(capture), -1);
	assert_string_equal(ns3c_error(), "/dev/full: not everything could be written");
	net_down(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_has_a_rate_and_a_delay),
		cmocka_unit_test(a_full_queue_drops_and_counts),
		cmocka_unit_test(a_node_in_the_middle_may_rewrite),
		cmocka_unit_test(a_bad_checksum_is_dropped),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(a_tap_is_the_programs_end),
		cmocka_unit_test(a_lan_works_with_and_without_a_stack),
		cmocka_unit_test(a_host_may_forward),
		cmocka_unit_test(captures_are_well_formed),
		cmocka_unit_test(a_capture_that_cannot_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
