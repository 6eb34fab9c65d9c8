/* retries - flows that were refused and are tried again (nat.retry): a TCP host
 * sends its SYN again after a while, until it is told to give up or gets through. */
#ifndef SIM_WORLD_RETRIES_H
#define SIM_WORLD_RETRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/nat.h"

struct retry {
	int64_t  due_ns;
	uint64_t order;           /* of those due at once, the first refused goes first */
	uint32_t tries;           /* that were refused so far */
	struct segment train;     /* the flow's first, as it was offered */
};

struct retries {
	const int64_t *delays;    /* from the first try, in order, ended by 0; NULL: nothing is tried again */
	struct retry *heap;       /* owned */
	uint32_t count, room;
	uint64_t order;
};

void retries_init(struct retries *r, int retry); /* enum retry_kind */
void retries_clear(struct retries *r);

/* The first try of a flow was refused: will it be tried again? */
bool retries_refused(struct retries *r, const struct segment *train);

/* One was refused again: will it be tried once more? */
bool retries_again(struct retries *r, const struct retry *retry);

static inline bool retries_due(const struct retries *r, int64_t now_ns)
{
	return r->count && r->heap[0].due_ns <= now_ns;
}

/* Takes the one that is due first. */
struct retry retries_take(struct retries *r);

/* The train as it is offered then: all of it so much later. */
struct segment retry_train(const struct retry *retry);

#endif
