/* source: mix - sockets and flows by laws, such as cgnsim fit finds in a trace.
 *
 * A subscriber opens sockets at a rate of its own, drawn once, with gaps of that
 * mean. A socket is an inside port with one flow or several, one after another,
 * each to a remote of its own: under endpoint-independent mapping they share one
 * mapping. A flow is one train: its packets follow each other closely enough to
 * keep a mapping alive.
 *
 * A moment at random falls into long gaps more often than into short ones. So a
 * subscriber's first gap is drawn from many by their lengths, and the moment is
 * anywhere in it: the process has been going on for ever.
 *
 * What a socket does is a stream of random numbers of its own, keyed from its
 * subscriber's. It is run through twice: once when the socket is opened, to know
 * when its port will be free again, and then flow by flow, so that nothing about
 * flows to come is kept but the stream's state. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/mix_source.h"
#include "traffic/sources.h"

enum { FAN_OUT_MOST = 65535 };

static const struct param mix_source_params[] = {
	{ .name = "file", .type = PARAM_OBJECT_FILE, .unit = "", .object = mix_params, .offset = offsetof(struct mix_config, mix),
	  .help = "a mix, as cgnsim fit writes it; its keys are below" },
	{ .name = "active_share", .type = PARAM_REAL, .unit = "", .preset = "1", .min = 0, .max = 1,
	  .offset = offsetof(struct mix_config, active_share),
	  .help = "share of the subscribers that are active at all, as every captured host is; the others are silent" },
	{ 0 },
};

uint32_t mix_pick(const double *cumulative, uint32_t count, struct rng *r)
{
	double u = rng_unit(r);
	uint32_t i = 0;

	while (i + 1 < count && u >= cumulative[i])
		i++;
	return i;
}

uint32_t mix_fan_out(const struct mix_protocol *p, struct rng *r)
{
	int64_t ns = distribution_draw(&p->fan_out, r), flows = (ns + NS_PER_S - 1) / NS_PER_S;

	return flows < 1 ? 1 : flows > FAN_OUT_MOST ? FAN_OUT_MOST : (uint32_t)flows;
}

/* Shares that add up to anything become cumulative; false if all are 0. */
static bool accumulate(const double *shares, size_t count, double *out)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		out[i] = sum += shares[i];
	for (size_t i = 0; i < count && sum > 0; i++)
		out[i] /= sum;
	return sum > 0;
}

static bool shares_make(struct source *s, struct err *e)
{
	double shares[PROTO_COUNT];
	bool good = true;

	for (int p = 0; p < PROTO_COUNT; p++) {
		const struct mix_ends *ends = &s->mix->protocols[p].ends;
		double each[ENDS] = {
			[END_FIN] = ends->fin, [END_HALF] = ends->half, [END_RESET] = ends->reset,
			[END_SILENT] = ends->silent, [END_UNANSWERED] = ends->unanswered,
		};

		shares[p] = s->mix->protocols[p].share;
		if (!accumulate(each, ENDS, s->ends[p]) && shares[p] > 0)
			good = fail(e, "%s: $.protocols.%s.ends: all are 0: one at least must be above", s->mix->path, protocol_name[p]);
	}
	return (accumulate(shares, PROTO_COUNT, s->shares) ||
	        fail(e, "%s: $.protocols: no protocol has a share above 0", s->mix->path)) && good;
}

static bool gaps_make(struct source *s, struct err *e)
{
	double mean = distribution_mean(&s->mix->gaps), sum = 0;
	struct rng r;

	if (!(mean > 0 && mean < 1e9))
		return fail(e, "%s: $.gaps: the law's mean is 0 or without bound: it must be a number, such as 1", s->mix->path);
	s->moments = must_alloc(MIX_MOMENTS, sizeof(*s->moments));
	rng_seed(&r, 0);
	for (size_t i = 0; i < MIX_MOMENTS; i++)
		s->moments[i] = sum += (double)distribution_draw(&s->mix->gaps, &r);
	s->gap_unit = sum / MIX_MOMENTS; /* a truncated law's mean is not the law's */
	for (size_t i = 0; i < MIX_MOMENTS; i++)
		s->moments[i] /= s->gap_unit;
	return true;
}

static void means_make(struct source *s)
{
	struct rng r;
	double flows = 0;

	rng_seed(&r, 0);
	for (size_t i = 0; i < MIX_MOMENTS; i++)
		flows += mix_fan_out(&s->mix->protocols[mix_pick(s->shares, PROTO_COUNT, &r)], &r);
	s->mean_fan_out = flows / MIX_MOMENTS;
	for (int p = 0; p < PROTO_COUNT; p++) {
		int64_t p99_ns = distribution_quantile(&s->mix->protocols[p].duration, 0.99);

		if (s->mix->protocols[p].share > 0 && p99_ns > s->longest_p99_ns)
			s->longest_p99_ns = p99_ns;
	}
}

static void mix_close(struct source *s)
{
	free(s->servers);
	free(s->moments);
	free(s);
}

static struct source *mix_open(const void *config, const struct source_setting *setting, const char *place, struct err *e)
{
	const struct mix_config *c = config;
	struct source *s = must_alloc(1, sizeof(*s));

	(void)setting;
	(void)place;
	s->mix = &c->mix;
	s->active_share = c->active_share;
	if (!shares_make(s, e) || !gaps_make(s, e)) {
		mix_close(s);
		return NULL;
	}
	s->servers = servers_build(&c->mix.destinations);
	means_make(s);
	return s;
}

static void mix_facts(const struct source *s, const struct source_setting *setting, struct source_facts *out)
{
	double sockets = distribution_mean(&s->mix->sockets_per_day) * setting->subscribers * s->active_share *
	                 ((double)setting->end_ns / (double)NS_PER_DAY);
	const double *tcp = s->ends[PROTO_TCP];

	*out = (struct source_facts){
		.flows_expected = sockets * s->mean_fan_out,
		.longest_p99_ns = s->longest_p99_ns,
		.captured_ns = s->mix->capture.duration_ns,
		.captured_hosts = s->mix->capture.hosts,
	};
	for (int p = 0; p < PROTO_COUNT; p++)
		out->protocols[p] = s->mix->protocols[p].share > 0;
	out->tcp_left_open = out->protocols[PROTO_TCP] &&
	                     (tcp[END_HALF] > tcp[END_FIN] || tcp[END_SILENT] > tcp[END_RESET]);
}

const struct source_type source_mix = {
	.name = "mix",
	.summary = "sockets and flows by laws, such as cgnsim fit finds behind a trace",
	.params = mix_source_params,
	.config_size = sizeof(struct mix_config),
	.open = mix_open,
	.close = mix_close,
	.facts = mix_facts,
	.stream = mix_stream,
	.next = mix_next,
	.left_out = mix_left_out,
	.end = mix_end,
};
