#include "sim/command/fit_items.h"

#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

#define SECONDS_PER_DAY 86400.0
#define POINTS 40

static void parameter(struct fit_item *item, const char *name, double value, double low, double high)
{
	item->parameters[item->count].name = name;
	item->parameters[item->count].value = value;
	item->parameters[item->count].low = low;
	item->parameters[item->count++].high = high;
}

static double rates_survival(const struct host_fit *h, double x)
{
	double mean = h->rate * SECONDS_PER_DAY;

	if (h->spread == SPREAD_GAMMA)
		return gsl_cdf_gamma_Q(x, h->shape, mean / h->shape);
	if (h->spread == SPREAD_LOGNORMAL)
		return gsl_cdf_lognormal_Q(x, log(mean), h->shape);
	return x < mean;
}

/* Over hosts: each is a step of the measured share, equal ones are one. */
static double rates_distance(const struct fit *f)
{
	uint32_t silent = 0;
	double largest = 0;

	while (silent < f->hosts && f->host_rates[silent] <= 0)
		silent++;
	for (uint32_t from = silent, to; from < f->hosts; from = to) {
		double fitted = rates_survival(&f->openings, f->host_rates[from]), n = f->hosts - silent;

		for (to = from + 1; to < f->hosts && f->host_rates[to] <= f->host_rates[from]; to++)
			continue;
		largest = fmax(largest, fabs((f->hosts - from) / n - fitted));
		largest = fmax(largest, fabs((f->hosts - to) / n - fitted));
	}
	return largest;
}

static struct fit_item rates(const struct fit *f)
{
	const struct host_fit *h = &f->openings;
	struct fit_item item = { .kind = ITEM_RATES, .fit = f, .name = "sockets a day", .unit = "sockets/day",
	                         .law = spread_name[h->spread], .values = (double)h->hosts,
	                         .ks = h->spread == SPREAD_EQUAL ? NAN : rates_distance(f) };

	parameter(&item, h->spread == SPREAD_LOGNORMAL ? "median" : h->spread == SPREAD_GAMMA ? "mean" : "value",
	          h->rate * SECONDS_PER_DAY, h->rate_low * SECONDS_PER_DAY, h->rate_high * SECONDS_PER_DAY);
	if (h->spread != SPREAD_EQUAL)
		parameter(&item, h->spread == SPREAD_GAMMA ? "shape" : "sigma", h->shape, h->shape_low, h->shape_high);
	return item;
}

static struct fit_item gaps(const struct fit *f)
{
	const struct host_fit *h = &f->openings;
	struct fit_item item = { .kind = ITEM_GAPS, .fit = f, .name = "gaps", .unit = "mean gaps",
	                         .law = law_types[h->gaps].name, .values = h->scaled.count,
	                         .censored = h->scaled.censored, .ks = h->ks };

	if (h->gaps == LAW_TWO_EXPONENTIAL) {
		parameter(&item, "share", h->gap[0], h->gap_low[0], h->gap_high[0]);
		parameter(&item, "ratio", h->gap[1], h->gap_low[1], h->gap_high[1]);
	} else if (h->gaps != LAW_EXPONENTIAL) {
		parameter(&item, h->gaps == LAW_LOGNORMAL ? "sigma" : "shape", h->gap[0], h->gap_low[0], h->gap_high[0]);
	}
	return item;
}

static struct fit_item one(const struct fit *f, const struct fitted *fitted, const char *protocol, const char *what,
                           const char *unit)
{
	const struct law_choice *c = &fitted->choice;
	const struct law_fit *l = &c->fits[c->chosen];
	struct fit_item item = { .kind = ITEM_FITTED, .fit = f, .fitted = fitted, .unit = unit, .law = "constant",
	                         .values = c->values, .censored = c->censored, .ks = NAN };

	snprintf(item.name, sizeof(item.name), "%s %s", protocol, what);
	if (!c->count) {
		parameter(&item, "value", c->constant, 0, HUGE_VAL);
		return item;
	}
	item.law = law_types[l->law].name;
	item.instead_of = c->chosen ? law_types[c->fits[0].law].name : NULL;
	item.ks = l->ks;
	for (size_t i = 0; i < law_types[l->law].count; i++)
		parameter(&item, law_types[l->law].parameters[i].name, l->value[i], l->low[i], l->high[i]);
	return item;
}

static struct fit_item destinations(const struct fit *f)
{
	const struct fit_destinations *d = &f->destinations;
	struct fit_item item = { .kind = ITEM_DESTINATIONS, .fit = f, .name = "destinations", .unit = "flows",
	                         .law = d->fitted ? "zipf" : "alike", .values = (double)d->seen, .ks = d->ks };

	parameter(&item, "count", d->count, d->count_low, d->count_high);
	if (d->fitted)
		parameter(&item, "zipf", d->zipf, d->zipf_low, d->zipf_high);
	return item;
}

size_t fit_items(const struct fit *f, struct fit_item out[FIT_ITEMS_MOST])
{
	size_t n = 0;

	out[n++] = rates(f);
	out[n++] = gaps(f);
	for (int p = 0; p < PROTO_COUNT; p++) {
		const struct fit_protocol *each = &f->protocols[p];

		if (each->duration.choice.values > 0)
			out[n++] = one(f, &each->duration, protocol_name[p], "duration", "s");
		if (each->fan_out.choice.values > 0)
			out[n++] = one(f, &each->fan_out, protocol_name[p], "fan-out", "flows/socket");
		if (each->spacing.choice.values > 0)
			out[n++] = one(f, &each->spacing, protocol_name[p], "spacing", "s");
	}
	out[n++] = destinations(f);
	must(n <= FIT_ITEMS_MOST);
	return n;
}

double fit_item_survival(const struct fit_item *item, double x)
{
	const struct law_choice *c;

	switch (item->kind) {
	case ITEM_RATES:
		return rates_survival(&item->fit->openings, x);
	case ITEM_GAPS:
		return host_fit_gap_survival(&item->fit->openings, x);
	case ITEM_DESTINATIONS:
		return fit_destination_survival(&item->fit->destinations, x);
	case ITEM_FITTED:
		break;
	}
	c = &item->fitted->choice;
	return c->count ? law_types[c->fits[c->chosen].law].survival(c->fits[c->chosen].value, x) : x < c->constant;
}

size_t fit_item_measured(const struct fit_item *item, struct survival_point *out, size_t most)
{
	const struct fit *f = item->fit;
	struct sample s = { 0 };
	size_t count;

	if (item->kind == ITEM_FITTED)
		return survival_curve(&item->fitted->sample, out, most);
	if (item->kind == ITEM_GAPS)
		return survival_curve(&f->openings.scaled, out, most);
	for (uint32_t h = 0; item->kind == ITEM_RATES && h < f->hosts; h++)
		if (f->host_rates[h] > 0)
			sample_add(&s, f->host_rates[h], f->host_rates[h]);
	for (size_t i = 0; item->kind == ITEM_DESTINATIONS && i < f->destinations.seen; i++)
		sample_add(&s, f->destination_flows[i], f->destination_flows[i]);
	sample_settle(&s, SIZE_MAX);
	count = survival_curve(&s, out, most);
	sample_clear(&s);
	return count;
}

bool fit_write_curves(const struct fit *f, const char *path, struct err *e)
{
	struct fit_item items[FIT_ITEMS_MOST];
	struct survival_point points[POINTS];
	size_t count = fit_items(f, items);
	struct outfile out;

	if (!outfile_open(&out, path, e))
		return false;
	fputs("law,x,measured,fitted\n", out.stream);
	for (size_t i = 0; i < count; i++) {
		size_t n = fit_item_measured(&items[i], points, POINTS);

		for (size_t k = 0; k < n; k++)
			fprintf(out.stream, "%s (%s): %s,%.5g,%.5g,%.5g\n", items[i].name, items[i].unit, items[i].law, points[k].x,
			        points[k].survival, fit_item_survival(&items[i], points[k].x));
	}
	return outfile_commit(&out, e);
}
