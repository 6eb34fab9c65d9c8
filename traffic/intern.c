/* Strings lie one after the other; an open-addressing hash of their numbers finds
 * them. Nothing is ever removed: who is to forget numbers what is kept anew. */
#include "traffic/intern.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"

#define EMPTY UINT32_MAX
#define SLOTS_FIRST 64u /* a power of 2 */

struct intern {
	size_t length;
	uint8_t *bytes;
	uint32_t *slots;
	uint32_t count, room, slot_count; /* slot_count: at least twice count */
};

struct intern *intern_create(size_t length)
{
	struct intern *in = must_alloc(1, sizeof(*in));

	in->length = length;
	return in;
}

void intern_destroy(struct intern *in)
{
	if (!in)
		return;
	free(in->bytes);
	free(in->slots);
	free(in);
}

const uint8_t *intern_bytes(const struct intern *in, uint32_t number)
{
	must(number < in->count);
	return in->bytes + number * in->length;
}

uint32_t intern_count(const struct intern *in)
{
	return in->count;
}

static uint32_t *slot_of(const struct intern *in, const uint8_t *bytes)
{
	uint64_t h = 0;
	uint32_t at;

	for (size_t i = 0; i < in->length; i += 8) {
		uint64_t word = 0;

		memcpy(&word, bytes + i, in->length - i < 8 ? in->length - i : 8);
		h = mix64(h, word);
	}
	for (at = (uint32_t)h & (in->slot_count - 1); in->slots[at] != EMPTY; at = (at + 1) & (in->slot_count - 1))
		if (!memcmp(in->bytes + in->slots[at] * in->length, bytes, in->length))
			break;
	return &in->slots[at];
}

static void widen(struct intern *in)
{
	must(in->slot_count <= UINT32_MAX / 4);
	in->slot_count = in->slot_count ? 2 * in->slot_count : SLOTS_FIRST;
	in->slots = must_grow(in->slots, in->slot_count, sizeof(*in->slots));
	for (uint32_t i = 0; i < in->slot_count; i++)
		in->slots[i] = EMPTY;
	for (uint32_t i = 0; i < in->count; i++)
		*slot_of(in, in->bytes + i * in->length) = i;
}

uint32_t intern_number(struct intern *in, const uint8_t *bytes)
{
	uint32_t *slot;

	if (2 * (in->count + 1) > in->slot_count)
		widen(in);
	slot = slot_of(in, bytes);
	if (*slot != EMPTY)
		return *slot;
	if (in->count == in->room) {
		in->room = in->room ? 2 * in->room : SLOTS_FIRST;
		in->bytes = must_grow(in->bytes, in->room, in->length);
	}
	memcpy(in->bytes + in->count * in->length, bytes, in->length);
	*slot = in->count;
	return in->count++;
}
