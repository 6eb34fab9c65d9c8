#include "traffic/law_fit.h"

#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define STEPS 3000
#define FIRST_STEPS 120
#define CONFIDENCE 0.99

struct task {
	const struct sample *sample;
	const struct law_type *type;
	double minimum;      /* of a Pareto law, where exact values give it */
	bool minimum_known;
};

/* What is free: all parameters, but not a minimum that is known. */
static double task_log_likelihood(const void *context, const double *free)
{
	const struct task *t = context;
	double value[LAW_PARAMETERS];

	if (t->minimum_known) {
		value[0] = t->minimum;
		value[1] = exp(free[0]);
	} else {
		law_value(t->type, free, value);
	}
	return t->type->log_likelihood(t->sample, value);
}

/* --- the data's own distribution ----------------------------------------- */

/* Goes through the distinct values in order: at each, the share above it. */
struct walk {
	const struct sample *sample;
	size_t exact, range, censored; /* next of each; ranges are sorted by low, counts by high too */
	double at_risk, survival;
};

static bool is_censored(const struct sample_range *r)
{
	return !(r->high < HUGE_VAL);
}

static void skip(struct walk *w)
{
	const struct sample *s = w->sample;

	while (w->range < s->range_count && is_censored(&s->ranges[w->range]))
		w->range++;
	while (w->censored < s->range_count && !is_censored(&s->ranges[w->censored]))
		w->censored++;
}

static bool walk_next(struct walk *w, double *x, double *before)
{
	const struct sample *s = w->sample;
	double deaths = 0;

	skip(w);
	if (w->exact >= s->exact && w->range >= s->range_count)
		return false;
	*x = w->exact < s->exact ? s->x[w->exact] : HUGE_VAL;
	if (w->range < s->range_count && s->ranges[w->range].high < *x)
		*x = s->ranges[w->range].high;
	for (; w->censored < s->range_count && s->ranges[w->censored].low < *x; skip(w))
		w->at_risk -= s->ranges[w->censored++].weight;
	for (; w->exact < s->exact && s->x[w->exact] <= *x; w->exact++)
		deaths++;
	for (; w->range < s->range_count && s->ranges[w->range].high <= *x; skip(w))
		deaths += s->ranges[w->range++].weight;
	*before = w->survival;
	w->survival *= w->at_risk > deaths ? 1 - deaths / w->at_risk : 0;
	w->at_risk -= deaths;
	return true;
}

static struct walk walk_begin(const struct sample *s)
{
	return (struct walk){ .sample = s, .at_risk = s->count, .survival = 1 };
}

size_t survival_curve(const struct sample *s, struct survival_point *out, size_t most)
{
	double x, before, first = 0, last = 0, lowest = 1, spread;
	struct survival_point kept = { 0, 0 };
	struct walk w = walk_begin(s);
	size_t count = 0;

	while (walk_next(&w, &x, &before)) {
		first = first > 0 ? first : x;
		last = x;
		lowest = w.survival > 0 ? w.survival : lowest;
	}
	spread = (log(last / first) - log(lowest)) / (double)(most / 2);
	w = walk_begin(s);
	while (count < most && walk_next(&w, &x, &before))
		if (w.survival > 0 && (!count || log(x / kept.x) - log(w.survival / kept.survival) >= spread))
			out[count++] = kept = (struct survival_point){ x, w.survival };
	return count;
}

static double distance(const struct sample *s, const struct law_type *t, const double *value)
{
	struct walk w = walk_begin(s);
	double x, before, largest = 0;

	while (walk_next(&w, &x, &before)) {
		double fitted = t->survival(value, x);

		largest = fmax(largest, fabs(w.survival - fitted));
		if (s->exact) /* a count's share lies on it, not below */
			largest = fmax(largest, fabs(before - fitted));
	}
	return largest;
}

/* --- one law ------------------------------------------------------------- */

static void swap(double *a, double *b)
{
	double c = *a;

	*a = *b;
	*b = c;
}

/* A mixture's parts in order of their means or medians. */
static void order_parts(const struct law_type *t, struct estimate *e)
{
	size_t each = (t->count - 1) / 2;

	if (t->parts < 2 || e->free[1] <= e->free[1 + each])
		return;
	e->free[0] = -e->free[0];
	for (size_t i = 1; i <= each; i++)
		swap(&e->free[i], &e->free[i + each]);
}

/* A few steps from each start, then on from the best. */
static bool climb(const struct task *t, struct estimate *best)
{
	size_t count = t->minimum_known ? 1 : t->type->count;

	best->count = count;
	best->log_likelihood = -HUGE_VAL;
	for (size_t k = 0; k < t->type->starts; k++) {
		struct estimate e = { .count = count };
		double value[LAW_PARAMETERS], free[LAW_PARAMETERS];

		t->type->start(t->sample, k, value);
		law_free(t->type, value, free);
		for (size_t i = 0; i < count; i++)
			e.free[i] = free[t->minimum_known ? 1 : i];
		if (likelihood_climb(task_log_likelihood, t, 0.5, t->type->starts > 1 ? FIRST_STEPS : STEPS, &e) &&
		    e.log_likelihood > best->log_likelihood)
			*best = e;
	}
	if (!(best->log_likelihood > -HUGE_VAL))
		return false;
	return t->type->starts == 1 || likelihood_climb(task_log_likelihood, t, 0.1, STEPS, best);
}

static void interval(const struct law_type *t, const struct estimate *e, size_t i, size_t of, struct law_fit *out)
{
	double reach = LIKELIHOOD_Z99 * estimate_error(e, i);
	double low = e->free[i] - reach, high = e->free[i] + reach;
	bool share = t->parameters[of].share;

	out->low[of] = !e->determined ? 0 : share ? 1 / (1 + exp(-low)) : exp(low);
	out->high[of] = !e->determined ? (share ? 1 : HUGE_VAL) : share ? 1 / (1 + exp(-high)) : exp(high);
}

void law_fit_intervals(struct law_fit *f)
{
	const struct law_type *type = &law_types[f->law];

	law_value(type, f->estimate.free, f->value);
	for (size_t i = 0; i < type->count; i++)
		interval(type, &f->estimate, i, i, f);
}

bool law_refit(const struct sample *s, struct law_fit *f)
{
	struct task task = { .sample = s, .type = &law_types[f->law] };

	return likelihood_climb(task_log_likelihood, &task, 0.05, STEPS, &f->estimate);
}

bool law_fit(const struct sample *s, enum law law, struct law_fit *out)
{
	const struct law_type *type = &law_types[law];
	struct task task = { .sample = s, .type = type };
	struct estimate *e = &out->estimate;

	*out = (struct law_fit){ .law = law };
	task.minimum_known = law == LAW_PARETO && s->exact;
	task.minimum = task.minimum_known ? s->x[0] : 0;
	if (!climb(&task, e))
		return false;
	order_parts(type, e);
	likelihood_curvature(task_log_likelihood, &task, e);
	if (task.minimum_known) {
		out->value[0] = task.minimum;
		out->value[1] = exp(e->free[0]);
		interval(type, e, 0, 1, out);
		out->high[0] = task.minimum;
		out->low[0] = task.minimum * pow(1 - CONFIDENCE, 1 / ((double)s->exact * out->value[1]));
	} else {
		law_fit_intervals(out);
	}
	out->log_likelihood = e->log_likelihood;
	out->bic = -2 * e->log_likelihood + (double)type->count * log(s->count);
	out->ks = distance(s, type, out->value);
	return true;
}

/* --- the choice ---------------------------------------------------------- */

static int by_bic(const void *a, const void *b)
{
	const struct law_fit *x = a, *y = b;

	return (x->bic > y->bic) - (x->bic < y->bic);
}

static bool may_be_equal(const struct law_fit *f, size_t i, size_t j)
{
	const struct estimate *e = &f->estimate;

	return e->determined && fabs(e->free[i] - e->free[j]) <= LIKELIHOOD_Z99 * estimate_error_of_difference(e, i, j);
}

/* The simpler law that the interval of f holds, or LAW_COUNT. */
static enum law simpler(const struct law_fit *f)
{
	switch (f->law) {
	case LAW_GAMMA:
	case LAW_WEIBULL:
		return f->estimate.determined && f->low[0] <= 1 && f->high[0] >= 1 ? LAW_EXPONENTIAL : LAW_COUNT;
	case LAW_TWO_EXPONENTIAL:
		return may_be_equal(f, 1, 2) ? LAW_EXPONENTIAL : LAW_COUNT;
	case LAW_TWO_LOGNORMAL:
		return may_be_equal(f, 1, 3) && may_be_equal(f, 2, 4) ? LAW_LOGNORMAL : LAW_COUNT;
	default:
		return LAW_COUNT;
	}
}

/* Of those that are known, and none that is cut off is longer; then *value is theirs. */
static bool all_equal(const struct sample *s, double *value)
{
	double least = s->exact ? s->x[0] : HUGE_VAL, most = s->exact ? s->x[s->exact - 1] : 0, cut_off = 0;

	for (size_t i = 0; i < s->range_count; i++) {
		if (is_censored(&s->ranges[i])) {
			cut_off = fmax(cut_off, s->ranges[i].low);
			continue;
		}
		least = fmin(least, s->ranges[i].high);
		most = fmax(most, s->ranges[i].high);
	}
	if (s->blur_count || cut_off >= most)
		return false;
	if (most > 0 && least >= most)
		*value = most;
	return least >= most;
}

/* The mean, a censored one for as much as was seen of it. */
static double mean_known(const struct sample *s)
{
	double sum = s->sum, count = (double)s->exact;

	for (size_t i = 0; i < s->range_count; i++) {
		const struct sample_range *r = &s->ranges[i];

		sum += r->weight * (is_censored(r) ? r->low : r->high);
		count += r->weight;
	}
	return count > 0 ? sum / count : 0;
}

bool law_choice_simplify(struct law_choice *c)
{
	enum law wanted = simpler(&c->fits[c->chosen]);

	for (size_t i = 0; i < c->count; i++)
		if (c->fits[i].law == wanted) {
			c->chosen = i;
			return true;
		}
	return false;
}

void law_choose(const struct sample *s, unsigned mask, struct law_choice *out)
{
	*out = (struct law_choice){ .constant = mean_known(s), .values = s->count, .censored = s->censored };
	if (s->count - s->censored < LAW_FEWEST || all_equal(s, &out->constant))
		return;
	for (int law = 0; law < LAW_COUNT; law++)
		if (mask & 1u << law && law_fit(s, (enum law)law, &out->fits[out->count]))
			out->count += out->fits[out->count].estimate.determined;
	qsort(out->fits, out->count, sizeof(*out->fits), by_bic);
	if (out->count)
		law_choice_simplify(out);
}

void law_choice_distribution(const struct law_choice *c, struct distribution *out)
{
	const struct law_fit *f = &c->fits[c->chosen];

	if (c->count)
		law_distribution(&law_types[f->law], f->value, out);
	else
		*out = (struct distribution){ .kind = DIST_CONSTANT, .value = c->constant };
}
