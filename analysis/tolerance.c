#include "analysis/tolerance.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

#define TIMES "a mapping's end is a packet's arrival: links delay it, and FINs and retransmissions take round trips"
#define WHOLE "a whole number of ports, which moves with the moment of a mapping's end"
#define EDGE "two records or 1%: an end moves over the window's edge, or a block is given back before or after it is wanted again"

#define CHAIN "a number that comes free a packet's delay later refuses whoever wants it then, whose lot decides the next one's"

const struct tolerance tolerances_usual[] = {
	{ "ports.created", 0.005, 3, .why = CHAIN },
	{ "ports.*.created", 0.005, 3, .why = CHAIN },
	{ "ports.created_late", 0.005, 3, .why = CHAIN },
	{ "ports.created_per_second.mean", 0.005, 0, .why = CHAIN },
	{ "ports.refusal_ratio", 0.005, 0.001, .why = CHAIN },
	{ "ports.refused", 0.005, 3, .why = CHAIN },
	{ "ports.refused_by.*", 0.005, 3, .why = CHAIN },
	{ "ports.retries", 0.005, 3, .why = CHAIN },
	{ "ports.notices.*", 0.005, 3, .why = CHAIN },
	{ "ambiguity.*.incidents", 0.005, 3, .why = CHAIN },
	{ "ambiguity.*.not_reached", 0.005, 3, .why = CHAIN },
	{ "ports.neighbour_share", 0, 0.01, .why = "a share; which subscriber was refused hangs on the order of close packets" },
	{ "ports.subscribers_refused_ratio", 0, 0.01, .why = "a share; which subscriber was refused hangs on the order of close packets" },
	{ "ports.created_per_second.peak", 0.01, 1, .why = "a packet's delay may carry it over the edge of a second" },
	{ "ports.sessions_peak", 0.01, 1, .why = WHOLE },
	{ "ports.active_peak", 0.01, 1, .why = WHOLE },
	{ "ports.subscriber_peak.*", 0.01, 1, .why = WHOLE },
	{ "ports.address_active_peak.*", 0.01, 1, .why = WHOLE },
	{ "ports.subscriber_active.mean", 0.01, 0, .why = TIMES },
	{ "ports.subscriber_active.variance", 0.02, 0, .why = "the square of what differs by 1%" },
	{ "ports.subscriber_active.*", 0.01, 1, .why = WHOLE },
	{ "ports.demand.*", 0.01, 1, .why = WHOLE },
	{ "ports.*_mean", 0.01, 0, .why = TIMES },
	{ "ports.*utilisation", 0.01, 0, .why = TIMES },
	{ "ports.*efficiency", 0.01, 0, .why = TIMES },
	{ "ports.fairness_jain", 0, 0.01, .why = "an index from 0 to 1" },
	{ "ports.guess_bits", 0, 0.01, .why = "bits; the mean over mappings whose ends moved" },
	{ "log.bytes_zstd", 0.1, 0, .why = "what a compressor makes of it: moments have digits of their own where packets take time; sampled where the log is large" },
	{ "log.records_per_second.peak", 0.01, 1, .why = "a packet's delay may carry it over the edge of a second" },
	{ "log.records", 0.01, 2, .why = EDGE },
	{ "log.records_before", 0.01, 2, .why = EDGE },
	{ "log.bytes", 0.01, 300, .why = EDGE },
	{ "log.wire_bytes", 0.01, 300, .why = EDGE },
	{ "log.by_format.*", 0.01, 300, .why = EDGE },
	{ "log.*", 0.01, 0, .why = EDGE },
	{ "ambiguity.*.candidates.mean", 0.01, 0.01, .why = "a mean over incidents, of subscribers with a mapping near a moment" },
	{ "ambiguity.*.candidates.*", 0, 1, .why = "a whole number of subscribers" },
	{ "ambiguity.*_ratio", 0, 0.01, .why = "a share of incidents" },
	{ "ambiguity.*.entropy_bits", 0.01, 0.01, .why = "a mean over incidents, of subscribers with a mapping near a moment" },
	{ "timeseries.*", 0.02, 2, .why = "one moment of the grid, the worst; a mapping's end may fall on its other side" },
	{ "subscribers.*", 0.01, 1, .why = WHOLE },
	{ "packets.*", 0, 0, .own = true, .why = "exact; and only the packet world has it" },
	{ "*", 0, 0, .why = "exact: the same flows start at the same times" },
};

static const struct tolerance exact = { "*", 0, 0, .why = "exact, as asked" };

/* `*` is any characters, all else itself. */
static bool fits(const char *pattern, const char *name)
{
	const char *star = NULL, *from = name;

	while (*name) {
		if (*pattern == '*') {
			star = pattern++;
			from = name;
		} else if (*pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star + 1;
			name = ++from;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

static void add(struct tolerances *t, struct tolerance row)
{
	t->own = must_grow(t->own, t->own_count + 1, sizeof(*t->own));
	t->met = must_grow(t->met, t->own_count + 1, sizeof(*t->met));
	t->met[t->own_count] = false;
	t->own[t->own_count++] = row;
}

/* A number of at least 0 that ends at `end`. */
static bool part(const char *text, char end, const char **after, double *out)
{
	char *stop;

	*out = strtod(text, &stop);
	if (stop == text || !isfinite(*out) || *out < 0 || strchr(" +\t", *text))
		return false;
	if (end == ',' && *stop == '%') {
		*out /= 100;
		stop++;
	}
	*after = stop;
	return *stop == end || !*stop;
}

bool tolerances_add(struct tolerances *t, const char *text, struct err *e)
{
	const char *equals = strrchr(text, '='), *at = equals ? equals + 1 : "";
	struct tolerance row = { .why = "as asked" };

	if (!equals || equals == text || !part(at, ',', &at, &row.relative) ||
	    (*at && !part(at + 1, '\0', &at, &row.absolute)) || *at)
		return fail(e, "--tolerance: \"%s\" is not PATH=REL[,ABS] (such as ports.*_mean=1%% or log.records=0.005,2)", text);
	row.pattern = must_printf("%.*s", (int)(equals - text), text);
	add(t, row);
	return true;
}

void tolerances_ignore(struct tolerances *t, const char *pattern)
{
	add(t, (struct tolerance){ .pattern = must_strdup(pattern), .ignored = true, .why = "ignored, as asked" });
}

void tolerances_clear(struct tolerances *t)
{
	for (size_t i = 0; i < t->own_count; i++)
		free((char *)t->own[i].pattern);
	free(t->own);
	free(t->met);
	*t = (struct tolerances){ 0 };
}

const struct tolerance *tolerances_for(const struct tolerances *t, const char *measure)
{
	const struct tolerance *row = NULL;

	for (size_t i = t->own_count; i-- > 0;)
		if (fits(t->own[i].pattern, measure)) {
			t->met[i] = true;
			row = row ? row : &t->own[i];
		}
	if (row || t->exact)
		return row ? row : &exact;
	row = tolerances_usual;
	while (!fits(row->pattern, measure))
		row++;
	return row;
}

bool tolerance_absent_is_zero(const char *measure)
{
	static const char *const patterns[] = { "ports.refused_by.*", "ports.cpe.refused_by.*", "ports.notices.*", "ports.inbound_filtered" };

	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (fits(patterns[i], measure))
			return true;
	return false;
}
