#include "analysis/compare_write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/csv.h"
#include "sim/base/must.h"

static void add_value(cJSON *to, const char *name, const cJSON *value)
{
	cJSON *copy = value ? cJSON_Duplicate(value, 0) : cJSON_CreateNull();

	must(copy);
	free(copy->string);
	copy->string = NULL;
	must(cJSON_AddItemToObject(to, name, copy));
}

/* A count that is not written since it is 0 is told as 0. */
static void add_side(cJSON *to, const char *name, const struct compare_row *row, const cJSON *value, double number)
{
	if (row->numbers)
		cJSON_AddNumberToObject(to, name, number);
	else
		add_value(to, name, value);
}

static void add_number(cJSON *to, const char *name, bool known, double number)
{
	if (known && isfinite(number))
		cJSON_AddNumberToObject(to, name, number);
	else
		cJSON_AddNullToObject(to, name);
}

static cJSON *row_json(const struct compare_row *row)
{
	cJSON *out = cJSON_CreateObject();

	must(out);
	cJSON_AddStringToObject(out, "name", row->measure);
	add_side(out, "a", row, row->a, row->value_a);
	add_side(out, "b", row, row->b, row->value_b);
	add_number(out, "difference", row->numbers, row->difference);
	add_number(out, "relative", row->numbers, row->relative);
	add_number(out, "tolerance", row->numbers && !row->by->ignored, row->tolerance);
	add_number(out, "half_width", row->numbers, row->half_width);
	if (row->over)
		cJSON_AddNumberToObject(out, "at", row->at);
	cJSON_AddStringToObject(out, "verdict", compare_verdict_name[row->verdict]);
	cJSON_AddStringToObject(out, "why", row->by->why);
	return out;
}

static void add_verdicts(cJSON *to, const size_t verdicts[COMPARE_VERDICTS])
{
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		cJSON_AddNumberToObject(to, compare_verdict_name[v], (double)verdicts[v]);
}

static const char *whose(bool in_a, bool in_b)
{
	return in_a && in_b ? "both" : in_a ? "a" : "b";
}

static cJSON *scheme_json(const struct compare_scheme *s)
{
	cJSON *out = cJSON_CreateObject(), *rows;

	must(out);
	cJSON_AddStringToObject(out, "name", s->name);
	cJSON_AddStringToObject(out, "in", whose(s->in_a, s->in_b));
	add_verdicts(out, s->verdicts);
	rows = cJSON_AddArrayToObject(out, "measures");
	for (size_t i = 0; i < s->count; i++)
		cJSON_AddItemToArray(rows, row_json(&s->rows[i]));
	return out;
}

cJSON *comparison_json(const struct comparison *c, const char *const names[2])
{
	cJSON *out = cJSON_CreateObject(), *list;

	must(out);
	cJSON_AddNumberToObject(out, "format", 1);
	list = cJSON_CreateStringArray(names, 2);
	must(list && cJSON_AddItemToObject(out, "runs", list));
	cJSON_AddBoolToObject(out, "same_workload", !c->other_workload);
	list = cJSON_AddArrayToObject(out, "settings");
	for (size_t i = 0; i < c->setting_count; i++) {
		cJSON *one = cJSON_CreateObject();

		must(one && cJSON_AddItemToArray(list, one));
		cJSON_AddStringToObject(one, "name", c->settings[i].name);
		add_value(one, "a", c->settings[i].a);
		add_value(one, "b", c->settings[i].b);
		cJSON_AddBoolToObject(one, "workload", c->settings[i].workload);
	}
	list = cJSON_AddArrayToObject(out, "schemes");
	for (size_t i = 0; i < c->scheme_count; i++)
		cJSON_AddItemToArray(list, scheme_json(&c->schemes[i]));
	add_verdicts(out, c->verdicts);
	cJSON_AddNumberToObject(out, "schemes_alone", (double)c->schemes_alone);
	cJSON_AddBoolToObject(out, "agrees", comparison_agrees(c));
	return out;
}

static void put_side(FILE *out, const struct compare_row *row, const cJSON *value, double number)
{
	fputc(',', out);
	if (row->numbers)
		csv_put_number(out, number);
	else if (cJSON_IsNumber(value))
		csv_put_number(out, value->valuedouble);
	else if (cJSON_IsString(value))
		csv_put_text(out, value->valuestring);
	else if (value)
		fputs(cJSON_IsTrue(value) ? "true" : "false", out);
}

static void put_number(FILE *out, bool known, double number)
{
	fputc(',', out);
	if (known && isfinite(number))
		csv_put_number(out, number);
}

static void put_row(FILE *out, const char *scheme, const struct compare_row *row)
{
	csv_put_text(out, scheme);
	fputc(',', out);
	csv_put_text(out, row->measure);
	put_side(out, row, row->a, row->value_a);
	put_side(out, row, row->b, row->value_b);
	put_number(out, row->numbers, row->difference);
	put_number(out, row->numbers, row->relative);
	put_number(out, row->numbers && !row->by->ignored, row->tolerance);
	put_number(out, row->numbers, row->half_width);
	put_number(out, row->over, row->at);
	fprintf(out, ",%s,", compare_verdict_name[row->verdict]);
	csv_put_text(out, row->by->why);
	fputc('\n', out);
}

void comparison_measures(FILE *out, const struct comparison *c)
{
	fputs("scheme,measure,a,b,difference,relative,tolerance,half_width,at,verdict,why\n", out);
	for (size_t i = 0; i < c->scheme_count; i++) {
		const struct compare_scheme *s = &c->schemes[i];

		if (!s->in_a || !s->in_b) {
			csv_put_text(out, s->name);
			fprintf(out, ",,,,,,,,,alone,only %s has this scheme\n", whose(s->in_a, s->in_b));
		}
		for (size_t r = 0; r < s->count; r++)
			put_row(out, s->name, &s->rows[r]);
	}
}

#define COLUMNS 5

static void put_series(FILE *out, const char *scheme, const char *run, const struct csv *table, const size_t at[COLUMNS])
{
	for (size_t r = 0; r < table->rows; r++) {
		if (strcmp(csv_cell(table, r, at[0]), scheme))
			continue;
		csv_put_text(out, scheme);
		fputc(',', out);
		csv_put_text(out, run);
		for (size_t i = 1; i < COLUMNS; i++) {
			fputc(',', out);
			csv_put_text(out, csv_cell(table, r, at[i]));
		}
		fputc('\n', out);
	}
}

bool comparison_series(FILE *out, const struct comparison *c, const char *const names[2],
                       const struct compare_tables runs[2], struct err *e)
{
	static const char *const columns[COLUMNS] = { "scheme", "time_s", "protocol", "active", "held" };
	size_t at[2][COLUMNS];

	for (int i = 0; i < 2; i++)
		if (!compare_columns(&runs[i], TABLE_TIMESERIES, columns, COLUMNS, at[i], e))
			return false;
	fputs("scheme,run,time_s,protocol,active,held\n", out);
	for (size_t s = 0; s < c->scheme_count; s++)
		for (int i = 0; i < 2 && c->schemes[s].in_a && c->schemes[s].in_b; i++)
			put_series(out, c->schemes[s].name, names[i], &runs[i].csv[TABLE_TIMESERIES], at[i]);
	return true;
}
