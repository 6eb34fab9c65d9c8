/* cut - how a trial is dealt to instances that share nothing, as the cards of a
 * CGN do. It depends on the scenario alone, never on the machine. */
#ifndef SIM_WORLD_CUT_H
#define SIM_WORLD_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/world/trial.h"

/* `auto`: one instance for every CUT_AUTO subscribers begun, at most one for each address. */
#define CUT_AUTO 256u

struct cut {
	uint32_t instances;
	uint32_t subscribers, addresses;
	uint32_t tie;   /* subscribers that the scheme's rule puts on each address; 0: no tie */
};

/* What one instance has. Runs are consecutive; an instance may be empty of subscribers. */
struct share {
	uint32_t first_subscriber, subscribers;
	uint32_t first_address, addresses;
};

struct cut cut_of(const struct workload *workload, const struct trial *trial);
struct share cut_share(const struct cut *cut, uint32_t instance);
/* The key of an instance's random streams: its allocator's and its pairing's. */
uint64_t nat_key(const struct workload *workload, const struct trial *trial, uint32_t replication, uint32_t instance);

bool cut_same(const struct cut *a, const struct cut *b); /* the same subscribers in each instance */

#endif
