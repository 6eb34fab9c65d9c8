#include "analysis/compare_curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

static const char *const files[COMPARE_TABLES] = {
	[TABLE_TIMESERIES] = "timeseries.csv",
	[TABLE_SUBSCRIBERS] = "subscribers.csv",
};

static const struct curve {
	const char *measure;
	enum compare_table table;
	const char *over, *value;     /* columns: of the points, and of what is held against each other there */
	const char *where, *is;       /* only rows whose column `where` says `is`; NULL: all */
} curves[] = {
	{ "timeseries.active", TABLE_TIMESERIES, "time_s", "active", NULL, NULL },
	{ "timeseries.held", TABLE_TIMESERIES, "time_s", "held", NULL, NULL },
	{ "timeseries.reserved", TABLE_TIMESERIES, "time_s", "reserved", NULL, NULL },
	{ "timeseries.sessions", TABLE_TIMESERIES, "time_s", "sessions", NULL, NULL },
	{ "subscribers.active", TABLE_SUBSCRIBERS, "quantile", "ports", "measure", "active" },
	{ "subscribers.peak", TABLE_SUBSCRIBERS, "quantile", "ports", "measure", "peak" },
};
#define CURVES (sizeof(curves) / sizeof(*curves))

bool compare_tables_read(struct compare_tables *t, const char *dir, struct err *e)
{
	bool good = true;

	*t = (struct compare_tables){ 0 };
	for (size_t i = 0; good && i < COMPARE_TABLES; i++) {
		t->paths[i] = must_printf("%s/%s", dir, files[i]);
		good = csv_read(&t->csv[i], t->paths[i], e);
	}
	return good;
}

void compare_tables_clear(struct compare_tables *t)
{
	for (size_t i = 0; i < COMPARE_TABLES; i++) {
		csv_clear(&t->csv[i]);
		free(t->paths[i]);
	}
	*t = (struct compare_tables){ 0 };
}

bool compare_columns(const struct compare_tables *t, enum compare_table table, const char *const *names, size_t count,
                     size_t *at, struct err *e)
{
	const struct csv *csv = &t->csv[table];

	for (size_t i = 0; i < count; i++) {
		at[i] = 0;
		while (at[i] < csv->columns && strcmp(csv->header[at[i]], names[i]))
			at[i]++;
		if (at[i] == csv->columns)
			return fail(e, "%s: line 1: there is no column \"%s\"", t->paths[table], names[i]);
	}
	return true;
}

struct point {
	double over, value;
};

struct points {
	struct point *items; /* owned */
	size_t count;
};

static bool number(const struct compare_tables *t, enum compare_table table, size_t row, size_t column, double *out,
                   struct err *e)
{
	const char *cell = csv_cell(&t->csv[table], row, column);
	char *end;

	*out = strtod(cell, &end);
	if (end == cell || *end || !isfinite(*out))
		return fail(e, "%s: row %zu: %s: \"%.40s\" is not a number", t->paths[table], row + 1,
		            t->csv[table].header[column], cell);
	return true;
}

/* The points of a scheme's curve, in the order of the table. The caller frees them. */
static bool take_points(struct points *p, const struct compare_tables *t, const struct curve *curve, const char *scheme,
                        struct err *e)
{
	const char *const names[] = { "scheme", curve->over, curve->value, curve->where ? curve->where : "scheme" };
	const struct csv *csv = &t->csv[curve->table];
	size_t at[4];

	*p = (struct points){ 0 };
	if (!compare_columns(t, curve->table, names, 4, at, e))
		return false;
	p->items = must_alloc(csv->rows, sizeof(*p->items));
	for (size_t r = 0; r < csv->rows; r++) {
		struct point *next = &p->items[p->count];

		if (strcmp(csv_cell(csv, r, at[0]), scheme) || (curve->is && strcmp(csv_cell(csv, r, at[3]), curve->is)))
			continue;
		if (!number(t, curve->table, r, at[1], &next->over, e) || !number(t, curve->table, r, at[2], &next->value, e))
			return false;
		p->count++;
	}
	return true;
}

/* The point at which they are furthest apart, the first of several; false if they are not over the same points. */
static bool furthest(const struct points *a, const struct points *b, size_t *at)
{
	double most = -1;

	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		double apart = fabs(a->items[i].value - b->items[i].value);

		if (a->items[i].over < b->items[i].over || a->items[i].over > b->items[i].over)
			return false;
		if (apart > most) {
			most = apart;
			*at = i;
		}
	}
	return true;
}

/* "361 points, time_s 0 to 3600". */
static cJSON *extent(const struct points *p, const char *over)
{
	char *text = p->count ? must_printf("%zu points, %s %g to %g", p->count, over, p->items[0].over, p->items[p->count - 1].over)
	                      : must_strdup("no points");
	cJSON *out = cJSON_CreateString(text);

	must(out);
	free(text);
	return out;
}

static void add_curve(struct comparison *c, struct compare_scheme *s, const struct curve *curve,
                      const struct points p[2], const struct tolerances *t)
{
	struct compare_row row = { .measure = must_strdup(curve->measure) };
	size_t at = 0;

	if (!furthest(&p[0], &p[1], &at)) {
		row.a = row.own_a = extent(&p[0], curve->over);
		row.b = row.own_b = extent(&p[1], curve->over);
	} else {
		row.numbers = true;
		row.value_a = p[0].items[at].value;
		row.value_b = p[1].items[at].value;
		row.over = curve->over;
		row.at = p[0].items[at].over;
	}
	compare_add(c, s, row, t);
}

bool compare_curves(struct comparison *c, const struct compare_tables runs[2], const struct tolerances *t, struct err *e)
{
	bool good = true;

	for (size_t s = 0; s < c->scheme_count; s++)
		for (size_t i = 0; good && i < CURVES && c->schemes[s].in_a && c->schemes[s].in_b; i++) {
			struct points p[2] = { 0 };

			good = take_points(&p[0], &runs[0], &curves[i], c->schemes[s].name, e) &&
			       take_points(&p[1], &runs[1], &curves[i], c->schemes[s].name, e);
			if (good && (p[0].count || p[1].count))
				add_curve(c, &c->schemes[s], &curves[i], p, t);
			free(p[0].items);
			free(p[1].items);
		}
	return good;
}
