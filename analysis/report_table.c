/* One table of schemes: which columns, which rows, which value is best. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_parts.h"
#include "sim/base/must.h"

#define LONG_NAME 20 /* bytes; longer ones may be broken into lines */

/* The reasons why values of a table are missing, each told once below it. */
#define REASONS 8
struct reasons {
	const char *text[REASONS];
	size_t count;
};

/* A column's values for all schemes in one section. */
struct values {
	double *value;   /* NaN: missing */
	double *half;    /* half-width of the 95% interval; NaN: none */
	bool *best;
};

char *report_value(double value, enum kind kind, char out[HUMAN_TEXT])
{
	switch (kind) {
	case KIND_SHARE: return human_share(value, out);
	case KIND_BYTES: return human_bytes(value, out);
	default: return human_count(value, out);
	}
}

static double value_of(const struct report *r, size_t scheme, const char *before, const char *prefix, const struct column *c)
{
	char *path = must_printf("%s%s%s", before, prefix, c->path);
	double value = run_number(r->run->schemes[scheme], path);

	free(path);
	return value;
}

/* Best is what no other scheme beats by more than what is shown: values that
 * read the same, or lie within both their intervals, share the mark. */
static void mark_best(const struct values *v, size_t count, const struct column *c)
{
	size_t best = count, marked = 0, valid = 0;
	char best_text[HUMAN_TEXT], text[HUMAN_TEXT];

	for (size_t i = 0; i < count; i++) {
		v->best[i] = false;
		if (isnan(v->value[i]))
			continue;
		valid++;
		if (best == count || (c->better == BETTER_LESS ? v->value[i] < v->value[best] : v->value[i] > v->value[best]))
			best = i;
	}
	if (c->better == BETTER_NEITHER || best == count)
		return;
	report_value(v->value[best], c->kind, best_text);
	for (size_t i = 0; i < count; i++) {
		double within = v->half[i] + v->half[best];

		if (isnan(v->value[i]))
			continue;
		v->best[i] = !strcmp(report_value(v->value[i], c->kind, text), best_text) ||
		             (!isnan(within) && fabs(v->value[i] - v->value[best]) <= within);
		marked += v->best[i];
	}
	if (marked == valid)
		memset(v->best, 0, count * sizeof(*v->best));
}

static struct values values_make(const struct report *r, const char *prefix, const struct column *c)
{
	size_t count = r->run->count;
	struct values v = {
		.value = must_alloc(count, sizeof(double)),
		.half = must_alloc(count, sizeof(double)),
		.best = must_alloc(count, sizeof(bool)),
	};

	for (size_t i = 0; i < count; i++) {
		v.value[i] = value_of(r, i, "", prefix, c);
		v.half[i] = value_of(r, i, "ci95/", prefix, c);
		if (isnan(v.value[i]) && !c->missing)
			v.value[i] = 0;
	}
	mark_best(&v, count, c);
	return v;
}

static void values_clear(struct values *v)
{
	free(v->value);
	free(v->half);
	free(v->best);
}

static bool has_values(const struct report *r, const struct column *c, const struct section *sections, size_t section_count)
{
	for (size_t s = 0; s < section_count; s++)
		for (size_t i = 0; i < r->run->count; i++)
			if (!isnan(value_of(r, i, "", sections[s].prefix, c)))
				return true;
	return false;
}

static void write_header_cell(FILE *out, const struct column *c)
{
	fputs("<th scope=\"col\">", out);
	html_text(out, c->header);
	if (c->unit) {
		fputs("<small>", out);
		html_text(out, c->unit);
		fputs("</small>", out);
	}
	fputs("</th>", out);
}

static void write_head(FILE *out, const struct column *const *columns, size_t count)
{
	bool groups = count && columns[0]->group;

	fputs("<thead>\n<tr>", out);
	fprintf(out, "<th scope=\"col\"%s>Scheme</th>", groups ? " rowspan=\"2\"" : "");
	if (groups) {
		for (size_t i = 0; i < count;) {
			size_t span = 1;

			while (i + span < count && !strcmp(columns[i + span]->group, columns[i]->group))
				span++;
			fprintf(out, "<th class=\"group\" scope=\"colgroup\" colspan=\"%zu\">", span);
			html_text(out, columns[i]->group);
			fputs("</th>", out);
			i += span;
		}
		fputs("</tr>\n<tr>", out);
	}
	for (size_t i = 0; i < count; i++)
		write_header_cell(out, columns[i]);
	fputs("</tr>\n</thead>\n", out);
}

static size_t reason_number(struct reasons *reasons, const char *text)
{
	for (size_t i = 0; i < reasons->count; i++)
		if (!strcmp(reasons->text[i], text))
			return i + 1;
	must(reasons->count < REASONS);
	reasons->text[reasons->count++] = text;
	return reasons->count;
}

static void write_cell(FILE *out, const struct values *v, size_t i, const struct column *c, struct reasons *reasons)
{
	char text[HUMAN_TEXT];

	if (isnan(v->value[i])) {
		size_t number = reason_number(reasons, c->missing);

		fprintf(out, "<td class=\"missing\"><span title=\"%s\">\xe2\x80\x94<sup>%zu</sup></span></td>", c->missing, number);
		return;
	}
	report_value(v->value[i], c->kind, text);
	if (v->best[i])
		fprintf(out, "<td><span class=\"best\">%s</span><span class=\"hidden\"> (best)</span>", text);
	else
		fprintf(out, "<td>%s", text);
	if (v->half[i] > 0)
		fprintf(out, "<span class=\"pm\">\xc2\xb1 %s</span>", report_value(v->half[i], c->kind, text));
	fputs("</td>", out);
}

static void write_section(const struct report *r, const struct section *section, const struct column *const *columns, size_t count,
                          struct reasons *reasons)
{
	FILE *out = r->out;
	struct values *all = must_alloc(count, sizeof(*all));

	for (size_t c = 0; c < count; c++)
		all[c] = values_make(r, section->prefix, columns[c]);
	fputs("<tbody>\n", out);
	if (section->title) {
		fprintf(out, "<tr><th scope=\"rowgroup\" colspan=\"%zu\">", count + 1);
		html_text(out, section->title);
		if (section->same_as) {
			fputs(": as ", out);
			html_text(out, section->same_as);
		}
		fputs("</th></tr>\n", out);
	}
	for (size_t i = 0; i < r->run->count && !section->same_as; i++) {
		fprintf(out, "<tr><th scope=\"row\"%s>", strlen(run_scheme_name(r->run, i)) > LONG_NAME ? " class=\"long\"" : "");
		html_text(out, run_scheme_name(r->run, i));
		fputs("</th>", out);
		for (size_t c = 0; c < count; c++)
			write_cell(out, &all[c], i, columns[c], reasons);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n", out);
	for (size_t c = 0; c < count; c++)
		values_clear(&all[c]);
	free(all);
}

void report_table(const struct report *r, const char *caption, const struct column *columns,
                  const struct section *sections, size_t section_count)
{
	struct reasons reasons = { .count = 0 };
	const struct column **shown;
	size_t total = 0, count = 0;

	while (columns[total].header)
		total++;
	shown = must_alloc(total, sizeof(*shown));
	for (size_t c = 0; c < total; c++)
		if (!columns[c].optional || has_values(r, &columns[c], sections, section_count))
			shown[count++] = &columns[c];
	fputs("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"", r->out);
	html_text(r->out, caption);
	fputs("\">\n<table>\n<caption>", r->out);
	html_text(r->out, caption);
	fputs("</caption>\n", r->out);
	write_head(r->out, shown, count);
	for (size_t s = 0; s < section_count; s++)
		write_section(r, &sections[s], shown, count, &reasons);
	fputs("</table>\n</div>\n", r->out);
	for (size_t i = 0; i < reasons.count; i++)
		fprintf(r->out, "<p class=\"note\"><sup>%zu</sup> %s</p>\n", i + 1, reasons.text[i]);
	free(shown);
}
