#include "bench/sheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/base/must.h"

struct series {
	char *name;
	char *unit;
	char *lack;     /* why there are no values; NULL if there are */
	double *values; /* by round */
	size_t count;
};

struct sheet {
	struct series *series;
	size_t count;
};

struct sheet *sheet_create(void)
{
	return must_alloc(1, sizeof(struct sheet));
}

void sheet_destroy(struct sheet *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		free(s->series[i].name);
		free(s->series[i].unit);
		free(s->series[i].lack);
		free(s->series[i].values);
	}
	free(s->series);
	free(s);
}

static struct series *find(const struct sheet *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (!strcmp(s->series[i].name, name))
			return &s->series[i];
	return NULL;
}

static struct series *find_or_make(struct sheet *s, const char *name, const char *unit)
{
	struct series *one = find(s, name);

	if (one)
		return one;
	s->series = must_grow(s->series, s->count + 1, sizeof(*s->series));
	one = &s->series[s->count++];
	*one = (struct series){ .name = must_strdup(name), .unit = must_strdup(unit) };
	return one;
}

void sheet_add(struct sheet *s, const char *name, const char *unit, double value)
{
	struct series *one = find_or_make(s, name, unit);

	one->values = must_grow(one->values, one->count + 1, sizeof(*one->values));
	one->values[one->count++] = value;
}

void sheet_lack(struct sheet *s, const char *name, const char *why)
{
	struct series *one = find_or_make(s, name, "");

	if (!one->lack)
		one->lack = must_strdup(why);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, size_t count)
{
	double *sorted = must_alloc(count, sizeof(*sorted)), middle;

	memcpy(sorted, values, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_value);
	middle = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	free(sorted);
	return middle;
}

/* (largest - smallest) / median */
static double spread(const struct series *one)
{
	double least = one->values[0], most = least;

	for (size_t i = 1; i < one->count; i++) {
		least = one->values[i] < least ? one->values[i] : least;
		most = one->values[i] > most ? one->values[i] : most;
	}
	return (most - least) / median(one->values, one->count);
}

/* A line of the table and a row of the JSON. */
struct row {
	const char *name, *unit, *against, *note;
	double value, ratio, bar, spread;
	bool has_value, has_ratio, has_spread, at_most, met;
};

static struct row row_of_series(const struct series *one)
{
	struct row r = { .name = one->name, .unit = one->unit, .note = one->count ? NULL : one->lack };

	if (one->count) {
		r.has_value = true;
		r.value = median(one->values, one->count);
		r.has_spread = one->count > 1;
		r.spread = spread(one);
	}
	return r;
}

/* The one of the comparison's others with the largest median; NULL if none was measured. */
static const struct series *strongest(const struct sheet *s, const struct comparison *c)
{
	const struct series *best = NULL;

	for (size_t i = 0; i < AGAINST_MOST && c->against[i]; i++) {
		const struct series *one = find(s, c->against[i]);

		if (one && one->count &&
		    (!best || median(one->values, one->count) > median(best->values, best->count)))
			best = one;
	}
	return best;
}

static struct row row_of_comparison(const struct sheet *s, const struct comparison *c)
{
	const struct series *value = find(s, c->value), *against = strongest(s, c);
	struct row r = { .name = c->name, .unit = "", .bar = c->bar, .at_most = c->at_most, .against = c->against[0] };
	struct series ratios = { 0 };

	if (value && value->count) {
		r.has_value = true;
		r.value = median(value->values, value->count);
		r.unit = value->unit;
	}
	if (!r.has_value || !against) {
		const struct series *lacking = r.has_value ? find(s, c->against[0]) : value;

		r.note = lacking && lacking->lack ? lacking->lack : "not measured";
		return r;
	}
	r.against = against->name;
	ratios.count = value->count < against->count ? value->count : against->count;
	ratios.values = must_alloc(ratios.count, sizeof(*ratios.values));
	for (size_t i = 0; i < ratios.count; i++)
		ratios.values[i] = value->values[i] / against->values[i];
	r.has_ratio = true;
	r.ratio = median(ratios.values, ratios.count);
	r.has_spread = ratios.count > 1;
	r.spread = spread(&ratios);
	r.met = c->at_most ? r.ratio <= c->bar : r.ratio >= c->bar;
	free(ratios.values);
	return r;
}

/* 12,345,678 for what is large, three digits for what is not. */
static void put_value(char *out, size_t size, double value)
{
	char digits[32];
	size_t length, at = 0;

	if (value < 1000) {
		snprintf(out, size, "%.3g", value);
		return;
	}
	length = (size_t)snprintf(digits, sizeof(digits), "%.0f", value);
	for (size_t i = 0; i < length && at + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

/* What the rounds differ by, in words; nothing if there was one. */
static const char *put_spread(char out[16], const struct row *r)
{
	out[0] = '\0';
	if (r->has_spread)
		snprintf(out, 16, "+-%.0f%%", r->spread * 50);
	return out;
}

static void print_series(const struct row *r)
{
	char value[40], spread_text[16];

	if (!r->has_value) {
		printf("  %-52s %s\n", r->name, r->note);
		return;
	}
	put_value(value, sizeof(value), r->value);
	printf("  %-52s %15s %-10s %s\n", r->name, value, r->unit, put_spread(spread_text, r));
}

static void print_comparison(const struct row *r)
{
	char spread_text[16];

	if (!r->has_ratio) {
		printf("  %-52s %s\n", r->name, r->note);
		return;
	}
	printf("  %-52s %15.2f %s %-4g %-6s %s\n", r->name, r->ratio, r->at_most ? "at most " : "at least", r->bar,
	       r->met ? "met" : "MISSED", put_spread(spread_text, r));
}

static void add_number(cJSON *object, const char *key, bool has, double value)
{
	if (has)
		cJSON_AddNumberToObject(object, key, value);
	else
		cJSON_AddNullToObject(object, key);
}

static void add_text(cJSON *object, const char *key, const char *text)
{
	if (text && *text)
		cJSON_AddStringToObject(object, key, text);
	else
		cJSON_AddNullToObject(object, key);
}

static void add_row(cJSON *rows, const struct row *r)
{
	cJSON *one = cJSON_CreateObject();

	must(one && cJSON_AddItemToArray(rows, one));
	add_text(one, "name", r->name);
	add_number(one, "value", r->has_value, r->value);
	add_text(one, "unit", r->unit);
	add_text(one, "against", r->against);
	add_number(one, "ratio", r->has_ratio, r->ratio);
	add_number(one, "bar", r->against, r->bar);
	if (r->has_ratio)
		cJSON_AddBoolToObject(one, "met", r->met);
	else
		cJSON_AddNullToObject(one, "met");
	add_number(one, "spread", r->has_spread, r->spread);
	add_text(one, "note", r->note);
}

static void write_json(const char *path, cJSON *root)
{
	char *text = cJSON_Print(root);
	FILE *out = fopen(path, "w");

	if (!out || fprintf(out, "%s\n", text) < 0 || fclose(out)) {
		fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	free(text);
}

size_t sheet_show(const struct sheet *s, const struct comparison *comparisons, size_t count, const char *json_path)
{
	cJSON *root = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(root, "rows");
	size_t missed = 0;

	must(rows);
	printf("\n");
	for (size_t i = 0; i < s->count; i++) {
		struct row r = row_of_series(&s->series[i]);

		print_series(&r);
		add_row(rows, &r);
	}
	if (count)
		printf("\n");
	for (size_t i = 0; i < count; i++) {
		struct row r = row_of_comparison(s, &comparisons[i]);

		print_comparison(&r);
		add_row(rows, &r);
		missed += r.has_ratio && !r.met;
	}
	write_json(json_path, root);
	cJSON_Delete(root);
	return missed;
}
