/* What hosts do: each flow of the trace, train by train, by a socket of its host. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/ns3/scene.h"
#include "sim/world/retries.h"

/* A train and when it starts. */
struct start {
	int64_t at_ns;
	uint32_t record, flow;
};

struct flow_entry {
	struct flow_key key;
	struct flow *flow;         /* NULL: empty */
};

/* How long a host still listens after a flow's last datagram. */
#define LINGER_NS NS_PER_S

/* A host's UDP socket on a port, as long as a flow needs it. */
struct udp_socket {
	struct ns3c_udp *udp;      /* NULL: empty */
	uint16_t port;
	uint32_t flows;
};

/* ---- who is whose ---- */

static uint32_t hash_of(const struct flow_key *k)
{
	return (uint32_t)mix64((uint64_t)k->subscriber << 32 | k->remote,
	                       (uint64_t)k->port << 32 | (uint64_t)k->remote_port << 16 | (uint64_t)k->protocol << 8 | k->host);
}

static bool same(const struct flow_key *a, const struct flow_key *b)
{
	return a->subscriber == b->subscriber && a->remote == b->remote && a->port == b->port && a->remote_port == b->remote_port &&
	       a->protocol == b->protocol && a->host == b->host;
}

static struct flow_entry *cell_of(const struct flow_table *t, const struct flow_key *key)
{
	uint32_t at = hash_of(key) & t->mask;

	while (t->entries[at].flow && !same(&t->entries[at].key, key))
		at = (at + 1) & t->mask;
	return &t->entries[at];
}

struct flow *flows_find(const struct scene *s, const struct flow_key *key)
{
	return cell_of(&s->table, key)->flow;
}

void flows_know(struct scene *s, const struct flow_key *key, struct flow *f)
{
	struct flow_table *t = &s->table, old = *t;
	struct flow_entry *cell;

	if (t->count >= t->mask / 2) {
		t->mask = 2 * t->mask + 1;
		t->entries = must_alloc((size_t)t->mask + 1, sizeof(*t->entries));
		for (uint32_t i = 0; i <= old.mask; i++)
			if (old.entries[i].flow)
				*cell_of(t, &old.entries[i].key) = old.entries[i];
		free(old.entries);
	}
	cell = cell_of(t, key);
	t->count += !cell->flow;
	*cell = (struct flow_entry){ *key, f };
}

/* ---- times and sizes ---- */

/* When the host must act for the CGN to see it at the trace's time. */
static int64_t leaves(const struct flow *f, int64_t at_ns)
{
	int64_t at = LEAD_NS + at_ns + f->shift_ns - f->scene->config->access.delay_ns, now = ns3c_now(f->scene->sim);

	return at > now ? at : now;
}

static void at(struct flow *f, int64_t when_ns, void (*fn)(void *user))
{
	must(ns3c_at(f->scene->sim, when_ns, fn, f));
}

static uint32_t header_of(enum protocol protocol)
{
	return protocol == PROTO_TCP ? 40 : 28;
}

/* Payload of all packets of a way, or what the scenario says where the trace does not know. */
static uint64_t payload_of(const struct flow *f, uint64_t bytes, uint32_t packets, uint64_t unknown)
{
	uint64_t headers = (uint64_t)packets * header_of(f->record->train.protocol);

	return !packets ? unknown : bytes > headers ? bytes - headers : 0;
}

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

/* ---- trains, one after the other ---- */

static void next_train(struct flow *f);

/* ---- UDP and ICMP ---- */

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

/* A flow needs the socket on its port. False: the stack does not give it. */
static bool open_udp(struct host *h, uint16_t port)
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

/* One flow needs it no more. */
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
	uint64_t payload = payload_of(f, r->bytes_out, r->packets_out, 0);
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
	uint64_t payload = payload_of(f, r->bytes_in, r->packets_in, 0);
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
		at(f, leaves(f, t->start_ns + (f->due > 1 ? length / (f->due - 1) * f->sent + length % (f->due - 1) * f->sent / (f->due - 1) : 0)),
		   datagram_due);
	else
		next_train(f);
}

static void datagram_due(void *user)
{
	struct flow *f = user;

	if (!(f->state & FLOW_LOST))
		send_datagram(f);
	next_datagram(f);
}

static void begin_datagrams(struct flow *f)
{
	f->sent = 0;
	f->due = datagrams_of(f);
	datagram_due(f);
}

/* ---- TCP ---- */

static void tcp_train_ends(void *user)
{
	struct flow *f = user;
	const struct trace_record *r = f->record;
	bool last = r->train.flags & SEG_LAST;

	if (f->state & FLOW_OVER || !f->tcp)
		return;
	if (r->train.flags & SEG_RST)
		ns3c_tcp_abort(f->tcp);
	else if (last && r->train.flags & (SEG_FIN_OUT | SEG_FIN_IN))
		ns3c_tcp_close(f->tcp);
	else if (!last)
		ns3c_tcp_send(f->tcp, NULL, 1);
	next_train(f);
}

static void tcp_train(struct flow *f)
{
	const struct segment *t = &f->record->train;

	at(f, leaves(f, t->last_out_ns == NS_NONE ? t->start_ns : t->last_out_ns), tcp_train_ends);
}

static void tcp_connected(struct ns3c_tcp *tcp, void *user)
{
	struct flow *f = user;
	const struct trace_record *r = f->record;
	struct scene *s = f->scene;
	struct ns3c_tcp_info info = ns3c_tcp_get_info(tcp);
	uint64_t request = payload_of(f, r->bytes_out, r->packets_out, s->config->request);
	uint64_t response = payload_of(f, r->bytes_in, r->packets_in, s->config->response);
	uint8_t head[REQUEST_BYTES];

	f->state |= FLOW_OPEN;
	s->packets.sums[PACKETS_HANDSHAKES]++;
	s->packets.sums[PACKETS_HANDSHAKES_LATE] += info.syns > 1;
	delays_add(&s->packets.delays[DELAY_SETUP], ns3c_now(s->sim) - f->tried_ns);
	request_write(head, f->number, response > UINT32_MAX ? UINT32_MAX : (uint32_t)response);
	ns3c_tcp_send(tcp, head, sizeof(head));
	if (request > sizeof(head))
		ns3c_tcp_send(tcp, NULL, request - sizeof(head) > UINT32_MAX ? UINT32_MAX : (uint32_t)(request - sizeof(head)));
	tcp_train(f);
}

static void tcp_arrived(struct ns3c_tcp *tcp, uint32_t length, void *user)
{
	(void)tcp;
	((struct flow *)user)->scene->packets.sums[PACKETS_BYTES_DOWN] += length;
}

static void tcp_icmp(struct ns3c_tcp *tcp, const struct ns3c_icmp *error, void *user)
{
	struct flow *f = user;

	(void)error;
	f->scene->packets.sums[PACKETS_ICMP_DELIVERED]++;
	if (f->scene->config->on_icmp == ON_ICMP_GIVE_UP && !(f->state & FLOW_OPEN))
		ns3c_tcp_abort(tcp);
}

/* SYNs and segments sent again of a connection. */
static void count_tcp(struct packets *p, const struct ns3c_tcp_info *info)
{
	uint32_t retries = info->syns ? info->syns - 1 : 0;

	p->sums[PACKETS_SYNS] += info->syns;
	p->sums[PACKETS_SYN_RETRIES] += retries;
	p->sums[PACKETS_RESENT] += info->retransmitted - retries;
}

static void tcp_ended(struct ns3c_tcp *tcp, enum ns3c_end how, void *user)
{
	struct flow *f = user;
	struct scene *s = f->scene;
	struct ns3c_tcp_info info = ns3c_tcp_get_info(tcp);

	f->state |= FLOW_OVER;
	f->tcp = NULL;
	count_tcp(&s->packets, &info);
	s->packets.sums[PACKETS_RESETS] += how == NS3C_RESET;
	if (f->state & FLOW_OPEN)
		return;
	s->packets.sums[PACKETS_HANDSHAKES_FAILED]++;
	delays_add(&s->packets.delays[DELAY_FAILURE], ns3c_now(s->sim) - f->tried_ns);
}

/* Opened by a SYN, whatever the trace saw of its beginning. */
static void begin_tcp(struct flow *f)
{
	static const struct ns3c_tcp_events events = {
		.connected = tcp_connected, .arrived = tcp_arrived, .icmp = tcp_icmp, .ended = tcp_ended,
	};
	const struct segment *t = &f->record->train;

	f->tried_ns = ns3c_now(f->scene->sim);
	f->tcp = ns3c_tcp_connect(f->host->node, f->host->address, t->port, t->remote, t->remote_port, NULL, &events, f);
	if (!f->tcp) {
		f->state |= FLOW_OVER;
		f->scene->packets.sums[PACKETS_SOCKET_BUSY]++;
	}
}

/* ---- all ---- */

static void train_due(void *user)
{
	struct flow *f = user;

	if (f->record->train.protocol != PROTO_TCP) {
		begin_datagrams(f);
	} else if (f->state & FLOW_OPEN && f->tcp) {
		ns3c_tcp_send(f->tcp, NULL, 1);
		tcp_train(f);
	}
}

static void next_train(struct flow *f)
{
	const struct trace *t = f->scene->job->trace;

	while (f->next != NO_RECORD && t->records[f->next].train.flags & SEG_INBOUND)
		f->next = f->scene->next_record[f->next]; /* answers come when they are asked for */
	if (f->next == NO_RECORD || f->state & FLOW_LOST) {
		if (f->record->train.protocol == PROTO_UDP)
			at(f, ns3c_now(f->scene->sim) + LINGER_NS, close_udp);
		return;
	}
	f->record = &t->records[f->next];
	f->next = f->scene->next_record[f->next];
	at(f, leaves(f, f->record->train.start_ns), train_due);
}

static void begin(struct scene *s, const struct start *start)
{
	struct flow *f = &s->flows[start->flow];
	const struct segment *t;
	struct flow_key key;

	f->record = &s->job->trace->records[start->record];
	f->next = s->next_record[start->record];
	t = &f->record->train;
	f->cgn_port = t->port;
	key = (struct flow_key){ .subscriber = f->host->home->subscriber, .host = s->cpe ? f->host->number : HOST_CGN,
	                         .protocol = t->protocol, .port = t->port, .remote = t->remote, .remote_port = t->remote_port };
	if (s->cpe)
		f->cgn_port = 0; /* the home's NAT will say */
	flows_know(s, &key, f);
	if (t->protocol == PROTO_TCP)
		begin_tcp(f);
	else if (t->protocol == PROTO_ICMP || open_udp(f->host, t->port))
		begin_datagrams(f);
	else
		s->packets.sums[PACKETS_SOCKET_BUSY]++;
}

/* Flows begin one after the other: each calls up the next. */
static void begin_next(void *user)
{
	struct scene *s = user;
	int64_t early = LEAD_NS - s->config->access.delay_ns;

	begin(s, &s->starts[s->started++]);
	while (s->started < s->start_count && s->starts[s->started].at_ns + early <= ns3c_now(s->sim))
		begin(s, &s->starts[s->started++]);
	if (s->started < s->start_count)
		must(ns3c_at(s->sim, s->starts[s->started].at_ns + early, begin_next, s));
}

static int by_time(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->record > y->record) - (x->record < y->record);
}

/* The flows of one host of the trace: their trains in line, and when each begins. */
static void take_host(struct scene *s, const struct trace_host *h, uint32_t subscriber)
{
	const struct trace *t = s->job->trace;
	uint32_t first_flow = s->flow_count, *last = must_alloc((size_t)h->count + 1, sizeof(*last));

	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct segment *train = &t->records[i].train;
		uint32_t number = first_flow + train->flow;
		struct flow *f = &s->flows[number];

		s->next_record[i] = NO_RECORD;
		if (number >= s->flow_count)
			s->flow_count = number + 1;
		if (f->scene) {
			s->next_record[last[train->flow]] = i;
		} else {
			*f = (struct flow){ .scene = s, .host = &s->homes[subscriber].hosts[train->host], .number = number };
			s->starts[s->start_count++] = (struct start){ train->start_ns, i, number };
		}
		last[train->flow] = i;
	}
	free(last);
}

/* Flows that begin with what the other side sends cannot be offered: nobody knows a mapping there. */
static void leave_out_inbound(struct scene *s)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < s->start_count; i++)
		if (s->job->trace->records[s->starts[i].record].train.flags & SEG_INBOUND)
			s->packets.sums[PACKETS_OPENED_OUTSIDE]++;
		else
			s->starts[kept++] = s->starts[i];
	s->start_count = kept;
}

bool flows_open(struct scene *s, struct err *e)
{
	const struct trace *t = s->job->trace;
	uint32_t base = s->job->workload->inside.first + s->share.first_subscriber;
	uint64_t records = 0;

	(void)e;
	for (uint32_t i = 0; i < t->host_count; i++)
		records += t->hosts[i].address - base < s->share.subscribers ? t->hosts[i].count : 0;
	s->flows = must_alloc(records + 1, sizeof(*s->flows));
	s->starts = must_alloc(records + 1, sizeof(*s->starts));
	s->next_record = must_alloc((size_t)t->record_count + 1, sizeof(*s->next_record));
	s->table.mask = 1023;
	s->table.entries = must_alloc((size_t)s->table.mask + 1, sizeof(*s->table.entries));
	for (uint32_t i = 0; i < t->host_count; i++)
		if (t->hosts[i].address - base < s->share.subscribers)
			take_host(s, &t->hosts[i], t->hosts[i].address - base);
	leave_out_inbound(s);
	if (s->start_count)
		qsort(s->starts, s->start_count, sizeof(*s->starts), by_time);
	if (s->start_count)
		must(ns3c_at(s->sim, s->starts[0].at_ns + LEAD_NS - s->config->access.delay_ns, begin_next, s));
	return true;
}

void flows_count_open(struct scene *s)
{
	for (uint32_t i = 0; i < s->flow_count; i++)
		if (s->flows[i].tcp) {
			struct ns3c_tcp_info info = ns3c_tcp_get_info(s->flows[i].tcp);

			count_tcp(&s->packets, &info);
		}
}

void flows_close(struct scene *s)
{
	free(s->flows);
	free(s->starts);
	free(s->next_record);
	free(s->table.entries);
}
