/* lane - one scheme in one instance: its NAT, and everything that watches it. */
#ifndef SIM_WORLD_LANE_H
#define SIM_WORLD_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/measures.h"
#include "sim/world/cut.h"
#include "sim/world/trial.h"

/* What lanes of a trial share, in all instances. */
struct lane_ground {
	const struct workload *workload;
	const struct trial *trial;
	struct slots *slots;          /* owned */
	struct scheme_pool pool;
	struct rule rule;             /* of an algorithmic scheme */
	uint64_t incident_below;      /* flows whose hash is less may be incidents */
	uint64_t whole_below;         /* see struct log_setup */
};

void lane_ground_init(struct lane_ground *g, const struct workload *workload, const struct trial *trial,
                      const struct workload_facts *facts, uint32_t instances);
void lane_ground_clear(struct lane_ground *g);

struct lane_setup {
	struct lane_ground *ground;
	struct share share;
	uint32_t instance, replication;
	struct usage *usage;          /* the worker's sums */
	struct usage *demand;         /* the same for unlimited demand; NULL: not asked for */
	const char *keep_path;        /* NULL: the log is not kept */
};

struct lane;

/* NULL with `e` set if a kept log cannot be written. */
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
