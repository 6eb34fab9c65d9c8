/* carry - numbers as bytes, to go from process to process and into a file.
 *
 * The form is the same on any machine, and there is one for any value: what is
 * taken from bytes gives these bytes again.
 *
 *	number   little-endian base 128 (LEB128), the shortest: 1 to 10 bytes
 *	word     8 bytes, little-endian
 *
 * Bytes are read from files: what is malformed is refused, and no length is
 * believed before the bytes for it are there. */
#ifndef SIM_BASE_CARRY_H
#define SIM_BASE_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct carry_out {       /* grows as it is written; free bytes with free() */
	uint8_t *bytes;
	size_t length, room;
};

void carry_number(struct carry_out *o, uint64_t n);
void carry_word(struct carry_out *o, uint64_t n);
void carry_half(struct carry_out *o, uint32_t n); /* half a word: 4 bytes */
void carry_bytes(struct carry_out *o, const void *bytes, size_t length);

struct carry_in {        /* what is left to read */
	const uint8_t *at, *end;
};

/* All return false if the bytes are malformed or over; nothing may then be read on. */
bool carry_take_number(struct carry_in *in, uint64_t most, uint64_t *out);
bool carry_take_word(struct carry_in *in, uint64_t *out);
bool carry_take_half(struct carry_in *in, uint32_t *out);
bool carry_take_part(struct carry_in *in, size_t length, struct carry_in *part); /* the next so many bytes */

#endif
