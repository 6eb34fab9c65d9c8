/* session - one number at a time, from all numbers of the address.
 *
 * Each mapping stands alone, so each is logged (RFC 6888 REQ-12's records): the
 * most log and the fewest reserved numbers. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/pick.h"
#include "sim/scheme/scheme.h"

enum select { SELECT_RANDOM, SELECT_SEQUENTIAL, SELECT_PRESERVE };

struct session_config {
	int select;
};

static const char *const select_choices[] = { "random", "sequential", "preserve", NULL };

static const struct param params[] = {
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"random\"", .choices = select_choices,
	  .offset = offsetof(struct session_config, select),
	  .help = "which free number: uniformly random, the next after the last given, or the inside port if it is free" },
	{ 0 },
};

struct session_state {
	const struct session_config *config;
	struct ground *ground;
	uint32_t *cursor;  /* sequential: where to look next, by address and protocol; owned */
};

static bool session_room(void *state, uint32_t address, enum protocol protocol)
{
	struct session_state *s = state;

	return portset_free(ground_ports(s->ground, address, protocol)) > 0;
}

static uint32_t select_sequential(struct session_state *s, const struct request *r, const struct portset *ports)
{
	uint32_t *cursor = &s->cursor[r->address * PROTO_COUNT + r->protocol];
	uint32_t slot = portset_find(ports, 0, s->ground->slots->count - 1, *cursor);

	if (slot != SLOT_NONE)
		*cursor = (slot + 1) % s->ground->slots->count;
	return slot;
}

static uint32_t select_preserve(struct session_state *s, const struct request *r, const struct portset *ports)
{
	uint32_t slot = s->ground->slots->slot[r->port];

	if (slot != SLOT_NONE && !portset_has(ports, slot))
		return slot;
	return pick_random(ports, 0, s->ground->slots->count, &s->ground->rng);
}

static enum outcome session_alloc(void *state, const struct request *r, struct binding *out)
{
	struct session_state *s = state;
	const struct portset *ports = ground_ports(s->ground, r->address, r->protocol);
	uint32_t count = s->ground->slots->count;

	if (!portset_free(ports))
		return OUT_NO_PORT;
	switch (s->config->select) {
	case SELECT_SEQUENTIAL:
		out->slot = select_sequential(s, r, ports);
		out->odds = 1; /* who knows the last one given knows the next */
		break;
	case SELECT_PRESERVE:
		out->slot = select_preserve(s, r, ports);
		out->odds = 1; /* as guessable as the inside port */
		break;
	default:
		out->slot = pick_random(ports, 0, count, &s->ground->rng);
		out->odds = count - r->held; /* all but the subscriber's own */
	}
	must(out->slot != SLOT_NONE);
	return OUT_CREATED;
}

static void session_destroy(void *state)
{
	struct session_state *s = state;

	free(s->cursor);
	free(s);
}

static struct allocator session_create(const void *config, struct ground *ground)
{
	struct session_state *s = must_alloc(1, sizeof(*s));

	s->config = config;
	s->ground = ground;
	s->cursor = must_alloc((size_t)ground->addresses * PROTO_COUNT, sizeof(*s->cursor));
	return (struct allocator){
		.room = session_room,
		.alloc = session_alloc,
		.destroy = session_destroy,
		.state = s,
	};
}

const struct scheme_type scheme_session = {
	.name = "session",
	.summary = "one number at a time from all of the address; every mapping is logged",
	.params = params,
	.config_size = sizeof(struct session_config),
	.create = session_create,
	.logs_mappings = true,
};
