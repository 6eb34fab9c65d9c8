#include "sim/nat/table.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

static uint32_t hash_remote(uint32_t mapping, uint32_t remote, uint16_t remote_port)
{
	return (uint32_t)mix64(mapping, (uint64_t)remote << 16 | remote_port);
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

uint32_t table_find(const struct table *t, uint32_t hash, uint32_t subscriber, uint8_t host, uint16_t port,
                    uint8_t protocol)
{
	uint32_t at = hash;

	for (;;) {
		uint32_t entry = index_next(&t->by_inside, hash, &at);
		const struct mapping *m;

		if (entry == INDEX_NONE)
			return INDEX_NONE;
		m = &t->mappings[entry];
		if (m->subscriber == subscriber && m->port == port && m->protocol == protocol && m->host == host)
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

uint32_t table_add(struct table *t, uint32_t hash, uint32_t subscriber, uint8_t host, uint16_t port, uint8_t protocol)
{
	uint32_t entry = t->mapping_free;

	if (entry != INDEX_NONE) {
		t->mapping_free = t->mappings[entry].subscriber;
	} else {
		if (t->mapping_count == t->mapping_room)
			grow_mappings(t);
		entry = t->mapping_count++;
	}
	t->mappings[entry] = (struct mapping){ .subscriber = subscriber, .host = host, .port = port, .protocol = protocol,
	                                       .hash = hash };
	index_add(&t->by_inside, hash, entry);
	return entry;
}

void table_remove(struct table *t, uint32_t mapping)
{
	struct mapping *m = &t->mappings[mapping];

	index_remove(&t->by_inside, m->hash, mapping);
	m->sessions = 0;
	m->session.expires_ns = 0;
	m->subscriber = t->mapping_free;
	t->mapping_free = mapping;
}

uint32_t table_find_further(const struct table *t, uint32_t mapping, uint32_t remote, uint16_t remote_port)
{
	uint32_t hash = hash_remote(mapping, remote, remote_port);
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
	index_add(&t->by_remote, hash_remote(mapping, remote, remote_port), entry);
	return entry;
}

void table_remove_further(struct table *t, uint32_t further)
{
	struct further_session *f = &t->further[further];

	index_remove(&t->by_remote, hash_remote(f->mapping, f->session.remote, f->session.remote_port), further);
	f->mapping = INDEX_NONE;
	f->session.expires_ns = 0;
	f->session.remote = t->further_free;
	t->further_free = further;
}
