/* runner - independent jobs on all cores.
 *
 * Jobs share nothing; each worker has a number, so that it can keep sums of its
 * own which are added up after the last job. Nothing that a job computes may
 * depend on the worker or on the order of jobs. */
#ifndef SIM_ENGINE_RUNNER_H
#define SIM_ENGINE_RUNNER_H

#include <stddef.h>

/* Calls job(context, n, worker) once for each n of 0 .. count-1, in rising
 * order of start, on `workers` threads (worker 0 is the caller). A job that
 * returns non-zero stops the rest from being started. Returns the number of
 * the lowest job that failed, or `count`. */
size_t run_jobs(size_t count, unsigned workers, int (*job)(void *context, size_t n, unsigned worker), void *context);

/* Cores this process may use; at least 1. */
unsigned cores(void);

#endif
