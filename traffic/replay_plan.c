#include "traffic/replay_plan.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/inside.h"

#define SEG_SYNS (SEG_SYN_OUT | SEG_SYN_IN)
#define SEG_FINS (SEG_FIN_OUT | SEG_FIN_IN)

enum { ENDS = 8 }; /* bits: FIN out, FIN in, reset */

/* Does the inside address tell by itself that it is inside? If not, whoever opened must be. */
static bool is_private(const struct replay_plan *p, uint32_t inside, uint32_t remote, bool softwire)
{
	struct inside_rules rules = { .opener_only = p->opener_only };
	struct inside_case c = { .address = { inside, remote }, .softwire = softwire };
	enum inside_rule rule;

	return inside_decide(&rules, &c, &rule) == SIDE_0 && rule == INSIDE_PRIVATE;
}

static bool is_private6(const struct trace_flow6 *f, bool opener_only)
{
	struct inside_rules rules = { .opener_only = opener_only };
	struct inside_case c = { .address6 = { f->inside, f->remote } };
	enum inside_rule rule;

	return inside_decide(&rules, &c, &rule) == SIDE_0 && rule == INSIDE_PRIVATE;
}

/* A place in the order by 5-tuple. */
struct place {
	uint64_t remote;   /* address, port */
	uint64_t own;      /* protocol, host of the home, port */
	uint32_t flow, record;
};

static int by_tuple(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->remote != y->remote)
		return x->remote < y->remote ? -1 : 1;
	if (x->own != y->own)
		return x->own < y->own ? -1 : 1;
	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return (x->record > y->record) - (x->record < y->record);
}

int64_t replay_first(const struct segment *s)
{
	return s->first_in_ns != NS_NONE && s->first_in_ns < s->start_ns ? s->first_in_ns : s->start_ns;
}

int64_t replay_last(const struct segment *s)
{
	return s->last_in_ns > s->last_out_ns ? s->last_in_ns : s->last_out_ns; /* NS_NONE is less than any time */
}

struct span {
	int64_t first_ns, last_ns;
};

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

/* How many flows importing makes of what a 5-tuple sends: it is split where it is silent for split_ns. */
static uint64_t flows_seen(struct span *spans, size_t count, int64_t split_ns)
{
	int64_t last_ns = NS_NONE;
	uint64_t flows = 0;

	qsort(spans, count, sizeof(*spans), by_first);
	for (size_t i = 0; i < count; i++) {
		flows += !i || (split_ns && spans[i].first_ns - last_ns >= split_ns);
		last_ns = i && last_ns > spans[i].last_ns ? last_ns : spans[i].last_ns;
	}
	return flows;
}

static bool inbound_first(const struct segment *s)
{
	return s->flags & SEG_INBOUND || (s->first_in_ns != NS_NONE && s->first_in_ns < s->start_ns);
}

/* Did the remote side open, as far as a train shows? It spoke first; but a server that did so answered a SYN
 * that came late, or was not captured. */
static bool opened_outside(const struct segment *s)
{
	static const struct inside_rules rules = { .opener_only = true };
	struct inside_case c = { .port = { s->port, s->remote_port }, .opener = 1, .ported = true, .cut = true };
	enum inside_rule rule;

	return inbound_first(s) && inside_decide(&rules, &c, &rule) == SIDE_1;
}

/* Who opens in this train, by what came first; of an ICMP query who asks. */
static enum opening natural(const struct segment *s, bool private)
{
	if (s->protocol == PROTO_ICMP)
		return private && inbound_first(s) ? OPENED_IN : OPENED_OUT;
	if (!(s->flags & SEG_SYNS))
		return OPENED_NOT;
	if (!private)
		return s->flags & SEG_SYN_OUT ? OPENED_OUT : OPENED_NOT;
	if (s->flags & SEG_SYN_OUT)
		return !opened_outside(s) ? OPENED_OUT : s->flags & SEG_SYN_IN ? OPENED_IN : OPENED_NOT;
	return opened_outside(s) ? OPENED_IN : OPENED_NOT;
}

/* The other way to read its SYNs. */
static enum opening other(const struct segment *s, bool private, enum opening natural_one)
{
	if (natural_one != OPENED_NOT)
		return OPENED_NOT;
	return s->flags & SEG_SYN_OUT ? OPENED_OUT : private || !(s->flags & SEG_FIRST) ? OPENED_IN : OPENED_NOT;
}

static unsigned ends_of(const struct segment *s)
{
	return (s->flags & SEG_FIN_OUT ? 1u : 0) | (s->flags & SEG_FIN_IN ? 2u : 0) | (s->flags & SEG_RST ? 4u : 0);
}

/* As marks_after() of traffic/flows.c. */
static unsigned ends_after(unsigned before, const struct segment *s, enum opening opening)
{
	if (opening != OPENED_NOT && ((before & 4) || (before & 3) == 3))
		return ends_of(s);
	return (before & 3) | ends_of(s);
}

static bool closes(unsigned ends, uint8_t close)
{
	switch (close) {
	case CLOSE_FIN:
		return (ends & 3) == 3;
	case CLOSE_RESET:
		return (ends & 4) && (ends & 3) != 3;
	case CLOSE_HALF:
		return ends == 1 || ends == 2;
	case CLOSE_SILENT:
		return ends == 0;
	case CLOSE_CENSORED:
		return !(ends & 4) && (ends & 3) != 3;
	default:
		return true;
	}
}

/* For every train and state of the ends after it: the fewest readings that are not natural, and by which way. */
struct reading {
	uint32_t cost[ENDS]; /* UINT32_MAX: no way leads there */
	uint8_t  from[ENDS], opening[ENDS];
};

static void read_train(const struct reading *before, struct reading *after, const struct segment *s, bool private)
{
	enum opening choices[2] = { natural(s, private), OPENED_NOT };
	int count = s->flags & SEG_SYNS ? 2 : 1;

	choices[1] = other(s, private, choices[0]);
	memset(after->cost, 0xff, sizeof(after->cost));
	for (unsigned ends = 0; ends < ENDS; ends++)
		for (int c = 0; c < count && before->cost[ends] != UINT32_MAX; c++) {
			unsigned then = ends_after(ends, s, choices[c]);
			uint32_t cost = before->cost[ends] + (uint32_t)c;

			if (cost >= after->cost[then])
				continue;
			after->cost[then] = cost;
			after->from[then] = (uint8_t)ends;
			after->opening[then] = (uint8_t)choices[c];
		}
}

/* As large as the largest host, whichever is read. */
struct scratch {
	struct place *places;
	struct reading *readings;
	struct span *spans;
};

/* One flow's trains, in order. */
static void read_flow(struct replay_plan *p, const struct trace *t, const struct place *places, size_t count, bool private,
                      struct reading *scratch)
{
	const struct trace_record *last = &t->records[places[count - 1].record];
	unsigned best = ENDS;

	for (size_t i = 0; i < count; i++)
		p->opening[places[i].record] = (uint8_t)natural(&t->records[places[i].record].train, private);
	if (last->train.protocol != PROTO_TCP || count == 1)
		return;
	memset(scratch[0].cost, 0xff, sizeof(scratch[0].cost));
	scratch[0].cost[0] = 0;
	for (size_t i = 0; i < count; i++)
		read_train(&scratch[i], &scratch[i + 1], &t->records[places[i].record].train, private);
	for (unsigned ends = 0; ends < ENDS; ends++)
		if (scratch[count].cost[ends] != UINT32_MAX && closes(ends, last->train.flags & SEG_LAST ? last->close : CLOSE_NONE) &&
		    (best == ENDS || scratch[count].cost[ends] < scratch[count].cost[best]))
			best = ends;
	p->unclosed += best == ENDS;
	for (size_t i = count; i > 0 && best < ENDS; i--) {
		p->opening[places[i - 1].record] = scratch[i].opening[best];
		best = scratch[i].from[best];
	}
}

/* All trains of one 5-tuple. */
static void read_tuple(struct replay_plan *p, const struct trace *t, const struct trace_host *h, const struct place *places,
                       size_t count, struct scratch *scratch)
{
	const struct segment *s = &t->records[places->record].train;
	uint32_t inside = h->inner_count ? t->inner[h->first_inner + s->host] : h->address;
	uint64_t flows = 0;

	for (size_t i = 0, n; i < count; i += n) {
		for (n = 0; i + n < count && places[i + n].flow == places[i].flow; n++)
			p->tuple[places[i + n].record] = p->tuples;
		read_flow(p, t, places + i, n, is_private(p, inside, s->remote, h->inner_count > 0), scratch->readings);
		flows++;
	}
	p->tuples++;
	if (flows == 1)
		return;
	for (size_t i = 0; i < count; i++) {
		s = &t->records[places[i].record].train;
		scratch->spans[i] = (struct span){ replay_first(s), replay_last(s) };
	}
	p->merged += flows - flows_seen(scratch->spans, count, t->split_ns[s->protocol]);
}

static void read_host(struct replay_plan *p, const struct trace *t, const struct trace_host *h, struct scratch *scratch)
{
	struct place *places = scratch->places;

	for (uint32_t i = 0; i < h->count; i++) {
		const struct segment *s = &t->records[h->first + i].train;

		places[i] = (struct place){
			.remote = (uint64_t)s->remote << 16 | s->remote_port,
			.own = (uint64_t)s->protocol << 32 | (uint64_t)s->host << 16 | s->port,
			.flow = s->flow,
			.record = h->first + i,
		};
	}
	qsort(places, h->count, sizeof(*places), by_tuple);
	for (size_t i = 0, n; i < h->count; i += n) {
		for (n = 1; i + n < h->count && places[i + n].remote == places[i].remote && places[i + n].own == places[i].own; n++)
			continue;
		read_tuple(p, t, h, places + i, n, scratch);
	}
}

/* IPv6 flows of the same 5-tuple (it was split) get the same number. */
static int by_tuple6(const void *a, const void *b, void *context)
{
	const struct trace_flow6 *flows = context, *x = &flows[*(const uint32_t *)a], *y = &flows[*(const uint32_t *)b];
	int order = memcmp(x->inside, y->inside, 16);

	order = order ? order : memcmp(x->remote, y->remote, 16);
	order = order ? order : (int)x->protocol - (int)y->protocol;
	order = order ? order : (int)x->port - (int)y->port;
	return order ? order : (int)x->remote_port - (int)y->remote_port;
}

static void number_flows6(struct replay_plan *p, const struct trace *t)
{
	uint32_t *sorted = must_alloc(t->flow6_count, sizeof(*sorted));
	struct span *spans = must_alloc(t->flow6_count, sizeof(*spans));

	for (uint32_t i = 0; i < t->flow6_count; i++)
		sorted[i] = i;
	qsort_r(sorted, t->flow6_count, sizeof(*sorted), by_tuple6, t->flows6);
	for (uint32_t i = 0, n; i < t->flow6_count; i += n) {
		for (n = 0; i + n < t->flow6_count && !by_tuple6(&sorted[i + n], &sorted[i], t->flows6); n++) {
			const struct trace_flow6 *f = &t->flows6[sorted[i + n]];

			p->tuple6[sorted[i + n]] = p->tuples;
			spans[n] = (struct span){ f->first_ns, f->last_ns };
		}
		p->tuples++;
		p->merged += n - flows_seen(spans, n, t->split_ns[t->flows6[sorted[i]].protocol]);
	}
	free(spans);
	free(sorted);
}

void replay_plan_make(struct replay_plan *p, const struct trace *t, bool opener_only)
{
	uint32_t most = 0;
	struct scratch scratch;

	*p = (struct replay_plan){
		.opener_only = opener_only,
		.opening = must_alloc(t->record_count, sizeof(*p->opening)),
		.tuple = must_alloc(t->record_count, sizeof(*p->tuple)),
		.tuple6 = must_alloc(t->flow6_count, sizeof(*p->tuple6)),
	};
	for (uint32_t h = 0; h < t->host_count; h++)
		most = t->hosts[h].count > most ? t->hosts[h].count : most;
	scratch.places = must_alloc(most, sizeof(*scratch.places));
	scratch.readings = must_alloc((size_t)most + 1, sizeof(*scratch.readings));
	scratch.spans = must_alloc(most, sizeof(*scratch.spans));
	for (uint32_t h = 0; h < t->host_count; h++)
		read_host(p, t, &t->hosts[h], &scratch);
	number_flows6(p, t);
	free(scratch.places);
	free(scratch.readings);
	free(scratch.spans);
}

void replay_plan_clear(struct replay_plan *p)
{
	free(p->opening);
	free(p->tuple);
	free(p->tuple6);
	*p = (struct replay_plan){ 0 };
}

/* Of two SYNs at the same time that which opens goes first; and an inbound packet of a connection opened from
 * outside. Else the inside, whose first packet may be why it is known to be inside. */
static enum way lead_of(enum opening opening)
{
	return opening == OPENED_IN ? WAY_IN : WAY_OUT;
}

struct train_order replay_order(const struct trace_record *r, enum opening opening)
{
	const struct segment *s = &r->train;
	bool inbound = s->flags & SEG_INBOUND;
	struct train_order o = {
		.lead = lead_of(opening),
		.tcp = s->protocol == PROTO_TCP,
		.reset = s->flags & SEG_RST,
	};

	o.ways[WAY_OUT].first_ns = inbound ? NS_NONE : s->start_ns;
	o.ways[WAY_OUT].last_ns = s->last_out_ns;
	o.ways[WAY_OUT].packets = r->packets_out;
	o.ways[WAY_OUT].bytes = r->bytes_out;
	o.ways[WAY_OUT].syn = s->flags & SEG_SYN_OUT;
	o.ways[WAY_OUT].fin = s->flags & SEG_FIN_OUT;
	o.ways[WAY_IN].first_ns = s->first_in_ns;
	o.ways[WAY_IN].last_ns = s->last_in_ns;
	o.ways[WAY_IN].packets = r->packets_in;
	o.ways[WAY_IN].bytes = r->bytes_in;
	o.ways[WAY_IN].syn = s->flags & SEG_SYN_IN;
	o.ways[WAY_IN].fin = s->flags & SEG_FIN_IN;
	o.ways[WAY_OUT].answers = o.ways[WAY_OUT].syn && opening != OPENED_OUT;
	o.ways[WAY_IN].answers = o.ways[WAY_IN].syn && opening != OPENED_IN;
	o.ways[WAY_OUT].asks = o.tcp && opening == OPENED_OUT && s->first_in_ns == NS_NONE;
	o.ways[WAY_IN].asks = o.tcp && opening == OPENED_IN && inbound;
	return o;
}

/* First and last time of a way that sends n packets, the first of them at the flow's beginning or at its end. */
static void span6(const struct trace_flow6 *f, struct train_order *o, enum way way, bool at_end)
{
	uint32_t n = way == WAY_OUT ? f->packets_out : f->packets_in;

	o->ways[way].first_ns = !n ? NS_NONE : at_end ? f->last_ns : f->first_ns;
	o->ways[way].last_ns = !n ? NS_NONE : n > 1 ? f->last_ns : o->ways[way].first_ns;
	o->ways[way].packets = n;
	o->ways[way].bytes = way == WAY_OUT ? f->bytes_out : f->bytes_in;
}

struct train_order replay_order6(const struct trace_flow6 *f, bool opener_only, enum opening *opening)
{
	enum way speaker = f->packets_out ? WAY_OUT : WAY_IN;
	bool tcp = f->protocol == PROTO_TCP, both = f->packets_out && f->packets_in;
	struct train_order o = { .lead = WAY_OUT, .tcp = tcp, .reset = tcp && f->close == CLOSE_RESET };

	span6(f, &o, WAY_OUT, false);
	span6(f, &o, WAY_IN, both && f->packets_out == 1 && f->packets_in == 1);
	o.loose = true;
	o.clustered = f->last_ns - f->first_ns >= NS_PER_DAY; /* a gap may lie between: see replay_mark.h */
	*opening = OPENED_NOT;
	if (f->protocol == PROTO_ICMP)
		*opening = speaker == WAY_IN && is_private6(f, opener_only) ? OPENED_IN : OPENED_OUT;
	if (!tcp)
		return o;
	if (!(f->cut & CUT_BEGIN) && !(f->cut & CUT_SPLIT)) {
		o.ways[speaker].syn = true;
		o.ways[WAY_IN].syn = f->packets_in > 0 && both;
		o.ways[WAY_IN].syn = o.ways[WAY_IN].syn || speaker == WAY_IN;
		*opening = speaker == WAY_OUT ? OPENED_OUT : is_private6(f, opener_only) ? OPENED_IN : OPENED_NOT;
	}
	o.ways[WAY_OUT].answers = o.ways[WAY_OUT].syn && *opening != OPENED_OUT;
	o.ways[WAY_IN].answers = o.ways[WAY_IN].syn && *opening != OPENED_IN;
	if (f->close == CLOSE_FIN || f->close == CLOSE_HALF)
		o.ways[speaker].fin = true;
	if (f->close == CLOSE_FIN && both)
		o.ways[WAY_IN].fin = true;
	return o;
}
