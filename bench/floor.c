/* The floor: what an ideal program would have to do for a flow of the session
 * scheme with all measures on, and nothing else. No search, no comparison, no
 * sorting, no decision; every touch is where a perfect program would find what
 * it looks for at first sight.
 *
 * A flow draws 5 times (one 64-bit word each, but for a ziggurat's rare tails), as
 * often as the program does:
 *
 *   gap to the subscriber's next flow, duration      exponential
 *   destination                                      one word for each half of an alias table
 *   outside port                                     uniform
 *
 * and touches 27 times what the instance keeps, in lines of 64 bytes:
 *
 *   when it begins  1 the subscriber's stream and its next inside port
 *                   2 arrivals: this flow out, the subscriber's next one in
 *                   1 alias table
 *                   1 bitmap word of the port
 *                   1 index cell: none there, taken
 *                   1 mapping
 *                   1 timer entry in
 *                   3 counters: the subscriber's, its histogram of levels, the address's
 *                   1 length and second of the log's record
 *                   2 the record, as attribution reads it: the number's, the subscriber's
 *   when it ends    1 timer entry out
 *                   1 mapping
 *                   1 index cell
 *                   1 hold-down entry in
 *                   2 counters: the subscriber's, its histogram of levels
 *                   1 length and second of the log's record
 *                   2 the record, as attribution reads it: the number's, the subscriber's
 *   when its port   1 hold-down entry out
 *   is released     1 bitmap word
 *                   2 counters: the subscriber's, the address's
 *
 * Attribution has to know of every record, since any may be asked for: who had this
 * number, and whether this subscriber had any. It reads the log and nothing else, so
 * that what the NAT keeps of the same number is of no use to it.
 *
 * Left out, since only some flows need them: answers to incidents, compression
 * of the log's sample, samples of the timeseries. That makes the floor lower in
 * time, so higher as a bar.
 *
 * Sizes are those of an instance of quickstart at rest: 256 subscribers begin
 * 33,000 flows a day each; a flow lasts 10 s and 300 s more until its timer
 * ends it (30,300 mappings), then its port is held for 120 s (11,700 more); 4
 * public addresses. Mappings, timers and held ports lie in order of creation,
 * the kindest order for a cache; index cells and bitmap words are met at random,
 * as hashes and random ports are, and so are the numbers of the log. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "sim/base/distribution.h"
#include "sim/base/must.h"

enum {
	SUBSCRIBERS = 256,
	MAPPINGS = 30300,
	HELD = 11700,
	LIVE_RING = 32768,   /* entries of rings: no larger than need be, so that what is used again is still near */
	HELD_RING = 16384,
	CELLS = 65536,       /* index at no more than half full */
	ADDRESSES = 4,
	PORTS = 64512,
	SERVERS = 10000,
	LEVELS = 256,
	SECONDS = 3600,
};

struct stream {
	_Alignas(64) struct rng rng;
	uint32_t flows;
	uint16_t port;
};

struct counters {
	_Alignas(64) uint64_t integral, last;
	uint32_t active, held, peak;
};

struct address {
	_Alignas(64) uint32_t held, peak;
};

struct entry {              /* arrival, timer, or held port */
	uint64_t time;
	uint32_t what, more;
};

struct presence {
	_Alignas(64) uint64_t start, end;
	uint32_t open;
};

struct binding {
	_Alignas(64) uint64_t created, expires;
	uint32_t subscriber, remote, cell;
	uint16_t port, slot;
};

struct alias {
	uint32_t own, other;
};

struct ground {
	struct stream streams[SUBSCRIBERS];
	struct counters counters[SUBSCRIBERS];
	struct address addresses[ADDRESSES];
	struct entry arrivals[SUBSCRIBERS];
	struct entry timers[LIVE_RING], held[HELD_RING];
	struct binding mappings[LIVE_RING];
	uint64_t cells[CELLS];
	uint64_t ports[ADDRESSES][(PORTS + 63) / 64];
	struct alias servers[SERVERS];
	uint32_t holders[ADDRESSES][PORTS]; /* of the numbers, by the log */
	struct presence presences[SUBSCRIBERS];
	uint64_t levels[LEVELS];
	uint32_t records[SECONDS];
	uint64_t log_bytes;
	struct rng rng;
};

static struct ground *ground_create(void)
{
	struct ground *g = aligned_alloc(64, sizeof(*g));

	must(g);
	memset(g, 0, sizeof(*g));
	rng_seed(&g->rng, 1);
	for (uint32_t i = 0; i < SUBSCRIBERS; i++) {
		rng_seed(&g->streams[i].rng, mix64(2, i));
		g->arrivals[i].what = i * 97 % SUBSCRIBERS;
	}
	for (uint32_t i = 0; i < SERVERS; i++)
		g->servers[i] = (struct alias){ .own = UINT32_MAX / 2, .other = i / 2 };
	return g;
}

/* A record's length: 100 bytes and the digits of its port. */
static void log_record(struct ground *g, uint64_t time, uint16_t port)
{
	g->log_bytes += 101u + (port > 9) + (port > 99) + (port > 999) + (port > 9999);
	g->records[time % SECONDS]++;
}

/* A number has another holder, and the subscriber another record that is open or is not. */
static void read_record(struct ground *g, uint64_t time, uint32_t subscriber, uint32_t slot, uint32_t holder, uint32_t by)
{
	struct presence *p = &g->presences[subscriber];

	g->holders[subscriber % ADDRESSES][slot] = holder;
	p->open += by;
	p->end = time;
}

/* A subscriber's time average goes on from `time`. */
static void count(struct ground *g, struct counters *c, uint64_t time, uint32_t by)
{
	g->levels[c->active % LEVELS] += time - c->last;
	c->integral += (time - c->last) * c->active;
	c->last = time;
	c->active += by;
}

static void begin(struct ground *g, uint64_t flow)
{
	struct entry *arrival = &g->arrivals[flow % SUBSCRIBERS];
	uint32_t k = arrival->what;
	struct stream *s = &g->streams[k];
	struct counters *c = &g->counters[k];
	struct address *a = &g->addresses[k % ADDRESSES];
	double gap = draw_exponential(&s->rng), duration = draw_exponential(&s->rng);
	uint64_t drawn = rng_next(&s->rng), half = rng_next(&s->rng);
	uint32_t i = (uint32_t)((drawn >> 32) * SERVERS >> 32), slot = rng_below(&g->rng, PORTS);
	struct binding *m = &g->mappings[flow % LIVE_RING];

	g->arrivals[(flow + (uint64_t)(gap * 16)) % SUBSCRIBERS].time = flow;
	m->created = flow;
	m->expires = flow + MAPPINGS + (uint64_t)(duration * 978); /* flows begun in 10 s */
	m->subscriber = k;
	m->remote = (uint32_t)(half >> 32) < g->servers[i].own ? i : g->servers[i].other;
	m->port = s->port++;
	m->slot = (uint16_t)slot;
	m->cell = (uint32_t)mix64(k, s->flows++) % CELLS;
	g->cells[m->cell] = flow;
	g->ports[k % ADDRESSES][slot / 64] |= UINT64_C(1) << slot % 64;
	g->timers[m->expires % LIVE_RING] = (struct entry){ .time = m->expires, .what = (uint32_t)(flow % LIVE_RING) };
	count(g, c, flow, 1);
	if (c->active > c->peak)
		c->peak = c->active;
	c->held++;
	if (++a->held > a->peak)
		a->peak = a->held;
	log_record(g, flow >> 7, m->port);
	read_record(g, flow, k, slot, k, 1);
}

static void end(struct ground *g, uint64_t flow)
{
	const struct binding *m = &g->mappings[g->timers[flow % LIVE_RING].what];

	g->cells[m->cell] = 0;
	g->held[flow % HELD_RING] = (struct entry){ .time = flow + HELD, .what = m->subscriber, .more = m->slot };
	count(g, &g->counters[m->subscriber], flow, (uint32_t)-1);
	log_record(g, flow >> 7, m->port);
	read_record(g, flow, m->subscriber, m->slot, 0, (uint32_t)-1);
}

static void release(struct ground *g, uint64_t flow)
{
	const struct entry *n = &g->held[(flow - HELD) % HELD_RING];

	g->ports[n->what % ADDRESSES][n->more / 64] &= ~(UINT64_C(1) << n->more % 64);
	g->counters[n->what].held--;
	g->addresses[n->what % ADDRESSES].held--;
}

/* One flow begins, one that began about 30,300 before ends, one of 42,000 before is released. */
static void run(struct ground *g, uint64_t first, uint64_t flows)
{
	for (uint64_t flow = first; flow < first + flows; flow++) {
		begin(g, flow);
		end(g, flow);
		release(g, flow);
	}
}

void bench_floor(struct bench *b)
{
	uint64_t flows = b->quick ? 500000 : 10000000;
	struct ground *g = ground_create();
	double from;

	run(g, HELD, 2 * LIVE_RING);
	from = seconds_now();
	run(g, HELD + 2 * LIVE_RING, flows);
	sheet_add(b->sheet, FLOOR, FLOWS_UNIT, (double)flows / (seconds_now() - from));
	must(g->log_bytes);
	free(g);
}
