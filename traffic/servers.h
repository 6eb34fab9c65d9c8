/* servers - destinations that are met unequally often.
 *
 * Server d is 198.18.0.0 + d (the space of RFC 2544), drawn by Zipf's law through
 * an alias table (Walker, 1977): two words for any number of servers. */
#ifndef TRAFFIC_SERVERS_H
#define TRAFFIC_SERVERS_H

#include <stdint.h>

#include "sim/base/params.h"
#include "sim/base/rng.h"

#define SERVERS_FIRST UINT32_C(0xc6120000) /* 198.18.0.0 */

/* Server i is given with probability own / 2^32 where i is drawn, else the other. */
struct server_alias {
	uint32_t own;
	uint32_t other;
};

struct servers {
	uint32_t count;
	double zipf;
};

extern const struct param server_params[]; /* of struct servers */

/* `count` entries; the caller frees them. */
struct server_alias *servers_build(const struct servers *s);

/* An address. No jump: it would be guessed wrong half the time. */
static inline uint32_t server_draw(const struct server_alias *table, uint32_t count, struct rng *r)
{
	uint32_t i = rng_below(r, count);
	const struct server_alias *a = &table[i];
	uint32_t own = -(uint32_t)((uint32_t)(rng_next(r) >> 32) < a->own);

	return SERVERS_FIRST + ((i & own) | (a->other & ~own));
}

#endif
