#include "analysis/history.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sim/base/must.h"

#define FEWEST_BITS 3

static void make_room(struct history *h, uint32_t bits, uint32_t past_room)
{
	must(bits < 32);
	h->table = must_alloc((size_t)1 << bits, sizeof(*h->table)); /* zeroed: SPAN_FREE */
	h->past = must_alloc(past_room, sizeof(*h->past));
	h->mask = (UINT32_C(1) << bits) - 1;
	h->shift = 32 - bits;
	h->used = 0;
	h->past_count = 0;
	h->past_room = past_room;
}

void history_init(struct history *h)
{
	make_room(h, FEWEST_BITS, (1u << FEWEST_BITS) / 4);
}

void history_clear(struct history *h)
{
	free(h->table);
	free(h->past);
	*h = (struct history){ 0 };
}

static struct span *push_past(struct history *h, const struct span *s, uint32_t *link)
{
	*link = SPAN_PAST + h->past_count;
	h->past[h->past_count] = *s;
	return &h->past[h->past_count++];
}

/* Copies a key's spans that matter, newest first; where to is decided by its first. */
static void copy_key(struct history *to, const struct history *from, const struct span *newest, int64_t forget_ns)
{
	struct span *last = NULL;

	for (const struct span *s = newest; s; s = history_older(from, s)) {
		if (s->end_ns < forget_ns)
			continue;
		if (!last) {
			last = history_place(to, s->key);
			*last = *s;
			to->used++;
		} else {
			last = push_past(to, s, &last->older);
		}
		last->older = SPAN_OLDEST;
	}
}

static void count_key(const struct history *h, const struct span *newest, int64_t forget_ns, uint32_t *keys, uint32_t *past)
{
	uint32_t spans = 0;

	for (const struct span *s = newest; s; s = history_older(h, s))
		spans += s->end_ns >= forget_ns;
	*keys += spans > 0;
	*past += spans > 0 ? spans - 1 : 0;
}

/* Afterwards a quarter of the table's size can be added to the table, and to the
 * array: the next rebuilding reads a small multiple of the spans that came since. */
static void rebuild(struct history *h, int64_t forget_ns)
{
	struct history old = *h;
	uint32_t keys = 0, past = 0, bits = FEWEST_BITS;

	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.table[i].older != SPAN_FREE)
			count_key(&old, &old.table[i], forget_ns, &keys, &past);
	while (((UINT64_C(3) << bits) >> 3) < keys)
		bits++;
	make_room(h, bits, past * 2 + (UINT32_C(1) << bits) / 4);
	for (uint32_t i = 0; i <= old.mask; i++)
		if (old.table[i].older != SPAN_FREE)
			copy_key(h, &old, &old.table[i], forget_ns);
	history_clear(&old);
}

static bool table_is_full(const struct history *h)
{
	return h->used >= (h->mask + 1) / 8 * 5;
}

struct span *history_begin(struct history *h, uint32_t key, int64_t forget_ns)
{
	struct span *s = history_place(h, key);

	if (s->older == SPAN_FREE ? table_is_full(h) : h->past_count == h->past_room) {
		rebuild(h, forget_ns);
		s = history_place(h, key);
	}
	if (s->older == SPAN_FREE) {
		h->used++;
		s->key = key;
		s->older = SPAN_OLDEST;
	} else if (s->end_ns >= forget_ns) {
		struct span before = *s;

		push_past(h, &before, &s->older);
	}
	return s;
}
