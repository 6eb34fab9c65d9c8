#include "traffic/host_fit.h"

#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/gap_law.h"
#include "traffic/host_likelihood.h"

#define SECONDS_PER_DAY 86400.0
#define GAPS_MOST 20000
#define HOSTS_MOST 1000
#define GAP_LEAST_S 1e-6  /* what most captures can tell apart; two at one moment are half of it apart */

const char *const spread_name[SPREAD_COUNT] = {
	[SPREAD_EQUAL] = "constant", [SPREAD_GAMMA] = "gamma", [SPREAD_LOGNORMAL] = "lognormal",
};

static void begin(struct host_task *t, double rate, double *free)
{
	*free++ = log(rate);
	if (t->spread != SPREAD_EQUAL)
		*free++ = 0;
	free[0] = 0;
	free[1] = 1;
	for (size_t i = 0; i < t->count; i++) {
		const struct host *h = &t->hosts[i];

		t->peak[i] = log(((double)h->gaps + 0.5) / (h->sum + h->before_s + h->after_s));
	}
}

struct attempt {
	enum spread spread;
	enum law law;
	struct estimate e;
	double bic;
};

/* Gaps are weighed by their own number, differences between hosts by that of hosts. */
static bool attempt(struct host_task *t, double rate, struct attempt *a)
{
	size_t more = host_gap_parameters(a->law);

	t->spread = a->spread;
	t->law = a->law;
	a->e = (struct estimate){ .count = 1 + more + (a->spread == SPREAD_EQUAL ? 0 : 1) };
	begin(t, rate, a->e.free);
	if (!likelihood_climb(host_task_log_likelihood, t, 0.4, 600, &a->e))
		return false;
	a->bic = -2 * a->e.log_likelihood + (double)more * log((double)(t->gaps + 1)) +
	         (double)(a->e.count - more) * log((double)t->count);
	return true;
}

static double bound(const struct estimate *e, size_t i, int side)
{
	return e->free[i] + side * LIKELIHOOD_Z99 * estimate_error(e, i);
}

static bool holds_one(const struct estimate *e, size_t i)
{
	return e->determined && bound(e, i, -1) <= 0 && bound(e, i, 1) >= 0;
}

static void curve(struct host_task *t, struct attempt *a)
{
	t->spread = a->spread;
	t->law = a->law;
	likelihood_curvature(host_task_log_likelihood, t, &a->e);
}

/* The gaps' law, then the rates'. */
static bool choose(struct host_task *t, double rate, struct attempt *best)
{
	static const enum law laws[] = { LAW_EXPONENTIAL, LAW_GAMMA, LAW_WEIBULL, LAW_LOGNORMAL, LAW_TWO_EXPONENTIAL };
	struct attempt exponential = { 0 };
	enum law law;
	bool any = false;

	for (size_t i = 0; i < sizeof(laws) / sizeof(*laws); i++) {
		struct attempt a = { .spread = t->count > 1 ? SPREAD_GAMMA : SPREAD_EQUAL, .law = laws[i] };

		if (!attempt(t, rate, &a))
			continue;
		if (laws[i] == LAW_EXPONENTIAL)
			exponential = a;
		if (!any || a.bic < best->bic)
			*best = a;
		any = true;
	}
	if (!any)
		return false;
	curve(t, best);
	if ((best->law == LAW_GAMMA || best->law == LAW_WEIBULL) && exponential.e.count && holds_one(&best->e, best->e.count - 1))
		*best = exponential;
	law = best->law;
	for (int spread = 0; spread < SPREAD_COUNT && t->count > 1; spread++) {
		struct attempt a = { .spread = (enum spread)spread, .law = law };

		if (spread != SPREAD_GAMMA && attempt(t, rate, &a) && a.bic < best->bic)
			*best = a;
	}
	curve(t, best);
	return true;
}

static void report(const struct host_task *t, const struct estimate *e, struct host_fit *out)
{
	size_t at = 0;

	out->rate = exp(t->log_rate);
	out->rate_low = exp(bound(e, at, -1));
	out->rate_high = exp(bound(e, at++, 1));
	if (t->spread != SPREAD_EQUAL) {
		out->shape = t->shape;
		out->shape_low = exp(bound(e, at, -1));
		out->shape_high = exp(bound(e, at++, 1));
	}
	for (size_t i = 0; i < host_gap_parameters(t->law); i++, at++) {
		double low = exp(bound(e, at, -1)), high = exp(bound(e, at, 1));

		out->gap[i] = t->gap[i];
		if (t->law == LAW_TWO_EXPONENTIAL) {
			low = i ? 1 + low : low / (1 + low);
			high = i ? 1 + high : isfinite(high) ? high / (1 + high) : 1;
		}
		out->gap_low[i] = low;
		out->gap_high[i] = high;
	}
}

/* Gaps in units of their host's mean, as far as it is known. */
static void scale(const struct host_task *t, struct host_fit *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct host *h = &t->hosts[i];
		double rate = exp(t->spread == SPREAD_EQUAL ? t->log_rate : t->peak[i]);

		for (size_t g = 0; g < h->gaps; g++)
			sample_add(&out->scaled, h->gap_s[g] * rate, h->gap_s[g] * rate);
		if (!h->silent && h->after_s > 0)
			sample_add(&out->scaled, h->after_s * rate, HUGE_VAL);
	}
	sample_settle(&out->scaled, SIZE_MAX);
}

static double gaps_distance(const struct host_fit *f)
{
	struct survival_point *points = must_alloc(f->scaled.exact + 1, sizeof(*points));
	size_t count = survival_curve(&f->scaled, points, f->scaled.exact + 1);
	double largest = 0;

	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(points[i].survival - host_fit_gap_survival(f, points[i].x)));
	free(points);
	return largest;
}

static void add_host(struct host_task *t, const struct host_times *times, double span_s)
{
	struct host *h = &t->hosts[t->count++];

	*h = (struct host){ .gap_s = t->gaps_s + t->gaps, .silent = !times->count, .before_s = span_s };
	if (h->silent)
		return;
	h->gaps = times->count - 1;
	h->before_s = times->at_s[0];
	h->after_s = span_s - times->at_s[times->count - 1];
	for (size_t i = 0; i < h->gaps; i++) {
		double gap_s = times->at_s[i + 1] - times->at_s[i], log_gap;

		if (gap_s < GAP_LEAST_S)
			gap_s = GAP_LEAST_S / 2;
		log_gap = log(gap_s);
		t->gaps_s[t->gaps++] = gap_s;
		h->sum += gap_s;
		h->sum_log += log_gap;
		h->sum_log2 += log_gap * log_gap;
	}
}

/* Every k-th host, so that not too many hosts nor gaps are left. */
static void task_fill(struct host_task *t, const struct host_times *hosts, size_t count, size_t times, double span_s)
{
	size_t every = 1 + times / GAPS_MOST, taken = 0;

	if (every < (count + HOSTS_MOST - 1) / HOSTS_MOST)
		every = (count + HOSTS_MOST - 1) / HOSTS_MOST;
	t->hosts = must_alloc(count / every + 1, sizeof(*t->hosts));
	t->gaps_s = must_alloc(times, sizeof(*t->gaps_s));
	for (size_t i = 0; i < count; i++)
		if ((t->all_known || hosts[i].count) && taken++ % every == 0)
			add_host(t, &hosts[i], span_s);
	t->peak = must_alloc(t->count, sizeof(*t->peak));
	t->power = must_alloc(t->count, sizeof(*t->power));
}

void host_fit(const struct host_times *hosts, size_t count, double span_s, bool all_known, struct host_fit *out)
{
	struct host_task t = { .all_known = all_known };
	struct attempt best = { 0 };
	size_t times = 0, active = 0;

	for (size_t i = 0; i < count; i++) {
		times += hosts[i].count;
		active += all_known || hosts[i].count;
	}
	*out = (struct host_fit){ .gaps = LAW_EXPONENTIAL, .hosts = active };
	out->rate = active && span_s > 0 ? (double)times / ((double)active * span_s) : 0;
	out->rate_high = HUGE_VAL;
	task_fill(&t, hosts, count, times, span_s);
	t.log_rate = log(out->rate);
	if (t.gaps >= LAW_FEWEST && choose(&t, out->rate, &best)) {
		out->fitted = true;
		out->spread = best.spread;
		out->gaps = best.law;
		out->log_likelihood = host_task_log_likelihood(&t, best.e.free); /* and with it the peaks */
		out->bic = best.bic;
		report(&t, &best.e, out);
	}
	scale(&t, out);
	out->ks = gaps_distance(out);
	free(t.hosts);
	free(t.gaps_s);
	free(t.peak);
	free(t.power);
}

void host_fit_clear(struct host_fit *f)
{
	sample_clear(&f->scaled);
}

double host_fit_gap_survival(const struct host_fit *f, double x)
{
	return gap_survival(f->gaps, f->gap, x);
}

void host_fit_rates(const struct host_fit *f, struct distribution *out)
{
	double a_day = f->rate * SECONDS_PER_DAY;

	switch (f->spread) {
	case SPREAD_GAMMA:
		*out = (struct distribution){ .kind = DIST_GAMMA, .shape = f->shape, .mean = a_day };
		return;
	case SPREAD_LOGNORMAL:
		*out = (struct distribution){ .kind = DIST_LOGNORMAL, .median = a_day, .sigma = f->shape };
		return;
	default:
		*out = (struct distribution){ .kind = DIST_CONSTANT, .value = a_day };
	}
}

void host_fit_gaps(const struct host_fit *f, struct distribution *out)
{
	double value[LAW_PARAMETERS] = { f->gap[0], 1 };

	switch (f->gaps) {
	case LAW_WEIBULL:
		value[1] = gap_weibull_scale(f->gap[0]);
		break;
	case LAW_LOGNORMAL:
		value[0] = exp(-f->gap[0] * f->gap[0] / 2);
		value[1] = f->gap[0];
		break;
	case LAW_TWO_EXPONENTIAL:
		gap_means(f->gap, &value[1], &value[2]);
		break;
	case LAW_EXPONENTIAL:
		value[0] = 1;
		break;
	default:
		break;
	}
	law_distribution(&law_types[f->gaps], value, out);
}
