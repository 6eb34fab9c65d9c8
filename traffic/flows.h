/* flows - the 5-tuple table: packets in, flows cut into trains out.
 *
 * A flow is everything between the same unordered pair of sockets in one
 * protocol, over the whole capture: two connections that use the same ports one
 * after the other are one flow, as in other tools' 5-tuple counts. An ICMP flow
 * (a query) is a pair of addresses and an identifier. A flow of any other
 * protocol is a pair of addresses and the protocol; it has no trains.
 *
 * Nothing here knows inside from outside: a flow has two sides, 0 and 1, and
 * remembers which of them opened it. assemble.h decides the rest.
 *
 * Time may run backwards: a packet joins its flow's latest train if it is less
 * than SEGMENT_GAP away from it, before or after, else it begins another, and
 * flow_trains() puts a flow's trains in order and joins what belongs together.
 * Flags are kept in the order in which packets came. */
#ifndef TRAFFIC_FLOWS_H
#define TRAFFIC_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/packet.h"
#include "traffic/wire.h"

/* A later fragment belongs to its first one's flow for this long: the longest
 * that a host may wait to put it together (RFC 1122 section 3.3.2). */
#define FRAGMENT_LIFE (120 * NS_PER_S)

#define TRAIN_NONE UINT32_MAX

/* The state of a TCP train or flow after its last packet. A reset that another
 * packet followed is gone (RFC 6146 section 3.5.2.2: TRANS goes back to
 * ESTABLISHED); a SYN after both FINs or a reset begins anew. */
enum flow_mark {
	MARK_SYN_0 = 1 << 0, /* SYN, with or without ACK, from side 0 */
	MARK_SYN_1 = 1 << 1,
	MARK_FIN_0 = 1 << 2,
	MARK_FIN_1 = 1 << 3,
	MARK_RESET = 1 << 4,
};

struct train_side {
	int64_t  first_ns, last_ns; /* NS_NONE if this side sent nothing */
	uint64_t bytes;             /* IP bytes */
	uint32_t packets;           /* stops at UINT32_MAX */
};

struct train {
	int64_t  first_ns, last_ns; /* of both sides */
	struct train_side side[2];
	uint32_t before;            /* the flow's train begun before this one; TRAIN_NONE */
	uint8_t  marks;             /* enum flow_mark */
};

struct flow {
	int64_t  first_ns, last_ns; /* packets that show the key: later fragments do not stretch it */
	uint64_t packets;
	uint32_t address[2];
	uint16_t port[2];     /* ICMP: the identifier, twice; other protocols: 0 */
	uint32_t latest;      /* the train begun last; TRAIN_NONE if not TCP, UDP, ICMP */
	uint8_t  protocol;    /* IANA */
	uint8_t  marks;       /* enum flow_mark: TCP, over the whole flow */
	uint8_t  opener;      /* side: sent the first SYN or request, or was answered by the first
	                         SYN-ACK or reply; before any of these, sent the first packet */
	uint8_t  opener_sure; /* by SYN or request */
	uint8_t  sent;        /* bit 0: side 0 sent a packet; bit 1: side 1 */
};

struct flow_table; /* opaque: flows, trains, and where to find them */

struct flow_table *flows_create(void);
void flows_destroy(struct flow_table *t); /* NULL is fine */

/* Counts a packet to its flow. Times of all packets lie within NS_LONGEST. `seen` is what wire_decode() said of it, REASON_NONE
 * or REASON_PROTOCOL. Gives that back, or REASON_FRAGMENT. */
enum reason flows_add(struct flow_table *t, const struct wire_packet *p, enum reason seen, int64_t time_ns);

uint32_t flows_count(const struct flow_table *t);
const struct flow *flows_at(const struct flow_table *t, uint32_t index); /* in order of appearance */

/* A flow's trains in order of time, at least SEGMENT_GAP apart; *room trains of
 * *scratch (free with free()) are grown as needed. Returns how many. */
uint32_t flow_trains(const struct flow_table *t, const struct flow *f, struct train **scratch, uint32_t *room);

#endif
