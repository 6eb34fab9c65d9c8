#include "analysis/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/leaves.h"
#include "sim/base/fp.h"
#include "sim/base/must.h"

/* 0.03 - 0.02 is a little more than 0.01. */
#define ROUNDING 1e-9

const char *const compare_verdict_name[COMPARE_VERDICTS] = {
	[COMPARE_EQUAL] = "equal",   [COMPARE_WITHIN] = "within",   [COMPARE_OUTSIDE] = "outside",
	[COMPARE_ALONE] = "alone",   [COMPARE_OWN] = "own",         [COMPARE_IGNORED] = "ignored",
};

/* Two sorted lists of leaves, walked side by side. */
struct pair {
	const struct leaf *a, *b;   /* NULL: the other side alone */
};

/* The next pair of equal paths, or the lower path alone; false at the end of both. */
static bool next_pair(const struct leaves *a, const struct leaves *b, size_t *at_a, size_t *at_b, struct pair *out)
{
	int order;

	*out = (struct pair){ 0 };
	if (*at_a == a->count && *at_b == b->count)
		return false;
	order = *at_a == a->count ? 1 : *at_b == b->count ? -1 : strcmp(a->items[*at_a].path, b->items[*at_b].path);
	if (order <= 0)
		out->a = &a->items[(*at_a)++];
	if (order >= 0)
		out->b = &b->items[(*at_b)++];
	return true;
}

static bool same_value(const cJSON *a, const cJSON *b)
{
	if (!a || !b || (a->type & 0xff) != (b->type & 0xff))
		return false;
	if (cJSON_IsNumber(a)) /* to the last bit, unlike cJSON_Compare() */
		return !(a->valuedouble < b->valuedouble) && !(a->valuedouble > b->valuedouble);
	return !cJSON_IsString(a) || !strcmp(a->valuestring, b->valuestring);
}

/* Half of the interval that both means' intervals make of their difference. */
static double half_width(const struct leaves *ci_a, const struct leaves *ci_b, const char *measure)
{
	const struct leaf *found[2] = { leaves_find(ci_a, measure), leaves_find(ci_b, measure) };
	double squares = 0;

	for (int i = 0; i < 2; i++)
		if (found[i] && cJSON_IsNumber(found[i]->value))
			squares += found[i]->value->valuedouble * found[i]->value->valuedouble;
	return fp_sqrt(squares);
}

static enum compare_verdict judge_numbers(struct compare_row *row, double half)
{
	double size_a = fabs(row->value_a), size_b = fabs(row->value_b);
	double part = row->by->relative * (size_a > size_b ? size_a : size_b);

	row->half_width = half;
	row->tolerance = (part > row->by->absolute ? part : row->by->absolute) + half;
	row->difference = row->value_b - row->value_a;
	row->relative = size_a > 0 ? row->difference / size_a : size_b > 0 ? (double)NAN : 0;
	if (!(fabs(row->difference) > 0))
		return COMPARE_EQUAL;
	return fabs(row->difference) <= row->tolerance * (1 + ROUNDING) ? COMPARE_WITHIN : COMPARE_OUTSIDE;
}

static void give_verdict(struct compare_row *row, double half, const struct tolerances *t)
{
	row->by = tolerances_for(t, row->measure);
	if (row->numbers)
		row->verdict = judge_numbers(row, half);
	else if (!row->a || !row->b)
		row->verdict = row->by->own ? COMPARE_OWN : COMPARE_ALONE;
	else
		row->verdict = !row->own_a && same_value(row->a, row->b) ? COMPARE_EQUAL : COMPARE_OUTSIDE;
	if (row->by->ignored && row->verdict != COMPARE_EQUAL)
		row->verdict = COMPARE_IGNORED;
}

static bool number_or_zero(const cJSON *value, bool absent_is_zero, double *out)
{
	*out = cJSON_IsNumber(value) ? value->valuedouble : 0;
	return cJSON_IsNumber(value) || (!value && absent_is_zero);
}

static void judge(struct compare_row *row, const struct leaves ci[2], const struct tolerances *t)
{
	bool absent_is_zero = tolerance_absent_is_zero(row->measure), a, b;

	a = number_or_zero(row->a, absent_is_zero, &row->value_a);
	b = number_or_zero(row->b, absent_is_zero, &row->value_b);
	row->numbers = a && b;
	give_verdict(row, row->numbers && !t->exact ? half_width(&ci[0], &ci[1], row->measure) : 0, t);
}

void compare_add(struct comparison *c, struct compare_scheme *s, struct compare_row row, const struct tolerances *t)
{
	give_verdict(&row, 0, t);
	s->rows = must_grow(s->rows, s->count + 1, sizeof(*s->rows));
	s->rows[s->count++] = row;
	s->verdicts[row.verdict]++;
	c->verdicts[row.verdict]++;
}

/* A row, and where it stands: A's order first. */
struct placed {
	struct compare_row row;
	size_t place;
};

static int by_place(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return (x->place > y->place) - (x->place < y->place);
}

static void compare_schemes(struct compare_scheme *out, const cJSON *a, const cJSON *b, const struct tolerances *t)
{
	static const char *const no_measures[] = { "name", "warnings", "ci95", NULL };
	struct leaves l[2], ci[2];
	const cJSON *sides[2] = { a, b };
	size_t at[2] = { 0, 0 };
	struct placed *rows;
	struct pair pair;

	for (int i = 0; i < 2; i++) {
		leaves_of(&l[i], sides[i], no_measures);
		leaves_of(&ci[i], cJSON_GetObjectItemCaseSensitive(sides[i], "ci95"), NULL);
	}
	rows = must_alloc(l[0].count + l[1].count, sizeof(*rows));
	while (next_pair(&l[0], &l[1], &at[0], &at[1], &pair)) {
		struct placed *p = &rows[out->count++];

		p->place = pair.a ? pair.a->place : l[0].count + pair.b->place;
		p->row.measure = must_strdup(pair.a ? pair.a->path : pair.b->path);
		p->row.a = pair.a ? pair.a->value : NULL;
		p->row.b = pair.b ? pair.b->value : NULL;
		judge(&p->row, ci, t);
		out->verdicts[p->row.verdict]++;
	}
	if (out->count)
		qsort(rows, out->count, sizeof(*rows), by_place);
	out->rows = must_alloc(out->count, sizeof(*out->rows));
	for (size_t i = 0; i < out->count; i++)
		out->rows[i] = rows[i].row;
	free(rows);
	for (int i = 0; i < 2; i++) {
		leaves_clear(&l[i]);
		leaves_clear(&ci[i]);
	}
}

/* The scheme of this name, or NULL. */
static const cJSON *scheme_named(const struct run_summary *run, const char *name)
{
	for (size_t i = 0; i < run->count; i++)
		if (!strcmp(run_scheme_name(run, i), name))
			return run->schemes[i];
	return NULL;
}

static bool names_differ(const struct compare_run *run, struct err *e)
{
	for (size_t i = 0; i < run->summary.count; i++) {
		const char *name = run_scheme_name(&run->summary, i);

		if (scheme_named(&run->summary, name) != run->summary.schemes[i])
			return fail(e, "%s: $.schemes[%zu].name: \"%s\" is the name of a scheme before it", run->path, i, name);
	}
	return true;
}

static void add_scheme(struct comparison *c, const char *name, const cJSON *a, const cJSON *b, const struct tolerances *t)
{
	struct compare_scheme *s = &c->schemes[c->scheme_count++];

	*s = (struct compare_scheme){ .name = name, .in_a = a, .in_b = b };
	if (!a || !b) {
		c->schemes_alone++;
		return;
	}
	compare_schemes(s, a, b, t);
	for (int v = 0; v < COMPARE_VERDICTS; v++)
		c->verdicts[v] += s->verdicts[v];
}

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* Does what is offered to the schemes hang on a setting of this name? */
static bool is_workload(const char *name)
{
	static const char *const whole[] = { "seed", "replications", "scenario.seed", "scenario.replications", "scenario.duration", "scenario.warmup" };
	static const char *const beginnings[] = { "workload.", "scenario.subscribers.", "scenario.traffic." };

	for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
		if (!strcmp(name, whole[i]))
			return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++)
		if (begins(name, beginnings[i]))
			return true;
	return false;
}

/* Is it a setting of a scheme that one run does not have? That is said once, of the scheme. */
static bool is_of_one_alone(const struct comparison *c, const char *name)
{
	static const char *const lists[] = { "scenario.schemes.", "instances." };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		for (size_t s = 0; begins(name, lists[i]) && s < c->scheme_count; s++) {
			const struct compare_scheme *scheme = &c->schemes[s];

			if (!(scheme->in_a && scheme->in_b) && begins(name + strlen(lists[i]), scheme->name))
				return true;
		}
	return false;
}

static void add_setting(struct comparison *c, struct compare_setting s)
{
	if (is_of_one_alone(c, s.name)) {
		free(s.name);
		return;
	}
	s.workload = is_workload(s.name);
	c->other_workload |= s.workload;
	c->settings = must_grow(c->settings, c->setting_count + 1, sizeof(*c->settings));
	c->settings[c->setting_count++] = s;
}

/* Adds whatever differs between two objects, under names that begin with `before`. */
static void add_settings(struct comparison *c, const cJSON *a, const cJSON *b, const char *before, const char *const *without)
{
	struct leaves l[2];
	size_t at[2] = { 0, 0 };
	struct pair pair;

	leaves_of(&l[0], a, without);
	leaves_of(&l[1], b, without);
	while (next_pair(&l[0], &l[1], &at[0], &at[1], &pair)) {
		struct compare_setting s = { .a = pair.a ? pair.a->value : NULL, .b = pair.b ? pair.b->value : NULL };

		if (same_value(s.a, s.b))
			continue;
		s.name = must_printf("%s%s", before, pair.a ? pair.a->path : pair.b->path);
		add_setting(c, s);
	}
	leaves_clear(&l[0]);
	leaves_clear(&l[1]);
}

static void compare_settings(struct comparison *c, const struct compare_run *a, const struct compare_run *b)
{
	/* The scenario has its name and its description too; manifest.json has where the scenario was, which changes nothing. */
	static const char *const in_summary[] = { "scenario", "description", "schemes", "warnings", NULL };
	static const char *const in_manifest[] = { "scenario", "scenario_file", "command", NULL };

	add_settings(c, a->summary.root, b->summary.root, "", in_summary);
	add_settings(c, a->manifest, b->manifest, "", in_manifest);
	add_settings(c, cJSON_GetObjectItemCaseSensitive(a->manifest, "scenario"),
	             cJSON_GetObjectItemCaseSensitive(b->manifest, "scenario"), "scenario.", NULL);
}

bool compare_runs(struct comparison *c, const struct compare_run *a, const struct compare_run *b,
                  const struct tolerances *t, struct err *e)
{
	*c = (struct comparison){ 0 };
	if (!names_differ(a, e) || !names_differ(b, e))
		return false;
	c->schemes = must_alloc(a->summary.count + b->summary.count, sizeof(*c->schemes));
	for (size_t i = 0; i < a->summary.count; i++) {
		const char *name = run_scheme_name(&a->summary, i);

		add_scheme(c, name, a->summary.schemes[i], scheme_named(&b->summary, name), t);
	}
	for (size_t i = 0; i < b->summary.count; i++) {
		const char *name = run_scheme_name(&b->summary, i);

		if (!scheme_named(&a->summary, name))
			add_scheme(c, name, NULL, b->summary.schemes[i], t);
	}
	compare_settings(c, a, b);
	return true;
}

void comparison_clear(struct comparison *c)
{
	for (size_t i = 0; i < c->scheme_count; i++) {
		for (size_t r = 0; r < c->schemes[i].count; r++) {
			free(c->schemes[i].rows[r].measure);
			cJSON_Delete(c->schemes[i].rows[r].own_a);
			cJSON_Delete(c->schemes[i].rows[r].own_b);
		}
		free(c->schemes[i].rows);
	}
	for (size_t i = 0; i < c->setting_count; i++)
		free(c->settings[i].name);
	free(c->schemes);
	free(c->settings);
	*c = (struct comparison){ 0 };
}

bool comparison_agrees(const struct comparison *c)
{
	return !c->schemes_alone && !c->verdicts[COMPARE_OUTSIDE] && !c->verdicts[COMPARE_ALONE];
}

void compare_run_clear(struct compare_run *run)
{
	run_summary_clear(&run->summary);
	cJSON_Delete(run->manifest);
	*run = (struct compare_run){ 0 };
}
