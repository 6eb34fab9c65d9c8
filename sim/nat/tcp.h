/* tcp - what a session's timer must be after a packet, or a train of them
 * (RFC 6146 section 3.5.2.2, RFC 7857 sections 2.1 and 2.2).
 *
 * A state is the set of SEG_SYN_* and SEG_FIN_* seen, and SEG_RST:
 *
 *   one SYN                 opening; only SYNs matter, and those from outside do not keep it open
 *   both SYNs, or no SYN    established (none: joined in the middle)
 *   with one FIN            established still, but without the transitory rest
 *   with both FINs          closing: nothing refreshes it, an outbound SYN begins anew
 *   with RST                transitory: any packet but a reset makes it established again,
 *                           without a FIN; an outbound SYN begins anew */
#ifndef SIM_NAT_TCP_H
#define SIM_NAT_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/packet.h"
#include "sim/nat/nat.h"

#define TCP_SYNS (SEG_SYN_OUT | SEG_SYN_IN)
#define TCP_FINS (SEG_FIN_OUT | SEG_FIN_IN)

static inline bool tcp_fins(uint8_t state)
{
	return (state & TCP_FINS) == TCP_FINS;
}

static inline bool tcp_opening(uint8_t state)
{
	uint8_t syn = state & TCP_SYNS;

	return syn == SEG_SYN_OUT || syn == SEG_SYN_IN;
}

/* Was it seen to close? */
static inline bool tcp_closed(uint8_t state)
{
	return tcp_fins(state) || state & SEG_RST;
}

/* What a packet does to its session's timer. */
enum tcp_effect {
	TCP_NOTHING,
	TCP_RENEWS,    /* it starts again at the new state's length */
	TCP_SHORTENS,  /* the same, but it must not end later than it would have */
};

/* Takes one packet: `what` is one of SEG_SYN_*, SEG_FIN_*, SEG_RST, or 0 for any other. */
static inline enum tcp_effect tcp_packet(uint8_t *state, uint8_t what)
{
	if (tcp_fins(*state)) {
		if (what != SEG_SYN_OUT)
			return TCP_NOTHING;
		*state = what;
		return TCP_RENEWS;
	}
	if (tcp_opening(*state)) {
		if (!(what & TCP_SYNS) || (what == SEG_SYN_IN && *state == SEG_SYN_IN))
			return TCP_NOTHING;
		*state |= what;
		return TCP_RENEWS;
	}
	if (what == SEG_RST) {
		if (*state & SEG_RST)
			return TCP_NOTHING;
		*state |= SEG_RST;
		return TCP_SHORTENS;
	}
	if (*state & SEG_RST) /* it lives on, or begins anew */
		*state = what == SEG_SYN_OUT ? SEG_SYN_OUT : *state & TCP_SYNS;
	else
		*state |= what & TCP_FINS;
	return TCP_RENEWS;
}

/* The state of a session that this packet begins. */
static inline uint8_t tcp_first(uint8_t what)
{
	return what & (TCP_SYNS | TCP_FINS);
}

/* Takes a train: its SYNs, its FINs, and the reset that ended it, in that order; or, if it has none of them, any other
 * packet. `begins`: it is the session's first. */
static inline enum tcp_effect tcp_train(uint8_t *state, uint8_t flags, bool begins)
{
	static const uint8_t order[] = { SEG_SYN_OUT, SEG_SYN_IN, SEG_FIN_OUT, SEG_FIN_IN, SEG_RST };
	enum tcp_effect effect = begins ? TCP_RENEWS : TCP_NOTHING;

	if (begins)
		*state = flags & SEG_SYN_OUT ? SEG_SYN_OUT : flags & SEG_SYN_IN;
	else if (!(flags & (TCP_SYNS | TCP_FINS | SEG_RST)))
		return tcp_packet(state, 0);
	for (size_t i = 0; i < sizeof(order); i++) {
		enum tcp_effect one = flags & order[i] ? tcp_packet(state, order[i]) : TCP_NOTHING;

		if (effect == TCP_NOTHING || one == TCP_RENEWS)
			effect = one;
	}
	return effect;
}

/* Its life after the packet that last renewed it. */
static inline int64_t tcp_timeout(uint8_t state, const struct nat_timeouts *t)
{
	int64_t open_ns = t->tcp_established - t->tcp_closing;

	if (tcp_closed(state))
		return t->tcp_closing;
	if (tcp_opening(state))
		return t->tcp_open;
	return state & TCP_FINS && open_ns > 0 ? open_ns : t->tcp_established;
}

#endif
