/* tolerance - how far two runs' values of a measure may lie apart before they
 * are called different, and why so far.
 *
 * A tolerance is a row: a pattern of measures' names, in which `*` stands for
 * any characters, a part of the larger of the two values, an absolute part, and
 * the reason in words. The larger of both parts counts. The rows of
 * `tolerances_usual` are made for the flow world against the packet world on
 * the same workload; the first row whose pattern fits is the measure's. */
#ifndef ANALYSIS_TOLERANCE_H
#define ANALYSIS_TOLERANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/err.h"

struct tolerance {
	const char *pattern;
	double relative, absolute;
	bool ignored;        /* values may be anything */
	bool own;            /* of one world alone: a run of the other need not have it */
	const char *why;
};
extern const struct tolerance tolerances_usual[]; /* ended by a row of pattern "*" */

/* What a comparison goes by. */
struct tolerances {
	struct tolerance *own;  /* go before all others, the last one first; owned, with their patterns */
	bool *met;              /* has a measure of that name been seen? owned */
	size_t own_count;
	bool exact;             /* nothing in place of tolerances_usual */
};

/* Adds a row from "PATTERN=REL[,ABS]": parts are numbers, or REL in per cent
 * ("1%"). False with `e` set if the text is no such. */
bool tolerances_add(struct tolerances *t, const char *text, struct err *e);

/* Adds a row that lets values be anything. */
void tolerances_ignore(struct tolerances *t, const char *pattern);

void tolerances_clear(struct tolerances *t); /* fine on a zeroed struct */

/* The row for a measure. */
const struct tolerance *tolerances_for(const struct tolerances *t, const char *measure);

/* Is a measure that a run does not have 0 there? So it is with counts by reason:
 * a reason that did not occur is not written. */
bool tolerance_absent_is_zero(const char *measure);

#endif
