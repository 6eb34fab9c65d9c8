#include "traffic/fit_window.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/timeline.h"

struct span {
	int64_t first_ns, last_ns;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
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

static void add_part(struct fit_windows *w, int64_t begin_ns, int64_t end_ns)
{
	w->parts = must_grow(w->parts, w->count + 1, sizeof(*w->parts));
	w->parts[w->count++] = (struct fit_part){ .begin_ns = begin_ns, .end_ns = end_ns };
}

/* Where nobody speaks for a day, a part ends: its last packet in the trace may be a little before its last of all. */
static void find_parts(const struct trace *t, struct fit_windows *w)
{
	struct span *spans;
	int64_t begin_ns = 0, last_ns = 0;

	if (!t->silence_ns || t->duration_ns < TIMELINE_GAP) {
		add_part(w, 0, t->duration_ns);
		return;
	}
	spans = must_alloc(t->record_count, sizeof(*spans));
	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct segment *s = &t->records[i].train;

		spans[i] = (struct span){ s->start_ns, later(s->last_out_ns, s->last_in_ns) };
	}
	qsort(spans, t->record_count, sizeof(*spans), by_first);
	for (uint32_t i = 0; i < t->record_count; i++) {
		if (spans[i].first_ns - last_ns >= TIMELINE_GAP) {
			add_part(w, begin_ns, last_ns);
			begin_ns = spans[i].first_ns;
		}
		last_ns = later(last_ns, spans[i].last_ns);
	}
	add_part(w, begin_ns, t->duration_ns - last_ns >= TIMELINE_GAP ? last_ns : t->duration_ns);
	free(spans);
}

static int64_t silence_of(const struct fit_part *p, int64_t silence_ns)
{
	return sooner(silence_ns, (p->end_ns - p->begin_ns) / 3 * 2);
}

static void set_window(const struct fit_windows *w, struct fit_part *p)
{
	p->opened_from_ns = p->begin_ns;
	for (int protocol = 0; protocol < PROTO_COUNT; protocol++) {
		int64_t silence_ns = silence_of(p, w->silence_ns[protocol]);

		p->flows_to_ns[protocol] = p->end_ns - silence_ns;
		p->sockets_to_ns[protocol] = p->end_ns - silence_of(p, w->socket_ns[protocol]);
		p->from_ns[protocol] = p->begin_ns;
		if (protocol != PROTO_TCP && !w->any_beginning)
			p->from_ns[protocol] += sooner(silence_ns, (p->flows_to_ns[protocol] - p->begin_ns) / 2);
		p->opened_from_ns = later(p->opened_from_ns, p->from_ns[protocol]);
	}
}

void fit_windows_make(const struct trace *t, bool any_beginning, struct fit_windows *out)
{
	*out = (struct fit_windows){ .any_beginning = any_beginning };
	find_parts(t, out);
	for (int protocol = 0; protocol < PROTO_COUNT; protocol++) {
		int64_t split_ns = t->split_ns[protocol];

		out->silence_ns[protocol] = !t->silence_ns ? 0 : split_ns ? split_ns : t->silence_ns;
		out->socket_ns[protocol] = split_ns ? split_ns : FIT_SOCKET_OVER;
	}
	for (size_t i = 0; i < out->count; i++) {
		struct fit_part *p = &out->parts[i];

		set_window(out, p);
		for (int protocol = 0; protocol < PROTO_COUNT; protocol++)
			out->shortened |= p->end_ns - p->flows_to_ns[protocol] < out->silence_ns[protocol];
	}
}

void fit_windows_clear(struct fit_windows *w)
{
	free(w->parts);
	*w = (struct fit_windows){ 0 };
}

size_t fit_windows_part(const struct fit_windows *w, int64_t time_ns)
{
	size_t low = 0, high = w->count - 1;

	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;

		if (w->parts[middle].begin_ns <= time_ns)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}
