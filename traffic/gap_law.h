/* gap_law - laws of gaps in units of their mean, as host_fit.c fits them. gap[] holds
 *
 *	gamma, Weibull, Pareto   shape (Pareto's above 1: the mean is 1)
 *	lognormal                sigma
 *	two exponentials         share of the shorter, ratio of the means
 *	two lognormals           share of the shorter, its sigma, the other's, ratio of the medians */
#ifndef TRAFFIC_GAP_LAW_H
#define TRAFFIC_GAP_LAW_H

#include "traffic/law.h"

#define GAP_PARAMETERS 4

struct gap_parameter {
	const char *name;
	enum { GAP_POSITIVE, GAP_SHARE, GAP_ABOVE_1 } range;
};

/* Those of a law, ended by a NULL name. */
extern const struct gap_parameter gap_parameters[LAW_COUNT][GAP_PARAMETERS + 1];
size_t gap_parameter_count(enum law law);

/* Between them and the parameters of a climb (likelihood.h). */
double gap_value(const struct gap_parameter *p, double free);
void gap_free_start(enum law law, size_t which, double *free); /* where to start */
size_t gap_starts(enum law law);                               /* from how many places */
void gap_free_order(enum law law, double *free);               /* the shorter part first */
bool gap_possible(enum law law, const double *gap);

/* The same law as law.h has it. */
void gap_law_value(enum law law, const double *gap, double *value);

double gap_survival(enum law law, const double *gap, double x); /* P(gap > x) */

/* E max(0, gap - x): the chance that nothing happens in a time x begun at random. */
double gap_silence(enum law law, const double *gap, double x);

#endif
