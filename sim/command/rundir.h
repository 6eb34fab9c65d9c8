/* rundir - the directory a run leaves: whole, or not there.
 *
 * Files are made in a temporary directory beside it, which takes its place at
 * the end. A directory that is already there is replaced only if `run` made all
 * of it; into another one the files are moved, one by one, only if that is forced. */
#ifndef SIM_COMMAND_RUNDIR_H
#define SIM_COMMAND_RUNDIR_H

#include <stdbool.h>

#include "sim/base/err.h"

struct rundir {
	char *path;       /* the final name */
	char *temporary;  /* where to write until the commit */
	bool  foreign;    /* it holds what no run made */
};

/* Makes the temporary directory, and the final one's parents. False with `e` set. */
bool rundir_open(struct rundir *d, const char *path, bool force, struct err *e);
bool rundir_commit(struct rundir *d, struct err *e);
void rundir_abandon(struct rundir *d); /* fine after a commit, or on a zeroed struct */

#endif
