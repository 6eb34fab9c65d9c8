/* source: poisson - flows that begin independently of each other and of all else.
 *
 * Each subscriber's flows are a Poisson process, so that how many are under way
 * follows Poisson's law with mean rate x duration whatever the law of the
 * durations (M/G/infinity): what a simulation says can be held against theory.
 *
 * A flow is one train: its packets follow each other closely enough to keep a
 * mapping alive. TCP ends by FIN both ways. */
#include <stdlib.h>

#include "sim/base/distribution.h"
#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "traffic/servers.h"
#include "traffic/socket_ports.h"
#include "traffic/sources.h"

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

struct subscriber {
	struct rng rng;
	struct socket_ports ports;
	uint32_t flows;
};

struct source_stream {
	const struct source *source;
	struct queue *queue;          /* the next flow of each subscriber that has one */
	struct subscriber *subscribers;
	int64_t (*ends)[SOCKET_CHUNKS]; /* by subscriber: see socket_ports.h */
	double gap_ns;                /* mean time between a subscriber's flows */
	int64_t end_ns;
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

		rng_seed(&who->rng, mix64(key, first + k));
		socket_ports_begin(&who->ports, st->ends[k], &who->rng);
		schedule(st, k, 0);
	}
	return st;
}

static bool poisson_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	while (queue_next(st->queue) < until_ns) {
		int64_t now_ns = 0, end_ns;
		uint32_t k = 0, remote;
		struct subscriber *who;
		struct segment *train;
		uint16_t port = 0;

		queue_pop(st->queue, &now_ns, &k);
		who = &st->subscribers[k];
		end_ns = now_ns + distribution_draw(&st->source->config->duration, &who->rng);
		remote = server_draw(st->source->servers, st->source->config->destinations.count, &who->rng);
		schedule(st, k, now_ns);
		if (!socket_ports_take(&who->ports, st->ends[k], now_ns, end_ns, &port)) {
			st->left_out++;
			continue;
		}
		train = segments_add(out);
		*train = st->pattern;
		train->start_ns = now_ns;
		train->last_out_ns = end_ns;
		train->first_in_ns = now_ns;
		train->last_in_ns = end_ns;
		train->subscriber = st->first + k;
		train->flow = who->flows++;
		train->remote = remote;
		train->port = port;
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
