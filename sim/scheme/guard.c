#include "sim/scheme/guard.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define NOBODY UINT32_MAX

/* A slot as the block events tell of it. */
struct cell {
	int64_t  since_ns;
	uint32_t owner;
	uint16_t first, count; /* of the block that it was given with */
	bool     returned;     /* in guard time */
};

/* What a subscriber has. */
struct holder {
	uint32_t blocks;
	uint32_t address;   /* of the last one given */
	uint32_t home;      /* NOBODY: not asked yet */
};

struct guard {
	struct ground ground;      /* the allocator's */
	struct sink sink;          /* where events go on to */
	struct guard_report report;
	struct allocator inner;
	struct cell *cells;        /* [address * slots + slot]; NULL until a block is told of; owned */
	struct holder *holders;    /* [subscriber]; owned */
	const struct request *asking; /* the request under way; NULL: none */
	uint64_t looked;           /* at slots, by itself */
	bool broken;
};

void guard_breach(struct guard *g, enum guard_rule rule, const char *format, ...)
{
	char text[512];
	va_list args;

	if (g->broken)
		return;
	g->broken = true;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	g->report.breach(g->report.context, rule, text);
}

bool guard_broken(const struct guard *g)
{
	return g->broken;
}

bool guard_owns(const struct guard *g, uint32_t subscriber)
{
	return g->holders[subscriber].blocks > 0;
}

bool guard_in_block(const struct guard *g, uint32_t address, uint32_t slot)
{
	return g->cells && g->cells[(size_t)address * g->ground.slots->count + slot].owner != NOBODY;
}

uint64_t guard_looked(const struct guard *g)
{
	return g->looked;
}

static struct cell *cell_at(struct guard *g, const struct nat_event *e, uint32_t n)
{
	return &g->cells[(size_t)e->address * g->ground.slots->count + e->slot + n * e->step];
}

static const char *const event_name[] = {
	[NAT_BLOCK_GIVEN] = "given", [NAT_BLOCK_RETURNED] = "returned", [NAT_BLOCK_FREE] = "freed",
	[NAT_BLOCK_INTERIM] = "told of again",
};

static bool block_fits(struct guard *g, const struct nat_event *e)
{
	const char *what = event_name[e->kind];

	if (e->address < g->ground.addresses && e->subscriber < g->ground.subscribers && e->count && e->step &&
	    e->slot + (uint64_t)(e->count - 1) * e->step < g->ground.slots->count)
		return true;
	guard_breach(g, GUARD_OUTSIDE, "a block is %s outside the pool: subscriber %u of %u, address %u of %u, %u slots from %u "
	             "by %u, of %u", what, e->subscriber, g->ground.subscribers, e->address, g->ground.addresses, e->count,
	             e->slot, e->step, g->ground.slots->count);
	return false;
}

/* A block that the subscriber is given lies where its others do, and while it asks on the address that it asks for. */
static bool block_is_paired(struct guard *g, const struct nat_event *e)
{
	const struct holder *h = &g->holders[e->subscriber];
	const struct request *r = g->asking;
	uint32_t address = h->blocks ? h->address : e->address;

	if (e->kind != NAT_BLOCK_GIVEN || g->report.unpaired || g->inner.places)
		return true;
	if (r && r->subscriber == e->subscriber && r->address != ADDRESS_NONE)
		address = r->address;
	if (address == e->address)
		return true;
	guard_breach(g, GUARD_PAIRING, "subscriber %u, of address %u, is given a block of address %u", e->subscriber, address,
	             e->address);
	return false;
}

static bool in_use(struct guard *g, const struct nat_event *e, uint32_t n)
{
	for (int p = 0; p < PROTO_COUNT; p++, g->looked++)
		if (portset_has(g->ground.ports[e->address * PROTO_COUNT + (uint32_t)p], e->slot + n * e->step))
			return true;
	return false;
}

/* May this become of this slot of a block? */
static bool cell_agrees(struct guard *g, const struct nat_event *e, uint32_t n)
{
	const struct cell *c = cell_at(g, e, n);
	uint32_t slot = e->slot + n * e->step;

	if (e->kind == NAT_BLOCK_GIVEN) {
		if (c->owner == NOBODY)
			return true;
		guard_breach(g, GUARD_BLOCKS, "subscriber %u is given a block with slot %u of address %u, which is in %s block of "
		             "subscriber %u", e->subscriber, slot, e->address, c->returned ? "a guarded" : "a", c->owner);
	} else if (c->owner != e->subscriber || c->returned != (e->kind == NAT_BLOCK_FREE)) {
		guard_breach(g, GUARD_BLOCKS, "a block of subscriber %u with slot %u of address %u is %s, which it was not "
		             "%s before", e->subscriber, slot, e->address, event_name[e->kind],
		             e->kind == NAT_BLOCK_FREE ? "returned" : "given");
	} else if (c->first != e->slot || c->count != e->count) {
		guard_breach(g, GUARD_BLOCKS, "a block of subscriber %u on address %u is %s as %u slots from %u, and was given as %u "
		             "from %u", e->subscriber, e->address, event_name[e->kind], e->count, e->slot, c->count, c->first);
	} else if (e->kind == NAT_BLOCK_RETURNED && in_use(g, e, n)) {
		guard_breach(g, GUARD_BLOCKS, "a block of subscriber %u is returned while slot %u of address %u is taken",
		             e->subscriber, slot, e->address);
	}
	return !g->broken;
}

static void note_cell(struct cell *c, const struct nat_event *e)
{
	if (e->kind == NAT_BLOCK_INTERIM)
		return;
	c->owner = e->kind == NAT_BLOCK_FREE ? NOBODY : e->subscriber;
	c->returned = e->kind == NAT_BLOCK_RETURNED;
	c->since_ns = e->time_ns;
	c->first = (uint16_t)e->slot;
	c->count = (uint16_t)e->count;
}

static void open_cells(struct guard *g)
{
	size_t count = (size_t)g->ground.addresses * g->ground.slots->count;

	g->cells = must_alloc(count, sizeof(*g->cells));
	for (size_t i = 0; i < count; i++)
		g->cells[i].owner = NOBODY;
}

/* Holds an event of the allocator's against the book, enters it, and hands it on. */
static void block_event(void *context, const struct nat_event *event)
{
	struct guard *g = context;
	struct nat_event e = *event;
	struct holder *h;

	if (g->broken || !block_fits(g, &e) || !block_is_paired(g, &e))
		return;
	if (!g->cells)
		open_cells(g);
	for (uint32_t n = 0; n < e.count; n++)
		if (!cell_agrees(g, &e, n))
			return;
	e.since_ns = cell_at(g, &e, 0)->since_ns;
	for (uint32_t n = 0; n < e.count; n++)
		note_cell(cell_at(g, &e, n), &e);
	h = &g->holders[e.subscriber];
	h->blocks += e.kind == NAT_BLOCK_GIVEN;
	h->blocks -= e.kind == NAT_BLOCK_RETURNED;
	h->address = e.kind == NAT_BLOCK_GIVEN ? e.address : h->address;
	g->sink.event(g->sink.context, &e);
}

struct guard *guard_create(struct ground *ground, const struct guard_report *report)
{
	struct guard *g = must_alloc(1, sizeof(*g));

	g->ground = *ground;
	g->sink = ground->sink;
	g->ground.sink = (struct sink){ .context = g, .event = block_event };
	g->report = *report;
	g->holders = must_alloc(ground->subscribers, sizeof(*g->holders));
	for (uint32_t k = 0; k < ground->subscribers; k++)
		g->holders[k].home = NOBODY;
	return g;
}

struct ground *guard_ground(struct guard *g)
{
	return &g->ground;
}

static uint32_t guard_home(void *state, uint32_t subscriber)
{
	struct guard *g = state;
	uint32_t home = g->broken ? 0 : g->inner.home(g->inner.state, subscriber), *was = &g->holders[subscriber].home;

	if (g->broken || home == ADDRESS_NONE)
		return home;
	if (home >= g->ground.addresses) {
		guard_breach(g, GUARD_OUTSIDE, "the home of subscriber %u is address %u of %u", subscriber, home,
		             g->ground.addresses);
		return 0;
	}
	if (*was != NOBODY && *was != home)
		guard_breach(g, GUARD_PAIRING, "the home of subscriber %u is address %u, and was address %u", subscriber, home, *was);
	*was = home;
	return home;
}

static bool guard_room(void *state, uint32_t address, enum protocol protocol)
{
	struct guard *g = state;

	return !g->broken && g->inner.room(g->inner.state, address, protocol);
}

/* Is the number free, for the request's remote endpoint if it can carry several? Says so of one that is not. */
static bool number_is_free(struct guard *g, const struct request *r, const struct binding *b)
{
	struct tuple key = { b->address, b->slot, r->remote, r->remote_port, r->protocol };
	uint32_t found = g->ground.tuples ? tuples_find(g->ground.tuples, &key) : TUPLE_FREE;
	bool held;

	if (g->ground.tuples ? found == TUPLE_FREE : !portset_has(ground_ports(&g->ground, b->address, r->protocol), b->slot))
		return true;
	if (g->ground.tuples)
		held = found == TUPLE_HELD;
	else
		held = g->report.held && g->report.held(g->report.context, b->address, r->protocol, b->slot);
	guard_breach(g, held ? GUARD_HELD : GUARD_TAKEN, "subscriber %u is given %s slot %u of address %u, which is %s%s",
	             r->subscriber, protocol_name[r->protocol], b->slot, b->address, held ? "in hold-down" : "taken",
	             g->ground.tuples ? " towards the same remote" : "");
	return false;
}

/* Is the number that was given one that could be? */
static bool grant_holds(struct guard *g, const struct request *r, const struct binding *b)
{
	const struct cell *c;

	if (b->slot >= g->ground.slots->count || b->address >= g->ground.addresses) {
		guard_breach(g, GUARD_OUTSIDE, "subscriber %u is given slot %u of the %u that an address has, of address %u of %u",
		             r->subscriber, b->slot, g->ground.slots->count, b->address, g->ground.addresses);
		return false;
	}
	if (!g->report.unpaired && !g->inner.places && b->address != r->address) {
		guard_breach(g, GUARD_PAIRING, "subscriber %u, of address %u, is given a number of address %u", r->subscriber,
		             r->address, b->address);
		return false;
	}
	if (!number_is_free(g, r, b))
		return false;
	c = g->cells ? &g->cells[(size_t)b->address * g->ground.slots->count + b->slot] : NULL;
	if (c && c->owner != NOBODY && (c->owner != r->subscriber || c->returned)) {
		guard_breach(g, GUARD_BLOCKS, "subscriber %u is given slot %u of address %u, which is in %s block of subscriber "
		             "%u", r->subscriber, b->slot, b->address, c->returned ? "a guarded" : "a", c->owner);
		return false;
	}
	return true;
}

static enum outcome guard_alloc(void *state, const struct request *r, struct binding *out)
{
	struct guard *g = state;
	enum outcome o = OUT_NO_PORT;

	if (g->broken)
		return o;
	g->asking = r;
	o = g->inner.alloc(g->inner.state, r, out);
	g->asking = NULL;
	if (g->broken || (o == OUT_CREATED && !grant_holds(g, r, out)))
		return OUT_NO_PORT;
	if (o != OUT_CREATED && o < OUT_BLOCK_LIMIT)
		guard_breach(g, GUARD_REASON, "subscriber %u is refused for a reason that is none of a scheme's", r->subscriber);
	return o;
}

static void guard_ended(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                        enum protocol protocol)
{
	struct guard *g = state;

	if (!g->broken)
		g->inner.ended(g->inner.state, now_ns, subscriber, address, slot, protocol);
}

static void guard_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                          enum protocol protocol)
{
	struct guard *g = state;

	if (!g->broken)
		g->inner.release(g->inner.state, now_ns, subscriber, address, slot, protocol);
}

static bool guard_asked_owns(void *state, uint32_t subscriber)
{
	struct guard *g = state;
	bool owns = guard_owns(g, subscriber);

	if (!g->broken && g->inner.owns && g->inner.owns(g->inner.state, subscriber) != owns)
		guard_breach(g, GUARD_BLOCKS, "subscriber %u owns %s block by what is said, and %s by what was told", subscriber,
		             owns ? "no" : "a", owns ? "one" : "none");
	return owns;
}

static int64_t guard_next(void *state)
{
	struct guard *g = state;

	return g->broken ? NS_NEVER : g->inner.next(g->inner.state);
}

static void guard_tick(void *state, int64_t now_ns)
{
	struct guard *g = state;

	if (!g->broken)
		g->inner.tick(g->inner.state, now_ns);
}

static void guard_destroy(void *state)
{
	struct guard *g = state;

	g->inner.destroy(g->inner.state);
	free(g->cells);
	free(g->holders);
	free(g);
}

struct allocator guard_wrap(struct guard *g, const struct allocator *inner)
{
	struct allocator outer = *inner; /* what it declares of itself stays */

	g->inner = *inner;
	outer.home = inner->home ? guard_home : NULL;
	outer.room = guard_room;
	outer.alloc = guard_alloc;
	outer.ended = inner->ended ? guard_ended : NULL;
	outer.release = inner->release ? guard_release : NULL;
	outer.owns = guard_asked_owns;
	outer.next = inner->next ? guard_next : NULL;
	outer.tick = guard_tick;
	outer.destroy = guard_destroy;
	outer.state = g;
	return outer;
}
