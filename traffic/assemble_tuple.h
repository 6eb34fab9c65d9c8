/* assemble_tuple - the first half of assembling: all trains of one tuple to flows
 * that know which side of them is inside, each put where it is sorted next. Used
 * by assemble.c alone. */
#ifndef TRAFFIC_ASSEMBLE_TUPLE_H
#define TRAFFIC_ASSEMBLE_TUPLE_H

#include "traffic/assemble.h"
#include "traffic/spool.h"

struct assembler {
	const struct assembly_rules *rules;
	struct spool *trains, *wide; /* of plain IPv4; of what has ends */
	struct spool *placed, *flows6;
	struct spool *spans, *trace_spans; /* of tuples as other tools count them; of the trace's flows */
	/* while it finishes */
	const struct timeline *timeline;
	struct assembly *out;
	struct flow_train *group;    /* all trains of one tuple */
	const struct flow_ends *ends; /* of the group; NULL: it is plain IPv4 */
	size_t group_count, group_room;
	uint64_t flows;              /* numbers given so far */
	uint32_t majority;
	uint64_t majority_lead;
};

struct wide_train {
	struct flow_ends ends;
	struct flow_train train;
};

/* An IPv6 flow, and its number among all flows. */
struct placed6 {
	struct trace_flow6 flow;
	uint64_t number;
};

/* Takes the group, which is of one tuple and in order of time: counts it, and puts
 * its flows to `placed` or `flows6`, or nowhere, and that is counted. */
void assemble_tuple(struct assembler *a);

#endif
