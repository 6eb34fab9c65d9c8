/* edge - what only datagrams need: which mapping a public number belongs to,
 * which public address is whose, fragments, and inbound SYNs that wait. */
#ifndef SIM_NAT_EDGE_H
#define SIM_NAT_EDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/fragments.h"
#include "sim/nat/nat.h"
#include "sim/nat/unsolicited.h"

/* Which mapping holds a number of an address. Pages are made when first used. */
struct holders {
	uint32_t **pages;     /* [address * PROTO_COUNT + protocol][slot]: mapping, or INDEX_NONE */
	uint32_t page_count, slots;
};

struct holders *holders_create(uint32_t addresses, uint32_t slots);
void holders_destroy(struct holders *h); /* NULL is fine */
void holders_set(struct holders *h, uint32_t address, enum protocol protocol, uint32_t slot, uint32_t mapping);
uint32_t holders_get(const struct holders *h, uint32_t address, enum protocol protocol, uint32_t slot); /* INDEX_NONE */

struct public_address {
	uint32_t address, index;
};

struct edge {
	uint32_t *outside;               /* public addresses by index */
	struct public_address *known;    /* the same by address */
	uint32_t addresses;
	struct fragments fragments;
	struct unsolicited syns;
	uint64_t count[OUT_COUNT];       /* datagrams by outcome */
	int64_t  icmp_ns;                /* of its own ICMP errors, see rate.h */
	uint64_t icmp_sent, icmp_withheld;
	void (*send)(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path);
	void *send_context;
};

struct edge *edge_create(const struct nat_setup *setup);
void edge_destroy(struct edge *e); /* NULL is fine */

/* The index of a public address; ADDRESS_NONE if it is none of ours. */
uint32_t edge_find(const struct edge *e, uint32_t address);

/* The NAT lost its state. */
void edge_forget(struct edge *e);

/* When something of it is due next, NS_NEVER if nothing is. */
static inline int64_t edge_next(const struct edge *e)
{
	int64_t fragments = fragments_next(&e->fragments), syns = unsolicited_next(&e->syns);

	return fragments < syns ? fragments : syns;
}

/* Does what is due at this time. */
void edge_tick(struct nat *nat, int64_t now_ns);

#endif
