/* A host's rate is not seen: what it did is more or less likely at each rate. So it
 * is cut into cells on a grid of the rate's logarithm that all hosts share, fine
 * where the host's likelihood is narrow, and a law of the rates is as likely as
 * the shares that it has in the cells make it. However many hosts there are, a
 * law costs one survival function on the grid, and a sum over some dozen cells of each host. */
#include "traffic/host_rates.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define SECONDS_PER_DAY 86400.0
#define GRID_STEP 0.01
#define CELL 0.3        /* of a peak's width */
#define CELL_MOST 0.2   /* of log rate: where there is no peak */
#define DEPTH 20        /* below the peak's logarithm, where nothing is left */
#define FLAT 1e-4       /* the same however rarely it does it */
#define CELLS_MOST 800

static double at_day(double place)
{
	return exp(place * GRID_STEP) * SECONDS_PER_DAY;
}

/* One host's cells: [low, low + size), ... in steps of the grid; the first goes down to rate 0 if nothing more changes there. */
struct cells {
	long low, size;
	size_t count;
	bool from_zero;
	double log_likelihood[CELLS_MOST], top;
};

static void cells_make(struct host_task *t, size_t host, struct cells *out)
{
	const struct host *h = &t->hosts[host];
	bool vanishes = h->gaps || (t->all_known && !h->silent); /* as the rate does */
	double width, peak = host_peak(t, host, &width), edge = host_edge(t, host);
	long at, up = 0, down = 0;
	double flat = -HUGE_VAL, likelihood[2][CELLS_MOST / 2];

	out->size = lround(fmax(1, fmin(CELL * width, CELL_MOST) / GRID_STEP));
	at = isfinite(edge) ? (long)ceil(edge / GRID_STEP) : lround(peak / GRID_STEP) - out->size / 2;
	out->top = -HUGE_VAL;
	out->from_zero = false;
	for (; up < CELLS_MOST / 2; up++) {
		likelihood[0][up] = host_log_likelihood(t, host, ((double)(at + up * out->size) + 0.5 * (double)out->size) * GRID_STEP);
		out->top = fmax(out->top, likelihood[0][up]);
		if (!(likelihood[0][up] > out->top - DEPTH))
			break;
	}
	for (; down < CELLS_MOST / 2 && !isfinite(edge); down++) {
		double here = host_log_likelihood(t, host, ((double)(at - (down + 1) * out->size) + 0.5 * (double)out->size) * GRID_STEP);

		out->top = fmax(out->top, here);
		if (!(here > out->top - DEPTH))
			break;
		likelihood[1][down] = here;
		if (!vanishes && here - flat < FLAT) {
			out->from_zero = true;
			down++;
			break;
		}
		flat = here;
	}
	out->low = at - down * out->size;
	out->count = 0;
	for (long k = down - 1; k >= 0; k--)
		out->log_likelihood[out->count++] = likelihood[1][k];
	for (long k = 0; k < up; k++)
		out->log_likelihood[out->count++] = likelihood[0][k];
}

static int by_middle(const void *a, const void *b)
{
	const struct sample_blur *x = a, *y = b;

	return (x->middle > y->middle) - (x->middle < y->middle);
}

/* What all hosts did, at the parameters of the gaps that the task has. The sample is settled. */
static void blur(struct host_task *t, struct sample *out)
{
	struct cells *cells = must_alloc(1, sizeof(*cells));
	long *lows = must_alloc(t->count, sizeof(*lows)), least = 0, most = 0;
	size_t kept = 0;

	*out = (struct sample){ 0 };
	out->blurs = must_alloc(t->count, sizeof(*out->blurs));
	for (size_t i = 0; i < t->count; i++) {
		struct sample_blur *b = &out->blurs[kept];

		cells_make(t, i, cells);
		if (!cells->count)
			continue;
		*b = (struct sample_blur){ .cells = cells->count, .edge = must_alloc(cells->count + 1, sizeof(*b->edge)),
		                           .likelihood = must_alloc(cells->count, sizeof(*b->likelihood)), .middle = at_day(t->peak[i] / GRID_STEP) };
		if (isfinite(host_edge(t, i)))
			b->middle = at_day(host_edge(t, i) / GRID_STEP);
		for (size_t k = 0; k < cells->count; k++)
			b->likelihood[k] = exp(cells->log_likelihood[k] - cells->top);
		for (size_t k = 0; k <= cells->count; k++)
			b->edge[k] = (uint32_t)((long)k * cells->size) + 1;
		out->blur_log += cells->top;
		b->edge[0] = cells->from_zero ? 0 : 1;
		lows[kept] = cells->low;
		least = !kept || cells->low < least ? cells->low : least;
		if (!kept || cells->low + (long)cells->count * cells->size > most)
			most = cells->low + (long)cells->count * cells->size;
		kept++;
	}
	out->blur_count = kept;
	out->edge_count = kept ? (size_t)(most - least) + 2 : 0;
	out->edges = must_alloc(out->edge_count, sizeof(*out->edges));
	for (size_t k = 1; k < out->edge_count; k++)
		out->edges[k] = at_day((double)(least + (long)k - 1));
	for (size_t i = 0; i < kept; i++)
		for (size_t k = 0; k <= out->blurs[i].cells; k++)
			if (out->blurs[i].edge[k])
				out->blurs[i].edge[k] += (uint32_t)(lows[i] - least);
	qsort(out->blurs, kept, sizeof(*out->blurs), by_middle);
	free(lows);
	free(cells);
	sample_settle(out, SIZE_MAX);
}

/* --- rates that are equal ------------------------------------------------------ */

static double equal_log_likelihood(const void *context, const double *free)
{
	const struct host_task *t = context;
	double sum = 0;

	for (size_t i = 0; i < t->count; i++)
		sum += host_log_likelihood(t, i, free[0]);
	return sum;
}

static bool equal_fit(const struct host_task *t, struct estimate *e)
{
	double gaps = 0, s = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct host *h = &t->hosts[i];

		gaps += (double)h->gaps + (t->all_known && !h->silent ? h->weight : 0);
		s += h->sum + h->weight * (h->after_s + (t->all_known ? h->before_s : 0));
	}
	*e = (struct estimate){ .count = 1, .free = { log((gaps + 0.5) / s) } };
	return likelihood_climb(equal_log_likelihood, t, 0.3, 400, e);
}

/* --- what the gaps' law leaves open ---------------------------------------------- */

/* Adds to the covariance how the rates' parameters move when those of the gaps do. `move` gives the former at the latter. */
static void widen(struct host_task *t, const struct estimate *gaps, size_t first, struct estimate *e,
                  bool (*move)(struct host_task *, const struct estimate *from, enum law law, double *free), enum law law)
{
	double by[GAP_PARAMETERS][LIKELIHOOD_MOST] = { 0 };
	size_t count = gap_parameter_count(t->law);

	for (size_t j = 0; j < count && gaps->determined; j++) {
		double free[GAP_PARAMETERS], moved[LIKELIHOOD_MOST], step = estimate_error(gaps, first + j);

		for (size_t k = 0; k < count; k++)
			free[k] = gaps->free[first + k] + (k == j ? step : 0);
		if (step > 0 && host_task_set_gaps(t, free) && move(t, e, law, moved))
			for (size_t i = 0; i < e->count; i++)
				by[j][i] = (moved[i] - e->free[i]) / step;
	}
	for (size_t i = 0; i < e->count && e->determined; i++)
		for (size_t k = 0; k < e->count; k++)
			for (size_t j = 0; j < count; j++)
				for (size_t l = 0; l < count; l++)
					e->covariance[i][k] += by[j][i] * gaps->covariance[first + j][first + l] * by[l][k];
	host_task_set_gaps(t, gaps->free + first);
}

static bool move_equal(struct host_task *t, const struct estimate *from, enum law law, double *free)
{
	struct estimate e;

	(void)from;
	(void)law;
	if (!equal_fit(t, &e))
		return false;
	free[0] = e.free[0];
	return true;
}

static bool move_law(struct host_task *t, const struct estimate *from, enum law law, double *free)
{
	struct law_fit f = { .law = law, .estimate = *from };
	struct sample s;
	bool good;

	blur(t, &s);
	good = law_refit(&s, &f);
	for (size_t i = 0; i < from->count; i++)
		free[i] = f.estimate.free[i];
	sample_clear(&s);
	return good;
}

/* --- the choice -------------------------------------------------------------------- */

static bool has_mean(const struct law_fit *f)
{
	return f->law != LAW_PARETO || f->value[1] > 1.01;
}

/* A law is wider than none, and its interval cannot hold "no width at all": so the likelihood is asked, 99% sure, whether it has any. */
static bool may_be_equal(const struct estimate *equal, const struct law_fit *f, size_t hosts)
{
	double more = (double)law_types[f->law].count - 1, gain = 2 * (f->log_likelihood - equal->log_likelihood);

	return gain < more * log((double)hosts) || gain < gsl_cdf_chisq_Pinv(0.99, more > 0 ? more : 1);
}

void host_rates_choose(struct host_task *t, const struct estimate *gaps, size_t first, struct host_fit *out)
{
	struct estimate equal;
	struct sample s;
	bool is_equal;

	host_task_set_gaps(t, gaps->free + first);
	is_equal = equal_fit(t, &equal);
	blur(t, &s);
	if (s.blur_count > 1)
		law_choose(&s, LAWS_ALL, &out->rates);
	if (out->rates.count && !has_mean(&out->rates.fits[out->rates.chosen]))
		law_choose(&s, LAWS_ALL & ~(1u << LAW_PARETO), &out->rates);
	sample_clear(&s);
	if (is_equal && (!out->rates.count || may_be_equal(&equal, &out->rates.fits[out->rates.chosen], t->count))) {
		likelihood_curvature(equal_log_likelihood, t, &equal);
		widen(t, gaps, first, &equal, move_equal, LAW_COUNT);
		out->rates = (struct law_choice){ .constant = exp(equal.free[0]) * SECONDS_PER_DAY, .values = (double)t->count };
		out->equal_low = exp(equal.free[0] - LIKELIHOOD_Z99 * estimate_error(&equal, 0)) * SECONDS_PER_DAY;
		out->equal_high = exp(equal.free[0] + LIKELIHOOD_Z99 * estimate_error(&equal, 0)) * SECONDS_PER_DAY;
	} else if (out->rates.count) {
		do {
			struct law_fit *chosen = &out->rates.fits[out->rates.chosen];

			widen(t, gaps, first, &chosen->estimate, move_law, chosen->law);
			law_fit_intervals(chosen);
		} while (law_choice_simplify(&out->rates));
	}
}
