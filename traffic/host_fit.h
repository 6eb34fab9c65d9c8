/* host_fit - how often hosts do something, how that differs from host to host,
 * and how evenly each spaces it.
 *
 * A host does it at a rate of its own, and the gaps between are independent
 * draws, in units of the host's mean gap, from a law of mean 1. The gaps' law is
 * found by the likelihood of all hosts' gaps with each host's rate integrated
 * out: fitting gaps alone would take differences between hosts for burstiness, and counts alone
 * burstiness for differences. The law of the rates is then found from how likely what each host
 * did is at each rate (a blurred value: law.h). The time after a
 * host's last is censored, not left out. Where all hosts are known, also those that did nothing, the time before a
 * host's first counts too; a captured host is known because it did something, and
 * is looked at from its first time on.
 *
 * Rates: equal, or any law of law.h. Gaps: any but two of one law. The choice is by BIC as in law_fit.h;
 * first the gaps', with rates that follow a gamma law, then the rates'.
 *
 * The mean rate of bursts within pauses hangs on pauses longer than the capture, which
 * nobody saw. Where the fitted mean is more than HOST_FIT_ABOVE times what was counted, or HOST_FIT_BELOW times
 * below what hosts did from their first time on, it is tied to what was counted, and both laws are found again with that.
 */
#ifndef TRAFFIC_HOST_FIT_H
#define TRAFFIC_HOST_FIT_H

#include "traffic/gap_law.h"
#include "traffic/law_fit.h"

#define HOST_FIT_ABOVE 1.5
#define HOST_FIT_BELOW 2.0 /* bursts may put so much more into the time from the first on */

struct host_times {
	const double *at_s;  /* ascending, within 0 .. span_s */
	size_t count;        /* may be 0 */
	double span_s;
};

struct host_fit {
	struct law_choice rates;    /* a day; count 0: equal, the constant */
	double equal_low, equal_high; /* 99% of the constant */
	double measured;            /* a day and host: all that was counted */
	double fitted_mean;         /* a day and host: the mean of the rates' law */
	double gamma_mean;          /* the same if the rates followed a gamma law */
	bool tied;                  /* the mean was set to what was measured */
	enum law gaps;
	double gap[GAP_PARAMETERS], gap_low[GAP_PARAMETERS], gap_high[GAP_PARAMETERS]; /* gap_law.h */
	double log_likelihood, bic; /* of the gaps' law */
	double ks;                  /* of gaps in units of each host's most likely mean */
	struct sample scaled;       /* those gaps; owned */
	size_t hosts;               /* that count */
	bool fitted;                /* false: too few times; the rate is what was measured, equal for all, gaps exponential */
};

/* all_known: hosts with no times say that nothing happened; else they are left
 * out. Of hosts with many gaps some are taken, evenly. The caller clears `out`. */
void host_fit(const struct host_times *hosts, size_t count, bool all_known, struct host_fit *out);
void host_fit_clear(struct host_fit *f);

/* Laws that can be drawn from: rates per day; gaps of mean 1. The caller clears them. */
void host_fit_rates(const struct host_fit *f, struct distribution *out);
void host_fit_gaps(const struct host_fit *f, struct distribution *out);

double host_fit_rate_survival(const struct host_fit *f, double a_day); /* P(rate > a_day) */
double host_fit_gap_survival(const struct host_fit *f, double x);      /* P(gap > x) of mean 1 */

#endif
