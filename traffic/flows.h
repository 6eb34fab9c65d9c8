/* flows - the table of live 5-tuples: packets in, trains out.
 *
 * A flow is everything between the same unordered pair of sockets in one
 * protocol and one tunnel: two connections that use the same ports one after the
 * other are one flow, as in other tools' 5-tuple counts. An ICMP flow (a query) is
 * a pair of addresses and an identifier. A flow of any other protocol is a pair
 * of addresses and the protocol; it has no trains.
 *
 * Nothing here knows inside from outside: a flow has two sides, 0 and 1, and
 * remembers which of them opened it. assemble.h decides the rest.
 *
 * A train is handed on as soon as its flow begins the next one, and a flow of
 * which nothing was seen for FLOW_LIVE is forgotten when room is wanted, with the
 * IPv6 addresses that only it had: memory grows with the flows alive, not with the
 * capture, nor with how many hosts there were. Who takes the trains puts
 * together what belongs together (assemble.h).
 *
 * Time may run backwards: a packet joins its flow's train if it is less than
 * SEGMENT_GAP away from it, before or after, else it begins another. A packet that
 * comes late within its train adds its flags, and undoes none. */
#ifndef TRAFFIC_FLOWS_H
#define TRAFFIC_FLOWS_H

#include <stddef.h>
#include <stdint.h>

#include "sim/base/packet.h"
#include "traffic/wire.h"

/* A later fragment belongs to its first one's flow for this long: the longest
 * that a host may wait to put it together (RFC 1122 section 3.3.2). */
#define FRAGMENT_LIFE (120 * NS_PER_S)
#define FLOW_LIVE (3 * SEGMENT_GAP)

/* The state of a TCP train after its last packet. A reset that another packet
 * followed is gone (RFC 6146 section 3.5.2.2: TRANS goes back to ESTABLISHED); a SYN
 * after both FINs or a reset begins anew. */
enum flow_mark {
	MARK_SYN_0 = 1 << 0, /* SYN, with or without ACK, from side 0 */
	MARK_SYN_1 = 1 << 1,
	MARK_FIN_0 = 1 << 2,
	MARK_FIN_1 = 1 << 3,
	MARK_RESET = 1 << 4,
	MARK_OPEN  = 1 << 5, /* a SYN without ACK, from either */
};

/* Two marks, in order of time, as one. */
uint8_t marks_after(uint8_t before, uint8_t after);

struct train_side {
	int64_t  first_ns, last_ns; /* NS_NONE if this side sent nothing */
	uint64_t bytes;             /* IP bytes */
	uint32_t packets;           /* stops at UINT32_MAX */
	uint32_t spare;             /* 0 */
};

/* What IPv4's key has no room for: the addresses of an IPv6 flow, in wire order; of a flow in a softwire those of the
 * tunnel's ends at which its sides are. */
struct flow_ends {
	uint8_t address[2][16];
};

/* One train of a flow and the flow's key; or, with no packets in it, only the
 * news that there is such a flow (another protocol, or what carries a tunnel). */
struct flow_train {
	uint32_t address[2];  /* IPv4; 0 of IPv6, and within the table the addresses' numbers */
	uint32_t via;         /* enum wire_tunnel; within the table more from bit VIA_SHIFT on */
	uint16_t port[2];     /* ICMP: the identifier, twice; other protocols: 0 */
	uint8_t  protocol;    /* IANA; IP_ICMP for ICMPv6 */
	uint8_t  version;     /* 4 or 6 */
	uint8_t  marks;       /* enum flow_mark: TCP */
	uint8_t  opener;      /* side: sent the train's first SYN or request, or was answered by the first
	                         SYN-ACK or reply; without any of these, sent its first packet */
	uint8_t  opener_sure; /* by SYN or request */
	uint8_t  stations;    /* bit s: side s is at one of the given stations */
	uint8_t  spare[2];    /* 0 */
	int64_t  first_ns, last_ns;             /* of both sides; of the key if no packet is in it */
	int64_t  shown_first_ns, shown_last_ns; /* packets that show the key: later fragments do not; NS_NONE */
	struct train_side side[2];
};

struct flow_table; /* opaque */

struct flow_sink {
	void *context;
	/* `ends`: NULL if it is of IPv4 and in no softwire. */
	void (*train)(void *context, const struct flow_train *t, const struct flow_ends *ends);
};

struct flow_table *flows_create(struct flow_sink sink);
void flows_destroy(struct flow_table *t); /* NULL is fine; what is still live is lost */

/* A packet's way here, where it is not the frame's own. */
struct flow_via {
	const uint8_t *ends;      /* TUNNEL_SOFTWIRE: source and destination of the outer header, 32 bytes of the frame */
	enum wire_tunnel tunnel;
};
struct flow_via flows_via(const struct wire_packet *outer, enum wire_tunnel tunnel);

/* Counts a packet to its flow. `seen` is what wire_decode() said of it (of IPv6:
 * wire_packet.ipv6), REASON_NONE, REASON_PROTOCOL, or REASON_CARRIED for what carries a tunnel.
 * `stations`: bit 0: the sender is at a given station; bit 1: the receiver. Gives `seen` back, or
 * REASON_FRAGMENT or REASON_CARRIED for a later fragment. */
enum reason flows_add(struct flow_table *t, const struct wire_packet *p, struct flow_via via, uint8_t stations,
                      enum reason seen, int64_t time_ns);

/* Hands on all that is still live. */
void flows_finish(struct flow_table *t);

#endif
