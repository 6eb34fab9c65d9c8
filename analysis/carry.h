/* carry - sums of measures as bytes, to go from process to process and into a file.
 *
 * The form is the same on any machine, and there is one for any value: what is
 * taken from bytes gives these bytes again.
 *
 *	number   little-endian base 128 (LEB128), the shortest: 1 to 10 bytes
 *	word     8 bytes, little-endian
 *	array    of a known length: runs of (zeros to skip, how many follow, these); the last may skip
 *	         to the end, and then nothing follows
 *
 * Bytes are read from files: what is malformed is refused, and no length is
 * believed before the bytes for it are there. */
#ifndef ANALYSIS_CARRY_H
#define ANALYSIS_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/log.h"
#include "analysis/utilisation.h"

struct carry_out {       /* grows as it is written; free bytes with free() */
	uint8_t *bytes;
	size_t length, room;
};

void carry_number(struct carry_out *o, uint64_t n);
void carry_word(struct carry_out *o, uint64_t n);
void carry_bytes(struct carry_out *o, const void *bytes, size_t length);

void carry_usage(struct carry_out *o, const struct usage *u);   /* all but its frame */
void carry_log(struct carry_out *o, const struct log_weight *w);
void carry_answers(struct carry_out *o, const struct answers *a);

struct carry_in {        /* what is left to read */
	const uint8_t *at, *end;
};

/* All return false if the bytes are malformed or over; nothing may then be read on. */
bool carry_take_number(struct carry_in *in, uint64_t most, uint64_t *out);
bool carry_take_word(struct carry_in *in, uint64_t *out);
bool carry_take_part(struct carry_in *in, size_t length, struct carry_in *part); /* the next so many bytes */

/* `u` is new: made by usage_create() with the frame that the bytes had. */
bool carry_take_usage(struct carry_in *in, struct usage *u);
/* *w is zeroed; a window has `seconds` seconds. The caller clears it, even after false. */
bool carry_take_log(struct carry_in *in, size_t seconds, struct log_weight *w);
/* *a is zeroed. The caller frees the items, even after false. */
bool carry_take_answers(struct carry_in *in, struct answers *a);

#endif
