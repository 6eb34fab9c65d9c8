/* translate - the NAT packet by packet: one datagram in, the same one translated
 * or a named reason why not. Every way it can end is an enum outcome.
 *
 * The NAT does not know inside addresses, only subscribers and their hosts: the
 * caller knows which address is whose. Outbound, it says whose datagram it is and
 * the NAT writes the outside endpoint over the source. Inbound (and hairpinned,
 * RFC 4787 REQ-9), the NAT says whose it is and leaves 0 where the inside address
 * belongs: the destination, and in an ICMP error also the inner source. What it
 * cannot carry it leaves as it was.
 *
 * ICMP errors are translated outside and inside and refresh and remove nothing
 * (RFC 5508 section 4, RFC 7857 section 7). Fragments take the ports of the
 * first one of their packet; those that come before it wait for it, at most
 * NAT_FRAGMENTS_MAX of them, for at most timeouts.fragment (RFC 6146 section 3.4). */
#ifndef SIM_NAT_TRANSLATE_H
#define SIM_NAT_TRANSLATE_H

#include "sim/nat/nat.h"

#define NAT_FRAGMENTS_MAX 1024  /* packets in fragments that are remembered, and fragments that wait */
#define NAT_SYNS_MAX      1024  /* unsolicited SYNs kept; more are dropped */

struct passage {
	enum outcome outcome;
	enum outcome left;      /* of one that begins, outbound: how its own mapping took it; a hairpin may still end otherwise */
	struct nat_path path;   /* where it goes, if it does: outcome_passes() */
	bool crowded_out;       /* as in struct verdict */
};

/* From a host of a subscriber (counted within the instance). */
struct passage nat_outbound(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d);

/* From outside, to a public address: what comes back from an exempt destination is not translated, and not shown. */
struct passage nat_inbound(struct nat *nat, int64_t now_ns, struct datagram *d);

/* Datagrams by outcome since the NAT was made: each is in one of them, but for a
 * fragment that waited: it is in OUT_FRAGMENT_KEPT and, later, in where it ended. */
const uint64_t *nat_datagrams(const struct nat *nat); /* [OUT_COUNT] */

/* The number of ICMP errors that it sent, and that it would have sent but for icmp_per_second. */
uint64_t nat_icmp_sent(const struct nat *nat);
uint64_t nat_icmp_withheld(const struct nat *nat);

#endif
