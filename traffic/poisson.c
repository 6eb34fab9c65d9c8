/* source: poisson - flows that begin independently of each other and of all else.
 *
 * Each subscriber's flows are a Poisson process, so that how many are under way
 * follows Poisson's law with mean rate x duration whatever the law of the
 * durations (M/G/infinity): what a simulation says can be held against theory.
 *
 * A flow is one train: its packets follow each other closely enough to keep a
 * mapping alive. TCP ends by FIN both ways.
 *
 * Time is cut into cells of about CELL_FLOWS flows of the whole stream. When a cell
 * has its turn, each subscriber that has a flow in it draws all its flows there, one
 * after the other, and they are then put in order of time. Subscribers wait in a
 * list of the cell of their next flow; those whose cell is in no list yet (lists go
 * round) are dealt out when the first list has its turn again.
 *
 * Of flows that begin in the same nanosecond, that one comes first whose
 * subscriber's flow before it came first, and to begin with the one of the lower
 * number: the order of an event queue in which each flow calls up the next. */
#include <stdlib.h>

#include "sim/base/distribution.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/servers.h"
#include "traffic/socket_ports.h"
#include "traffic/sources.h"

enum {
	CELL_FLOWS = 2048,
	CELL_BITS_MOST = 50,       /* of a cell's width in ns */
	PLACE_BITS = 12,           /* of its time, by which a cell's flows are sorted at first */
	PLACES = 1 << PLACE_BITS,
};

struct poisson_config {
	double rate_per_day;
	int protocol;
	struct distribution duration;
	struct servers destinations;
	uint32_t port;
};

static const char *const protocols[] = { "tcp", "udp", "icmp", NULL };

static const struct param poisson_params[] = {
	{ .name = "rate_per_day", .type = PARAM_REAL, .preset = "33000", .unit = "flows/day", .min = 1e-6, .max = 1e9,
	  .offset = offsetof(struct poisson_config, rate_per_day),
	  .help = "flows that each subscriber begins in a day, on average" },
	{ .name = "protocol", .type = PARAM_CHOICE, .unit = "", .preset = "\"udp\"", .choices = protocols,
	  .offset = offsetof(struct poisson_config, protocol),
	  .help = "what they are flows of" },
	{ .name = "duration", .type = PARAM_DISTRIBUTION, .unit = "s",
	  .preset = "{ \"distribution\": \"exponential\", \"mean\": \"10s\" }",
	  .offset = offsetof(struct poisson_config, duration),
	  .help = "from a flow's first packet to its last" },
	{ .name = "destinations", .type = PARAM_OBJECT, .unit = "", .object = server_params,
	  .offset = offsetof(struct poisson_config, destinations),
	  .help = "the servers they go to" },
	{ .name = "port", .type = PARAM_U32, .unit = "", .preset = "443", .min = 0, .max = 65535,
	  .offset = offsetof(struct poisson_config, port),
	  .help = "the servers' port; no matter with icmp" },
	{ 0 },
};

struct source {
	const struct poisson_config *config;
	struct server_alias *servers;
	int64_t longest_p99_ns;
};

#define NOBODY UINT32_MAX

struct subscriber {
	struct rng rng;
	int64_t next_ns;   /* when its next flow begins; NS_NEVER: it begins no more */
	struct socket_ports ports;
	uint32_t flows;
	uint32_t link;     /* who is next in the same list */
};

/* A flow, drawn. */
struct flow {
	int64_t end_ns;
	uint32_t subscriber; /* of the stream */
	uint32_t number;     /* of the subscriber's flows */
	uint32_t remote;
	uint16_t port;       /* 0: there was none, it is left out */
};

/* And its place in time. */
struct place {
	int64_t start_ns;
	uint32_t flow;
};

struct source_stream {
	const struct source *source;
	struct subscriber *subscribers;
	int64_t (*ends)[SOCKET_CHUNKS]; /* by subscriber: see socket_ports.h */
	uint64_t *turns;              /* by subscriber: which of all flows its last one was */
	uint64_t turn;                /* of the next flow */
	double gap_ns;                /* mean time between a subscriber's flows */
	int64_t end_ns;
	unsigned cell_bits;           /* a cell is 1 << cell_bits ns */
	uint64_t cell;                /* whose turn is next */
	uint32_t *lists;              /* first of those whose next flow is in a cell, by cell & list_mask; owned */
	uint32_t list_mask;
	uint32_t far;                 /* first of those whose cell's list is still in use for an earlier one */
	uint32_t waiting;             /* subscribers in lists */
	struct flow *flows;           /* of the last cell, in no order; owned */
	struct place *drawn, *places; /* the same as they were drawn, and in order; owned */
	uint32_t flow_count, flow_room, next_place; /* from here on they are not given yet */
	uint64_t left_out;
	struct segment pattern;       /* what all trains have in common */
	uint32_t first;
};

static struct source *poisson_open(const void *config, const struct source_setting *setting, const char *place, struct err *e)
{
	const struct poisson_config *c = config;
	struct source *s = must_alloc(1, sizeof(*s));

	(void)setting;
	(void)place;
	(void)e;
	s->config = c;
	s->servers = servers_build(&c->destinations);
	s->longest_p99_ns = distribution_quantile(&c->duration, 0.99);
	return s;
}

static void poisson_close(struct source *s)
{
	if (!s)
		return;
	free(s->servers);
	free(s);
}

static void poisson_facts(const struct source *s, const struct source_setting *setting, struct source_facts *out)
{
	*out = (struct source_facts){
		.flows_expected = s->config->rate_per_day * setting->subscribers * ((double)setting->end_ns / (double)NS_PER_DAY),
		.longest_p99_ns = s->longest_p99_ns,
	};
	out->protocols[s->config->protocol] = true;
}

/* When the next flow begins after one now, if it does before the end; else NS_NEVER. */
static int64_t next_start(const struct source_stream *st, struct rng *r, int64_t now_ns)
{
	double gap_ns = draw_exponential(r) * st->gap_ns + 0.5;

	return gap_ns < (double)(st->end_ns - now_ns) ? now_ns + (int64_t)gap_ns : NS_NEVER;
}

/* Puts the subscriber into the list of its next flow's cell, which is not before st->cell. */
static void wait_for_turn(struct source_stream *st, uint32_t k)
{
	struct subscriber *who = &st->subscribers[k];
	uint64_t cell = (uint64_t)who->next_ns >> st->cell_bits;
	uint32_t *list = (cell | st->list_mask) == (st->cell | st->list_mask) ? &st->lists[cell & st->list_mask] : &st->far;

	if (who->next_ns == NS_NEVER)
		return;
	who->link = *list;
	*list = k;
	st->waiting++;
}

/* Everybody of a list, which is then empty: the first; the rest follow by `link`. */
static uint32_t take_list(uint32_t *list)
{
	uint32_t first = *list;

	*list = NOBODY;
	return first;
}

/* Cells of about CELL_FLOWS flows, and lists for several times the mean gap, so
 * that most need not be dealt out more than once. */
static void lay_out_cells(struct source_stream *st, uint32_t count)
{
	double width_ns = st->gap_ns / count * CELL_FLOWS;
	uint32_t lists = 16;

	while (st->cell_bits < CELL_BITS_MOST && (double)(UINT64_C(2) << st->cell_bits) <= width_ns)
		st->cell_bits++;
	while (lists < count / CELL_FLOWS * 8)
		lists *= 2;
	st->lists = must_alloc(lists, sizeof(*st->lists));
	for (uint32_t i = 0; i < lists; i++)
		st->lists[i] = NOBODY;
	st->list_mask = lists - 1;
	st->far = NOBODY;
}

static struct source_stream *poisson_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count)
{
	static const uint8_t tcp_flags = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN;
	struct source_stream *st = must_alloc(1, sizeof(*st));
	uint64_t key = mix64(mix64(mix64(setting->seed, setting->replication), RNG_TRAFFIC), setting->index);

	st->source = s;
	st->subscribers = must_alloc(count, sizeof(*st->subscribers));
	st->ends = must_alloc(count, sizeof(*st->ends));
	st->turns = must_alloc(count, sizeof(*st->turns));
	st->turn = count;
	st->gap_ns = (double)NS_PER_DAY / s->config->rate_per_day;
	st->end_ns = setting->end_ns;
	st->first = first;
	lay_out_cells(st, count);
	st->pattern = (struct segment){
		.remote_port = s->config->protocol == PROTO_ICMP ? 0 : (uint16_t)s->config->port,
		.protocol = (uint8_t)s->config->protocol,
		.flags = (uint8_t)(SEG_FIRST | SEG_LAST | (s->config->protocol == PROTO_TCP ? tcp_flags : 0)),
		.source = setting->index,
	};
	for (uint32_t k = 0; k < count; k++) {
		struct subscriber *who = &st->subscribers[k];

		rng_seed(&who->rng, mix64(key, first + k));
		socket_ports_begin(&who->ports, st->ends[k], &who->rng);
		st->turns[k] = k;
		who->next_ns = next_start(st, &who->rng, 0);
		wait_for_turn(st, k);
	}
	return st;
}

static struct flow *add_flow(struct source_stream *st, int64_t start_ns)
{
	if (st->flow_count == st->flow_room) {
		st->flow_room = st->flow_room ? st->flow_room * 2 : 2 * CELL_FLOWS;
		st->flows = must_grow(st->flows, st->flow_room, sizeof(*st->flows));
		st->drawn = must_grow(st->drawn, st->flow_room, sizeof(*st->drawn));
		st->places = must_grow(st->places, st->flow_room, sizeof(*st->places));
	}
	st->drawn[st->flow_count] = (struct place){ start_ns, st->flow_count };
	return &st->flows[st->flow_count++];
}

/* The subscriber's flows up to the end of the cell, of which there is one at least. */
static void draw_flows(struct source_stream *st, uint32_t k, int64_t end_ns)
{
	struct subscriber *who = &st->subscribers[k];
	struct rng rng = who->rng;
	int64_t start_ns = who->next_ns;

	do {
		struct flow *f = add_flow(st, start_ns);
		int64_t flow_end_ns = start_ns + distribution_draw(&st->source->config->duration, &rng);

		f->end_ns = flow_end_ns;
		f->remote = server_draw(st->source->servers, st->source->config->destinations.count, &rng);
		f->subscriber = k;
		f->port = 0;
		if (socket_ports_take(&who->ports, st->ends[k], start_ns, flow_end_ns, &f->port))
			f->number = who->flows++;
		start_ns = next_start(st, &rng, start_ns);
	} while (start_ns < end_ns);
	who->next_ns = start_ns;
	who->rng = rng;
}

/* One pass by the leading bits within the cell, about one flow to each; then it is next to sorted. */
static void sort_flows(struct source_stream *st, int64_t start_ns)
{
	uint32_t ends[PLACES] = { 0 }, sum = 0;
	unsigned bits = st->cell_bits < PLACE_BITS ? 0 : st->cell_bits - PLACE_BITS;
	struct place *to = st->places;

	for (uint32_t i = 0; i < st->flow_count; i++)
		ends[(st->drawn[i].start_ns - start_ns) >> bits]++;
	for (uint32_t i = 0; i < PLACES; i++) {
		uint32_t here = ends[i];

		ends[i] = sum;
		sum += here;
	}
	for (uint32_t i = 0; i < st->flow_count; i++)
		to[ends[(st->drawn[i].start_ns - start_ns) >> bits]++] = st->drawn[i];
	for (uint32_t i = 1; i < st->flow_count; i++) {
		struct place p = to[i];
		uint32_t at = i;

		for (; at > 0 && to[at - 1].start_ns > p.start_ns; at--)
			to[at] = to[at - 1];
		to[at] = p;
	}
}

/* Draws the flows of the cell whose turn it is. */
static void draw_cell(struct source_stream *st)
{
	int64_t start_ns = (int64_t)(st->cell << st->cell_bits), end_ns = start_ns + (INT64_C(1) << st->cell_bits);

	if (!(st->cell & st->list_mask))
		for (uint32_t k = take_list(&st->far), next; k != NOBODY; k = next) {
			next = st->subscribers[k].link;
			st->waiting--;
			wait_for_turn(st, k);
		}
	st->flow_count = st->next_place = 0;
	for (uint32_t k = take_list(&st->lists[st->cell & st->list_mask]), next; k != NOBODY; k = next) {
		next = st->subscribers[k].link;
		st->waiting--;
		draw_flows(st, k, end_ns);
		wait_for_turn(st, k);
	}
	st->cell++;
	sort_flows(st, start_ns);
}

/* Puts the flow that comes first of those at next_place .. that begin in the same moment there. */
static void settle_tie(struct source_stream *st)
{
	struct place *first = &st->places[st->next_place], *end = st->places + st->flow_count, *best = first;
	struct place taken;

	for (struct place *p = first + 1; p < end && p->start_ns == first->start_ns; p++) {
		uint32_t who = st->flows[p->flow].subscriber, other = st->flows[best->flow].subscriber;

		if (who == other ? p->flow < best->flow : st->turns[who] < st->turns[other])
			best = p;
	}
	taken = *best;
	*best = *first;
	*first = taken;
}

static void give_train(struct source_stream *st, const struct place *p, struct segments *out)
{
	const struct flow *f = &st->flows[p->flow];
	struct segment *train;

	st->turns[f->subscriber] = st->turn++;
	if (!f->port) {
		st->left_out++;
		return;
	}
	train = segments_add(out);
	*train = st->pattern;
	train->start_ns = p->start_ns;
	train->last_out_ns = f->end_ns;
	train->first_in_ns = p->start_ns;
	train->last_in_ns = f->end_ns;
	train->subscriber = st->first + f->subscriber;
	train->flow = f->number;
	train->remote = f->remote;
	train->port = f->port;
}

static bool poisson_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	for (;;) {
		while (st->next_place < st->flow_count && st->places[st->next_place].start_ns < until_ns) {
			const struct place *p = &st->places[st->next_place];

			if (st->next_place + 1 < st->flow_count && p[1].start_ns == p[0].start_ns)
				settle_tie(st);
			give_train(st, p, out);
			st->next_place++;
		}
		if (st->next_place < st->flow_count || !st->waiting || (int64_t)(st->cell << st->cell_bits) >= until_ns)
			return st->next_place < st->flow_count || st->waiting;
		draw_cell(st);
	}
}

static uint64_t poisson_left_out(const struct source_stream *st)
{
	return st->left_out;
}

static void poisson_end(struct source_stream *st)
{
	if (!st)
		return;
	free(st->subscribers);
	free(st->ends);
	free(st->turns);
	free(st->lists);
	free(st->flows);
	free(st->drawn);
	free(st->places);
	free(st);
}

const struct source_type source_poisson = {
	.name = "poisson",
	.summary = "each subscriber begins flows at random, at a constant rate: what theory can be held against",
	.params = poisson_params,
	.config_size = sizeof(struct poisson_config),
	.open = poisson_open,
	.close = poisson_close,
	.facts = poisson_facts,
	.stream = poisson_stream,
	.next = poisson_next,
	.left_out = poisson_left_out,
	.end = poisson_end,
};
