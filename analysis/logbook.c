#include "analysis/logbook.h"

#include <stdlib.h>

#include "analysis/log_text.h"
#include "sim/base/must.h"

/* An open record of a log without ends, which lasts max_life at most. */
struct expiry {
	struct holdings *held;
	int64_t start_ns;
	uint32_t inside;
	uint16_t lo, hi;
};

/* Records wait for a few others, so that what each touches can be brought near
 * while those before it are read: the store is larger than the nearest caches,
 * and a record would wait for it twice or three times. */
#define WAITING 128
#define NUMBER_AHEAD 24 /* where the number's newest record is */
#define RECORD_AHEAD 12 /* that record */

struct waiting {
	struct holdings *held;
	int64_t time_ns, forget_ns;
	uint32_t inside;
	uint16_t lo, hi;
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

static int class_of(const struct log_record *r)
{
	return log_kind_is_block(r->kind) ? PLACE_BLOCKS : (int)r->protocol;
}

/* What is known of an address; made if it was not there. */
static struct holdings *held_at(struct logbook *b, uint32_t outside, int class)
{
	struct place *p = place_at(b, outside);

	if (!p->used) {
		if (b->place_count >= b->place_mask / 2) {
			grow_places(b);
			p = place_at(b, outside);
		}
		p->used = true;
		p->outside = outside;
		b->place_count++;
	}
	if (!p->held[class])
		p->held[class] = holdings_create(class == PLACE_BLOCKS, b->log_resolution_ns);
	return p->held[class];
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
	for (uint32_t i = 0; i <= b->place_mask; i++)
		for (int class = 0; class < PLACE_CLASSES; class++)
			holdings_destroy(b->places[i].held[class]);
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

static void expire(struct logbook *b, int64_t until_ns)
{
	while (b->expiry_count > 0) {
		const struct expiry *e = &b->expiries[b->expiry_first];
		struct held *open;

		if (e->start_ns > until_ns - b->max_life_ns)
			return;
		open = holdings_open(e->held, e->lo, e->hi, e->inside);
		if (open && open->start_ns == e->start_ns)
			holdings_end(e->held, open, e->start_ns + b->max_life_ns);
		b->expiry_first = (b->expiry_first + 1) & (b->expiry_room - 1);
		b->expiry_count--;
	}
}

static void record_begins(struct logbook *b, const struct waiting *r)
{
	holdings_begin(r->held, r->lo, r->hi, r->inside, r->time_ns, r->forget_ns);
	if (b->max_life_ns > 0) {
		struct expiry e = { r->held, r->time_ns, r->inside, r->lo, r->hi };

		expect_expiry(b, &e);
	}
}

static void record_ends(const struct waiting *r)
{
	struct held *open = holdings_open(r->held, r->lo, r->hi, r->inside);

	if (open)
		holdings_end(r->held, open, r->time_ns);
}

static void read_waiting(struct logbook *b)
{
	for (uint32_t i = 0; i < b->waiting_count; i++) {
		const struct waiting *r = &b->waiting[i];

		if (i + NUMBER_AHEAD < b->waiting_count)
			holdings_prefetch_number(r[NUMBER_AHEAD].held, r[NUMBER_AHEAD].lo);
		if (i + RECORD_AHEAD < b->waiting_count)
			holdings_prefetch_record(r[RECORD_AHEAD].held, r[RECORD_AHEAD].lo);
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
	must(!log_kind_is_session(r->kind));
	if (b->waiting_count == WAITING)
		read_waiting(b);
	b->waiting[b->waiting_count++] = (struct waiting){
		.held = held_at(b, r->outside, class_of(r)),
		.time_ns = r->time_ns,
		.forget_ns = forget_ns,
		.inside = r->inside,
		.lo = r->lo,
		.hi = r->hi,
		.ends = log_kind_is_delete(r->kind),
	};
}
