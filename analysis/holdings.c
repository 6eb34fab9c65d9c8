#include "analysis/holdings.h"

#include <stdlib.h>

#include "sim/base/must.h"

#define BLOCK_KEY_SHIFT 6 /* blocks are found by the 64 numbers in which they begin */
#define PAGE_SHIFT 5
#define PAGE_KEYS (1u << PAGE_SHIFT)
#define DIRECTORY ((1u << 16) >> PAGE_SHIFT)

/* Places (in the pool, of pages) count from 1: 0 is none. */
struct page {
	uint32_t newest[PAGE_KEYS];
	uint32_t keys; /* that have records */
};

struct holdings {
	struct presence presence;
	uint32_t key_shift; /* 0 for mappings */
	uint32_t longest;   /* most numbers that a record covered */

	struct held *pool;
	uint32_t pool_used, pool_room, pool_free; /* free ones are chained by `older` */

	uint32_t *ended; /* a ring of places in the pool, in order of end; a power of two */
	uint32_t ended_first, ended_count, ended_room;

	struct page *pages;
	uint32_t pages_used, pages_room, pages_free; /* free ones are chained by newest[0] */
	uint32_t pages_empty; /* in the directory, but without records */
	uint16_t page_of[DIRECTORY];
};

struct holdings *holdings_create(bool blocks, int64_t log_resolution_ns)
{
	struct holdings *h = must_alloc(1, sizeof(*h));

	presence_init(&h->presence, log_resolution_ns);
	h->key_shift = blocks ? BLOCK_KEY_SHIFT : 0;
	h->longest = 1;
	return h;
}

void holdings_destroy(struct holdings *h)
{
	if (!h)
		return;
	presence_clear(&h->presence);
	free(h->pool);
	free(h->ended);
	free(h->pages);
	free(h);
}

const struct presence *holdings_presence(const struct holdings *h)
{
	return &h->presence;
}

/* With a key for each number only the newest record of a key can be open, and
 * earlier ones ended earlier. A key of blocks promises neither. */
static bool ordered(const struct holdings *h)
{
	return h->key_shift == 0;
}

/* ---- the directory ---- */

static uint32_t newest_of(const struct holdings *h, uint32_t key)
{
	uint32_t page = h->page_of[key >> PAGE_SHIFT];

	return page ? h->pages[page].newest[key % PAGE_KEYS] : 0;
}

static uint16_t take_page(struct holdings *h)
{
	uint32_t page = h->pages_free;

	if (page) {
		h->pages_free = h->pages[page].newest[0];
	} else {
		if (h->pages_used + 1 >= h->pages_room) {
			h->pages_room = h->pages_room ? h->pages_room * 2 : 4;
			h->pages = must_grow(h->pages, h->pages_room, sizeof(*h->pages));
		}
		page = ++h->pages_used;
	}
	h->pages[page] = (struct page){ 0 };
	h->pages_empty++;
	return (uint16_t)page;
}

static void add_newest(struct holdings *h, uint32_t key, uint32_t place)
{
	uint16_t *page = &h->page_of[key >> PAGE_SHIFT];
	struct page *p;

	if (!*page)
		*page = take_page(h);
	p = &h->pages[*page];
	h->pages_empty -= p->keys == 0;
	p->keys += p->newest[key % PAGE_KEYS] == 0;
	p->newest[key % PAGE_KEYS] = place;
}

/* Pages come and go with their records, and most come back soon: they are given
 * up only when there are many, and then all at once. */
static void give_up_empty_pages(struct holdings *h)
{
	for (uint32_t i = 0; i < DIRECTORY; i++) {
		uint32_t page = h->page_of[i];

		if (!page || h->pages[page].keys > 0)
			continue;
		h->pages[page].newest[0] = h->pages_free;
		h->pages_free = page;
		h->page_of[i] = 0;
	}
	h->pages_empty = 0;
}

static void drop_newest(struct holdings *h, uint32_t key, uint32_t older)
{
	struct page *p = &h->pages[h->page_of[key >> PAGE_SHIFT]];

	p->newest[key % PAGE_KEYS] = older;
	if (older || --p->keys > 0)
		return;
	h->pages_empty++;
	if (h->pages_empty * 2 > h->pages_used + DIRECTORY / 8)
		give_up_empty_pages(h);
}

/* The keys of records that may cover some of lo..hi. */
static uint32_t first_key(const struct holdings *h, uint16_t lo)
{
	return (lo >= h->longest ? lo - (h->longest - 1) : 0) >> h->key_shift;
}

static uint32_t last_key(const struct holdings *h, uint16_t hi)
{
	return (uint32_t)hi >> h->key_shift;
}

/* ---- the pool ---- */

static uint32_t take_place(struct holdings *h)
{
	uint32_t place = h->pool_free;

	if (place) {
		h->pool_free = h->pool[place].older;
		return place;
	}
	if (h->pool_used + 1 >= h->pool_room) {
		h->pool_room = h->pool_room ? h->pool_room * 2 : 8;
		h->pool = must_grow(h->pool, h->pool_room, sizeof(*h->pool));
	}
	return ++h->pool_used;
}

static void unlink_record(struct holdings *h, uint32_t place)
{
	const struct held *r = &h->pool[place];

	if (r->older)
		h->pool[r->older].newer = r->newer;
	if (r->newer)
		h->pool[r->newer].older = r->older;
	else
		drop_newest(h, (uint32_t)r->lo >> h->key_shift, r->older);
}

static void queue_ended(struct holdings *h, uint32_t place)
{
	if (h->ended_count == h->ended_room) {
		uint32_t room = h->ended_room ? h->ended_room * 2 : 8;
		uint32_t *ring = must_alloc(room, sizeof(*ring));

		for (uint32_t i = 0; i < h->ended_count; i++)
			ring[i] = h->ended[(h->ended_first + i) & (h->ended_room - 1)];
		free(h->ended);
		h->ended = ring;
		h->ended_first = 0;
		h->ended_room = room;
	}
	h->ended[(h->ended_first + h->ended_count++) & (h->ended_room - 1)] = place;
}

/* What is forgotten soon has not been touched for long: it is brought near in two steps. */
static void prefetch_forgotten(const struct holdings *h)
{
	uint32_t far = h->ended[(h->ended_first + 8) & (h->ended_room - 1)];
	uint32_t near = h->ended[(h->ended_first + 4) & (h->ended_room - 1)];

	if (h->ended_count <= 8)
		return;
	__builtin_prefetch(&h->pool[far], 1);
	holdings_prefetch_number(h, h->pool[near].lo);
}

static void forget(struct holdings *h, int64_t forget_ns)
{
	while (h->ended_count > 0) {
		uint32_t place = h->ended[h->ended_first];

		prefetch_forgotten(h);
		if (h->pool[place].end_ns >= forget_ns)
			return;
		unlink_record(h, place);
		h->pool[place].older = h->pool_free;
		h->pool_free = place;
		h->ended_first = (h->ended_first + 1) & (h->ended_room - 1);
		h->ended_count--;
	}
}

/* ---- records ---- */

void holdings_end(struct holdings *h, struct held *open, int64_t time_ns)
{
	must(open->end_ns == NS_NEVER);
	open->end_ns = time_ns;
	queue_ended(h, (uint32_t)(open - h->pool));
	presence_end(&h->presence, open->inside, time_ns);
}

static void end_overlapping(struct holdings *h, uint16_t lo, uint16_t hi, int64_t time_ns)
{
	for (uint32_t key = first_key(h, lo); key <= last_key(h, hi); key++) {
		for (uint32_t place = newest_of(h, key); place; place = h->pool[place].older) {
			struct held *r = &h->pool[place];

			if (r->end_ns == NS_NEVER && r->lo <= hi && r->hi >= lo)
				holdings_end(h, r, time_ns);
		}
	}
}

void holdings_begin(struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside, int64_t time_ns, int64_t forget_ns)
{
	uint32_t key = (uint32_t)lo >> h->key_shift, numbers = (uint32_t)hi - lo + 1, older, place;

	must(lo <= hi && (numbers == 1 || !ordered(h)));
	if (numbers > h->longest)
		h->longest = numbers;
	forget(h, forget_ns);
	if (!ordered(h))
		end_overlapping(h, lo, hi, time_ns);
	place = take_place(h);
	older = newest_of(h, key);
	if (older) {
		if (ordered(h) && h->pool[older].end_ns == NS_NEVER)
			holdings_end(h, &h->pool[older], time_ns);
		h->pool[older].newer = place;
	}
	h->pool[place] = (struct held){ time_ns, NS_NEVER, inside, older, 0, lo, hi };
	add_newest(h, key, place);
	presence_begin(&h->presence, inside, time_ns, forget_ns);
}

struct held *holdings_open(const struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside)
{
	uint32_t place = newest_of(h, (uint32_t)lo >> h->key_shift);

	for (; place; place = ordered(h) ? 0 : h->pool[place].older) {
		struct held *r = &h->pool[place];

		if (r->end_ns == NS_NEVER && r->lo == lo && r->hi == hi && r->inside == inside)
			return r;
	}
	return NULL;
}

void holdings_prefetch_number(const struct holdings *h, uint16_t lo)
{
	uint32_t key = (uint32_t)lo >> h->key_shift, page = h->page_of[key >> PAGE_SHIFT];

	if (page)
		__builtin_prefetch(&h->pages[page].newest[key % PAGE_KEYS], 1);
}

void holdings_prefetch_record(const struct holdings *h, uint16_t lo)
{
	uint32_t place = newest_of(h, (uint32_t)lo >> h->key_shift);

	if (place)
		__builtin_prefetch(&h->pool[place], 1);
}

void holdings_of_number(const struct holdings *h, uint16_t number, int64_t from_ns, int64_t to_ns,
                        void (*each)(void *context, uint32_t inside), void *context)
{
	for (uint32_t key = first_key(h, number); key <= last_key(h, number); key++) {
		for (uint32_t place = newest_of(h, key); place; place = h->pool[place].older) {
			const struct held *r = &h->pool[place];

			if (r->end_ns < from_ns && ordered(h))
				break;
			if (r->lo <= number && r->hi >= number && r->start_ns <= to_ns && r->end_ns >= from_ns)
				each(context, r->inside);
		}
	}
}
