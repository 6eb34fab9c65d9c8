/* tuples - which 5-tuples are in use where one public number may carry several
 * mappings, each to a remote endpoint of its own (RFC 7857 section 3): a number
 * is free for a remote endpoint that it does not carry yet.
 *
 * A number is live while any mapping has it, and taken until the last of its
 * 5-tuples is out of hold-down. */
#ifndef SIM_NAT_TUPLES_H
#define SIM_NAT_TUPLES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/packet.h"

struct tuple {
	uint32_t address;      /* index in the instance */
	uint32_t slot;
	uint32_t remote;
	uint16_t remote_port;
	enum protocol protocol;
};

#define TUPLE_FREE UINT32_MAX
#define TUPLE_HELD (UINT32_MAX - 1)

struct tuples;

struct tuples *tuples_create(uint32_t addresses, uint32_t slots);
void tuples_destroy(struct tuples *t); /* NULL is fine */

/* Its mapping; TUPLE_HELD if it has ended and is held down; TUPLE_FREE if it is nobody's. */
uint32_t tuples_find(const struct tuples *t, const struct tuple *key);

/* How often tuples_find() was asked so far: the work of a search, counted. */
uint64_t tuples_looked(const struct tuples *t);

/* A free one becomes this mapping's. */
void tuples_take(struct tuples *t, const struct tuple *key, uint32_t mapping);
/* Its mapping ended: it is held, */
void tuples_hold(struct tuples *t, const struct tuple *key);
/* until it is free again. */
void tuples_give(struct tuples *t, const struct tuple *key);

/* How many 5-tuples of a number are live, and how many are live or held. */
uint32_t tuples_live(const struct tuples *t, uint32_t address, enum protocol protocol, uint32_t slot);
uint32_t tuples_taken(const struct tuples *t, uint32_t address, enum protocol protocol, uint32_t slot);

#endif
