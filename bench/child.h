/* child - another program: how long it ran, what it said, how much memory it had.
 *
 * Linux counts a child's memory from before it became another program, when it
 * was a copy of this one. Where memory is measured this program must still be
 * smaller than what it measures. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

#include <stddef.h>
#include <stdint.h>

struct child {
	int status;              /* as a shell gives it: 127 if it cannot be run, 128 + signal */
	double seconds;
	uint64_t resident_bytes; /* at most, of it and of the programs that it ran */
	char *output;            /* what it wrote to stdout, ended by NUL; owned */
};

enum {
	CHILD_ALONE = 1, /* it gets no PATH, so that it finds no programs of its own to run */
	CHILD_TALKS = 2, /* its stderr is left alone, else dropped */
};

/* Runs argv[0], found by PATH, to its end. */
struct child child_run(const char *const *argv, unsigned how);
void child_clear(struct child *c);

#endif
