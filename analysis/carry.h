/* carry - sums of measures as bytes, to go from process to process and into a file:
 * numbers and words (sim/base/carry.h), and
 *
 *	array    of a known length: runs of (zeros to skip, how many follow, these); the last may skip
 *	         to the end, and then nothing follows */
#ifndef ANALYSIS_CARRY_H
#define ANALYSIS_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/log.h"
#include "analysis/utilisation.h"
#include "sim/base/carry.h"

void carry_usage(struct carry_out *o, const struct usage *u);   /* all but its frame */
void carry_log(struct carry_out *o, const struct log_weight *w);
void carry_answers(struct carry_out *o, const struct answers *a);

/* All return false if the bytes are malformed or over; nothing may then be read on.
 * `u` is new: made by usage_create() with the frame that the bytes had. */
bool carry_take_usage(struct carry_in *in, struct usage *u);
/* *w is zeroed; a window has `seconds` seconds. The caller clears it, even after false. */
bool carry_take_log(struct carry_in *in, size_t seconds, struct log_weight *w);
/* *a is zeroed. The caller frees the items, even after false. */
bool carry_take_answers(struct carry_in *in, struct answers *a);

#endif
