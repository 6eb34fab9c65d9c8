/* replay_packet - packets to Ethernet frames, built by libnet, checksums right.
 *
 * Between two stations: all that is inside sends from one, all that is outside from
 * the other. Addresses and ports are in host order, IPv6 addresses in wire order. */
#ifndef TRAFFIC_REPLAY_PACKET_H
#define TRAFFIC_REPLAY_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"

extern const uint8_t replay_station_inside[6], replay_station_outside[6];

enum { REPLAY_FRAME_MOST = 14 + 40 + 65535, REPLAY_MTU = 1500 };

/* Bytes of the IP and transport headers. */
uint32_t replay_header(enum protocol protocol, bool six);

/* Bytes of the longest packet. */
uint32_t replay_most(bool six);

struct replay_packet {
	enum protocol protocol;
	bool     outbound;          /* from the inside station to the outside one */
	bool     six;               /* addresses are source6 and destination6 */
	const uint8_t *tunnel;      /* not NULL: IPv4 within a softwire; the home's IPv6 address */
	uint32_t source, destination;
	const uint8_t *source6, *destination6;
	uint16_t source_port, destination_port; /* ICMP: both the identifier */
	uint16_t identification;    /* IPv4 */
	uint32_t payload, options;  /* bytes; options of TCP, a multiple of 4, 40 at most */
	uint64_t position;          /* TCP: bytes of payload that its side has sent of the connection before */
	uint32_t sequence, acknowledgement; /* TCP; of an ICMP echo the number of the query */
	uint16_t window;            /* TCP */
	uint8_t  tcp_flags;         /* WIRE_TCP_* (traffic/wire.h) and REPLAY_TCP_PUSH */
	bool     reply;             /* ICMP */
};
#define REPLAY_TCP_PUSH 0x08

struct replay_builder; /* opaque */

struct replay_builder *replay_builder_create(struct err *e); /* NULL with `e` set */
void replay_builder_destroy(struct replay_builder *b);       /* NULL is fine */

/* Each gives a frame that is valid until the next call; NULL with `e` set. */
const uint8_t *replay_build(struct replay_builder *b, const struct replay_packet *p, size_t *length, struct err *e);

/* A frame that is nothing to a NAT: of the type that IEEE 802 keeps for local experiments. */
const uint8_t *replay_build_mark(struct replay_builder *b, size_t *length, struct err *e);

/* An IPv6 packet with nothing in it (RFC 8200 section 4.7), from a home to the other end of its softwire. */
const uint8_t *replay_build_home(struct replay_builder *b, const uint8_t home[16], size_t *length, struct err *e);

#endif
