#include "analysis/summary.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/replicate.h"
#include "sim/base/fp.h"
#include "sim/base/must.h"

static double window_ns(const struct usage *u)
{
	return (double)(u->frame.end_ns - u->frame.begin_ns);
}

static double mean_of(const struct usage *u, uint64_t integral)
{
	return (double)integral * (double)(UINT64_C(1) << u->quantum) / window_ns(u);
}

enum protocol summary_headline(const struct measures *m)
{
	const struct usage *u = m->usage;

	if (!u->active[PROTO_TCP] && !u->active[PROTO_UDP] && u->active[PROTO_ICMP])
		return PROTO_ICMP;
	return u->active[PROTO_TCP] > u->active[PROTO_UDP] ? PROTO_TCP : PROTO_UDP;
}

double summary_active_mean(const struct measures *m, enum protocol p)
{
	return mean_of(m->usage, m->usage->active[p]);
}

double summary_reserved_mean(const struct measures *m, enum protocol p)
{
	if (m->single_numbers)
		return mean_of(m->usage, m->usage->held[p]);
	return (double)m->assigned + mean_of(m->usage, m->usage->blocks);
}

uint64_t summary_reserved_at(const struct measures *m, const struct usage_sample *s, enum protocol p)
{
	return m->single_numbers ? s->held[p] : m->assigned + s->blocks;
}

static uint64_t sum_of(const uint64_t *values, size_t count)
{
	uint64_t total = 0;

	for (size_t i = 0; i < count; i++)
		total += values[i];
	return total;
}

uint32_t histogram_quantile(const uint64_t *histogram, uint32_t levels, double q)
{
	uint64_t total = sum_of(histogram, levels), below = 0;

	for (uint32_t level = 0; level < levels; level++) {
		below += histogram[level];
		if (below && (double)below >= q * (double)total)
			return level;
	}
	return 0;
}

static uint32_t histogram_max(const uint64_t *histogram, uint32_t levels)
{
	while (levels-- > 0)
		if (histogram[levels])
			return levels;
	return 0;
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static cJSON *object_in(cJSON *parent, const char *name)
{
	return cJSON_AddObjectToObject(parent, name);
}

static void number(cJSON *to, const char *name, double value)
{
	must(cJSON_AddNumberToObject(to, name, value));
}

/* Quantiles under their names; those above 0.9, and the maximum, only where the workload can bear them. */
static void quantiles(cJSON *to, const uint64_t *histogram, uint32_t levels, bool tails, const char *const *names)
{
	static const struct { const char *name; double q; } known[] = {
		{ "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 2 },
	};

	for (; *names; names++)
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
			if (strcmp(*names, known[i].name))
				continue;
			if (known[i].q > 0.9 && !tails)
				cJSON_AddNullToObject(to, *names);
			else if (known[i].q > 1)
				number(to, *names, histogram_max(histogram, levels));
			else
				number(to, *names, histogram_quantile(histogram, levels, known[i].q));
		}
}

static void subscriber_active(cJSON *to, const struct usage *u, bool tails)
{
	double total = (double)sum_of(u->level_time, USAGE_LEVELS), mean = 0, square = 0;

	for (uint32_t level = 0; level < USAGE_LEVELS; level++) {
		if (!u->level_time[level])
			continue;
		mean += (double)u->level_time[level] / total * level;
	}
	for (uint32_t level = 0; level < USAGE_LEVELS; level++)
		if (u->level_time[level])
			square += (double)u->level_time[level] / total * ((level - mean) * (level - mean));
	number(to, "mean", mean);
	number(to, "variance", square);
	quantiles(to, u->level_time, USAGE_LEVELS, tails, (const char *const[]){ "p50", "p90", "p99", "p999", NULL });
}

static uint64_t refused_total(const struct usage *u)
{
	return sum_of(u->refused_by, OUT_COUNT);
}

static void refusals(cJSON *to, const char *name, const uint64_t *by)
{
	cJSON *object = object_in(to, name);

	for (int o = OUT_FIRST_REFUSAL; o < OUT_COUNT; o++)
		if (by[o])
			number(object, outcome_text[o].name, (double)by[o]);
}

/* Only if the operator was told anything. */
static void notices(cJSON *ports, const struct usage *u)
{
	cJSON *object;

	if (!sum_of(u->notices, NOTICE_COUNT))
		return;
	object = object_in(ports, "notices");
	for (int n = 0; n < NOTICE_COUNT; n++)
		if (u->notices[n])
			number(object, nat_notice_name[n], (double)u->notices[n]);
}

static void attempts(cJSON *ports, const struct usage *u)
{
	double attempted = (double)sum_of(u->attempted, PROTO_COUNT);
	uint64_t created = sum_of(u->created, PROTO_COUNT), refused = refused_total(u);

	must(sum_of(u->attempted, PROTO_COUNT) == created + refused);
	number(ports, "attempted", attempted);
	number(ports, "created", (double)created);
	number(ports, "refused", (double)refused);
	refusals(ports, "refused_by", u->refused_by);
	notices(ports, u);
	number(ports, "refusal_ratio", ratio((double)refused, attempted));
	number(ports, "retries", (double)u->retries);
	number(ports, "created_late", (double)u->created_late);
	number(ports, "recreated", (double)u->recreated);
	number(ports, "recreate_refused", (double)u->recreate_refused);
	number(ports, "exempt", (double)u->exempt);
	number(ports, "inbound_unmatched", (double)u->inbound_unmatched);
	if (u->inbound_filtered)
		number(ports, "inbound_filtered", (double)u->inbound_filtered);
	number(ports, "subscribers_refused_ratio", ratio((double)u->subscribers_refused, (double)u->subscribers_attempted));
	number(ports, "neighbour_share", ratio((double)u->crowded_out, (double)refused));
}

static void rates(cJSON *ports, const struct usage *u, enum protocol headline)
{
	cJSON *created = object_in(ports, "created_per_second");
	uint64_t sum = 0, peak = 0, sessions = 0, active = 0;

	for (size_t i = 0; i < u->seconds; i++) {
		sum += u->created_per_second[i];
		if (u->created_per_second[i] > peak)
			peak = u->created_per_second[i];
	}
	for (size_t i = 0; i < u->sample_count; i++) {
		if (u->samples[i].sessions > sessions)
			sessions = u->samples[i].sessions;
		if (u->samples[i].active[headline] > active)
			active = u->samples[i].active[headline];
	}
	number(created, "mean", (double)sum / (window_ns(u) / 1e9));
	number(created, "peak", (double)peak);
	number(ports, "sessions_peak", (double)sessions);
	number(ports, "active_peak", (double)active);
}

static void use_of(cJSON *to, const struct measures *m, enum protocol p)
{
	double active = summary_active_mean(m, p), reserved = summary_reserved_mean(m, p);

	number(to, "active_mean", active);
	number(to, "held_mean", mean_of(m->usage, m->usage->held[p]));
	number(to, "reserved_mean", reserved);
	number(to, "utilisation", ratio(active, (double)m->ports));
	number(to, "efficiency", ratio(active, reserved + (double)m->stranded));
}

static void by_protocol(cJSON *ports, const struct measures *m)
{
	cJSON *all = object_in(ports, "by_protocol");

	for (int p = 0; p < PROTO_COUNT; p++) {
		cJSON *one = object_in(all, protocol_name[p]);

		number(one, "attempted", (double)m->usage->attempted[p]);
		number(one, "created", (double)m->usage->created[p]);
		use_of(one, m, (enum protocol)p);
	}
}

/* Where no law is declared, guessers' best rate stands for it. */
static double guess_bits(const struct measures *m)
{
	const struct usage *u = m->usage;
	double sum = (double)u->guess_sum / 0x1p32;

	if (!u->guess_count)
		return 0;
	if (u->guess_lawless)
		sum += (double)u->guess_lawless *
		       guess_rate(u->guess_hits, u->guess_lawless, (double)m->addresses / (double)m->ports);
	return fp_log2((double)u->guess_count) - fp_log2(sum);
}

static cJSON *ports_json(const struct result_run *run, const struct result_scheme *scheme, const struct measures *m)
{
	static const char *const peaks[] = { "p50", "p90", "p99", "p999", "max", NULL };
	const struct usage *u = m->usage;
	enum protocol headline = summary_headline(m);
	cJSON *ports = cJSON_CreateObject();

	must(ports);
	cJSON_AddStringToObject(ports, "protocol", protocol_name[headline]);
	number(ports, "addresses", (double)m->addresses);
	number(ports, "addresses_used", (double)u->addresses_used);
	number(ports, "subscribers_per_address", (double)run->subscribers / (double)m->addresses);
	attempts(ports, u);
	if (scheme->behind_cpe)
		refusals(object_in(ports, "cpe"), "refused_by", u->cpe_refused_by);
	rates(ports, u, headline);
	use_of(ports, m, headline);
	number(ports, "stranded", (double)m->stranded);
	by_protocol(ports, m);
	subscriber_active(object_in(ports, "subscriber_active"), u, run->tails);
	quantiles(object_in(ports, "subscriber_peak"), u->peak, USAGE_LEVELS, run->tails, peaks);
	quantiles(object_in(ports, "address_active_peak"), u->address_peak[headline], 65536, run->tails,
	          (const char *const[]){ "p50", "p99", "max", NULL });
	if (m->demand)
		quantiles(object_in(ports, "demand"), m->demand->level_time, USAGE_LEVELS, run->tails, peaks);
	else
		cJSON_AddNullToObject(ports, "demand");
	number(ports, "fairness_jain", u->jain_count ? (double)u->jain_sum / 0x1p32 / (double)u->jain_count : 1);
	number(ports, "guess_bits", guess_bits(m));
	if (u->guess_lawless)
		cJSON_AddStringToObject(ports, "guess_law", "empirical");
	return ports;
}

static cJSON *log_json(const struct result_run *run, const struct result_scheme *scheme, const struct measures *m)
{
	cJSON *log = cJSON_CreateObject(), *rate, *formats;
	double days = (double)run->duration_ns / (double)NS_PER_DAY;
	uint64_t peak = 0;

	must(log);
	for (size_t i = 0; i < m->log.seconds; i++)
		if (m->log.per_second[i] > peak)
			peak = m->log.per_second[i];
	cJSON_AddStringToObject(log, "format", scheme->log_format);
	number(log, "records", (double)m->log.records);
	number(log, "records_before", (double)m->log.records_before);
	number(log, "bytes", (double)m->log.bytes);
	number(log, "wire_bytes", (double)log_weight_wire(&m->log));
	number(log, "bytes_zstd", (double)log_weight_zstd(&m->log));
	number(log, "bytes_per_subscriber_day", (double)m->log.bytes / days / run->subscribers);
	rate = object_in(log, "records_per_second");
	number(rate, "mean", (double)m->log.records / ((double)run->duration_ns / 1e9));
	number(rate, "peak", (double)peak);
	formats = object_in(log, "by_format");
	if (strcmp(scheme->log_format, "none"))
		number(formats, scheme->log_format, (double)m->log.bytes);
	return log;
}

static void ambiguity_row(cJSON *rows, const struct ambiguity *a, const char *evidence, const char *same_as)
{
	cJSON *row = cJSON_CreateObject(), *candidates;

	must(row && cJSON_AddItemToArray(rows, row));
	cJSON_AddStringToObject(row, "evidence", evidence);
	number(row, "incidents", (double)a->incidents);
	number(row, "not_reached", (double)a->not_reached);
	number(row, "window_s", a->window_s);
	candidates = object_in(row, "candidates");
	number(candidates, "mean", a->candidates_mean);
	number(candidates, "p50", a->candidates_p50);
	number(candidates, "p95", a->candidates_p95);
	number(candidates, "max", a->candidates_max);
	number(row, "unique_ratio", a->unique_ratio);
	number(row, "ambiguous_ratio", a->ambiguous_ratio);
	number(row, "missed_ratio", a->missed_ratio);
	number(row, "wrong_ratio", a->wrong_ratio);
	number(row, "wrong_single_ratio", a->wrong_single_ratio);
	number(row, "entropy_bits", a->entropy_bits);
	if (same_as)
		cJSON_AddStringToObject(row, "same_as", same_as);
	else
		cJSON_AddNullToObject(row, "same_as");
}

/* No log here holds destinations, so evidence with one says what it says without. */
static cJSON *ambiguity_json(const struct measures *m)
{
	const char *address = evidence_name[EVIDENCE_ADDRESS], *port = evidence_name[EVIDENCE_PORT];
	cJSON *rows = cJSON_CreateArray();

	must(rows);
	ambiguity_row(rows, &m->ambiguity[EVIDENCE_ADDRESS], address, NULL);
	ambiguity_row(rows, &m->ambiguity[EVIDENCE_PORT], port, NULL);
	ambiguity_row(rows, &m->ambiguity[EVIDENCE_ADDRESS], "address+time+destination", address);
	ambiguity_row(rows, &m->ambiguity[EVIDENCE_PORT], "address+port+time+destination", port);
	ambiguity_row(rows, &m->ambiguity[EVIDENCE_AS_LOGGED], evidence_name[EVIDENCE_AS_LOGGED], NULL);
	return rows;
}

/* Of no delays there is neither a mean nor a longest: null. */
static void delay_json(cJSON *to, const char *name, const struct delays *d)
{
	static const char *const names[] = { "mean", "p50", "p99", "max" };
	cJSON *delay = object_in(to, name);

	if (!d->count) {
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
			must(cJSON_AddNullToObject(delay, names[i]));
		return;
	}
	number(delay, "mean", ratio((double)d->sum_us, (double)d->count) / 1e6);
	number(delay, "p50", (double)delays_quantile(d, 0.5) / 1e6);
	number(delay, "p99", (double)delays_quantile(d, 0.99) / 1e6);
	number(delay, "max", (double)d->max_us / 1e6);
}

/* Of the whole run: packets are counted from time 0. */
static cJSON *packets_json(const struct result_run *run, const struct packets *p)
{
	cJSON *packets = cJSON_CreateObject();
	double seconds = (double)(run->warmup_ns + run->duration_ns) / 1e9;

	must(packets);
	for (int s = 0; s < PACKETS_SUMS; s++)
		number(packets, packet_sum_name[s].name, (double)p->sums[s]);
	for (int d = 0; d < DELAYS; d++)
		delay_json(packets, packet_delay_name[d].name, &p->delays[d]);
	number(packets, packet_rate_name[RATE_GOODPUT_DOWN].name, (double)p->sums[PACKETS_BYTES_DOWN] * 8 / seconds);
	number(packets, packet_rate_name[RATE_GOODPUT_UP].name, (double)p->sums[PACKETS_BYTES_UP] * 8 / seconds);
	return packets;
}

cJSON *summary_scheme(const struct result_run *run, const struct result_scheme *scheme, uint32_t replication)
{
	const struct measures *m = &scheme->measures[replication];
	cJSON *one = cJSON_CreateObject();

	must(one);
	cJSON_AddItemToObject(one, "ports", ports_json(run, scheme, m));
	cJSON_AddItemToObject(one, "log", log_json(run, scheme, m));
	cJSON_AddItemToObject(one, "ambiguity", ambiguity_json(m));
	if (m->packets)
		cJSON_AddItemToObject(one, "packets", packets_json(run, m->packets));
	return one;
}

static void add_warnings(cJSON *to, const struct result_run *run, size_t scheme)
{
	cJSON *list = cJSON_AddArrayToObject(to, "warnings");

	for (size_t i = 0; i < run->warning_count; i++)
		if (run->warnings[i].scheme == scheme)
			cJSON_AddItemToArray(list, cJSON_CreateString(run->warnings[i].text));
}

/* The mean over the replications, and with several the half-widths of its 95% interval. */
static cJSON *scheme_json(const struct result_run *run, const struct result_scheme *scheme)
{
	cJSON *row = cJSON_CreateObject(), *ci = NULL, *measures;
	cJSON **each = must_alloc(run->replications, sizeof(cJSON *));

	must(row);
	cJSON_AddStringToObject(row, "name", scheme->name);
	cJSON_AddStringToObject(row, "type", scheme->type);
	for (uint32_t r = 0; r < run->replications; r++)
		each[r] = summary_scheme(run, scheme, r);
	measures = replicate_mean(each, run->replications);
	if (run->replications > 1)
		ci = replicate_half_width(each, run->replications);
	while (measures->child) {
		cJSON *part = cJSON_DetachItemViaPointer(measures, measures->child);

		cJSON_AddItemToObject(row, part->string, part);
	}
	cJSON_Delete(measures);
	add_warnings(row, run, (size_t)(scheme - run->schemes));
	if (ci)
		cJSON_AddItemToObject(row, "ci95", ci);
	for (uint32_t r = 0; r < run->replications; r++)
		cJSON_Delete(each[r]);
	free(each);
	return row;
}

/* What was offered, as a mean over the replications: the same to every scheme. */
static void workload_json(cJSON *root, const struct result_run *run)
{
	cJSON *workload = object_in(root, "workload");
	uint64_t total[PROTO_COUNT] = { 0 }, not_offered = 0;

	for (uint32_t r = 0; r < run->replications; r++) {
		const struct measures *first = &run->schemes[0].measures[r];

		for (int p = 0; p < PROTO_COUNT; p++)
			total[p] += first->usage->flows[p];
		not_offered += first->flows_not_offered;
	}
	number(workload, "flows", (double)sum_of(total, PROTO_COUNT) / run->replications);
	number(workload, "subscribers", run->subscribers);
	number(workload, "duration_s", (double)run->duration_ns / 1e9);
	for (int p = 0; p < PROTO_COUNT; p++)
		number(workload, protocol_name[p], (double)total[p] / run->replications);
	number(workload, "not_offered", (double)not_offered / run->replications);
}

cJSON *summary_json(const struct result_run *run)
{
	cJSON *root = cJSON_CreateObject(), *schemes;

	must(root);
	number(root, "format", 1);
	cJSON_AddStringToObject(root, "scenario", run->scenario);
	cJSON_AddStringToObject(root, "description", run->description);
	number(root, "seed", (double)run->seed);
	number(root, "replications", run->replications);
	workload_json(root, run);
	schemes = cJSON_AddArrayToObject(root, "schemes");
	for (size_t i = 0; i < run->scheme_count; i++)
		cJSON_AddItemToArray(schemes, scheme_json(run, &run->schemes[i]));
	add_warnings(root, run, RESULT_ALL);
	return root;
}
