/* UDP through the bindings: both ways, in fragments, and what ICMP says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/support/ns3net.h"

#include <cmocka.h>

enum { PORT = 53, LARGE = 4000 };

struct ear {
	struct ns3c_udp *udp;
	unsigned count, icmps;
	uint32_t address, length;
	uint16_t port;
	uint8_t bytes[65507];
	struct ns3c_icmp icmp;
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
	memcpy(e->bytes, bytes, length);
	if (e->answers)
		assert_int_equal(ns3c_udp_send(udp, address, port, "echo", 4), 0);
}

static void on_icmp(struct ns3c_udp *udp, const struct ns3c_icmp *error, void *user)
{
	struct ear *e = user;

	(void)udp;
	e->icmp = *error;
	e->icmps++;
}

static const struct ns3c_udp_events both = { .received = on_received, .icmp = on_icmp };

static void datagrams_go_both_ways(void **state)
{
	struct net n = { 0 };
	struct ear client = { 0 }, server = { .answers = true };

	(void)state;
	net_up(&n, NULL, NULL);
	server.udp = ns3c_udp_open(n.server, 0, PORT, &both, &server);
	client.udp = ns3c_udp_open(n.client, CLIENT, 5000, &both, &client);
	assert_non_null(server.udp);
	assert_non_null(client.udp);
	assert_int_equal(ns3c_udp_port(client.udp), 5000);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, "question", 8), 0);
	ns3c_run(n.sim, -1);
	assert_true(server.count == 1 && server.length == 8 && server.address == CLIENT && server.port == 5000);
	assert_memory_equal(server.bytes, "question", 8);
	assert_true(client.count == 1 && client.length == 4 && client.address == SERVER && client.port == PORT);
	assert_memory_equal(client.bytes, "echo", 4);
	assert_int_equal(n.packets, 2);
	/* No bytes is a datagram, too; NULL sends zeros. */
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, NULL, 0), 0);
	ns3c_run(n.sim, -1);
	assert_true(server.count == 2 && server.length == 0);
	net_down(&n);
}

/* --- fragments -------------------------------------------------------------------- */

struct pieces {
	unsigned count, lost;
	uint32_t offsets[8], lengths[8];
	bool more[8];
};

static bool note_fragment(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	struct pieces *p = n->user;

	(void)from;
	p->offsets[p->count] = (wire16(bytes + 6) & 0x1fff) * 8;
	p->more[p->count] = wire16(bytes + 6) & 0x2000;
	p->lengths[p->count] = length;
	return p->count++ != p->lost;
}

/* The node in the middle sees the fragments, each within the MTU and in its place; the host puts them together. One
 * that is lost takes the datagram with it. */
static void large_datagrams_cross_in_fragments(void **state)
{
	static const uint32_t mtus[] = { 1500, 576 };

	(void)state;
	for (unsigned lost = 0; lost < 2; lost++)
		for (size_t i = 0; i < sizeof(mtus) / sizeof(*mtus); i++) {
			const struct ns3c_link link = { .mtu = mtus[i] };
			struct pieces pieces = { .lost = lost ? 1 : UINT32_MAX };
			struct net n = { .pass = note_fragment, .user = &pieces };
			struct ear client = { 0 }, server = { 0 };
			uint32_t whole = LARGE + 8, at = 0;
			uint8_t bytes[LARGE];

			for (uint32_t k = 0; k < LARGE; k++)
				bytes[k] = (uint8_t)(k * 11 + k / 256);
			net_up(&n, NULL, &link);
			assert_int_equal(ns3c_device_mtu(n.inside), mtus[i]);
			server.udp = ns3c_udp_open(n.server, 0, PORT, &both, &server);
			client.udp = ns3c_udp_open(n.client, 0, 0, &both, &client);
			assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, bytes, LARGE), 0);
			ns3c_run(n.sim, SECOND);
			for (unsigned k = 0; k < pieces.count; k++) {
				assert_int_equal(pieces.offsets[k], at);
				assert_true(pieces.lengths[k] <= mtus[i]);
				at += pieces.lengths[k] - 20;
				assert_int_equal(pieces.more[k], at < whole);
			}
			assert_int_equal(at, whole);
			assert_int_equal(server.count, !lost);
			if (!lost) {
				assert_int_equal(server.length, LARGE);
				assert_memory_equal(server.bytes, bytes, LARGE);
			}
			net_down(&n);
		}
}

/* --- ICMP ---------------------------------------------------------------------------- */

/* A host answers a closed port with ICMP port unreachable, and the socket is told. */
static void a_closed_port_is_unreachable(void **state)
{
	struct net n = { 0 };
	struct ear client = { 0 };

	(void)state;
	net_up(&n, NULL, NULL);
	client.udp = ns3c_udp_open(n.client, 0, 0, &both, &client);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, "x", 1), 0);
	ns3c_run(n.sim, -1);
	assert_true(client.icmps == 1 && client.icmp.type == 3 && client.icmp.code == 3 && client.icmp.from == SERVER);
	/* A socket that is closed is nobody's. */
	assert_int_equal(ns3c_udp_close(client.udp), 0);
	ns3c_run(n.sim, -1);
	client.udp = ns3c_udp_open(n.client, 0, 6000, &both, &client);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, "x", 1), 0);
	assert_int_equal(ns3c_udp_close(client.udp), 0);
	ns3c_run(n.sim, -1);
	assert_int_equal(client.icmps, 1);
	net_down(&n);
}

/* --- faults ---------------------------------------------------------------------------- */

static void close_it(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length,
                     void *user)
{
	unsigned *count = user;

	(void)address, (void)port, (void)bytes, (void)length;
	++*count;
	assert_int_equal(ns3c_udp_close(udp), 0);
}

static void faults_are_told(void **state)
{
	const struct ns3c_udp_events once = { .received = close_it };
	struct net n = { 0 };
	struct ear client = { 0 };
	unsigned count = 0;

	(void)state;
	net_up(&n, NULL, NULL);
	assert_null(ns3c_udp_open(n.middle, 0, 0, &both, &client));
	assert_null(ns3c_udp_open(n.client, SERVER, 0, &both, &client));
	client.udp = ns3c_udp_open(n.client, 0, 5000, &both, &client);
	assert_null(ns3c_udp_open(n.client, 0, 5000, &both, &client));
	assert_string_equal(ns3c_error(), "udp: port 5000 is taken");
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, NULL, 65508), -1);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, 0, NULL, 1), -1);
	assert_int_equal(ns3c_udp_send(client.udp, 0, PORT, NULL, 1), -1);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, NULL, 65507), 0);
	/* A callback may close its socket; the second datagram finds nobody. */
	assert_non_null(ns3c_udp_open(n.server, 0, PORT, &once, &count));
	ns3c_udp_send(client.udp, SERVER, PORT, "1", 1);
	ns3c_udp_send(client.udp, SERVER, PORT, "2", 1);
	ns3c_run(n.sim, -1);
	assert_int_equal(count, 1);
	assert_int_equal(client.icmps, 2);
	assert_int_equal(ns3c_udp_close(client.udp), 0);
	assert_int_equal(ns3c_udp_send(client.udp, SERVER, PORT, NULL, 1), -1);
	assert_string_equal(ns3c_error(), "udp: NULL, or closed");
	net_down(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_go_both_ways),
		cmocka_unit_test(large_datagrams_cross_in_fragments),
		cmocka_unit_test(a_closed_port_is_unreachable),
		cmocka_unit_test(faults_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
