/* tcp - what a session's timer must be after a train (RFC 6146 section 3.5.2.2,
 * RFC 7857 sections 2.1 and 2.2). */
#ifndef SIM_NAT_TCP_H
#define SIM_NAT_TCP_H

#include <stdint.h>

#include "sim/base/packet.h"
#include "sim/nat/nat.h"

/* The state after a train with these flags: SEG_SYN_*, SEG_FIN_* seen so far,
 * and SEG_RST if it ended by a reset. A SYN on a closed session begins anew. */
static inline uint8_t tcp_after(uint8_t state, uint8_t flags)
{
	const uint8_t both_fin = SEG_FIN_OUT | SEG_FIN_IN;
	const uint8_t kept = SEG_SYN_OUT | SEG_SYN_IN | SEG_FIN_OUT | SEG_FIN_IN;

	if (flags & SEG_SYN_OUT && ((state & both_fin) == both_fin || state & SEG_RST))
		state = 0;
	return (uint8_t)((state & kept) | (flags & (kept | SEG_RST)));
}

/* Both sides closed, or a reset: transitory. Both SYNs, or none (joined in the
 * middle): established, and one FIN alone keeps it so. One SYN: opening. */
static inline int64_t tcp_timeout(uint8_t state, const struct nat_timeouts *t)
{
	uint8_t syn = state & (SEG_SYN_OUT | SEG_SYN_IN);

	if (state & SEG_RST || (state & SEG_FIN_OUT && state & SEG_FIN_IN))
		return t->tcp_closing;
	if (syn == (SEG_SYN_OUT | SEG_SYN_IN) || !syn)
		return t->tcp_established;
	return t->tcp_open;
}

#endif
