/* The internet: a few servers stand for every remote endpoint.
 *
 * Each pair of a public endpoint and a remote one that comes by gets a number, and
 * the packet goes to a server as if from an endpoint made of that number; on the
 * way back the number says whose it is. So a server needs one address and one
 * port, however many it stands for. Echo requests are answered here.
 *
 * A server answers a request with as many bytes as it asks for, and closes when
 * its peer does. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/ns3/train.h"

enum {
	SERVERS = 16,          /* a stack looks through all its connections for each packet */
	SERVER_PORT = 80,
	PORTS = 60000, FIRST_PORT = 1024,
	TRAILS = 64,           /* packets in fragments whose pair is remembered */
};
#define SERVER_ADDRESS UINT32_C(0x0a000001)  /* of every server: they are apart */
#define PAIR_ADDRESS   UINT32_C(0x01000000)  /* of pair n: this and n / PORTS */

struct pair {
	uint32_t address, remote;      /* the public endpoint, and the remote one */
	uint16_t port, remote_port;
	uint8_t  protocol;
	bool     silent;               /* nobody is there */
};

/* A packet whose later fragments must go the same way. */
struct trail {
	const struct server *server;   /* NULL: to one */
	uint32_t source, destination, pair;
	uint16_t id;
	uint8_t  protocol;
};

struct server {
	struct internet *internet;
	struct ns3c_node *node;
	struct ns3c_device *tap;
	struct ns3c_udp *udp;
};

struct internet {
	struct scene *scene;
	struct server servers[SERVERS];
	struct pair *pairs;            /* owned */
	uint32_t *cells;               /* open addressing: number of a pair + 1; owned */
	uint32_t count, mask;
	struct trail trails[TRAILS];
	uint32_t trail;
	struct service *services;
};

/* ---- pairs ---- */

static uint64_t hash_of(const struct pair *p)
{
	return mix64(mix64((uint64_t)p->address << 32 | p->remote, (uint64_t)p->port << 16 | p->remote_port), p->protocol);
}

static bool same(const struct pair *a, const struct pair *b)
{
	return a->address == b->address && a->remote == b->remote && a->port == b->port && a->remote_port == b->remote_port &&
	       a->protocol == b->protocol;
}

static void grow(struct internet *in)
{
	in->mask = 2 * in->mask + 1;
	free(in->cells);
	in->cells = must_alloc((size_t)in->mask + 1, sizeof(*in->cells));
	in->pairs = must_grow(in->pairs, (in->mask + 1) / 2, sizeof(*in->pairs));
	for (uint32_t n = 0; n < in->count; n++) {
		uint32_t at = (uint32_t)hash_of(&in->pairs[n]) & in->mask;

		while (in->cells[at])
			at = (at + 1) & in->mask;
		in->cells[at] = n + 1;
	}
}

static uint32_t pair_of(struct internet *in, const struct pair *p)
{
	uint32_t at = (uint32_t)hash_of(p) & in->mask;

	for (; in->cells[at]; at = (at + 1) & in->mask)
		if (same(&in->pairs[in->cells[at] - 1], p))
			return in->cells[at] - 1;
	if (in->count + 1 >= (in->mask + 1) / 2) {
		grow(in);
		return pair_of(in, p);
	}
	in->pairs[in->count++] = *p;
	in->cells[at] = in->count;
	return in->count - 1;
}

static uint32_t pair_of_ends(struct internet *in, const struct packet_ends *ends)
{
	return pair_of(in, &(struct pair){ .address = ends->source, .remote = ends->destination, .port = ends->source_port,
	                                   .remote_port = ends->destination_port, .protocol = ends->protocol });
}

void internet_answers(struct scene *s, const struct datagram *syn, bool answers)
{
	uint32_t n = pair_of_ends(s->internet, &syn->ends); /* which may move the pairs */

	s->internet->pairs[n].silent = !answers;
}

/* An address is always the same server's, which numbers the packets that it sends from there. */
static struct server *server_of(struct internet *in, uint32_t remote)
{
	return &in->servers[mix64(remote, 0) % SERVERS];
}

static void trail_begin(struct internet *in, const struct server *server, const struct datagram *d, uint32_t pair)
{
	in->trails[in->trail++ % TRAILS] = (struct trail){
		.server = server, .source = d->ends.source, .destination = d->ends.destination, .pair = pair, .id = d->id, .protocol = d->ends.protocol,
	};
}

/* The last one that fits: identifications come again. */
static bool trail_of(const struct internet *in, const struct server *server, const struct datagram *d, uint32_t *pair)
{
	for (uint32_t i = 1; i <= TRAILS; i++) {
		const struct trail *t = &in->trails[(in->trail - i) % TRAILS];

		if (t->server == server && t->source == d->ends.source && t->destination == d->ends.destination && t->id == d->id && t->protocol == d->ends.protocol) {
			*pair = t->pair;
			return true;
		}
	}
	return false;
}

/* ---- to the servers, and back ---- */

static void from_cgn(struct ns3c_device *device, uint8_t *bytes, uint32_t length, void *user)
{
	struct internet *in = user;
	struct datagram was, now;
	uint32_t n;

	(void)device;
	if (!ipv4_read(bytes, length, &was))
		return;
	if (was.ends.protocol == IP_ICMP) {
		if (was.icmp_type == ICMP_ECHO || !datagram_begins(&was)) {
			echo_answer(in->scene, &was, bytes);
			ns3c_send(in->scene->core, bytes, length);
		}
		return;
	}
	if (!datagram_begins(&was)) {
		if (!trail_of(in, NULL, &was, &n))
			return;
	} else {
		n = pair_of_ends(in, &was.ends);
		if (in->pairs[n].silent)
			return;
		if (was.more)
			trail_begin(in, NULL, &was, n);
	}
	now = was;
	now.ends.source = PAIR_ADDRESS + n / PORTS;
	now.ends.source_port = (uint16_t)(FIRST_PORT + n % PORTS);
	now.ends.destination = SERVER_ADDRESS;
	now.ends.destination_port = SERVER_PORT;
	ipv4_write(bytes, &was, &now);
	ns3c_tap_deliver(server_of(in, in->pairs[n].remote)->tap, bytes, length);
}

static void from_server(struct ns3c_device *tap, uint8_t *bytes, uint32_t length, void *user)
{
	struct server *server = user;
	struct internet *in = server->internet;
	struct datagram was, now;
	uint32_t n;

	(void)tap;
	if (!ipv4_read(bytes, length, &was) || was.ends.protocol == IP_ICMP)
		return;
	if (!datagram_begins(&was)) {
		if (!trail_of(in, server, &was, &n))
			return;
	} else {
		n = (was.ends.destination - PAIR_ADDRESS) * PORTS + was.ends.destination_port - FIRST_PORT;
		if (n >= in->count)
			return;
		if (was.more)
			trail_begin(in, server, &was, n);
	}
	now = was;
	now.ends.source = in->pairs[n].remote;
	now.ends.source_port = in->pairs[n].remote_port;
	now.ends.destination = in->pairs[n].address;
	now.ends.destination_port = in->pairs[n].port;
	ipv4_write(bytes, &was, &now);
	ns3c_send(in->scene->core, bytes, length);
}

/* ---- the servers ---- */

/* A connection: what it still owes. */
struct service {
	struct internet *internet;
	struct ns3c_tcp *tcp;
	struct service *next, **link; /* in the list of all */
	uint64_t owed;
	struct flow *flow;     /* NULL: it has not said yet whose it is */
	uint8_t  head[HEAD_BYTES];
	uint32_t have;         /* bytes of the request's head that are there */
	bool     closing;
};

static void serve(struct ns3c_tcp *tcp, struct service *v)
{
	while (v->owed) {
		int64_t taken = ns3c_tcp_send(tcp, NULL, v->owed > UINT32_MAX ? UINT32_MAX : (uint32_t)v->owed);

		if (taken < 0)
			v->owed = 0;
		if (taken <= 0)
			break;
		v->owed -= (uint64_t)taken;
	}
	if (v->closing && !v->owed)
		ns3c_tcp_close(tcp);
}

/* The request says whose it is, and what it asks for. */
static void take_request(struct service *v)
{
	struct head head = head_read(v->head);

	v->owed += head.what;
	v->flow = &v->internet->scene->flows[head.who];
	v->flow->service = v;
}

static void tcp_received(struct ns3c_tcp *tcp, const uint8_t *bytes, uint32_t length, void *user)
{
	struct service *v = user;

	v->internet->scene->packets.sums[PACKETS_BYTES_UP] += length;
	while (length && v->have < HEAD_BYTES) {
		v->head[v->have++] = *bytes++;
		length--;
		if (v->have == HEAD_BYTES)
			take_request(v);
	}
	serve(tcp, v);
}

static void tcp_space(struct ns3c_tcp *tcp, uint32_t length, void *user)
{
	(void)length;
	if (((struct service *)user)->owed)
		serve(tcp, user);
}

static void tcp_finished(struct ns3c_tcp *tcp, void *user)
{
	struct service *v = user;

	v->closing = true;
	serve(tcp, v);
}

static void forget(struct service *v)
{
	if (v->flow)
		v->flow->service = NULL;
	*v->link = v->next;
	if (v->next)
		v->next->link = v->link;
	free(v);
}

static void tcp_ended(struct ns3c_tcp *tcp, enum ns3c_end how, void *user)
{
	struct service *v = user;
	struct ns3c_tcp_info info = ns3c_tcp_get_info(tcp);

	(void)how;
	connection_count_resent(&v->internet->scene->packets, &info);
	forget(v);
}

static void *accepted(struct ns3c_tcp *tcp, void *user)
{
	struct service *v = must_alloc(1, sizeof(*v));
	struct internet *in = user;

	v->internet = in;
	v->tcp = tcp;
	v->next = in->services;
	v->link = &in->services;
	if (v->next)
		v->next->link = &v->next;
	in->services = v;
	return v;
}

static void udp_received(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length, void *user)
{
	struct internet *in = user;

	in->scene->packets.sums[PACKETS_DATAGRAMS_UP]++;
	in->scene->packets.sums[PACKETS_BYTES_UP] += length;
	if (length >= HEAD_BYTES)
		serve_datagram(in->scene, udp, address, port, head_read(bytes));
}

/* ---- what comes unasked ---- */

void internet_pushes(struct flow *f, uint64_t bytes)
{
	if (!f->service)
		return;
	f->service->owed += bytes;
	serve(f->service->tcp, f->service);
}

void internet_resets(struct flow *f)
{
	if (f->service)
		ns3c_tcp_abort(f->service->tcp);
}

static void send_piece(void *context, uint8_t *bytes, uint32_t length)
{
	ns3c_send(((struct internet *)context)->scene->core, bytes, length);
}

static void call_udp(struct internet *in, const struct packet_ends *to, const uint8_t *data, uint32_t size)
{
	uint32_t n = pair_of(in, &(struct pair){ .address = to->destination, .remote = to->source, .port = to->destination_port,
	                                         .remote_port = to->source_port, .protocol = IP_UDP });
	struct ns3c_udp *udp = server_of(in, to->source)->udp;

	must(ns3c_udp_send(udp, PAIR_ADDRESS + n / PORTS, (uint16_t)(FIRST_PORT + n % PORTS), data, size) == 0);
}

/* A packet of a connection that there is none of: what the trace shows of it. */
static uint8_t tcp_flags_of(const struct segment *t)
{
	return t->flags & SEG_RST ? TCP_RST : t->flags & SEG_SYN_IN ? TCP_SYN : t->flags & SEG_FIN_IN ? TCP_FIN | TCP_ACK : TCP_ACK;
}

void internet_calls(struct flow *f, uint32_t address, uint16_t port, uint32_t n)
{
	const struct scene *s = f->scene;
	struct internet *in = s->internet;
	const struct segment *t = &f->record->train;
	struct packet_ends ends = { t->remote, address, t->remote_port, port, protocol_number[t->protocol] };
	uint32_t size = train_in_size(s, f->record);
	uint8_t bytes[IPV4_ECHO + 65507], *data = bytes + IPV4_ECHO;

	if (t->protocol == PROTO_TCP) {
		send_piece(in, bytes, ipv4_write_segment(bytes, &ends, tcp_flags_of(t)));
		return;
	}
	memset(data, 0, size);
	head_write(data, head_of(s, f->record, n));
	if (t->protocol == PROTO_UDP) {
		call_udp(in, &ends, data, size);
		return;
	}
	ipv4_write_echo(bytes, t->remote, address, false, port, (uint16_t)n, size);
	ipv4_cut(bytes, ns3c_device_mtu(in->scene->core), send_piece, in);
}

static bool open_server(struct server *server, struct internet *in)
{
	static const struct ns3c_tcp_events tcp = {
		.received = tcp_received, .space = tcp_space, .finished = tcp_finished, .ended = tcp_ended,
	};
	static const struct ns3c_udp_events udp = { .received = udp_received };

	server->internet = in;
	server->node = ns3c_add_host(in->scene->sim);
	server->tap = server->node ? ns3c_add_tap(server->node, in->scene->config->core.mtu, from_server, server) : NULL;
	if (!server->tap || ns3c_address(server->tap, SERVER_ADDRESS, 32) || ns3c_route(server->tap, 0, 0, 0))
		return false;
	server->udp = ns3c_udp_open(server->node, SERVER_ADDRESS, SERVER_PORT, &udp, in);
	return server->udp && ns3c_tcp_listen(server->node, SERVER_ADDRESS, SERVER_PORT, NULL, &tcp, accepted, in);
}

bool internet_open(struct scene *s, struct ns3c_node *cgn, struct err *e)
{
	struct internet *in = must_alloc(1, sizeof(*in));
	struct ns3c_node *node = ns3c_add_raw(s->sim, from_cgn, in);
	const struct packet_link *link = &s->config->core;

	s->internet = in;
	in->scene = s;
	in->mask = 511;
	grow(in);
	if (!node || ns3c_join(cgn, node, &(struct ns3c_link){
		.bits_per_second = (uint64_t)link->rate,
		.delay_ns = link->delay_ns,
		.queue_packets = s->config->queue,
		.mtu = link->mtu,
	}, &s->outside, &s->core))
		return fail(e, "ns-3: %s", ns3c_error());
	for (int i = 0; i < SERVERS; i++)
		if (!open_server(&in->servers[i], in))
			return fail(e, "ns-3: %s", ns3c_error());
	return true;
}

void internet_count_open(struct scene *s)
{
	for (const struct service *v = s->internet->services; v; v = v->next) {
		struct ns3c_tcp_info info = ns3c_tcp_get_info(v->tcp);

		connection_count_resent(&s->packets, &info);
	}
}

void internet_close(struct scene *s)
{
	struct internet *in = s->internet;

	if (!in)
		return;
	while (in->services)
		forget(in->services);
	free(in->pairs);
	free(in->cells);
	free(in);
}
