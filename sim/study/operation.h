/* operation - what `conform` does to a scheme: lists of flows that begin and end,
 * and of time that passes. A list means the same whatever is left out of it, so
 * that one that breaks a rule can be cut down to what is needed. */
#ifndef SIM_STUDY_OPERATION_H
#define SIM_STUDY_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/packet.h"

enum operation_kind {
	OPERATION_OPEN,   /* a new mapping is needed */
	OPERATION_CLOSE,  /* the subscriber's n-th live mapping ends, n modulo how many it has */
	OPERATION_WAIT,   /* time passes */
	OPERATION_FILL,   /* a subscriber asks until it is refused, n times at most */
	OPERATION_DRAIN,  /* all of a subscriber's mappings end */
};

struct operation {
	uint8_t  kind;        /* enum operation_kind */
	uint8_t  protocol;    /* OPEN, FILL */
	uint16_t port;        /* OPEN: the inside port */
	uint16_t remote_port; /* OPEN */
	uint32_t remote;      /* OPEN */
	uint32_t subscriber;  /* all but WAIT */
	uint32_t n;           /* CLOSE, FILL */
	int64_t  wait_ns;     /* WAIT */
};

struct operations {           /* free items */
	struct operation *items;
	size_t count, room;
};

#define OPERATION_REMOTES 16u /* servers */

void operations_add(struct operations *o, const struct operation *one);

/* Ways of making a list, for so many subscribers. */
enum operation_mix {
	MIX_CHURN,   /* flows come and go at random, in waves, all protocols */
	MIX_BRIM,    /* all numbers of a protocol, by the seed, are asked for, then a few end and as many begin, over and over */
	MIX_FILL,    /* all numbers of a protocol are asked for, all end, and all are asked for again, of each protocol */
	MIX_ONE,     /* one subscriber alone opens and closes flows: what it could guess of its own next number */
	MIXES,
};
void operations_make(struct operations *o, enum operation_mix mix, uint64_t seed, uint32_t subscribers, uint32_t numbers);

/* The shortest list found for which broken() is still true, which it must be of the
 * whole: subscribers are left out, then pieces, of half the length first, then shorter
 * ones, then any two operations, until nothing more goes, and what is asked for until it
 * is refused is asked fewer times; broken() is asked at most *tries times, which it may
 * change. */
void operations_shrink(struct operations *o, bool (*broken)(void *context, const struct operations *o), void *context,
                       unsigned *tries);

#endif
