/* child - a list of operations on a stand, in a process of its own: what crashes,
 * aborts or never ends there is told here. */
#ifndef SIM_STUDY_CHILD_H
#define SIM_STUDY_CHILD_H

#include "sim/study/stand.h"

struct child_setup {
	const struct scheme_type *type;
	const void *config;
	const struct scheme_pool *pool;
	int64_t hold_ns;
	bool unpaired;
	uint64_t seed;
	bool fair;               /* guesses are counted */
	enum rule_id wanted;     /* of who asks whether it breaks again */
};

struct child_answer {
	struct finding finding;
	uint64_t checks[RULES];
	uint64_t trace;
	size_t done;             /* operations before the one in which it broke */
	bool at_end;             /* it broke after the last */
};

/* Runs the list; every call is written to `told` if it is not NULL. A process that
 * cannot be made ends the program with one clear line. */
void child_run(const struct child_setup *setup, const struct operations *o, FILE *told, struct child_answer *out);

/* The same, with the calls as lines: the last `most` of them. The caller owns them. */
void child_tell(const struct child_setup *setup, const struct operations *o, size_t most, char ***calls, size_t *count,
                struct child_answer *out);

#endif
