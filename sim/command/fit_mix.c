/* The mix as JSON: what a run reads, and what stands behind it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/command/fit_items.h"
#include "traffic/mix.h"

#define DAY_S 86400.0

/* Six digits: more than any fit knows. */
static void number(cJSON *object, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.6g", value);
	must(cJSON_AddNumberToObject(object, name, strtod(text, NULL)));
}

static cJSON *law_json(const struct distribution *d, double max)
{
	cJSON *o = cJSON_CreateObject(), *list;

	must(cJSON_AddStringToObject(o, "distribution", distribution_name[d->kind]));
	switch (d->kind) {
	case DIST_CONSTANT:
		number(o, "value", d->value);
		return o;
	case DIST_EXPONENTIAL:
		number(o, "mean", d->mean);
		return o;
	case DIST_GAMMA:
		number(o, "shape", d->shape);
		number(o, "mean", d->mean);
		return o;
	case DIST_WEIBULL:
		number(o, "shape", d->shape);
		number(o, "scale", d->scale);
		break;
	case DIST_LOGNORMAL:
		number(o, "median", d->median);
		number(o, "sigma", d->sigma);
		break;
	case DIST_PARETO:
		number(o, "shape", d->shape);
		number(o, "minimum", d->minimum);
		break;
	case DIST_MIXTURE:
		list = cJSON_AddArrayToObject(o, "parts");
		for (size_t i = 0; i < d->part_count; i++) {
			cJSON *part = law_json(&d->parts[i], max);

			number(part, "weight", d->weights[i] - (i ? d->weights[i - 1] : 0));
			must(cJSON_AddItemToArray(list, part));
		}
		return o;
	default:
		must(!"a law that is fitted");
	}
	if (max > 0)
		number(o, "max", max);
	return o;
}

static void add_law(cJSON *object, const char *name, const struct law_choice *c, double max)
{
	struct distribution d;

	law_choice_distribution(c, &d);
	must(cJSON_AddItemToObject(object, name, law_json(&d, max)));
	distribution_clear(&d);
}

/* A law of its own for those that last, none for those that do not. */
static void add_duration(cJSON *object, const struct fit_protocol *p, double max)
{
	double all = (double)p->watched, lasting = all - (double)p->instant;
	cJSON *law, *mixed, *list, *instant;
	struct distribution d;

	if (!p->instant || lasting <= 0) {
		add_law(object, "duration", &p->duration.choice, max);
		return;
	}
	law_choice_distribution(&p->duration.choice, &d);
	law = law_json(&d, max);
	distribution_clear(&d);
	number(law, "weight", lasting / all);
	instant = law_json(&(struct distribution){ .kind = DIST_CONSTANT }, 0);
	number(instant, "weight", (double)p->instant / all);
	mixed = cJSON_AddObjectToObject(object, "duration");
	cJSON_AddStringToObject(mixed, "distribution", "mixture");
	list = cJSON_AddArrayToObject(mixed, "parts");
	cJSON_AddItemToArray(list, instant);
	must(cJSON_AddItemToArray(list, law));
}

/* If no end was seen at all, all are silent. */
static void add_ends(cJSON *object, const struct fit_protocol *p)
{
	cJSON *ends = cJSON_AddObjectToObject(object, "ends");
	double seen = 0;

	for (int i = 0; i < FIT_ENDS; i++)
		seen += p->end_share[i];
	for (int i = 0; i < FIT_ENDS; i++)
		number(ends, fit_end_name[i], seen > 0 ? p->end_share[i] : i == FIT_SILENT);
}

static void add_protocol(cJSON *object, const struct fit *f, int which, double sockets, double max)
{
	const struct fit_protocol *p = &f->protocols[which];
	cJSON *o = cJSON_AddObjectToObject(object, protocol_name[which]);

	number(o, "share", (double)p->sockets / sockets);
	add_law(o, "fan_out", &p->fan_out.choice, 0);
	if (p->spacing.choice.values > 0)
		add_law(o, "spacing", &p->spacing.choice, max);
	add_duration(o, p, max);
	number(o, "well_known", (double)p->well_known / (double)p->flows);
	add_ends(o, p);
}

static void add_distribution(cJSON *object, const char *name, void (*make)(const struct host_fit *, struct distribution *),
                             const struct host_fit *h)
{
	struct distribution d;

	make(h, &d);
	must(cJSON_AddItemToObject(object, name, law_json(&d, 0)));
	distribution_clear(&d);
}

/* What of the capture is in one piece. */
static double longest_part_s(const struct fit *f)
{
	int64_t longest_ns = 0;

	for (size_t i = 0; i < f->windows.count; i++)
		if (f->windows.parts[i].end_ns - f->windows.parts[i].begin_ns > longest_ns)
			longest_ns = f->windows.parts[i].end_ns - f->windows.parts[i].begin_ns;
	return seconds_from_ns(longest_ns);
}

cJSON *fit_mix(const struct fit *f)
{
	cJSON *root = cJSON_CreateObject(), *o;
	double lasted_s = longest_part_s(f), max = lasted_s > DAY_S ? lasted_s : DAY_S, sockets = 0;

	must(root);
	cJSON_AddNumberToObject(root, "mix", MIX_VERSION);
	o = cJSON_AddObjectToObject(root, "capture");
	cJSON_AddNumberToObject(o, "duration", lasted_s);
	cJSON_AddNumberToObject(o, "hosts", (double)f->openings.hosts);
	add_distribution(root, "sockets_per_day", host_fit_rates, &f->openings);
	add_distribution(root, "gaps", host_fit_gaps, &f->openings);
	o = cJSON_AddObjectToObject(root, "protocols");
	for (int p = 0; p < PROTO_COUNT; p++)
		sockets += (double)f->protocols[p].sockets;
	for (int p = 0; p < PROTO_COUNT; p++)
		if (f->protocols[p].sockets)
			add_protocol(o, f, p, sockets, max);
	o = cJSON_AddObjectToObject(root, "destinations");
	number(o, "count", round(f->destinations.count));
	number(o, "zipf", f->destinations.zipf);
	must(cJSON_AddItemToObject(root, "fit", fit_account(f)));
	return root;
}

static cJSON *item_json(const struct fit_item *item)
{
	cJSON *o = cJSON_CreateObject(), *parameters;

	cJSON_AddStringToObject(o, "of", item->name);
	cJSON_AddStringToObject(o, "unit", item->unit);
	cJSON_AddStringToObject(o, "law", item->law);
	if (item->instead_of)
		cJSON_AddStringToObject(o, "instead_of", item->instead_of);
	parameters = cJSON_AddObjectToObject(o, "parameters");
	for (size_t i = 0; i < item->count; i++) {
		cJSON *p = cJSON_AddObjectToObject(parameters, item->parameters[i].name);
		bool known = item->parameters[i].high < HUGE_VAL;

		number(p, "value", item->parameters[i].value);
		if (known) {
			number(p, "low", item->parameters[i].low);
			number(p, "high", item->parameters[i].high);
		}
	}
	cJSON_AddNumberToObject(o, "values", item->values);
	cJSON_AddNumberToObject(o, "censored", item->censored);
	if (!isnan(item->ks))
		number(o, "ks", item->ks);
	if (item->choice) {
		cJSON *bic = cJSON_AddObjectToObject(o, "bic");

		for (size_t i = 0; i < item->choice->count; i++)
			number(bic, law_types[item->choice->fits[i].law].name, item->choice->fits[i].bic);
	}
	return o;
}

/* What the hosts' rates are, beside their law. */
static void add_rate(cJSON *root, const struct host_fit *h)
{
	cJSON *o = cJSON_AddObjectToObject(root, "sockets_per_day");

	number(o, "measured", h->measured);
	if (isfinite(h->fitted_mean))
		number(o, "mean", h->fitted_mean);
	cJSON_AddBoolToObject(o, "tied", h->tied);
}

static void add_seen(cJSON *root, const struct fit *f)
{
	cJSON *all = cJSON_AddObjectToObject(root, "protocols");

	for (int i = 0; i < PROTO_COUNT; i++) {
		const struct fit_protocol *p = &f->protocols[i];
		const struct fit_part *part = &f->windows.parts[0];
		cJSON *o, *ends;

		if (!p->flows)
			continue;
		o = cJSON_AddObjectToObject(all, protocol_name[i]);
		if (f->windows.count == 1) {
			cJSON_AddNumberToObject(o, "from_s", seconds_from_ns(part->from_ns[i]));
			cJSON_AddNumberToObject(o, "to_s", seconds_from_ns(part->flows_to_ns[i]));
		}
		cJSON_AddNumberToObject(o, "sockets", (double)p->sockets);
		cJSON_AddNumberToObject(o, "flows", (double)p->flows);
		cJSON_AddNumberToObject(o, "watched", (double)p->watched);
		cJSON_AddNumberToObject(o, "instant", (double)p->instant);
		ends = cJSON_AddObjectToObject(o, "ends");
		for (int k = 0; k < FIT_ENDS; k++)
			cJSON_AddNumberToObject(ends, fit_end_name[k], (double)p->ends[k]);
	}
}

cJSON *fit_account(const struct fit *f)
{
	struct fit_item items[FIT_ITEMS_MOST];
	size_t count = fit_items(f, items);
	cJSON *root = cJSON_CreateObject(), *o;

	must(root);
	cJSON_AddNumberToObject(root, "hosts", f->hosts);
	cJSON_AddNumberToObject(root, "parts", (double)f->windows.count);
	cJSON_AddNumberToObject(root, "from_s", seconds_from_ns(f->windows.parts[0].opened_from_ns));
	cJSON_AddNumberToObject(root, "to_s", seconds_from_ns(f->windows.parts[f->windows.count - 1].end_ns));
	cJSON_AddBoolToObject(root, "silence_shortened", f->windows.shortened);
	cJSON_AddBoolToObject(root, "any_beginning", f->windows.any_beginning);
	cJSON_AddBoolToObject(root, "one_way", f->one_way);
	cJSON_AddNumberToObject(root, "flows", (double)f->flows);
	o = cJSON_AddObjectToObject(root, "left_out");
	cJSON_AddNumberToObject(o, "began_before", (double)f->began_before);
	cJSON_AddNumberToObject(o, "inbound_only", (double)f->inbound_only);
	cJSON_AddNumberToObject(o, "after_the_end", (double)f->after_the_end);
	add_rate(root, &f->openings);
	add_seen(root, f);
	o = cJSON_AddArrayToObject(root, "laws");
	for (size_t i = 0; i < count; i++)
		must(cJSON_AddItemToArray(o, item_json(&items[i])));
	return root;
}
