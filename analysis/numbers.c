#include "analysis/numbers.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

/* A cell of the hash. 16 bytes. */
struct open_record {
	int64_t  start_ns;
	uint32_t inside;
	uint16_t number;
	uint16_t used;
};

struct past_record {
	int64_t  start_ns, end_ns;
	uint32_t inside;
	uint16_t number;
};

struct numbers {
	struct presence presence;
	struct open_record *cells; /* a power of two, probed in line from number & mask */
	uint32_t mask, count;
	struct past_record *past;  /* a ring, in order of end; a power of two */
	uint32_t past_first, past_count, past_mask;
};

#define FIRST_CELLS 64u
#define FIRST_PAST 16u

struct numbers *numbers_create(int64_t log_resolution_ns)
{
	struct numbers *n = must_alloc(1, sizeof(*n));

	presence_init(&n->presence, log_resolution_ns);
	n->cells = must_alloc(FIRST_CELLS, sizeof(*n->cells));
	n->mask = FIRST_CELLS - 1;
	n->past = must_alloc(FIRST_PAST, sizeof(*n->past));
	n->past_mask = FIRST_PAST - 1;
	return n;
}

void numbers_destroy(struct numbers *n)
{
	if (!n)
		return;
	presence_clear(&n->presence);
	free(n->cells);
	free(n->past);
	free(n);
}

const struct presence *numbers_presence(const struct numbers *n)
{
	return &n->presence;
}

/* The number's cell, or the empty one where it would be. */
static uint32_t cell_of(const struct numbers *n, uint16_t number)
{
	uint32_t at = number & n->mask;

	while (n->cells[at].used && n->cells[at].number != number)
		at = (at + 1) & n->mask;
	return at;
}

static void resize_cells(struct numbers *n, uint32_t room)
{
	struct open_record *old = n->cells;
	uint32_t old_mask = n->mask;

	n->cells = must_alloc(room, sizeof(*n->cells));
	n->mask = room - 1;
	for (uint32_t i = 0; i <= old_mask; i++)
		if (old[i].used)
			n->cells[cell_of(n, old[i].number)] = old[i];
	free(old);
}

/* Empties a cell; later ones that were pushed past it move back. */
static void empty_cell(struct numbers *n, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & n->mask; n->cells[at].used; at = (at + 1) & n->mask)
		if (((at - n->cells[at].number) & n->mask) >= ((at - hole) & n->mask)) {
			n->cells[hole] = n->cells[at];
			hole = at;
		}
	n->cells[hole].used = 0;
	n->count--;
	if (n->mask >= FIRST_CELLS && n->count < n->mask / 16)
		resize_cells(n, (n->mask + 1) / 4);
}

static void resize_past(struct numbers *n, uint32_t room)
{
	struct past_record *ring = must_alloc(room, sizeof(*ring));

	for (uint32_t i = 0; i < n->past_count; i++)
		ring[i] = n->past[(n->past_first + i) & n->past_mask];
	free(n->past);
	n->past = ring;
	n->past_first = 0;
	n->past_mask = room - 1;
}

static void put_past(struct numbers *n, const struct open_record *r, int64_t end_ns)
{
	struct past_record *p;

	if (n->past_count > n->past_mask)
		resize_past(n, (n->past_mask + 1) * 2);
	p = &n->past[(n->past_first + n->past_count++) & n->past_mask];
	p->start_ns = r->start_ns;
	p->end_ns = end_ns;
	p->inside = r->inside;
	p->number = r->number;
}

static void forget(struct numbers *n, int64_t forget_ns)
{
	while (n->past_count && n->past[n->past_first].end_ns < forget_ns) {
		n->past_first = (n->past_first + 1) & n->past_mask;
		n->past_count--;
	}
	if (n->past_mask >= FIRST_PAST && n->past_count < n->past_mask / 16)
		resize_past(n, (n->past_mask + 1) / 4);
}

void numbers_begin(struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns, int64_t forget_ns)
{
	struct open_record *r;

	forget(n, forget_ns);
	if (n->count >= n->mask / 2)
		resize_cells(n, (n->mask + 1) * 2);
	r = &n->cells[cell_of(n, number)];
	if (r->used) {
		put_past(n, r, time_ns);
		presence_end(&n->presence, r->inside, time_ns);
	} else {
		n->count++;
	}
	r->start_ns = time_ns;
	r->inside = inside;
	r->number = number;
	r->used = 1;
	presence_begin(&n->presence, inside, time_ns, forget_ns);
}

void numbers_end(struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns)
{
	uint32_t at = cell_of(n, number);

	if (!n->cells[at].used || n->cells[at].inside != inside)
		return;
	put_past(n, &n->cells[at], time_ns);
	empty_cell(n, at);
	presence_end(&n->presence, inside, time_ns);
}

int64_t numbers_open_since(const struct numbers *n, uint16_t number, uint32_t inside)
{
	const struct open_record *r = &n->cells[cell_of(n, number)];

	return r->used && r->inside == inside ? r->start_ns : NS_NONE;
}

void numbers_prefetch(const struct numbers *n, uint16_t number)
{
	__builtin_prefetch(&n->cells[number & n->mask], 1);
}

void numbers_of(const struct numbers *n, uint16_t number, int64_t from_ns, int64_t to_ns,
                void (*each)(void *context, uint32_t inside), void *context)
{
	const struct open_record *r = &n->cells[cell_of(n, number)];

	if (r->used && r->start_ns <= to_ns)
		each(context, r->inside);
	for (uint32_t i = n->past_count; i-- > 0;) {
		const struct past_record *p = &n->past[(n->past_first + i) & n->past_mask];

		if (p->end_ns < from_ns)
			return; /* so did all before it */
		if (p->number == number && p->start_ns <= to_ns)
			each(context, p->inside);
	}
}
