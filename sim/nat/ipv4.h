/* ipv4 - a datagram (datagram.h) from the bytes of an IPv4 packet, and back: what
 * carries packets through the NAT reads them, shows them to it, and writes what it
 * said over them, with checksums that were right being right again.
 *
 * Bytes are foreign: nothing is read beyond `length`. Checksums are not verified. */
#ifndef SIM_NAT_IPV4_H
#define SIM_NAT_IPV4_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/datagram.h"

/* False if it is none that a NAT can read: no IPv4 header, cut short, an ICMP error about what is no packet. */
bool ipv4_read(const uint8_t *bytes, uint32_t length, struct datagram *d);

/* Writes the ends of `now` over the packet that `was` was read from: its addresses and ports or identifier, and those
 * of the packet that an ICMP error is about. Checksums change by RFC 1624 equation 3; that of a UDP datagram that has
 * none stays 0. */
void ipv4_write(uint8_t *bytes, const struct datagram *was, const struct datagram *now);

uint32_t ipv4_length(const uint8_t *bytes);   /* of a packet that ipv4_read() took: what its header says */

/* One hop less to go. False, with the packet as it was, if that was the last. */
bool ipv4_hop(uint8_t *bytes);

/* Hands on what fits links of `mtu` bytes (at least 68): the packet itself, or its fragments (RFC 791 section 3.2).
 * False, with nothing handed on, if it must not be cut (its DF bit). The bytes may be changed. */
bool ipv4_cut(uint8_t *bytes, uint32_t mtu, void (*each)(void *context, uint8_t *bytes, uint32_t length), void *context);

/* An ICMP error (RFC 792) about a packet of which the first bytes are known: its header and 8 bytes at least. `info` is
 * the second word of the ICMP header (RFC 1191: of type 3 code 4 the MTU). Returns its length. */
#define IPV4_ERROR_MOST 576
struct ipv4_error {
	uint32_t source, destination;
	uint8_t  type, code;
	uint32_t info;
};
uint32_t ipv4_write_error(uint8_t out[IPV4_ERROR_MOST], const struct ipv4_error *error, const uint8_t *about, uint32_t length);

/* A TCP segment without options or data. Returns its length. */
#define IPV4_SEGMENT 40
uint32_t ipv4_write_segment(uint8_t out[IPV4_SEGMENT], const struct packet_ends *ends, uint8_t tcp_flags);

/* The first 28 bytes of a packet with these ends, of which nothing else is known. */
#define IPV4_STUB 28
void ipv4_write_stub(uint8_t out[IPV4_STUB], const struct packet_ends *ends);

/* Writes the headers of an ICMP echo request or its answer before the `payload` bytes that stand at out + IPV4_ECHO. Its
 * identification is of its identifier and number, so that its fragments find together. Returns its length. */
#define IPV4_ECHO 28
uint32_t ipv4_write_echo(uint8_t *out, uint32_t source, uint32_t destination, bool answer, uint16_t identifier,
                         uint16_t sequence, uint32_t payload);

#endif
