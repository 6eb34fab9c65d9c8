/* source: poisson - flows that begin independently of each other and of all else.
 *
 * Each subscriber's flows are a Poisson process, so that how many are under way
 * follows Poisson's law with mean rate x duration whatever the law of the
 * durations (M/G/infinity): what a simulation says can be held against theory.
 *
 * A flow is one train: its packets follow each other closely enough to keep a
 * mapping alive. TCP ends by FIN both ways.
 *
 * Inside ports run in sequence through 1024..65535 from a random start, so none
 * is met again soon. They are kept in chunks of 1008, and of each chunk only the
 * latest end of a flow is known: a chunk is entered again when all its flows are
 * over. That is 8 bytes for 1008 ports, looked at once in 1008 flows; what it
 * costs is that one very long flow keeps its chunk's other ports from use.
 *
 * Server d is 198.18.0.0 + d (the space of RFC 2544), drawn by Zipf's law through
 * an alias table (Walker, 1977): two words for any number of servers. */
#include <stdlib.h>

#include "sim/base/distribution.h"
#include "sim/base/fp.h"
#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "traffic/sources.h"

#define SERVERS UINT32_C(0xc6120000) /* 198.18.0.0 */

enum {
	SERVERS_MOST = 131072,     /* 198.18.0.0/15 */
	PORT_FIRST = 1024,
	CHUNKS = 64,
	CHUNK_PORTS = 1008,
	PORTS = CHUNKS * CHUNK_PORTS, /* 1024 .. 65535 */
};

struct poisson_destinations {
	uint32_t count;
	double zipf;
};

struct poisson_config {
	double rate_per_day;
	int protocol;
	struct distribution duration;
	struct poisson_destinations destinations;
	uint32_t port;
};

static const char *const protocols[] = { "tcp", "udp", "icmp", NULL };

static const struct param destination_params[] = {
	{ .name = "count", .type = PARAM_U32, .unit = "servers", .preset = "10000", .min = 1, .max = SERVERS_MOST,
	  .offset = offsetof(struct poisson_destinations, count),
	  .help = "servers, from 198.18.0.0 up" },
	{ .name = "zipf", .type = PARAM_REAL, .unit = "", .preset = "1.0", .min = 0, .max = 10,
	  .offset = offsetof(struct poisson_destinations, zipf),
	  .help = "server number d gets a share that falls as 1 / d^zipf; 0: all alike" },
	{ 0 },
};

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
	{ .name = "destinations", .type = PARAM_OBJECT, .unit = "", .object = destination_params,
	  .offset = offsetof(struct poisson_config, destinations),
	  .help = "the servers they go to" },
	{ .name = "port", .type = PARAM_U32, .unit = "", .preset = "443", .min = 0, .max = 65535,
	  .offset = offsetof(struct poisson_config, port),
	  .help = "the servers' port; no matter with icmp" },
	{ 0 },
};

/* Server i is given with probability own / 2^32 where i is drawn, else the other. */
struct alias {
	uint32_t own;
	uint32_t other;
};

struct source {
	const struct poisson_config *config;
	struct alias *servers;
	int64_t longest_p99_ns;
};

struct subscriber {
	struct rng rng;
	int64_t latest_ns; /* end of the latest flow from the current chunk */
	uint32_t flows;
	uint16_t chunk;    /* current */
	uint16_t port;     /* of the chunk, next to be given */
};

struct source_stream {
	const struct source *source;
	struct queue *queue;          /* the next flow of each subscriber that has one */
	struct subscriber *subscribers;
	int64_t (*ends)[CHUNKS];      /* by subscriber and chunk: latest end, but for the current chunk */
	double gap_ns;                /* mean time between a subscriber's flows */
	int64_t end_ns;
	uint64_t left_out;
	struct segment pattern;       /* what all trains have in common */
	uint32_t first;
};

/* Fills under-full places from over-full ones, both in order of number. */
static struct alias *servers_build(const struct poisson_destinations *d)
{
	struct alias *table = must_alloc(d->count, sizeof(*table));
	double *share = must_alloc(d->count, sizeof(*share)); /* of a place; 1 is full */
	double sum = 0;
	uint32_t over = 0, under = 0, low;

	for (uint32_t i = 0; i < d->count; i++)
		sum += share[i] = fp_pow(i + 1.0, -d->zipf);
	for (uint32_t i = 0; i < d->count; i++) {
		share[i] *= d->count / sum;
		table[i] = (struct alias){ .own = UINT32_MAX, .other = i };
	}
	while (over < d->count && share[over] < 1)
		over++;
	while (under < d->count && share[under] >= 1)
		under++;
	for (low = under; low < d->count && over < d->count;) {
		table[low].own = (uint32_t)(share[low] * 0x1p32);
		table[low].other = over;
		share[over] -= 1 - share[low];
		/* What has become under-full itself is filled next, if `under` is past it. */
		if (share[over] < 1 && over < under) {
			low = over;
		} else {
			do
				under++;
			while (under < d->count && share[under] >= 1);
			low = under;
		}
		while (over < d->count && share[over] < 1)
			over++;
	}
	free(share);
	return table;
}

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

/* When the subscriber's next flow begins, if it does before the end. */
static void schedule(struct source_stream *st, uint32_t k, int64_t now_ns)
{
	double gap_ns = draw_exponential(&st->subscribers[k].rng) * st->gap_ns + 0.5;

	if (gap_ns < (double)(st->end_ns - now_ns))
		queue_push(st->queue, now_ns + (int64_t)gap_ns, k);
}

static struct source_stream *poisson_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count)
{
	static const uint8_t tcp_flags = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN;
	struct source_stream *st = must_alloc(1, sizeof(*st));
	uint64_t key = mix64(mix64(mix64(setting->seed, setting->replication), RNG_TRAFFIC), setting->index);

	st->source = s;
	st->queue = queue_create();
	st->subscribers = must_alloc(count, sizeof(*st->subscribers));
	st->ends = must_alloc(count, sizeof(*st->ends));
	st->gap_ns = (double)NS_PER_DAY / s->config->rate_per_day;
	st->end_ns = setting->end_ns;
	st->first = first;
	st->pattern = (struct segment){
		.remote_port = s->config->protocol == PROTO_ICMP ? 0 : (uint16_t)s->config->port,
		.protocol = (uint8_t)s->config->protocol,
		.flags = (uint8_t)(SEG_FIRST | SEG_LAST | (s->config->protocol == PROTO_TCP ? tcp_flags : 0)),
		.source = setting->index,
	};
	for (uint32_t k = 0; k < count; k++) {
		struct subscriber *who = &st->subscribers[k];
		uint32_t start;

		rng_seed(&who->rng, mix64(key, first + k));
		start = rng_below(&who->rng, PORTS);
		who->chunk = (uint16_t)(start / CHUNK_PORTS);
		who->port = (uint16_t)(start % CHUNK_PORTS);
		who->latest_ns = NS_NONE;
		for (int i = 0; i < CHUNKS; i++)
			st->ends[k][i] = NS_NONE;
		schedule(st, k, 0);
	}
	return st;
}

/* Goes to the next chunk of which every flow is over; false if there is none. */
static bool chunk_enter(struct subscriber *who, int64_t *ends, int64_t now_ns)
{
	ends[who->chunk] = who->latest_ns;
	for (unsigned i = 1; i <= CHUNKS; i++) {
		unsigned chunk = (who->chunk + i) % CHUNKS;

		if (ends[chunk] < now_ns) {
			who->chunk = (uint16_t)chunk;
			who->port = 0;
			who->latest_ns = NS_NONE;
			return true;
		}
	}
	return false;
}

static uint32_t server_draw(const struct source *s, struct rng *r)
{
	uint32_t i = rng_below(r, s->config->destinations.count);
	const struct alias *a = &s->servers[i];

	return SERVERS + ((uint32_t)(rng_next(r) >> 32) < a->own ? i : a->other);
}

static bool poisson_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	while (queue_next(st->queue) < until_ns) {
		int64_t now_ns = 0, end_ns;
		uint32_t k = 0, remote;
		struct subscriber *who;
		struct segment *train;

		queue_pop(st->queue, &now_ns, &k);
		who = &st->subscribers[k];
		end_ns = now_ns + distribution_draw(&st->source->config->duration, &who->rng);
		remote = server_draw(st->source, &who->rng);
		schedule(st, k, now_ns);
		if (who->port == CHUNK_PORTS && !chunk_enter(who, st->ends[k], now_ns)) {
			st->left_out++;
			continue;
		}
		if (end_ns > who->latest_ns)
			who->latest_ns = end_ns;
		train = segments_add(out);
		*train = st->pattern;
		train->start_ns = now_ns;
		train->last_out_ns = end_ns;
		train->first_in_ns = now_ns;
		train->last_in_ns = end_ns;
		train->subscriber = st->first + k;
		train->flow = who->flows++;
		train->remote = remote;
		train->port = (uint16_t)(PORT_FIRST + who->chunk * CHUNK_PORTS + who->port++);
	}
	return queue_count(st->queue) > 0;
}

static uint64_t poisson_left_out(const struct source_stream *st)
{
	return st->left_out;
}

static void poisson_end(struct source_stream *st)
{
	if (!st)
		return;
	queue_destroy(st->queue);
	free(st->subscribers);
	free(st->ends);
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
