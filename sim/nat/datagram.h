/* datagram - an IPv4 packet as a NAT sees it: the fields that it reads, checks
 * or changes, in host order. What carries the bytes, and their checksums, is the
 * caller's. */
#ifndef SIM_NAT_DATAGRAM_H
#define SIM_NAT_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

/* IANA protocol numbers that a NAT44 translates. */
enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

/* ICMP types (RFC 792) and the codes of type 3 that a NAT sends. */
enum icmp_type {
	ICMP_ECHO_REPLY = 0,
	ICMP_UNREACHABLE = 3,
	ICMP_QUENCH = 4,
	ICMP_ECHO = 8,
	ICMP_TIME_EXCEEDED = 11,
	ICMP_PARAMETER = 12,
	ICMP_TIMESTAMP = 13,
	ICMP_TIMESTAMP_REPLY = 14,
};
enum { ICMP_HOST_UNREACHABLE = 1, ICMP_PORT_UNREACHABLE = 3 };

/* Ends of a packet. For ICMP queries both ports are the identifier. */
struct packet_ends {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint8_t  protocol;      /* IANA number */
};

struct datagram {
	struct packet_ends ends;
	uint8_t  tcp_flags;     /* enum tcp_flag */
	uint8_t  icmp_type, icmp_code;
	uint16_t id;            /* of the packet that it is a fragment of */
	uint16_t offset;        /* in bytes; ports are there only where it is 0 */
	bool     more;          /* more fragments follow */
	struct packet_ends inner; /* ICMP errors: of the packet that they are about */
};

/* Is it a whole packet, or the first fragment of one? */
static inline bool datagram_begins(const struct datagram *d)
{
	return d->offset == 0;
}

static inline bool datagram_is_fragment(const struct datagram *d)
{
	return d->more || d->offset != 0;
}

static inline bool icmp_is_error(uint8_t type)
{
	return type == ICMP_UNREACHABLE || type == ICMP_QUENCH || type == ICMP_TIME_EXCEEDED || type == ICMP_PARAMETER;
}

/* A query that a host sends, and the answer to one. */
static inline bool icmp_is_query(uint8_t type)
{
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP;
}

static inline bool icmp_is_answer(uint8_t type)
{
	return type == ICMP_ECHO_REPLY || type == ICMP_TIMESTAMP_REPLY;
}

#endif
