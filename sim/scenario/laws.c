#include "sim/scenario/laws.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scenario/json.h"

#define LAW(field) offsetof(struct distribution, field)
#define A_NANOSECOND 1e-9
#define LONGEST 3155760000.0 /* 36525 days */

/* What every law may have: its name, a truncation, and in a mixture its weight. */
#define COMMON                                                                                                       \
	{ .name = "distribution", .type = PARAM_JSON, .help = "which law" },                                         \
	{ .name = "weight", .type = PARAM_JSON, .help = "in a mixture: this part's share, relative to the others" }, \
	{ .name = "max", .type = PARAM_SECONDS, .unit = "s", .preset = "\"0s\"", .offset = LAW(max),                 \
	  .help = "values above are drawn again; 0: not truncated" }

#define POSITIVE(n, field, text)                                                                                    \
	{ .name = n, .type = PARAM_SECONDS, .unit = "s", .min = A_NANOSECOND, .max = LONGEST, .offset = LAW(field), \
	  .help = text }
#define SHAPE(least, text) \
	{ .name = "shape", .type = PARAM_REAL, .min = least, .max = 1e6, .offset = LAW(shape), .help = text }
#define END { .name = NULL }

static const struct param constant_params[] = {
	{ .name = "value", .type = PARAM_SECONDS, .unit = "s", .offset = LAW(value), .help = "the value" }, COMMON, END,
};
static const struct param exponential_params[] = { POSITIVE("mean", mean, "the mean"), COMMON, END };
static const struct param uniform_params[] = {
	{ .name = "low", .type = PARAM_SECONDS, .unit = "s", .offset = LAW(low), .help = "the least value" },
	{ .name = "high", .type = PARAM_SECONDS, .unit = "s", .offset = LAW(high), .help = "the greatest value" },
	COMMON, END,
};
static const struct param half_width_params[] = {
	{ .name = "half_width", .type = PARAM_SECONDS, .unit = "s", .offset = LAW(high),
	  .help = "values from minus to plus this" },
	COMMON, END,
};
static const struct param lognormal_params[] = {
	POSITIVE("median", median, "the median"),
	{ .name = "sigma", .type = PARAM_REAL, .min = 0, .max = 10, .offset = LAW(sigma),
	  .help = "the deviation of the logarithm" },
	COMMON, END,
};
static const struct param weibull_params[] = {
	SHAPE(0.05, "the shape; below 1 the tail is heavy"), POSITIVE("scale", scale, "the scale"), COMMON, END,
};
static const struct param pareto_params[] = {
	SHAPE(1.001, "the tail's exponent"), POSITIVE("mean", mean, "the mean"), COMMON, END,
};
static const struct param pareto_minimum_params[] = {
	SHAPE(0.05, "the tail's exponent; at 1 or less only `max` gives the law a mean"),
	POSITIVE("minimum", minimum, "the least value"), COMMON, END,
};
static const struct param gamma_params[] = {
	SHAPE(0.01, "the shape"), POSITIVE("mean", mean, "the mean"), COMMON, END,
};
static const struct param empirical_params[] = {
	{ .name = "values", .type = PARAM_JSON, .help = "a list of durations, equally likely" }, COMMON, END,
};
static const struct param mixture_params[] = {
	{ .name = "parts", .type = PARAM_JSON, .help = "a list of laws, each with a weight" }, COMMON, END,
};

const struct param *law_params(enum distribution_kind kind)
{
	static const struct param *const tables[DIST_KINDS] = {
		[DIST_CONSTANT] = constant_params,
		[DIST_EXPONENTIAL] = exponential_params,
		[DIST_UNIFORM] = uniform_params,
		[DIST_LOGNORMAL] = lognormal_params,
		[DIST_WEIBULL] = weibull_params,
		[DIST_PARETO] = pareto_params,
		[DIST_GAMMA] = gamma_params,
		[DIST_EMPIRICAL] = empirical_params,
		[DIST_MIXTURE] = mixture_params,
	};

	return tables[kind];
}

static const cJSON *member(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A list under `key` with something in it, or a fault. */
static const cJSON *full_list(const struct params_reading *r, const cJSON *object, const char *key, const char *place)
{
	const cJSON *list = member(object, key);
	char *at = json_member_place(place, key);

	if (!list)
		params_fault(r->e, at, "is missing");
	else if (!cJSON_IsArray(list) || !list->child)
		params_fault(r->e, at, "is not a list with at least one entry");
	else {
		free(at);
		return list;
	}
	free(at);
	return NULL;
}

static bool read_values(const struct params_reading *r, const cJSON *object, struct distribution *d, const char *place)
{
	const cJSON *item, *list = full_list(r, object, "values", place);
	size_t before = r->e->count;

	if (!list)
		return false;
	d->values = must_alloc((size_t)cJSON_GetArraySize(list), sizeof(*d->values));
	cJSON_ArrayForEach(item, list) {
		/* A table of one row reads each, so that a value is judged as anywhere else. */
		static const struct param row[] = { { .name = "v", .type = PARAM_SECONDS }, END };
		char *at = must_printf("%s.values[%zu]", place, d->value_count);
		double *value = &d->values[d->value_count++];

		params_read_one(r, row, item, value, at);
		free(at);
		if (r->e->count > FAULTS_MAX)
			break;
	}
	return r->e->count == before;
}

static bool read_law(const struct params_reading *r, const cJSON *value, bool either_sign, struct distribution *out,
                     const char *place);

static bool read_parts(const struct params_reading *r, const cJSON *object, bool either_sign, struct distribution *d,
                       const char *place)
{
	const cJSON *item, *list = full_list(r, object, "parts", place);
	size_t count, before = r->e->count;
	double sum = 0;

	if (!list)
		return false;
	count = (size_t)cJSON_GetArraySize(list);
	d->parts = must_alloc(count, sizeof(*d->parts));
	d->weights = must_alloc(count, sizeof(*d->weights));
	cJSON_ArrayForEach(item, list) {
		static const struct param row[] = {
			{ .name = "weight", .type = PARAM_REAL, .min = 1e-9, .max = 1e9 }, END,
		};
		char *at = must_printf("%s.parts[%zu]", place, d->part_count);
		char *weight_at = json_member_place(at, "weight");
		const cJSON *weight = member(item, "weight");
		double share = 0;

		if (!weight && cJSON_IsObject(item))
			params_fault(r->e, weight_at, "is missing: the part's share, relative to the others");
		else if (weight)
			params_read_one(r, row, weight, &share, weight_at);
		read_law(r, item, either_sign, &d->parts[d->part_count], at);
		d->weights[d->part_count++] = sum += share;
		free(weight_at);
		free(at);
		if (r->e->count > FAULTS_MAX)
			break;
	}
	if (r->e->count != before)
		return false;
	for (size_t i = 0; i < count; i++)
		d->weights[i] /= sum;
	d->weights[count - 1] = 1;
	return true;
}

static bool kind_of(const struct params_reading *r, const cJSON *value, const char *place, enum distribution_kind *out)
{
	static const struct param row[] = {
		{ .name = "distribution", .type = PARAM_CHOICE, .choices = distribution_name }, END,
	};
	const cJSON *name = member(value, "distribution");
	char *at = json_member_place(place, "distribution");
	int kind = 0;
	bool good;

	if (name)
		good = params_read_one(r, row, name, &kind, at);
	else
		good = params_fault(r->e, at, "is missing: which law, such as \"exponential\"");
	free(at);
	*out = (enum distribution_kind)kind;
	return good;
}

/* What the tables cannot say. */
static bool fits(const struct params_reading *r, bool half_width, bool either_sign, const struct distribution *d,
                 const char *place)
{
	if (half_width && !either_sign)
		return params_fault(r->e, place,
		                    "half_width gives negative values, and there are none here: use low and high");
	if (d->kind == DIST_UNIFORM && d->low > d->high)
		return params_fault(r->e, place, "low is above high");
	if (d->max > 0 &&
	    ((d->kind == DIST_UNIFORM && d->max < d->low) || (d->kind == DIST_CONSTANT && d->max < d->value)))
		return params_fault(r->e, place, "no value is as low as max");
	return true;
}

static bool read_law(const struct params_reading *r, const cJSON *value, bool either_sign, struct distribution *out,
                     const char *place)
{
	static const struct param bare[] = { { .name = "value", .type = PARAM_SECONDS }, END };
	struct params_reading whole = { .directory = r->directory, .overlay = false, .e = r->e };
	struct distribution d = { 0 };
	bool good, half_width = false;

	if (!cJSON_IsObject(value)) {
		d.kind = DIST_CONSTANT;
		if (!cJSON_IsString(value) && !cJSON_IsNumber(value)) {
			char brief[JSON_BRIEF];

			return params_fault(r->e, place,
			                    "%s is not a distribution { \"distribution\": ... } or a duration",
			                    json_brief(value, brief));
		}
		good = params_read_one(r, bare, value, &d.value, place);
	} else if ((good = kind_of(r, value, place, &d.kind))) {
		struct params_part part = { .table = law_params(d.kind), .config = &d };

		half_width = d.kind == DIST_UNIFORM && member(value, "half_width");
		if (half_width)
			part.table = half_width_params;
		if (d.kind == DIST_PARETO && member(value, "minimum"))
			part.table = pareto_minimum_params;
		good = params_read(&whole, value, &part, 1, place);
		if (half_width)
			d.low = -d.high;
		if (d.kind == DIST_EMPIRICAL)
			good &= read_values(r, value, &d, place);
		if (d.kind == DIST_MIXTURE)
			good &= read_parts(r, value, either_sign, &d, place);
		good = good && fits(r, half_width, either_sign, &d, place);
	}
	if (!good) {
		distribution_clear(&d);
		return false;
	}
	distribution_clear(out);
	*out = d;
	return true;
}

bool law_read(const struct params_reading *r, const cJSON *value, bool either_sign, struct distribution *out,
              const char *place)
{
	if (member(value, "weight")) {
		char *at = json_member_place(place, "weight");

		params_fault(r->e, at, "only a part of a mixture has a weight");
		free(at);
		return false;
	}
	return read_law(r, value, either_sign, out, place);
}

cJSON *law_resolve(const struct distribution *d)
{
	cJSON *object = cJSON_CreateObject();
	const struct param *table = d->kind == DIST_UNIFORM && d->low < 0           ? half_width_params
	                            : d->kind == DIST_PARETO && d->minimum > 0 ? pareto_minimum_params
	                                                                       : law_params(d->kind);

	cJSON_AddStringToObject(object, "distribution", distribution_name[d->kind]);
	params_resolve(object, table, d, "");
	if (d->kind == DIST_EMPIRICAL) {
		cJSON *list = cJSON_AddArrayToObject(object, "values");
		char text[DURATION_TEXT];
		int64_t ns;

		for (size_t i = 0; i < d->value_count; i++) {
			must(duration_from_seconds(d->values[i], &ns));
			cJSON_AddItemToArray(list, cJSON_CreateString(duration_format(ns, text)));
		}
	}
	if (d->kind == DIST_MIXTURE) {
		cJSON *list = cJSON_AddArrayToObject(object, "parts");

		for (size_t i = 0; i < d->part_count; i++) {
			cJSON *part = law_resolve(&d->parts[i]);

			cJSON_AddNumberToObject(part, "weight", d->weights[i] - (i ? d->weights[i - 1] : 0));
			cJSON_AddItemToArray(list, part);
		}
	}
	return object;
}
