#include "sim/scheme/feistel.h"

#include <string.h>

#include <nettle/aes.h>

#include "sim/base/must.h"

void feistel_init(struct feistel *f, const uint8_t key[FEISTEL_KEY])
{
	struct aes128_ctx aes;

	aes128_set_encrypt_key(&aes, key);
	for (unsigned round = 0; round < FEISTEL_ROUNDS; round++) {
		for (unsigned half = 0; half < 256; half++) {
			uint8_t block[AES_BLOCK_SIZE] = { (uint8_t)round, (uint8_t)half };

			aes128_encrypt(&aes, sizeof(block), block, block);
			f->round[round][half] = block[0];
		}
	}
}

void feistel_key_of(const uint8_t key[FEISTEL_KEY], uint32_t address, uint8_t out[FEISTEL_KEY])
{
	uint8_t block[AES_BLOCK_SIZE] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16), (uint8_t)(address >> 8),
		                          (uint8_t)address };
	struct aes128_ctx aes;

	aes128_set_encrypt_key(&aes, key);
	aes128_encrypt(&aes, sizeof(block), out, block);
}

uint16_t feistel_forward(const struct feistel *f, uint16_t x)
{
	uint8_t left = (uint8_t)x, right = (uint8_t)(x >> 8);

	for (unsigned round = 0; round < FEISTEL_ROUNDS; round++) {
		uint8_t next = left ^ f->round[round][right];

		left = right;
		right = next;
	}
	return (uint16_t)(right << 8 | left);
}

uint16_t feistel_back(const struct feistel *f, uint16_t x)
{
	uint8_t left = (uint8_t)x, right = (uint8_t)(x >> 8);

	for (unsigned round = FEISTEL_ROUNDS; round-- > 0;) {
		uint8_t before = right ^ f->round[round][left];

		right = left;
		left = before;
	}
	return (uint16_t)(right << 8 | left);
}

/* A walk ends: going on it would come back to where it began, which is one of the slots. */
uint32_t feistel_slot(const struct feistel *f, const struct slots *slots, uint32_t count, uint32_t slot)
{
	uint16_t number = slots_number(slots, slot);

	must(slot < count);
	do
		number = feistel_forward(f, number);
	while (slots->slot[number] >= count);
	return slots->slot[number];
}

uint32_t feistel_slot_back(const struct feistel *f, const struct slots *slots, uint32_t count, uint32_t slot)
{
	uint16_t number = slots_number(slots, slot);

	must(slot < count);
	do
		number = feistel_back(f, number);
	while (slots->slot[number] >= count);
	return slots->slot[number];
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool feistel_key_parse(const char *text, uint8_t out[FEISTEL_KEY])
{
	if (strlen(text) != 2 * FEISTEL_KEY)
		return false;
	for (unsigned i = 0; i < FEISTEL_KEY; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
