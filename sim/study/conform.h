/* conform - the battery that every scheme and every plugin must pass: lists of
 * operations from fixed seeds, on small and awkward pools and on a whole address,
 * each run on a stand (stand.h) in a process of its own, so that a scheme that
 * crashes or never ends is a finding like any other. What breaks a rule is cut
 * down to a short list of calls. */
#ifndef SIM_STUDY_CONFORM_H
#define SIM_STUDY_CONFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/base/err.h"
#include "sim/study/stand.h"

struct conform_rule {
	const char *name;     /* "hold-down" */
	const char *source;   /* "RFC 6888 REQ-8" */
	const char *sentence;
};
extern const struct conform_rule conform_rules[RULES];

enum conform_verdict { CONFORM_HELD, CONFORM_BROKEN, CONFORM_NOT_ASKED };
extern const char *const conform_verdict_name[]; /* "held", "broken", "not asked" */

struct conform_result {
	enum conform_verdict verdict;
	uint64_t operations;  /* how often the rule was held against something */
	char *finding;        /* BROKEN: one sentence; owned */
	char **calls;         /* BROKEN: the shortest way there that was found, one call each; owned */
	size_t call_count;
};

struct conform_report {
	struct conform_result results[RULES];
	size_t pools, pools_unfit; /* run on, and on which the scheme cannot be settled */
	size_t cut;           /* lists that told of too many blocks to be seen to their end */
	bool broken;          /* any of them */
	bool stopped;         /* a call did not end, and the rest of the battery was left out, */
	bool slow;            /* or all calls took too long */
};

struct conform_setup {
	const char *entry;     /* the scheme's object in a scenario, as JSON */
	const char *directory; /* where its files begin ("" or ending in '/') */
	char *const *anew;     /* this program's command line that runs conform_anew() with the same setup, asked if
	                        * nothing is broken so far; NULL: it is not asked */
	void (*progress)(void *context, double share, uint64_t pools); /* NULL: not told */
	void *context;
};

/* False with `e` set if it fits no pool. */
bool conform_run(const struct conform_setup *setup, struct conform_report *out, struct err *e);

/* What conform_run() asks of a process begun anew (conform_anew.h): writes it. */
void conform_anew(const struct conform_setup *setup, FILE *to);

void conform_report_clear(struct conform_report *r);

#endif
