#include "sim/nat/table.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

/* By address only, so that a filter that depends on the address finds any of its ports. */
static uint32_t hash_remote(uint32_t mapping, uint32_t remote)
{
	return (uint32_t)mix64(mapping, remote);
}

void table_init(struct table *t, uint32_t expected)
{
	*t = (struct table){ .mapping_free = INDEX_NONE, .further_free = INDEX_NONE };
	index_init(&t->by_inside, expected);
	index_init(&t->by_remote, 0);
}

void table_clear(struct table *t)
{
	index_clear(&t->by_inside);
	index_clear(&t->by_remote);
	free(t->mappings);
	free(t->further);
	*t = (struct table){ 0 };
}

static bool same(const struct inside *a, const struct inside *b)
{
	return a->subscriber == b->subscriber && a->port == b->port && a->protocol == b->protocol && a->host == b->host &&
	       a->remote == b->remote && a->remote_port == b->remote_port;
}

uint32_t table_find(const struct table *t, uint32_t hash, const struct inside *in)
{
	uint32_t at = hash;

	for (;;) {
		uint32_t entry = index_next(&t->by_inside, hash, &at);

		if (entry == INDEX_NONE || same(&t->mappings[entry].inside, in))
			return entry;
	}
}

/* realloc() would not keep entries on lines of their own. */
static void grow_mappings(struct table *t)
{
	uint32_t room = t->mapping_room * 2 + 64;
	struct mapping *grown = aligned_alloc(_Alignof(struct mapping), (size_t)room * sizeof(*grown));

	must(grown);
	if (t->mapping_count)
		memcpy(grown, t->mappings, t->mapping_count * sizeof(*grown));
	free(t->mappings);
	t->mappings = grown;
	t->mapping_room = room;
}

uint32_t table_add(struct table *t, uint32_t hash, const struct inside *in)
{
	uint32_t entry = t->mapping_free;

	if (entry != INDEX_NONE) {
		t->mapping_free = t->mappings[entry].hash;
	} else {
		if (t->mapping_count == t->mapping_room)
			grow_mappings(t);
		entry = t->mapping_count++;
	}
	t->mappings[entry] = (struct mapping){ .inside = *in, .hash = hash };
	index_add(&t->by_inside, hash, entry);
	return entry;
}

void table_remove(struct table *t, uint32_t mapping)
{
	struct mapping *m = &t->mappings[mapping];

	index_remove(&t->by_inside, m->hash, mapping);
	m->sessions = 0;
	m->session.expires_ns = 0;
	m->hash = t->mapping_free;
	t->mapping_free = mapping;
}

bool table_has_remote(const struct table *t, uint32_t mapping, uint32_t remote)
{
	uint32_t hash = hash_remote(mapping, remote);
	uint32_t at = hash;

	for (;;) {
		uint32_t entry = index_next(&t->by_remote, hash, &at);

		if (entry == INDEX_NONE)
			return false;
		if (t->further[entry].mapping == mapping && t->further[entry].session.remote == remote)
			return true;
	}
}

uint32_t table_find_further(const struct table *t, uint32_t mapping, uint32_t remote, uint16_t remote_port)
{
	uint32_t hash = hash_remote(mapping, remote);
	uint32_t at = hash;

	for (;;) {
		uint32_t entry = index_next(&t->by_remote, hash, &at);
		const struct further_session *f;

		if (entry == INDEX_NONE)
			return INDEX_NONE;
		f = &t->further[entry];
		if (f->mapping == mapping && f->session.remote == remote && f->session.remote_port == remote_port)
			return entry;
	}
}

uint32_t table_add_further(struct table *t, uint32_t mapping, uint32_t remote, uint16_t remote_port)
{
	uint32_t entry = t->further_free;

	if (entry != INDEX_NONE) {
		t->further_free = t->further[entry].session.remote;
	} else {
		if (t->further_count == t->further_room) {
			t->further_room = t->further_room * 2 + 64;
			t->further = must_grow(t->further, t->further_room, sizeof(*t->further));
		}
		entry = t->further_count++;
	}
	t->further[entry] = (struct further_session){
		.session = { .remote = remote, .remote_port = remote_port },
		.mapping = mapping,
	};
	index_add(&t->by_remote, hash_remote(mapping, remote), entry);
	return entry;
}

void table_remove_further(struct table *t, uint32_t further)
{
	struct further_session *f = &t->further[further];

	index_remove(&t->by_remote, hash_remote(f->mapping, f->session.remote), further);
	f->mapping = INDEX_NONE;
	f->session.expires_ns = 0;
	f->session.remote = t->further_free;
	t->further_free = further;
}
