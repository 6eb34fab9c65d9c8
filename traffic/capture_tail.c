#include "traffic/capture_tail.h"

#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

#define QUANTILE 0.999
#define SURE 0.95
enum { DRAWS_MOST = 1000, DRAWS_FEWEST = 100, WORK_MOST = 20000000 };

/* A port in use, or the change at a moment. */
struct use {
	int64_t from_ns, to_ns;
	uint16_t port;
	uint8_t protocol, host;
};

struct change {
	int64_t at_ns;
	int by;
};

/* How long each number of ports was in use by a host, levels that never were left out. */
struct level {
	uint32_t ports;
	double share; /* of the capture */
};

struct levels {
	struct level *items;
	size_t count, room;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t held_ns(const struct trace_record *r, const struct source_holding *h)
{
	switch (r->train.protocol) {
	case PROTO_UDP:
		return h->udp_ns;
	case PROTO_ICMP:
		return h->icmp_ns;
	default:
		if (r->train.flags & SEG_RST || (r->train.flags & SEG_FIN_OUT && r->train.flags & SEG_FIN_IN))
			return h->tcp_closed_ns;
		return r->train.first_in_ns == NS_NONE && r->train.flags & SEG_FIRST ? h->tcp_open_ns : h->tcp_established_ns;
	}
}

static int by_port(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (x->protocol != y->protocol)
		return x->protocol < y->protocol ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

static int by_moment(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* Trains of one port that meet are one use of it. A train that only came in makes none. */
static size_t uses_of(const struct trace *t, const struct trace_host *h, const struct source_holding *holding, struct use *out)
{
	size_t n = 0, merged = 0;

	for (uint32_t i = h->first; i < h->first + h->count; i++) {
		const struct trace_record *r = &t->records[i];

		if (r->train.flags & SEG_INBOUND)
			continue;
		out[n++] = (struct use){ .from_ns = r->train.start_ns,
		                         .to_ns = later(r->train.last_out_ns, r->train.last_in_ns) + held_ns(r, holding),
		                         .port = r->train.port, .protocol = r->train.protocol, .host = r->train.host };
	}
	qsort(out, n, sizeof(*out), by_port);
	for (size_t i = 0; i < n; i++) {
		struct use *last = merged ? &out[merged - 1] : NULL;

		if (last && last->host == out[i].host && last->protocol == out[i].protocol && last->port == out[i].port &&
		    out[i].from_ns <= last->to_ns)
			last->to_ns = later(last->to_ns, out[i].to_ns);
		else
			out[merged++] = out[i];
	}
	return merged;
}

/* A use as changes; what it has of whole circles is the number of ports that are always in use. */
static unsigned changes_of(const struct use *u, bool circle, int64_t length_ns, struct change *out, size_t *n)
{
	int64_t rest_ns = u->to_ns - u->from_ns, from_ns = u->from_ns;
	unsigned whole = 0;

	if (!circle) {
		out[(*n)++] = (struct change){ from_ns, 1 };
		out[(*n)++] = (struct change){ u->to_ns < length_ns ? u->to_ns : length_ns, -1 };
		return 0;
	}
	whole = (unsigned)(rest_ns / length_ns);
	rest_ns %= length_ns;
	from_ns %= length_ns;
	out[(*n)++] = (struct change){ from_ns, 1 };
	if (from_ns + rest_ns <= length_ns) {
		out[(*n)++] = (struct change){ from_ns + rest_ns, -1 };
	} else {
		out[(*n)++] = (struct change){ length_ns, -1 };
		out[(*n)++] = (struct change){ 0, 1 };
		out[(*n)++] = (struct change){ from_ns + rest_ns - length_ns, -1 };
	}
	return whole;
}

static void add_level(struct levels *l, size_t first, uint32_t ports, double share)
{
	for (size_t i = first; i < l->count; i++)
		if (l->items[i].ports == ports) {
			l->items[i].share += share;
			return;
		}
	if (l->count == l->room) {
		l->room = l->room ? l->room * 2 : 256;
		l->items = must_grow(l->items, l->room, sizeof(*l->items));
	}
	l->items[l->count++] = (struct level){ ports, share };
}

static void add_host(struct levels *l, const struct use *uses, size_t count, bool circle, int64_t length_ns,
                     struct change *changes)
{
	size_t n = 0, first = l->count;
	int64_t before_ns = 0;
	int64_t ports = 0;

	for (size_t i = 0; i < count; i++)
		ports += changes_of(&uses[i], circle, length_ns, changes, &n);
	qsort(changes, n, sizeof(*changes), by_moment);
	for (size_t i = 0; i <= n; i++) {
		int64_t at_ns = i < n ? changes[i].at_ns : length_ns;

		if (at_ns > before_ns)
			add_level(l, first, (uint32_t)ports, (double)(at_ns - before_ns) / (double)length_ns);
		before_ns = later(before_ns, at_ns);
		ports += i < n ? changes[i].by : 0;
	}
}

static int by_ports(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The smallest number of ports that is not passed for a share QUANTILE of the hosts' time. */
static uint32_t quantile(const double *time, uint32_t levels)
{
	double all = 0, below = 0;

	for (uint32_t i = 0; i < levels; i++)
		all += time[i];
	for (uint32_t i = 0; i < levels; i++)
		if ((below += time[i]) >= QUANTILE * all)
			return i;
	return levels - 1;
}

static void bootstrap(const struct levels *l, const size_t *first, uint32_t hosts, uint32_t levels, uint64_t seed,
                      struct source_tail *out)
{
	size_t draws = WORK_MOST / (l->count + levels);
	double *time = must_alloc(levels, sizeof(*time));
	uint32_t *found;
	struct rng r;

	draws = draws > DRAWS_MOST ? DRAWS_MOST : draws < DRAWS_FEWEST ? DRAWS_FEWEST : draws;
	found = must_alloc(draws, sizeof(*found));
	for (size_t i = 0; i < l->count; i++)
		time[l->items[i].ports] += l->items[i].share;
	out->p999 = quantile(time, levels);
	rng_seed(&r, mix64(seed, RNG_BOOTSTRAP));
	for (size_t k = 0; k < draws; k++) {
		for (uint32_t i = 0; i < levels; i++)
			time[i] = 0;
		for (uint32_t h = 0; h < hosts; h++) {
			uint32_t which = rng_below(&r, hosts);

			for (size_t i = first[which]; i < first[which + 1]; i++)
				time[l->items[i].ports] += l->items[i].share;
		}
		found[k] = quantile(time, levels);
	}
	qsort(found, draws, sizeof(*found), by_ports);
	out->bounded = pow(QUANTILE, hosts) < 1 - SURE;
	out->low = found[draws / 40];
	out->high = found[draws - 1 - draws / 40];
	free(found);
	free(time);
}

void capture_tail(const struct trace *t, bool circle, int64_t length_ns, const struct source_holding *holding, uint64_t seed,
                  struct source_tail *out)
{
	struct levels l = { 0 };
	size_t *first = must_alloc(t->host_count + 1u, sizeof(*first));
	uint32_t largest = 0, levels = 0;
	struct change *changes;
	struct use *uses;

	for (uint32_t h = 0; h < t->host_count; h++)
		largest = t->hosts[h].count > largest ? t->hosts[h].count : largest;
	uses = must_alloc(largest, sizeof(*uses));
	changes = must_alloc(largest, 4 * sizeof(*changes));
	for (uint32_t h = 0; h < t->host_count; h++) {
		first[h] = l.count;
		add_host(&l, uses, uses_of(t, &t->hosts[h], holding, uses), circle, length_ns, changes);
	}
	first[t->host_count] = l.count;
	for (size_t i = 0; i < l.count; i++)
		levels = l.items[i].ports >= levels ? l.items[i].ports + 1 : levels;
	*out = (struct source_tail){ .hosts = t->host_count };
	if (levels)
		bootstrap(&l, first, t->host_count, levels, seed, out);
	free(changes);
	free(uses);
	free(first);
	free(l.items);
}
