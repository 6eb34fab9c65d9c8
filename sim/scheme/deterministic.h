/* deterministic - RFC 7422: each subscriber has a share of numbers by rule.
 *
 * With N allowed numbers on an address, C subscribers on it and D more shares for
 * a dynamic pool, a share is P = floor(N / (C + D)) numbers (section 2). There are
 * A addresses in the order of the pool; numbers are slots (pool.h), from 0.
 *
 * Subscriber k has share r of address a:
 *   fill port-first     a = k div C, r = k mod C
 *   fill address-first  a = k mod A, r = k div A
 * and its n-th number, n < P, is
 *   contiguous (algorithm 0)               slot r*P + n of a
 *   continuous                             the (k*P + n)-th of all: slot q mod N of address q div N
 *   interlaced (1, staggered)              slot n*(C+D) + r of a
 *   round robin (2)                        the (k*P + n)-th of all: slot q div A of address q mod A
 *   interlaced horizontally (3)            slot n*(C+D) + r of address (a + n) mod A
 *   cryptographic (4, RFC 6431 section 2.2) slot E(r*P + n) of a, E keyed by the address
 *
 * Section 2's printed formula for algorithm 1 gives neighbours the same numbers;
 * this is the one that does what its text says.
 *
 * The dynamic pool is what is above the shares, C*P.. of each address; E then
 * permutes the slots below. Interlaced shares leave it the residues C .. C+D-1 of
 * the first (C+D)*P slots, and its blocks are interlaced too. Without D all of that
 * is stranded. */
#ifndef SIM_SCHEME_DETERMINISTIC_H
#define SIM_SCHEME_DETERMINISTIC_H

#include "sim/scheme/feistel.h"
#include "sim/scheme/scheme.h"

enum deterministic_fill { FILL_PORT_FIRST, FILL_ADDRESS_FIRST };
enum deterministic_layout {
	LAYOUT_CONTIGUOUS, LAYOUT_INTERLACED, LAYOUT_CRYPTOGRAPHIC, /* of an address */
	LAYOUT_CONTINUOUS,                                          /* of one, or of two that follow one another */
	LAYOUT_ROUND_ROBIN, LAYOUT_HORIZONTAL,                      /* over all of them */
};

struct deterministic_config {
	uint32_t algorithm;
	uint32_t compression;
	uint32_t sharing;
	uint32_t ports_per_subscriber;
	uint32_t dynamic;              /* D */
	uint32_t max_ports;            /* M */
	uint32_t block;
	int fill, layout;
	int select;                    /* enum own_select */
	bool overload;
	char *key;                     /* hexadecimal; owned */

	/* By deterministic_settle(). */
	struct deterministic_rule {
		uint32_t subscribers, addresses; /* A */
		uint32_t numbers;                /* N */
		uint32_t each;                   /* C */
		uint32_t share;                  /* P */
		uint32_t stride;                 /* C + D */
		uint32_t domain;                 /* what E permutes */
		int fill, layout;
		bool spread;                     /* over several addresses */
		struct feistel *keyed;           /* by address; owned; NULL: not cryptographic */
	} rule;
};

/* Does the rule spread every subscriber over all addresses? */
static inline bool deterministic_spreads(const struct deterministic_rule *r)
{
	return r->layout >= LAYOUT_ROUND_ROBIN;
}

uint32_t deterministic_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber);
void deterministic_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                           struct scheme_number *out);
bool deterministic_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                           uint32_t *subscriber);
bool deterministic_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                          uint32_t *subscriber);

/* Completes the rule; see struct scheme_type. */
bool deterministic_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e);
void deterministic_unsettle(void *config);

#endif
