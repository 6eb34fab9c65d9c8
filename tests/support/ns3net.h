/* ns3net - what the tests of the ns-3 bindings stand on: a client and a server,
 * and between them a node without a stack that forwards, or does as it is told.
 *
 *   client 10.0.0.1 --- link --- middle --- link --- server 192.0.2.1 */
#ifndef TESTS_SUPPORT_NS3NET_H
#define TESTS_SUPPORT_NS3NET_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/ns3/ns3c.h"

#define SECOND INT64_C(1000000000)
#define CLIENT UINT32_C(0x0a000001)
#define SERVER UINT32_C(0xc0000201)

struct net {
	struct ns3c_sim *sim;
	struct ns3c_node *client, *server, *middle;
	struct ns3c_device *at_client, *at_server, *inside, *outside;
	/* False: the packet goes no further. Null: all go through. */
	bool (*pass)(struct net *n, struct ns3c_device *from, uint8_t *bytes, uint32_t length);
	void *user;
	unsigned packets;
};

static void net_forward(struct ns3c_device *from, uint8_t *bytes, uint32_t length, void *user)
{
	struct net *n = user;

	n->packets++;
	if (!n->pass || n->pass(n, from, bytes, length))
		ns3c_send(from == n->inside ? n->outside : n->inside, bytes, length);
}

/* Ends the process on a fault: no test can go on without its net. */
static void net_must(bool good)
{
	if (!good) {
		fprintf(stderr, "net: %s\n", ns3c_error());
		abort();
	}
}

static inline void net_up(struct net *n, const struct ns3c_options *options, const struct ns3c_link *link)
{
	n->sim = ns3c_create(options);
	net_must(n->sim);
	n->client = ns3c_add_host(n->sim);
	n->server = ns3c_add_host(n->sim);
	n->middle = ns3c_add_raw(n->sim, net_forward, n);
	net_must(ns3c_join(n->client, n->middle, link, &n->at_client, &n->inside) == 0);
	net_must(ns3c_join(n->middle, n->server, link, &n->outside, &n->at_server) == 0);
	net_must(ns3c_address(n->at_client, CLIENT, 32) == 0 && ns3c_route(n->at_client, 0, 0, 0) == 0);
	net_must(ns3c_address(n->at_server, SERVER, 32) == 0 && ns3c_route(n->at_server, 0, 0, 0) == 0);
}

static inline void net_down(struct net *n)
{
	ns3c_destroy(n->sim);
	n->sim = NULL;
}

/* Fields of a packet as it lies on the wire. */
static inline uint32_t wire16(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 8 | bytes[1];
}

static inline uint32_t wire32(const uint8_t *bytes)
{
	return wire16(bytes) << 16 | wire16(bytes + 2);
}

static inline bool is_tcp(const uint8_t *bytes, uint8_t flags)
{
	return bytes[9] == 6 && (bytes[20 + 13] & flags) == flags;
}

#define TCP_FIN 1u
#define TCP_SYN 2u
#define TCP_RST 4u
#define TCP_ACK 16u

#endif
