/* host_likelihood - how likely what hosts did is under a law of their gaps: of each host, as a
 * function of its rate, and of all, with rates that are equal or follow a gamma law, each
 * host's rate integrated out. Used by host_fit.c and host_rates.c alone. */
#ifndef TRAFFIC_HOST_LIKELIHOOD_H
#define TRAFFIC_HOST_LIKELIHOOD_H

#include <stdbool.h>
#include <stddef.h>

#include "traffic/gap_law.h"
#include "traffic/host_fit.h"

/* A host's gaps, or every k-th of them, and the sums that most laws need of them. */
struct host {
	const double *gap_s, *log_gap;  /* in the arrays of the task */
	size_t gaps;
	double before_s, after_s; /* to the first time, from the last; 0 times: before_s is the whole span */
	double weight;            /* of those two, where gaps were left out: as of the gaps */
	bool silent;
	double sum, sum_log, sum_log2, least;
};

struct host_task {
	struct host *hosts;
	double *gaps_s, *log_gaps;
	size_t count, gaps;
	bool all_known;      /* else a host is known because it did something */
	enum law law;        /* of the gaps */
	bool alike;          /* hosts' rates are equal; else they follow a gamma law */
	bool tied;           /* the mean rate is not free */
	double tied_log_rate;
	/* The rest depends on the parameters at hand. */
	double *peak;        /* by host: where its likelihood peaks over log rate, from the last time */
	double *power;       /* by host: sum of gaps^shape (Weibull) */
	double log_rate, shape, gap[GAP_PARAMETERS];
	double value[LAW_PARAMETERS]; /* the gaps' law as law.h has it */
	double gap_constant, prior_constant; /* what of a gamma density no value changes: of gaps, of rates */
};

/* Of all hosts that count; of more than hosts_most evenly chosen ones, and of each
 * evenly chosen gaps, as many as let all have gaps_most. Every host keeps as many as the others if it has them:
 * it is busy hosts that are thinned, not the crowd. */
void host_task_fill(struct host_task *t, const struct host_times *hosts, size_t count, bool all_known, size_t hosts_most,
                    size_t gaps_most);
void host_task_clear(struct host_task *t);

/* Parameters of the climb before those of the gaps. */
size_t host_task_rate_parameters(const struct host_task *t);

/* At the parameters `free`, which may be any numbers: log rate (a second) unless it is tied, log shape of the rates if they
 * differ, then those of the gaps; -HUGE_VAL where a law is beyond its bounds. The context is a struct
 * host_task, which takes on the parameters. */
double host_task_log_likelihood(const void *context, const double *free);

/* Takes on the parameters of the gaps alone; false beyond their bounds. */
bool host_task_set_gaps(struct host_task *t, const double *free);

/* log likelihood of all that one host did, at a rate. */
double host_log_likelihood(const struct host_task *t, size_t i, double log_rate);

/* The least log rate at which it is possible: Pareto gaps are never shorter than a share of their mean. */
double host_edge(const struct host_task *t, size_t i);

/* Where its likelihood peaks, rates apart, and how wide the peak is. A silent host's has none: then where it begins to fall. */
double host_peak(struct host_task *t, size_t i, double *width);

#endif
