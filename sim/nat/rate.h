/* rate - at most so many a second: a bucket that holds n and fills at n a second,
 * kept as the time at which it would be full again. */
#ifndef SIM_NAT_RATE_H
#define SIM_NAT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/simtime.h"

/* Is there one left at `now_ns`? `full_ns` is 0 for a bucket that was never used. n > 0. */
static inline bool rate_has(int64_t full_ns, int64_t now_ns, uint32_t n)
{
	return full_ns - now_ns <= (int64_t)(n - 1) * (NS_PER_S / n);
}

/* Takes one. */
static inline void rate_take(int64_t *full_ns, int64_t now_ns, uint32_t n)
{
	*full_ns = (*full_ns > now_ns ? *full_ns : now_ns) + NS_PER_S / n;
}

#endif
