/* UDP and ICMP: datagrams of a train, evenly in time, each with its part of the answers. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/ns3/flow.h"
#include "sim/ns3/train.h"

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

	if (length < HEAD_BYTES)
		return;
	host_heard(s, head_read(bytes), length);
	serve_at_once(s, udp, address, port, head_read(bytes)); /* what came by a hairpin is to be answered */
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
	flow_at(f, flow_leaves(f, f->record->train.last_in_ns) + linger_ns(f->scene), close_udp);
}

void hosts_close(struct host *h)
{
	free(h->sockets);
}

void host_heard(struct scene *s, struct head head, uint32_t bytes)
{
	const struct trace_record *r = head_record(s, head);

	if (!r || (!head.answer && !(r->train.flags & SEG_INBOUND)))
		return;
	s->packets.sums[PACKETS_DATAGRAMS_DOWN]++;
	s->packets.sums[PACKETS_BYTES_DOWN] += bytes;
	if (head.answer && !head.further)
		delays_add(&s->packets.delays[DELAY_ANSWER], home_now(s) - train_out_at(s, r, head.what));
}

static void datagram_due(void *user);

static void send_datagram(struct flow *f)
{
	struct host *h = f->host;
	const struct segment *t = &f->record->train;
	uint32_t size = train_out_size(f->scene, f->record);
	uint8_t bytes[IPV4_ECHO + 65507], *data = bytes + IPV4_ECHO;

	memset(data, 0, size);
	head_write(data, head_of(f->scene, f->record, f->sent));
	if (t->protocol == PROTO_UDP)
		must(ns3c_udp_send(socket_cell(h, t->port)->udp, t->remote, t->remote_port, data, size) == 0);
	else
		home_outbound(h, bytes, ipv4_write_echo(bytes, h->address, t->remote, false, t->port, (uint16_t)f->sent, size));
	f->sent++;
}

static void next_datagram(struct flow *f)
{
	if (f->sent < f->due && !(f->state & FLOW_LOST))
		flow_at(f, flow_leaves(f, train_out_at(f->scene, f->record, f->sent)), datagram_due);
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
	f->due = train_out_count(f->scene, f->record);
	datagram_due(f);
}
