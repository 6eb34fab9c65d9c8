/* TCP through the bindings: bytes arrive as they were sent, and every way in
 * which a connection can end is told once, by its name and at its time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/nat/ipv4.h"
#include "tests/support/ns3net.h"

#include <cmocka.h>

enum { PORT = 80, SYN_ROOM = 16 };

/* One side of a connection: what it is to do, and what it was told. */
struct side {
	struct ns3c_sim *sim;
	struct ns3c_tcp *tcp;
	uint64_t to_send, queued, got;
	unsigned connected, finished, ended, wrong, icmps;
	enum ns3c_end how;
	int64_t when;
	struct ns3c_tcp_info info;
	struct ns3c_icmp icmp;
};

/* A byte of the stream that every side sends; of no short period. */
static uint8_t byte_at(uint64_t place)
{
	return (uint8_t)(place * 7 + place / 251);
}

static void on_connected(struct ns3c_tcp *tcp, void *user)
{
	struct side *s = user;

	assert_ptr_equal(tcp, s->tcp);
	s->connected++;
}

/* Writes what fits, and closes after the last byte. */
static void on_space(struct ns3c_tcp *tcp, uint32_t space, void *user)
{
	struct side *s = user;
	uint8_t bytes[4000];

	while (space > 0 && s->queued < s->to_send) {
		uint64_t left = s->to_send - s->queued;
		uint32_t length = left < sizeof(bytes) ? (uint32_t)left : (uint32_t)sizeof(bytes);
		int64_t taken;

		for (uint32_t i = 0; i < length; i++)
			bytes[i] = byte_at(s->queued + i);
		taken = ns3c_tcp_send(tcp, bytes, length);
		assert_true(taken >= 0);
		s->queued += (uint64_t)taken;
		if (taken < length)
			return;
	}
	if (s->queued == s->to_send)
		ns3c_tcp_close(tcp);
}

static void on_received(struct ns3c_tcp *tcp, const uint8_t *bytes, uint32_t length, void *user)
{
	struct side *s = user;

	(void)tcp;
	for (uint32_t i = 0; i < length; i++)
		s->wrong += bytes[i] != byte_at(s->got + i);
	s->got += length;
}

static void on_finished(struct ns3c_tcp *tcp, void *user)
{
	struct side *s = user;

	s->finished++;
	if (s->queued == s->to_send)
		ns3c_tcp_close(tcp);
}

static void on_icmp(struct ns3c_tcp *tcp, const struct ns3c_icmp *error, void *user)
{
	struct side *s = user;

	(void)tcp;
	s->icmp = *error;
	s->icmps++;
}

static void on_ended(struct ns3c_tcp *tcp, enum ns3c_end how, void *user)
{
	struct side *s = user;

	assert_ptr_equal(tcp, s->tcp);
	s->ended++;
	s->how = how;
	s->when = ns3c_now(s->sim);
	s->info = ns3c_tcp_get_info(tcp);
	s->tcp = NULL;
}

static void *on_accepted(struct ns3c_tcp *tcp, void *user)
{
	struct side *s = user;

	s->tcp = tcp;
	return s;
}

static const struct ns3c_tcp_events both_ways = {
	.connected = on_connected,
	.space     = on_space,
	.received  = on_received,
	.finished  = on_finished,
	.icmp      = on_icmp,
	.ended     = on_ended,
};

static void serve(struct net *n, struct side *server)
{
	server->sim = n->sim;
	net_must(ns3c_tcp_listen(n->server, 0, PORT, NULL, &both_ways, on_accepted, server));
}

static void dial(struct net *n, struct side *client)
{
	client->sim = n->sim;
	client->tcp = ns3c_tcp_connect(n->client, 0, 0, SERVER, PORT, NULL, &both_ways, client);
	net_must(client->tcp);
}

/* Slow enough that what is sent without end stays a small number of packets. */
static const struct ns3c_link slow = { .bits_per_second = 10000000, .delay_ns = 1000000 };

/* --- what arrives ------------------------------------------------------------ */

static void bytes_arrive_both_ways(void **state)
{
	struct net n = { 0 };
	struct side client = { .to_send = 3000000 }, server = { .to_send = 1234567 };

	(void)state;
	net_up(&n, NULL, NULL);
	serve(&n, &server);
	dial(&n, &client);
	assert_int_equal(ns3c_run(n.sim, -1), 0);
	assert_int_equal(server.got, client.to_send);
	assert_int_equal(client.got, server.to_send);
	assert_int_equal(client.wrong + server.wrong, 0);
	assert_int_equal(client.connected, 1);
	assert_int_equal(server.connected, 0);
	assert_true(client.ended == 1 && server.ended == 1 && client.how == NS3C_CLOSED && server.how == NS3C_CLOSED);
	assert_int_equal(client.finished + server.finished, 1);
	assert_true(client.info.open && server.info.open);
	assert_int_equal(client.info.sent, client.to_send);
	assert_int_equal(client.info.received, server.to_send);
	assert_int_equal(client.info.syns, 1);
	assert_int_equal(server.info.syns, 1);
	assert_int_equal(client.info.local_address, CLIENT);
	assert_int_equal(client.info.remote_address, SERVER);
	assert_int_equal(client.info.remote_port, PORT);
	assert_int_equal(server.info.remote_port, client.info.local_port);
	net_down(&n);
}

/* One packet in twenty is lost: TCP sends again, and counts it. */
static bool lose_some(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	(void)from, (void)bytes, (void)length;
	return n->packets % 20 != 0;
}

static void what_is_lost_is_sent_again_and_counted(void **state)
{
	struct net n = { .pass = lose_some };
	struct side client = { .to_send = 500000 }, server = { 0 };

	(void)state;
	net_up(&n, NULL, &slow);
	serve(&n, &server);
	dial(&n, &client);
	ns3c_run(n.sim, -1);
	assert_int_equal(server.got, client.to_send);
	assert_int_equal(server.wrong, 0);
	assert_true(client.info.retransmitted >= 10);
	assert_int_equal(client.info.sent, client.to_send);
	net_down(&n);
}

/* --- how it ends --------------------------------------------------------------- */

struct syns {
	unsigned count;
	int64_t times[SYN_ROOM];
};

static bool swallow(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	struct syns *syns = n->user;

	(void)from, (void)length;
	if (is_tcp(bytes, TCP_SYN) && syns->count < SYN_ROOM)
		syns->times[syns->count++] = ns3c_now(n->sim);
	return false;
}

/* The waits double from 3 s; the sixth is waited for, too. Fewer tries and a shorter wait do as they say. */
static void unanswered_syns_are_repeated_and_given_up(void **state)
{
	static const struct {
		uint32_t tries;
		int64_t wait;
	} cases[] = { { 6, 3 * SECOND }, { 3, SECOND }, { 1, 2 * SECOND } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct syns syns = { 0 };
		struct net n = { .pass = swallow, .user = &syns };
		struct side client = { .to_send = 1 };
		struct ns3c_options options;
		int64_t due = 0;

		ns3c_defaults(&options);
		options.tcp.syn_tries = cases[i].tries;
		options.tcp.syn_timeout_ns = cases[i].wait;
		net_up(&n, i == 0 ? NULL : &options, NULL);
		dial(&n, &client);
		ns3c_run(n.sim, -1);
		assert_int_equal(syns.count, cases[i].tries);
		for (unsigned k = 0; k < syns.count; k++) {
			assert_true(syns.times[k] >= due && syns.times[k] < due + SECOND / 1000);
			due += cases[i].wait << k;
		}
		assert_int_equal(client.ended, 1);
		assert_int_equal(client.how, NS3C_NO_ANSWER);
		assert_int_equal(client.when, due);
		assert_int_equal(client.connected, 0);
		assert_int_equal(client.info.syns, cases[i].tries);
		assert_int_equal(client.info.retransmitted, cases[i].tries - 1);
		assert_false(client.info.open);
		net_down(&n);
	}
}

static void a_closed_port_refuses(void **state)
{
	struct net n = { 0 };
	struct side client = { .to_send = 1 };

	(void)state;
	net_up(&n, NULL, NULL);
	dial(&n, &client);
	ns3c_run(n.sim, -1);
	assert_int_equal(client.ended, 1);
	assert_int_equal(client.how, NS3C_REFUSED);
	assert_true(client.when < SECOND);
	assert_int_equal(client.connected, 0);
	net_down(&n);
}

static void close_at(void *user)
{
	struct side *s = user;

	ns3c_tcp_close(s->tcp);
}

static void abort_at(void *user)
{
	struct side *s = user;

	ns3c_tcp_abort(s->tcp);
}

static void an_abort_resets_the_other_side(void **state)
{
	struct net n = { 0 };
	struct side client = { .to_send = UINT64_MAX }, server = { .to_send = UINT64_MAX };

	(void)state;
	net_up(&n, NULL, &slow);
	serve(&n, &server);
	dial(&n, &client);
	ns3c_at(n.sim, SECOND, abort_at, &client);
	ns3c_run(n.sim, -1);
	assert_true(client.ended == 1 && client.how == NS3C_ABORTED && client.when == SECOND);
	assert_true(server.ended == 1 && server.how == NS3C_RESET);
	net_down(&n);
}

/* From a second on the client's packets come from another port, as behind a NAT that lost its mapping; to the old one
 * nothing gets through. */
static bool move_port(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	const uint16_t moved = 77;
	uint16_t *port = n->user;
	struct datagram was, now;

	net_must(ipv4_read(bytes, length, &was));
	now = was;
	if (ns3c_now(n->sim) < SECOND)
		return true;
	if (from == n->inside) {
		*port = was.ends.source_port;
		now.ends.source_port = moved;
	} else if (was.ends.destination_port == moved) {
		now.ends.destination_port = *port;
	} else {
		return false;
	}
	ipv4_write(bytes, &was, &now);
	return true;
}

/* The listener knows no such connection, and says so (RFC 9293 3.10.7.2). */
static void a_stray_segment_is_reset(void **state)
{
	uint16_t port = 0;
	struct net n = { .pass = move_port, .user = &port };
	struct side client = { .to_send = UINT64_MAX }, server = { .to_send = UINT64_MAX };

	(void)state;
	net_up(&n, NULL, &slow);
	serve(&n, &server);
	dial(&n, &client);
	ns3c_run(n.sim, -1);
	assert_true(client.ended == 1 && client.how == NS3C_RESET && client.when < SECOND + SECOND / 10);
	assert_true(server.ended == 1 && server.how == NS3C_LOST);
	net_down(&n);
}

static void closing_before_it_is_open_aborts(void **state)
{
	struct syns syns = { 0 };
	struct net n = { .pass = swallow, .user = &syns };
	struct side client = { .to_send = 1 };

	(void)state;
	net_up(&n, NULL, NULL);
	dial(&n, &client);
	assert_int_equal(ns3c_tcp_send(client.tcp, "x", 1), -1);
	assert_string_equal(ns3c_error(), "tcp: not open yet");
	ns3c_at(n.sim, SECOND, close_at, &client);
	ns3c_run(n.sim, -1);
	assert_true(client.ended == 1 && client.how == NS3C_ABORTED && client.when == SECOND);
	net_down(&n);
}

/* All is well until the second second, then nothing goes through any more. */
static bool cut(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	(void)from, (void)bytes, (void)length;
	return ns3c_now(n->sim) < 2 * SECOND;
}

/* Both with data under way, and with nothing but a FIN, which ns-3 alone would repeat for ever. */
static void a_connection_that_is_cut_is_lost(void **state)
{
	(void)state;
	for (int data = 0; data < 2; data++) {
		struct net n = { .pass = cut };
		struct side client = { .to_send = UINT64_MAX }, server = { .to_send = UINT64_MAX };
		struct ns3c_tcp_events quiet = both_ways;

		if (!data)
			quiet.space = NULL;
		net_up(&n, NULL, &slow);
		server.sim = client.sim = n.sim;
		net_must(ns3c_tcp_listen(n.server, 0, PORT, NULL, &quiet, on_accepted, &server));
		client.tcp = ns3c_tcp_connect(n.client, 0, 0, SERVER, PORT, NULL, &quiet, &client);
		net_must(client.tcp);
		if (!data)
			ns3c_at(n.sim, 3 * SECOND, close_at, &client);
		assert_int_equal(ns3c_run(n.sim, 1000 * SECOND), 0);
		assert_int_equal(client.ended, 1);
		assert_int_equal(client.how, NS3C_LOST);
		assert_int_equal(client.info.retransmitted, 6);
		net_down(&n);
	}
}

/* A listener that closes leaves its connections alone and takes no new one. */
static void a_closed_listener_refuses(void **state)
{
	struct net n = { 0 };
	struct side first = { .to_send = 100000 }, second = { .to_send = 1 }, server = { 0 };
	struct ns3c_tcp *listener;

	(void)state;
	net_up(&n, NULL, NULL);
	server.sim = n.sim;
	listener = ns3c_tcp_listen(n.server, SERVER, PORT, NULL, &both_ways, on_accepted, &server);
	net_must(listener);
	dial(&n, &first);
	ns3c_run(n.sim, SECOND / 1000);
	assert_int_equal(ns3c_tcp_close(listener), 0);
	dial(&n, &second);
	ns3c_run(n.sim, -1);
	assert_int_equal(server.got, first.to_send);
	assert_true(first.how == NS3C_CLOSED && second.how == NS3C_REFUSED);
	net_down(&n);
}

/* --- ICMP ---------------------------------------------------------------------- */

static uint16_t checksum(const uint8_t *bytes, uint32_t length)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < length; i += 2)
		sum += wire16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Answers every SYN with "host unreachable" (type 3, code 1), as a NAT may that has no port left. */
static bool unreachable(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	uint8_t answer[20 + 8 + 28] = { 0x45, 0, 0, sizeof(answer), 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 99 };
	uint32_t sum;

	(void)length;
	assert_ptr_equal(from, n->inside);
	memcpy(answer + 16, bytes + 12, 4);
	sum = checksum(answer, 20);
	answer[10] = (uint8_t)(sum >> 8);
	answer[11] = (uint8_t)sum;
	answer[20] = 3;
	answer[21] = 1;
	memcpy(answer + 28, bytes, 28);
	sum = checksum(answer + 20, sizeof(answer) - 20);
	answer[22] = (uint8_t)(sum >> 8);
	answer[23] = (uint8_t)sum;
	net_must(ns3c_send(n->inside, answer, sizeof(answer)) == 0);
	return false;
}

/* The socket is told of each; by itself TCP takes it for a soft error (RFC 5461), and repeats its SYN. */
static void icmp_errors_reach_the_socket(void **state)
{
	struct net n = { .pass = unreachable };
	struct side client = { .to_send = 1 };

	(void)state;
	net_up(&n, NULL, NULL);
	dial(&n, &client);
	ns3c_run(n.sim, -1);
	assert_int_equal(client.icmps, 6);
	assert_int_equal(client.icmp.type, 3);
	assert_int_equal(client.icmp.code, 1);
	assert_int_equal(client.icmp.from, 0xc0000263);
	assert_int_equal(client.how, NS3C_NO_ANSWER);
	assert_int_equal(client.when, 189 * SECOND);
	net_down(&n);
}

/* The last source address and port that a SYN came from. */
static bool note_source(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length)
{
	uint32_t *seen = n->user;

	(void)from, (void)length;
	if (is_tcp(bytes, TCP_SYN)) {
		seen[0] = wire32(bytes + 12);
		seen[1] = wire16(bytes + 20);
	}
	return false;
}

static void it_sends_from_where_it_was_bound(void **state)
{
	const uint32_t other = CLIENT + 5;
	uint32_t seen[2];
	struct net n = { .pass = note_source, .user = seen };

	(void)state;
	net_up(&n, NULL, NULL);
	assert_int_equal(ns3c_address(n.at_client, other, 32), 0);
	assert_non_null(ns3c_tcp_connect(n.client, other, 4321, SERVER, PORT, NULL, &both_ways, NULL));
	ns3c_run(n.sim, SECOND);
	assert_true(seen[0] == other && seen[1] == 4321);
	assert_non_null(ns3c_tcp_connect(n.client, 0, 4321, SERVER, PORT, NULL, &both_ways, NULL));
	ns3c_run(n.sim, 2 * SECOND);
	assert_true(seen[0] == CLIENT && seen[1] == 4321);
	assert_non_null(ns3c_tcp_connect(n.client, other, 0, SERVER, PORT, NULL, &both_ways, NULL));
	ns3c_run(n.sim, 5 * SECOND / 2);
	assert_true(seen[0] == other && seen[1] == 49153);
	net_down(&n);
}

/* --- faults --------------------------------------------------------------------- */

static void faults_are_told(void **state)
{
	struct net n = { 0 };
	struct side client = { .to_send = 1 };
	struct ns3c_tcp_options bad;
	struct ns3c_options options;
	struct ns3c_tcp *tcp;

	(void)state;
	net_up(&n, NULL, NULL);
	ns3c_defaults(&options);
	bad = options.tcp;
	bad.segment_size = 0;
	assert_null(ns3c_tcp_connect(n.middle, 0, 0, SERVER, PORT, NULL, &both_ways, &client));
	assert_null(ns3c_tcp_connect(n.client, 0, 0, 0, PORT, NULL, &both_ways, &client));
	assert_null(ns3c_tcp_connect(n.client, 0, 0, SERVER, 0, NULL, &both_ways, &client));
	assert_null(ns3c_tcp_connect(n.client, SERVER, 0, SERVER, PORT, NULL, &both_ways, &client));
	assert_string_equal(ns3c_error(), "tcp: the host does not have 192.0.2.1");
	assert_null(ns3c_tcp_connect(n.client, 0, 0, SERVER, PORT, &bad, &both_ways, &client));
	assert_string_equal(ns3c_error(), "tcp.segment_size: 0 is not within 1 .. 65000");
	tcp = ns3c_tcp_connect(n.client, 0, 4000, SERVER, PORT, NULL, &both_ways, &client);
	assert_non_null(tcp);
	assert_null(ns3c_tcp_connect(n.client, 0, 4000, SERVER, PORT, NULL, &both_ways, &client));
	assert_string_equal(ns3c_error(), "tcp: port 4000 is taken");
	assert_non_null(ns3c_tcp_connect(n.client, 0, 4000, SERVER, PORT + 1, NULL, &both_ways, &client));
	assert_non_null(ns3c_tcp_listen(n.server, 0, PORT, NULL, &both_ways, NULL, &client));
	assert_null(ns3c_tcp_listen(n.server, 0, PORT, NULL, &both_ways, NULL, &client));
	assert_int_equal(ns3c_tcp_close(tcp), 0);
	assert_int_equal(ns3c_tcp_send(tcp, "x", 1), -1);
	assert_int_equal(ns3c_tcp_send(NULL, "x", 1), -1);
	net_down(&n);
}

/* A host whose addresses are all there but no route is told so at once. */
static void no_route_is_told(void **state)
{
	struct ns3c_sim *sim = ns3c_create(NULL);
	struct ns3c_node *a = ns3c_add_host(sim), *b = ns3c_add_host(sim);
	struct ns3c_device *device;

	(void)state;
	assert_int_equal(ns3c_join(a, b, NULL, &device, NULL), 0);
	assert_int_equal(ns3c_address(device, CLIENT, 24), 0);
	assert_null(ns3c_tcp_connect(a, 0, 4000, SERVER, PORT, NULL, &both_ways, NULL));
	assert_string_equal(ns3c_error(), "tcp: the host has no route to 192.0.2.1");
	assert_null(ns3c_tcp_connect(a, 0, 4000, SERVER, PORT, NULL, &both_ways, NULL));
	assert_string_equal(ns3c_error(), "tcp: the host has no route to 192.0.2.1");
	ns3c_destroy(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_both_ways),
		cmocka_unit_test(what_is_lost_is_sent_again_and_counted),
		cmocka_unit_test(unanswered_syns_are_repeated_and_given_up),
		cmocka_unit_test(a_closed_port_refuses),
		cmocka_unit_test(an_abort_resets_the_other_side),
		cmocka_unit_test(a_stray_segment_is_reset),
		cmocka_unit_test(closing_before_it_is_open_aborts),
		cmocka_unit_test(a_connection_that_is_cut_is_lost),
		cmocka_unit_test(a_closed_listener_refuses),
		cmocka_unit_test(icmp_errors_reach_the_socket),
		cmocka_unit_test(it_sends_from_where_it_was_bound),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(no_route_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
