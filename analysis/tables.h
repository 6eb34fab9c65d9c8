/* tables - a run's CSV files (docs/formats.md): tidy rows, one header line, RFC 4180. */
#ifndef ANALYSIS_TABLES_H
#define ANALYSIS_TABLES_H

#include <stdbool.h>

#include "analysis/summary.h"
#include "sim/base/err.h"

/* Writes timeseries.csv, subscribers.csv, ambiguity.csv, log.csv and
 * replications.csv into `directory`, and from eight schemes on trade.csv. `summary` is summary_json(run). False with
 * `e` set if one cannot be written. */
bool tables_write(const char *directory, const struct result_run *run, const cJSON *summary, struct err *e);

#endif
