/* scheme - the family of port-allocation schemes: one file each, one line in
 * schemes.c. A scheme makes an allocator (sim/nat/allocator.h) on the ground of
 * each instance from its parameters. */
#ifndef SIM_SCHEME_SCHEME_H
#define SIM_SCHEME_SCHEME_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/addr6.h"
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

/* A number of the pool. */
struct scheme_number {
	uint32_t address;        /* index in the pool */
	uint32_t slot;
};

/* How a scheme's rule ties subscribers to addresses, and so what instances it can be cut into. */
enum scheme_tie {
	TIE_NONE,    /* no rule: any subscribers, any addresses */
	TIE_RUNS,    /* the first so many subscribers live on the first address, the next on the next */
	TIE_WHOLE,   /* all of the pool is one instance */
};

/* What a scheme promises of itself, for `cgnsim conform` to hold it to. Zeroed: the
 * whole of an address for anybody, and no more than SCHEME_DRAWS draws. */
struct scheme_promise {
	uint32_t most;   /* most numbers of one protocol that a subscriber may get; 0: as many as there are */
	int64_t interval_ns; /* a subscriber gets no block sooner than so long after its last one */
	uint32_t draws;  /* slots looked at in a call beyond each of the address once; 0: SCHEME_DRAWS */
	bool partial;    /* it may refuse while numbers are free that somebody could have */
};
#define SCHEME_DRAWS 64

struct guard;

struct scheme_type {
	const char *name;
	const char *summary;
	const struct param *params; /* of its configuration struct; ended by a row with name NULL */
	size_t config_size;

	/* Completes and checks a configuration against the pool (fills shorthands,
	 * capacity, tables). `place` is the JSON path of the scheme, for messages. May be
	 * called again for another pool. NULL: nothing to check. */
	bool (*settle)(void *config, const struct scheme_pool *pool, const char *place, struct err *e);

	/* Frees what settle() made; the configuration is as it was before. NULL: nothing to free. */
	void (*unsettle)(void *config);

	struct allocator (*create)(const void *config, struct ground *ground);

	/* Does it give a number to several mappings at once (struct allocator)? NULL: no. */
	bool (*overloads)(const void *config);

	/* The same on a guard's ground (guard.h), by a scheme that has breaches of its own to
	 * tell the guard; create() then makes a guard itself. NULL: create() does as well. */
	struct allocator (*create_guarded)(const void *config, struct guard *guard);

	/* How the rule ties subscribers to addresses, and for TIE_RUNS how many there are on each. NULL: TIE_NONE. */
	enum scheme_tie (*tie)(const void *config, uint32_t *each);

	/* Guard time and the like that warm-up must add. NULL: 0. */
	int64_t (*lag)(const void *config);

	/* Numbers (per protocol) that nobody can ever get, in the whole pool: remainders, empty slots, a dynamic pool on an
	 * address without subscribers. NULL: 0. */
	uint64_t (*stranded)(const void *config, const struct scheme_pool *pool);

	/* Numbers (per protocol) reserved for the subscribers for good, before anything happens. NULL: 0. */
	uint64_t (*assigned)(const void *config, const struct scheme_pool *pool);

	/* Algorithmic schemes: the rule. `pool` needs no `config` here. NULL, all of them: not algorithmic.
	 *
	 * numbers(): how many numbers are the subscriber's own, UINT32_MAX if more; forward(): the n-th of
	 * them, in the rule's order; reverse(): whose own a number is, false if it is
	 * nobody's; tenant(): the n-th subscriber with a number of that address, false if
	 * there are not so many. Each is one step of arithmetic, whatever the pool. */
	uint32_t (*numbers)(const void *config, const struct scheme_pool *pool, uint32_t subscriber);
	void (*forward)(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
	                struct scheme_number *out);
	bool (*reverse)(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
	                uint32_t *subscriber);
	bool (*tenant)(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
	               uint32_t *subscriber);

	/* How many addresses are all the subscriber's own, from `first` on; 0: it shares them. NULL: 0. */
	uint32_t (*whole)(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t *first);

	/* Is the number of the dynamic pool, which subscribers of the address get blocks of when their own numbers are all
	 * taken? `block`: how many numbers in each. Who has it is in the log alone. NULL: there is none. */
	bool (*dynamic)(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot, uint32_t *block);

	/* What else the rule says of a subscriber: calls each() with names and texts ("psid", "52"). NULL: nothing. */
	void (*tell)(const void *config, const struct scheme_pool *pool, uint32_t subscriber,
	             void (*each)(void *context, const char *name, const char *text), void *context);

	/* The subscriber in whose IPv6 prefix the given one lies. NULL: the rule knows of no IPv6. */
	bool (*of_prefix)(const void *config, const struct scheme_pool *pool, const struct addr6 *prefix,
	                  uint32_t *subscriber);

	/* What must be kept beside the log, so that the rule can be asked when it has changed: a line (record.h), the
	 * caller's to free. NULL: nothing. */
	char *(*record)(const void *config, const struct scheme_pool *pool);

	/* What it promises when settled. NULL: as if zeroed. */
	void (*promise)(const void *config, const struct scheme_pool *pool, struct scheme_promise *out);

	/* A type that only a settled configuration can be told to be; of the same parameters. NULL: this one. */
	const struct scheme_type *(*variant)(const void *config);

	/* Did the scheme break a rule in any instance so far? Says so and returns false. NULL: it never does. */
	bool (*fault)(const void *config, struct err *e);

	/* Does it log each mapping (session records), or only blocks (or nothing)? */
	bool logs_mappings;
};

extern const struct scheme_type scheme_session, scheme_bounded, scheme_block, scheme_deterministic, scheme_port_set,
                                scheme_one_to_one, scheme_plugin;

/* Variants. */
extern const struct scheme_type scheme_plugin_blocks, scheme_plugin_rule, scheme_plugin_logged_rule;

/* All of them, ended by NULL. */
extern const struct scheme_type *const scheme_types[];
const struct scheme_type *scheme_find(const char *name); /* NULL if there is none */

/* The rule of a settled scheme asked by address and port, as an operator asks it:
 * the inside address behind an outside endpoint. False: not of the pool, or nobody's. */
bool scheme_lookup(const struct scheme_type *type, const void *config, const struct scheme_pool *pool, uint32_t outside,
                   uint16_t port, uint32_t *inside);

#endif
