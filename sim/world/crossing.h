/* crossing - a workload's trains before and after one trial's NATs, one by one.
 *
 * The same trains meet the same NATs, instance by instance, as run_trials() has them
 * in its first replication; nothing is measured. */
#ifndef SIM_WORLD_CROSSING_H
#define SIM_WORLD_CROSSING_H

#include "sim/world/trial.h"

/* A train, and what became of it. */
struct crossing_step {
	struct segment seen;    /* as the CGN sees it: behind its home's NAT, if it has one that let it through */
	bool    at_home;        /* it was the home's NAT that stopped it */
	bool    again;          /* it was refused before, and is tried again (nat.retry) */
	enum outcome outcome;   /* at the CGN, or at home; a flow that was refused says so once for every try */
	uint32_t outside;       /* OUT_CREATED, OUT_REFRESHED: its public address and number; */
	uint16_t number;        /* OUT_EXEMPT: its own address and port */
};

/* Shows every train that starts before until_ns. By instance; within one by start. False with `e` set if
 * the scheme failed. */
bool crossing_run(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                  const struct trial *trial, int64_t until_ns,
                  void (*take)(void *context, const struct crossing_step *step), void *context, struct err *e);

#endif
