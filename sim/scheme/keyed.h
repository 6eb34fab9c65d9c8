/* keyed - SipHash-2-4 (Aumasson and Bernstein): the keyed functions F and G of
 * RFC 6056 section 3.3.3 and 3.3.4. Its key has 128 bits, as section 3.4 asks. */
#ifndef SIM_SCHEME_KEYED_H
#define SIM_SCHEME_KEYED_H

#include <stddef.h>
#include <stdint.h>

struct keyed {
	uint64_t k0, k1;
};

uint64_t keyed_hash(struct keyed key, const uint8_t *message, size_t length);

#endif
