/* ranks - the processes of one run: one alone, or as many as mpirun started.
 *
 * Every rank is given the same command line and does its share of the jobs;
 * rank 0 gathers, writes and speaks. ranks.c is the only file that knows of MPI,
 * and only in a build with it (make MPI=1); else there is one rank.
 *
 * Whoever waits for another rank looks at `stop` meanwhile (a flag set from a
 * signal's handler; NULL: none) and gives up once it is raised: the ranks are
 * then out of step, and ranks_close() ends them all. */
#ifndef SIM_ENGINE_RANKS_H
#define SIM_ENGINE_RANKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"

struct ranks;

/* Once in a process, before anything else. The caller owns it. */
struct ranks *ranks_open(void);
/* Returns the exit status: the same, unless the ranks had to be ended by force. */
int ranks_close(struct ranks *r, int status);

unsigned ranks_mine(const struct ranks *r);   /* from 0; NULL is a rank alone, as in all that follows */
unsigned ranks_count(const struct ranks *r);

/* Threads for this rank: the cores it may use, shared among the ranks that may use the same. At least 1. */
unsigned ranks_threads(const struct ranks *r);

/* While true, a rank other than 0 says nothing on stdout and stderr: all find the same fault in the same line. */
void ranks_hush(struct ranks *r, bool hush);

/* Rank 0 is given what each other rank sends, in order of ranks; take() may
 * return false to refuse it. False if it did, or if the wait was given up. */
bool ranks_gather(struct ranks *r, const void *bytes, size_t length,
                  bool (*take)(void *context, unsigned rank, const uint8_t *bytes, size_t length), void *context,
                  const atomic_int *stop);

/* All ranks meet here: true if it is good for all of them. Faults that only
 * other ranks found become rank 0's. */
bool ranks_agree(struct ranks *r, bool good, struct err *e, const atomic_int *stop);

#endif
