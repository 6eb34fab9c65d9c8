/* host_fit - how often hosts do something, how that differs from host to host,
 * and how evenly each spaces it.
 *
 * A host does it at a rate of its own, and the gaps between are independent
 * draws, in units of the host's mean gap, from a law of mean 1. Both laws are
 * found together, by the likelihood of all hosts' gaps with each host's rate
 * integrated out: fitting gaps alone would take differences between hosts for burstiness, and counts alone
 * burstiness for differences. The time after a host's last is censored, not left
 * out. Where all hosts are known, also those that did nothing, the time before a
 * host's first counts too; a captured host is known because it did something, and
 * is looked at from its first time on.
 *
 * Rates: equal, gamma or lognormal. Gaps: exponential, gamma, Weibull, lognormal,
 * or of two exponentials. The choice is by BIC as in law_fit.h; first the gaps',
 * with rates that follow a gamma law, then the rates'. */
#ifndef TRAFFIC_HOST_FIT_H
#define TRAFFIC_HOST_FIT_H

#include "traffic/law_fit.h"

struct host_times {
	const double *at_s;  /* ascending, within 0 .. span_s */
	size_t count;        /* may be 0 */
};

enum spread { SPREAD_EQUAL, SPREAD_GAMMA, SPREAD_LOGNORMAL, SPREAD_COUNT };
extern const char *const spread_name[SPREAD_COUNT]; /* "constant", "gamma", "lognormal" */

#define HOST_PARAMETERS 4

struct host_fit {
	enum spread spread;
	enum law gaps;              /* of those above */
	double rate;                /* per second: mean, or median of a lognormal law */
	double rate_low, rate_high;
	double shape, shape_low, shape_high;  /* of a gamma law; sigma of a lognormal one */
	double gap[2], gap_low[2], gap_high[2]; /* shape or sigma; two exponentials: share of the shorter, ratio of the means */
	double log_likelihood, bic;
	double ks;                  /* of gaps in units of each host's most likely mean */
	struct sample scaled;       /* those gaps; owned */
	size_t hosts;               /* that count */
	bool fitted;                /* false: too few times; rate is the mean, equal for all, gaps exponential */
};

/* all_known: hosts with no times say that nothing happened; else they are left
 * out. Hosts beyond some thousands of times are thinned evenly. The caller clears `out`. */
void host_fit(const struct host_times *hosts, size_t count, double span_s, bool all_known, struct host_fit *out);
void host_fit_clear(struct host_fit *f);

/* Laws that can be drawn from: rates per day; gaps of mean 1. The caller clears them. */
void host_fit_rates(const struct host_fit *f, struct distribution *out);
void host_fit_gaps(const struct host_fit *f, struct distribution *out);

/* P(gap > x) of mean 1. */
double host_fit_gap_survival(const struct host_fit *f, double x);

#endif
