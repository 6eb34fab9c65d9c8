#include "traffic/host_fit.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define SECONDS_PER_DAY 86400.0
#define NEAR 0.5         /* of a peak's width: close enough to step out from */
#define STEP_MOST 0.7    /* of the sum over log rate; the error is below exp(-10 / 0.7) */
#define STEPS_MOST 400
#define DEPTH 15         /* below the peak's logarithm, where nothing is left to add */
#define GAPS_MOST 20000
#define HOSTS_MOST 1000
#define GAP_LEAST_S 1e-6  /* what most captures can tell apart; two at one moment are half of it apart */
#define LOG_SQRT_2PI 0.91893853320467274178

const char *const spread_name[SPREAD_COUNT] = {
	[SPREAD_EQUAL] = "constant", [SPREAD_GAMMA] = "gamma", [SPREAD_LOGNORMAL] = "lognormal",
};

/* A host's gaps, and the sums that most laws need of them. */
struct host {
	const double *gap_s;  /* the gaps_s array of the task */
	size_t gaps;
	double before_s, after_s; /* to the first time, from the last; 0 times: before_s is the whole span */
	bool silent;
	double sum, sum_log, sum_log2;
};

struct task {
	struct host *hosts;
	double *gaps_s;
	size_t count, gaps;
	enum spread spread;
	enum law law;
	bool all_known;               /* else a host is known because it did something */
	/* The rest depends on the parameters at hand. */
	double *peak;        /* by host: where its likelihood peaks over log rate, from the last time */
	double *power;       /* by host: sum of gaps^shape (Weibull) */
	double log_rate, shape, gap[2];
};

/* --- gaps of mean 1 ------------------------------------------------------ */

/* Means of the two exponentials. */
static void two_means(const double *gap, double *shorter, double *longer)
{
	*shorter = 1 / (gap[0] + (1 - gap[0]) * gap[1]);
	*longer = *shorter * gap[1];
}

static double weibull_scale(double shape)
{
	return 1 / gsl_sf_gamma(1 + 1 / shape);
}

static double gap_survival(enum law law, const double *gap, double x)
{
	double a, b;

	switch (law) {
	case LAW_GAMMA:
		return gsl_cdf_gamma_Q(x, gap[0], 1 / gap[0]);
	case LAW_WEIBULL:
		return exp(-pow(x / weibull_scale(gap[0]), gap[0]));
	case LAW_LOGNORMAL:
		return x > 0 ? gsl_cdf_ugaussian_Q(log(x) / gap[0] + gap[0] / 2) : 1;
	case LAW_TWO_EXPONENTIAL:
		two_means(gap, &a, &b);
		return gap[0] * exp(-x / a) + (1 - gap[0]) * exp(-x / b);
	default:
		return exp(-x);
	}
}

/* E max(0, gap - x): the chance that nothing happens in a time x begun at random. */
static double silence(enum law law, const double *gap, double x)
{
	double a, b;

	switch (law) {
	case LAW_GAMMA:
		return gsl_cdf_gamma_Q(x, gap[0] + 1, 1 / gap[0]) - x * gap_survival(law, gap, x);
	case LAW_WEIBULL:
		return gsl_cdf_gamma_Q(pow(x / weibull_scale(gap[0]), gap[0]), 1 + 1 / gap[0], 1) - x * gap_survival(law, gap, x);
	case LAW_LOGNORMAL:
		return gsl_cdf_ugaussian_Q(log(x) / gap[0] - gap[0] / 2) - x * gap_survival(law, gap, x);
	case LAW_TWO_EXPONENTIAL:
		two_means(gap, &a, &b);
		return gap[0] * a * exp(-x / a) + (1 - gap[0]) * b * exp(-x / b);
	default:
		return exp(-x);
	}
}

static double two_exponential_gaps(const struct host *h, const double *gap, double rate)
{
	double a, b, at_a, at_b, faster, sum = 0;

	two_means(gap, &a, &b);
	at_a = gap[0] / a;
	at_b = (1 - gap[0]) / b;
	faster = rate * (1 / a - 1 / b);
	for (size_t i = 0; i < h->gaps; i++)
		sum += log(at_a * exp(-faster * h->gap_s[i]) + at_b);
	return sum - rate / b * h->sum;
}

/* log density of a host's gaps, in units of its mean gap. */
static double gaps_log_density(const struct task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double n = (double)h->gaps, rate = exp(log_rate), k = t->gap[0];
	double z;

	switch (t->law) {
	case LAW_GAMMA:
		return n * (k * log(k) - gsl_sf_lngamma(k)) + (k - 1) * (h->sum_log + n * log_rate) - k * rate * h->sum;
	case LAW_WEIBULL:
		z = log(weibull_scale(k));
		return n * (log(k) - k * z) + (k - 1) * (h->sum_log + n * log_rate) - exp(k * (log_rate - z)) * t->power[i];
	case LAW_LOGNORMAL:
		z = log_rate + k * k / 2;
		return -n * (log(k) + LOG_SQRT_2PI) - h->sum_log - n * log_rate -
		       (h->sum_log2 + 2 * z * h->sum_log + n * z * z) / (2 * k * k);
	case LAW_TWO_EXPONENTIAL:
		return two_exponential_gaps(h, t->gap, rate);
	default:
		return -rate * h->sum;
	}
}

/* log likelihood of all that a host did, at a rate. The first gap began before the
 * watch did. Where only those are known that did something, what they did is
 * taken from the first time on: that there was one says nothing then. */
static double host_log_likelihood(const struct task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double rate = exp(log_rate);

	if (h->silent)
		return log(silence(t->law, t->gap, rate * h->before_s));
	return gaps_log_density(t, i, log_rate) + (double)h->gaps * log_rate +
	       log(gap_survival(t->law, t->gap, rate * h->after_s)) +
	       (t->all_known ? log_rate + log(gap_survival(t->law, t->gap, rate * h->before_s)) : 0);
}

/* --- rates that differ --------------------------------------------------- */

/* log density over log rate. */
static double prior(const struct task *t, double log_rate)
{
	double z = log_rate - t->log_rate;

	if (t->spread == SPREAD_GAMMA)
		return t->shape * (log(t->shape) + z - exp(z)) - gsl_sf_lngamma(t->shape);
	z /= t->shape;
	return -0.5 * z * z - log(t->shape) - LOG_SQRT_2PI;
}

static double integrand(const struct task *t, size_t i, double log_rate)
{
	return host_log_likelihood(t, i, log_rate) + prior(t, log_rate);
}

/* Newton's way to the peak, from where it was last, each step halved until it
 * leads up; returns the peak's width. Where a rate is so high that what was seen
 * is impossible to the last bit, the way is down. */
static double find_peak(const struct task *t, size_t i, double *peak)
{
	const double h = 0.03;
	double width = 1, here = integrand(t, i, *peak);

	for (int step = 0; step < 60; step++) {
		double up = integrand(t, i, *peak + h), down = integrand(t, i, *peak - h), next, by;
		double slope = (up - down) / (2 * h), bend = (2 * here - up - down) / (h * h);

		if (!isfinite(slope) || !isfinite(bend)) {
			*peak -= 1;
			here = integrand(t, i, *peak);
			continue;
		}
		width = bend > 1e-4 ? 1 / sqrt(bend) : 3;
		by = bend > 1e-4 ? slope / bend : slope > 0 ? 1 : -1;
		if (fabs(by) < NEAR * width)
			return width;
		by = fmax(-2, fmin(2, by));
		while (!((next = integrand(t, i, *peak + by)) > here) && fabs(by) > 1e-3)
			by /= 2;
		*peak += by;
		here = next;
	}
	return width;
}

/* From a peak one way, until nothing is left to add; relative to the peak. */
static double walk(const struct task *t, size_t i, double peak, double step, double top)
{
	double sum = 0;

	for (int k = 1; k < STEPS_MOST; k++) {
		double depth = integrand(t, i, peak + k * step) - top;

		if (!(depth > -DEPTH))
			break;
		sum += exp(depth);
	}
	return sum;
}

/* A sum in even steps: of a function like this, smooth and vanishing at both ends,
 * it is exact to many digits, wherever the steps begin. */
static double host_integral(const struct task *t, size_t i)
{
	double step, top;

	if (t->spread == SPREAD_EQUAL)
		return host_log_likelihood(t, i, t->log_rate);
	step = fmin(find_peak(t, i, &t->peak[i]), STEP_MOST);
	top = integrand(t, i, t->peak[i]);
	return top + log((1 + walk(t, i, t->peak[i], step, top) + walk(t, i, t->peak[i], -step, top)) * step);
}

/* --- the whole ----------------------------------------------------------- */

static size_t gap_parameters(enum law law)
{
	return law == LAW_EXPONENTIAL ? 0 : law == LAW_TWO_EXPONENTIAL ? 2 : 1;
}

/* The ratio of two means is above 1, a share between 0 and 1, all others positive. */
static void take_parameters(struct task *t, const double *free)
{
	t->log_rate = *free++;
	if (t->spread != SPREAD_EQUAL)
		t->shape = exp(*free++);
	if (t->law == LAW_TWO_EXPONENTIAL) {
		t->gap[0] = 1 / (1 + exp(-free[0]));
		t->gap[1] = 1 + exp(free[1]);
	} else if (t->law != LAW_EXPONENTIAL) {
		t->gap[0] = exp(free[0]);
	}
}

static bool possible(const struct task *t)
{
	if (t->spread == SPREAD_GAMMA && (t->shape < 0.02 || t->shape > 1e4))
		return false;
	if (t->spread == SPREAD_LOGNORMAL && (t->shape < 0.01 || t->shape > 6))
		return false;
	if (t->law == LAW_TWO_EXPONENTIAL)
		return t->gap[0] > 0.005 && t->gap[0] < 0.995 && t->gap[1] < 1e7;
	return t->law == LAW_EXPONENTIAL || (t->gap[0] > 0.05 && t->gap[0] < 50);
}

static double task_log_likelihood(const void *context, const double *free)
{
	/* The peaks and powers kept in it are scratch. */
	struct task *t = (struct task *)(size_t)context;
	double sum = 0;

	take_parameters(t, free);
	if (!possible(t))
		return -HUGE_VAL;
	for (size_t i = 0; i < t->count; i++) {
		if (t->law == LAW_WEIBULL) {
			t->power[i] = 0;
			for (size_t g = 0; g < t->hosts[i].gaps; g++)
				t->power[i] += pow(t->hosts[i].gap_s[g], t->gap[0]);
		}
		sum += host_integral(t, i);
	}
	return sum;
}

static void begin(struct task *t, double rate, double *free)
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
static bool attempt(struct task *t, double rate, struct attempt *a)
{
	size_t more = gap_parameters(a->law);

	t->spread = a->spread;
	t->law = a->law;
	a->e = (struct estimate){ .count = 1 + more + (a->spread == SPREAD_EQUAL ? 0 : 1) };
	begin(t, rate, a->e.free);
	if (!likelihood_climb(task_log_likelihood, t, 0.4, 600, &a->e))
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

static void curve(struct task *t, struct attempt *a)
{
	t->spread = a->spread;
	t->law = a->law;
	likelihood_curvature(task_log_likelihood, t, &a->e);
}

/* The gaps' law, then the rates'. */
static bool choose(struct task *t, double rate, struct attempt *best)
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

static void report(const struct task *t, const struct estimate *e, struct host_fit *out)
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
	for (size_t i = 0; i < gap_parameters(t->law); i++, at++) {
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
static void scale(const struct task *t, struct host_fit *out)
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

static void add_host(struct task *t, const struct host_times *times, double span_s)
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
static void task_fill(struct task *t, const struct host_times *hosts, size_t count, size_t times, double span_s)
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
	struct task t = { .all_known = all_known };
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
		out->log_likelihood = task_log_likelihood(&t, best.e.free); /* and with it the peaks */
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
		value[1] = weibull_scale(f->gap[0]);
		break;
	case LAW_LOGNORMAL:
		value[0] = exp(-f->gap[0] * f->gap[0] / 2);
		value[1] = f->gap[0];
		break;
	case LAW_TWO_EXPONENTIAL:
		two_means(f->gap, &value[1], &value[2]);
		break;
	case LAW_EXPONENTIAL:
		value[0] = 1;
		break;
	default:
		break;
	}
	law_distribution(&law_types[f->gaps], value, out);
}
