/* file - output that is whole or not there: written without a name (where that
 * cannot be, under a temporary one) in the same directory, checked, then renamed. */
#ifndef SIM_BASE_FILE_H
#define SIM_BASE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "sim/base/err.h"

struct outfile {
	FILE *stream;    /* write here */
	char *path;      /* the final name */
	char *temporary; /* NULL: it has no name yet */
};

/* Opens what will be path. False with `e` set ("path: why"). */
bool outfile_open(struct outfile *f, const char *path, struct err *e);

/* Flushes, checks every earlier write, and renames. On failure nothing is left behind. */
bool outfile_commit(struct outfile *f, struct err *e);

/* Gives up: removes the temporary file. Fine after a commit, or on a zeroed struct. */
void outfile_abandon(struct outfile *f);

/* A whole file in memory, with a 0 byte after its end; NULL with `e` set. The caller frees it. */
char *file_read(const char *path, size_t *length, struct err *e);

/* Removes a directory and everything in it; false with errno set. */
bool directory_remove(const char *path);

#endif
