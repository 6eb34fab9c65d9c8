/* distribution - laws of durations, and how to draw from them.
 *
 * Draws call no C library function (see fp.h), so the same stream gives the
 * same values on every processor. */
#ifndef SIM_BASE_DISTRIBUTION_H
#define SIM_BASE_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/rng.h"

enum distribution_kind {
	DIST_CONSTANT,    /* value */
	DIST_EXPONENTIAL, /* mean */
	DIST_UNIFORM,     /* low .. high, or centre 0 and half_width */
	DIST_LOGNORMAL,   /* median, sigma */
	DIST_WEIBULL,     /* shape, scale */
	DIST_PARETO,      /* shape > 1, mean; or shape, minimum */
	DIST_GAMMA,       /* shape, mean */
	DIST_EMPIRICAL,   /* values, equally likely */
	DIST_MIXTURE,     /* parts, each with a weight */
	DIST_KINDS,
};
extern const char *const distribution_name[DIST_KINDS + 1]; /* ended by NULL */

struct distribution {
	enum distribution_kind kind;
	double value;      /* seconds: constant */
	double mean;       /* seconds */
	double low, high;  /* seconds: uniform; half_width w is low = -w, high = w */
	double median;     /* seconds */
	double sigma;
	double shape;
	double scale;      /* seconds: weibull */
	double minimum;    /* seconds: pareto; 0: it follows from the mean */
	double max;        /* seconds: values above are drawn again; 0: not truncated */
	double *values;    /* seconds, empirical; owned */
	size_t value_count;
	struct distribution *parts; /* mixture; owned, as are their own */
	double *weights;            /* cumulative, the last is 1; owned */
	size_t part_count;
};

/* A value in nanoseconds; never beyond +-NS_LONGEST. A truncated law is drawn
 * again until it fits, at most 1000 times, then `max` itself is given. */
int64_t distribution_draw(const struct distribution *d, struct rng *r);

/* The standard exponential and normal laws. */
double draw_exponential(struct rng *r);
double draw_normal(struct rng *r);

/* Mean in seconds, ignoring truncation (what "rate x mean" checks need); infinite for a Pareto law of shape 1 or less. */
double distribution_mean(const struct distribution *d);

/* The value below which a share p of 100,000 draws of a fixed stream lies, in ns. */
int64_t distribution_quantile(const struct distribution *d, double p);

void distribution_clear(struct distribution *d); /* frees what it owns */

#endif
