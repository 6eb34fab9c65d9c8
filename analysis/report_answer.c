/* The answer: a few sentences that compare the schemes, computed from the
 * measures alone. A sentence whose measures are missing is not said. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_parts.h"
#include "sim/base/must.h"

/* A measure of some of the schemes, and who lies at its ends. Values that read
 * the same are the same. */
struct comparison {
	double *value;        /* NaN: not compared */
	bool *least, *most;   /* who has the smallest and the largest value */
	size_t count;         /* schemes compared */
	double low, high;
	char low_text[HUMAN_TEXT], high_text[HUMAN_TEXT];
	bool same;            /* all read the same */
};

static bool *flags(const struct report *r)
{
	return must_alloc(r->run->count, sizeof(bool));
}

/* `among`: whom to compare; NULL: everyone. */
static struct comparison compare(const struct report *r, const char *path, enum kind kind, const bool *among)
{
	struct comparison c = { .value = must_alloc(r->run->count, sizeof(double)), .least = flags(r), .most = flags(r) };
	char text[HUMAN_TEXT];

	for (size_t i = 0; i < r->run->count; i++) {
		double value = among && !among[i] ? (double)NAN : run_number(r->run->schemes[i], path);

		c.value[i] = value;
		if (isnan(value))
			continue;
		c.low = c.count && c.low < value ? c.low : value;
		c.high = c.count && c.high > value ? c.high : value;
		c.count++;
	}
	report_value(c.low, kind, c.low_text);
	report_value(c.high, kind, c.high_text);
	for (size_t i = 0; i < r->run->count; i++) {
		if (isnan(c.value[i]))
			continue;
		report_value(c.value[i], kind, text);
		c.least[i] = !strcmp(text, c.low_text);
		c.most[i] = !strcmp(text, c.high_text);
	}
	c.same = !strcmp(c.low_text, c.high_text);
	return c;
}

static void comparison_clear(struct comparison *c)
{
	free(c->value);
	free(c->least);
	free(c->most);
}

static size_t count_of(const struct report *r, const bool *who)
{
	size_t n = 0;

	for (size_t i = 0; i < r->run->count; i++)
		n += who[i];
	return n;
}

/* "a", "a and b", "a, b and c"; of more than a reader takes in, how many: the table shows which. */
#define NAMES 6
static void names(const struct report *r, const bool *who)
{
	size_t left = count_of(r, who);

	if (left > NAMES) {
		fprintf(r->out, "<span class=\"scheme\">%zu of the %zu schemes</span>", left, r->run->count);
		return;
	}
	for (size_t i = 0; i < r->run->count; i++) {
		if (!who[i])
			continue;
		fputs("<span class=\"scheme\">", r->out);
		html_text(r->out, run_scheme_name(r->run, i));
		fputs("</span>", r->out);
		left--;
		fputs(left > 1 ? ", " : left ? " and " : "", r->out);
	}
}

/* A verb for as many as were named: "keeps", "keep". */
static const char *verb(const struct report *r, const bool *who, const char *one, const char *many)
{
	return count_of(r, who) == 1 ? one : many;
}

static const char *under_all(const struct report *r)
{
	return r->run->count == 1 ? "" : " under every scheme";
}

/* The reason for most of a scheme's refusals; NULL if none is told. */
static const char *main_reason(const cJSON *scheme)
{
	const cJSON *reason, *found = NULL;

	cJSON_ArrayForEach(reason, run_member(scheme, "ports/refused_by"))
		if (cJSON_IsNumber(reason) && reason->valuedouble > 0 && (!found || reason->valuedouble > found->valuedouble))
			found = reason;
	return found ? found->string : NULL;
}

/* Which schemes refuse no more than the scenario accepts? */
static bool *within_goal(const struct report *r, double goal)
{
	bool *within = flags(r);

	for (size_t i = 0; i < r->run->count; i++)
		within[i] = run_number(r->run->schemes[i], "ports/refusal_ratio") <= goal;
	return within;
}

static void say_none_refused(const struct report *r)
{
	struct comparison sharing = compare(r, "ports/subscribers_per_address", KIND_COUNT, NULL);
	double attempted = run_number(r->run->schemes[0], "ports/attempted");
	char text[HUMAN_TEXT];

	fputs("<li><b>Ports suffice.</b> No connection was refused", r->out);
	if (sharing.count && sharing.same)
		fprintf(r->out, " at %s subscribers per address", sharing.low_text);
	if (!isnan(attempted))
		fprintf(r->out, ": each of the %s new connections got a port%s", human_whole(attempted, text), under_all(r));
	fputs(".</li>\n", r->out);
	comparison_clear(&sharing);
}

static void say_refusals(const struct report *r, double goal, const bool *within)
{
	struct comparison c = compare(r, "ports/refusal_ratio", KIND_SHARE, NULL);
	bool *none = flags(r);
	const char *between = "";
	char text[HUMAN_TEXT];

	if (!c.count)
		goto out;
	if (c.high <= 0 && c.count == r->run->count) {
		say_none_refused(r);
		goto out;
	}
	fputs("<li><b>Refusals.</b> ", r->out);
	for (size_t i = 0; i < r->run->count; i++) {
		bool *one = flags(r);
		const char *reason = main_reason(r->run->schemes[i]);

		one[i] = true;
		none[i] = c.value[i] <= 0;
		if (c.value[i] > 0) {
			fputs(between, r->out);
			names(r, one);
			fprintf(r->out, " refused %s of new connections", human_share(c.value[i], text));
			if (reason) {
				fputs(" (mostly ", r->out);
				html_text(r->out, reason);
				fputs(")", r->out);
			}
			between = "; ";
		}
		free(one);
	}
	if (count_of(r, none)) {
		fputs(between, r->out);
		names(r, none);
		fputs(" refused none", r->out);
	}
	fputs(". ", r->out);
	if (!count_of(r, within)) {
		fprintf(r->out, "None stays within the %s that the scenario accepts.", human_share(goal, text));
	} else if (count_of(r, within) < r->run->count) {
		fputs("Only ", r->out);
		names(r, within);
		fprintf(r->out, " %s within the %s that the scenario accepts.", verb(r, within, "stays", "stay"), human_share(goal, text));
	} else {
		fprintf(r->out, "That is within the %s that the scenario accepts.", human_share(goal, text));
	}
	fputs("</li>\n", r->out);
out:
	free(none);
	comparison_clear(&c);
}

static size_t first_of(const bool *who)
{
	size_t i = 0;

	while (!who[i])
		i++;
	return i;
}

static void say_ports(const struct report *r, const bool *within)
{
	bool some = count_of(r, within) && count_of(r, within) < r->run->count;
	struct comparison c = compare(r, "ports/reserved_mean", KIND_COUNT, some ? within : NULL);
	const cJSON *best;
	double active, utilisation, efficiency;
	char text[HUMAN_TEXT];

	if (!c.count)
		goto out;
	best = r->run->schemes[first_of(c.least)];
	active = run_number(best, "ports/active_mean");
	utilisation = run_number(best, "ports/utilisation");
	efficiency = run_number(best, "ports/efficiency");
	fputs("<li><b>Ports tied up.</b> ", r->out);
	if (some)
		fputs("Of the schemes within that, ", r->out);
	names(r, c.least);
	fprintf(r->out, " %s %sports reserved: %s on average", verb(r, c.least, "keeps", "keep"), c.same ? "" : "the fewest ", c.low_text);
	if (active > 0 && utilisation > 0)
		fprintf(r->out, ", %s of the pool", human_share(c.low * utilisation / active, text));
	if (!isnan(efficiency))
		fprintf(r->out, "; %s of what it ties up carries traffic at any moment", human_share(efficiency, text));
	fputs(". ", r->out);
	if (!c.same && c.low > 0) {
		names(r, c.most);
		fprintf(r->out, " %s the most: %s, %s times as many.", verb(r, c.most, "keeps", "keep"), c.high_text, human_count(c.high / c.low, text));
	}
	fputs("</li>\n", r->out);
out:
	comparison_clear(&c);
}

/* "3.2 kB per subscriber and day (32 MB a day together)". */
static void say_volume(const struct report *r, double bytes)
{
	double subscribers = run_number(r->run->root, "workload/subscribers");
	char text[HUMAN_TEXT];

	fprintf(r->out, "%s per subscriber and day", human_bytes(bytes, text));
	if (subscribers > 0) {
		fprintf(r->out, ", %s a day", human_bytes(bytes * subscribers, text));
		fprintf(r->out, " for all %s subscribers", human_whole(subscribers, text));
	}
}

/* Schemes that log nothing any more: what they wrote while the subscribers came. */
static void say_earlier_records(const struct report *r, const bool *silent)
{
	bool *told = flags(r), *alike = flags(r);
	char text[HUMAN_TEXT];

	for (size_t i = 0; i < r->run->count; i++) {
		double before = run_number(r->run->schemes[i], "log/records_before");

		if (!silent[i] || told[i] || !(before > 0))
			continue;
		for (size_t j = 0; j < r->run->count; j++) {
			alike[j] = silent[j] && run_number(r->run->schemes[j], "log/records_before") == before;
			told[j] |= alike[j];
		}
		names(r, alike);
		fprintf(r->out, " wrote %s records%s before it, in the warm-up, and needed no more. ", human_whole(before, text),
		        verb(r, alike, "", " each"));
	}
	free(told);
	free(alike);
}

static void say_log(const struct report *r)
{
	struct comparison all = compare(r, "log/bytes_per_subscriber_day", KIND_BYTES, NULL);
	struct comparison some;
	bool *silent = flags(r), *writing = flags(r);
	char text[HUMAN_TEXT];

	for (size_t i = 0; i < r->run->count; i++) {
		writing[i] = all.value[i] > 0;
		silent[i] = !writing[i];
	}
	some = compare(r, "log/bytes_per_subscriber_day", KIND_BYTES, writing);
	if (!cJSON_IsObject(run_member(r->run->schemes[0], "log")))
		goto out;
	fputs("<li><b>Log.</b> ", r->out);
	if (count_of(r, silent)) {
		names(r, silent);
		fprintf(r->out, " %s nothing in the measured window. ", verb(r, silent, "logs", "log"));
		say_earlier_records(r, silent);
	}
	if (some.count) {
		names(r, some.least);
		fprintf(r->out, " %s %s", verb(r, some.least, "logs", "log"), some.count > 1 && !some.same && !count_of(r, silent) ? "least: " : "");
		say_volume(r, some.low);
		if (!some.same) {
			fputs("; ", r->out);
			names(r, some.most);
			fprintf(r->out, " %s most: ", verb(r, some.most, "logs", "log"));
			say_volume(r, some.high);
			fprintf(r->out, " (%s times as much)", human_count(some.high / some.low, text));
		}
		fputs(".", r->out);
	}
	fputs("</li>\n", r->out);
out:
	comparison_clear(&all);
	comparison_clear(&some);
	free(silent);
	free(writing);
}

/* "62.1 subscribers under every scheme", "1.2 (a) to 63 (b and c) subscribers". */
static void say_range(const struct report *r, const struct comparison *c, const char *of_what)
{
	if (c->same) {
		fprintf(r->out, "%s %s%s", c->low_text, of_what, under_all(r));
		return;
	}
	fputs(c->low_text, r->out);
	fputs(" (", r->out);
	names(r, c->least);
	fprintf(r->out, ") to %s (", c->high_text);
	names(r, c->most);
	fprintf(r->out, ") %s", of_what);
}

static void say_innocents(const struct report *r)
{
	struct comparison c = compare(r, "ambiguity/as-logged/wrong_single_ratio", KIND_SHARE, NULL);

	if (c.count && c.high > 0) {
		fputs(" Beware: the log then names exactly one subscriber, and an innocent one, in ", r->out);
		say_range(r, &c, "of the cases");
		fputs(".", r->out);
	}
	comparison_clear(&c);
}

static void say_attribution(const struct report *r)
{
	struct comparison with = compare(r, "ambiguity/address+port+time/unique_ratio", KIND_SHARE, NULL);
	struct comparison without = compare(r, "ambiguity/address+time/candidates/mean", KIND_COUNT, NULL);
	struct comparison logged = compare(r, "ambiguity/as-logged/unique_ratio", KIND_SHARE, NULL);
	double share = run_number(r->manifest, "scenario/evidence/port_logged");
	char text[HUMAN_TEXT];

	if (with.count + without.count + logged.count == 0)
		goto out;
	fputs("<li><b>Who was it?</b>", r->out);
	if (with.count) {
		fputs(" With address, port and time, a complaint leads to the right subscriber alone in ", r->out);
		say_range(r, &with, "of the cases");
		fputs(".", r->out);
	}
	if (without.count) {
		fputs(" If the server did not record the port, a complaint could mean ", r->out);
		say_range(r, &without, "subscribers on average");
		fputs(".", r->out);
	}
	if (logged.count) {
		fputs(" As the scenario\xe2\x80\x99s servers really log", r->out);
		if (!isnan(share))
			fprintf(r->out, " (the port in %s of them)", human_share(share, text));
		fputs(", the right subscriber alone is found in ", r->out);
		say_range(r, &logged, "of the cases");
		fputs(".", r->out);
		say_innocents(r);
	}
	fputs("</li>\n", r->out);
out:
	comparison_clear(&with);
	comparison_clear(&without);
	comparison_clear(&logged);
}

void report_answer(const struct report *r)
{
	double goal = run_number(r->manifest, "scenario/plan/refusal");
	bool *within;

	if (isnan(goal))
		goal = 1e-4; /* what plan.refusal is by default */
	within = within_goal(r, goal);
	fputs("<ul class=\"answer\">\n", r->out);
	say_refusals(r, goal, within);
	say_ports(r, within);
	say_log(r);
	say_attribution(r);
	fputs("</ul>\n", r->out);
	free(within);
}
