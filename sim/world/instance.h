/* instance - one part of the cut, simulated from start to end: its trains are
 * generated once, slab by slab, shown to the homes' NATs once, and then to each
 * trial of the group. */
#ifndef SIM_WORLD_INSTANCE_H
#define SIM_WORLD_INSTANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/world/lane.h"
#include "sim/world/sums.h"

/* Trials with the same cut. */
struct group {
	struct cut cut;
	size_t *trials;        /* indices; owned */
	size_t count;
};

struct instance_setup {
	const struct workload *workload;
	const struct traffic_sources *sources;
	const struct workload_facts *facts;
	const struct trial *trials;
	struct watch_ground *grounds;   /* by trial */
	const struct slots *cpe_slots; /* NULL if no trial has NATs at home */
	const struct group *group;
	uint32_t number, replication;
	struct tally *tallies;         /* by trial: what is measured is added here */
	const char *log_directory;     /* NULL: no log is kept */
	const char *events_directory;  /* NULL: events are not written */
	const struct workload_flows *flows;
	/* Called after every slab; false: give up. */
	bool (*advanced)(void *context, int64_t by_ns, uint64_t trains);
	void *context;
};

/* Does the trial have NATs at home? */
bool behind_cpe(const struct trial *t);

/* False if it was given up, or with `e` set if a kept log could not be written:
 * a part of it is then in the tallies, which are of no more use. */
bool instance_run(const struct instance_setup *setup, struct err *e);

#endif
