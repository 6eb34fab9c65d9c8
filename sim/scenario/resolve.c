/* The other direction of params.h: a struct to JSON, and rows to words. */
#include "sim/scenario/params.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scenario/laws.h"
#include "sim/scenario/named.h"

static cJSON *duration_json(int64_t ns)
{
	char text[DURATION_TEXT];

	return cJSON_CreateString(duration_format(ns, text));
}

static cJSON *ports_json(struct port_range r)
{
	char text[16];

	if (r.lo == r.hi)
		snprintf(text, sizeof(text), "%u", r.lo);
	else
		snprintf(text, sizeof(text), "%u-%u", r.lo, r.hi);
	return cJSON_CreateString(text);
}

static cJSON *range_json(struct addr_range r)
{
	char text[RANGE_TEXT];

	return cJSON_CreateString(range_format(r, text));
}

static cJSON *exempt_json(struct exempt x)
{
	char range[RANGE_TEXT] = "", text[RANGE_TEXT + 8];

	if (!x.port)
		return range_json(x.addresses);
	if (range_size(x.addresses) <= UINT32_MAX)
		range_format(x.addresses, range);
	snprintf(text, sizeof(text), "%s:%u", range, x.port);
	return cJSON_CreateString(text);
}

static cJSON *list_json(const struct param *p, const void *field)
{
	cJSON *list = cJSON_CreateArray();

	if (p->type == PARAM_RANGES) {
		const struct addr_ranges *r = field;

		for (size_t i = 0; i < r->count; i++)
			cJSON_AddItemToArray(list, range_json(r->items[i]));
	} else if (p->type == PARAM_PORT_LIST) {
		const struct port_ranges *r = field;

		for (size_t i = 0; i < r->count; i++)
			cJSON_AddItemToArray(list, ports_json(r->items[i]));
	} else {
		const struct exempts *x = field;

		for (size_t i = 0; i < x->count; i++)
			cJSON_AddItemToArray(list, exempt_json(x->items[i]));
	}
	return list;
}

static cJSON *text_json(const char *text)
{
	return text ? cJSON_CreateString(text) : NULL;
}

static cJSON *file_json(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return text_json(path && !strncmp(path, directory, length) ? path + length : path);
}

/* NULL: the value is not there, or is its owner's to write. */
static cJSON *value_json(const struct param *p, const void *field, const char *directory)
{
	cJSON *object;

	switch (p->type) {
	case PARAM_BOOL:
		return cJSON_CreateBool(*(const bool *)field);
	case PARAM_U32:
		if (p->word && *(const uint32_t *)field == (uint32_t)p->word_value)
			return cJSON_CreateString(p->word);
		return cJSON_CreateNumber(*(const uint32_t *)field);
	case PARAM_U64:
		return cJSON_CreateNumber((double)*(const uint64_t *)field);
	case PARAM_REAL:
		return cJSON_CreateNumber(*(const double *)field);
	case PARAM_DURATION:
		if (p->word && *(const int64_t *)field == p->word_value)
			return cJSON_CreateString(p->word);
		return duration_json(*(const int64_t *)field);
	case PARAM_SECONDS: {
		int64_t ns;

		must(duration_from_seconds(*(const double *)field, &ns));
		return duration_json(ns);
	}
	case PARAM_TEXT:
		return text_json(*(char *const *)field);
	case PARAM_FILE:
	case PARAM_OBJECT_FILE:
		return file_json(*(char *const *)field, directory);
	case PARAM_CHOICE:
		return cJSON_CreateString(p->choices[*(const int *)field]);
	case PARAM_PORTS:
		return ports_json(*(const struct port_range *)field);
	case PARAM_RANGE:
		return range_json(*(const struct addr_range *)field);
	case PARAM_DISTRIBUTION:
		return law_resolve(field);
	case PARAM_RANGES:
	case PARAM_PORT_LIST:
	case PARAM_EXEMPTS:
		return list_json(p, field);
	case PARAM_OBJECT:
		object = cJSON_CreateObject();
		params_resolve(object, p->object, field, directory);
		return object;
	case PARAM_JSON:
		return NULL;
	case PARAM_NAMED:
		return named_resolve(field);
	}
	must(!"a type of parameter that nobody writes");
	return NULL;
}

void params_resolve(cJSON *object, const struct param *table, const void *config, const char *directory)
{
	for (const struct param *p = table; p->name; p++) {
		cJSON *value = value_json(p, (const char *)config + p->offset, directory);

		if (value)
			cJSON_AddItemToObject(object, p->name, value);
	}
}

void params_clear(const struct param *table, void *config)
{
	for (const struct param *p = table; p->name; p++) {
		void *field = (char *)config + p->offset;

		switch (p->type) {
		case PARAM_TEXT:
		case PARAM_FILE:
			free(*(char **)field);
			*(char **)field = NULL;
			break;
		case PARAM_RANGES:
			free(((struct addr_ranges *)field)->items);
			*(struct addr_ranges *)field = (struct addr_ranges){ 0 };
			break;
		case PARAM_PORT_LIST:
			free(((struct port_ranges *)field)->items);
			*(struct port_ranges *)field = (struct port_ranges){ 0 };
			break;
		case PARAM_EXEMPTS:
			free(((struct exempts *)field)->items);
			*(struct exempts *)field = (struct exempts){ 0 };
			break;
		case PARAM_DISTRIBUTION:
			distribution_clear(field);
			*(struct distribution *)field = (struct distribution){ 0 };
			break;
		case PARAM_OBJECT_FILE:
			free(*(char **)field);
			*(char **)field = NULL;
			params_clear(p->object, field);
			break;
		case PARAM_NAMED:
			named_clear(field);
			break;
		case PARAM_OBJECT:
			params_clear(p->object, field);
			break;
		default:
			break;
		}
	}
}

void params_bounds(const struct param *p, double type_min, double type_max, double *min, double *max)
{
	bool bounded = p->min < 0 || p->min > 0 || p->max < 0 || p->max > 0;

	*min = bounded ? p->min : type_min;
	*max = bounded && p->max >= p->min ? p->max : type_max; /* a row may give a least value alone */
}

static char *durations_text(const struct param *p)
{
	char least[DURATION_TEXT], most[DURATION_TEXT];
	double min, max;
	int64_t ns;

	params_bounds(p, 0, seconds_from_ns(NS_LONGEST), &min, &max);
	must(duration_from_seconds(min, &ns));
	duration_format(ns, least);
	must(duration_from_seconds(max, &ns));
	duration_format(ns, most);
	return must_printf("%s to %s", least, most);
}

static char *choices_text(const struct param *p)
{
	char *text = must_strdup("one of ");

	if (!p->choices[1]) {
		free(text);
		return must_printf("\"%s\", the only one built yet", p->choices[0]);
	}
	for (int i = 0; p->choices[i]; i++) {
		char *longer = must_printf("%s%s\"%s\"", text, i ? ", " : "", p->choices[i]);

		free(text);
		text = longer;
	}
	return text;
}

static char *numbers_text(const struct param *p)
{
	double min, max;

	switch (p->type) {
	case PARAM_U32:
		params_bounds(p, 0, UINT32_MAX, &min, &max);
		return must_printf("%.0f to %.0f", min, max);
	case PARAM_U64:
		params_bounds(p, 0, 0x1p53, &min, &max);
		return must_printf("%.0f to %.0f", min, max);
	case PARAM_REAL:
		params_bounds(p, -1e300, 1e300, &min, &max);
		return must_printf("%.15g to %.15g", min, max);
	default:
		return durations_text(p);
	}
}

char *params_range_text(const struct param *p)
{
	char *numbers, *text;

	if (p->only)
		return must_printf("only %s is built yet", p->only);
	switch (p->type) {
	case PARAM_U32:
	case PARAM_U64:
	case PARAM_REAL:
	case PARAM_DURATION:
	case PARAM_SECONDS:
		numbers = numbers_text(p);
		text = p->word ? must_printf("\"%s\", or %s", p->word, numbers) : must_strdup(numbers);
		free(numbers);
		return text;
	case PARAM_CHOICE:
		return choices_text(p);
	case PARAM_BOOL:
		return must_strdup("true or false");
	case PARAM_PORTS:
		return must_strdup("LO-HI, 1 to 65535");
	case PARAM_RANGE:
		return must_strdup("A/LENGTH, A or A-B");
	case PARAM_RANGES:
		return must_strdup("of A/LENGTH, A or A-B");
	case PARAM_PORT_LIST:
		return must_strdup("of N or LO-HI, 1 to 65535");
	case PARAM_EXEMPTS:
		return must_strdup("of PREFIX, PREFIX:PORT or :PORT");
	default:
		return must_strdup("");
	}
}

const char *params_type_text(const struct param *p)
{
	switch (p->type) {
	case PARAM_BOOL:
		return "switch";
	case PARAM_U32:
	case PARAM_U64:
		return "whole number";
	case PARAM_REAL:
		return "number";
	case PARAM_DURATION:
	case PARAM_SECONDS:
		return "duration";
	case PARAM_TEXT:
		return "text";
	case PARAM_FILE:
	case PARAM_OBJECT_FILE:
		return "file";
	case PARAM_CHOICE:
		return "choice";
	case PARAM_PORTS:
		return "port range";
	case PARAM_RANGE:
		return "prefix";
	case PARAM_DISTRIBUTION:
		return "distribution";
	case PARAM_RANGES:
	case PARAM_PORT_LIST:
	case PARAM_EXEMPTS:
		return "list";
	case PARAM_OBJECT:
		return "object";
	case PARAM_NAMED:
		return "object";
	case PARAM_JSON:
		return "JSON";
	}
	must(!"a type of parameter without a name");
	return "";
}
