/* wire - the bytes of one captured frame to a view of its IP packet.
 *
 * A pure function: bytes, how many were captured, how long the frame was, and
 * its link type go in; a packet or the reason why there is none comes out. It
 * reads no byte beyond those captured, keeps no state and calls no library, so
 * it can be held to anything. The files of this header are the only ones that
 * know wire order.
 *
 * The view is of the outermost IP header, addresses as on the wire;
 * wire_unwrap() goes one tunnel further in. Link types: Ethernet (with up to
 * WIRE_TAGS VLAN tags, MPLS, PPPoE), Linux cooked (both), raw IP, BSD loopback, ENC and
 * PFLOG, PPP, Cisco HDLC, Frame Relay, MPLS, RFC 1483 ATM, FDDI, token ring, NFLOG, netANALYZER,
 * PKTAP and PPI, and 802.11 bare or behind a radiotap, Prism or AVS header. */
#ifndef TRAFFIC_WIRE_H
#define TRAFFIC_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* VLAN tags (802.1Q, 802.1ad, 9100, 9200) that are stepped over; more are REASON_TOO_DEEP, as are more than 8 extension
 * headers of IPv6. */
#define WIRE_TAGS 8

/* Every way a packet can be left out of a trace. wire_decode() finds the first
 * part, wire_unwrap(), the flow table and the importer the rest; import_reasons[] has a name
 * and a sentence for each. */
enum reason {
	REASON_LINK_TYPE,
	REASON_TRUNCATED,
	REASON_MALFORMED,
	REASON_TOO_DEEP,
	REASON_NOT_IP,
	REASON_ENCRYPTED,
	REASON_AGGREGATE,
	REASON_IPV6,        /* the view is set all the same, as wire_packet.ipv6 says */
	REASON_PROTOCOL,    /* the view is set all the same, but for ports */
	REASON_ICMP_ERROR,
	REASON_ICMP_OTHER,
	REASON_6IN4,        /* wire_unwrap() */
	REASON_TEREDO,      /* wire_unwrap() */
	REASON_FRAGMENT,    /* the flow table: a later fragment, and the first was not seen */
	REASON_CARRIED,     /* the flow table: a later fragment of what a tunnel carried */
	REASON_LOCAL,       /* the assembler: both ends inside */
	REASON_UNROUTED,    /* the assembler: an end that no router carries */
	REASON_UNANSWERED,  /* the assembler: only one side spoke, if such flows are not wanted */
	REASON_HOME,        /* the assembler: a home with too many hosts */
	REASON_TIME,        /* the importer: a time stamp too far from the others */
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
	uint8_t  version;          /* 4 or 6; 0: no IP header was found */
	uint8_t  protocol;         /* IANA; IP_ICMP for ICMPv6 too */
	uint8_t  tcp_flags;        /* WIRE_TCP_*; 0 where the capture cut them off */
	bool     echo_reply;       /* ICMP: the reply, not the request */
	bool     flags_cut;        /* TCP: the capture cut its flags off */
	bool     no_length;        /* its total length is 0: what the frame holds counts */
	bool     first_fragment;   /* more follow */
	bool     later_fragment;   /* has no ports of its own */
	uint16_t source_port, destination_port; /* TCP, UDP; the identifier in both for an ICMP echo;
	                                           0 if later_fragment */
	uint32_t source, destination; /* IPv4 */
	uint32_t length;           /* IP bytes on the wire: total length, or what the frame holds if that is 0 */
	uint32_t identification;   /* of the datagram, for its fragments */
	enum reason ipv6;          /* version 6: what would be the answer if IPv6 were no reason */
	const uint8_t *source_6, *destination_6; /* IPv6, 16 bytes of the frame, the destination behind the source */
	const uint8_t *source_station, *destination_station; /* MAC addresses, 6 bytes of the frame; NULL: not told */
	const uint8_t *payload;    /* of UDP, and of all but TCP and ICMP; NULL: none */
	size_t payload_captured, payload_length;
};

/* REASON_NONE with `out` set, or why not. `captured` <= `length` is not assumed.
 * `link_type` is a DLT_ or LINKTYPE_ number of libpcap. Pointers in `out` are into `bytes`. */
enum reason wire_decode(const uint8_t *bytes, size_t captured, size_t length, int link_type, struct wire_packet *out);

/* Can frames of this link type be decoded at all? */
bool wire_knows(int link_type);

enum wire_tunnel {
	TUNNEL_NONE,
	TUNNEL_GRE,      /* IP, MPLS, PPP (PPTP), Ethernet (tagged or ERSPAN too) or 802.11 in it */
	TUNNEL_GTPU,
	TUNNEL_VXLAN,    /* RFC 7348 */
	TUNNEL_GENEVE,   /* RFC 8926 */
	TUNNEL_L2TP,     /* version 2 (RFC 2661): PPP in it */
	TUNNEL_IPIP,
	TUNNEL_SOFTWIRE, /* IPv4 in IPv6 (RFC 2473): DS-Lite */
	TUNNEL_6IN4,     /* not gone into: REASON_6IN4 */
	TUNNEL_TEREDO,   /* not gone into: REASON_TEREDO */
	TUNNEL_COUNT,
};

/* What the packet carries, if it is a tunnel's and there is an IP packet in it:
 * `inner`, and `why` as wire_decode() would have it. TUNNEL_NONE: nothing is. */
enum wire_tunnel wire_unwrap(const struct wire_packet *outer, struct wire_packet *inner, enum reason *why);

#endif
