/* mapping_runs - the numbers that a rule gives a subscriber, and those of the dynamic pool beside them, as runs. */
#ifndef SIM_COMMAND_MAPPING_RUNS_H
#define SIM_COMMAND_MAPPING_RUNS_H

#include "sim/command/mapping.h"

/* A subscriber's numbers: runs without a gap, by address in the order of the pool. Of one who has `whole` addresses of the
 * rule's, those of the first. */
struct run {
	uint32_t address;
	uint16_t lo, hi;
};
struct runs {
	struct run *items;   /* owned */
	size_t count;
	uint64_t numbers;    /* of all addresses */
	uint32_t subscriber;
	uint32_t whole;      /* addresses that are all its own, from the first run's on; 0: it shares them */
	uint64_t *keys;      /* address << 16 | number; owned, kept from one subscriber to the next */
	size_t room;
};

/* The numbers of the dynamic pool beside a subscriber's own: of the address of its first one. */
struct dynamic {
	uint32_t address, block, numbers;
	struct run *items; /* owned */
	size_t count;
};

void runs_of(const struct mapping_rule *m, uint32_t subscriber, struct runs *out);
void runs_clear(struct runs *r);

/* Those of the address that `runs` begins with; worked out again only if that is another one. */
void dynamic_of(const struct mapping_rule *m, const struct runs *runs, struct dynamic *d);
void dynamic_clear(struct dynamic *d);
bool is_dynamic(const struct mapping_rule *m, uint32_t address, uint32_t slot, uint32_t *block);

#endif
