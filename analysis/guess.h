/* guess - how often named guessers find the next number that a subscriber is
 * given, where a scheme declares no law of its own (struct nat_event, odds).
 *
 * Each knows the subscriber's past numbers in that protocol and the public
 * configuration, and guesses before each mapping:
 *
 *   next    the number after its last
 *   before  the number before its last
 *   stride  its last, plus what that was from the one before
 *   block   any of the aligned GUESS_RUN numbers that its last is one of: right once in GUESS_RUN of those times
 *   pool    any number of the address */
#ifndef ANALYSIS_GUESS_H
#define ANALYSIS_GUESS_H

#include <stdint.h>

enum guesser { GUESS_NEXT, GUESS_BEFORE, GUESS_STRIDE, GUESS_BLOCK, GUESSERS };
extern const char *const guesser_name[GUESSERS]; /* pool needs no counting */

#define GUESS_RUN 64

/* What they know of a subscriber in one protocol. Zeroed: nothing yet. */
struct guess_past {
	uint16_t last, before; /* slots */
	uint8_t known;         /* how many of them: 0 to 2 */
};

/* A subscriber is given this slot: adds GUESS_RUN for each guesser that was right, 1 for `block`. */
void guess_add(struct guess_past *past, uint32_t slot, uint64_t hits[GUESSERS]);

/* The best one's hit rate over `count` mappings: the one-sided 95% bound above it
 * (Wilson's), and not below `pool`, 1 / numbers. count > 0. */
double guess_rate(const uint64_t hits[GUESSERS], uint64_t count, double pool);

#endif
