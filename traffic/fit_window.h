/* fit_window - what of a trace's time can be fitted, chosen so that nothing about a
 * flow decides whether it counts.
 *
 * That a flow is over is known a silence later: of a flow last seen within that
 * of the capture's end nobody can tell whether it was its last packet. So flows are looked at
 * up to E = end - silence: one that is seen after E was alive at E and lasted at least
 * E - start; one that is not was over; one that begins after E is left out. What closed by FIN
 * or a reset after E is treated alike, though its end is known: to take the ends of those
 * that close and not of those that fall silent would make flows that close look
 * shorter than they are.
 *
 * A flow other than TCP's that was alive when the capture began looks like one that begins, until a
 * silence has passed. So what begins before `from` is left out; a TCP flow has its SYN.
 *
 * A silence is that of --split, else trace.silence_ns; of sockets --split or FIT_SOCKET_OVER. Of a
 * part shorter than 1.5 silences two thirds of it count as one: something is to be left to fit,
 * and the report says so. `from` is a silence after the beginning, but no later than half-way to E; where then no flow is left whose
 * beginning was seen, all are taken to have begun when they were first seen.
 *
 * A capture that was stitched together has parts, with a day between two (traffic/timeline.h);
 * each has a window of its own, for what was between them nobody saw. Of files that follow one another
 * within a day the trace says alone which flows were cut off: of those no more is known than
 * how long they were seen, and those that may have begun before such a file are left out. */
#ifndef TRAFFIC_FIT_WINDOW_H
#define TRAFFIC_FIT_WINDOW_H

#include "traffic/trace.h"

#define FIT_SOCKET_OVER (120 * NS_PER_S) /* the least time a NAT keeps a UDP mapping: RFC 4787 REQ-5 */

struct fit_part {
	int64_t begin_ns, end_ns;                 /* first and last packet */
	int64_t from_ns[PROTO_COUNT];             /* flows that begin from here on have begun */
	int64_t flows_to_ns[PROTO_COUNT];         /* E of flows, of sockets */
	int64_t sockets_to_ns[PROTO_COUNT];
	int64_t opened_from_ns;                   /* the latest from_ns: what begins from here on counts to the hosts' rates */
};

struct fit_windows {
	struct fit_part *parts; /* by time; one at least; owned */
	size_t count;
	int64_t silence_ns[PROTO_COUNT]; /* of --split, or the trace's, whole */
	int64_t socket_ns[PROTO_COUNT]; /* a port idle for so long is another socket when it comes back */
	bool shortened;                 /* a part was too short for whole silences of its flows */
	bool any_beginning;             /* what is first seen has begun then */
};

void fit_windows_make(const struct trace *t, bool any_beginning, struct fit_windows *out);
void fit_windows_clear(struct fit_windows *w);

/* The part that a moment is in; of one between two parts the one before. */
size_t fit_windows_part(const struct fit_windows *w, int64_t time_ns);

#endif
