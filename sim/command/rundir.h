/* rundir - the directory a run leaves: whole, or not there.
 *
 * While it is made there is a work directory beside it, DIR.unfinished: in it
 * are the state that --resume goes on from, kept logs as far as they are, and at
 * the end result/, which takes the place of DIR. A directory that is already
 * there is replaced only if `run` made all of it; into another one the files are
 * moved, one by one, only if that is forced. */
#ifndef SIM_COMMAND_RUNDIR_H
#define SIM_COMMAND_RUNDIR_H

#include <stdbool.h>

#include "sim/base/err.h"

/* What a command makes: entries of other names are somebody else's. */
struct rundir_kind {
	const char *made_by;      /* for messages: "run" */
	const char *const *names; /* ended by NULL */
	const char *always;       /* the one that is always among them */
};
extern const struct rundir_kind rundir_of_run;

struct rundir {
	char *path;       /* the final name */
	char *work;       /* the work directory */
	char *temporary;  /* where to write the results until the commit: see rundir_begin() */
	int   lock;       /* keeps other runs out of the work directory */
	bool  foreign;    /* it holds what no run made */
};

/* The name of the work directory of a result directory. The caller frees it. */
char *rundir_work(const char *path);

/* Checks that the results may go there, makes the final one's parents and the
 * work directory, and takes that for this run alone. False with `e` set. */
bool rundir_open(struct rundir *d, const char *path, bool force, struct err *e);

/* The same for what another command makes; rundir_open() is for `run`. */
bool rundir_open_kind(struct rundir *d, const char *path, const struct rundir_kind *kind, bool force, struct err *e);

bool rundir_holds_state(const struct rundir *d); /* something to go on from */
bool rundir_empty(struct rundir *d, struct err *e); /* the work directory */

/* Makes `temporary`. */
bool rundir_begin(struct rundir *d, struct err *e);

/* Puts the results in place, and removes the work directory. */
bool rundir_commit(struct rundir *d, struct err *e);

/* Removes results that were begun and, unless it holds state to go on from, the
 * work directory. Fine after a commit, or on a zeroed struct. */
void rundir_abandon(struct rundir *d);

#endif
