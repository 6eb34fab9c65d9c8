/* Whose a packet is: a table of (subscriber, host, protocol, port, remote endpoint). */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/ns3/scene.h"

struct flow_entry {
	struct flow_key key;
	struct flow *flow;         /* NULL: empty */
};

static uint32_t hash_of(const struct flow_key *k)
{
	return (uint32_t)mix64((uint64_t)k->subscriber << 32 | k->remote,
	                       (uint64_t)k->port << 32 | (uint64_t)k->remote_port << 16 | (uint64_t)k->protocol << 8 | k->host);
}

static bool same(const struct flow_key *a, const struct flow_key *b)
{
	return a->subscriber == b->subscriber && a->remote == b->remote && a->port == b->port && a->remote_port == b->remote_port &&
	       a->protocol == b->protocol && a->host == b->host;
}

static struct flow_entry *cell_of(const struct flow_table *t, const struct flow_key *key)
{
	uint32_t at = hash_of(key) & t->mask;

	while (t->entries[at].flow && !same(&t->entries[at].key, key))
		at = (at + 1) & t->mask;
	return &t->entries[at];
}

struct flow *flows_find(const struct scene *s, const struct flow_key *key)
{
	return cell_of(&s->table, key)->flow;
}

void flows_know(struct scene *s, const struct flow_key *key, struct flow *f)
{
	struct flow_table *t = &s->table, old = *t;
	struct flow_entry *cell;

	if (t->count >= t->mask / 2) {
		t->mask = 2 * t->mask + 1;
		t->entries = must_alloc((size_t)t->mask + 1, sizeof(*t->entries));
		for (uint32_t i = 0; i <= old.mask; i++)
			if (old.entries[i].flow)
				*cell_of(t, &old.entries[i].key) = old.entries[i];
		free(old.entries);
	}
	cell = cell_of(t, key);
	t->count += !cell->flow;
	*cell = (struct flow_entry){ *key, f };
}

void flows_table_open(struct flow_table *t)
{
	t->mask = 1023;
	t->entries = must_alloc((size_t)t->mask + 1, sizeof(*t->entries));
}

void flows_table_close(struct flow_table *t)
{
	free(t->entries);
}
