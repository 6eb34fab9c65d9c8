/* unsolicited - inbound SYNs that nothing let in (RFC 5382 REQ-4): kept for a
 * while in case both ends open at once, then answered by an ICMP error. The
 * time is the same for all, so the first in is the first out. At most
 * NAT_SYNS_MAX are kept. */
#ifndef SIM_NAT_UNSOLICITED_H
#define SIM_NAT_UNSOLICITED_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/simtime.h"
#include "sim/nat/datagram.h"

struct kept_syn {
	int64_t due_ns;
	struct datagram datagram;
	bool answered;          /* an outbound SYN came: it is dropped without a word */
};

struct unsolicited {
	struct kept_syn *ring;  /* owned */
	uint32_t first, count;
};

void unsolicited_init(struct unsolicited *u);
void unsolicited_clear(struct unsolicited *u);

/* Keeps it, unless it is kept already. False: no room. */
bool unsolicited_keep(struct unsolicited *u, const struct datagram *d, int64_t due_ns);

/* An outbound SYN left from this public endpoint for this remote. */
void unsolicited_answer(struct unsolicited *u, const struct packet_ends *outbound);

/* When the oldest is due; NS_NEVER if there is none. */
static inline int64_t unsolicited_next(const struct unsolicited *u)
{
	return u->count ? u->ring[u->first].due_ns : NS_NEVER;
}

struct kept_syn unsolicited_take(struct unsolicited *u); /* the oldest, which there must be */

#endif
