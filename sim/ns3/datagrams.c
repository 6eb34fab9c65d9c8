/* UDP and ICMP: datagrams of a train, evenly in time, each with its part of the answers. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/ns3/flow.h"

/* How long a host still listens after a flow's last datagram: for an answer, and as long again in queues. */
static int64_t linger_ns(const struct scene *s)
{
	return NS_PER_S + 4 * (s->config->access.delay_ns + s->config->core.delay_ns);
}

/* A host's UDP socket on a port, as long as a flow needs it. */
struct udp_socket {
	struct ns3c_udp *udp;      /* NULL: empty */
	uint16_t port;
	uint32_t flows;
};


/* Datagrams of the present train: as counted, and so many that no timer of the NAT runs out between. */
static uint32_t datagrams_of(const struct flow *f)
{
	const struct segment *t = &f->record->train;
	int64_t length = t->last_out_ns - t->start_ns;
	int64_t keep = length / f->scene->keep_ns[t->protocol] + 2;
	uint32_t packets = f->record->packets_out;

	if (length <= 0)
		return packets ? packets : 1;
	return packets > (uint32_t)keep ? packets : (uint32_t)keep;
}

static bool is_answered(const struct segment *t)
{
	return t->first_in_ns != NS_NONE;
}

static void datagram_due(void *user);

static struct udp_socket *socket_cell(const struct host *h, uint16_t port)
{
	uint32_t i = (uint32_t)mix64(port, 0) & h->socket_mask;

	while (h->sockets[i].udp && h->sockets[i].port != port)
		i = (i + 1) & h->socket_mask;
	return &h->sockets[i];
}

static void udp_received(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length, void *user)
{
	struct scene *s = ((struct host *)user)->home->scene;

	if (length < REQUEST_BYTES)
		return;
	if (request_is_one(bytes))
		request_serve(udp, address, port, bytes, length); /* it came by a hairpin */
	else if (request_flow(bytes) < s->flow_count)
		flows_answered(s, &s->flows[request_flow(bytes)], length);
}

static void udp_icmp(struct ns3c_udp *udp, const struct ns3c_icmp *error, void *user)
{
	(void)udp;
	(void)error;
	((struct host *)user)->home->scene->packets.sums[PACKETS_ICMP_DELIVERED]++;
}

static void grow_sockets(struct host *h)
{
	struct udp_socket *old = h->sockets;
	uint32_t room = old ? h->socket_mask + 1 : 0;

	h->socket_mask = room ? 2 * room - 1 : 15;
	h->sockets = must_alloc((size_t)h->socket_mask + 1, sizeof(*h->sockets));
	for (uint32_t i = 0; i < room; i++)
		if (old[i].udp)
			*socket_cell(h, old[i].port) = old[i];
	free(old);
}

bool datagrams_open(struct host *h, uint16_t port)
{
	static const struct ns3c_udp_events events = { .received = udp_received, .icmp = udp_icmp };
	struct udp_socket *cell;

	if (!h->sockets || h->socket_count >= h->socket_mask / 2)
		grow_sockets(h);
	cell = socket_cell(h, port);
	if (!cell->udp) {
		*cell = (struct udp_socket){ .udp = ns3c_udp_open(h->node, h->address, port, &events, h), .port = port };
		h->socket_count += cell->udp != NULL;
	}
	cell->flows++;
	return cell->udp;
}

/* One flow needs its socket no more. */
static void close_udp(void *user)
{
	struct flow *f = user;
	struct host *h = f->host;
	struct udp_socket *cell = socket_cell(h, f->record->train.port);
	uint32_t hole = (uint32_t)(cell - h->sockets);

	if (--cell->flows)
		return;
	ns3c_udp_close(cell->udp);
	h->socket_count--;
	cell->udp = NULL;
	for (uint32_t i = (hole + 1) & h->socket_mask; h->sockets[i].udp; i = (i + 1) & h->socket_mask) {
		uint32_t home = (uint32_t)mix64(h->sockets[i].port, 0) & h->socket_mask;

		if (((i - home) & h->socket_mask) < ((i - hole) & h->socket_mask))
			continue;
		h->sockets[hole] = h->sockets[i];
		h->sockets[i].udp = NULL;
		hole = i;
	}
}

void datagrams_close(struct flow *f)
{
	flow_at(f, ns3c_now(f->scene->sim) + linger_ns(f->scene), close_udp);
}

void hosts_close(struct host *h)
{
	free(h->sockets);
}

void flows_answered(struct scene *s, struct flow *f, uint32_t bytes)
{
	s->packets.sums[PACKETS_DATAGRAMS_DOWN]++;
	s->packets.sums[PACKETS_BYTES_DOWN] += bytes;
	if (f->tried_ns)
		delays_add(&s->packets.delays[DELAY_ANSWER], ns3c_now(s->sim) - f->tried_ns);
	f->tried_ns = 0;
}

static void send_udp(struct flow *f, uint32_t answers, uint32_t each)
{
	const struct trace_record *r = f->record;
	uint64_t payload = flow_payload(f, r->bytes_out, r->packets_out, 0);
	uint32_t size = r->packets_out ? (uint32_t)(payload / r->packets_out) : f->scene->config->datagram;
	struct ns3c_udp *udp = socket_cell(f->host, r->train.port)->udp;
	uint8_t bytes[65507];

	size = size < REQUEST_BYTES ? REQUEST_BYTES : size > sizeof(bytes) ? (uint32_t)sizeof(bytes) : size;
	memset(bytes, 0, size);
	request_write(bytes, f->number, answers << 16 | each);
	ns3c_udp_send(udp, r->train.remote, r->train.remote_port, bytes, size);
}

static void send_echo(struct flow *f)
{
	uint8_t bytes[28 + 65507];
	uint32_t size = f->scene->config->datagram;

	home_outbound(f->host, bytes, ipv4_write_echo(bytes, f->host->address, f->record->train.remote, false, f->record->train.port,
	                                              (uint16_t)f->sent, size));
}

/* The next datagram, with its part of the answers. */
static void send_datagram(struct flow *f)
{
	const struct trace_record *r = f->record;
	uint64_t in = !is_answered(&r->train) ? 0 : r->packets_in ? r->packets_in : f->due;
	uint32_t answers = (uint32_t)(in * (f->sent + 1) / f->due - in * f->sent / f->due);
	uint64_t payload = flow_payload(f, r->bytes_in, r->packets_in, 0);
	uint32_t each = r->packets_in ? (uint32_t)(payload / r->packets_in) : f->scene->config->datagram;

	each = each < REQUEST_BYTES ? REQUEST_BYTES : each > 65507 ? 65507 : each;
	if (is_answered(&r->train))
		f->tried_ns = ns3c_now(f->scene->sim);
	if (r->train.protocol == PROTO_ICMP)
		send_echo(f);
	else
		send_udp(f, answers > 65535 ? 65535 : answers, each);
	f->sent++;
}

static void next_datagram(struct flow *f)
{
	const struct segment *t = &f->record->train;
	int64_t length = t->last_out_ns - t->start_ns;

	if (f->sent < f->due && !(f->state & FLOW_LOST))
		flow_at(f, flow_leaves(f, t->start_ns + (f->due > 1 ? length / (f->due - 1) * f->sent + length % (f->due - 1) * f->sent / (f->due - 1) : 0)),
		   datagram_due);
	else
		flow_next_train(f);
}

static void datagram_due(void *user)
{
	struct flow *f = user;

	if (!(f->state & FLOW_LOST))
		send_datagram(f);
	next_datagram(f);
}

void datagrams_begin(struct flow *f)
{
	f->sent = 0;
	f->due = datagrams_of(f);
	datagram_due(f);
}
