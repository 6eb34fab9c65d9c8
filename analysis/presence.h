/* presence - when a subscriber had anything at all: for each the spans of time
 * that at least one of its records covered, in a log's sense of cover: [begin,
 * end + resolution of the log]. A window overlaps a span just if it overlaps
 * some record, so nobody need look at the records.
 *
 * An open hash holds each subscriber's newest span, 32 bytes in place; earlier
 * ones lie in an array behind it. Nothing is deleted one by one: a store that is
 * full is built anew from what still matters, with so much room to spare that
 * hardly any two meet in it: memory follows what is alive. */
#ifndef ANALYSIS_PRESENCE_H
#define ANALYSIS_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

struct presence_span {
	int64_t  start_ns;
	int64_t  end_ns;  /* NS_NEVER: has not ended */
	uint32_t inside;
	uint32_t open;    /* records that have not ended */
	uint32_t older;   /* PRESENCE_FREE, _OLDEST, or _PAST + index in the array of earlier spans */
};
enum { PRESENCE_FREE, PRESENCE_OLDEST, PRESENCE_PAST };

struct presence {
	struct presence_span *table; /* a power of two */
	struct presence_span *past;
	uint32_t mask, shift;        /* size of the table less 1; 32 less its bits */
	uint32_t used;
	uint32_t past_count, past_room;
	int64_t resolution_ns;
};

void presence_init(struct presence *p, int64_t log_resolution_ns);
void presence_clear(struct presence *p);

/* A record of this subscriber begins, or ends (it must have begun). Times never
 * go back. Spans that ended before forget_ns are no longer of interest. */
static inline void presence_record(struct presence *p, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns);

/* Has this subscriber a span that did not end before from_ns and began no later than to_ns? */
bool presence_has(const struct presence *p, uint32_t inside, int64_t from_ns, int64_t to_ns);

/* Calls each() once for every subscriber that has. */
void presence_all(const struct presence *p, int64_t from_ns, int64_t to_ns,
                  void (*each)(void *context, uint32_t inside), void *context);

/* Where the subscriber's newest span is, or would be; until the next begins. */
static inline struct presence_span *presence_place(const struct presence *p, uint32_t inside)
{
	for (uint32_t i = inside * UINT32_C(0x9e3779b1) >> p->shift;; i = (i + 1) & p->mask)
		if (p->table[i].older == PRESENCE_FREE || p->table[i].inside == inside)
			return &p->table[i];
}

/* The first open record, or no more. A span goes on if a record begins while it
 * still covers time: no window lies between. */
void presence_turn(struct presence *p, struct presence_span *place, uint32_t inside, bool ends, int64_t time_ns,
                   int64_t forget_ns);

static inline void presence_record(struct presence *p, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns)
{
	struct presence_span *s = presence_place(p, inside);

	if (__builtin_expect(s->open == ends, 0))
		presence_turn(p, s, inside, ends, time_ns, forget_ns);
	else
		s->open += ends ? UINT32_MAX : 1;
}

#endif
