/* table - the NAT's mappings and their sessions.
 *
 * A mapping has room for one session inside it, since most have only one; the
 * others lie in a table of their own. Entries are numbers that stay valid until
 * freed, and are given again. */
#ifndef SIM_NAT_TABLE_H
#define SIM_NAT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/rng.h"
#include "sim/nat/index.h"

/* The timer and TCP state of one session. */
struct session {
	int64_t  expires_ns;   /* when it ends unless refreshed; 0: there is none here */
	int64_t  timer_ns;     /* the queue entry that counts; others of its number are stale */
	uint32_t remote;
	uint16_t remote_port;
	uint8_t  tcp;          /* SEG_SYN_* and SEG_FIN_* seen so far, SEG_RST if reset */
};

/* What a mapping is for: an inside endpoint, and as much of the remote one as the mapping depends on, else 0. */
struct inside {
	uint32_t subscriber;
	uint32_t remote;
	uint16_t port;
	uint16_t remote_port;
	uint8_t  protocol;
	uint8_t  host;
};

/* One cache line: whatever is asked of a mapping costs one miss at most. */
struct mapping {
	_Alignas(64) int64_t created_ns;
	struct session session;
	struct inside inside;
	uint32_t address;
	uint32_t sessions;     /* how many it has, 0: this entry is free */
	uint32_t hash;         /* of `inside` */
	uint16_t slot;
};

struct further_session {
	struct session session;
	uint32_t mapping;      /* INDEX_NONE: this entry is free */
};

struct table {
	struct mapping *mappings;         /* owned */
	uint32_t mapping_count, mapping_room, mapping_free; /* free list runs through `hash` */
	struct index by_inside;
	struct further_session *further;  /* owned */
	uint32_t further_count, further_room, further_free; /* free list runs through session.remote */
	struct index by_remote;
};

void table_init(struct table *t, uint32_t expected);
void table_clear(struct table *t);

/* For the calls below. */
static inline uint32_t table_hash(const struct inside *in)
{
	uint64_t h = mix64(in->subscriber, (uint64_t)in->host << 24 | (uint64_t)in->protocol << 16 | in->port);

	if (in->remote || in->remote_port)
		h = mix64(h, (uint64_t)in->remote << 16 | in->remote_port);
	return (uint32_t)h;
}

uint32_t table_find(const struct table *t, uint32_t hash, const struct inside *in); /* INDEX_NONE: none */

/* A new mapping, no session yet. Pointers into the table are invalid after this. */
uint32_t table_add(struct table *t, uint32_t hash, const struct inside *in);
void table_remove(struct table *t, uint32_t mapping);

/* Bring near what a find with this hash, or an end of this mapping, will touch. */
static inline void table_prefetch(const struct table *t, uint32_t hash)
{
	__builtin_prefetch(&t->by_inside.cells[hash & t->by_inside.mask]);
}

/* A mapping's further sessions (not the one inside it). */
bool table_has_remote(const struct table *t, uint32_t mapping, uint32_t remote); /* one with this remote address? */
uint32_t table_find_further(const struct table *t, uint32_t mapping, uint32_t remote, uint16_t remote_port);
uint32_t table_add_further(struct table *t, uint32_t mapping, uint32_t remote, uint16_t remote_port);
void table_remove_further(struct table *t, uint32_t further);

#endif
