/* assemble - flows to a trace: which side is inside, whose flow it is, and how
 * its trains look from there. */
#ifndef TRAFFIC_ASSEMBLE_H
#define TRAFFIC_ASSEMBLE_H

#include <stdint.h>

#include "sim/base/addr.h"
#include "traffic/flows.h"
#include "traffic/trace.h"

/* What became of the flows of a table. */
struct assembly {
	uint64_t tcp, udp, icmp, other;   /* all flows */
	uint64_t peak_flows;              /* TCP and UDP, alive at once from first to last packet */
	uint64_t local_flows, local_packets;       /* both ends inside: not in the trace */
	uint64_t unrouted_flows, unrouted_packets; /* not in the trace either */
};

/* Does no router carry the flow, so that it never meets a NAT? To everybody
 * (multicast, broadcast), from nobody (0.0.0.0), between two loopback or two
 * link-local addresses. A multicast address that speaks, or that TCP speaks to,
 * is no multicast address but what an anonymiser made of another. */
bool flow_unrouted(const struct flow *f);

/* A trace of all TCP, UDP and ICMP flows that cross from inside to outside.
 *
 * An end is inside if one of `inside` has it (an empty list: RFC 1918 and
 * 100.64.0.0/10). Of two inside ends the flow is local; of none, the opener
 * counts as inside. Hosts come by address, a host's flows are numbered by their
 * first train. Times count from epoch_ns, which no packet may be before;
 * epoch_ns + duration_ns is the last packet's. The caller owns the trace. */
struct trace *assemble(const struct flow_table *flows, const struct addr_ranges *inside, int64_t epoch_ns,
                       int64_t duration_ns, struct assembly *out);

#endif
