/* replay_mark - moments at which something other than the trace's flows was seen.
 *
 * A trace's times count from the capture's first packet to its last, whatever
 * that was: ARP, say, or a flow that is not in the trace. And where nothing was seen
 * for a day, importing shortens the gap (traffic/timeline.h), and takes the flows at
 * its edges as cut off. A frame that is nothing to a NAT, sent at each of these
 * moments, makes all of it come out again. */
#ifndef TRAFFIC_REPLAY_MARK_H
#define TRAFFIC_REPLAY_MARK_H

#include "traffic/replay_plan.h"
#include "traffic/trace.h"

struct marks {
	int64_t *times_ns; /* rising; owned */
	size_t count, room;
	uint64_t seams_lost; /* gaps whose edges could not be told */
};

void marks_make(struct marks *m, const struct trace *t, const struct replay_plan *plan);
void marks_clear(struct marks *m);

#endif
