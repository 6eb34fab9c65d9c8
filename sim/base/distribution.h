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
#include "sim/base/simtime.h"

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
static inline int64_t distribution_draw(const struct distribution *d, struct rng *r);

/* The standard exponential and normal laws. */
static inline double draw_exponential(struct rng *r);
double draw_normal(struct rng *r);

/* Mean in seconds, ignoring truncation (what "rate x mean" checks need); infinite for a Pareto law of shape 1 or less. */
double distribution_mean(const struct distribution *d);

/* The value below which a share p of 100,000 draws of a fixed stream lies, in ns. */
int64_t distribution_quantile(const struct distribution *d, double p);

void distribution_clear(struct distribution *d); /* frees what it owns */

/* ---- what follows is here so that a stream can stay in registers from draw to
 * draw: what is rarely needed gets a copy of it ---- */

enum { ZIGGURAT_LAYERS = 256 };

struct ziggurat {
	struct {
		double unit;     /* x[i] * 2^-53 */
		uint64_t inside; /* a 53-bit draw below this lies under the curve */
	} layers[ZIGGURAT_LAYERS];
	double density[ZIGGURAT_LAYERS + 1]; /* at x[i] */
};
extern struct ziggurat exponential_ziggurat; /* read-only */

double draw_exponential_rest(struct rng *r, size_t layer, double x);
double distribution_draw_rest(const struct distribution *d, struct rng *r); /* seconds */

static inline double draw_exponential(struct rng *r)
{
	uint64_t word = rng_next(r);
	size_t i = word % ZIGGURAT_LAYERS;
	double x = (double)(int64_t)(word >> 11) * exponential_ziggurat.layers[i].unit;

	if (__builtin_expect(word >> 11 >= exponential_ziggurat.layers[i].inside, 0)) {
		struct rng copy = *r;

		x = draw_exponential_rest(&copy, i, x);
		*r = copy;
	}
	return x;
}

static inline int64_t distribution_draw(const struct distribution *d, struct rng *r)
{
	double ns;

	if (d->kind == DIST_EXPONENTIAL && d->max <= 0) {
		ns = d->mean * draw_exponential(r) * (double)NS_PER_S;
	} else {
		struct rng copy = *r;

		ns = distribution_draw_rest(d, &copy) * (double)NS_PER_S;
		*r = copy;
	}
	if (ns >= (double)NS_LONGEST)
		return NS_LONGEST;
	if (ns <= -(double)NS_LONGEST)
		return -NS_LONGEST;
	return (int64_t)(ns + (ns < 0 ? -0.5 : 0.5));
}

#endif
