#include "sim/world/flowset.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

/* Two flows with the same key are one chance in 2^64. */
static uint64_t key_of(const struct segment *train)
{
	uint64_t key = mix64((uint64_t)train->source << 32 | train->subscriber, train->flow);

	return key ? key : 1;
}

void flowset_init(struct flowset *s)
{
	*s = (struct flowset){ .cells = must_alloc(64, sizeof(*s->cells)), .mask = 63 };
}

void flowset_clear(struct flowset *s)
{
	free(s->cells);
	*s = (struct flowset){ 0 };
}

static void place(struct flowset *s, uint64_t key)
{
	uint32_t at = (uint32_t)key & s->mask;

	while (s->cells[at])
		at = (at + 1) & s->mask;
	s->cells[at] = key;
}

void flowset_add(struct flowset *s, const struct segment *train)
{
	if (train->flags & SEG_LAST)
		return;
	if (++s->count > s->mask / 2) {
		uint64_t *old = s->cells;
		uint32_t room = s->mask + 1;

		s->cells = must_alloc((size_t)room * 2, sizeof(*s->cells));
		s->mask = room * 2 - 1;
		for (uint32_t i = 0; i < room; i++)
			if (old[i])
				place(s, old[i]);
		free(old);
	}
	place(s, key_of(train));
}

static void take_out(struct flowset *s, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & s->mask; s->cells[at]; at = (at + 1) & s->mask)
		if (((at - (uint32_t)s->cells[at]) & s->mask) >= ((at - hole) & s->mask)) {
			s->cells[hole] = s->cells[at];
			hole = at;
		}
	s->cells[hole] = 0;
	s->count--;
}

/* Where the flow is; false if it is not in the set. */
static bool find(const struct flowset *s, const struct segment *train, uint32_t *at)
{
	uint64_t key;

	if (!s->count)
		return false;
	key = key_of(train);
	for (*at = (uint32_t)key & s->mask; s->cells[*at] != key; *at = (*at + 1) & s->mask)
		if (!s->cells[*at])
			return false;
	return true;
}

bool flowset_has(struct flowset *s, const struct segment *train)
{
	uint32_t at;

	if (!find(s, train, &at))
		return false;
	if (train->flags & SEG_LAST)
		take_out(s, at);
	return true;
}

bool flowset_take(struct flowset *s, const struct segment *train)
{
	uint32_t at;

	if (!find(s, train, &at))
		return false;
	take_out(s, at);
	return true;
}
