/* session - one number at a time, from all numbers of the address.
 *
 * Each mapping stands alone, so each is logged (RFC 6888 REQ-12's records): the
 * most log and the fewest reserved numbers. Which number is one row of a table:
 *
 *   random      uniform over the free ones while draws succeed, as rfc6056-2
 *   sequential  the next after the last given on the address
 *   preserve    the inside port, else one of its parity and class (RFC 4787 REQ-3, REQ-4)
 *   rfc6056-1   a uniform start, then the next free one (section 3.3.1)
 *   rfc6056-2   uniform draws, then, when they fail, one full scan (3.3.2)
 *   rfc6056-3   a keyed hash of the endpoints, and a counter (3.3.3)
 *   rfc6056-4   the same with a table of counters (3.3.4)
 *   rfc6056-5   a counter that grows by random steps, then one full scan (3.3.5)
 *
 * No choice looks at a number more than once beyond its declared draws: RFC 6056
 * lets algorithms 2 and 5 try as often as there are numbers, which may still miss
 * the last free one; here one scan that misses none takes over. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/keyed.h"
#include "sim/scheme/pick.h"
#include "sim/scheme/scheme.h"

struct session_config {
	int select;
	bool parity, port_class;
	uint32_t draws, counters, increment;
	bool overload;
};

struct session_state {
	const struct session_config *config;
	struct ground *ground;
	uint32_t *cursor;    /* sequential: where to look next; algorithm 5: the last given; by address and protocol; owned */
	uint32_t *counters;  /* algorithms 3 and 4; owned */
	struct keyed offset_key, counter_key;
	uint32_t privileged; /* slots below this are numbers 0 to 1023 */
};

/* Who knows the last one given knows the next. */
#define ODDS_NONE 1

static uint32_t *cursor_of(struct session_state *s, const struct request *r)
{
	return &s->cursor[r->address * PROTO_COUNT + r->protocol];
}

static uint32_t select_random(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	*odds = pick_odds(s->ground->slots->count, r->held);
	return pick_random(ports, 0, s->ground->slots->count, &s->ground->rng);
}

static uint32_t select_sequential(struct session_state *s, const struct request *r, const struct portset *ports,
                                  uint32_t *odds)
{
	uint32_t *cursor = cursor_of(s, r);
	uint32_t slot = portset_find(ports, 0, s->ground->slots->count - 1, *cursor);

	*cursor = (slot + 1) % s->ground->slots->count;
	*odds = ODDS_NONE;
	return slot;
}

/* A free slot of lo..end-1 whose number is odd as `port` is, else any free one: each is looked at once. */
static uint32_t walk_for_parity(const struct session_state *s, const struct portset *ports, uint32_t lo, uint32_t end,
                                uint16_t port, uint32_t from)
{
	const uint32_t halves[][2] = { { from, end }, { lo, from } };
	uint32_t other = SLOT_NONE;

	for (int half = 0; half < 2; half++) {
		uint32_t slot = halves[half][0], last = halves[half][1] - 1;

		for (; slot < halves[half][1] && (slot = portset_find(ports, slot, last, slot)) != SLOT_NONE; slot++) {
			if ((slots_number(s->ground->slots, slot) ^ port) % 2 == 0)
				return slot;
			if (other == SLOT_NONE)
				other = slot;
		}
	}
	return other;
}

/* A free slot of lo..end-1, of the port's parity if that matters and there is one. */
static uint32_t preserve_in(struct session_state *s, const struct portset *ports, uint32_t lo, uint32_t end, uint16_t port)
{
	if (lo == end)
		return SLOT_NONE;
	if (s->config->parity)
		return walk_for_parity(s, ports, lo, end, port, lo + rng_below(&s->ground->rng, end - lo));
	return pick_random(ports, lo, end - lo, &s->ground->rng);
}

static uint32_t select_preserve(struct session_state *s, const struct request *r, const struct portset *ports,
                                uint32_t *odds)
{
	uint32_t slot = s->ground->slots->slot[r->port], count = s->ground->slots->count, low = s->privileged;
	bool below = r->port < 1024;

	*odds = ODDS_NONE; /* as guessable as the inside port */
	if (slot != SLOT_NONE && !portset_has(ports, slot))
		return slot;
	if (!s->config->port_class)
		return preserve_in(s, ports, 0, count, r->port);
	slot = preserve_in(s, ports, below ? 0 : low, below ? low : count, r->port);
	return slot != SLOT_NONE ? slot : preserve_in(s, ports, below ? low : 0, below ? count : low, r->port);
}

static uint32_t select_1(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	uint32_t last = s->ground->slots->count - 1;

	(void)r;
	*odds = ODDS_UNKNOWN; /* the walk favours the number behind a run of taken ones, whoever has them */
	return portset_find(ports, 0, last, rng_below(&s->ground->rng, last + 1));
}

static uint32_t select_2(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	*odds = pick_odds(s->ground->slots->count, r->held);
	return pick_drawn(ports, 0, s->ground->slots->count, s->config->draws, &s->ground->rng);
}

/* F and G: of the inside address and the remote endpoint. */
static uint32_t hash_of(const struct session_state *s, const struct request *r, struct keyed key)
{
	uint32_t inside = s->ground->first_subscriber + r->subscriber;
	uint8_t message[10];

	for (unsigned i = 0; i < 4; i++) {
		message[i] = (uint8_t)(inside >> 8 * i);
		message[4 + i] = (uint8_t)(r->remote >> 8 * i);
	}
	message[8] = (uint8_t)r->remote_port;
	message[9] = (uint8_t)(r->remote_port >> 8);
	return (uint32_t)(keyed_hash(key, message, sizeof(message)) >> 32);
}

static uint32_t hashed(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *counter,
                       uint32_t *odds)
{
	uint32_t count = s->ground->slots->count;
	uint32_t from = (uint32_t)(((uint64_t)hash_of(s, r, s->offset_key) + *counter) % count);
	uint32_t slot = portset_find(ports, 0, count - 1, from);

	*counter += (slot + count - from) % count + 1; /* one for each number that the RFC's loop looks at */
	*odds = ODDS_UNKNOWN; /* others move the counter: no law that a guesser could be held against */
	return slot;
}

static uint32_t select_3(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	return hashed(s, r, ports, &s->counters[0], odds);
}

static uint32_t select_4(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	return hashed(s, r, ports, &s->counters[hash_of(s, r, s->counter_key) % s->config->counters], odds);
}

/* Of the next N numbers after the last one given, a guesser cannot tell; those that
 * he has himself hand their share on: (1 + 1/N)^own is at most 1 + 2 own/N. */
static uint32_t step_odds(uint32_t increment, uint32_t count, uint32_t own)
{
	uint64_t n = increment < count ? increment : count, mine = own < n ? own : n;

	return (uint32_t)(n * n / (n + 2 * mine));
}

static uint32_t select_5(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds)
{
	uint32_t count = s->ground->slots->count, *last = cursor_of(s, r), slot = *last;
	uint64_t word = 0;

	*odds = step_odds(s->config->increment, count, r->held);
	for (uint32_t i = 0; i < s->config->draws; i++) {
		slot = (slot + rng_below_of(&s->ground->rng, s->config->increment, &word) + 1) % count;
		if (!portset_has(ports, slot))
			return *last = slot;
	}
	*odds = pick_odds(count, r->held);
	return *last = portset_pick(ports, 0, count - 1, (uint32_t)word);
}

typedef uint32_t select_fn(struct session_state *s, const struct request *r, const struct portset *ports, uint32_t *odds);

static const char *const select_choices[] = { "random", "sequential", "preserve", "rfc6056-1", "rfc6056-2",
	                                      "rfc6056-3", "rfc6056-4", "rfc6056-5", NULL };
static select_fn *const selects[] = { select_random, select_sequential, select_preserve, select_1, select_2,
	                              select_3, select_4, select_5 };
enum { SELECT_RANDOM, SELECT_SEQUENTIAL, SELECT_PRESERVE, SELECT_1, SELECT_2, SELECT_3, SELECT_4, SELECT_5 };

/* As `params` has them: what differs was asked for. */
enum { DRAWS_PRESET = 8, COUNTERS_PRESET = 10, INCREMENT_PRESET = 500 };

static const struct param params[] = {
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = select_choices,
	  .offset = offsetof(struct session_config, select),
	  .help = "which free number: uniformly random, the next after the last given, the inside port if it is free, "
	          "or as an algorithm of RFC 6056" },
	{ .name = "parity", .type = PARAM_BOOL, .preset = "false", .offset = offsetof(struct session_config, parity),
	  .help = "preserve: where the inside port is taken, an even one for an even, an odd one for an odd (RFC 4787 REQ-4)" },
	{ .name = "port_class", .type = PARAM_BOOL, .preset = "false",
	  .offset = offsetof(struct session_config, port_class),
	  .help = "preserve: where the inside port is taken, 0 to 1023 stay among themselves while any of them is free "
	          "(RFC 4787 REQ-3)" },
	{ .name = "draws", .type = PARAM_U32, .preset = "8", .min = 1, .max = 65535,
	  .offset = offsetof(struct session_config, draws),
	  .help = "rfc6056-2 and rfc6056-5: random tries before one full scan" },
	{ .name = "counters", .type = PARAM_U32, .preset = "10", .min = 1, .max = 65536,
	  .offset = offsetof(struct session_config, counters), .help = "rfc6056-4: entries of the table of counters" },
	{ .name = "increment", .type = PARAM_U32, .preset = "500", .min = 1, .max = 65535,
	  .offset = offsetof(struct session_config, increment), .help = "rfc6056-5: N, the largest step" },
	{ .name = "overload", .type = PARAM_BOOL, .preset = "false", .offset = offsetof(struct session_config, overload),
	  .help = "one number for several mappings whose remote endpoints differ (RFC 7857 section 3): with \"random\", "
	          "\"sequential\" or \"preserve\", and nat.mapping and nat.filtering address-and-port-dependent" },
	{ 0 },
};

/* What the chosen `select` would not look at. */
static bool settle_select(const struct session_config *c, const char *place, struct err *e)
{
	const char *select = select_choices[c->select];

	if ((c->parity || c->port_class) && c->select != SELECT_PRESERVE)
		return fail(e, "%s.%s: goes with \"select\": \"preserve\" alone, not with \"%s\"", place,
		            c->parity ? "parity" : "port_class", select);
	if (c->draws != DRAWS_PRESET && c->select != SELECT_2 && c->select != SELECT_5)
		return fail(e, "%s.draws: goes with \"select\": \"rfc6056-2\" or \"rfc6056-5\" alone, not with \"%s\"", place, select);
	if (c->counters != COUNTERS_PRESET && c->select != SELECT_4)
		return fail(e, "%s.counters: goes with \"select\": \"rfc6056-4\" alone, not with \"%s\"", place, select);
	if (c->increment != INCREMENT_PRESET && c->select != SELECT_5)
		return fail(e, "%s.increment: goes with \"select\": \"rfc6056-5\" alone, not with \"%s\"", place, select);
	return true;
}

static bool session_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	const struct session_config *c = config;

	(void)pool;
	if (!settle_select(c, place, e))
		return false;
	if (c->overload && (c->parity || c->port_class))
		return fail(e, "%s.%s: does not go with overload: the next number that does not carry the remote is taken", place,
		            c->parity ? "parity" : "port_class");
	if (c->overload && c->select > SELECT_PRESERVE)
		return fail(e, "%s.overload: goes with \"select\": \"random\", \"sequential\" or \"preserve\", not with \"%s\"",
		            place, select_choices[c->select]);
	return true;
}

/* Overloaded: the first number, from where `select` begins, that does not carry the remote endpoint yet. */
static enum outcome overload(struct session_state *s, const struct request *r, struct binding *out)
{
	uint32_t count = s->ground->slots->count, from, *cursor = cursor_of(s, r);

	/* The walk favours the number behind a run that carries the remote already: no law. */
	out->odds = s->config->select == SELECT_RANDOM ? ODDS_UNKNOWN : ODDS_NONE;
	if (s->config->select == SELECT_SEQUENTIAL)
		from = *cursor;
	else if (s->config->select == SELECT_PRESERVE && s->ground->slots->slot[r->port] != SLOT_NONE)
		from = s->ground->slots->slot[r->port];
	else
		from = rng_below(&s->ground->rng, count);
	for (uint32_t i = 0; i < count; i++) {
		out->slot = (from + i) % count;
		if (pick_is_free(s->ground, r, out->slot)) {
			*cursor = (out->slot + 1) % count;
			return OUT_CREATED;
		}
	}
	return OUT_NO_PORT;
}

static bool session_room(void *state, uint32_t address, enum protocol protocol)
{
	struct session_state *s = state;

	return s->config->overload || portset_free(ground_ports(s->ground, address, protocol)) > 0;
}

static enum outcome session_alloc(void *state, const struct request *r, struct binding *out)
{
	struct session_state *s = state;
	const struct portset *ports = ground_ports(s->ground, r->address, r->protocol);

	if (s->config->overload)
		return overload(s, r, out);
	if (!portset_free(ports))
		return OUT_NO_PORT;
	out->slot = selects[s->config->select](s, r, ports, &out->odds);
	must(out->slot != SLOT_NONE);
	return OUT_CREATED;
}

static void session_destroy(void *state)
{
	struct session_state *s = state;

	free(s->cursor);
	free(s->counters);
	free(s);
}

static uint32_t below_1024(const struct slots *slots)
{
	uint32_t n = 0;

	while (n < slots->count && slots_number(slots, n) < 1024)
		n++;
	return n;
}

static struct allocator session_create(const void *config, struct ground *ground)
{
	const struct session_config *c = config;
	struct session_state *s = must_alloc(1, sizeof(*s));
	struct rng keys = ground->rng; /* a copy: the scheme's own stream begins at its first number */

	s->config = c;
	s->ground = ground;
	s->cursor = must_alloc((size_t)ground->addresses * PROTO_COUNT, sizeof(*s->cursor));
	s->counters = must_alloc(c->counters ? c->counters : 1, sizeof(*s->counters));
	s->privileged = below_1024(ground->slots);
	s->offset_key = (struct keyed){ mix64(rng_next(&keys), 1), mix64(rng_next(&keys), 2) };
	s->counter_key = (struct keyed){ mix64(rng_next(&keys), 3), mix64(rng_next(&keys), 4) };
	return (struct allocator){
		.room = session_room,
		.alloc = session_alloc,
		.destroy = session_destroy,
		.overloads = c->overload,
		.state = s,
	};
}

static bool session_overloads(const void *config)
{
	return ((const struct session_config *)config)->overload;
}

static void session_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct session_config *c = config;

	(void)pool;
	out->draws = c->draws + (c->port_class ? 2u : 1u) * PICK_DRAWS + 1; /* each class its own; and the inside port */
}

const struct scheme_type scheme_session = {
	.name = "session",
	.summary = "one number at a time from all of the address; every mapping is logged",
	.params = params,
	.config_size = sizeof(struct session_config),
	.settle = session_settle,
	.create = session_create,
	.overloads = session_overloads,
	.promise = session_promise,
	.logs_mappings = true,
};
