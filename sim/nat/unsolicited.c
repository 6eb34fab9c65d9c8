#include "sim/nat/unsolicited.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/nat/translate.h"

void unsolicited_init(struct unsolicited *u)
{
	*u = (struct unsolicited){ .ring = must_alloc(NAT_SYNS_MAX, sizeof(*u->ring)) };
}

void unsolicited_clear(struct unsolicited *u)
{
	free(u->ring);
	*u = (struct unsolicited){ 0 };
}

static bool same_ends(const struct packet_ends *a, const struct packet_ends *b)
{
	return a->source == b->source && a->destination == b->destination && a->source_port == b->source_port &&
	       a->destination_port == b->destination_port;
}

bool unsolicited_keep(struct unsolicited *u, const struct datagram *d, int64_t due_ns)
{
	for (uint32_t i = 0; i < u->count; i++)
		if (same_ends(&u->ring[(u->first + i) % NAT_SYNS_MAX].datagram.ends, &d->ends))
			return true; /* sent again: it is answered once */
	if (u->count == NAT_SYNS_MAX)
		return false;
	u->ring[(u->first + u->count++) % NAT_SYNS_MAX] = (struct kept_syn){ .due_ns = due_ns, .datagram = *d };
	return true;
}

void unsolicited_answer(struct unsolicited *u, const struct packet_ends *outbound)
{
	for (uint32_t i = 0; i < u->count; i++) {
		struct kept_syn *k = &u->ring[(u->first + i) % NAT_SYNS_MAX];
		const struct packet_ends *in = &k->datagram.ends;

		if (in->destination == outbound->source && in->destination_port == outbound->source_port &&
		    in->source == outbound->destination && in->source_port == outbound->destination_port)
			k->answered = true;
	}
}

struct kept_syn unsolicited_take(struct unsolicited *u)
{
	struct kept_syn k = u->ring[u->first];

	must(u->count);
	u->first = (u->first + 1) % NAT_SYNS_MAX;
	u->count--;
	return k;
}
