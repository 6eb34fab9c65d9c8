#include "sim/scenario/checks.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/params.h"

#define NAME_MAX_BYTES 64

bool check_name(const char *name, const char *place, struct err *e)
{
	bool good = *name && *name != '.' && strlen(name) <= NAME_MAX_BYTES;

	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/')
			good = false;
	return good || params_fault(e, place,
	                            "\"%.80s\" is not a name: it must be fit for a file (1 to %d bytes, no \"/\", no "
	                            "\".\" at its start)",
	                            name, NAME_MAX_BYTES);
}

bool check_workload(const struct workload *w, const char *root, struct err *e)
{
	size_t before = e->count;
	int64_t warmup = w->warmup_ns > 0 ? w->warmup_ns : 0;
	char *place;

	if (w->subscribers && w->inside.last && range_size(w->inside) < w->subscribers) {
		char text[RANGE_TEXT];

		place = must_printf("%s.subscribers.prefix", root);
		params_fault(e, place, "%s holds %llu addresses, and subscribers.count is %u",
		             range_format(w->inside, text), (unsigned long long)range_size(w->inside), w->subscribers);
		free(place);
	}
	if (w->subscribers && w->inside.first + (uint64_t)w->subscribers > UINT32_MAX) {
		place = must_printf("%s.subscribers.prefix", root);
		params_fault(e, place, "255.255.255.255 is nobody's address, and would be the last subscriber's");
		free(place);
	}
	if (w->sample_interval_ns && (w->duration_ns + warmup) / w->sample_interval_ns > SAMPLES_MAX) {
		char interval[DURATION_TEXT], all[DURATION_TEXT];

		place = must_printf("%s.sample_interval", root);
		params_fault(e, place, "%s over %s gives more than %d samples",
		             duration_format(w->sample_interval_ns, interval),
		             duration_format(w->duration_ns + warmup, all), SAMPLES_MAX);
		free(place);
	}
	return e->count == before;
}

struct numbered {
	struct addr_range range;
	size_t index;
};

static int by_first(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->range.first != y->range.first)
		return x->range.first < y->range.first ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Sorted by first address, a prefix that overlaps any before it overlaps the one that reaches furthest. */
static void check_overlaps(const struct addr_ranges *prefixes, const char *place, struct err *e)
{
	struct numbered *sorted = must_alloc(prefixes->count, sizeof(*sorted));
	size_t furthest = 0;

	for (size_t i = 0; i < prefixes->count; i++)
		sorted[i] = (struct numbered){ .range = prefixes->items[i], .index = i };
	qsort(sorted, prefixes->count, sizeof(*sorted), by_first);
	for (size_t i = 1; i < prefixes->count; i++) {
		struct numbered a = sorted[furthest], b = sorted[i];

		if (b.range.first <= a.range.last) {
			struct numbered later = a.index > b.index ? a : b, earlier = a.index > b.index ? b : a;
			char one[RANGE_TEXT], other[RANGE_TEXT];
			char *at = must_printf("%s.prefixes[%zu]", place, later.index);

			params_fault(e, at, "%s overlaps prefixes[%zu], %s", range_format(later.range, one),
			             earlier.index, range_format(earlier.range, other));
			free(at);
		}
		if (b.range.last > a.range.last)
			furthest = i;
	}
	free(sorted);
}

static void check_inside(const struct addr_ranges *prefixes, struct addr_range inside, const char *place, struct err *e)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		struct addr_range r = prefixes->items[i];
		char one[RANGE_TEXT], other[RANGE_TEXT], *at;

		if (r.first > inside.last || r.last < inside.first)
			continue;
		at = must_printf("%s.prefixes[%zu]", place, i);
		params_fault(e, at, "%s overlaps subscribers.prefix, %s", range_format(r, one),
		             range_format(inside, other));
		free(at);
	}
}

static uint64_t prefixes_size(const struct addr_ranges *prefixes)
{
	uint64_t size = 0;

	for (size_t i = 0; i < prefixes->count; i++)
		size += range_size(prefixes->items[i]);
	return size;
}

static void check_sizes(const struct pool_config *pool, const struct workload *w, const char *place, struct err *e)
{
	uint64_t size = prefixes_size(&pool->prefixes), used = pool->addresses ? pool->addresses : size;
	char *at = must_printf("%s.addresses", place);

	if (used > size)
		params_fault(e, at, "%u is more than the %llu addresses of prefixes", pool->addresses,
		             (unsigned long long)size);
	else if (used > POOL_ADDRESSES_MAX)
		params_fault(e, at, "the pool has %llu addresses; at most %u are supported", (unsigned long long)used,
		             POOL_ADDRESSES_MAX);
	free(at);
	at = must_printf("%s.instances", place);
	if (pool->instances > used)
		params_fault(e, at, "%u instances cannot share %llu addresses", pool->instances,
		             (unsigned long long)used);
	else if (w->subscribers && pool->instances > w->subscribers)
		params_fault(e, at, "%u instances cannot share %u subscribers", pool->instances, w->subscribers);
	free(at);
}

static void check_ports(const struct pool_config *pool, const char *place, struct err *e)
{
	struct slots *slots = slots_create(pool->ports, &pool->exclude);

	if (!slots) {
		char *at = must_printf("%s.exclude", place);

		params_fault(e, at, "leaves nothing of ports, %u-%u", pool->ports.lo, pool->ports.hi);
		free(at);
	}
	slots_destroy(slots);
}

bool check_pool(const struct pool_config *pool, const struct workload *w, const char *place, struct err *e)
{
	size_t before = e->count;

	if (!pool->prefixes.count || !pool->ports.lo)
		return false;
	check_overlaps(&pool->prefixes, place, e);
	if (w->inside.last)
		check_inside(&pool->prefixes, w->inside, place, e);
	check_sizes(pool, w, place, e);
	check_ports(pool, place, e);
	return e->count == before;
}

bool check_timeouts(const struct nat_timeouts *t, const char *place, struct err *e)
{
	char whole[DURATION_TEXT], part[DURATION_TEXT], *at;

	if (!t->tcp_established || !t->tcp_closing || t->tcp_established >= t->tcp_closing)
		return true;
	at = must_printf("%s.tcp_established", place);
	params_fault(e, at, "%s is shorter than tcp_closing, %s, which is a part of it",
	             duration_format(t->tcp_established, whole), duration_format(t->tcp_closing, part));
	free(at);
	return false;
}

bool check_nat(const struct nat_config *nat, const char *place, struct err *e)
{
	const struct nat_notify *n = &nat->notify;
	char *at = must_printf("%s.timeouts", place);
	bool good = check_timeouts(&nat->timeouts, at, e);

	free(at);
	if (n->pool_high > 0 && n->pool_low >= n->pool_high) {
		at = must_printf("%s.notify.pool_low", place);
		good = params_fault(e, at, "%g is not below pool_high, %g", n->pool_low, n->pool_high);
		free(at);
	}
	return good;
}

bool check_overload(const struct trial *t, const char *place, struct err *e)
{
	if (!t->scheme->overloads || !t->scheme->overloads(t->scheme_config))
		return true;
	if (t->log.events == LOG_CREATE && !t->log.max_life_ns)
		return params_fault(e, place, "overload with log.events \"create\" needs log.max_life: a number that is given "
		                              "again ends no record");
	for (int p = 0; p < PROTO_COUNT; p++)
		if (t->nat.mapping[p] != ADDRESS_AND_PORT_DEPENDENT || t->nat.filtering[p] != ADDRESS_AND_PORT_DEPENDENT)
			return params_fault(e, place, "overload needs nat.mapping and nat.filtering \"address-and-port-dependent\": "
			                              "a number's mappings are told apart by their remote endpoints");
	return true;
}

static void warn(struct scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void warn(struct scenario *s, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	va_start(args, format);
	must(vasprintf(&text, format, args) >= 0);
	va_end(args);
	s->warnings = must_grow(s->warnings, s->warning_count + 1, sizeof(*s->warnings));
	s->warnings[s->warning_count++] = text;
}

/* A capture is cut into trains at silences of SEGMENT_GAP; a shorter timer cannot run out inside one. */
static void warn_of_timers(struct scenario *s, const struct nat_timeouts *t, const char *place)
{
	const struct {
		const char *name;
		int64_t ns;
	} timers[] = {
		{ "udp", t->udp }, { "udp_well_known", t->udp_well_known }, { "tcp_established", t->tcp_established },
		{ "tcp_open", t->tcp_open }, { "tcp_closing", t->tcp_closing }, { "icmp", t->icmp },
	};
	char value[DURATION_TEXT], gap[DURATION_TEXT];

	duration_format(SEGMENT_GAP, gap);
	for (size_t i = 0; i < sizeof(timers) / sizeof(timers[0]); i++)
		if (timers[i].ns < SEGMENT_GAP)
			warn(s,
			     "%s.%s: %s is below %s, the silence at which a capture is cut into trains: mappings live "
			     "on inside a train",
			     place, timers[i].name, duration_format(timers[i].ns, value), gap);
}

void warn_of_oddities(struct scenario *s)
{
	bool capture = false;

	for (size_t i = 0; i < s->workload.traffic_count; i++)
		capture |= !strcmp(s->workload.traffic[i].type->name, "capture");
	if (!capture)
		return;
	warn_of_timers(s, &s->common.nat.timeouts, "$.nat.timeouts");
	if (s->common.access == ACCESS_NAT444 && s->common.cpe.nat)
		warn_of_timers(s, &s->common.cpe.timeouts, "$.cpe.timeouts");
	for (size_t i = 0; i < s->trial_count; i++) {
		char *place;

		if (!memcmp(&s->trials[i].nat.timeouts, &s->common.nat.timeouts, sizeof(s->common.nat.timeouts)))
			continue;
		place = must_printf("scheme %s: nat.timeouts", s->trials[i].name);
		warn_of_timers(s, &s->trials[i].nat.timeouts, place);
		free(place);
	}
}
