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

/* Records of mappings wait for a few others, so that what each touches can be
 * brought near while those before it are read: the store is larger than the
 * nearest caches. */
#define WAITING 128
#define NUMBER_AHEAD 16

struct waiting {
	struct numbers *numbers;
	int64_t time_ns;
	uint32_t inside;
	uint16_t number;
	bool ends;
};

struct logbook {
	struct place *places;    /* open hash */
	uint32_t place_mask, place_shift, place_count;

	uint32_t waiting_count;
	struct waiting waiting[WAITING];
	int64_t log_resolution_ns, max_life_ns, forget_ns;
	bool shared;             /* a number may be several mappings' at a time */

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

static inline struct numbers *numbers_at(struct logbook *b, uint32_t outside, enum protocol protocol)
{
	struct place *p = place_at(b, outside);

	if (__builtin_expect(!p->numbers[protocol], 0)) {
		p = place_for(b, outside);
		p->numbers[protocol] = numbers_create(b->log_resolution_ns, b->max_life_ns > 0, b->shared);
	}
	return p->numbers[protocol];
}

static struct holdings *blocks_at(struct logbook *b, uint32_t outside)
{
	struct place *p = place_for(b, outside);

	if (!p->blocks)
		p->blocks = holdings_create(b->log_resolution_ns);
	return p->blocks;
}

struct logbook *logbook_create(int64_t log_resolution_ns, int64_t max_life_ns, bool shared)
{
	struct logbook *b = must_alloc(1, sizeof(*b));

	b->log_resolution_ns = log_resolution_ns;
	b->max_life_ns = max_life_ns;
	b->shared = shared;
	b->forget_ns = NS_NONE;
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
static void end_of_life(const struct logbook *b, const struct expiry *e, int64_t end_ns)
{
	struct held *open;

	if (e->numbers) {
		if (numbers_began_at(e->numbers, e->lo, e->inside, e->start_ns))
			numbers_record(e->numbers, e->lo, e->inside, true, end_ns, b->forget_ns);
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
		end_of_life(b, e, e->start_ns + b->max_life_ns);
		b->expiry_first = (b->expiry_first + 1) & (b->expiry_room - 1);
		b->expiry_count--;
	}
}

static void read_mapping(struct logbook *b, const struct waiting *r)
{
	if (b->expiry_count > 0)
		expire(b, r->time_ns);
	numbers_record(r->numbers, r->number, r->inside, r->ends, r->time_ns, b->forget_ns);
	if (b->max_life_ns > 0 && !r->ends) {
		struct expiry e = { r->numbers, NULL, r->time_ns, r->inside, r->number, r->number };

		expect_expiry(b, &e);
	}
}

static void read_waiting(struct logbook *b)
{
	const struct waiting *r = b->waiting, *end = r + b->waiting_count;

	for (; end - r > NUMBER_AHEAD; r++) {
		numbers_prefetch(r[NUMBER_AHEAD].numbers, r[NUMBER_AHEAD].number);
		read_mapping(b, r);
	}
	for (; r < end; r++)
		read_mapping(b, r);
	b->waiting_count = 0;
}

/* Blocks are few: they are read at once, after what waits. */
static void read_block(struct logbook *b, const struct log_record *r)
{
	struct holdings *blocks = blocks_at(b, r->outside);
	struct held *open;

	read_waiting(b);
	expire(b, r->time_ns);
	if (log_kind_is_delete(r->kind)) {
		open = holdings_open(blocks, r->lo, r->hi, r->inside);
		if (open)
			holdings_end(blocks, open, r->time_ns);
		return;
	}
	holdings_begin(blocks, r->lo, r->hi, r->step ? r->step : 1, r->inside, r->time_ns, b->forget_ns);
	if (b->max_life_ns > 0) {
		struct expiry e = { NULL, blocks, r->time_ns, r->inside, r->lo, r->hi };

		expect_expiry(b, &e);
	}
}

void logbook_expire(struct logbook *b, int64_t until_ns)
{
	read_waiting(b);
	expire(b, until_ns);
}

void logbook_forget(struct logbook *b, int64_t forget_ns)
{
	b->forget_ns = forget_ns;
}

void logbook_record(struct logbook *b, const struct log_record *r)
{
	struct waiting *w;

	if (log_kind_is_block(r->kind)) {
		read_block(b, r);
		return;
	}
	must(!log_kind_is_session(r->kind) && r->lo == r->hi && r->inside != NUMBERS_NOBODY);
	if (b->waiting_count == WAITING)
		read_waiting(b);
	w = &b->waiting[b->waiting_count++];
	w->numbers = numbers_at(b, r->outside, r->protocol);
	w->time_ns = r->time_ns;
	w->inside = r->inside;
	w->number = r->lo;
	w->ends = r->kind == LOG_MAPPING_DELETE;
}
