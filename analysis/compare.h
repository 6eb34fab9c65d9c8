/* compare - two runs held against each other, scheme by scheme (matched by
 * name) and measure by measure.
 *
 * A measure is a leaf of a scheme's object in summary.json (leaves.h), without
 * its name, its warnings and its ci95. Two numbers agree if they are no further
 * apart than the measure's tolerance (tolerance.h), the larger of its absolute
 * part and its part of the larger value, so that it does not matter which run
 * comes first. Half-widths of means over replications widen it by the root of
 * the sum of their squares, unless nothing but equality will do. Texts agree if
 * they are equal.
 *
 * A scheme or a measure that only one run has is a row too, and no agreement,
 * unless it is of a world's own (struct tolerance); but counts by reason that are not there are 0 (tolerance_absent_is_zero()). */
#ifndef ANALYSIS_COMPARE_H
#define ANALYSIS_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "analysis/run_summary.h"
#include "analysis/tolerance.h"

enum compare_verdict {
	COMPARE_EQUAL,
	COMPARE_WITHIN,
	COMPARE_OUTSIDE,
	COMPARE_ALONE,   /* only one run has it */
	COMPARE_OWN,     /* only one run has it, and its world alone can */
	COMPARE_IGNORED, /* nobody asks */
	COMPARE_VERDICTS
};
extern const char *const compare_verdict_name[COMPARE_VERDICTS];

struct compare_row {
	char *measure;                /* owned */
	const cJSON *a, *b;           /* a number, a text, true or false; NULL: it has none. The runs' */
	cJSON *own_a, *own_b;         /* a and b, where they are nobody else's; owned */
	bool numbers;                 /* both are; what follows is 0 otherwise */
	double value_a, value_b;
	double difference;            /* B - A */
	double relative;              /* difference / |A|; NaN if A is 0 and B is not */
	double tolerance;             /* half-widths and all */
	double half_width;            /* what they added to it */
	const struct tolerance *by;
	enum compare_verdict verdict;
	const char *over;             /* of a curve: what it is over, "time_s"; else NULL */
	double at;                    /* and where its values stand */
};

struct compare_scheme {
	const char *name;             /* the run's */
	bool in_a, in_b;
	struct compare_row *rows;     /* A's measures in its order, then those of B alone, then curves; none unless both
	                                 have the scheme */
	size_t count;
	size_t verdicts[COMPARE_VERDICTS];
};

/* What was run, where the runs differ in it. */
struct compare_setting {
	char *name;                   /* "seed", "workload.flows", "scenario.pool.ports"; owned */
	const cJSON *a, *b;           /* NULL: it has none */
	bool workload;                /* what was offered hangs on it */
};

struct comparison {
	struct compare_setting *settings;
	size_t setting_count;
	bool other_workload;          /* one of them is the workload's: then the numbers need not agree */
	struct compare_scheme *schemes; /* A's in its order, then those of B alone */
	size_t scheme_count;
	size_t schemes_alone;
	size_t verdicts[COMPARE_VERDICTS];
};

struct compare_run {
	const char *name;             /* for the reader: "flow" */
	const char *path;             /* of its summary.json, for messages */
	struct run_summary summary;
	cJSON *manifest;              /* an object; owned */
};
void compare_run_clear(struct compare_run *run); /* fine on a zeroed struct */

/* False with `e` set if a run has two schemes of one name. The comparison points
 * into the runs and the tolerances. Clear it in both cases. */
bool compare_runs(struct comparison *c, const struct compare_run *a, const struct compare_run *b,
                  const struct tolerances *t, struct err *e);
void comparison_clear(struct comparison *c); /* fine on a zeroed struct */

/* Adds a row of a scheme that both runs have: its measure, and values or texts.
 * The rest is worked out; half-widths have no part in it. */
void compare_add(struct comparison *c, struct compare_scheme *s, struct compare_row row, const struct tolerances *t);

/* Does everything agree? */
bool comparison_agrees(const struct comparison *c);

#endif
