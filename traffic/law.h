/* law - samples of positive numbers, and the laws that may lie behind them.
 *
 * A sample holds exact values, values known only to lie in (low, high] (a count
 * k is one in (k - 1, k]), values known only to be above `low` (censored:
 * the capture ended first), and values that were not seen at all but through what they did (blurred: a
 * host's rate). A law gives the likelihood of all four. */
#ifndef TRAFFIC_LAW_H
#define TRAFFIC_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/distribution.h"
#include "traffic/likelihood.h"

struct sample_range {
	double low, high; /* high is HUGE_VAL: censored */
	double weight;    /* how many of them */
};

/* How likely what was seen is with the value between two edges, cell after cell, relative to the likeliest
 * of them; with a value in no cell it is impossible. */
struct sample_blur {
	uint32_t *edge;      /* places among the sample's edges, cells + 1 of them, ascending; owned */
	double *likelihood;  /* owned */
	size_t cells;
	double middle;       /* the likeliest value, or thereabouts */
};

struct sample {
	double *x, *log_x;            /* exact values; owned; sorted by sample_settle() */
	struct sample_range *ranges;  /* owned; sorted, equal ones merged */
	size_t exact, range_count, room, range_room;
	struct sample_blur *blurs;    /* owned, as are the edges; given before sample_settle() */
	double *edges;                /* ascending, the first is 0 */
	size_t blur_count, edge_count;
	double blur_log;              /* log likelihood of the blurred values at their likeliest cells */
	/* From here on set by sample_settle(). */
	double count;                 /* of everything */
	double sum, sum_log, sum_log2; /* over exact values */
	double censored;              /* how many are */
};

/* low == high: an exact value, above 0. */
void sample_add(struct sample *s, double low, double high);

/* Keeps every k-th value, in the order they were added, so that at most `most`
 * are left; then makes the sums. To be called once, after the last addition. */
void sample_settle(struct sample *s, size_t most);
void sample_clear(struct sample *s);

enum law {
	LAW_EXPONENTIAL,     /* mean */
	LAW_GAMMA,           /* shape, mean */
	LAW_WEIBULL,         /* shape, scale */
	LAW_LOGNORMAL,       /* median, sigma */
	LAW_PARETO,          /* minimum, shape */
	LAW_TWO_EXPONENTIAL, /* share, mean, share's complement's mean */
	LAW_TWO_LOGNORMAL,   /* share, median, sigma, and the other's */
	LAW_COUNT,
};
#define LAW_PARAMETERS 5

struct law_parameter {
	const char *name;
	bool share;          /* 0 .. 1; else positive */
	bool scale;          /* it grows with the values */
};

struct law_type {
	const char *name;
	enum distribution_kind kind;  /* of the law, or of a mixture's parts */
	size_t parts;
	struct law_parameter parameters[LAW_PARAMETERS];
	size_t count;
	double (*log_likelihood)(const struct sample *s, const double *value);
	double (*survival)(const double *value, double x); /* P(X > x), x >= 0 */
	/* Where to start; how many different starts there are. */
	size_t starts;
	void (*start)(const struct sample *s, size_t which, double *value);
};

extern const struct law_type law_types[LAW_COUNT];

/* Between a law's own parameters and those of a climb (likelihood.h). */
void law_free(const struct law_type *t, const double *value, double *free);
void law_value(const struct law_type *t, const double *free, double *value);

/* The same as a distribution that can be drawn from; the caller clears it. */
void law_distribution(const struct law_type *t, const double *value, struct distribution *out);

#endif
