#include "sim/command/fit_items.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

#define POINTS 40

static void parameter(struct fit_item *item, const char *name, double value, double low, double high)
{
	item->parameters[item->count].name = name;
	item->parameters[item->count].value = value;
	item->parameters[item->count].low = low;
	item->parameters[item->count++].high = high;
}

/* Over hosts: each is a step of the measured share, equal ones are one. */
static double rates_distance(const struct fit *f)
{
	size_t silent = 0, count = f->host_rate_count;
	double largest = 0;

	while (silent < count && f->host_rates[silent] <= 0)
		silent++;
	for (size_t from = silent, to; from < count; from = to) {
		double fitted = host_fit_rate_survival(&f->openings, f->host_rates[from]), n = (double)(count - silent);

		for (to = from + 1; to < count && f->host_rates[to] <= f->host_rates[from]; to++)
			continue;
		largest = fmax(largest, fabs((double)(count - from) / n - fitted));
		largest = fmax(largest, fabs((double)(count - to) / n - fitted));
	}
	return largest;
}

/* A law that was chosen: its name, its parameters. */
static void chosen(struct fit_item *item, const struct law_choice *c, double constant_low, double constant_high)
{
	const struct law_fit *l = &c->fits[c->chosen];

	item->choice = c;
	item->law = "constant";
	item->values = c->values;
	item->censored = c->censored;
	item->ks = NAN;
	if (!c->count) {
		parameter(item, "value", c->constant, constant_low, constant_high);
		return;
	}
	item->law = law_types[l->law].name;
	item->instead_of = c->chosen ? law_types[c->fits[0].law].name : NULL;
	item->ks = l->ks;
	for (size_t i = 0; i < law_types[l->law].count; i++)
		parameter(item, law_types[l->law].parameters[i].name, l->value[i], l->low[i], l->high[i]);
}

static struct fit_item rates(const struct fit *f)
{
	const struct host_fit *h = &f->openings;
	struct fit_item item = { .kind = ITEM_RATES, .fit = f, .name = "sockets a day", .unit = "sockets/day" };

	chosen(&item, &h->rates, h->equal_low, h->equal_high);
	item.values = (double)h->hosts;
	if (h->rates.count)
		item.ks = rates_distance(f);
	return item;
}

static struct fit_item gaps(const struct fit *f)
{
	const struct host_fit *h = &f->openings;
	struct fit_item item = { .kind = ITEM_GAPS, .fit = f, .name = "gaps", .unit = "mean gaps",
	                         .law = law_types[h->gaps].name, .values = h->scaled.count,
	                         .censored = h->scaled.censored, .ks = h->ks };

	for (size_t i = 0; i < gap_parameter_count(h->gaps); i++)
		parameter(&item, gap_parameters[h->gaps][i].name, h->gap[i], h->gap_low[i], h->gap_high[i]);
	return item;
}

static struct fit_item one(const struct fit *f, const struct fitted *fitted, const char *protocol, const char *what,
                           const char *unit)
{
	struct fit_item item = { .kind = ITEM_FITTED, .fit = f, .fitted = fitted, .unit = unit };

	snprintf(item.name, sizeof(item.name), "%s %s", protocol, what);
	chosen(&item, &fitted->choice, 0, HUGE_VAL);
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
		return host_fit_rate_survival(&item->fit->openings, x);
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
	for (size_t h = 0; item->kind == ITEM_RATES && h < f->host_rate_count; h++)
		if (f->host_rates[h] > 0)
			sample_add(&s, f->host_rates[h], f->host_rates[h]);
	for (size_t i = 0; item->kind == ITEM_DESTINATIONS && i < f->destinations.seen; i++)
		sample_add(&s, f->destination_flows[i], f->destination_flows[i]);
	sample_settle(&s, SIZE_MAX);
	count = survival_curve(&s, out, most);
	sample_clear(&s);
	return count;
}

size_t fit_write_curves(const struct fit *f, FILE *to)
{
	struct fit_item items[FIT_ITEMS_MOST];
	struct survival_point points[POINTS];
	size_t count = fit_items(f, items), all = 0;

	fputs(FIT_CURVES_HEADER "\n", to);
	for (size_t i = 0; i < count; i++) {
		size_t n = fit_item_measured(&items[i], points, POINTS);

		for (size_t k = 0; k < n; k++)
			fprintf(to, "%s (%s): %s,%.5g,%.5g,%.5g\n", items[i].name, items[i].unit, items[i].law, points[k].x,
			        points[k].survival, fit_item_survival(&items[i], points[k].x));
		all += n;
	}
	return all;
}
