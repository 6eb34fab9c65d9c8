/* TCP: the first train asks for as many bytes as came inbound in it; what later ones brought, the server sends when the
 * trace has it. A connection is heard of until its train's end, and closes there. */
#include "sim/ns3/flow.h"
#include "sim/ns3/train.h"

/* A FIN behind all that is to be sent. */
static void tcp_close(struct flow *f)
{
	f->state |= FLOW_CLOSING;
	if (!f->owed)
		ns3c_tcp_close(f->tcp);
}

/* What the send buffer takes of what is to be sent; the rest when it has room again. */
static void tcp_push(struct flow *f)
{
	while (f->owed) {
		int64_t taken = ns3c_tcp_send(f->tcp, NULL, f->owed > UINT32_MAX ? UINT32_MAX : (uint32_t)f->owed);

		if (taken < 0)
			f->owed = 0;
		if (taken <= 0)
			break;
		f->owed -= (uint64_t)taken;
	}
	if (!f->owed && f->state & FLOW_CLOSING)
		ns3c_tcp_close(f->tcp);
}

static void tcp_say(struct flow *f, uint64_t bytes)
{
	f->owed += bytes;
	tcp_push(f);
}

/* What came inbound in a later train, and was not sent yet. */
static void tcp_answer(void *user)
{
	struct flow *f = user;

	internet_pushes(f, f->expected);
	f->expected = 0;
}

static void tcp_train_ends(void *user)
{
	struct flow *f = user;
	const struct trace_record *r = f->record;
	const uint8_t both = SEG_FIN_OUT | SEG_FIN_IN;
	bool last = r->train.flags & SEG_LAST;

	f->fins |= r->train.flags & both;
	if (f->tcp && r->train.flags & SEG_RST) {
		ns3c_tcp_abort(f->tcp);
	} else if (f->tcp && last && (f->fins & both) == both) {
		tcp_answer(f); /* the server closes when the host does */
		tcp_close(f);
	} else if (f->tcp && !last) {
		tcp_say(f, 1);
	}
	flow_next_train(f);
}

static void tcp_train(struct flow *f);

static void tcp_still_there(void *user)
{
	struct flow *f = user;

	if (f->tcp)
		tcp_say(f, 1);
	tcp_train(f);
}

static int64_t tcp_train_end(const struct flow *f)
{
	return flow_leaves(f, f->record->train.last_out_ns);
}

/* Until the train ends, a byte so often that no timer of the NAT runs out before. */
static void tcp_train(struct flow *f)
{
	int64_t next_ns = ns3c_now(f->scene->sim) + f->scene->keep_ns[PROTO_TCP];
	int64_t end_ns = tcp_train_end(f);

	if (next_ns < end_ns)
		flow_at(f, next_ns, tcp_still_there);
	else
		flow_at(f, end_ns, tcp_train_ends);
}

/* What a train that begins now has to say at once: its payload, but for the bytes that tell of it later. */
static uint64_t tcp_request(const struct flow *f, uint64_t unknown)
{
	const struct trace_record *r = f->record;
	uint64_t payload = train_payload(r, r->bytes_out, r->packets_out, unknown), later;
	int64_t length_ns = tcp_train_end(f) - ns3c_now(f->scene->sim);

	if (!r->packets_out)
		return payload;
	later = length_ns > 0 ? (uint64_t)((length_ns - 1) / f->scene->keep_ns[PROTO_TCP]) : 0;
	later += !(r->train.flags & (SEG_LAST | SEG_RST));
	return payload > later ? payload - later : 0;
}

static void tcp_space(struct ns3c_tcp *tcp, uint32_t length, void *user)
{
	struct flow *f = user;

	(void)tcp;
	(void)length;
	if (f->owed && f->tcp)
		tcp_push(f);
}

static void tcp_connected(struct ns3c_tcp *tcp, void *user)
{
	struct flow *f = user;
	const struct trace_record *r = f->record;
	struct scene *s = f->scene;
	struct ns3c_tcp_info info = ns3c_tcp_get_info(tcp);
	uint64_t request = tcp_request(f, s->config->request);
	uint64_t response = train_payload(r, r->bytes_in, r->packets_in, s->config->response);
	uint8_t head[HEAD_BYTES];

	f->state |= FLOW_OPEN;
	s->packets.sums[PACKETS_HANDSHAKES]++;
	s->packets.sums[PACKETS_HANDSHAKES_LATE] += info.syns > 1;
	delays_add(&s->packets.delays[DELAY_SETUP], ns3c_now(s->sim) - f->tried_ns);
	head_write(head, (struct head){ .who = f->number, .what = response > UINT32_MAX ? UINT32_MAX : (uint32_t)response });
	ns3c_tcp_send(tcp, head, sizeof(head));
	tcp_say(f, request > sizeof(head) ? request - sizeof(head) : 0);
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

static uint32_t syn_retries(const struct ns3c_tcp_info *info)
{
	return info->syns ? info->syns - 1 : 0;
}

void connection_count_resent(struct packets *p, const struct ns3c_tcp_info *info)
{
	p->sums[PACKETS_RESENT] += info->retransmitted - syn_retries(info);
}

/* SYNs and segments sent again by a host. */
static void count_tcp(struct packets *p, const struct ns3c_tcp_info *info)
{
	p->sums[PACKETS_SYNS] += info->syns;
	p->sums[PACKETS_SYN_RETRIES] += syn_retries(info);
	connection_count_resent(p, info);
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

/* As many SYNs as a host sends that stops with the trace. */
static uint32_t silent_tries(const struct flow *f, const struct ns3c_tcp_options *o, int64_t until_ns)
{
	int64_t length_ns = until_ns - f->record->train.start_ns, at_ns = 0, wait_ns = o->syn_timeout_ns;
	uint32_t tries = 1;

	for (; tries < 16 && at_ns + wait_ns <= length_ns; wait_ns *= 2) {
		at_ns += wait_ns;
		tries++;
	}
	return tries;
}

/* Opened by a SYN, whatever the trace saw of its beginning. */
void connection_begin(struct flow *f, int64_t until_ns)
{
	static const struct ns3c_tcp_events events = {
		.connected = tcp_connected, .space = tcp_space, .arrived = tcp_arrived, .icmp = tcp_icmp, .ended = tcp_ended,
	};
	struct ns3c_tcp_options silent = f->scene->tcp;
	const struct segment *t = &f->record->train;

	silent.syn_tries = silent_tries(f, &silent, until_ns);
	f->tried_ns = ns3c_now(f->scene->sim);
	f->tcp = ns3c_tcp_connect(f->host->node, f->host->address, t->port, t->remote, t->remote_port,
	                           f->state & FLOW_SILENT ? &silent : NULL, &events, f);
	if (!f->tcp) {
		f->state |= FLOW_OVER;
		f->scene->packets.sums[PACKETS_SOCKET_BUSY]++;
	}
}

/* At least a byte: a segment without data, which keeps a mapping too, is none that a stack sends by itself. */
static uint64_t at_least_one(uint64_t bytes)
{
	return bytes ? bytes : 1;
}

void connection_goes_on(struct flow *f)
{
	const struct trace_record *r = f->record;
	uint64_t answer = train_payload(r, r->bytes_in, r->packets_in, 0);

	if (f->tcp) {
		tcp_say(f, at_least_one(tcp_request(f, 1)));
		f->expected += answer;
		if (answer)
			flow_at(f, flow_comes(f, r->train.first_in_ns), tcp_answer);
	}
	tcp_train(f);
}

/* The server ends it, by a reset or by the second FIN; or it did not. */
static void call_ends(void *user)
{
	struct flow *f = user;
	const uint8_t flags = f->record->train.flags, both = SEG_FIN_OUT | SEG_FIN_IN;

	if (flags & SEG_RST)
		internet_resets(f);
	else if (f->tcp && flags & SEG_LAST && (f->fins & both) == both)
		tcp_close(f);
	flow_next_train(f);
}

bool connection_is_called(struct flow *f)
{
	const struct trace_record *r = f->record;
	const struct segment *t = &r->train;

	if (!f->tcp || !(f->state & FLOW_OPEN))
		return false;
	f->fins |= t->flags & (SEG_FIN_OUT | SEG_FIN_IN);
	if (!(t->flags & SEG_RST) || t->last_in_ns > t->start_ns)
		internet_pushes(f, at_least_one(train_payload(r, r->bytes_in, r->packets_in, 1)));
	flow_at(f, flow_comes(f, t->last_in_ns), call_ends);
	return true;
}

void connection_count(struct scene *s, const struct flow *f)
{
	struct ns3c_tcp_info info;

	if (!f->tcp)
		return;
	info = ns3c_tcp_get_info(f->tcp);
	count_tcp(&s->packets, &info);
}
