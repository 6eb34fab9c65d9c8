/* child - a list of operations on a stand, in a process of its own: what crashes,
 * aborts or never ends there is told here, and what a plugin prints goes nowhere. */
#ifndef SIM_STUDY_CHILD_H
#define SIM_STUDY_CHILD_H

#include "sim/study/stand.h"

/* Of processor time: a list takes far less than a second, the largest a few. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CHILD_SLOWER 20u /* all of it is */
#else
#define CHILD_SLOWER 1u
#endif
#define CHILD_SECONDS (20u * CHILD_SLOWER)

enum child_kind {
	CHILD_ONE,    /* one stand */
	CHILD_BESIDE, /* one alone, then the same again beside another: are its answers the same? */
	CHILD_AGAIN,  /* one after the other, many times: does each leave memory behind? */
	CHILD_LONG,   /* the same, a few times, where the C library keeps nothing for later */
};

struct child_setup {
	const struct scheme_type *type;
	const void *config;
	const struct scheme_pool *pool;
	int64_t hold_ns;
	bool unpaired;
	uint64_t seed;
	bool fair;               /* guesses are counted */
	enum child_kind kind;
	double limit_s;          /* of one call of a plugin */
	unsigned seconds;        /* of processor time, of all calls of the list */
	const char *label;       /* before each call that is told; NULL: nothing */
};

struct child_answer {
	struct finding finding;
	uint64_t checks[RULES];
	uint64_t trace;
	const char *volatile hook; /* of a plugin, under way; NULL: none */
	bool complete;           /* it came to its end */
	bool endless;            /* a call did not, */
	bool slow;               /* or all of them took too long */
	double cpu_s;            /* processor time that it took */
	bool cut;                /* stand_cut() */
	size_t done;             /* operations before the one in which it broke */
	bool at_end;             /* it broke after the last */
};

/* Runs the list; every call is written to `told` if it is not NULL. A process that
 * cannot be made ends the program with one clear line. */
void child_run(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out);

/* Does body(context) come to its end, in a process of its own? `out` tells why not. */
bool child_ends(void (*body)(void *context), void *context, double limit_s, struct child_answer *out);

/* child_run(), with the calls as lines, after those that are there. The caller owns them. */
void child_tell(const struct child_setup *setup, const struct operations *o, char ***calls, size_t *count,
                struct child_answer *out);

#endif
