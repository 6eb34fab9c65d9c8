/* events_measure - the measures of trials from an event file: what `run` does with the
 * flow world's events, of whatever world the file's are. */
#ifndef SIM_WORLD_EVENTS_MEASURE_H
#define SIM_WORLD_EVENTS_MEASURE_H

#include "sim/world/events.h"
#include "sim/world/trial.h"
#include "sim/world/workload_trace.h"

struct events_measure {
	struct events *events;
	const struct workload *workload;
	const struct workload_facts *facts;
	struct trial *trials;
	size_t count;
	const uint32_t *in_file;   /* [count]: which of the file's each trial is */
	/* Whose each flow of the trace is, and so what is offered, and which may be complained about; NULL: the file is of another
	 * workload, and a flow is known by the trace's number alone. */
	const struct workload_flows *flows;
	uint64_t offered[PROTO_COUNT]; /* that begin within the window; only with `flows` */
	const char *log_directory; /* where trials with log.keep leave theirs; NULL: none is kept */
	/* Called now and then: share done, records read so far. */
	void (*progress)(void *context, double share, uint64_t records);
	void *progress_context;
};

/* Fills trial->measures, of one replication. False with `e` set if the file lacks a section, is damaged, or does not fit the
 * trials, or a log could not be written. */
bool events_measure(const struct events_measure *how, struct err *e);

#endif
