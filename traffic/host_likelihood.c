#include "traffic/host_likelihood.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>

#include "traffic/gap_law.h"

#define NEAR 0.5         /* of a peak's width: close enough to step out from */
#define STEP_MOST 0.7    /* of the sum over log rate; the error is below exp(-10 / 0.7) */
#define STEPS_MOST 400
#define DEPTH 15         /* below the peak's logarithm, where nothing is left to add */
#define LOG_SQRT_2PI 0.91893853320467274178

static double two_exponential_gaps(const struct host *h, const double *gap, double rate)
{
	double a, b, at_a, at_b, faster, sum = 0;

	gap_means(gap, &a, &b);
	at_a = gap[0] / a;
	at_b = (1 - gap[0]) / b;
	faster = rate * (1 / a - 1 / b);
	for (size_t i = 0; i < h->gaps; i++)
		sum += log(at_a * exp(-faster * h->gap_s[i]) + at_b);
	return sum - rate / b * h->sum;
}

/* log density of a host's gaps, in units of its mean gap. */
static double gaps_log_density(const struct host_task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double n = (double)h->gaps, rate = exp(log_rate), k = t->gap[0];
	double z;

	switch (t->law) {
	case LAW_GAMMA:
		return n * (k * log(k) - gsl_sf_lngamma(k)) + (k - 1) * (h->sum_log + n * log_rate) - k * rate * h->sum;
	case LAW_WEIBULL:
		z = log(gap_weibull_scale(k));
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
static double host_log_likelihood(const struct host_task *t, size_t i, double log_rate)
{
	const struct host *h = &t->hosts[i];
	double rate = exp(log_rate);

	if (h->silent)
		return log(gap_silence(t->law, t->gap, rate * h->before_s));
	return gaps_log_density(t, i, log_rate) + (double)h->gaps * log_rate +
	       log(gap_survival(t->law, t->gap, rate * h->after_s)) +
	       (t->all_known ? log_rate + log(gap_survival(t->law, t->gap, rate * h->before_s)) : 0);
}

/* log density over log rate. */
static double prior(const struct host_task *t, double log_rate)
{
	double z = log_rate - t->log_rate;

	if (t->spread == SPREAD_GAMMA)
		return t->shape * (log(t->shape) + z - exp(z)) - gsl_sf_lngamma(t->shape);
	z /= t->shape;
	return -0.5 * z * z - log(t->shape) - LOG_SQRT_2PI;
}

static double integrand(const struct host_task *t, size_t i, double log_rate)
{
	return host_log_likelihood(t, i, log_rate) + prior(t, log_rate);
}

/* Newton's way to the peak, from where it was last, each step halved until it
 * leads up; returns the peak's width. Where a rate is so high that what was seen
 * is impossible to the last bit, the way is down. */
static double find_peak(const struct host_task *t, size_t i, double *peak)
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
static double walk(const struct host_task *t, size_t i, double peak, double step, double top)
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
static double host_integral(const struct host_task *t, size_t i)
{
	double step, top;

	if (t->spread == SPREAD_EQUAL)
		return host_log_likelihood(t, i, t->log_rate);
	step = fmin(find_peak(t, i, &t->peak[i]), STEP_MOST);
	top = integrand(t, i, t->peak[i]);
	return top + log((1 + walk(t, i, t->peak[i], step, top) + walk(t, i, t->peak[i], -step, top)) * step);
}

size_t host_gap_parameters(enum law law)
{
	return law == LAW_EXPONENTIAL ? 0 : law == LAW_TWO_EXPONENTIAL ? 2 : 1;
}

/* The ratio of two means is above 1, a share between 0 and 1, all others positive. */
static void take_parameters(struct host_task *t, const double *free)
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

static bool possible(const struct host_task *t)
{
	if (t->spread == SPREAD_GAMMA && (t->shape < 0.02 || t->shape > 1e4))
		return false;
	if (t->spread == SPREAD_LOGNORMAL && (t->shape < 0.01 || t->shape > 6))
		return false;
	if (t->law == LAW_TWO_EXPONENTIAL)
		return t->gap[0] > 0.005 && t->gap[0] < 0.995 && t->gap[1] < 1e7;
	return t->law == LAW_EXPONENTIAL || (t->gap[0] > 0.05 && t->gap[0] < 50);
}

double host_task_log_likelihood(const void *context, const double *free)
{
	/* The peaks and powers kept in it are scratch. */
	struct host_task *t = (struct host_task *)(size_t)context;
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
