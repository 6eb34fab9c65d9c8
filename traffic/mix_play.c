/* The flows of the source `mix`, in order of time: mix.c tells what a subscriber and
 * a socket do. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "traffic/mix_source.h"
#include "traffic/socket_ports.h"

enum {
	WELL_KNOWN_PORTS = 1023,
	OTHER_PORT = 40000,
};

struct subscriber {
	struct rng rng;
	struct socket_ports ports;
	double gap_ns;                  /* its mean; 0: it is silent */
	uint32_t flows;
};

/* A socket that has flows to come. */
struct socket {
	struct rng rng;
	uint32_t subscriber;            /* of the stream */
	uint32_t left, nth;             /* flows to come; number of the next */
	uint16_t port;
	uint8_t  protocol;
};

struct source_stream {
	const struct source *source;
	struct source_setting setting;
	uint32_t first, count;
	struct queue *queue;            /* below count: a subscriber's next socket; from count on: a socket's next flow */
	struct subscriber *subscribers;
	int64_t (*ends)[SOCKET_CHUNKS];
	struct socket *sockets;
	uint32_t *spare;                /* places among them that are free */
	uint32_t socket_count, socket_room, spare_count;
	uint64_t left_out;
};

/* What is drawn for one flow, in a fixed order. */
struct flow {
	int64_t  lasts_ns, next_ns;     /* to its last packet; to the socket's next flow */
	uint32_t remote;
	bool     well_known;
	enum end end;
};

static void draw_flow(const struct source *s, int protocol, struct rng *r, struct flow *out)
{
	const struct mix_protocol *p = &s->mix->protocols[protocol];

	out->lasts_ns = distribution_draw(&p->duration, r);
	out->next_ns = distribution_draw(&p->spacing, r);
	out->remote = server_draw(s->servers, s->mix->destinations.count, r);
	out->well_known = rng_unit(r) < p->well_known;
	out->end = (enum end)mix_pick(s->ends[protocol], ENDS, r);
}

/* A subscriber's next socket, if there is one before the end. */
static void schedule(struct source_stream *st, uint32_t k, int64_t now_ns, double gap_ns)
{
	if (gap_ns + 0.5 < (double)(st->setting.end_ns - now_ns))
		queue_push(st->queue, now_ns + (int64_t)(gap_ns + 0.5), k);
}

/* What is left of the gap that the beginning falls into, in units of the mean. */
static double first_gap(const struct source *s, struct rng *r)
{
	double at = rng_unit(r) * s->moments[MIX_MOMENTS - 1];
	size_t low = 0, high = MIX_MOMENTS - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->moments[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return s->moments[low] - at;
}

struct source_stream *mix_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count)
{
	uint64_t key = mix64(mix64(mix64(setting->seed, setting->replication), RNG_TRAFFIC), setting->index);
	struct source_stream *st = must_alloc(1, sizeof(*st));

	st->source = s;
	st->setting = *setting;
	st->first = first;
	st->count = count;
	st->queue = queue_create();
	st->subscribers = must_alloc(count, sizeof(*st->subscribers));
	st->ends = must_alloc(count, sizeof(*st->ends));
	for (uint32_t k = 0; k < count; k++) {
		struct subscriber *who = &st->subscribers[k];
		int64_t rate;
		bool active;

		rng_seed(&who->rng, mix64(key, first + k));
		socket_ports_begin(&who->ports, st->ends[k], &who->rng);
		active = rng_unit(&who->rng) < s->active_share;
		rate = distribution_draw(&s->mix->sockets_per_day, &who->rng);
		if (!active || rate <= 0)
			continue;
		who->gap_ns = (double)NS_PER_DAY / ((double)rate / (double)NS_PER_S);
		schedule(st, k, 0, first_gap(s, &who->rng) * who->gap_ns);
	}
	return st;
}

/* Reads the socket's stream to its end: when is its last flow over? */
static int64_t socket_end(const struct source_stream *st, struct socket socket, int64_t now_ns)
{
	int64_t end_ns = now_ns;

	for (; socket.left && now_ns < st->setting.end_ns; socket.left--) {
		struct flow flow;

		draw_flow(st->source, socket.protocol, &socket.rng, &flow);
		if (now_ns + flow.lasts_ns > end_ns)
			end_ns = now_ns + flow.lasts_ns;
		now_ns += flow.next_ns;
	}
	return end_ns;
}

static uint16_t remote_port(const struct socket *socket, bool well_known)
{
	uint32_t n = socket->nth;

	if (socket->protocol == PROTO_ICMP)
		return 0;
	if (!well_known)
		return (uint16_t)(SOCKET_PORT_FIRST + (OTHER_PORT - SOCKET_PORT_FIRST + n) % SOCKET_PORTS);
	/* From there up, so that a socket's flows differ even to one server. */
	return (uint16_t)(1 + ((socket->protocol == PROTO_TCP ? 442 : 52) + n) % WELL_KNOWN_PORTS);
}

static uint8_t flags_of(const struct socket *socket, enum end end)
{
	static const uint8_t flags[ENDS] = {
		[END_FIN] = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN,
		[END_HALF] = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT,
		[END_RESET] = SEG_SYN_OUT | SEG_SYN_IN | SEG_RST,
		[END_SILENT] = SEG_SYN_OUT | SEG_SYN_IN,
		[END_UNANSWERED] = SEG_SYN_OUT,
	};

	return (uint8_t)(SEG_FIRST | SEG_LAST | (socket->protocol == PROTO_TCP ? flags[end] : 0));
}

/* The socket's next flow; returns when the one after it begins. */
static int64_t emit(struct source_stream *st, struct socket *socket, int64_t now_ns, struct segments *out)
{
	struct segment *train = segments_add(out);
	bool answered;
	struct flow flow;

	draw_flow(st->source, socket->protocol, &socket->rng, &flow);
	answered = flow.end != END_UNANSWERED;
	*train = (struct segment){
		.start_ns = now_ns,
		.last_out_ns = now_ns + flow.lasts_ns,
		.first_in_ns = answered ? now_ns : NS_NONE,
		.last_in_ns = answered ? now_ns + flow.lasts_ns : NS_NONE,
		.subscriber = st->first + socket->subscriber,
		.flow = st->subscribers[socket->subscriber].flows++,
		.remote = flow.remote,
		.remote_port = remote_port(socket, flow.well_known),
		.port = socket->port,
		.protocol = socket->protocol,
		.flags = flags_of(socket, flow.end),
		.source = st->setting.index,
	};
	socket->nth++;
	socket->left--;
	return now_ns + flow.next_ns;
}

/* A place for a socket with flows to come. */
static uint32_t place_take(struct source_stream *st)
{
	if (st->spare_count)
		return st->spare[--st->spare_count];
	if (st->socket_count == st->socket_room) {
		st->socket_room = st->socket_room ? st->socket_room * 2 : 64;
		st->sockets = must_grow(st->sockets, st->socket_room, sizeof(*st->sockets));
		st->spare = must_grow(st->spare, st->socket_room, sizeof(*st->spare));
	}
	return st->socket_count++;
}

static void open_socket(struct source_stream *st, uint32_t k, int64_t now_ns, struct segments *out)
{
	const struct source *s = st->source;
	struct subscriber *who = &st->subscribers[k];
	struct socket socket = { .subscriber = k };
	double gap = (double)distribution_draw(&s->mix->gaps, &who->rng) / s->gap_unit;
	int64_t next_ns;

	socket.protocol = (uint8_t)mix_pick(s->shares, PROTO_COUNT, &who->rng);
	rng_seed(&socket.rng, rng_next(&who->rng));
	schedule(st, k, now_ns, gap * who->gap_ns);
	socket.left = mix_fan_out(&s->mix->protocols[socket.protocol], &socket.rng);
	if (!socket_ports_take(&who->ports, st->ends[k], now_ns, socket_end(st, socket, now_ns), &socket.port)) {
		st->left_out += socket.left;
		return;
	}
	next_ns = emit(st, &socket, now_ns, out);
	if (socket.left && next_ns < st->setting.end_ns) {
		uint32_t place = place_take(st);

		st->sockets[place] = socket;
		queue_push(st->queue, next_ns, st->count + place);
	}
}

static void go_on(struct source_stream *st, uint32_t place, int64_t now_ns, struct segments *out)
{
	int64_t next_ns = emit(st, &st->sockets[place], now_ns, out);

	if (st->sockets[place].left && next_ns < st->setting.end_ns)
		queue_push(st->queue, next_ns, st->count + place);
	else
		st->spare[st->spare_count++] = place;
}

bool mix_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	int64_t now_ns;
	uint32_t what;

	while (queue_next(st->queue) < until_ns && queue_pop(st->queue, &now_ns, &what)) {
		if (what < st->count)
			open_socket(st, what, now_ns, out);
		else
			go_on(st, what - st->count, now_ns, out);
	}
	return queue_count(st->queue) > 0;
}

uint64_t mix_left_out(const struct source_stream *st)
{
	return st->left_out;
}

void mix_end(struct source_stream *st)
{
	queue_destroy(st->queue);
	free(st->subscribers);
	free(st->ends);
	free(st->sockets);
	free(st->spare);
	free(st);
}
