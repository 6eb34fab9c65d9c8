#include "traffic/host_likelihood.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define NEAR 0.5         /* of a peak's width: close enough to step out from */
#define STEP_MOST 0.7    /* of the sum over log rate; the error is below exp(-10 / 0.7) */
#define EDGE_STEP 0.15   /* of a width: a sum that begins with a jump is less exact */
#define STEPS_MOST 400
#define EDGE_STEPS_MOST 4000
#define DEPTH 15         /* below the peak's logarithm, where nothing is left to add */
#define LOG_SQRT_2PI 0.91893853320467274178
#define GAP_LEAST_S 1e-6 /* what most captures can tell apart; two at one moment are half of it apart */

/* --- what hosts did ------------------------------------------------------- */

/* Every host's gaps, but at most so many that all have `most`. */
static size_t gaps_each(const struct host_times *hosts, size_t count, size_t every, bool all_known, size_t most)
{
	size_t low = 1, high = most;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2, sum = 0, taken = 0;

		for (size_t i = 0; i < count; i++)
			if ((all_known || hosts[i].count) && taken++ % every == 0 && hosts[i].count)
				sum += hosts[i].count - 1 < middle ? hosts[i].count - 1 : middle;
		if (sum <= most)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

static void add_gap(struct host_task *t, struct host *h, double gap_s)
{
	double log_gap;

	if (gap_s < GAP_LEAST_S)
		gap_s = GAP_LEAST_S / 2;
	log_gap = log(gap_s);
	t->gaps_s[t->gaps] = gap_s;
	t->log_gaps[t->gaps++] = log_gap;
	h->gaps++;
	h->sum += gap_s;
	h->sum_log += log_gap;
	h->sum_log2 += log_gap * log_gap;
	h->least = fmin(h->least, gap_s);
}

static void add_host(struct host_task *t, const struct host_times *times, size_t gaps_most)
{
	struct host *h = &t->hosts[t->count++];
	size_t gaps = times->count ? times->count - 1 : 0, every = (gaps + gaps_most - 1) / gaps_most;

	*h = (struct host){ .gap_s = t->gaps_s + t->gaps, .log_gap = t->log_gaps + t->gaps, .silent = !times->count,
	                    .before_s = times->span_s, .weight = 1, .least = HUGE_VAL };
	if (h->silent)
		return;
	h->before_s = times->at_s[0];
	h->after_s = times->span_s - times->at_s[times->count - 1];
	for (size_t i = 0; i < gaps; i += every)
		add_gap(t, h, times->at_s[i + 1] - times->at_s[i]);
	h->weight = gaps ? (double)h->gaps / (double)gaps : 1;
}

void host_task_fill(struct host_task *t, const struct host_times *hosts, size_t count, bool all_known, size_t hosts_most,
                    size_t gaps_most)
{
	size_t active = 0, gaps = 0, every, each, taken = 0;

	for (size_t i = 0; i < count; i++)
		active += all_known || hosts[i].count;
	*t = (struct host_task){ .all_known = all_known, .law = LAW_EXPONENTIAL };
	every = active > hosts_most ? (active + hosts_most - 1) / hosts_most : 1;
	each = gaps_each(hosts, count, every, all_known, gaps_most);
	for (size_t i = 0; i < count; i++)
		gaps += hosts[i].count > each ? each + 1 : hosts[i].count;
	t->hosts = must_alloc(active / every + 1, sizeof(*t->hosts));
	t->gaps_s = must_alloc(gaps, sizeof(*t->gaps_s));
	t->log_gaps = must_alloc(gaps, sizeof(*t->log_gaps));
	for (size_t i = 0; i < count; i++)
		if ((all_known || hosts[i].count) && taken++ % every == 0)
			add_host(t, &hosts[i], each);
	t->peak = must_alloc(t->count, sizeof(*t->peak));
	t->power = must_alloc(t->count, sizeof(*t->power));
	for (size_t i = 0; i < t->count; i++) {
		const struct host *h = &t->hosts[i];

		t->peak[i] = log(((double)h->gaps + 0.5) / (h->sum + h->weight * (h->before_s + h->after_s)));
	}
}

void host_task_clear(struct host_task *t)
{
	free(t->hosts);
	free(t->gaps_s);
	free(t->log_gaps);
	free(t->peak);
	free(t->power);
	*t = (struct host_task){ 0 };
}

/* --- one host at one rate --------------------------------------------------- */

static double two_exponential_gaps(const struct host *h, const double *value, double rate)
{
	double at_a = value[0] / value[1], at_b = (1 - value[0]) / value[2], faster = rate * (1 / value[1] - 1 / value[2]);
	struct log_product all = LOG_PRODUCT_INIT;

	for (size_t i = 0; i < h->gaps; i++)
		log_product_times(&all, at_a * exp(-faster * h->gap_s[i]) + at_b);
	return log_product_end(&all) - rate / value[2] * h->sum;
}

/* Per logarithm of a gap. */
static double two_lognormal_gaps(const struct host *h, const double *value, double log_rate)
{
	double r1 = 1 / value[2], r2 = 1 / value[4], a = value[0] * r1, b = (1 - value[0]) * r2;
	double to1 = log_rate - log(value[1]), to2 = log_rate - log(value[3]);
	struct log_product all = LOG_PRODUCT_INIT;

	for (size_t i = 0; i < h->gaps; i++) {
		double z1 = (h->log_gap[i] + to1) * r1, z2 = (h->log_gap[i] + to2) * r2;

		log_product_times(&all, a * exp(-0.5 * z1 * z1) + b * exp(-0.5 * z2 * z2));
	}
	return log_product_end(&all) - (double)h->gaps * LOG_SQRT_2PI;
}

/* log density of a host's gaps, in units of its mean gap. */
static double gaps_log_density(const struct host_task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double n = (double)h->gaps, rate = exp(log_rate), k = t->gap[0];
	double z;

	switch (t->law) {
	case LAW_GAMMA:
		return n * t->gap_constant + (k - 1) * (h->sum_log + n * log_rate) - k * rate * h->sum;
	case LAW_WEIBULL:
		z = log(t->value[1]);
		return n * (log(k) - k * z) + (k - 1) * (h->sum_log + n * log_rate) - exp(k * (log_rate - z)) * t->power[i];
	case LAW_LOGNORMAL:
		z = log_rate + k * k / 2;
		return -n * (log(k) + LOG_SQRT_2PI) - h->sum_log - n * log_rate -
		       (h->sum_log2 + 2 * z * h->sum_log + n * z * z) / (2 * k * k);
	case LAW_PARETO:
		return log_rate < host_edge(t, i) ? -HUGE_VAL
		                                  : n * (log(k) + k * log(t->value[0])) - (k + 1) * (h->sum_log + n * log_rate);
	case LAW_TWO_EXPONENTIAL:
		return two_exponential_gaps(h, t->value, rate);
	case LAW_TWO_LOGNORMAL:
		return two_lognormal_gaps(h, t->value, log_rate) - h->sum_log - n * log_rate;
	default:
		return -rate * h->sum;
	}
}

double host_edge(const struct host_task *t, size_t i)
{
	return t->law == LAW_PARETO && t->hosts[i].gaps ? log(t->value[0] / t->hosts[i].least) : -HUGE_VAL;
}

/* The first gap began before the watch did. Where only those are known that did
 * something, what they did is taken from the first time on: that there was one says nothing then. */
double host_log_likelihood(const struct host_task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double rate = exp(log_rate), sum;

	if (h->silent)
		return log(gap_silence(t->law, t->gap, rate * h->before_s));
	sum = gaps_log_density(t, i, log_rate) + (double)h->gaps * log_rate +
	      h->weight * log(law_types[t->law].survival(t->value, rate * h->after_s));
	if (t->all_known)
		sum += h->weight * (log_rate + log(law_types[t->law].survival(t->value, rate * h->before_s)));
	return sum;
}

/* --- a host's rate integrated out ------------------------------------------- */

/* log density of a gamma law over log rate. */
static double prior(const struct host_task *t, double log_rate)
{
	double z = log_rate - t->log_rate;

	return t->prior_constant + t->shape * (z - exp(z));
}

static double with_prior(const struct host_task *t, size_t i, double log_rate)
{
	return host_log_likelihood(t, i, log_rate) + prior(t, log_rate);
}

/* Newton's way to the peak, from where it was last, each step halved until it
 * leads up; returns the peak's width. Where a rate is so high that what was seen
 * is impossible to the last bit, the way is down. */
static double find_peak(const struct host_task *t, size_t i, double (*f)(const struct host_task *, size_t, double), double *peak)
{
	const double h = 0.03;
	double width = 1, here = f(t, i, *peak);

	for (int step = 0; step < 60; step++) {
		double up = f(t, i, *peak + h), down = f(t, i, *peak - h), next, by;
		double slope = (up - down) / (2 * h), bend = (2 * here - up - down) / (h * h);

		if (!isfinite(slope) || !isfinite(bend)) {
			*peak -= 1;
			here = f(t, i, *peak);
			continue;
		}
		width = bend > 1e-4 ? 1 / sqrt(bend) : 3;
		by = bend > 1e-4 ? slope / bend : slope > 0 ? 1 : -1;
		if (fabs(by) < NEAR * width)
			return width;
		by = fmax(-2, fmin(2, by));
		while (!((next = f(t, i, *peak + by)) > here) && fabs(by) > 1e-3)
			by /= 2;
		*peak += by;
		here = next;
	}
	return width;
}

/* From a peak one way, until nothing is left to add; relative to the peak. */
static double walk(const struct host_task *t, size_t i, double peak, double step, double top)
{
	double sum = 0;

	for (int k = 1; k < STEPS_MOST; k++) {
		double depth = with_prior(t, i, peak + k * step) - top;

		if (!(depth > -DEPTH))
			break;
		sum += exp(depth);
	}
	return sum;
}

/* From an edge on, where the sum begins with a jump. */
static double edge_integral(const struct host_task *t, size_t i, double edge)
{
	double step = EDGE_STEP * fmin(1 / (t->gap[0] * (double)t->hosts[i].gaps), STEP_MOST), top = -HUGE_VAL, sum = 0;

	for (int k = 0; k < EDGE_STEPS_MOST; k++) {
		double at = with_prior(t, i, edge + (k ? k * step : 1e-9));

		if (at > top) {
			sum *= isfinite(top) ? exp(top - at) : 0;
			top = at;
		}
		if (!(at - top > -DEPTH) && k)
			break;
		sum += (k ? 1 : 0.5) * exp(at - top);
	}
	return top + log(sum * step);
}

/* A sum in even steps: of a function like this, smooth and vanishing at both ends,
 * it is exact to many digits, wherever the steps begin. */
static double host_integral(const struct host_task *t, size_t i)
{
	double step, top, edge = host_edge(t, i);

	if (t->alike)
		return host_log_likelihood(t, i, t->log_rate);
	if (isfinite(edge)) {
		t->peak[i] = edge + 1e-9;
		return edge_integral(t, i, edge);
	}
	step = fmin(find_peak(t, i, with_prior, &t->peak[i]), STEP_MOST);
	top = with_prior(t, i, t->peak[i]);
	return top + log((1 + walk(t, i, t->peak[i], step, top) + walk(t, i, t->peak[i], -step, top)) * step);
}

double host_peak(struct host_task *t, size_t i, double *width)
{
	const struct host *h = &t->hosts[i];
	double edge = host_edge(t, i);

	*width = 1;
	if (isfinite(edge)) {
		*width = 1 / (t->gap[0] * (double)h->gaps);
		return edge + 1e-9;
	}
	t->peak[i] = log(((double)h->gaps + 0.5) / (h->sum + h->weight * (h->before_s + h->after_s)));
	if (h->gaps || (t->all_known && !h->silent))
		*width = find_peak(t, i, host_log_likelihood, &t->peak[i]);
	return t->peak[i];
}

/* --- all hosts ---------------------------------------------------------------- */

size_t host_task_rate_parameters(const struct host_task *t)
{
	return (t->tied ? 0u : 1u) + (t->alike ? 0u : 1u);
}

static double gamma_constant(double shape)
{
	return shape * log(shape) - gsl_sf_lngamma(shape);
}

bool host_task_set_gaps(struct host_task *t, const double *free)
{
	for (size_t i = 0; i < gap_parameter_count(t->law); i++)
		t->gap[i] = gap_value(&gap_parameters[t->law][i], free[i]);
	if (!gap_possible(t->law, t->gap))
		return false;
	gap_law_value(t->law, t->gap, t->value);
	t->gap_constant = t->law == LAW_GAMMA ? gamma_constant(t->gap[0]) : 0;
	for (size_t i = 0; i < t->count && t->law == LAW_WEIBULL; i++) {
		t->power[i] = 0;
		for (size_t g = 0; g < t->hosts[i].gaps; g++)
			t->power[i] += exp(t->gap[0] * t->hosts[i].log_gap[g]);
	}
	return true;
}

double host_task_log_likelihood(const void *context, const double *free)
{
	/* The peaks and powers kept in it are scratch. */
	struct host_task *t = (struct host_task *)(size_t)context;
	double sum = 0;

	t->log_rate = t->tied ? t->tied_log_rate : *free++;
	t->shape = t->alike ? 0 : exp(*free++);
	if ((!t->alike && (t->shape < 0.02 || t->shape > 1e4)) || !host_task_set_gaps(t, free))
		return -HUGE_VAL;
	t->prior_constant = t->alike ? 0 : gamma_constant(t->shape);
	for (size_t i = 0; i < t->count; i++)
		sum += host_integral(t, i);
	return sum;
}
