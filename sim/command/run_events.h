/* run_events - `run --events`: what the flow world did, as an event file. */
#ifndef SIM_COMMAND_RUN_EVENTS_H
#define SIM_COMMAND_RUN_EVENTS_H

#include "sim/command/opened.h"
#include "sim/world/workload_trace.h"

struct run_events {
	const char *path;         /* the file; NULL: none is asked for */
	char *directory;          /* where the sections go; owned */
	struct workload_flows flows;
	uint32_t digest;          /* of the workload's trace */
};

/* Makes work/events, and the numbers of the trace's flows. Does nothing if path is NULL. Clear it in both cases. */
bool run_events_open(struct run_events *r, const struct opened *o, const char *path, const char *work, struct err *e);

/* Once all has run: writes the file. */
bool run_events_join(const struct run_events *r, const struct opened *o, struct err *e);

void run_events_clear(struct run_events *r); /* fine on a zeroed one */

#endif
