/* gap_law - laws of gaps in units of their mean, as host_fit.c fits them: gap[0] is
 * the shape or sigma; of two exponentials the share of the shorter, and gap[1] the
 * ratio of their means. */
#ifndef TRAFFIC_GAP_LAW_H
#define TRAFFIC_GAP_LAW_H

#include "traffic/law.h"

/* Means of the two exponentials. */
void gap_means(const double *gap, double *shorter, double *longer);
double gap_weibull_scale(double shape);

double gap_survival(enum law law, const double *gap, double x); /* P(gap > x) */

/* E max(0, gap - x): the chance that nothing happens in a time x begun at random. */
double gap_silence(enum law law, const double *gap, double x);

#endif
