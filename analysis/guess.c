#include "analysis/guess.h"

#include "sim/base/fp.h"

#define Z95 1.6448536269514722 /* the normal law's 95% quantile */

const char *const guesser_name[GUESSERS] = { "next", "before", "stride", "block" };

void guess_add(struct guess_past *past, uint32_t slot, uint64_t hits[GUESSERS])
{
	if (past->known) {
		hits[GUESS_NEXT] += slot == past->last + 1u ? GUESS_RUN : 0;
		hits[GUESS_BEFORE] += slot + 1 == past->last ? GUESS_RUN : 0;
		hits[GUESS_BLOCK] += slot / GUESS_RUN == past->last / GUESS_RUN;
	}
	if (past->known == 2)
		hits[GUESS_STRIDE] += slot + past->before == 2u * past->last ? GUESS_RUN : 0;
	past->before = past->last;
	past->last = (uint16_t)slot;
	past->known = past->known ? 2 : 1;
}

double guess_rate(const uint64_t hits[GUESSERS], uint64_t count, double pool)
{
	double n = (double)count, best = 0, p, bound;

	for (int g = 0; g < GUESSERS; g++)
		if ((double)hits[g] > best)
			best = (double)hits[g];
	p = best / GUESS_RUN / n;
	bound = (p + Z95 * Z95 / (2 * n) + Z95 * fp_sqrt(p * (1 - p) / n + Z95 * Z95 / (4 * n * n))) / (1 + Z95 * Z95 / n);
	return bound > pool ? bound : pool;
}
