/* compare_curves - two runs' curves held against each other: ports over time
 * (timeseries.csv) and quantiles of subscribers (subscribers.csv), each by the
 * point at which the runs are furthest apart.
 *
 * A curve is a measure as others are, "timeseries.active": the values of that
 * point are its values, and where it lies is told as `at`. Curves over different
 * points cannot be compared, and do not agree: what they are over stands in the
 * values' place. */
#ifndef ANALYSIS_COMPARE_CURVES_H
#define ANALYSIS_COMPARE_CURVES_H

#include "analysis/compare.h"
#include "analysis/csv.h"

enum compare_table { TABLE_TIMESERIES, TABLE_SUBSCRIBERS, COMPARE_TABLES };

/* A run's tables. */
struct compare_tables {
	struct csv csv[COMPARE_TABLES];
	char *paths[COMPARE_TABLES];   /* for messages; owned */
};

/* From a run's directory. False with `e` set if one cannot be read. Clear it in both cases. */
bool compare_tables_read(struct compare_tables *t, const char *dir, struct err *e);
void compare_tables_clear(struct compare_tables *t); /* fine on a zeroed struct */

/* Where the columns of these names are in a table. False with `e` set if one is not there. */
bool compare_columns(const struct compare_tables *t, enum compare_table table, const char *const *names, size_t count,
                     size_t *at, struct err *e);

/* Adds the curves to the schemes that both runs have. False with `e` set if a
 * column is missing, or a cell is no number. */
bool compare_curves(struct comparison *c, const struct compare_tables runs[2], const struct tolerances *t, struct err *e);

#endif
