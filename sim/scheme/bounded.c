/* bounded - a fixed number of tries, and then no: refuses while numbers remain.
 *
 * What implementations do that must not search long: VPP's nat44-ed tries the
 * inside port and then random ones, ten in all; Linux tries a run of numbers from
 * a random start, then shorter ones. Both give one number to several mappings whose
 * remote endpoints differ: `overload`. The refusal has a reason of its own, so that
 * what the bound costs can be told from a pool that is too small; overloaded, the
 * bound is all that such a box knows. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/pick.h"
#include "sim/scheme/scheme.h"

enum first { FIRST_RANDOM, FIRST_INSIDE_PORT };
enum walk { WALK_RANDOM, WALK_NEXT };

struct bounded_config {
	uint32_t tries;
	int first, walk;
	uint32_t shortest;
	bool overload;
};

static const char *const first_choices[] = { "random", "inside-port", NULL };
static const char *const walk_choices[] = { "random", "next", NULL };

static const struct param params[] = {
	{ .name = "tries", .type = PARAM_U32, .preset = "10", .min = 1, .max = 65535,
	  .offset = offsetof(struct bounded_config, tries), .help = "how many numbers are tried; of walk next: in the first run" },
	{ .name = "first", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = first_choices,
	  .offset = offsetof(struct bounded_config, first),
	  .help = "inside-port: the inside port is tried before all others, and is one of the tries of walk random" },
	{ .name = "walk", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = walk_choices,
	  .offset = offsetof(struct bounded_config, walk),
	  .help = "random: each try is drawn anew; next: a run of numbers from a random start" },
	{ .name = "shortest", .type = PARAM_U32, .preset = "0", .min = 0, .max = 65535,
	  .offset = offsetof(struct bounded_config, shortest),
	  .help = "walk next: after a run in vain one of half the length, from a new start, down to this length; 0: one run alone" },
	{ .name = "overload", .type = PARAM_BOOL, .preset = "false", .offset = offsetof(struct bounded_config, overload),
	  .help = "one number for several mappings whose remote endpoints differ (RFC 7857 section 3): a try fails if the "
	          "number carries the remote already; nat.mapping and nat.filtering address-and-port-dependent" },
	{ 0 },
};

struct bounded_state {
	const struct bounded_config *config;
	struct ground *ground;
};

static bool bounded_room(void *state, uint32_t address, enum protocol protocol)
{
	struct bounded_state *s = state;

	return s->config->overload || portset_free(ground_ports(s->ground, address, protocol)) > 0;
}

static uint32_t try_random(struct bounded_state *s, const struct request *r, uint32_t tries)
{
	for (uint32_t i = 0; i < tries; i++) {
		uint32_t slot = rng_below(&s->ground->rng, s->ground->slots->count);

		if (pick_is_free(s->ground, r, slot))
			return slot;
	}
	return SLOT_NONE;
}

/* A run may be longer than the range: no number is tried twice in it. */
static uint32_t try_run(struct bounded_state *s, const struct request *r, uint32_t length)
{
	uint32_t count = s->ground->slots->count, from = rng_below(&s->ground->rng, count);

	if (length > count)
		length = count;
	for (uint32_t i = 0; i < length; i++)
		if (pick_is_free(s->ground, r, (from + i) % count))
			return (from + i) % count;
	return SLOT_NONE;
}

static uint32_t try_runs(struct bounded_state *s, const struct request *r)
{
	uint32_t slot = try_run(s, r, s->config->tries);

	for (uint32_t length = s->config->tries / 2;
	     slot == SLOT_NONE && s->config->shortest && length >= s->config->shortest; length /= 2)
		slot = try_run(s, r, length);
	return slot;
}

/* A run favours what follows one, and others' remote endpoints are nobody's to know: no law. */
static uint32_t odds_of(const struct bounded_state *s, const struct request *r)
{
	if (s->config->walk == WALK_NEXT || s->config->overload)
		return ODDS_UNKNOWN;
	return pick_odds(s->ground->slots->count, r->held);
}

static enum outcome bounded_alloc(void *state, const struct request *r, struct binding *out)
{
	struct bounded_state *s = state;
	const struct bounded_config *c = s->config;
	uint32_t suggested = s->ground->slots->slot[r->port], tries = c->tries;

	if (!bounded_room(s, r->address, r->protocol))
		return OUT_NO_PORT;
	if (c->first == FIRST_INSIDE_PORT) {
		out->odds = 1; /* as guessable as the inside port */
		out->slot = suggested;
		if (suggested != SLOT_NONE && pick_is_free(s->ground, r, suggested))
			return OUT_CREATED;
		tries -= suggested != SLOT_NONE;
	}
	out->slot = c->walk == WALK_NEXT ? try_runs(s, r) : try_random(s, r, tries);
	if (out->slot == SLOT_NONE)
		return OUT_TRIES_EXHAUSTED;
	if (c->first == FIRST_RANDOM)
		out->odds = odds_of(s, r);
	return OUT_CREATED;
}

static struct allocator bounded_create(const void *config, struct ground *ground)
{
	struct bounded_state *s = must_alloc(1, sizeof(*s));

	s->config = config;
	s->ground = ground;
	return (struct allocator){
		.room = bounded_room,
		.alloc = bounded_alloc,
		.destroy = free,
		.overloads = s->config->overload,
		.state = s,
	};
}

static bool bounded_overloads(const void *config)
{
	return ((const struct bounded_config *)config)->overload;
}

static void bounded_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct bounded_config *c = config;

	(void)pool;
	out->draws = 2 * c->tries + 1; /* runs of halved lengths, and the inside port */
	out->partial = true;
}

const struct scheme_type scheme_bounded = {
	.name = "bounded",
	.summary = "a fixed number of tries: refuses while numbers remain; every mapping is logged",
	.params = params,
	.config_size = sizeof(struct bounded_config),
	.create = bounded_create,
	.overloads = bounded_overloads,
	.promise = bounded_promise,
	.logs_mappings = true,
};
