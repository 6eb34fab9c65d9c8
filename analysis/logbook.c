#include "analysis/logbook.h"

#include <stdlib.h>

#include "analysis/log_text.h"
#include "sim/base/must.h"

/* An open record of a log without ends, which lasts max_life at most. */
struct expiry {
	struct numbers *numbers; /* of a mapping; */
	struct holdings *blocks; /* of a block: the other one is NULL */
	int64_t start_ns;
	uint32_t inside;
	uint16_t lo, hi;
};

/* Records wait for a few others, so that what each touches can be brought near
 * while those before it are read: the store is larger than the nearest caches,
 * and a record would wait for it twice or three times. */
#define WAITING 128
#define NUMBER_AHEAD 16

struct waiting {
	struct numbers *numbers; /* of a mapping; */
	struct holdings *blocks; /* of a block: the other one is NULL */
	int64_t time_ns, forget_ns;
	uint32_t inside;
	uint16_t lo, hi, step;
	bool ends;
};

struct logbook {
	struct waiting waiting[WAITING];
	uint32_t waiting_count;
	int64_t log_resolution_ns, max_life_ns;

	struct place *places;    /* open hash */
	uint32_t place_mask, place_shift, place_count;

	struct expiry *expiries; /* a ring, in order of start; a power of two */
	size_t expiry_first, expiry_count, expiry_room;
};

static struct place *place_at(const struct logbook *b, uint32_t outside)
{
	for (uint32_t i = outside * UINT32_C(0x9e3779b1) >> b->place_shift;; i = (i + 1) & b->place_mask)
		if (!b->places[i].used || b->places[i].outside == outside)
			return &b->places[i];
}

static void size_places(struct logbook *b, uint32_t bits)
{
	must(bits < 32);
	b->places = must_alloc((size_t)1 << bits, sizeof(*b->places));
	b->place_mask = (UINT32_C(1) << bits) - 1;
	b->place_shift = 32 - bits;
}

static void grow_places(struct logbook *b)
{
	struct place *old = b->places;
	uint32_t old_mask = b->place_mask;

	size_places(b, 32 - b->place_shift + 1);
	for (uint32_t i = 0; i <= old_mask; i++)
		if (old[i].used)
			*place_at(b, old[i].outside) = old[i];
	free(old);
}

/* What is known of an address; made if it was not there. */
static struct place *place_for(struct logbook *b, uint32_t outside)
{
	struct place *p = place_at(b, outside);

	if (p->used)
		return p;
	if (b->place_count >= b->place_mask / 2) {
		grow_places(b);
		p = place_at(b, outside);
	}
	p->used = true;
	p->outside = outside;
	b->place_count++;
	return p;
}

static struct numbers *numbers_at(struct logbook *b, uint32_t outside, enum protocol protocol)
{
	struct place *p = place_for(b, outside);

	if (!p->numbers[protocol])
		p->numbers[protocol] = numbers_create(b->log_resolution_ns);
	return p->numbers[protocol];
}

static struct holdings *blocks_at(struct logbook *b, uint32_t outside)
{
	struct place *p = place_for(b, outside);

	if (!p->blocks)
		p->blocks = holdings_create(b->log_resolution_ns);
	return p->blocks;
}

struct logbook *logbook_create(int64_t log_resolution_ns, int64_t max_life_ns)
{
	struct logbook *b = must_alloc(1, sizeof(*b));

	b->log_resolution_ns = log_resolution_ns;
	b->max_life_ns = max_life_ns;
	size_places(b, 3);
	return b;
}

void logbook_destroy(struct logbook *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i <= b->place_mask; i++) {
		for (int p = 0; p < PROTO_COUNT; p++)
			numbers_destroy(b->places[i].numbers[p]);
		holdings_destroy(b->places[i].blocks);
	}
	free(b->places);
	free(b->expiries);
	free(b);
}

const struct place *logbook_place(const struct logbook *b, uint32_t outside)
{
	return place_at(b, outside);
}

static void expect_expiry(struct logbook *b, const struct expiry *e)
{
	if (b->expiry_count == b->expiry_room) {
		size_t room = b->expiry_room ? b->expiry_room * 2 : 64;
		struct expiry *ring = must_alloc(room, sizeof(*ring));

		for (size_t i = 0; i < b->expiry_count; i++)
			ring[i] = b->expiries[(b->expiry_first + i) & (b->expiry_room - 1)];
		free(b->expiries);
		b->expiries = ring;
		b->expiry_first = 0;
		b->expiry_room = room;
	}
	b->expiries[(b->expiry_first + b->expiry_count++) & (b->expiry_room - 1)] = *e;
}

/* Ends a record whose longest life is over, if it is still the one that was meant. */
static void end_of_life(const struct expiry *e, int64_t end_ns)
{
	struct held *open;

	if (e->numbers) {
		if (numbers_open_since(e->numbers, e->lo, e->inside) == e->start_ns)
			numbers_end(e->numbers, e->lo, e->inside, end_ns);
		return;
	}
	open = holdings_open(e->blocks, e->lo, e->hi, e->inside);
	if (open && open->start_ns == e->start_ns)
		holdings_end(e->blocks, open, end_ns);
}

static void expire(struct logbook *b, int64_t until_ns)
{
	while (b->expiry_count > 0) {
		const struct expiry *e = &b->expiries[b->expiry_first];

		if (e->start_ns > until_ns - b->max_life_ns)
			return;
		end_of_life(e, e->start_ns + b->max_life_ns);
		b->expiry_first = (b->expiry_first + 1) & (b->expiry_room - 1);
		b->expiry_count--;
	}
}

static void record_begins(struct logbook *b, const struct waiting *r)
{
	if (r->numbers)
		numbers_begin(r->numbers, r->lo, r->inside, r->time_ns, r->forget_ns);
	else
		holdings_begin(r->blocks, r->lo, r->hi, r->step ? r->step : 1, r->inside, r->time_ns, r->forget_ns);
	if (b->max_life_ns > 0) {
		struct expiry e = { r->numbers, r->blocks, r->time_ns, r->inside, r->lo, r->hi };

		expect_expiry(b, &e);
	}
}

static void record_ends(const struct waiting *r)
{
	struct held *open;

	if (r->numbers) {
		numbers_end(r->numbers, r->lo, r->inside, r->time_ns);
		return;
	}
	open = holdings_open(r->blocks, r->lo, r->hi, r->inside);
	if (open)
		holdings_end(r->blocks, open, r->time_ns);
}

static void read_waiting(struct logbook *b)
{
	for (uint32_t i = 0; i < b->waiting_count; i++) {
		const struct waiting *r = &b->waiting[i];

		if (i + NUMBER_AHEAD < b->waiting_count && r[NUMBER_AHEAD].numbers)
			numbers_prefetch(r[NUMBER_AHEAD].numbers, r[NUMBER_AHEAD].lo);
		if (b->expiry_count > 0)
			expire(b, r->time_ns);
		if (r->ends)
			record_ends(r);
		else
			record_begins(b, r);
	}
	b->waiting_count = 0;
}

void logbook_expire(struct logbook *b, int64_t until_ns)
{
	read_waiting(b);
	expire(b, until_ns);
}

void logbook_record(struct logbook *b, const struct log_record *r, int64_t forget_ns)
{
	bool block = log_kind_is_block(r->kind);

	must(!log_kind_is_session(r->kind) && (block || r->lo == r->hi));
	if (b->waiting_count == WAITING)
		read_waiting(b);
	b->waiting[b->waiting_count++] = (struct waiting){
		.numbers = block ? NULL : numbers_at(b, r->outside, r->protocol),
		.blocks = block ? blocks_at(b, r->outside) : NULL,
		.time_ns = r->time_ns,
		.forget_ns = forget_ns,
		.inside = r->inside,
		.lo = r->lo,
		.hi = r->hi,
		.step = r->step,
		.ends = log_kind_is_delete(r->kind),
	};
}
