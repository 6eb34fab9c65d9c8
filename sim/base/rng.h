/* rng - random streams.
 *
 * A stream is a pure function of the words it is keyed with (seed, replication,
 * subscriber or instance, purpose): words are mixed, never added, so streams of
 * neighbouring keys are unrelated, and a result cannot depend on which thread
 * or rank drew it. Generator: xoshiro256++ (Blackman and Vigna), seeded by
 * SplitMix64. */
#ifndef SIM_BASE_RNG_H
#define SIM_BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* What a stream is for; part of its key. Append only: a number never changes its meaning. */
enum rng_purpose {
	RNG_TRAFFIC = 1,     /* keyed by source and subscriber */
	RNG_ALLOCATOR = 2,   /* keyed by scheme name and instance */
	RNG_PAIRING = 3,     /* keyed by scheme name and instance */
	RNG_CPE = 4,         /* keyed by instance */
	RNG_INCIDENT = 5,    /* keyed by flow */
	RNG_CLOCK = 6,       /* keyed by server */
	RNG_HOST = 7,        /* keyed by subscriber: which captured host it is, and its phase */
	RNG_BOOTSTRAP = 8,   /* alone: hosts of a capture drawn again */
	RNG_EVICTION = 9,    /* keyed by scheme name and instance */
	RNG_TEST = 99,
};

/* A well-mixed function of two words (SplitMix64's finaliser over both). */
static inline uint64_t mix64(uint64_t a, uint64_t b)
{
	uint64_t z = a ^ (b * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x632be59bd9b4e019));

	z ^= z >> 32;
	z *= UINT64_C(0xbf58476d1ce4e5b9);
	z ^= z >> 29;
	z *= UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 32);
}

uint64_t mix_text(uint64_t a, const char *text); /* the same over a string */

void rng_seed(struct rng *r, uint64_t key);

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t sum = s[0] + s[3];
	uint64_t out = ((sum << 23) | (sum >> 41)) + s[0];
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = (s[3] << 45) | (s[3] >> 19);
	return out;
}

/* Uniform over 0 .. n-1, n > 0. Multiply-shift on 32 bits with rejection (Lemire): unbiased.
 * *word is what was drawn: its lower half is independent of the answer. */
static inline uint32_t rng_below_of(struct rng *r, uint32_t n, uint64_t *word)
{
	uint64_t m;

	*word = rng_next(r);
	m = (*word >> 32) * n;
	if ((uint32_t)m < n) {
		uint32_t floor = (uint32_t)(-n) % n;

		while ((uint32_t)m < floor) {
			*word = rng_next(r);
			m = (*word >> 32) * n;
		}
	}
	return (uint32_t)(m >> 32);
}

/* The same. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	uint64_t word;

	return rng_below_of(r, n, &word);
}

/* Uniform over the 2^53 multiples of 2^-53 in [0, 1). */
static inline double rng_unit(struct rng *r)
{
	return (double)(rng_next(r) >> 11) * 0x1.0p-53;
}

#endif
