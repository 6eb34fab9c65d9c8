#include "analysis/presence.h"

#include <stdlib.h>


#define FEWEST_BITS 3

static void make_room(struct presence *p, uint32_t bits, uint32_t past_room)
{
	must(bits < 32);
	p->table = must_alloc((size_t)1 << bits, sizeof(*p->table)); /* zeroed: PRESENCE_FREE */
	p->past = must_alloc(past_room, sizeof(*p->past));
	p->mask = (UINT32_C(1) << bits) - 1;
	p->shift = 32 - bits;
	p->used = 0;
	p->past_count = 0;
	p->past_room = past_room;
}

void presence_init(struct presence *p, int64_t log_resolution_ns)
{
	make_room(p, FEWEST_BITS, 2);
	p->resolution_ns = log_resolution_ns;
}

void presence_clear(struct presence *p)
{
	free(p->table);
	free(p->past);
	*p = (struct presence){ 0 };
}

static const struct presence_span *older_span(const struct presence *p, const struct presence_span *s)
{
	return s->older == PRESENCE_OLDEST ? NULL : &p->past[s->older - PRESENCE_PAST];
}

static struct presence_span *push_past(struct presence *p, struct presence_span s, uint32_t *link)
{
	*link = PRESENCE_PAST + p->past_count;
	p->past[p->past_count] = s;
	return &p->past[p->past_count++];
}

/* Spans follow each other in time: the first that does not matter ends the list of those that do. */
static void copy_spans(struct presence *to, const struct presence *from, const struct presence_span *newest, int64_t forget_ns)
{
	struct presence_span *last = NULL;

	for (const struct presence_span *s = newest; s && s->end_ns >= forget_ns; s = older_span(from, s)) {
		if (!last) {
			last = presence_place(to, s->inside);
			*last = *s;
			to->used++;
		} else {
			last = push_past(to, *s, &last->older);
		}
		last->older = PRESENCE_OLDEST;
	}
}

static void count_spans(const struct presence *p, int64_t forget_ns, uint32_t *newest, uint32_t *past)
{
	for (uint32_t i = 0; i <= p->mask; i++) {
		const struct presence_span *s = &p->table[i];

		if (s->older == PRESENCE_FREE || s->end_ns < forget_ns)
			continue;
		++*newest;
		while ((s = older_span(p, s)) && s->end_ns >= forget_ns)
			++*past;
	}
}

/* Afterwards an eighth of the table's size can be added to the table, and a quarter
 * to the array: the next rebuilding reads a small multiple of the spans that came since. */
static void rebuild(struct presence *p, int64_t forget_ns)
{
	struct presence old = *p;
	uint32_t newest = 0, past = 0, bits = FEWEST_BITS;

	count_spans(&old, forget_ns, &newest, &past);
	while (((UINT64_C(1) << bits) >> 3) < newest)
		bits++;
	make_room(p, bits, past * 2 + (UINT32_C(1) << bits) / 4);
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.table[i].older != PRESENCE_FREE)
			copy_spans(p, &old, &old.table[i], forget_ns);
	presence_clear(&old);
}

static bool is_full(const struct presence *p, const struct presence_span *place)
{
	return place->older == PRESENCE_FREE ? p->used >= (p->mask + 1) / 4 : p->past_count == p->past_room;
}

/* A new span, given the place of the one before. */
static struct presence_span *new_span(struct presence *p, struct presence_span *place, uint32_t inside, int64_t time_ns,
                                      int64_t forget_ns)
{
	if (is_full(p, place)) {
		rebuild(p, forget_ns);
		place = presence_place(p, inside);
	}
	if (place->older == PRESENCE_FREE) {
		p->used++;
		place->older = PRESENCE_OLDEST;
	} else {
		push_past(p, *place, &place->older);
	}
	place->inside = inside;
	place->start_ns = time_ns;
	return place;
}

void presence_turn(struct presence *p, struct presence_span *s, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns)
{
	if (ends) {
		s->open = 0;
		s->end_ns = time_ns;
		return;
	}
	if (s->older == PRESENCE_FREE || s->end_ns < time_ns - p->resolution_ns)
		s = new_span(p, s, inside, time_ns, forget_ns);
	s->open = 1;
	s->end_ns = NS_NEVER;
}

static bool overlaps(const struct presence *p, const struct presence_span *newest, int64_t from_ns, int64_t to_ns)
{
	for (const struct presence_span *s = newest; s && s->end_ns >= from_ns; s = older_span(p, s))
		if (s->start_ns <= to_ns)
			return true;
	return false;
}

bool presence_has(const struct presence *p, uint32_t inside, int64_t from_ns, int64_t to_ns)
{
	const struct presence_span *s = presence_place(p, inside);

	return s->older != PRESENCE_FREE && overlaps(p, s, from_ns, to_ns);
}

void presence_all(const struct presence *p, int64_t from_ns, int64_t to_ns,
                  void (*each)(void *context, uint32_t inside), void *context)
{
	for (uint32_t i = 0; i <= p->mask; i++)
		if (p->table[i].older != PRESENCE_FREE && overlaps(p, &p->table[i], from_ns, to_ns))
			each(context, p->table[i].inside);
}
