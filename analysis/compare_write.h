/* compare_write - a comparison as JSON, as a table, and both runs' ports over time. docs/formats.md has the fields. */
#ifndef ANALYSIS_COMPARE_WRITE_H
#define ANALYSIS_COMPARE_WRITE_H

#include <stdio.h>

#include "analysis/compare.h"

/* The caller owns it. */
cJSON *comparison_json(const struct comparison *c, const char *const names[2]);

/* One row a measure. */
void comparison_measures(FILE *out, const struct comparison *c);

/* Of the schemes that both runs have, from dir_a/timeseries.csv and
 * dir_b/timeseries.csv. False with `e` set if either cannot be read or lacks a column. */
bool comparison_series(FILE *out, const struct comparison *c, const char *const names[2], const char *const dirs[2],
                       struct err *e);

#endif
