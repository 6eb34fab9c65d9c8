/* packet - what the NAT is shown: protocols, packets' flags, and the train.
 *
 * The flow world does not show the NAT every packet. It shows *trains*: packets
 * of one flow of which none follows the one before by SEGMENT_GAP or more, so
 * that no timer of the NAT can run out inside. A single packet is a train of
 * one. A flow is one train or several; each says which ends it is. */
#ifndef SIM_BASE_PACKET_H
#define SIM_BASE_PACKET_H

#include <stdint.h>

#include "sim/base/simtime.h"

enum protocol {
	PROTO_TCP,
	PROTO_UDP,
	PROTO_ICMP,
	PROTO_COUNT,
};
extern const char *const protocol_name[PROTO_COUNT];    /* "tcp", "udp", "icmp" */
extern const uint8_t protocol_number[PROTO_COUNT];      /* IANA: 6, 17, 1 */

/* A flow of a capture is cut where it is silent for this long or longer. */
#define SEGMENT_GAP (5 * NS_PER_S)

/* TCP flags describe the state at the train's end, as RFC 6146 section 3.5.2.2
 * would have it: a reset that data followed is no longer set. A TCP train with
 * neither SEG_SYN_OUT nor SEG_SYN_IN is the middle of a connection. */
enum segment_flag {
	SEG_FIRST   = 1 << 0, /* the flow's first train */
	SEG_LAST    = 1 << 1, /* the flow's last train */
	SEG_SYN_OUT = 1 << 2,
	SEG_SYN_IN  = 1 << 3, /* SYN or SYN-ACK from the remote side */
	SEG_FIN_OUT = 1 << 4,
	SEG_FIN_IN  = 1 << 5,
	SEG_RST     = 1 << 6,
	SEG_INBOUND = 1 << 7, /* no outbound packet in it: it can use a mapping, never make one */
};

/* A train. Times are simulated time. 56 bytes. */
struct segment {
	int64_t  start_ns;    /* first outbound packet; first inbound one if SEG_INBOUND */
	int64_t  last_out_ns; /* last outbound packet; NS_NONE if SEG_INBOUND */
	int64_t  first_in_ns; /* first and last inbound packet; NS_NONE if there is none */
	int64_t  last_in_ns;
	uint32_t subscriber;  /* 0 .. subscribers.count - 1 */
	uint32_t flow;        /* number of the flow within its source and subscriber */
	uint32_t remote;      /* IPv4 */
	uint16_t remote_port; /* 0 for ICMP */
	uint16_t port;        /* the host's own port, or the ICMP identifier */
	uint8_t  protocol;    /* enum protocol */
	uint8_t  flags;       /* enum segment_flag */
	uint8_t  source;      /* which of the scenario's traffic sources */
	uint8_t  host;        /* which host of the home; 0 if the home has one */
};

#endif
