/* errors - ICMP errors: translated with the packet in them (RFC 5508 section 4),
 * and sent by the NAT itself. */
#ifndef SIM_NAT_ERRORS_H
#define SIM_NAT_ERRORS_H

#include "sim/nat/nat.h"
#include "sim/nat/translate.h"

/* Answers `about`, which is no ICMP error itself, with a destination unreachable of this code, unless icmp_per_second
 * forbids it. `back` is where that came from. */
void error_send(struct nat *nat, int64_t now_ns, const struct datagram *about, uint8_t code, struct nat_path back);

/* An error from a host, about a packet that came in to it. */
struct passage error_outbound(struct nat *nat, uint32_t subscriber, uint8_t host, struct datagram *d);

/* An error from outside, about a packet that left. */
struct passage error_inbound(struct nat *nat, struct datagram *d);

#endif
