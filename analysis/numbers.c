#include "analysis/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/sharers.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"

/* A number was begun or ended by a subscriber. */
struct change {
	int64_t  time_ns;
	uint32_t inside;
	uint16_t number;
	uint16_t ends;
};

enum {
	PAGE = 64,               /* numbers */
	PAGES = 65536 / PAGE,
	FIRST_PAGES = 8,
	FIRST_CHANGES = 64,
};

struct page {
	uint16_t place;          /* in `owners`; 0: the page that is always empty */
	uint16_t live;           /* numbers that somebody has; none: the page is given back */
};

struct numbers {
	struct presence presence;
	struct change *changes;  /* a ring, in order of time; a power of two */
	uint32_t change_first, change_count, change_mask;
	uint32_t (*owners)[PAGE]; /* who has each number, by place */
	int64_t (*begins)[PAGE]; /* since when; NULL: nobody will ask */
	uint32_t room, free;     /* places; first of the free ones, chained by their first owner; 0: none is */
	struct page pages[PAGES];
	struct sharers *sharers; /* who has each number, where several may; NULL: one at a time */
};

struct numbers *numbers_create(int64_t log_resolution_ns, bool begins, bool shared)
{
	struct numbers *n = must_alloc(1, sizeof(*n));

	presence_init(&n->presence, log_resolution_ns);
	n->begins = begins ? must_alloc(1, sizeof(*n->begins)) : NULL;
	n->owners = must_alloc(1, sizeof(*n->owners));
	memset(n->owners, 0xff, sizeof(*n->owners)); /* NUMBERS_NOBODY */
	n->room = 1;
	n->sharers = shared ? sharers_create() : NULL;
	n->changes = must_alloc(FIRST_CHANGES, sizeof(*n->changes));
	n->change_mask = FIRST_CHANGES - 1;
	return n;
}

void numbers_destroy(struct numbers *n)
{
	if (!n)
		return;
	presence_clear(&n->presence);
	free(n->owners);
	free(n->begins);
	free(n->changes);
	sharers_destroy(n->sharers);
	free(n);
}

const struct presence *numbers_presence(const struct numbers *n)
{
	return &n->presence;
}

/* ---- who has a number ---- */

static inline uint32_t *owner_of(const struct numbers *n, uint16_t number)
{
	return &n->owners[n->pages[number / PAGE].place][number % PAGE];
}

static void add_places(struct numbers *n)
{
	uint32_t room = n->room < FIRST_PAGES ? FIRST_PAGES : n->room * 2;

	n->owners = must_grow(n->owners, room, sizeof(*n->owners));
	if (n->begins)
		n->begins = must_grow(n->begins, room, sizeof(*n->begins));
	for (uint32_t place = room; place-- > n->room;) {
		n->owners[place][0] = n->free;
		n->free = place;
	}
	n->room = room;
}

static __attribute__((noinline)) void take_page(struct numbers *n, struct page *page)
{
	if (!n->free)
		add_places(n);
	page->place = (uint16_t)n->free;
	n->free = n->owners[page->place][0];
	memset(n->owners[page->place], 0xff, sizeof(*n->owners)); /* NUMBERS_NOBODY */
}

static __attribute__((noinline)) void give_page(struct numbers *n, struct page *page)
{
	n->owners[page->place][0] = n->free;
	n->free = page->place;
	page->place = 0;
}

/* ---- what changed of late ---- */

static void resize_changes(struct numbers *n, uint32_t room)
{
	struct change *ring = must_alloc(room, sizeof(*ring));

	for (uint32_t i = 0; i < n->change_count; i++)
		ring[i] = n->changes[(n->change_first + i) & n->change_mask];
	free(n->changes);
	n->changes = ring;
	n->change_first = 0;
	n->change_mask = room - 1;
}

/* The ring is full: what nobody can ask for goes, and it gets the room that the rest needs. */
static __attribute__((noinline)) void forget_changes(struct numbers *n, int64_t forget_ns)
{
	while (n->change_count && n->changes[n->change_first & n->change_mask].time_ns < forget_ns) {
		n->change_first++;
		n->change_count--;
	}
	if (n->change_count > n->change_mask / 2)
		resize_changes(n, (n->change_mask + 1) * 2);
	else if (n->change_mask + 1 > FIRST_CHANGES && n->change_count < n->change_mask / 16)
		resize_changes(n, (n->change_mask + 1) / 4);
}

static void add_change(struct numbers *n, uint16_t number, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns)
{
	struct change *c;

	if (n->change_count > n->change_mask)
		forget_changes(n, forget_ns);
	c = &n->changes[(n->change_first + n->change_count++) & n->change_mask];
	c->time_ns = time_ns;
	c->inside = inside;
	c->number = number;
	c->ends = ends;
}

/* ---- records ---- */

/* A record of a number whose owner is not as it should be: true if it still says something. */
static __attribute__((noinline)) bool at_odds(struct numbers *n, uint16_t number, bool ends, int64_t time_ns, int64_t forget_ns)
{
	uint32_t owner = *owner_of(n, number);

	if (ends)
		return false;
	add_change(n, number, owner, true, time_ns, forget_ns);
	presence_record(&n->presence, owner, true, time_ns, forget_ns);
	n->pages[number / PAGE].live--; /* it is about to have another */
	return true;
}

/* Where several may have the number. */
static __attribute__((noinline)) void record_shared(struct numbers *n, uint16_t number, uint32_t inside, bool ends,
                                                    int64_t time_ns, int64_t forget_ns)
{
	if (!ends)
		sharers_add(n->sharers, number, inside, time_ns);
	else if (!sharers_remove(n->sharers, number, inside))
		return;
	add_change(n, number, inside, ends, time_ns, forget_ns);
	presence_record(&n->presence, inside, ends, time_ns, forget_ns);
}

void numbers_record(struct numbers *n, uint16_t number, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns)
{
	struct page *page = &n->pages[number / PAGE];
	uint32_t *owner = owner_of(n, number);

	if (__builtin_expect(n->sharers != NULL, 0)) {
		record_shared(n, number, inside, ends, time_ns, forget_ns);
		return;
	}
	if (__builtin_expect(*owner != (ends ? inside : NUMBERS_NOBODY), 0) && !at_odds(n, number, ends, time_ns, forget_ns))
		return;
	if (__builtin_expect(!page->place, 0)) {
		take_page(n, page);
		owner = owner_of(n, number);
	}
	*owner = ends ? NUMBERS_NOBODY : inside;
	if (n->begins)
		n->begins[page->place][number % PAGE] = time_ns;
	page->live = (uint16_t)(page->live + (ends ? -1 : 1));
	if (__builtin_expect(!page->live, 0))
		give_page(n, page);
	add_change(n, number, inside, ends, time_ns, forget_ns);
	presence_record(&n->presence, inside, ends, time_ns, forget_ns);
}

bool numbers_began_at(const struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns)
{
	if (n->sharers)
		return sharers_began_at(n->sharers, number, inside, time_ns);
	return *owner_of(n, number) == inside && n->begins[n->pages[number / PAGE].place][number % PAGE] == time_ns;
}

void numbers_prefetch(const struct numbers *n, uint16_t number)
{
	__builtin_prefetch(owner_of(n, number), 1);
}

/* Back from now to the end of the window, which says who had the number then; from there on, whose records ended. */
static void of_shared(const struct numbers *n, uint16_t number, int64_t from_ns, int64_t to_ns,
                      void (*each)(void *context, uint32_t inside), void *context)
{
	size_t count;
	uint32_t *open = sharers_of(n->sharers, number, &count), i = n->change_count;

	open = must_grow(open, count + n->change_count + 1, sizeof(*open));
	for (; i-- > 0;) {
		const struct change *c = &n->changes[(n->change_first + i) & n->change_mask];
		size_t k = 0;

		if (c->time_ns <= to_ns)
			break;
		if (c->number != number)
			continue;
		if (c->ends) {
			open[count++] = c->inside;
			continue;
		}
		while (open[k] != c->inside)
			must(++k < count);
		open[k] = open[--count];
	}
	for (size_t k = 0; k < count; k++)
		each(context, open[k]);
	for (i++; i-- > 0;) {
		const struct change *c = &n->changes[(n->change_first + i) & n->change_mask];

		if (c->time_ns < from_ns)
			break;
		if (c->number == number && c->ends)
			each(context, c->inside);
	}
	free(open);
}

/* Back from now: whoever has the number had it since it was last begun. What lies
 * before the window changes nothing in it: who has the number there had it when it opened. */
void numbers_of(const struct numbers *n, uint16_t number, int64_t from_ns, int64_t to_ns,
                void (*each)(void *context, uint32_t inside), void *context)
{
	uint32_t inside = *owner_of(n, number);
	bool owned;

	if (n->sharers) {
		of_shared(n, number, from_ns, to_ns, each, context);
		return;
	}
	owned = inside != NUMBERS_NOBODY;

	for (uint32_t i = n->change_count; i-- > 0;) {
		const struct change *c = &n->changes[(n->change_first + i) & n->change_mask];

		if (c->time_ns < from_ns)
			break;
		if (c->number != number)
			continue;
		if (!c->ends && c->time_ns <= to_ns)
			each(context, inside);
		owned = c->ends;
		inside = c->inside;
	}
	if (owned)
		each(context, inside);
}
