/* likelihood - the greatest likelihood of a few parameters, and how sure they are.
 *
 * Parameters are free real numbers here: a positive parameter comes as its
 * logarithm, a share as its logit, so that no step leaves the range and the
 * intervals, which are taken where the likelihood looks like a parabola, are
 * those of the logarithm.
 *
 * Results go through GSL and the C library: equal to some ten digits on all
 * processors, not to the last bit. What is fitted is an input of a run, never
 * its result. */
#ifndef TRAFFIC_LIKELIHOOD_H
#define TRAFFIC_LIKELIHOOD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define LIKELIHOOD_MOST 6     /* parameters */
#define LIKELIHOOD_Z99 2.5758293035489004 /* two-sided 99% of the normal law */

/* The logarithm of a product of many densities, with a logarithm for many of them. */
struct log_product {
	double log, rest;
};
#define LOG_PRODUCT_INIT { 0, 1 }

static inline void log_product_times(struct log_product *p, double density)
{
	p->rest *= density;
	if (!(p->rest > 1e-100 && p->rest < 1e100)) {
		p->log += log(p->rest);
		p->rest = 1;
	}
}

static inline double log_product_end(const struct log_product *p)
{
	return p->log + log(p->rest);
}

/* log L; -HUGE_VAL (or anything not finite) where the parameters are out of the question. */
typedef double log_likelihood(const void *context, const double *free);

struct estimate {
	size_t count;
	double free[LIKELIHOOD_MOST];
	double covariance[LIKELIHOOD_MOST][LIKELIHOOD_MOST];
	bool determined;      /* false: the likelihood is flat or at an edge, and covariance is 0 */
	double log_likelihood;
};

/* Climbs from `e->free` (e->count of them), by Nelder and Mead's simplex, in at
 * most `steps` steps; sets free and log_likelihood. False if no point of
 * the start is possible. */
bool likelihood_climb(log_likelihood *f, const void *context, double step, size_t steps, struct estimate *e);

/* The covariance, from the curvature at e->free. */
void likelihood_curvature(log_likelihood *f, const void *context, struct estimate *e);

/* Standard error of free[i], and of free[i] - free[j]. */
double estimate_error(const struct estimate *e, size_t i);
double estimate_error_of_difference(const struct estimate *e, size_t i, size_t j);

#endif
