#include "sim/nat/portset.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/nat/pool.h"

/* One bit a slot, set while it is taken. Bits beyond `count` are never looked at. */
struct portset {
	uint32_t count;
	uint32_t taken;
	uint64_t looked;
	uint64_t words[];
};

struct portset *portset_create(uint32_t count)
{
	struct portset *ps;

	must(count >= 1 && count <= 65535);
	ps = must_alloc(1, sizeof(*ps) + (count + 63) / 64 * sizeof(uint64_t));
	ps->count = count;
	return ps;
}

void portset_destroy(struct portset *ps)
{
	free(ps);
}

/* Counting changes nothing that a caller could see otherwise; sets are never const objects. */
static void count_looks(const struct portset *ps, uint32_t looks)
{
	((struct portset *)(uintptr_t)ps)->looked += looks;
}

/* First free slot of a..b, 64 at a time; SLOT_NONE if there is none. */
static uint32_t find_up(const struct portset *ps, uint32_t a, uint32_t b)
{
	uint32_t word = a / 64, found;
	uint64_t free_bits = ~ps->words[word] & (~UINT64_C(0) << a % 64);

	while (!free_bits) {
		if (++word > b / 64) {
			count_looks(ps, b - a + 1);
			return SLOT_NONE;
		}
		free_bits = ~ps->words[word];
	}
	found = word * 64 + (uint32_t)__builtin_ctzll(free_bits);
	count_looks(ps, (found <= b ? found : b) - a + 1);
	return found <= b ? found : SLOT_NONE;
}

uint32_t portset_find(const struct portset *ps, uint32_t lo, uint32_t hi, uint32_t from)
{
	uint32_t slot;

	must(lo <= from && from <= hi && hi < ps->count);
	slot = find_up(ps, from, hi);
	if (slot == SLOT_NONE && from > lo)
		slot = find_up(ps, lo, from - 1);
	return slot;
}

uint32_t portset_pick(const struct portset *ps, uint32_t lo, uint32_t hi, uint32_t fraction)
{
	uint64_t free_bits[1024];
	uint32_t first = lo / 64, words = hi / 64 - first + 1, total = 0, rank;

	must(lo <= hi && hi < ps->count);
	count_looks(ps, hi - lo + 1);
	for (uint32_t i = 0; i < words; i++) {
		free_bits[i] = ~ps->words[first + i];
		if (i == 0)
			free_bits[i] &= ~UINT64_C(0) << lo % 64;
		if (i == words - 1)
			free_bits[i] &= ~UINT64_C(0) >> (63 - hi % 64);
		total += (uint32_t)__builtin_popcountll(free_bits[i]);
	}
	if (!total)
		return SLOT_NONE;
	rank = (uint32_t)((uint64_t)fraction * total >> 32);
	for (uint32_t i = 0;; i++) {
		uint32_t here = (uint32_t)__builtin_popcountll(free_bits[i]);

		if (rank < here) {
			while (rank--)
				free_bits[i] &= free_bits[i] - 1;
			return (first + i) * 64 + (uint32_t)__builtin_ctzll(free_bits[i]);
		}
		rank -= here;
	}
}

bool portset_has(const struct portset *ps, uint32_t slot)
{
	must(slot < ps->count);
	count_looks(ps, 1);
	return ps->words[slot / 64] >> slot % 64 & 1;
}

void portset_take(struct portset *ps, uint32_t slot)
{
	must(!portset_has(ps, slot));
	ps->words[slot / 64] |= UINT64_C(1) << slot % 64;
	ps->taken++;
}

void portset_give(struct portset *ps, uint32_t slot)
{
	must(portset_has(ps, slot));
	ps->words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	ps->taken--;
}

uint32_t portset_free(const struct portset *ps)
{
	return ps->count - ps->taken;
}

uint64_t portset_looked(const struct portset *ps)
{
	return ps->looked;
}
