#include "sim/command/families.h"

#include "analysis/log.h"
#include "sim/base/outcome.h"
#include "sim/base/packets.h"
#include "sim/base/source.h"
#include "sim/scenario/laws.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/tables.h"
#include "sim/scheme/scheme.h"
#include "traffic/import.h"
#include "traffic/sources.h"

static bool scheme_member(size_t i, struct member *out)
{
	const struct scheme_type *t = scheme_types[i];

	if (t)
		*out = (struct member){ .name = t->name, .summary = t->summary, .params = t->params };
	return t != NULL;
}

static bool source_member(size_t i, struct member *out)
{
	const struct source_type *t = source_types[i];

	if (t)
		*out = (struct member){ .name = t->name, .summary = t->summary, .params = t->params };
	return t != NULL;
}

/* The formats, then "none". */
static bool format_member(size_t i, struct member *out)
{
	const struct log_format *f;

	if (!log_format_choices[i])
		return false;
	f = log_format_find(log_format_choices[i]);
	*out = (struct member){ .name = log_format_choices[i], .summary = f ? f->summary : "nothing is logged" };
	return true;
}

static bool law_member(size_t i, struct member *out)
{
	static const char *const summaries[DIST_KINDS] = {
		[DIST_CONSTANT] = "always the same",
		[DIST_EXPONENTIAL] = "memoryless",
		[DIST_UNIFORM] = "as likely anywhere between two values; half_width stands for low and high around 0",
		[DIST_LOGNORMAL] = "its logarithm is normal",
		[DIST_WEIBULL] = "stretched or squeezed exponential",
		[DIST_PARETO] = "a power of the value: few are very long",
		[DIST_GAMMA] = "a sum of exponentials",
		[DIST_EMPIRICAL] = "values as observed, equally likely",
		[DIST_MIXTURE] = "one of several laws, by weight",
	};

	if (i >= DIST_KINDS)
		return false;
	*out = (struct member){ .name = distribution_name[i],
		                .summary = summaries[i],
		                .params = law_params((enum distribution_kind)i) };
	return true;
}

/* A key of the root; if it is an object, its own keys are its parameters. */
static bool key_member(size_t i, struct member *out)
{
	const struct param *p = &scenario_params[i];

	if (p->name)
		*out = (struct member){ .name = p->name, .summary = p->help, .self = p, .params = p->object };
	return p->name != NULL;
}

/* Those of any world, then those of packets. */
static bool measure_member(size_t i, struct member *out)
{
	const struct measure *m = measures_listed;
	const struct packet_name *p;

	for (; m->name; m++, i--)
		if (!i) {
			*out = (struct member){ .name = m->name, .unit = m->unit, .summary = m->sentence };
			return true;
		}
	if (i >= PACKETS_SUMS + DELAYS + PACKET_RATES)
		return false;
	p = i < PACKETS_SUMS            ? &packet_sum_name[i]
	    : i < PACKETS_SUMS + DELAYS ? &packet_delay_name[i - PACKETS_SUMS]
	                                : &packet_rate_name[i - PACKETS_SUMS - DELAYS];
	*out = (struct member){ .name = p->path, .unit = p->unit, .summary = p->help };
	return true;
}

/* Why a flow was refused, then why a packet of a capture was left out. */
static bool reason_member(size_t i, struct member *out)
{
	const size_t refusals = OUT_COUNT - OUT_FIRST_REFUSAL;

	if (i < refusals)
		*out = (struct member){ .name = outcome_text[OUT_FIRST_REFUSAL + i].name,
		                        .summary = outcome_text[OUT_FIRST_REFUSAL + i].sentence };
	else if (i < refusals + import_reason_count)
		*out = (struct member){ .name = import_reasons[i - refusals].name,
			                .summary = import_reasons[i - refusals].sentence };
	else
		return false;
	return true;
}

static bool preset_member(size_t i, struct member *out)
{
	const struct preset *p = &presets[i];

	if (p->name)
		*out = (struct member){ .name = p->name, .summary = p->description, .preset = p };
	return p->name != NULL;
}

static bool no_member(size_t i, struct member *out)
{
	(void)i;
	(void)out;
	return false;
}

const struct family families[] = {
	{ "schemes", "ways of sharing a public address", scheme_member, NULL },
	{ "sources", "where a workload comes from", source_member, NULL },
	{ "distributions", "laws of durations", law_member, NULL },
	{ "keys", "every key of a scenario", key_member, NULL },
	{ "formats", "formats of NAT logs", format_member, NULL },
	{ "measures", "what a run measures", measure_member, NULL },
	{ "reasons", "why a flow was refused, or a packet of a capture left out", reason_member, NULL },
	{ "servers", "catalogue of servers and what they log", no_member, "there is no catalogue of servers yet" },
	{ "presets", "other projects' ways of writing the same thing", preset_member, NULL },
	{ .name = NULL },
};
