/* pool - the public addresses of one instance and the numbers allowed on each.
 *
 * Allowed numbers (ports, or ICMP identifiers) are counted by *slot*: slot 0 is
 * the lowest allowed number, excluded ones have no slot. Everything that divides
 * numbers (ranges, blocks) divides slots, so exclusions leave no holes. */
#ifndef SIM_NAT_POOL_H
#define SIM_NAT_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/addr.h"

enum pooling {
	POOLING_PAIRED,       /* one address a subscriber (RFC 6888 REQ-2) */
	POOLING_SOFT_PAIRED,  /* that one, but another if it is full (RFC 7857 section 4) */
	POOLING_ARBITRARY,    /* any, for each mapping anew */
};
enum assignment { ASSIGN_RANDOM, ASSIGN_ROUND_ROBIN, ASSIGN_LEAST_USED, ASSIGN_HASH };

struct pool_config {
	struct addr_ranges prefixes;  /* addresses in the order listed, all of each */
	uint32_t addresses;           /* only the first so many; 0: all */
	struct port_range ports;
	struct port_ranges exclude;
	int pooling;                  /* enum pooling */
	int assignment;               /* enum assignment */
	uint32_t instances;           /* 0: auto */
};

/* How many addresses a configuration has in all (`addresses` applied). */
uint64_t pool_config_size(const struct pool_config *config);

/* The n-th address of the configuration, n < pool_config_size(). */
uint32_t pool_config_address(const struct pool_config *config, uint64_t n);

/* The reverse: which one an address is; false if it is not in the pool. */
bool pool_config_find(const struct pool_config *config, uint32_t address, uint64_t *n);

/* Allowed numbers of an address. Built once, shared by all instances. */
struct slots {
	uint32_t count;        /* 1 .. 65535 */
	bool     contiguous;   /* number = lo + slot */
	uint16_t lo;
	uint16_t *number;      /* slot -> number; owned */
	uint16_t *slot;        /* number -> slot, SLOT_NONE if not allowed; owned */
};
#define SLOT_NONE UINT16_MAX

/* NULL if nothing is left after the exclusions. */
struct slots *slots_create(struct port_range ports, const struct port_ranges *exclude);
void slots_destroy(struct slots *s);

static inline uint16_t slots_number(const struct slots *s, uint32_t slot)
{
	return s->contiguous ? (uint16_t)(s->lo + slot) : s->number[slot];
}

#endif
