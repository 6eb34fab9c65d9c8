/* wire - the bytes of one captured frame to a view of its IPv4 packet.
 *
 * A pure function: bytes, how many were captured, how long the frame was, and
 * its link type go in; a packet or the reason why there is none comes out. It
 * reads no byte beyond those captured, keeps no state and calls no library, so
 * it can be held to anything. This is the only file that knows wire order.
 *
 * The view is of the outermost IPv4 header, addresses as on the wire: what a
 * tunnel carries is the tunnel's affair. Link types: Ethernet (with up to
 * WIRE_TAGS VLAN tags, MPLS, PPPoE), Linux cooked (both), raw IP, BSD loopback,
 * PPP, Cisco HDLC, RFC 1483 ATM, NFLOG, and 802.11 with or without radiotap. */
#ifndef TRAFFIC_WIRE_H
#define TRAFFIC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VLAN tags (802.1Q, 802.1ad, 9100, 9200) that are stepped over; more are REASON_TOO_DEEP. */
#define WIRE_TAGS 8

/* Every way a packet can be left out of a trace. wire_decode() finds the first
 * part, the flow table and the importer the rest; import_reasons[] has a name
 * and a sentence for each. */
enum reason {
	REASON_LINK_TYPE,
	REASON_TRUNCATED,
	REASON_MALFORMED,
	REASON_TOO_DEEP,
	REASON_NOT_IP,
	REASON_IPV6,
	REASON_PROTOCOL,    /* the view is set all the same, but for ports */
	REASON_ICMP_ERROR,
	REASON_ICMP_OTHER,
	REASON_FRAGMENT,    /* the flow table: a later fragment, and the first was not seen */
	REASON_LOCAL,       /* the assembler: both ends inside */
	REASON_UNROUTED,    /* the assembler: an end that no router carries */
	REASON_TIME,        /* the importer: a time stamp that is no time */
	REASON_COUNT,
	REASON_NONE = REASON_COUNT, /* not left out */
};

#define WIRE_TCP_FIN 0x01
#define WIRE_TCP_SYN 0x02
#define WIRE_TCP_RST 0x04
#define WIRE_TCP_ACK 0x10

#define IP_ICMP 1
#define IP_TCP 6
#define IP_UDP 17

struct wire_packet {
	uint32_t source, destination;
	uint32_t length;           /* IP bytes on the wire: total length, or what the frame holds if that is 0 */
	uint16_t source_port, destination_port; /* TCP, UDP; the identifier in both for an ICMP echo;
	                                           0 if later_fragment */
	uint16_t identification;   /* of the datagram, for its fragments */
	uint8_t  protocol;         /* IANA */
	uint8_t  tcp_flags;        /* WIRE_TCP_*; 0 where the capture cut them off */
	bool     echo_reply;       /* ICMP: the reply, not the request */
	bool     first_fragment;   /* more follow */
	bool     later_fragment;   /* has no ports of its own */
};

/* REASON_NONE with `out` set, or why not. `captured` <= `length` is not assumed.
 * `link_type` is a DLT_ or LINKTYPE_ number of libpcap. */
enum reason wire_decode(const uint8_t *bytes, size_t captured, size_t length, int link_type, struct wire_packet *out);

/* Can frames of this link type be decoded at all? */
bool wire_knows(int link_type);

#endif
