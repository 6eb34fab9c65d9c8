/* compare_write - a comparison as JSON, as a table, and both runs' ports over time. docs/formats.md has the fields. */
#ifndef ANALYSIS_COMPARE_WRITE_H
#define ANALYSIS_COMPARE_WRITE_H

#include <stdio.h>

#include "analysis/compare_curves.h"

/* The caller owns it. */
cJSON *comparison_json(const struct comparison *c, const char *const names[2]);

/* One row a measure. */
void comparison_measures(FILE *out, const struct comparison *c);

/* Of the schemes that both runs have, from their time series. False with `e` set if one lacks a column. */
bool comparison_series(FILE *out, const struct comparison *c, const char *const names[2],
                       const struct compare_tables runs[2], struct err *e);

#endif
