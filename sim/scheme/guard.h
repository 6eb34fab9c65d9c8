/* guard - an allocator under watch: every answer and every block event is held
 * against what an allocator must keep, and at the first breach it is asked no
 * more (all further requests are refused). A scheme of our own that breaks a rule
 * is a bug that the NAT aborts on; a plugin's is its author's to hear of. */
#ifndef SIM_SCHEME_GUARD_H
#define SIM_SCHEME_GUARD_H

#include "sim/nat/allocator.h"

enum guard_rule {
	GUARD_TAKEN,   /* a number was given that has a live mapping, or, if held() is not asked, that is taken at all */
	GUARD_HELD,    /* a number was given that is in hold-down */
	GUARD_OUTSIDE, /* a number, a block or an address outside the pool */
	GUARD_PAIRING, /* a number or a block on another address than the subscriber's, or a home that is not always the same */
	GUARD_BLOCKS,  /* a block given that is another's, ended that was not given, or not so, ended while in use */
	GUARD_REASON,  /* an answer that is none */
	GUARD_CALLS,   /* a plugin called its host with arguments out of range */
	GUARD_WORK,    /* a call of a plugin looks at numbers without end */
	GUARD_RULES,
};

/* Where a breach is told: the first one only. May be called from several threads,
 * by guards of different instances. */
struct guard_report {
	void *context;
	void (*breach)(void *context, enum guard_rule rule, const char *text);
	/* Is this taken number in hold-down? NULL: not known. */
	bool (*held)(void *context, uint32_t address, enum protocol protocol, uint32_t slot);
	bool unpaired; /* a subscriber's numbers may lie on several addresses: arbitrary pooling */
};

struct guard;

/* The ground to make the allocator on: as the given one, but its events pass the guard. */
struct guard *guard_create(struct ground *ground, const struct guard_report *report);
struct ground *guard_ground(struct guard *g);

/* The allocator with the guard around it; destroys both. */
struct allocator guard_wrap(struct guard *g, const struct allocator *inner);

/* For what lies between: tells of a breach, unless one was told. */
void guard_breach(struct guard *g, enum guard_rule rule, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool guard_broken(const struct guard *g);

/* By the events so far: does the subscriber own a block, and is the slot in one that is given or in guard time? */
bool guard_owns(const struct guard *g, uint32_t subscriber);
bool guard_in_block(const struct guard *g, uint32_t address, uint32_t slot);

/* How many slots it has looked at itself, which is none of the allocator's work. */
uint64_t guard_looked(const struct guard *g);

#endif
