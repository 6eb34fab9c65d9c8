/* assemble - trains, in any order, to a trace: which belong to one flow, which
 * side of it is inside, whose it is, and how it looks from there.
 *
 *	a = assembler_create(&rules);
 *	table = flows_create(assembler_sink(a));
 *	... flows_add() ..., flows_finish(table);
 *	t = assembler_finish(a, &timeline, NULL, &report, e);
 *	assembler_destroy(a);
 *
 * What is kept in memory is bounded; the rest is sorted on disk (spool.h). */
#ifndef TRAFFIC_ASSEMBLE_H
#define TRAFFIC_ASSEMBLE_H

#include <stdint.h>

#include "traffic/anonymise.h"
#include "traffic/flows.h"
#include "traffic/inside.h"
#include "traffic/timeline.h"
#include "traffic/trace.h"
#include "traffic/trace_file.h"

/* A flow of which nothing was seen for so long is over, if no other time is asked for:
 * Claffy, Braun, Polyzos, A parameterizable methodology for Internet traffic flow
 * profiling, 1995. */
#define SILENCE (64 * NS_PER_S)

struct assembly_rules {
	struct inside_rules inside;
	int64_t split_ns[PROTO_COUNT];   /* a 5-tuple silent for so long begins a new flow; 0: never */
	bool answered;                   /* leave out flows of which only one side spoke */
	const struct anonymiser *anonymiser; /* NULL: addresses as they are */
};

struct tuple_count { /* distinct 5-tuples */
	uint64_t tcp, udp, icmp, other;
};

/* What became of the flows. Tuples, but for what is said to be flows. What ends in 6 is of IPv6, else of IPv4. Either way
 * the tuples of TCP, UDP and ICMP, in tunnels or not, and the splits are as many as the trace's flows and those that are
 * not in it: local, unrouted, unanswered, crowded, carriers. */
struct assembly {
	struct tuple_count outside;       /* IPv4, outermost header: as other tools count */
	struct tuple_count outside6;      /* the same of IPv6 */
	struct tuple_count inside[TUNNEL_COUNT];  /* IPv4 within tunnels */
	struct tuple_count inside6[TUNNEL_COUNT];
	uint64_t peak_flows;              /* `outside` TCP and UDP, alive at once from first to last packet */
	uint64_t carriers, carriers6;     /* TCP, UDP, ICMP: they carry a tunnel and nothing else: not in the trace */
	uint64_t splits, splits6;         /* flows more than tuples */
	uint64_t local, unrouted, unanswered, crowded; /* not in the trace; crowded: of a home with too many hosts */
	uint64_t local_packets, unrouted_packets, unanswered_packets, crowded_packets;
	uint64_t local6, unrouted6, unanswered6;
	uint64_t decided[INSIDE_COUNT];   /* flows of the trace, IPv6 included, and local ones */
	uint64_t one_way;                 /* flows of the trace of which only one side spoke */
	uint64_t single_hosts;            /* hosts of which one unanswered packet is all there is */
	uint64_t scanning_hosts;          /* hosts with 100 flows and more, 9 of 10 unanswered and of 3 packets at most */
	uint64_t busiest_host_flows;
	uint64_t busiest_remote_flows;    /* of an address that has more than half of all flows; else 0 */
	uint64_t sockets, shared_sockets; /* inside sockets, and those with several remote ones */
	uint64_t most_remotes;            /* of one inside socket */
};

/* Does no router carry the flow, so that it never meets a NAT? To everybody
 * (multicast, broadcast), from nobody (0.0.0.0), between two loopback or two
 * link-local addresses. A multicast address that speaks, or that TCP speaks to,
 * is no multicast address but what an anonymiser made of another. `spoke`: bit s:
 * side s sent a packet. */
bool flow_unrouted(const uint32_t address[2], uint8_t protocol, unsigned spoke);

struct assembler; /* opaque */

struct assembler *assembler_create(const struct assembly_rules *rules);
void assembler_destroy(struct assembler *a); /* NULL is fine */
struct flow_sink assembler_sink(struct assembler *a);

/* A trace of all TCP, UDP and ICMP flows that cross from inside to outside; times
 * count from the timeline's first. Hosts come by address, homes after them, by theirs; a
 * host's flows are numbered by their first packet.
 *
 * With a writer the trains, IPv6 flows and hosts go there and the trace has only their
 * numbers; the caller commits. NULL with `e` set if there was no room for the
 * temporary files, or the trace would be too large. */
struct trace *assembler_finish(struct assembler *a, const struct timeline *timeline, struct trace_writer *writer,
                               struct assembly *out, struct err *e);

#endif
