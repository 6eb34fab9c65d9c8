/* lane - one scheme in one instance: its NAT, and everything that watches it. */
#ifndef SIM_WORLD_LANE_H
#define SIM_WORLD_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/world/events.h"
#include "sim/world/watch.h"
#include "sim/world/workload_trace.h"

struct lane_setup {
	struct watch_setup watch;
	struct usage *demand;         /* the worker's sums of unlimited demand; NULL: not asked for */
	struct events_section *events; /* is told all that the watch is, and is the lane's; NULL: none */
	const struct workload_flows *flows; /* the numbers of its trains' flows */
};

struct lane;

/* NULL with `e` set if a kept log cannot be written; `events` is then given up. */
struct lane *lane_create(const struct lane_setup *setup, struct err *e);

/* Shows it a train of this instance (subscriber numbers of the scenario).
 * `before` is what the home's NAT said: a refusal stops the train there. */
void lane_show(struct lane *lane, const struct segment *train, enum outcome before);

/* Brings near what showing this train will touch. */
void lane_prefetch(const struct lane *lane, const struct segment *train);

/* Every train that starts before now_ns has been shown. */
void lane_advance(struct lane *lane, int64_t now_ns);

/* The run is over: its usage is in the worker's sums, its log's weight and its
 * answers are the caller's. Destroys the lane. */
bool lane_finish(struct lane *lane, struct log_weight *log, struct answers *answers, struct err *e);

#endif
