/* feistel - the keyed permutation of numbers of RFC 6431 section 2.2.
 *
 * A three-round Feistel network over 16 bits: the number x gives the halves
 * L = x & 0xff and R = x >> 8; a round makes (R, L ^ F(round, R)) of them, F
 * being the first byte of AES-128 under the key of round, R and 14 zero bytes;
 * (R << 8) | L is the result. What falls outside the numbers wanted goes through
 * it again (cycle walking), so that it permutes any set of numbers.
 *
 * F has 3 x 256 values, so that they are a table, made once for a key. */
#ifndef SIM_SCHEME_FEISTEL_H
#define SIM_SCHEME_FEISTEL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/pool.h"

#define FEISTEL_ROUNDS 3
#define FEISTEL_KEY 16

struct feistel {
	uint8_t round[FEISTEL_ROUNDS][256];
};

void feistel_init(struct feistel *f, const uint8_t key[FEISTEL_KEY]);

/* The key of one address: AES-128 under `key` of the address in network order and
 * 12 zero bytes, since no two addresses should share one (RFC 6431 section 2.2). */
void feistel_key_of(const uint8_t key[FEISTEL_KEY], uint32_t address, uint8_t out[FEISTEL_KEY]);

uint16_t feistel_forward(const struct feistel *f, uint16_t x);
uint16_t feistel_back(const struct feistel *f, uint16_t x);

/* The permutation of slots 0 .. count-1, and its inverse. Never more than 65536
 * steps; 65536 / count on average. */
uint32_t feistel_slot(const struct feistel *f, const struct slots *slots, uint32_t count, uint32_t slot);
uint32_t feistel_slot_back(const struct feistel *f, const struct slots *slots, uint32_t count, uint32_t slot);

/* 32 hexadecimal digits. */
bool feistel_key_parse(const char *text, uint8_t out[FEISTEL_KEY]);

#endif
