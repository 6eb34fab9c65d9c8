/* Zipf's law from how many flows each destination has.
 *
 * The obvious way, sorting destinations by their flows and fitting a line, is
 * wrong twice: the order is made from the noise itself, and destinations that
 * nobody met by chance are not there. Here the ranks are not used. With n flows
 * server d is met a Poisson number of times with mean n p(d), so the number of
 * destinations met exactly c times has mean
 *
 *	m(c) = sum over d of Poisson(c; n p(d)),
 *
 * and its likelihood, taken as Poisson too, depends on the exponent and on the
 * number of servers, met or not. That the head's ranks vary less than Poisson's
 * law says makes the intervals a little wide. */
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/fit.h"

enum {
	SERVERS_MOST = 131072,  /* as many as the sources have addresses for */
	SERVERS_FEWEST = 8,
	SINGLE = 64,            /* ranks looked at one by one; beyond, in groups of 3% */
	GROUPS = 512,
};

struct occurrences {      /* `destinations` destinations have `flows` flows each */
	double flows, destinations;
};

struct task {
	const struct occurrences *seen;
	size_t count;
	double flows, least;  /* in all; destinations seen */
	double servers;       /* their number, where it is held */
};

struct group {
	double mean;          /* flows that each of its servers is met by */
	double servers;
};

/* Servers by falling mean, `count` of them in all. */
static size_t groups_make(struct group out[GROUPS], double count, double zipf, double flows)
{
	double first = 1, sum = 0;
	size_t n = 0;

	while (first <= count && n < GROUPS) {
		double size = n < SINGLE ? 1 : floor(first * 0.03) + 1, middle;

		if (first + size > count + 1)
			size = count + 1 - first;
		middle = first + (size - 1) / 2;
		out[n] = (struct group){ .mean = pow(middle, -zipf), .servers = size };
		sum += out[n++].mean * size;
		first += size;
	}
	for (size_t i = 0; i < n; i++)
		out[i].mean *= flows / sum;
	return n;
}

static double task_log_likelihood(const void *context, const double *free)
{
	const struct task *t = context;
	struct group groups[GROUPS];
	double count = exp(free[0]), zipf = exp(free[1]), sum = 0;
	size_t n;

	if (count < t->least * (1 - 1e-12) || count > SERVERS_MOST || zipf < 0.01 || zipf > 10)
		return -HUGE_VAL;
	n = groups_make(groups, count, zipf, t->flows);
	for (size_t g = 0; g < n; g++)
		sum += groups[g].servers * expm1(-groups[g].mean);
	for (size_t i = 0; i < t->count; i++) {
		double c = t->seen[i].flows, mean = 0, log_factorial = gsl_sf_lngamma(c + 1);

		for (size_t g = 0; g < n; g++)
			mean += groups[g].servers * exp(c * log(groups[g].mean) - groups[g].mean - log_factorial);
		sum += t->seen[i].destinations * log(mean);
	}
	return sum;
}

static int by_count(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static size_t occurrences_make(uint32_t *counts, size_t count, struct occurrences *out)
{
	size_t n = 0;

	qsort(counts, count, sizeof(*counts), by_count);
	for (size_t i = 0; i < count; i++) {
		if (!i || counts[i] != counts[i - 1])
			out[n++] = (struct occurrences){ .flows = counts[i] };
		out[n - 1].destinations++;
	}
	return n;
}

double fit_destination_survival(const struct fit_destinations *d, double flows)
{
	struct group groups[GROUPS];
	size_t n = groups_make(groups, d->count, d->zipf, (double)d->flows);
	double met = 0, above = 0;

	for (size_t g = 0; g < n; g++) {
		/* P(Poisson > c) = P(gamma of shape c + 1 < mean) */
		above += groups[g].servers * gsl_sf_gamma_inc_P(floor(flows) + 1, groups[g].mean);
		met -= groups[g].servers * expm1(-groups[g].mean);
	}
	return above / met;
}

static double distance(const struct occurrences *seen, size_t count, const struct fit_destinations *d)
{
	double above = (double)d->seen, largest = 0;

	for (size_t i = 0; i < count; i++) {
		above -= seen[i].destinations;
		largest = fmax(largest, fabs(above / (double)d->seen - fit_destination_survival(d, seen[i].flows)));
	}
	return largest;
}

/* Of the exponent alone, with as many servers as there are. */
static double exponent_log_likelihood(const void *context, const double *free)
{
	const struct task *t = context;

	return task_log_likelihood(t, (const double[]){ log(t->servers), free[0] });
}

/* A climb that comes to the edge, where there are no more servers than were met, may stick to it: the best along the edge is looked for. */
static void try_all_met(struct task *t, struct estimate *e)
{
	struct estimate exponent = { .count = 1, .free = { e->free[1] } };

	t->servers = t->least;
	if (likelihood_climb(exponent_log_likelihood, t, 0.3, 400, &exponent) && exponent.log_likelihood > e->log_likelihood) {
		e->free[0] = log(t->least);
		e->free[1] = exponent.free[0];
		e->log_likelihood = exponent.log_likelihood;
	}
}

/* How many more servers there can be, 99% sure, whatever the exponent is then. */
static double servers_high(struct task *t, const struct estimate *e)
{
	double low = t->servers, high = SERVERS_MOST;

	while (high / low > 1.001) {
		struct estimate other = { .count = 1, .free = { e->free[1] } };

		t->servers = sqrt(low * high);
		if (likelihood_climb(exponent_log_likelihood, t, 0.1, 200, &other) &&
		    e->log_likelihood - other.log_likelihood < LIKELIHOOD_Z99 * LIKELIHOOD_Z99 / 2)
			low = t->servers;
		else
			high = t->servers;
	}
	return low;
}

/* Where all servers were met their number is at its least, and no parabola: then its interval is
 * one-sided, and the exponent's is that of so many servers. */
static void intervals(struct task *t, struct estimate *e, struct fit_destinations *out)
{
	struct estimate exponent = { .count = 1, .free = { e->free[1] }, .log_likelihood = e->log_likelihood };
	double by;

	likelihood_curvature(task_log_likelihood, t, e);
	out->count = t->servers = exp(e->free[0]);
	out->zipf = exp(e->free[1]);
	if (e->determined) {
		by = LIKELIHOOD_Z99 * estimate_error(e, 0);
		out->count_low = fmax(exp(e->free[0] - by), t->least);
		out->count_high = exp(e->free[0] + by);
		by = LIKELIHOOD_Z99 * estimate_error(e, 1);
	} else {
		likelihood_curvature(exponent_log_likelihood, t, &exponent);
		by = LIKELIHOOD_Z99 * estimate_error(&exponent, 0);
		out->count_low = t->least;
		out->count_high = servers_high(t, e);
	}
	out->zipf_low = exp(e->free[1] - by);
	out->zipf_high = exp(e->free[1] + by);
}

void fit_destinations(uint32_t *counts, size_t count, struct fit_destinations *out)
{
	struct occurrences *seen = must_alloc(count + 1, sizeof(*seen));
	struct task t = { .seen = seen, .count = occurrences_make(counts, count, seen), .least = (double)count };
	struct estimate e = { .count = 2 };

	*out = (struct fit_destinations){ .seen = count, .count = count ? (double)count : 1 };
	out->count_low = out->count;
	out->count_high = out->zipf_high = HUGE_VAL;
	for (size_t i = 0; i < count; i++)
		out->flows += counts[i];
	t.flows = (double)out->flows;
	if (out->count > SERVERS_MOST)
		out->count = SERVERS_MOST;
	e.free[0] = log(fmin(1.5 * t.least, SERVERS_MOST - 1));
	e.free[1] = log(0.8);
	if (count >= SERVERS_FEWEST && out->flows > count && likelihood_climb(task_log_likelihood, &t, 0.3, 1000, &e)) {
		out->fitted = true;
		try_all_met(&t, &e);
		intervals(&t, &e, out);
	}
	out->ks = count ? distance(seen, t.count, out) : 0;
	free(seen);
}
