/* workload - the opened sources of a scenario, and their trains in one order. */
#ifndef SIM_WORLD_WORKLOAD_H
#define SIM_WORLD_WORKLOAD_H

#include "sim/world/trial.h"

struct traffic_sources {
	const struct workload *workload;
	struct source **sources;   /* by index in workload->traffic; owned */
};

/* The trains of a run of subscribers, all sources merged by (start, source). */
struct workload_stream;

struct workload_stream *workload_stream(const struct traffic_sources *t, uint32_t replication, uint32_t first, uint32_t count);

/* Appends every train with start_ns < until_ns not yet given; false once nothing is left. */
bool workload_next(struct workload_stream *s, int64_t until_ns, struct segments *out);

uint64_t workload_left_out(const struct workload_stream *s); /* flows that could not be offered */
void workload_end(struct workload_stream *s);

#endif
