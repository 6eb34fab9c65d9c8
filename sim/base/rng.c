#include "sim/base/rng.h"

#include <string.h>

/* Words are put together byte by byte, so that the key is the same on a
 * machine of the other byte order. The length goes in last: a text and the same
 * text with zero bytes after it must not be one key. */
uint64_t mix_text(uint64_t a, const char *text)
{
	size_t length = strlen(text);
	uint64_t word = 0;

	for (size_t i = 0; i < length; i++) {
		word |= (uint64_t)(unsigned char)text[i] << (i % 8 * 8);
		if (i % 8 == 7) {
			a = mix64(a, word);
			word = 0;
		}
	}
	return mix64(mix64(a, word), length);
}

/* SplitMix64, as the authors of xoshiro advise. Its four values are distinct,
 * so the state is never all zero, the one state xoshiro cannot leave. */
void rng_seed(struct rng *r, uint64_t key)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = key += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		r->s[i] = z ^ (z >> 31);
	}
}
