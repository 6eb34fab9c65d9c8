/* stand - a scheme on a test stand: in the NAT's place, around one allocator, with
 * a book of its own, so that a rule that the scheme breaks is found and told where
 * the NAT would abort.
 *
 * It does what the NAT does around an allocator (allocator.h): pairs subscribers
 * with addresses, takes and gives numbers, keeps them in hold-down, runs the
 * scheme's timers. The log that is held against the book is made of nothing but
 * what the scheme emits, of mappings if it is one that has them logged, and of its
 * rule if it has one; analysis/attribution.h reads it. */
#ifndef SIM_STUDY_STAND_H
#define SIM_STUDY_STAND_H

#include <stdio.h>

#include "sim/scheme/scheme.h"
#include "sim/study/operation.h"

/* The rules, in the order told. */
enum rule_id {
	RULE_ONCE,      /* no number has two holders */
	RULE_HOLD_DOWN,
	RULE_POOL,
	RULE_LEAK,
	RULE_LIMIT,
	RULE_PAIRING,
	RULE_BLOCKS,
	RULE_REVERSE,
	RULE_FULL,
	RULE_REASON,
	RULE_WORK,
	RULE_GUESS,
	RULE_LOG,
	RULE_CALLS,
	RULE_REPEAT,
	RULE_APART,
	RULES,
};

/* The first rule that was broken, and how. */
struct finding {
	bool is;
	enum rule_id rule;
	char text[600];
};

/* A settled scheme on a pool. */
struct stand_setup {
	const struct scheme_type *type;
	const void *config;
	const struct scheme_pool *pool;
	int64_t hold_ns;
	bool unpaired;       /* arbitrary pooling: each mapping's address is chosen anew */
	uint64_t seed;       /* of the scheme's random stream */
	bool fair;           /* a list of flows that come and go, so that guesses can be counted */
	FILE *told;          /* every call is written here; NULL: not */
	const char *label;   /* before each; NULL: nothing */
};

struct stand;

struct stand *stand_create(const struct stand_setup *setup);
void stand_destroy(struct stand *s);

/* Does one thing. False once a rule is broken. */
bool stand_do(struct stand *s, const struct operation *op);

/* All flows end, all timers run out: what must hold then, and over all. */
bool stand_finish(struct stand *s);

const struct finding *stand_finding(const struct stand *s);

/* Was it told of so many blocks (interim records, most often) that the rest of the list was left out, or that it was not
 * waited for the last block to be free? What was seen so far is judged all the same. */
bool stand_cut(const struct stand *s);

/* How often each rule was held against something. */
const uint64_t *stand_checks(const struct stand *s);

/* Of everything that the scheme answered and emitted. */
uint64_t stand_trace(const struct stand *s);

#endif
