#include "sim/base/carry.h"

#include <string.h>

#include "sim/base/must.h"

static uint8_t *room_for(struct carry_out *o, size_t length)
{
	if (o->room - o->length < length) {
		o->room = o->room * 2 + length + 256;
		o->bytes = must_grow(o->bytes, o->room, 1);
	}
	o->length += length;
	return o->bytes + o->length - length;
}

void carry_number(struct carry_out *o, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*room_for(o, 1) = (uint8_t)(n | 0x80);
	*room_for(o, 1) = (uint8_t)n;
}

void carry_word(struct carry_out *o, uint64_t n)
{
	uint8_t *at = room_for(o, 8);

	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

void carry_half(struct carry_out *o, uint32_t n)
{
	uint8_t *at = room_for(o, 4);

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(n >> 8 * i);
}

void carry_bytes(struct carry_out *o, const void *bytes, size_t length)
{
	if (length)
		memcpy(room_for(o, length), bytes, length);
}

bool carry_take_number(struct carry_in *in, uint64_t most, uint64_t *out)
{
	uint64_t n = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte;

		if (in->at == in->end)
			return false;
		byte = *in->at++;
		if (shift == 63 && byte > 1)
			return false;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		*out = n;
		return n <= most && (byte || !shift);
	}
	return false;
}

bool carry_take_word(struct carry_in *in, uint64_t *out)
{
	if (in->end - in->at < 8)
		return false;
	*out = 0;
	for (int i = 0; i < 8; i++)
		*out |= (uint64_t)*in->at++ << 8 * i;
	return true;
}

bool carry_take_half(struct carry_in *in, uint32_t *out)
{
	if (in->end - in->at < 4)
		return false;
	*out = 0;
	for (int i = 0; i < 4; i++)
		*out |= (uint32_t)*in->at++ << 8 * i;
	return true;
}

bool carry_take_part(struct carry_in *in, size_t length, struct carry_in *part)
{
	if ((size_t)(in->end - in->at) < length)
		return false;
	*part = (struct carry_in){ in->at, in->at + length };
	in->at += length;
	return true;
}
