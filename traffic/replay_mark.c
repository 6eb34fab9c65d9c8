/* Between two packets of the trace that are TIMELINE_GAP apart or more, either other
 * packets bridged the gap (then any will do), or a part of a stitched capture ended
 * at m1 and the next began at m2. What ended as censored did so less than its silence
 * before m1, what ended as silent earlier, unless its 5-tuple was split there; a UDP flow that may have begun before was
 * seen less than the silence after m2, others later. */
#include "traffic/replay_mark.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/assemble.h"

struct span {
	int64_t first_ns, last_ns;
};

/* A gap, and what the flows beside it say. */
struct gap {
	int64_t from_ns, to_ns;
	int64_t end_least_ns, end_below_ns;      /* m1 */
	int64_t begin_above_ns, begin_most_ns;   /* m2 */
	bool    seam;                            /* some flow was cut here */
};

struct gaps {
	struct gap *items;
	size_t count, room;
};

static void mark(struct marks *m, int64_t time_ns)
{
	if (m->count && m->times_ns[m->count - 1] == time_ns)
		return;
	if (m->count == m->room) {
		m->room = m->room ? 2 * m->room : 16;
		m->times_ns = must_grow(m->times_ns, m->room, sizeof(*m->times_ns));
	}
	m->times_ns[m->count++] = time_ns;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b; /* NS_NONE is less than any time */
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int by_first(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

static struct span *spans_of(const struct trace *t, size_t *count)
{
	struct span *spans = must_alloc((size_t)t->record_count + 2 * (size_t)t->flow6_count + 2, sizeof(*spans));
	size_t n = 0;

	spans[n++] = (struct span){ 0, 0 }; /* the trace's ends are marked */
	spans[n++] = (struct span){ t->duration_ns, t->duration_ns };
	for (uint32_t i = 0; i < t->record_count; i++)
		spans[n++] = (struct span){ replay_first(&t->records[i].train), replay_last(&t->records[i].train) };
	for (uint32_t i = 0; i < t->flow6_count; i++) {
		const struct trace_flow6 *f = &t->flows6[i];

		if (f->last_ns - f->first_ns < TIMELINE_GAP) {
			spans[n++] = (struct span){ f->first_ns, f->last_ns };
		} else { /* replay_order6() sends nothing between */
			spans[n++] = (struct span){ f->first_ns, f->first_ns };
			spans[n++] = (struct span){ f->last_ns, f->last_ns };
		}
	}
	qsort(spans, n, sizeof(*spans), by_first);
	*count = n;
	return spans;
}

static struct gaps gaps_of(const struct trace *t)
{
	struct gaps g = { 0 };
	size_t count;
	struct span *spans = spans_of(t, &count);
	int64_t seen_ns = 0;

	for (size_t i = 0; i < count; i++) {
		if (spans[i].first_ns - seen_ns >= TIMELINE_GAP) {
			if (g.count == g.room) {
				g.room = g.room ? 2 * g.room : 16;
				g.items = must_grow(g.items, g.room, sizeof(*g.items));
			}
			g.items[g.count++] = (struct gap){
				.from_ns = seen_ns, .to_ns = spans[i].first_ns,
				.end_least_ns = seen_ns, .end_below_ns = NS_NEVER,
				.begin_above_ns = NS_NONE, .begin_most_ns = spans[i].first_ns,
			};
		}
		seen_ns = later(seen_ns, spans[i].last_ns);
	}
	free(spans);
	return g;
}

/* The first gap that begins at the time or later; NULL: none does. */
static struct gap *gap_after(const struct gaps *g, int64_t time_ns)
{
	size_t low = 0, high = g->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->items[middle].from_ns < time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low < g->count ? &g->items[low] : NULL;
}

static void note_end(const struct trace *t, const struct gaps *g, int64_t last_ns, uint8_t protocol, uint8_t close)
{
	struct gap *gap = gap_after(g, last_ns);
	int64_t silence_ns = t->split_ns[protocol] ? t->split_ns[protocol] : SILENCE;

	if (!gap || last_ns <= gap->from_ns - silence_ns)
		return;
	if (close == CLOSE_CENSORED) {
		gap->seam = true;
		gap->end_below_ns = sooner(gap->end_below_ns, last_ns + silence_ns);
	} else if (close == CLOSE_SILENT || close == CLOSE_HALF) {
		gap->end_least_ns = later(gap->end_least_ns, last_ns + silence_ns);
	}
}

static void note_begin(const struct gaps *g, int64_t first_ns, uint8_t protocol, uint8_t cut)
{
	struct gap *after = gap_after(g, first_ns), *gap;

	gap = after ? (after > g->items ? after - 1 : NULL) : g->count ? &g->items[g->count - 1] : NULL;
	if (!gap || protocol != PROTO_UDP || cut & CUT_SPLIT || first_ns - gap->to_ns >= SILENCE)
		return;
	if (cut & CUT_BEGIN) {
		gap->seam = true;
		gap->begin_above_ns = later(gap->begin_above_ns, first_ns - SILENCE);
	} else {
		gap->begin_most_ns = sooner(gap->begin_most_ns, first_ns - SILENCE);
	}
}

/* When the last flow of each 5-tuple began. */
static int64_t *last_flows(const struct trace *t, const struct replay_plan *p)
{
	int64_t *began_ns = must_alloc(p->tuples, sizeof(*began_ns));

	for (uint32_t i = 0; i < t->record_count; i++)
		if (t->records[i].train.flags & SEG_FIRST)
			began_ns[p->tuple[i]] = later(began_ns[p->tuple[i]], replay_first(&t->records[i].train));
	for (uint32_t i = 0; i < t->flow6_count; i++)
		began_ns[p->tuple6[i]] = later(began_ns[p->tuple6[i]], t->flows6[i].first_ns);
	return began_ns;
}

static void note_flows(const struct trace *t, const struct replay_plan *p, const struct gaps *g)
{
	int64_t *began_ns = last_flows(t, p);

	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct trace_record *r = &t->records[i];

		if (r->train.flags & SEG_LAST && replay_last(&r->train) >= began_ns[p->tuple[i]])
			note_end(t, g, replay_last(&r->train), r->train.protocol, r->close);
		if (r->train.flags & SEG_FIRST)
			note_begin(g, replay_first(&r->train), r->train.protocol, r->cut);
	}
	for (uint32_t i = 0; i < t->flow6_count; i++) {
		const struct trace_flow6 *f = &t->flows6[i];

		if (f->last_ns >= began_ns[p->tuple6[i]])
			note_end(t, g, f->last_ns, f->protocol, f->close);
		note_begin(g, f->first_ns, f->protocol, f->cut);
	}
	free(began_ns);
}

/* So many that no two are TIMELINE_GAP apart. */
static void bridge(struct marks *m, int64_t from_ns, int64_t to_ns)
{
	for (int64_t at_ns = from_ns; to_ns - at_ns >= TIMELINE_GAP;) {
		at_ns += TIMELINE_GAP / 2;
		mark(m, at_ns);
	}
}

static void mark_gap(struct marks *m, const struct gap *gap)
{
	int64_t end_most_ns = gap->end_below_ns - 1, begin_least_ns = later(gap->begin_above_ns + 1, gap->from_ns);
	int64_t end_ns = later(gap->end_least_ns, begin_least_ns - TIMELINE_GAP), begin_ns = gap->begin_most_ns;

	if (!gap->seam) {
		bridge(m, gap->from_ns, gap->to_ns);
	} else if (end_ns <= sooner(end_most_ns, begin_ns - TIMELINE_GAP)) {
		bridge(m, gap->from_ns, end_ns);
		mark(m, end_ns);
		mark(m, end_ns + TIMELINE_GAP);
		bridge(m, end_ns + TIMELINE_GAP, gap->to_ns);
	} else if (gap->end_least_ns <= end_most_ns && begin_ns >= begin_least_ns &&
	           begin_ns - gap->end_least_ns >= 2 * TIMELINE_GAP) {
		bridge(m, gap->from_ns, gap->end_least_ns);
		mark(m, gap->end_least_ns);
		mark(m, gap->end_least_ns + TIMELINE_GAP);
		bridge(m, gap->end_least_ns + TIMELINE_GAP, begin_ns - TIMELINE_GAP);
		mark(m, begin_ns - TIMELINE_GAP);
		mark(m, begin_ns);
		bridge(m, begin_ns, gap->to_ns);
	} else {
		bridge(m, gap->from_ns, gap->to_ns);
		m->seams_lost++;
	}
}

/* Does a packet of the trace have that time? */
static bool has_packet_at(const struct trace *t, int64_t time_ns)
{
	for (uint32_t i = 0; i < t->record_count; i++)
		if (replay_first(&t->records[i].train) == time_ns || replay_last(&t->records[i].train) == time_ns)
			return true;
	for (uint32_t i = 0; i < t->flow6_count; i++)
		if (t->flows6[i].first_ns == time_ns || t->flows6[i].last_ns == time_ns)
			return true;
	return false;
}

void marks_make(struct marks *m, const struct trace *t, const struct replay_plan *plan)
{
	struct gaps g = gaps_of(t);

	*m = (struct marks){ 0 };
	note_flows(t, plan, &g);
	if (!has_packet_at(t, 0))
		mark(m, 0);
	for (size_t i = 0; i < g.count; i++)
		mark_gap(m, &g.items[i]);
	if (!has_packet_at(t, t->duration_ns))
		mark(m, t->duration_ns);
	free(g.items);
}

void marks_clear(struct marks *m)
{
	free(m->times_ns);
	*m = (struct marks){ 0 };
}
