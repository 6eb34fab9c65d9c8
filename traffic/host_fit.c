#include "traffic/host_fit.h"

#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/host_likelihood.h"
#include "traffic/host_rates.h"

#define SECONDS_PER_DAY 86400.0
/* For the gaps' law; for the rates', which one look at each host is enough for. */
#define GAPS_MOST 20000
#define HOSTS_MOST 1000
#define RATE_GAPS_MOST 200000
#define RATE_HOSTS_MOST 20000
#define STEPS 1500
#define FIRST_STEPS 150
#define FITS 1.0 /* the largest distance, in units of 1 / sqrt(values) */

struct attempt {
	enum law law;
	bool alike;
	struct estimate e;
	double bic;
};

static void prepare(struct host_task *t, const struct attempt *a)
{
	t->law = a->law;
	t->alike = a->alike;
}

/* A few steps from each start, then on from the best. */
static bool climb(struct host_task *t, double rate, struct attempt *a)
{
	size_t first, starts = gap_starts(a->law);

	prepare(t, a);
	first = host_task_rate_parameters(t);
	a->e.log_likelihood = -HUGE_VAL;
	for (size_t k = 0; k < starts; k++) {
		struct estimate e = { .count = first + gap_parameter_count(a->law) };
		double free[GAP_PARAMETERS + 1];

		gap_free_start(a->law, k, free);
		if (!t->tied)
			e.free[0] = log(rate);
		for (size_t i = first; i < e.count; i++)
			e.free[i] = free[i - first];
		if (likelihood_climb(host_task_log_likelihood, t, 0.4, starts > 1 ? FIRST_STEPS : STEPS, &e) &&
		    e.log_likelihood > a->e.log_likelihood)
			a->e = e;
	}
	if (!(a->e.log_likelihood > -HUGE_VAL))
		return false;
	if (starts > 1 && !likelihood_climb(host_task_log_likelihood, t, 0.2, STEPS, &a->e))
		return false;
	gap_free_order(a->law, a->e.free + first);
	return true;
}

/* Gaps are weighed by their own number, differences between hosts by that of hosts. */
static bool attempt(struct host_task *t, double rate, struct attempt *a)
{
	size_t more = gap_parameter_count(a->law);

	if (!climb(t, rate, a))
		return false;
	a->bic = -2 * a->e.log_likelihood + (double)more * log((double)(t->gaps + 1)) +
	         (double)(a->e.count - more) * log((double)t->count);
	return true;
}

static bool holds_one(const struct estimate *e, size_t i)
{
	return e->determined && fabs(e->free[i]) <= LIKELIHOOD_Z99 * estimate_error(e, i);
}

static void curve(struct host_task *t, struct attempt *a)
{
	prepare(t, a);
	likelihood_curvature(host_task_log_likelihood, t, &a->e);
}

static struct attempt *least_bic(struct attempt *all, size_t count)
{
	struct attempt *least = all;

	for (size_t i = 1; i < count; i++)
		least = all[i].bic < least->bic ? &all[i] : least;
	return least;
}

static int by_bic(const void *a, const void *b)
{
	const struct attempt *x = a, *y = b;

	return (x->bic > y->bic) - (x->bic < y->bic);
}

/* Instead of the best so far, if it can be, and BIC does not say otherwise. */
static void take(struct host_task *t, double rate, struct attempt a, bool if_better, struct attempt *best)
{
	if (attempt(t, rate, &a) && (!if_better || a.bic < best->bic)) {
		curve(t, &a);
		*best = a;
	}
	prepare(t, best);
}

static void report_gaps(const struct host_task *t, const struct attempt *a, struct host_fit *out)
{
	size_t first = host_task_rate_parameters(t);

	out->gaps = a->law;
	out->log_likelihood = a->e.log_likelihood;
	out->bic = a->bic;
	for (size_t i = 0; i < gap_parameter_count(a->law); i++) {
		const struct gap_parameter *p = &gap_parameters[a->law][i];
		double reach = LIKELIHOOD_Z99 * estimate_error(&a->e, first + i), at = a->e.free[first + i];

		out->gap[i] = gap_value(p, at);
		out->gap_low[i] = gap_value(p, at - reach);
		out->gap_high[i] = gap_value(p, at + reach);
	}
}

/* Gaps in units of their host's mean, as far as it is known. */
static void scale(const struct host_task *t, struct host_fit *out)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct host *h = &t->hosts[i];
		double rate = exp(t->alike ? t->log_rate : t->peak[i]);

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

/* Does a law fit as well as chance lets any? Then no mixture has to be tried, which takes longer than all others. */
static bool fits(struct host_task *t, struct attempt *a)
{
	struct host_fit f = { 0 };
	bool as_well;

	prepare(t, a);
	host_task_log_likelihood(t, a->e.free); /* and with it the peaks */
	report_gaps(t, a, &f);
	scale(t, &f);
	as_well = gaps_distance(&f) * sqrt(f.scaled.count) < FITS;
	host_fit_clear(&f);
	return as_well;
}

/* The gaps' law, with rates that are equal or follow a gamma law. A mixture is taken only if the intervals of its parts can be told. */
static bool choose_gaps(struct host_task *t, double rate, struct attempt *best)
{
	struct attempt all[LAW_COUNT];
	size_t count = 0, i = 0;

	for (int law = 0; law < LAW_COUNT; law++) {
		all[count] = (struct attempt){ .law = (enum law)law, .alike = t->count < 2 };
		if (law_types[law].parts > 1 && count && fits(t, least_bic(all, count)))
			continue;
		count += attempt(t, rate, &all[count]);
	}
	qsort(all, count, sizeof(*all), by_bic);
	for (; i < count; i++) {
		curve(t, &all[i]);
		if (law_types[all[i].law].parts == 1 || all[i].e.determined)
			break;
	}
	if (i == count)
		return false;
	*best = all[i];
	if (!best->alike)
		take(t, rate, (struct attempt){ .law = best->law, .alike = true }, true, best);
	if ((best->law == LAW_GAMMA || best->law == LAW_WEIBULL) && holds_one(&best->e, host_task_rate_parameters(t)))
		take(t, rate, (struct attempt){ .law = LAW_EXPONENTIAL, .alike = best->alike }, false, best);
	return true;
}

/* What was counted, of hosts that count. */
struct counted {
	double hosts, times;
	double a_second;   /* and host, all in all */
	double since_first; /* the same from each host's first time on, where that is what it is known by */
};

static struct counted counted(const struct host_times *hosts, size_t count, bool all_known)
{
	struct counted c = { 0 };
	double span_s = 0, later = 0, later_s = 0;

	for (size_t i = 0; i < count; i++) {
		if (!all_known && !hosts[i].count)
			continue;
		c.hosts++;
		c.times += (double)hosts[i].count;
		span_s += hosts[i].span_s;
		later += (double)hosts[i].count - (all_known ? 0 : 1);
		later_s += hosts[i].span_s - (all_known ? 0 : hosts[i].at_s[0]);
	}
	c.a_second = span_s > 0 ? c.times / span_s : 0;
	c.since_first = later_s > 0 ? later / later_s : 0;
	return c;
}

/* Hosts are known because they spoke, so what was counted of each is too much for its mean rate, if anything; what it did after
 * its first time is not. */
static bool out_of_sight(double mean, const struct counted *c)
{
	return mean > HOST_FIT_ABOVE * c->a_second || HOST_FIT_BELOW * mean < c->since_first;
}

static double rates_mean(const struct law_choice *rates)
{
	struct distribution d;
	double mean;

	law_choice_distribution(rates, &d);
	mean = distribution_mean(&d);
	distribution_clear(&d);
	return mean;
}

/* Brings the rates' mean to what was measured. */
static void tie(struct host_fit *out)
{
	double by = out->measured / rates_mean(&out->rates);
	struct law_fit *f = &out->rates.fits[out->rates.chosen];

	out->rates.constant *= by;
	out->equal_low *= by;
	out->equal_high *= by;
	for (size_t i = 0; i < law_types[f->law].count && out->rates.count; i++)
		if (law_types[f->law].parameters[i].scale) {
			f->value[i] *= by;
			f->low[i] *= by;
			f->high[i] *= by;
		}
}

/* Both laws, the mean rate free or tied; false if no law can have given what was seen. */
static bool fit_both(struct host_task *t, double rate, const struct host_times *hosts, size_t count, struct host_fit *out)
{
	struct attempt best = { 0 };
	struct host_task all;

	if (!choose_gaps(t, rate, &best))
		return false;
	report_gaps(t, &best, out);
	host_task_log_likelihood(t, best.e.free); /* and with it the peaks */
	host_task_fill(&all, hosts, count, t->all_known, RATE_HOSTS_MOST, RATE_GAPS_MOST);
	all.law = best.law;
	host_rates_choose(&all, &best.e, host_task_rate_parameters(t), out);
	host_task_clear(&all);
	out->gamma_mean = t->tied ? out->measured : exp(best.e.free[0]) * SECONDS_PER_DAY;
	return true;
}

/* The mean hangs on what nobody saw. Of a law of unequal rates it may hang on hosts that were too few to be met; then that of a
 * gamma law, which has no such tail, decides. */
static bool tie_is_wanted(const struct host_fit *f, const struct counted *c)
{
	return out_of_sight((f->rates.count ? f->gamma_mean : f->rates.constant) / SECONDS_PER_DAY, c);
}

void host_fit(const struct host_times *hosts, size_t count, bool all_known, struct host_fit *out)
{
	struct counted c = counted(hosts, count, all_known);
	struct host_task t;

	*out = (struct host_fit){ .gaps = LAW_EXPONENTIAL, .hosts = (size_t)c.hosts, .measured = c.a_second * SECONDS_PER_DAY };
	out->rates.constant = out->measured;
	out->rates.values = c.hosts;
	out->equal_high = HUGE_VAL;
	host_task_fill(&t, hosts, count, all_known, HOSTS_MOST, GAPS_MOST);
	t.log_rate = log(c.a_second);
	t.alike = true;
	if (t.gaps >= LAW_FEWEST && fit_both(&t, c.since_first > 0 ? c.since_first : c.a_second, hosts, count, out)) {
		out->fitted = true;
		if (tie_is_wanted(out, &c)) {
			out->tied = t.tied = true;
			t.tied_log_rate = log(c.a_second);
			must(fit_both(&t, c.a_second, hosts, count, out));
			tie(out);
		}
	}
	out->fitted_mean = rates_mean(&out->rates);
	scale(&t, out);
	out->ks = gaps_distance(out);
	host_task_clear(&t);
}

void host_fit_clear(struct host_fit *f)
{
	sample_clear(&f->scaled);
}

double host_fit_gap_survival(const struct host_fit *f, double x)
{
	return gap_survival(f->gaps, f->gap, x);
}

double host_fit_rate_survival(const struct host_fit *f, double a_day)
{
	const struct law_fit *l = &f->rates.fits[f->rates.chosen];

	return f->rates.count ? law_types[l->law].survival(l->value, a_day) : a_day < f->rates.constant;
}

void host_fit_rates(const struct host_fit *f, struct distribution *out)
{
	law_choice_distribution(&f->rates, out);
}

void host_fit_gaps(const struct host_fit *f, struct distribution *out)
{
	double value[LAW_PARAMETERS];

	gap_law_value(f->gaps, f->gap, value);
	law_distribution(&law_types[f->gaps], value, out);
}
