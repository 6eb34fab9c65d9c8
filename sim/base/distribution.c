/* Laws, and draws from them.
 *
 * All rest on two: the exponential and the normal, drawn by a ziggurat of 256
 * layers (Marsaglia and Tsang, 2000). The area under the density is cut into
 * layers of equal area V; layer i is a rectangle of width x[i], of which the part
 * left of x[i + 1] lies wholly under the curve: a draw that falls there, as 99 in
 * 100 do, costs one random word, a multiplication and a comparison. Layer 0 is
 * the rectangle right under the curve up to R, and the tail beyond.
 *
 * The tables are computed before main() by functions of our own (fp.h), so they
 * are the same on every processor, and are read-only ever after. */
#include "sim/base/distribution.h"

#include <stdlib.h>

#include "sim/base/fp.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"

enum { LAYERS = ZIGGURAT_LAYERS };
enum { TRUNCATION_TRIES = 1000, QUANTILE_DRAWS = 100000 };

/* The layers' common area, and where the tail begins, for 256 of them. */
#define EXPONENTIAL_R 7.6971174701310497
#define EXPONENTIAL_V 0.0039496598225815572
#define NORMAL_R 3.6541528853610088
#define NORMAL_V 0.0049286732339746553

const char *const distribution_name[DIST_KINDS + 1] = {
	[DIST_CONSTANT]    = "constant",
	[DIST_EXPONENTIAL] = "exponential",
	[DIST_UNIFORM]     = "uniform",
	[DIST_LOGNORMAL]   = "lognormal",
	[DIST_WEIBULL]     = "weibull",
	[DIST_PARETO]      = "pareto",
	[DIST_GAMMA]       = "gamma",
	[DIST_EMPIRICAL]   = "empirical",
	[DIST_MIXTURE]     = "mixture",
};

/* --- the two ziggurats --------------------------------------------------- */

struct ziggurat exponential_ziggurat;
static struct ziggurat normal;

static double exponential_density(double x)
{
	return fp_exp(-x);
}

static double exponential_inverse(double y)
{
	return -fp_log(y);
}

static double normal_density(double x)
{
	return fp_exp(-0.5 * x * x);
}

static double normal_inverse(double y)
{
	return fp_sqrt(-2 * fp_log(y));
}

static void ziggurat_build(struct ziggurat *z, double r, double v, double (*density)(double), double (*inverse)(double))
{
	double x[LAYERS + 1];

	x[0] = v / density(r);
	x[1] = r;
	for (int i = 2; i < LAYERS; i++)
		x[i] = inverse(v / x[i - 1] + density(x[i - 1]));
	x[LAYERS] = 0;
	for (int i = 0; i < LAYERS; i++) {
		z->layers[i].unit = x[i] * 0x1p-53;
		z->layers[i].inside = (uint64_t)(x[i + 1] / x[i] * 0x1p53);
		z->density[i] = density(x[i]);
	}
	z->density[LAYERS] = 1;
}

static __attribute__((constructor)) void ziggurats_build(void)
{
	ziggurat_build(&exponential_ziggurat, EXPONENTIAL_R, EXPONENTIAL_V, exponential_density, exponential_inverse);
	ziggurat_build(&normal, NORMAL_R, NORMAL_V, normal_density, normal_inverse);
}

/* Is the point of layer i at x, with a height drawn, under the curve? */
static bool under(const struct ziggurat *z, size_t i, double density, struct rng *r)
{
	return z->density[i] + rng_unit(r) * (z->density[i + 1] - z->density[i]) < density;
}

/* The law has no memory: beyond R it begins anew. */
double draw_exponential_rest(struct rng *r, size_t i, double x)
{
	double beyond = 0;

	for (;;) {
		uint64_t word;

		if (i == 0)
			beyond += EXPONENTIAL_R;
		else if (under(&exponential_ziggurat, i, fp_exp(-x), r))
			return beyond + x;
		word = rng_next(r);
		i = word % LAYERS;
		x = (double)(word >> 11) * exponential_ziggurat.layers[i].unit;
		if (word >> 11 < exponential_ziggurat.layers[i].inside)
			return beyond + x;
	}
}

/* The tail by Marsaglia, 1964. */
static double normal_tail(struct rng *r)
{
	double x;

	do {
		x = draw_exponential(r) / NORMAL_R;
	} while (2 * draw_exponential(r) <= x * x);
	return NORMAL_R + x;
}

double draw_normal(struct rng *r)
{
	for (;;) {
		uint64_t word = rng_next(r);
		size_t i = word % LAYERS;
		double sign = 1 - (int)(word / LAYERS % 2 * 2);
		double x = (double)(int64_t)(word >> 11) * normal.layers[i].unit;

		if (__builtin_expect(word >> 11 < normal.layers[i].inside, 1))
			return sign * x;
		if (i == 0)
			return sign * normal_tail(r);
		if (under(&normal, i, normal_density(x), r))
			return sign * x;
	}
}

/* --- the laws ------------------------------------------------------------ */

/* With mean `shape`: Marsaglia and Tsang, 2000; below 1 by their boost. */
static double draw_gamma(struct rng *r, double shape)
{
	double boost = shape < 1 ? fp_exp(-draw_exponential(r) / shape) : 1;
	double d = (shape < 1 ? shape + 1 : shape) - 1. / 3;
	double c = 1 / fp_sqrt(9 * d);

	for (;;) {
		double x = draw_normal(r), v = 1 + c * x;

		if (v <= 0)
			continue;
		v = v * v * v;
		if (-draw_exponential(r) < 0.5 * x * x + d - d * v + d * fp_log(v))
			return boost * d * v;
	}
}

static double draw_once(const struct distribution *d, struct rng *r);

/* Seconds. */
static double draw(const struct distribution *d, struct rng *r)
{
	double x = draw_once(d, r);

	if (__builtin_expect(d->max > 0 && x > d->max, 0)) {
		for (int i = 1; i < TRUNCATION_TRIES && x > d->max; i++)
			x = draw_once(d, r);
		if (x > d->max)
			x = d->max;
	}
	return x;
}

static const struct distribution *draw_part(const struct distribution *d, struct rng *r)
{
	double u = rng_unit(r);
	size_t low = 0, high = d->part_count - 1;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (u < d->weights[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return &d->parts[low];
}

static double draw_once(const struct distribution *d, struct rng *r)
{
	switch (d->kind) {
	case DIST_CONSTANT:
		return d->value;
	case DIST_EXPONENTIAL:
		return d->mean * draw_exponential(r);
	case DIST_UNIFORM:
		return d->low + (d->high - d->low) * rng_unit(r);
	case DIST_LOGNORMAL:
		return d->median * fp_exp(d->sigma * draw_normal(r));
	case DIST_WEIBULL:
		return d->scale * fp_exp(fp_log(draw_exponential(r)) / d->shape);
	case DIST_PARETO:
		return (d->minimum > 0 ? d->minimum : d->mean * (d->shape - 1) / d->shape) * fp_exp(draw_exponential(r) / d->shape);
	case DIST_GAMMA:
		return d->mean / d->shape * draw_gamma(r, d->shape);
	case DIST_EMPIRICAL:
		return d->values[rng_below(r, (uint32_t)d->value_count)];
	case DIST_MIXTURE:
		return draw(draw_part(d, r), r);
	case DIST_KINDS:
		break;
	}
	must(!"a kind of distribution");
	return 0;
}

double distribution_draw_rest(const struct distribution *d, struct rng *r)
{
	return draw(d, r);
}

/* --- what is known of them ----------------------------------------------- */

/* The gamma function, x > 0: Stirling's series where it is exact enough, and
 * gamma(x) = gamma(x + 1) / x to get there. */
static double gamma_of(double x)
{
	const double half_log_2pi = 0.91893853320467274178;
	double below = 1, inverse;

	for (; x < 12; x++)
		below *= x;
	inverse = 1 / (x * x);
	return fp_exp((x - 0.5) * fp_log(x) - x + half_log_2pi +
	              (1. / 12 - inverse * (1. / 360 - inverse * (1. / 1260 - inverse * (1. / 1680 - inverse * (1. / 1188))))) / x) / below;
}

double distribution_mean(const struct distribution *d)
{
	double sum = 0;

	switch (d->kind) {
	case DIST_CONSTANT:
		return d->value;
	case DIST_PARETO:
		if (d->minimum > 0)
			return d->shape > 1 ? d->minimum * d->shape / (d->shape - 1) : __builtin_inf();
		return d->mean;
	case DIST_EXPONENTIAL:
	case DIST_GAMMA:
		return d->mean;
	case DIST_UNIFORM:
		return (d->low + d->high) / 2;
	case DIST_LOGNORMAL:
		return d->median * fp_exp(d->sigma * d->sigma / 2);
	case DIST_WEIBULL:
		return d->scale * gamma_of(1 + 1 / d->shape);
	case DIST_EMPIRICAL:
		for (size_t i = 0; i < d->value_count; i++)
			sum += d->values[i];
		return sum / (double)d->value_count;
	case DIST_MIXTURE:
		for (size_t i = 0; i < d->part_count; i++)
			sum += (d->weights[i] - (i ? d->weights[i - 1] : 0)) * distribution_mean(&d->parts[i]);
		return sum;
	case DIST_KINDS:
		break;
	}
	must(!"a kind of distribution");
	return 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t distribution_quantile(const struct distribution *d, double p)
{
	int64_t *draws = must_alloc(QUANTILE_DRAWS, sizeof(*draws));
	size_t i = p <= 0 ? 0 : p >= 1 ? QUANTILE_DRAWS - 1 : (size_t)(p * QUANTILE_DRAWS);
	struct rng r;
	int64_t value;

	rng_seed(&r, 0);
	for (size_t k = 0; k < QUANTILE_DRAWS; k++)
		draws[k] = distribution_draw(d, &r);
	qsort(draws, QUANTILE_DRAWS, sizeof(*draws), by_value);
	value = draws[i];
	free(draws);
	return value;
}

void distribution_clear(struct distribution *d)
{
	for (size_t i = 0; i < d->part_count; i++)
		distribution_clear(&d->parts[i]);
	free(d->parts);
	free(d->weights);
	free(d->values);
	*d = (struct distribution){ 0 };
}
