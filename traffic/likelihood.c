#include "traffic/likelihood.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

#include "sim/base/must.h"

#define IMPOSSIBLE 1e300
#define SMALL_ENOUGH 1e-5

struct problem {
	log_likelihood *f;
	const void *context;
};

static double downhill(const gsl_vector *v, void *params)
{
	const struct problem *p = params;
	double free[LIKELIHOOD_MOST], value;

	for (size_t i = 0; i < v->size; i++)
		free[i] = gsl_vector_get(v, i);
	value = -p->f(p->context, free);
	return isfinite(value) ? value : IMPOSSIBLE;
}

/* One simplex, until it is small or the steps are used up; a few more from where
 * it ended, since one that was squeezed flat stops early. */
static size_t walk(gsl_multimin_fminimizer *m, size_t steps, double until)
{
	size_t used = 0;

	while (used < steps && gsl_multimin_fminimizer_iterate(m) == GSL_SUCCESS) {
		used++;
		if (gsl_multimin_fminimizer_size(m) < until)
			break;
	}
	return used;
}

bool likelihood_climb(log_likelihood *f, const void *context, double step, size_t steps, struct estimate *e)
{
	struct problem problem = { f, context };
	gsl_multimin_function function = { downhill, e->count, &problem };
	gsl_multimin_fminimizer *m;
	gsl_vector *at, *sizes;
	size_t used = 0;

	must(e->count <= LIKELIHOOD_MOST);
	if (!e->count) { /* nothing is free */
		e->log_likelihood = f(context, e->free);
		return isfinite(e->log_likelihood);
	}
	m = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, e->count);
	at = gsl_vector_alloc(e->count);
	sizes = gsl_vector_alloc(e->count);
	must(m && at && sizes);
	e->log_likelihood = -HUGE_VAL;
	for (int round = 0; round < 2 && used < steps; round++) {
		for (size_t i = 0; i < e->count; i++)
			gsl_vector_set(at, i, e->free[i]);
		gsl_vector_set_all(sizes, round ? step / 5 : step);
		gsl_multimin_fminimizer_set(m, &function, at, sizes);
		used += walk(m, steps - used, round ? SMALL_ENOUGH : 10 * SMALL_ENOUGH);
		for (size_t i = 0; i < e->count; i++)
			e->free[i] = gsl_vector_get(gsl_multimin_fminimizer_x(m), i);
		e->log_likelihood = -gsl_multimin_fminimizer_minimum(m);
	}
	gsl_multimin_fminimizer_free(m);
	gsl_vector_free(at);
	gsl_vector_free(sizes);
	return e->log_likelihood > -IMPOSSIBLE;
}

static double moved(log_likelihood *f, const void *context, const struct estimate *e, size_t i, double by_i, size_t j,
                    double by_j)
{
	double free[LIKELIHOOD_MOST];

	for (size_t k = 0; k < e->count; k++)
		free[k] = e->free[k];
	free[i] += by_i;
	free[j] += by_j;
	return f(context, free);
}

/* A step along i that costs about half a unit of log L: long enough to rise
 * above rounding, short enough to stay on the parabola. 0: there is none. */
static double step_along(log_likelihood *f, const void *context, const struct estimate *e, size_t i)
{
	double step = 0.02;

	for (int round = 0; round < 6; round++) {
		double bend = 2 * e->log_likelihood - moved(f, context, e, i, step, i, 0) - moved(f, context, e, i, -step, i, 0);
		double wanted;

		if (!isfinite(bend)) { /* too near an edge */
			step /= 10;
			continue;
		}
		if (bend <= 0)
			return 0;
		wanted = step / sqrt(bend);
		if (wanted > 3)
			return 0;
		if (fabs(wanted - step) < 0.2 * step)
			return wanted;
		step = wanted;
	}
	return step;
}

void likelihood_curvature(log_likelihood *f, const void *context, struct estimate *e)
{
	double step[LIKELIHOOD_MOST];
	gsl_matrix *m;

	e->determined = true;
	if (!e->count)
		return;
	m = gsl_matrix_alloc(e->count, e->count);
	must(m);
	for (size_t i = 0; i < e->count; i++)
		e->determined &= (step[i] = step_along(f, context, e, i)) > 0;
	for (size_t i = 0; i < e->count && e->determined; i++)
		for (size_t j = 0; j <= i; j++) {
			double a = step[i], b = i == j ? 0 : step[j], bend;

			if (i == j)
				bend = 2 * e->log_likelihood - moved(f, context, e, i, a, i, 0) - moved(f, context, e, i, -a, i, 0);
			else
				bend = (moved(f, context, e, i, a, j, -b) + moved(f, context, e, i, -a, j, b) -
				        moved(f, context, e, i, a, j, b) - moved(f, context, e, i, -a, j, -b)) / 4;
			e->determined &= isfinite(bend) != 0;
			bend /= i == j ? a * a : a * b;
			gsl_matrix_set(m, i, j, bend);
			gsl_matrix_set(m, j, i, bend);
		}
	e->determined = e->determined && gsl_linalg_cholesky_decomp1(m) == GSL_SUCCESS &&
	                gsl_linalg_cholesky_invert(m) == GSL_SUCCESS;
	for (size_t i = 0; i < e->count; i++)
		for (size_t j = 0; j < e->count; j++)
			e->covariance[i][j] = e->determined ? gsl_matrix_get(m, i, j) : 0;
	gsl_matrix_free(m);
}

double estimate_error(const struct estimate *e, size_t i)
{
	return e->determined ? sqrt(e->covariance[i][i]) : HUGE_VAL;
}

double estimate_error_of_difference(const struct estimate *e, size_t i, size_t j)
{
	return e->determined ? sqrt(e->covariance[i][i] + e->covariance[j][j] - 2 * e->covariance[i][j]) : HUGE_VAL;
}
