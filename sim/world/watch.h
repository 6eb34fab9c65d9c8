/* watch - everything that looks at one scheme in one instance: the meter, the log
 * and the reader of the log. It is told what the NAT does (its events) and what
 * became of each train, whoever drives the NAT: lanes in the flow world, an event
 * file (events.h) for any other. */
#ifndef SIM_WORLD_WATCH_H
#define SIM_WORLD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/measures.h"
#include "sim/world/cut.h"
#include "sim/world/trial.h"

/* What watches of a trial share, in all instances. */
struct watch_ground {
	const struct workload *workload;
	const struct trial *trial;
	struct slots *slots;          /* owned */
	struct scheme_pool pool;
	struct rule rule;             /* of an algorithmic scheme */
	uint64_t incident_below;      /* flows whose hash is less may be incidents */
	uint64_t whole_below;         /* see struct log_setup */
};

void watch_ground_init(struct watch_ground *g, const struct workload *workload, const struct trial *trial,
                       const struct workload_facts *facts, uint32_t instances);
void watch_ground_clear(struct watch_ground *g);

struct watch_setup {
	struct watch_ground *ground;
	struct share share;
	uint32_t instance, replication;
	struct usage *usage;          /* the worker's sums */
	const char *keep_path;        /* NULL: the log is not kept */
};

struct watch;

/* NULL with `e` set if a kept log cannot be written. */
struct watch *watch_create(const struct watch_setup *setup, struct err *e);

/* What the NAT did, in order of time. */
void watch_event(struct watch *w, const struct nat_event *event);

/* What a train was to its flow; bits. */
enum sight {
	SIGHT_BEGINS  = 1 << 0, /* the flow's first train */
	SIGHT_NEEDS   = 1 << 1, /* its first need of the NAT: attempted is counted here */
	SIGHT_AT_HOME = 1 << 2, /* it was the home's NAT that ended it */
	SIGHT_RETRY   = 1 << 3, /* what was refused is tried again */
};

/* A train (subscriber numbers of the scenario) was shown: what the NAT, or the home's, said. */
void watch_train(struct watch *w, const struct segment *train, const struct verdict *v, unsigned sight);

/* Every train that starts before now_ns, and every event until then, has been told. */
void watch_advance(struct watch *w, int64_t now_ns);

/* The run is over: its usage is in the worker's sums, its log's weight and its
 * answers are the caller's. Destroys the watch. */
bool watch_finish(struct watch *w, struct log_weight *log, struct answers *answers, struct err *e);

/* Gives up. NULL is fine. */
void watch_abandon(struct watch *w);

#endif
