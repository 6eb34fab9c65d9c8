/* host_likelihood - how likely what hosts did is under a law of their gaps and one of
 * their rates: each host's rate integrated out. Used by host_fit.c alone. */
#ifndef TRAFFIC_HOST_LIKELIHOOD_H
#define TRAFFIC_HOST_LIKELIHOOD_H

#include <stdbool.h>
#include <stddef.h>

#include "traffic/host_fit.h"

/* A host's gaps, and the sums that most laws need of them. */
struct host {
	const double *gap_s;  /* the gaps_s array of the task */
	size_t gaps;
	double before_s, after_s; /* to the first time, from the last; 0 times: before_s is the whole span */
	bool silent;
	double sum, sum_log, sum_log2;
};

struct host_task {
	struct host *hosts;
	double *gaps_s;
	size_t count, gaps;
	enum spread spread;
	enum law law;
	bool all_known;               /* else a host is known because it did something */
	/* The rest depends on the parameters at hand. */
	double *peak;        /* by host: where its likelihood peaks over log rate, from the last time */
	double *power;       /* by host: sum of gaps^shape (Weibull) */
	double log_rate, shape, gap[2];
};

size_t host_gap_parameters(enum law law); /* how many of gap[] it has */

/* At the parameters `free`, which may be any numbers: log rate, log shape of the rates if they differ, then
 * those of the gaps; -HUGE_VAL where a law is beyond its bounds. The context is a struct host_task, which
 * takes on the parameters. */
double host_task_log_likelihood(const void *context, const double *free);

#endif
