#include "analysis/holdings.h"

#include <stdlib.h>

#include "sim/base/must.h"

#define BLOCK_PAGE_SHIFT 6 /* blocks are found by the 64 numbers in which they begin */

struct holdings *holdings_create(bool blocks, int64_t log_resolution_ns)
{
	struct holdings *h = must_alloc(1, sizeof(*h));

	history_init(&h->by_number);
	history_init(&h->by_inside);
	h->page_shift = blocks ? BLOCK_PAGE_SHIFT : 0;
	h->longest = 1;
	h->resolution_ns = log_resolution_ns;
	return h;
}

void holdings_destroy(struct holdings *h)
{
	if (!h)
		return;
	history_clear(&h->by_number);
	history_clear(&h->by_inside);
	free(h);
}

/* With a page for each number only the newest span of a page can be open, and
 * earlier ones ended earlier. A page of blocks promises neither. */
static bool ordered(const struct holdings *h)
{
	return h->page_shift == 0;
}

/* The pages in which a record may begin that covers some of lo..hi. */
static uint32_t first_page(const struct holdings *h, uint16_t lo)
{
	return (lo >= h->longest ? lo - (h->longest - 1) : 0) >> h->page_shift;
}

static uint32_t last_page(const struct holdings *h, uint16_t hi)
{
	return (uint32_t)hi >> h->page_shift;
}

/* A span continues if a record begins while it still covers time: no window lies between. */
static void presence_begin(struct holdings *h, uint32_t inside, int64_t time_ns, int64_t forget_ns)
{
	struct span *s = history_newest(&h->by_inside, inside);

	if (!s || s->end_ns < time_ns - h->resolution_ns) {
		s = history_begin(&h->by_inside, inside, forget_ns);
		s->start_ns = time_ns;
		s->value = 0;
	}
	s->value++;
	s->end_ns = NS_NEVER;
}

static void presence_end(struct holdings *h, uint32_t inside, int64_t time_ns)
{
	struct span *s = history_newest(&h->by_inside, inside);

	must(s && s->value > 0);
	if (--s->value == 0)
		s->end_ns = time_ns;
}

void holdings_end(struct holdings *h, struct span *open, int64_t time_ns)
{
	must(open->end_ns == NS_NEVER);
	open->end_ns = time_ns;
	presence_end(h, open->value, time_ns);
}

static void end_overlapping(struct holdings *h, uint16_t lo, uint16_t hi, int64_t time_ns)
{
	for (uint32_t page = first_page(h, lo); page <= last_page(h, hi); page++) {
		struct span *s = history_newest(&h->by_number, page);

		for (; s; s = ordered(h) ? NULL : history_older(&h->by_number, s))
			if (s->end_ns == NS_NEVER && s->lo <= hi && s->hi >= lo)
				holdings_end(h, s, time_ns);
	}
}

void holdings_begin(struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside, int64_t time_ns, int64_t forget_ns)
{
	struct span *s;
	uint32_t numbers = (uint32_t)hi - lo + 1;

	must(lo <= hi && (numbers == 1 || !ordered(h)));
	end_overlapping(h, lo, hi, time_ns);
	if (numbers > h->longest)
		h->longest = numbers;
	s = history_begin(&h->by_number, (uint32_t)lo >> h->page_shift, forget_ns);
	s->start_ns = time_ns;
	s->end_ns = NS_NEVER;
	s->value = inside;
	s->lo = lo;
	s->hi = hi;
	presence_begin(h, inside, time_ns, forget_ns);
}

struct span *holdings_open(const struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside)
{
	struct span *s = history_newest(&h->by_number, (uint32_t)lo >> h->page_shift);

	for (; s; s = ordered(h) ? NULL : history_older(&h->by_number, s))
		if (s->end_ns == NS_NEVER && s->lo == lo && s->hi == hi && s->value == inside)
			return s;
	return NULL;
}

void holdings_of_number(const struct holdings *h, uint16_t number, int64_t from_ns, int64_t to_ns,
                        holdings_each *each, void *context)
{
	for (uint32_t page = first_page(h, number); page <= last_page(h, number); page++) {
		const struct span *s = history_newest(&h->by_number, page);

		for (; s; s = history_older(&h->by_number, s)) {
			if (s->end_ns < from_ns && ordered(h))
				break;
			if (s->lo <= number && s->hi >= number && s->start_ns <= to_ns && s->end_ns >= from_ns)
				each(context, s->value);
		}
	}
}

static bool overlaps(const struct holdings *h, const struct span *newest, int64_t from_ns, int64_t to_ns)
{
	for (const struct span *s = newest; s && s->end_ns >= from_ns; s = history_older(&h->by_inside, s))
		if (s->start_ns <= to_ns)
			return true;
	return false;
}

void holdings_of_all(const struct holdings *h, int64_t from_ns, int64_t to_ns, holdings_each *each, void *context)
{
	for (uint32_t i = 0; i <= h->by_inside.mask; i++) {
		const struct span *s = &h->by_inside.table[i];

		if (s->older != SPAN_FREE && overlaps(h, s, from_ns, to_ns))
			each(context, s->key);
	}
}

bool holdings_has(const struct holdings *h, uint32_t inside, int64_t from_ns, int64_t to_ns)
{
	return overlaps(h, history_newest(&h->by_inside, inside), from_ns, to_ns);
}
