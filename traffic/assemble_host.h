/* assemble_host - the second half of assembling: flows that were placed, sorted by
 * host, to hosts and trains of a trace. Used by assemble.c alone. */
#ifndef TRAFFIC_ASSEMBLE_HOST_H
#define TRAFFIC_ASSEMBLE_HOST_H

#include "traffic/assemble.h"
#include "traffic/spool.h"

/* A train that knows its host. */
struct placed {
	struct trace_record record; /* train.subscriber, flow and host still to be set */
	int64_t  flow_ns;           /* the flow's first packet */
	uint64_t flow;              /* number among all flows */
	uint32_t address;           /* inside */
	uint32_t is_home;           /* 1: of the home, known by: */
	uint8_t  home[16];          /* its IPv6 address; else 0 */
};

int placed_compare(const void *a, const void *b); /* by host, flow, start */

/* Where trains and flows go: into the trace, or to the writer. */
struct assembly_output {
	struct trace *trace;
	struct trace_writer *writer; /* NULL: into the trace */
	struct spool *spans;         /* for the peak of the trace */
	uint32_t record_room, host_room, inner_room, flow6_room;
	uint32_t majority;           /* remote address that perhaps most flows have */
	uint64_t majority_flows;
};

/* Takes `placed` empty. False with `e` set if the trace would be too large. */
bool assemble_hosts(struct spool *placed, struct assembly_output *to, struct assembly *out, struct err *e);

/* Spans of flows, for their peak. */
struct span_end {
	int64_t time_ns;
	uint32_t end; /* 0: a flow begins; 1: one is over */
	uint32_t spare;
};
int span_compare(const void *a, const void *b);
void span_add(struct spool *spans, int64_t first_ns, int64_t last_ns);
bool span_peak(struct spool *spans, uint64_t *most, struct err *e);

#endif
