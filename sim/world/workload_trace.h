/* workload_trace - a scenario's workload as a flow trace, and whose each flow of it was.
 *
 * Sources number their flows for themselves, and may skip; a trace numbers each
 * host's from 0 without a gap. Both numbers are needed where a world runs the
 * trace and its results are to be those of the scenario: what is drawn for a flow
 * (its incident) hangs on the source's number. */
#ifndef SIM_WORLD_WORKLOAD_TRACE_H
#define SIM_WORLD_WORKLOAD_TRACE_H

#include "sim/world/trial.h"
#include "traffic/trace.h"

struct workload_flows {
	uint64_t *ids;         /* source << 32 | its flow, by host, in the trace's order; owned */
	size_t *first;         /* [hosts + 1]: where a host's begin; owned */
	uint64_t *left_out;    /* [hosts]: flows that could not be offered; owned */
	uint32_t hosts;
	size_t count, room;
};

/* The workload of the first replication, from time 0 (warm-up included); subscriber k is host k. *flows is filled unless it is
 * NULL; clear it. NULL with `e` set if the trains are too many. `name` is the scenario's, for the message. */
struct trace *workload_trace(const struct workload *w, const struct traffic_sources *sources, const char *name,
                             struct workload_flows *flows, struct err *e);

void workload_flows_clear(struct workload_flows *flows); /* fine on a zeroed one */

/* Gives a train of the trace its source's number instead; false if its host has no such flow. Subscribers are below `hosts`. */
bool workload_flows_own(const struct workload_flows *flows, struct segment *train);

/* The reverse, for a train of the workload. */
void workload_flows_traced(const struct workload_flows *flows, struct segment *train);

#endif
