#include "analysis/holdings.h"

#include <stdlib.h>

#include "sim/base/must.h"

#define KEY_SHIFT 6 /* blocks are found by the 64 numbers in which they begin */
#define KEYS ((1u << 16) >> KEY_SHIFT)

/* Places in the pool count from 1: 0 is none. */
struct holdings {
	struct presence presence;
	uint32_t longest;   /* most numbers that a record covered */

	struct held *pool;
	uint32_t pool_used, pool_room, pool_free; /* free ones are chained by `older` */

	uint32_t *ended; /* a ring of places in the pool, in order of end; a power of two */
	uint32_t ended_first, ended_count, ended_room;

	uint32_t newest[KEYS];
};

struct holdings *holdings_create(int64_t log_resolution_ns)
{
	struct holdings *h = must_alloc(1, sizeof(*h));

	presence_init(&h->presence, log_resolution_ns);
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
	free(h);
}

const struct presence *holdings_presence(const struct holdings *h)
{
	return &h->presence;
}

/* The keys of records that may cover some of lo..hi. */
static uint32_t first_key(const struct holdings *h, uint16_t lo)
{
	return (lo >= h->longest ? lo - (h->longest - 1) : 0) >> KEY_SHIFT;
}

static uint32_t last_key(uint16_t hi)
{
	return (uint32_t)hi >> KEY_SHIFT;
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
		h->newest[(uint32_t)r->lo >> KEY_SHIFT] = r->older;
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

static void forget(struct holdings *h, int64_t forget_ns)
{
	while (h->ended_count > 0) {
		uint32_t place = h->ended[h->ended_first];

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
	presence_record(&h->presence, open->inside, true, time_ns, NS_NONE);
}

static bool covers(const struct held *r, uint32_t number)
{
	return r->lo <= number && r->hi >= number && (number - r->lo) % r->step == 0;
}

/* Do the records share a number? */
static bool overlap(const struct held *a, const struct held *b)
{
	const struct held *wide = a->step > b->step ? a : b, *other = wide == a ? b : a;

	if (a->lo > b->hi || b->lo > a->hi)
		return false;
	if (a->step == b->step)
		return a->lo % a->step == b->lo % b->step;
	for (uint32_t number = wide->lo; number <= wide->hi; number += wide->step)
		if (covers(other, number))
			return true;
	return false;
}

static void end_overlapping(struct holdings *h, const struct held *by, int64_t time_ns)
{
	uint16_t lo = by->lo, hi = by->hi;

	for (uint32_t key = first_key(h, lo); key <= last_key(hi); key++) {
		for (uint32_t place = h->newest[key]; place; place = h->pool[place].older) {
			struct held *r = &h->pool[place];

			if (r->end_ns == NS_NEVER && overlap(r, by))
				holdings_end(h, r, time_ns);
		}
	}
}

void holdings_begin(struct holdings *h, uint16_t lo, uint16_t hi, uint16_t step, uint32_t inside, int64_t time_ns,
                    int64_t forget_ns)
{
	struct held begun = { .start_ns = time_ns, .end_ns = NS_NEVER, .inside = inside, .lo = lo, .hi = hi, .step = step };
	uint32_t key = (uint32_t)lo >> KEY_SHIFT, numbers = (uint32_t)hi - lo + 1, older, place;

	must(lo <= hi && step);
	if (numbers > h->longest)
		h->longest = numbers;
	forget(h, forget_ns);
	end_overlapping(h, &begun, time_ns);
	place = take_place(h);
	older = h->newest[key];
	if (older)
		h->pool[older].newer = place;
	begun.older = older;
	h->pool[place] = begun;
	h->newest[key] = place;
	presence_record(&h->presence, inside, false, time_ns, forget_ns);
}

struct held *holdings_open(const struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside)
{
	uint32_t place = h->newest[(uint32_t)lo >> KEY_SHIFT];

	for (; place; place = h->pool[place].older) {
		struct held *r = &h->pool[place];

		if (r->end_ns == NS_NEVER && r->lo == lo && r->hi == hi && r->inside == inside)
			return r;
	}
	return NULL;
}

void holdings_of_number(const struct holdings *h, uint16_t number, int64_t from_ns, int64_t to_ns,
                        void (*each)(void *context, uint32_t inside), void *context)
{
	for (uint32_t key = first_key(h, number); key <= last_key(number); key++) {
		for (uint32_t place = h->newest[key]; place; place = h->pool[place].older) {
			const struct held *r = &h->pool[place];

			if (covers(r, number) && r->start_ns <= to_ns && r->end_ns >= from_ns)
				each(context, r->inside);
		}
	}
}
