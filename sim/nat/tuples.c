/* Open addressing, probed in line; a removal moves later cells back. */
#include "sim/nat/tuples.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

struct cell {
	uint64_t where;        /* remote, address */
	uint32_t ports;        /* slot, remote port */
	uint32_t mapping;      /* TUPLE_FREE: empty */
	uint8_t  protocol;
};

struct uses {
	uint32_t live, taken;
};

struct tuples {
	struct cell *cells;    /* owned */
	uint32_t mask, count;
	struct uses **uses;    /* [address * PROTO_COUNT + protocol][slot], made when first used; owned */
	uint32_t pages, slots;
	uint64_t looked;
};

static struct cell cell_of(const struct tuple *key, uint32_t mapping)
{
	return (struct cell){
		.where = (uint64_t)key->remote << 32 | key->address,
		.ports = key->slot << 16 | key->remote_port,
		.mapping = mapping,
		.protocol = (uint8_t)key->protocol,
	};
}

static uint32_t hash_of(const struct cell *c)
{
	return (uint32_t)mix64(c->where, (uint64_t)c->protocol << 32 | c->ports);
}

static bool same(const struct cell *a, const struct cell *b)
{
	return a->where == b->where && a->ports == b->ports && a->protocol == b->protocol;
}

static void make_cells(struct tuples *t, uint32_t cells)
{
	t->cells = must_grow(NULL, cells, sizeof(*t->cells));
	memset(t->cells, 0xff, cells * sizeof(*t->cells));
	t->mask = cells - 1;
}

struct tuples *tuples_create(uint32_t addresses, uint32_t slots)
{
	struct tuples *t = must_alloc(1, sizeof(*t));

	make_cells(t, 1024);
	t->pages = addresses * PROTO_COUNT;
	t->uses = must_alloc(t->pages, sizeof(*t->uses));
	t->slots = slots;
	return t;
}

void tuples_destroy(struct tuples *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < t->pages; i++)
		free(t->uses[i]);
	free(t->uses);
	free(t->cells);
	free(t);
}

/* Where it is, or would be. */
static uint32_t find(const struct tuples *t, const struct cell *c)
{
	uint32_t at = hash_of(c) & t->mask;

	while (t->cells[at].mapping != TUPLE_FREE && !same(&t->cells[at], c))
		at = (at + 1) & t->mask;
	return at;
}

uint32_t tuples_find(const struct tuples *t, const struct tuple *key)
{
	struct cell c = cell_of(key, TUPLE_FREE);

	((struct tuples *)(uintptr_t)t)->looked++;
	return t->cells[find(t, &c)].mapping;
}

uint64_t tuples_looked(const struct tuples *t)
{
	return t->looked;
}

static void grow(struct tuples *t)
{
	struct cell *old = t->cells;
	uint32_t cells = t->mask + 1;

	must(cells <= UINT32_MAX / 4);
	make_cells(t, cells * 2);
	for (uint32_t i = 0; i < cells; i++)
		if (old[i].mapping != TUPLE_FREE)
			t->cells[find(t, &old[i])] = old[i];
	free(old);
}

static struct uses *uses_of(struct tuples *t, const struct tuple *key)
{
	struct uses **page = &t->uses[key->address * PROTO_COUNT + key->protocol];

	if (!*page)
		*page = must_alloc(t->slots, sizeof(**page));
	return *page + key->slot;
}

void tuples_take(struct tuples *t, const struct tuple *key, uint32_t mapping)
{
	struct cell c = cell_of(key, mapping);
	struct uses *u = uses_of(t, key);
	uint32_t at;

	if (++t->count > t->mask / 2)
		grow(t);
	at = find(t, &c);
	must(t->cells[at].mapping == TUPLE_FREE);
	t->cells[at] = c;
	u->live++;
	u->taken++;
}

void tuples_hold(struct tuples *t, const struct tuple *key)
{
	struct cell c = cell_of(key, TUPLE_HELD);
	uint32_t at = find(t, &c);

	must(t->cells[at].mapping < TUPLE_HELD);
	t->cells[at] = c;
	uses_of(t, key)->live--;
}

void tuples_give(struct tuples *t, const struct tuple *key)
{
	struct cell c = cell_of(key, TUPLE_FREE);
	uint32_t hole = find(t, &c);

	must(t->cells[hole].mapping == TUPLE_HELD);
	for (uint32_t at = (hole + 1) & t->mask; t->cells[at].mapping != TUPLE_FREE; at = (at + 1) & t->mask)
		/* A cell may move back to the hole unless its home lies between the two. */
		if (((at - hash_of(&t->cells[at])) & t->mask) >= ((at - hole) & t->mask)) {
			t->cells[hole] = t->cells[at];
			hole = at;
		}
	t->cells[hole].mapping = TUPLE_FREE;
	t->count--;
	uses_of(t, key)->taken--;
}

static struct uses uses_at(const struct tuples *t, uint32_t address, enum protocol protocol, uint32_t slot)
{
	const struct uses *page = t->uses[address * PROTO_COUNT + protocol];

	return page ? page[slot] : (struct uses){ 0 };
}

uint32_t tuples_live(const struct tuples *t, uint32_t address, enum protocol protocol, uint32_t slot)
{
	return uses_at(t, address, protocol, slot).live;
}

uint32_t tuples_taken(const struct tuples *t, uint32_t address, enum protocol protocol, uint32_t slot)
{
	return uses_at(t, address, protocol, slot).taken;
}
