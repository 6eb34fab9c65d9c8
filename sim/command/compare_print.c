#include "sim/command/compare_print.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

/* Differences of what was run that are shown unasked. */
#define SETTINGS_SHOWN 12

enum { MEASURE, SIDE_A, SIDE_B, DIFFERENCE, TOLERANCE, LAST, CELLS };

struct cells {
	char *cell[CELLS]; /* owned */
};

/* Texts come from files: nothing of them may steer a terminal. The caller frees it. */
static char *plain(const char *text)
{
	char *out = must_strdup(text);

	for (char *c = out; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return out;
}

/* Whole numbers as they are, others with six digits or one decimal. The caller frees it. */
static char *figure(double value)
{
	if (!isfinite(value))
		return must_strdup("-");
	if (fabs(value) < 1e15 && !(fabs(value - nearbyint(value)) > 0))
		return must_printf("%.0f", value);
	return fabs(value) >= 1e5 && fabs(value) < 1e15 ? must_printf("%.1f", value) : must_printf("%.6g", value);
}

static char *value_text(const cJSON *value)
{
	if (cJSON_IsNumber(value))
		return figure(value->valuedouble);
	if (cJSON_IsString(value))
		return plain(*value->valuestring ? value->valuestring : "\"\"");
	return must_strdup(!value ? "-" : cJSON_IsTrue(value) ? "true" : "false");
}

static char *side_text(const struct compare_row *row, const cJSON *value, double number)
{
	return row->numbers ? figure(number) : value_text(value);
}

static char *difference_text(const struct compare_row *row)
{
	char *number, *text;

	if (!row->numbers)
		return must_strdup("-");
	if (row->verdict == COMPARE_EQUAL)
		return must_strdup("0");
	number = figure(row->difference);
	if (isfinite(row->relative))
		text = must_printf("%s%s (%+.3g %%)", row->difference > 0 ? "+" : "", number, 100 * row->relative);
	else
		text = must_printf("%s%s", row->difference > 0 ? "+" : "", number);
	free(number);
	return text;
}

static char *tolerance_text(const struct compare_row *row)
{
	char *number, *half, *text;

	if (!row->numbers || row->by->ignored)
		return must_strdup("-");
	number = figure(row->tolerance);
	if (!(row->half_width > 0))
		return number;
	half = figure(row->half_width);
	text = must_printf("%s (ci95 %s)", number, half);
	free(number);
	free(half);
	return text;
}

static char *verdict_text(const struct compare_row *row)
{
	const char *verdict = compare_verdict_name[row->verdict];

	return row->over ? must_printf("%s, at %s %.15g", verdict, row->over, row->at) : must_strdup(verdict);
}

static struct cells row_cells(const struct compare_row *row)
{
	return (struct cells){ {
		[MEASURE] = plain(row->measure),
		[SIDE_A] = side_text(row, row->a, row->value_a),
		[SIDE_B] = side_text(row, row->b, row->value_b),
		[DIFFERENCE] = difference_text(row),
		[TOLERANCE] = tolerance_text(row),
		[LAST] = verdict_text(row),
	} };
}

static void cells_clear(struct cells *row)
{
	for (int i = 0; i < CELLS; i++)
		free(row->cell[i]);
}

static struct cells head_cells(const char *const names[2], const char *last)
{
	return (struct cells){ {
		[MEASURE] = must_strdup("measure"),
		[SIDE_A] = plain(names[0]),
		[SIDE_B] = plain(names[1]),
		[DIFFERENCE] = must_strdup("difference"),
		[TOLERANCE] = must_strdup("tolerance"),
		[LAST] = must_strdup(last),
	} };
}

static void print_counts(const size_t verdicts[COMPARE_VERDICTS], FILE *to)
{
	const char *between = "";

	for (int v = 0; v < COMPARE_VERDICTS; v++) {
		if (v > COMPARE_OUTSIDE && !verdicts[v])
			continue;
		fprintf(to, "%s%zu %s", between, verdicts[v], compare_verdict_name[v]);
		between = ", ";
	}
}

static bool is_shown(const struct compare_row *row, bool all)
{
	return all || (row->verdict != COMPARE_EQUAL && row->verdict != COMPARE_OWN);
}

static size_t width_of(const struct cells *rows, size_t count, int cell)
{
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		most = strlen(rows[i].cell[cell]) > most ? strlen(rows[i].cell[cell]) : most;
	return most;
}

/* Those are many, and the same ones in every scheme. */
static void print_own(const struct compare_scheme *s, const char *const names[2], bool all, FILE *to)
{
	size_t count[2] = { 0, 0 };

	for (size_t i = 0; i < s->count && !all; i++)
		if (s->rows[i].verdict == COMPARE_OWN)
			count[s->rows[i].a ? 0 : 1]++;
	for (int i = 0; i < 2; i++)
		if (count[i]) {
			char *name = plain(names[i]);

			fprintf(to, "  %zu more are of the world of %s alone (--all shows them)\n", count[i], name);
			free(name);
		}
}

/* Names to the left, numbers to the right. */
static void print_aligned(const struct cells *rows, size_t count, FILE *to)
{
	int width[CELLS];

	for (int c = 0; c < CELLS; c++)
		width[c] = (int)width_of(rows, count, c);
	for (size_t i = 0; i < count; i++) {
		fprintf(to, "  %-*s", width[MEASURE], rows[i].cell[MEASURE]);
		for (int c = SIDE_A; c <= TOLERANCE; c++)
			fprintf(to, "  %*s", width[c], rows[i].cell[c]);
		fprintf(to, "  %s\n", rows[i].cell[LAST]);
	}
}

static void print_scheme(const struct compare_scheme *s, const char *const names[2], bool all, FILE *to)
{
	struct cells *rows = must_alloc(s->count + 1, sizeof(*rows));
	size_t count = 0;

	rows[count++] = head_cells(names, "verdict");
	for (size_t i = 0; i < s->count; i++)
		if (is_shown(&s->rows[i], all))
			rows[count++] = row_cells(&s->rows[i]);
	if (count > 1)
		print_aligned(rows, count, to);
	print_own(s, names, all, to);
	for (size_t i = 0; i < count; i++)
		cells_clear(&rows[i]);
	free(rows);
}

/* "rfc7422: only flow has it", or the counts. */
static void print_scheme_head(const struct compare_scheme *s, const char *const names[2], const char *quote, FILE *to)
{
	char *name = plain(s->name), *run = plain(names[s->in_a ? 0 : 1]);

	fprintf(to, "%s%s%s: ", quote, name, quote);
	if (s->in_a && s->in_b)
		print_counts(s->verdicts, to);
	else
		fprintf(to, "only %s has this scheme", run);
	fputc('\n', to);
	free(name);
	free(run);
}

static void print_settings(const struct comparison *c, bool all, FILE *to)
{
	size_t shown = 0;

	if (c->other_workload)
		fputs("different workloads: the numbers need not agree\n", to);
	else
		fprintf(to, "the same workload%s\n", c->setting_count ? "; other settings differ" : "");
	/* The workload's first: they say most. */
	for (int workload = 1; workload >= 0; workload--)
		for (size_t i = 0; i < c->setting_count; i++) {
			const struct compare_setting *s = &c->settings[i];
			char *name, *a, *b;

			if (s->workload != workload || (shown == SETTINGS_SHOWN && !all))
				continue;
			name = plain(s->name);
			a = value_text(s->a);
			b = value_text(s->b);
			fprintf(to, "  %s: %s | %s\n", name, a, b);
			free(name);
			free(a);
			free(b);
			shown++;
		}
	if (shown < c->setting_count)
		fprintf(to, "  and %zu more (--all shows them)\n", c->setting_count - shown);
}

void comparison_print_text(const struct comparison *c, const char *const names[2], bool all, FILE *to)
{
	char *a = plain(names[0]), *b = plain(names[1]);

	fprintf(to, "%s | %s: ", a, b);
	free(a);
	free(b);
	print_settings(c, all, to);
	for (size_t i = 0; i < c->scheme_count; i++) {
		fputc('\n', to);
		print_scheme_head(&c->schemes[i], names, "", to);
		print_scheme(&c->schemes[i], names, all, to);
	}
	fputs("\nall schemes: ", to);
	print_counts(c->verdicts, to);
	if (c->schemes_alone)
		fprintf(to, "; %zu of %zu schemes in one run only", c->schemes_alone, c->scheme_count);
	fputc('\n', to);
}

/* A cell of a table: no pipe may end it. */
static void print_cell(const char *text, const char *around, FILE *to)
{
	fprintf(to, " %s", around);
	for (; *text; text++) {
		if (*text == '|' || *text == '\\')
			fputc('\\', to);
		fputc(*text, to);
	}
	fprintf(to, "%s |", around);
}

static void print_markdown_row(const struct cells *row, const char *why, bool outside, FILE *to)
{
	fputc('|', to);
	for (int c = MEASURE; c <= TOLERANCE; c++)
		print_cell(row->cell[c], c == MEASURE ? "`" : c == DIFFERENCE && outside ? "**" : "", to);
	print_cell(why, "", to);
	fputc('\n', to);
}

static void print_markdown_scheme(const struct compare_scheme *s, const char *const names[2], bool all, FILE *to)
{
	bool begun = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct compare_row *row = &s->rows[i];
		struct cells cells;

		if (!is_shown(row, all))
			continue;
		if (!begun) {
			cells = head_cells(names, "why");
			fputs("\n|", to);
			for (int c = 0; c < CELLS; c++)
				print_cell(cells.cell[c], "", to);
			fputs("\n|---|---|---|---|---|---|\n", to);
			cells_clear(&cells);
			begun = true;
		}
		cells = row_cells(row);
		print_markdown_row(&cells, row->by->why, row->verdict == COMPARE_OUTSIDE || row->verdict == COMPARE_ALONE, to);
		cells_clear(&cells);
	}
}

void comparison_print_markdown(const struct comparison *c, const char *const names[2], bool all, FILE *to)
{
	if (c->other_workload)
		fputs("Different workloads: the numbers need not agree.\n\n", to);
	for (size_t i = 0; i < c->scheme_count; i++) {
		if (i)
			fputc('\n', to);
		print_scheme_head(&c->schemes[i], names, "**", to);
		print_markdown_scheme(&c->schemes[i], names, all, to);
	}
}
