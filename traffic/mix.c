/* source: mix - sockets and flows by laws, such as cgnsim fit finds in a trace.
 *
 * A subscriber opens sockets at a rate of its own, drawn once, with gaps of that
 * mean. A socket is an inside port with one flow or several, one after another,
 * each to a remote of its own: under endpoint-independent mapping they share one
 * mapping. A flow is one train: its packets follow each other closely enough to
 * keep a mapping alive.
 *
 * A moment at random falls into long gaps more often than into short ones. So a
 * subscriber's first gap is drawn from many by their lengths, and the moment is
 * anywhere in it: the process has been going on for ever.
 *
 * What a socket does is a stream of random numbers of its own, keyed from its
 * subscriber's. It is run through twice: once when the socket is opened, to know
 * when its port will be free again, and then flow by flow, so that nothing about
 * flows to come is kept but the stream's state. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "traffic/mix.h"
#include "traffic/socket_ports.h"
#include "traffic/sources.h"

enum {
	MOMENTS = 65536,      /* gaps that a first one is drawn from, and sockets that means are taken of */
	FAN_OUT_MOST = 65535,
	WELL_KNOWN_PORTS = 1023,
	OTHER_PORT = 40000,
};

static const struct param mix_source_params[] = {
	{ .name = "file", .type = PARAM_OBJECT_FILE, .unit = "", .object = mix_params, .offset = offsetof(struct mix_config, mix),
	  .help = "a mix, as cgnsim fit writes it; its keys are below" },
	{ .name = "active_share", .type = PARAM_REAL, .unit = "", .preset = "1", .min = 0, .max = 1,
	  .offset = offsetof(struct mix_config, active_share),
	  .help = "share of the subscribers that are active at all, as every captured host is; the others are silent" },
	{ 0 },
};

enum end { END_FIN, END_HALF, END_RESET, END_SILENT, END_UNANSWERED, ENDS };

struct source {
	const struct mix *mix;
	double active_share;
	struct server_alias *servers;
	double shares[PROTO_COUNT];     /* of sockets, cumulative; the last is 1 */
	double ends[PROTO_COUNT][ENDS]; /* of flows, cumulative; the last is 1 */
	double gap_unit;                /* mean of the gaps' law, ns for 1 */
	double *moments;                /* sums of gaps so far, in units of the mean */
	double mean_fan_out;            /* flows of a socket, over protocols */
	int64_t longest_p99_ns;
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

static uint32_t pick(const double *cumulative, uint32_t count, struct rng *r)
{
	double u = rng_unit(r);
	uint32_t i = 0;

	while (i + 1 < count && u >= cumulative[i])
		i++;
	return i;
}

static void draw_flow(const struct source *s, int protocol, struct rng *r, struct flow *out)
{
	const struct mix_protocol *p = &s->mix->protocols[protocol];

	out->lasts_ns = distribution_draw(&p->duration, r);
	out->next_ns = distribution_draw(&p->spacing, r);
	out->remote = server_draw(s->servers, s->mix->destinations.count, r);
	out->well_known = rng_unit(r) < p->well_known;
	out->end = (enum end)pick(s->ends[protocol], ENDS, r);
}

static uint32_t draw_fan_out(const struct mix_protocol *p, struct rng *r)
{
	int64_t ns = distribution_draw(&p->fan_out, r), flows = (ns + NS_PER_S - 1) / NS_PER_S;

	return flows < 1 ? 1 : flows > FAN_OUT_MOST ? FAN_OUT_MOST : (uint32_t)flows;
}

/* Shares that add up to anything become cumulative; false if all are 0. */
static bool accumulate(const double *shares, size_t count, double *out)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		out[i] = sum += shares[i];
	for (size_t i = 0; i < count && sum > 0; i++)
		out[i] /= sum;
	return sum > 0;
}

static bool shares_make(struct source *s, struct err *e)
{
	double shares[PROTO_COUNT];
	bool good = true;

	for (int p = 0; p < PROTO_COUNT; p++) {
		const struct mix_ends *ends = &s->mix->protocols[p].ends;
		double each[ENDS] = {
			[END_FIN] = ends->fin, [END_HALF] = ends->half, [END_RESET] = ends->reset,
			[END_SILENT] = ends->silent, [END_UNANSWERED] = ends->unanswered,
		};

		shares[p] = s->mix->protocols[p].share;
		if (!accumulate(each, ENDS, s->ends[p]) && shares[p] > 0)
			good = fail(e, "%s: $.protocols.%s.ends: all are 0: one at least must be above", s->mix->path, protocol_name[p]);
	}
	return (accumulate(shares, PROTO_COUNT, s->shares) ||
	        fail(e, "%s: $.protocols: no protocol has a share above 0", s->mix->path)) && good;
}

static bool gaps_make(struct source *s, struct err *e)
{
	double mean = distribution_mean(&s->mix->gaps), sum = 0;
	struct rng r;

	if (!(mean > 0 && mean < 1e9))
		return fail(e, "%s: $.gaps: the law's mean is 0 or without bound: it must be a number, such as 1", s->mix->path);
	s->moments = must_alloc(MOMENTS, sizeof(*s->moments));
	rng_seed(&r, 0);
	for (size_t i = 0; i < MOMENTS; i++)
		s->moments[i] = sum += (double)distribution_draw(&s->mix->gaps, &r);
	s->gap_unit = sum / MOMENTS; /* a truncated law's mean is not the law's */
	for (size_t i = 0; i < MOMENTS; i++)
		s->moments[i] /= s->gap_unit;
	return true;
}

static void means_make(struct source *s)
{
	struct rng r;
	double flows = 0;

	rng_seed(&r, 0);
	for (size_t i = 0; i < MOMENTS; i++)
		flows += draw_fan_out(&s->mix->protocols[pick(s->shares, PROTO_COUNT, &r)], &r);
	s->mean_fan_out = flows / MOMENTS;
	for (int p = 0; p < PROTO_COUNT; p++) {
		int64_t p99_ns = distribution_quantile(&s->mix->protocols[p].duration, 0.99);

		if (s->mix->protocols[p].share > 0 && p99_ns > s->longest_p99_ns)
			s->longest_p99_ns = p99_ns;
	}
}

static void mix_close(struct source *s)
{
	free(s->servers);
	free(s->moments);
	free(s);
}

static struct source *mix_open(const void *config, const struct source_setting *setting, const char *place, struct err *e)
{
	const struct mix_config *c = config;
	struct source *s = must_alloc(1, sizeof(*s));

	(void)setting;
	(void)place;
	s->mix = &c->mix;
	s->active_share = c->active_share;
	if (!shares_make(s, e) || !gaps_make(s, e)) {
		mix_close(s);
		return NULL;
	}
	s->servers = servers_build(&c->mix.destinations);
	means_make(s);
	return s;
}

static void mix_facts(const struct source *s, const struct source_setting *setting, struct source_facts *out)
{
	double sockets = distribution_mean(&s->mix->sockets_per_day) * setting->subscribers * s->active_share *
	                 ((double)setting->end_ns / (double)NS_PER_DAY);
	const double *tcp = s->ends[PROTO_TCP];

	*out = (struct source_facts){
		.flows_expected = sockets * s->mean_fan_out,
		.longest_p99_ns = s->longest_p99_ns,
		.captured_ns = s->mix->capture.duration_ns,
		.captured_hosts = s->mix->capture.hosts,
	};
	for (int p = 0; p < PROTO_COUNT; p++)
		out->protocols[p] = s->mix->protocols[p].share > 0;
	out->tcp_left_open = out->protocols[PROTO_TCP] &&
	                     (tcp[END_HALF] > tcp[END_FIN] || tcp[END_SILENT] > tcp[END_RESET]);
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
	double at = rng_unit(r) * s->moments[MOMENTS - 1];
	size_t low = 0, high = MOMENTS - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->moments[middle] <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return s->moments[low] - at;
}

static struct source_stream *mix_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count)
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

	socket.protocol = (uint8_t)pick(s->shares, PROTO_COUNT, &who->rng);
	rng_seed(&socket.rng, rng_next(&who->rng));
	schedule(st, k, now_ns, gap * who->gap_ns);
	socket.left = draw_fan_out(&s->mix->protocols[socket.protocol], &socket.rng);
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

static bool mix_next(struct source_stream *st, int64_t until_ns, struct segments *out)
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

static uint64_t mix_left_out(const struct source_stream *st)
{
	return st->left_out;
}

static void mix_end(struct source_stream *st)
{
	queue_destroy(st->queue);
	free(st->subscribers);
	free(st->ends);
	free(st->sockets);
	free(st->spare);
	free(st);
}

const struct source_type source_mix = {
	.name = "mix",
	.summary = "sockets and flows by laws, such as cgnsim fit finds behind a trace",
	.params = mix_source_params,
	.config_size = sizeof(struct mix_config),
	.open = mix_open,
	.close = mix_close,
	.facts = mix_facts,
	.stream = mix_stream,
	.next = mix_next,
	.left_out = mix_left_out,
	.end = mix_end,
};
