/* The laws, one block each: likelihood, survival, where to start.
 *
 * Sums over exact values are made once (sample_settle), so that most laws cost
 * the same for any number of them; Weibull's and the mixtures go through all. */
#include "traffic/law.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

/* What the scenario's laws allow, with some room; beyond, a mixture would put a
 * spike on a value that happens to come twice. */
#define SHAPE_LEAST 0.05
#define SIGMA_LEAST 0.05
#define SIGMA_MOST 10
#define SHARE_LEAST 0.005
#define LOG_SQRT_2PI 0.91893853320467274178

/* Of values that are seen through a blur: each cell by the law's share in it. */
static double blurs_log_likelihood(const struct sample *s, double (*survival)(const double *, double), const double *value)
{
	double *above, sum = s->blur_log;

	if (!s->blur_count)
		return 0;
	above = must_alloc(s->edge_count, sizeof(*above));
	for (size_t k = 0; k < s->edge_count; k++)
		above[k] = k ? survival(value, s->edges[k]) : 1;
	for (size_t i = 0; i < s->blur_count; i++) {
		const struct sample_blur *b = &s->blurs[i];
		double seen = 0;

		for (size_t k = 0; k < b->cells; k++)
			seen += b->likelihood[k] * (above[b->edge[k]] - above[b->edge[k + 1]]);
		sum += log(seen);
	}
	free(above);
	return sum;
}

/* Of all values that are not exact. */
static double ranges_log_likelihood(const struct sample *s, double (*survival)(const double *, double),
                                    const double *value)
{
	double sum = blurs_log_likelihood(s, survival, value);

	for (size_t i = 0; i < s->range_count; i++) {
		const struct sample_range *r = &s->ranges[i];
		double above = r->high < HUGE_VAL ? survival(value, r->high) : 0;

		sum += r->weight * log(survival(value, r->low) - above);
	}
	return sum;
}

/* Values to start from, when some are ranges: the middle, or a little beyond the
 * point of censoring. */
static double mean_of(const struct sample *s)
{
	double sum = s->sum;

	for (size_t i = 0; i < s->range_count; i++)
		sum += s->ranges[i].weight * (s->ranges[i].high < HUGE_VAL ? s->ranges[i].high : 1.5 * s->ranges[i].low);
	for (size_t i = 0; i < s->blur_count; i++)
		sum += s->blurs[i].middle;
	return sum > 0 ? sum / s->count : 1;
}

/* The value that a share p of what is known lies below; blurred ones are in order of their middles. */
static double quantile_of(const struct sample *s, double p)
{
	double rank = p * s->count;

	if ((double)s->exact >= s->count / 2)
		return s->x[(size_t)(p * (double)(s->exact - 1))];
	if ((double)s->blur_count >= s->count / 2)
		return s->blurs[(size_t)(p * (double)(s->blur_count - 1))].middle;
	for (size_t i = 0; i < s->range_count; i++) {
		rank -= s->ranges[i].weight;
		if (rank <= 0)
			return s->ranges[i].high < HUGE_VAL ? s->ranges[i].high : s->ranges[i].low;
	}
	return mean_of(s);
}

/* Blurred values may be powers of ten apart: a law that is too narrow to reach them is no start. */
static double sigma_of(const struct sample *s, double otherwise)
{
	return s->blur_count > 1 ? fmax(otherwise, log(s->blurs[s->blur_count - 1].middle / s->blurs[0].middle) / 6) : otherwise;
}

/* --- exponential --------------------------------------------------------- */

static double exponential_survival(const double *value, double x)
{
	return exp(-x / value[0]);
}

static double exponential_log_likelihood(const struct sample *s, const double *value)
{
	return -(double)s->exact * log(value[0]) - s->sum / value[0] + ranges_log_likelihood(s, exponential_survival, value);
}

static void exponential_start(const struct sample *s, size_t which, double *value)
{
	(void)which;
	value[0] = mean_of(s);
}

/* --- gamma --------------------------------------------------------------- */

static double gamma_survival(const double *value, double x)
{
	return gsl_cdf_gamma_Q(x, value[0], value[1] / value[0]);
}

static double gamma_log_likelihood(const struct sample *s, const double *value)
{
	double shape = value[0], rate = shape / value[1], n = (double)s->exact;

	if (shape < SHAPE_LEAST || shape > 1e5)
		return -HUGE_VAL;
	return n * (shape * log(rate) - gsl_sf_lngamma(shape)) + (shape - 1) * s->sum_log - rate * s->sum +
	       ranges_log_likelihood(s, gamma_survival, value);
}

static void gamma_start(const struct sample *s, size_t which, double *value)
{
	(void)which;
	value[0] = 1;
	value[1] = mean_of(s);
}

/* --- Weibull ------------------------------------------------------------- */

static double weibull_survival(const double *value, double x)
{
	return x > 0 ? exp(-pow(x / value[1], value[0])) : 1;
}

static double weibull_log_likelihood(const struct sample *s, const double *value)
{
	double shape = value[0], log_scale = log(value[1]), n = (double)s->exact, sum = 0;

	if (shape < SHAPE_LEAST || shape > 1e3)
		return -HUGE_VAL;
	for (size_t i = 0; i < s->exact; i++)
		sum += exp(shape * (s->log_x[i] - log_scale));
	return n * (log(shape) - shape * log_scale) + (shape - 1) * s->sum_log - sum +
	       ranges_log_likelihood(s, weibull_survival, value);
}

/* --- lognormal ----------------------------------------------------------- */

static double lognormal_survival(const double *value, double x)
{
	return x > 0 ? gsl_cdf_ugaussian_Q(log(x / value[0]) / value[1]) : 1;
}

static double lognormal_log_likelihood(const struct sample *s, const double *value)
{
	double mu = log(value[0]), sigma = value[1], n = (double)s->exact;

	if (sigma < SIGMA_LEAST || sigma > SIGMA_MOST)
		return -HUGE_VAL;
	return -n * (log(sigma) + LOG_SQRT_2PI) - s->sum_log - (s->sum_log2 - 2 * mu * s->sum_log + n * mu * mu) / (2 * sigma * sigma) +
	       ranges_log_likelihood(s, lognormal_survival, value);
}

static void lognormal_start(const struct sample *s, size_t which, double *value)
{
	(void)which;
	value[0] = quantile_of(s, 0.5);
	value[1] = sigma_of(s, 1);
}

/* --- Pareto -------------------------------------------------------------- */

static double pareto_survival(const double *value, double x)
{
	return x > value[0] ? pow(value[0] / x, value[1]) : 1;
}

/* The likelihood rises with the minimum up to the smallest exact value: that is where it is greatest. */
static double pareto_log_likelihood(const struct sample *s, const double *value)
{
	double n = (double)s->exact;

	if (value[1] < SHAPE_LEAST || value[1] > 1e3 || (s->exact && value[0] > s->x[0]))
		return -HUGE_VAL;
	return n * (log(value[1]) + value[1] * log(value[0])) - (value[1] + 1) * s->sum_log +
	       ranges_log_likelihood(s, pareto_survival, value);
}

static void pareto_start(const struct sample *s, size_t which, double *value)
{
	(void)which;
	value[0] = s->exact ? s->x[0] : 0.9 * (s->blur_count ? quantile_of(s, 0.05) : s->ranges[0].high);
	value[1] = 1;
}

/* --- two exponentials ---------------------------------------------------- */

static double two_exponential_survival(const double *value, double x)
{
	return value[0] * exp(-x / value[1]) + (1 - value[0]) * exp(-x / value[2]);
}

static double two_exponential_log_likelihood(const struct sample *s, const double *value)
{
	double a = value[0] / value[1], b = (1 - value[0]) / value[2], ra = 1 / value[1], rb = 1 / value[2];
	struct log_product all = LOG_PRODUCT_INIT;

	if (value[0] < SHARE_LEAST || value[0] > 1 - SHARE_LEAST)
		return -HUGE_VAL;
	for (size_t i = 0; i < s->exact; i++)
		log_product_times(&all, a * exp(-s->x[i] * ra) + b * exp(-s->x[i] * rb));
	return log_product_end(&all) + ranges_log_likelihood(s, two_exponential_survival, value);
}

static void two_exponential_start(const struct sample *s, size_t which, double *value)
{
	double mean = mean_of(s);

	value[0] = which ? 0.9 : 0.5;
	value[1] = mean / 4;
	value[2] = which ? 8 * mean : 2 * mean;
}

/* --- two lognormals ------------------------------------------------------ */

static double two_lognormal_survival(const double *value, double x)
{
	return value[0] * lognormal_survival(value + 1, x) + (1 - value[0]) * lognormal_survival(value + 3, x);
}

static double two_lognormal_log_likelihood(const struct sample *s, const double *value)
{
	double mu1 = log(value[1]), mu2 = log(value[3]), r1 = 1 / value[2], r2 = 1 / value[4];
	double a = value[0] * r1, b = (1 - value[0]) * r2;
	struct log_product all = LOG_PRODUCT_INIT;

	if (value[0] < SHARE_LEAST || value[0] > 1 - SHARE_LEAST || value[2] < SIGMA_LEAST || value[4] < SIGMA_LEAST ||
	    value[2] > SIGMA_MOST || value[4] > SIGMA_MOST)
		return -HUGE_VAL;
	for (size_t i = 0; i < s->exact; i++) {
		double z1 = (s->log_x[i] - mu1) * r1, z2 = (s->log_x[i] - mu2) * r2;

		log_product_times(&all, a * exp(-0.5 * z1 * z1) + b * exp(-0.5 * z2 * z2));
	}
	return log_product_end(&all) - s->sum_log - (double)s->exact * LOG_SQRT_2PI + ranges_log_likelihood(s, two_lognormal_survival, value);
}

/* A body and a tail, in three ways: of what sizes is not known. */
static void two_lognormal_start(const struct sample *s, size_t which, double *value)
{
	static const double shares[] = { 0.25, 0.5, 0.8 };
	double share = shares[which];

	value[0] = share;
	value[1] = quantile_of(s, share / 2);
	value[3] = quantile_of(s, (1 + share) / 2);
	value[2] = sigma_of(s, 0.5);
	value[4] = sigma_of(s, 1);
}

/* --- the table ----------------------------------------------------------- */

const struct law_type law_types[LAW_COUNT] = {
	[LAW_EXPONENTIAL] = {
		.name = "exponential", .kind = DIST_EXPONENTIAL, .parts = 1,
		.parameters = { { .name = "mean", .scale = true } }, .count = 1,
		.log_likelihood = exponential_log_likelihood, .survival = exponential_survival,
		.starts = 1, .start = exponential_start,
	},
	[LAW_GAMMA] = {
		.name = "gamma", .kind = DIST_GAMMA, .parts = 1,
		.parameters = { { .name = "shape" }, { .name = "mean", .scale = true } }, .count = 2,
		.log_likelihood = gamma_log_likelihood, .survival = gamma_survival,
		.starts = 1, .start = gamma_start,
	},
	[LAW_WEIBULL] = {
		.name = "weibull", .kind = DIST_WEIBULL, .parts = 1,
		.parameters = { { .name = "shape" }, { .name = "scale", .scale = true } }, .count = 2,
		.log_likelihood = weibull_log_likelihood, .survival = weibull_survival,
		.starts = 1, .start = gamma_start,
	},
	[LAW_LOGNORMAL] = {
		.name = "lognormal", .kind = DIST_LOGNORMAL, .parts = 1,
		.parameters = { { .name = "median", .scale = true }, { .name = "sigma" } }, .count = 2,
		.log_likelihood = lognormal_log_likelihood, .survival = lognormal_survival,
		.starts = 1, .start = lognormal_start,
	},
	[LAW_PARETO] = {
		.name = "pareto", .kind = DIST_PARETO, .parts = 1,
		.parameters = { { .name = "minimum", .scale = true }, { .name = "shape" } }, .count = 2,
		.log_likelihood = pareto_log_likelihood, .survival = pareto_survival,
		.starts = 1, .start = pareto_start,
	},
	[LAW_TWO_EXPONENTIAL] = {
		.name = "two exponentials", .kind = DIST_EXPONENTIAL, .parts = 2,
		.parameters = { { .name = "share", .share = true }, { .name = "mean", .scale = true }, { .name = "other mean", .scale = true } }, .count = 3,
		.log_likelihood = two_exponential_log_likelihood, .survival = two_exponential_survival,
		.starts = 2, .start = two_exponential_start,
	},
	[LAW_TWO_LOGNORMAL] = {
		.name = "two lognormals", .kind = DIST_LOGNORMAL, .parts = 2,
		.parameters = { { .name = "share", .share = true }, { .name = "median", .scale = true }, { .name = "sigma" },
		                { .name = "other median", .scale = true }, { .name = "other sigma" } }, .count = 5,
		.log_likelihood = two_lognormal_log_likelihood, .survival = two_lognormal_survival,
		.starts = 3, .start = two_lognormal_start,
	},
};

void law_free(const struct law_type *t, const double *value, double *free)
{
	for (size_t i = 0; i < t->count; i++)
		free[i] = t->parameters[i].share ? log(value[i] / (1 - value[i])) : log(value[i]);
}

void law_value(const struct law_type *t, const double *free, double *value)
{
	for (size_t i = 0; i < t->count; i++)
		value[i] = t->parameters[i].share ? 1 / (1 + exp(-free[i])) : exp(free[i]);
}

static void part_distribution(const struct law_type *t, const double *value, struct distribution *out)
{
	*out = (struct distribution){ .kind = t->kind };
	switch (t->kind) {
	case DIST_EXPONENTIAL:
		out->mean = value[0];
		return;
	case DIST_GAMMA:
		out->shape = value[0];
		out->mean = value[1];
		return;
	case DIST_WEIBULL:
		out->shape = value[0];
		out->scale = value[1];
		return;
	case DIST_LOGNORMAL:
		out->median = value[0];
		out->sigma = value[1];
		return;
	case DIST_PARETO:
		out->minimum = value[0];
		out->shape = value[1];
		return;
	default:
		must(!"a law that can be fitted");
	}
}

void law_distribution(const struct law_type *t, const double *value, struct distribution *out)
{
	if (t->parts == 1) {
		part_distribution(t, value, out);
		return;
	}
	*out = (struct distribution){ .kind = DIST_MIXTURE, .part_count = 2 };
	out->parts = must_alloc(2, sizeof(*out->parts));
	out->weights = must_alloc(2, sizeof(*out->weights));
	out->weights[0] = value[0];
	out->weights[1] = 1;
	part_distribution(t, value + 1, &out->parts[0]);
	part_distribution(t, value + 1 + (t->count - 1) / 2, &out->parts[1]);
}
