/* scheme - the family of port-allocation schemes: one file each, one line in
 * schemes.c. A scheme makes an allocator (sim/nat/allocator.h) on the ground of
 * each instance from its parameters. */
#ifndef SIM_SCHEME_SCHEME_H
#define SIM_SCHEME_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/params.h"
#include "sim/nat/allocator.h"

/* The whole of a trial's pool, as a scheme's rule may need it. */
struct scheme_pool {
	const struct pool_config *config;
	const struct slots *slots;
	uint32_t addresses;    /* pool_config_size() */
	uint32_t subscribers;
	uint32_t first_inside; /* the address of subscriber 0 */
};

/* An answer of an algorithmic scheme's rule. */
struct scheme_range {
	uint32_t address;        /* index in the pool */
	uint32_t slot, count;    /* a run of slots */
};

struct scheme_type {
	const char *name;
	const char *summary;
	const struct param *params; /* of its configuration struct; ended by a row with name NULL */
	size_t config_size;

	/* Completes and checks a configuration against the pool (fills shorthands,
	 * capacity). `place` is the JSON path of the scheme, for messages. NULL: nothing to check. */
	bool (*settle)(void *config, const struct scheme_pool *pool, const char *place, struct err *e);

	struct allocator (*create)(const void *config, struct ground *ground);

	/* Schemes whose rule ties subscribers to addresses: how many subscribers
	 * live on each address, in order (address-first run). 0 or NULL: no tie. */
	uint32_t (*tie)(const void *config);

	/* Guard time and the like that warm-up must add. NULL: 0. */
	int64_t (*lag)(const void *config);

	/* Numbers (per protocol) that nobody can ever get, in the whole pool. NULL: 0. */
	uint64_t (*stranded)(const void *config, const struct scheme_pool *pool);

	/* Numbers (per protocol) reserved for the subscribers for good, before anything happens. NULL: 0. */
	uint64_t (*assigned)(const void *config, const struct scheme_pool *pool);

	/* Algorithmic schemes: the rule forward (subscriber -> range) and in reverse
	 * (address index, slot -> subscriber; false if it is nobody's by rule). NULL: not algorithmic. */
	bool (*forward)(const void *config, const struct scheme_pool *pool, uint32_t subscriber, struct scheme_range *out);
	bool (*reverse)(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot, uint32_t *subscriber);

	/* Does it log each mapping (session records), or only blocks (or nothing)? */
	bool logs_mappings;
};

/* All of them, ended by NULL. */
extern const struct scheme_type *const scheme_types[];
const struct scheme_type *scheme_find(const char *name); /* NULL if there is none */

#endif
