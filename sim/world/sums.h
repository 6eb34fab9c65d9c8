/* sums - what some jobs of one replication came to: which jobs, and for every
 * trial all that they measured. They are plain sums of integers, so that sums
 * from threads, ranks and an earlier run may be added up in any order. */
#ifndef SIM_WORLD_SUMS_H
#define SIM_WORLD_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/carry.h"

/* Of one trial. */
struct tally {
	struct usage *usage;       /* owned */
	struct usage *demand;      /* owned; NULL: not asked for */
	struct log_weight log;     /* owned arrays */
	struct answers answers;    /* owned items */
	uint64_t not_offered;
};

struct sums {
	bool *done;                /* [jobs]; owned */
	size_t jobs, done_count;
	struct tally *tallies;     /* [trials]; owned */
	size_t trials;
};

/* Of no job. `demand` may be NULL; both are arrays, one frame a trial. */
void sums_open(struct sums *s, size_t jobs, size_t trials, const struct usage_frame *usage, const struct usage_frame *demand);
void sums_close(struct sums *s); /* fine on a zeroed struct, or after tallies were taken out of it */

void sums_done(struct sums *s, size_t job);
void sums_empty(struct sums *s); /* of no job again */

/* Adds `from`, which has none of the jobs of `to`, and empties it. */
void sums_move(struct sums *to, struct sums *from);

void sums_carry(struct carry_out *o, const struct sums *s);

/* Adds what was carried from sums of the same shape. Sums of jobs that `to` has
 * already, all of them, are left out. False if it is malformed, or some of its
 * jobs are there and others not; `to` is then as before. */
bool sums_take(struct carry_in *in, struct sums *to);

/* Gives back the memory of the many parts that are zero; they stay so. For sums
 * that are kept: of a thousand replications most would be zeros. */
void sums_slim(struct sums *s);

/* Moves all of `from` to the end of `to`. */
void answers_move(struct answers *to, struct answers *from);

#endif
