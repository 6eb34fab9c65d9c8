/* summary - a run's measures under the names of the results (docs/measures.md),
 * as JSON. */
#ifndef ANALYSIS_SUMMARY_H
#define ANALYSIS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "analysis/measures.h"

struct result_scheme {
	const char *name, *type;
	const char *log_format;            /* "none" if there is no log */
	bool        behind_cpe;
	const struct measures *measures;   /* one a replication */
};

#define RESULT_ALL SIZE_MAX

struct result_warning {
	size_t scheme;                     /* whose, by index; RESULT_ALL: the run's */
	char *text;
};

struct result_run {
	const char *scenario, *description;
	uint64_t seed;
	uint32_t replications, subscribers;
	int64_t  warmup_ns, duration_ns, interval_ns;
	bool     tails;                    /* false: the capture is too short for quantiles above 0.9 */
	const struct result_scheme *schemes;
	size_t   scheme_count;
	const struct result_warning *warnings;
	size_t   warning_count;
};

/* summary.json. The caller owns it. */
cJSON *summary_json(const struct result_run *run);

/* One scheme in one replication: "ports", "log", "ambiguity", "packets" as in summary.json. The caller owns it. */
cJSON *summary_scheme(const struct result_run *run, const struct result_scheme *scheme, uint32_t replication);

/* The busier of TCP and UDP: the protocol of the headline figures. */
enum protocol summary_headline(const struct measures *m);

/* Means over the window. */
double summary_active_mean(const struct measures *m, enum protocol p);
double summary_reserved_mean(const struct measures *m, enum protocol p);

/* Reserved numbers at a sample. */
uint64_t summary_reserved_at(const struct measures *m, const struct usage_sample *s, enum protocol p);

/* The smallest level at or below which a share q of the histogram lies. */
uint32_t histogram_quantile(const uint64_t *histogram, uint32_t levels, double q);

#endif
