/* law_fit - one law to a sample, and the choice among laws.
 *
 * Every law is fitted by maximum likelihood; intervals are 99%, from the
 * curvature of log L in the parameters' logarithms (the minimum of a Pareto law:
 * exact, one-sided, since no value lies below it). The law with the smallest
 *
 *	BIC = -2 log L + parameters x log(values)
 *
 * is taken, but one whose interval holds a simpler law of its own family is
 * reported as the simpler: gamma and Weibull with shape 1 are exponential; a
 * mixture whose parts may be equal is one part. A law whose intervals cannot
 * be told (a part has shrunk to a spike, or to nothing; a tail that nothing bounds) is not taken at all. */
#ifndef TRAFFIC_LAW_FIT_H
#define TRAFFIC_LAW_FIT_H

#include "traffic/law.h"

struct law_fit {
	enum law law;
	double value[LAW_PARAMETERS];
	double low[LAW_PARAMETERS], high[LAW_PARAMETERS]; /* 99% interval; 0 and HUGE_VAL: not determined */
	double log_likelihood;
	double bic;
	double ks; /* largest distance to the data's own distribution (Kaplan and Meier's, where some are censored) */
	struct estimate estimate;
};

/* The sample must be settled and hold an exact value, a bounded range or a blurred one (of those alone ks is 0).
 * False if the law cannot have given it. */
bool law_fit(const struct sample *s, enum law law, struct law_fit *out);

/* The same law to a sample a little different, from where the fit is; its parameters alone. Only of samples without exact values. */
bool law_refit(const struct sample *s, struct law_fit *f);

/* The intervals, from f->estimate, of which the caller has altered the covariance. Of samples without exact values. */
void law_fit_intervals(struct law_fit *f);

/* A constant stands for a sample in which all values are equal or of which too few are known. */
#define LAW_FEWEST 8u

struct law_choice {
	struct law_fit fits[LAW_COUNT]; /* that could be fitted, best BIC first: another than fits[0] is chosen only as the simpler law that it holds */
	size_t count;                   /* 0: constant */
	size_t chosen;                  /* index into fits */
	double constant;                /* count == 0: the mean of what is known */
	double values, censored;        /* how many */
};

#define LAWS_ALL ((1u << LAW_COUNT) - 1)

/* Tries the laws of the mask (1 << enum law). */
void law_choose(const struct sample *s, unsigned mask, struct law_choice *out);

/* Chooses the simpler law that the interval of the chosen one holds; false if it holds none. */
bool law_choice_simplify(struct law_choice *c);

/* What a run draws from; the caller clears it. */
void law_choice_distribution(const struct law_choice *c, struct distribution *out);

/* Kaplan and Meier's estimate of P(X > x), at most `most` points of it, evenly
 * spread over its logarithms; returns how many. */
struct survival_point {
	double x, survival;
};
size_t survival_curve(const struct sample *s, struct survival_point *out, size_t most);

#endif
