/* history - who had what, and when: for each key its newest span of time, and
 * behind it the earlier ones that can still matter.
 *
 * An open hash holds the newest span of each key in place: 32 bytes, so that the
 * common cases, a new key and the end of a key's newest span, touch one cache
 * line. When a key gets a newer span, the one before moves to an array, to which
 * `older` points. Nothing is ever deleted one by one: a store that is full is
 * built anew from what still matters (ended no earlier than `forget_ns`), with
 * room to spare, so that forgetting costs a few nanoseconds a span and memory
 * follows what is alive. Pointers to spans last until the next history_begin(). */
#ifndef ANALYSIS_HISTORY_H
#define ANALYSIS_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/simtime.h"

struct span {
	int64_t  start_ns;
	int64_t  end_ns;  /* NS_NEVER: has not ended */
	uint32_t key;
	uint32_t value;   /* the user's */
	uint32_t older;   /* enum, or SPAN_PAST + index in the array of earlier spans */
	uint16_t lo, hi;  /* the user's */
};
enum { SPAN_FREE, SPAN_OLDEST, SPAN_PAST };

struct history {
	struct span *table; /* by hash of the key; a power of two */
	struct span *past;
	uint32_t mask, shift; /* size of the table less 1; 32 less its bits */
	uint32_t used;
	uint32_t past_count, past_room;
};

void history_init(struct history *h);
void history_clear(struct history *h);

/* A new span of `key`, the newest now: set start_ns, end_ns, value, lo and hi.
 * Spans that ended before forget_ns may be gone after it. */
struct span *history_begin(struct history *h, uint32_t key, int64_t forget_ns);

/* The place where `key` is, or would be. */
static inline struct span *history_place(const struct history *h, uint32_t key)
{
	for (uint32_t i = key * UINT32_C(0x9e3779b1) >> h->shift;; i = (i + 1) & h->mask)
		if (h->table[i].older == SPAN_FREE || h->table[i].key == key)
			return &h->table[i];
}

/* The newest span of `key`, or NULL. */
static inline struct span *history_newest(const struct history *h, uint32_t key)
{
	struct span *s = history_place(h, key);

	return s->older == SPAN_FREE ? NULL : s;
}

/* The span of the same key before this one, or NULL. */
static inline struct span *history_older(const struct history *h, const struct span *s)
{
	return s->older == SPAN_OLDEST ? NULL : &h->past[s->older - SPAN_PAST];
}

#endif
