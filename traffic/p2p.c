/* source: p2p - one socket that speaks with many peers, and is spoken to.
 *
 * Some subscribers run it, each on one inside UDP port for good. Sessions with
 * peers begin as a Poisson process; of some the peer sends the first packet, which
 * gets in or not as the NAT's filter says. This is the load that tells mapping
 * and filtering behaviours apart (RFC 4787): with an endpoint-independent mapping
 * all of it needs one number, with a dependent one a number for each peer.
 *
 * Peers live four to an address, as peers behind NATs of their own do. A session
 * is one train. Peer e is at 198.18.0.0 + e / 4 (the space of RFC 2544), on a port
 * of its own. */
#include <stdlib.h>

#include "sim/base/distribution.h"
#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "traffic/sources.h"

#define PEERS UINT32_C(0xc6120000) /* 198.18.0.0 */

enum {
	PEERS_TO_AN_ADDRESS = 4,
	PEERS_MOST = 131072 * PEERS_TO_AN_ADDRESS, /* 198.18.0.0/15 */
	PORT_FIRST = 1024,
	PORTS = 64512,
};

struct p2p_config {
	double share, rate_per_day, inbound;
	struct distribution duration;
	uint32_t peers;
};

static const struct param p2p_params[] = {
	{ .name = "share", .type = PARAM_REAL, .unit = "", .preset = "0.1", .min = 0, .max = 1,
	  .offset = offsetof(struct p2p_config, share), .help = "share of the subscribers that run it" },
	{ .name = "rate_per_day", .type = PARAM_REAL, .preset = "20000", .unit = "sessions/day", .min = 1e-6, .max = 1e9,
	  .offset = offsetof(struct p2p_config, rate_per_day),
	  .help = "sessions with peers that begin in a day, on average, of a subscriber that runs it" },
	{ .name = "inbound", .type = PARAM_REAL, .unit = "", .preset = "0.3", .min = 0, .max = 1,
	  .offset = offsetof(struct p2p_config, inbound), .help = "share of the sessions that the peer begins" },
	{ .name = "duration", .type = PARAM_DISTRIBUTION, .unit = "s",
	  .preset = "{ \"distribution\": \"exponential\", \"mean\": \"60s\" }",
	  .offset = offsetof(struct p2p_config, duration), .help = "from a session's first packet to its last" },
	{ .name = "peers", .type = PARAM_U32, .unit = "peers", .preset = "65536", .min = 1, .max = PEERS_MOST,
	  .offset = offsetof(struct p2p_config, peers), .help = "how many there are, four to an address from 198.18.0.0 up" },
	{ 0 },
};

struct source {
	const struct p2p_config *config;
};

struct subscriber {
	struct rng rng;
	uint32_t flows;
	uint16_t port;
};

struct source_stream {
	const struct source *source;
	struct queue *queue;            /* the next session of each subscriber that has one */
	struct subscriber *subscribers;
	double gap_ns;
	int64_t end_ns;
	uint32_t first;
	uint8_t index;
};

static struct source *p2p_open(const void *config, const struct source_setting *setting, const char *place, struct err *e)
{
	struct source *s = must_alloc(1, sizeof(*s));

	(void)setting;
	(void)place;
	(void)e;
	s->config = config;
	return s;
}

static void p2p_close(struct source *s)
{
	free(s);
}

static void p2p_facts(const struct source *s, const struct source_setting *setting, struct source_facts *out)
{
	const struct p2p_config *c = s->config;

	*out = (struct source_facts){
		.flows_expected = c->share * c->rate_per_day * setting->subscribers * ((double)setting->end_ns / (double)NS_PER_DAY),
		.longest_p99_ns = distribution_quantile(&c->duration, 0.99),
	};
	out->protocols[PROTO_UDP] = true;
}

static void schedule(struct source_stream *st, uint32_t k, int64_t now_ns)
{
	double gap_ns = draw_exponential(&st->subscribers[k].rng) * st->gap_ns + 0.5;

	if (gap_ns < (double)(st->end_ns - now_ns))
		queue_push(st->queue, now_ns + (int64_t)gap_ns, k);
}

static struct source_stream *p2p_stream(const struct source *s, const struct source_setting *setting, uint32_t first, uint32_t count)
{
	struct source_stream *st = must_alloc(1, sizeof(*st));
	uint64_t key = mix64(mix64(mix64(setting->seed, setting->replication), RNG_TRAFFIC), setting->index);

	st->source = s;
	st->queue = queue_create();
	st->subscribers = must_alloc(count, sizeof(*st->subscribers));
	st->gap_ns = (double)NS_PER_DAY / s->config->rate_per_day;
	st->end_ns = setting->end_ns;
	st->first = first;
	st->index = setting->index;
	for (uint32_t k = 0; k < count; k++) {
		struct subscriber *who = &st->subscribers[k];

		rng_seed(&who->rng, mix64(key, first + k));
		who->port = (uint16_t)(PORT_FIRST + rng_below(&who->rng, PORTS));
		if (rng_unit(&who->rng) < s->config->share)
			schedule(st, k, 0);
	}
	return st;
}

static bool p2p_next(struct source_stream *st, int64_t until_ns, struct segments *out)
{
	const struct p2p_config *c = st->source->config;

	while (queue_next(st->queue) < until_ns) {
		int64_t now_ns = 0, end_ns;
		uint32_t k = 0, peer;
		struct subscriber *who;
		bool inbound;

		queue_pop(st->queue, &now_ns, &k);
		who = &st->subscribers[k];
		end_ns = now_ns + distribution_draw(&c->duration, &who->rng);
		peer = rng_below(&who->rng, c->peers);
		inbound = rng_unit(&who->rng) < c->inbound;
		schedule(st, k, now_ns);
		*segments_add(out) = (struct segment){
			.start_ns = now_ns,
			.last_out_ns = inbound ? NS_NONE : end_ns,
			.first_in_ns = now_ns,
			.last_in_ns = end_ns,
			.subscriber = st->first + k,
			.flow = who->flows++,
			.remote = PEERS + peer / PEERS_TO_AN_ADDRESS,
			.remote_port = (uint16_t)(PORT_FIRST + mix64(peer, RNG_TRAFFIC) % PORTS),
			.port = who->port,
			.protocol = PROTO_UDP,
			.flags = (uint8_t)(SEG_FIRST | SEG_LAST | (inbound ? SEG_INBOUND : 0)),
			.source = st->index,
		};
	}
	return queue_count(st->queue) > 0;
}

/* Every session has its socket. */
static uint64_t p2p_left_out(const struct source_stream *st)
{
	(void)st;
	return 0;
}

static void p2p_end(struct source_stream *st)
{
	if (!st)
		return;
	queue_destroy(st->queue);
	free(st->subscribers);
	free(st);
}

const struct source_type source_p2p = {
	.name = "p2p",
	.summary = "some subscribers speak with many peers from one socket, and peers with them",
	.params = p2p_params,
	.config_size = sizeof(struct p2p_config),
	.open = p2p_open,
	.close = p2p_close,
	.facts = p2p_facts,
	.stream = p2p_stream,
	.next = p2p_next,
	.left_out = p2p_left_out,
	.end = p2p_end,
};
