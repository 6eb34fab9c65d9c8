/* wire - from a datagram's fields to the NAT's own terms, and back. */
#ifndef SIM_NAT_WIRE_H
#define SIM_NAT_WIRE_H

#include "sim/nat/state.h"

/* The protocol of an IANA number; false if the NAT does not translate it. */
static inline bool wire_protocol(uint8_t number, enum protocol *out)
{
	for (int p = 0; p < PROTO_COUNT; p++)
		if (protocol_number[p] == number) {
			*out = (enum protocol)p;
			return true;
		}
	return false;
}

/* A remote endpoint has no port in ICMP: its identifier is the host's. */
static inline uint16_t wire_remote_port(const struct packet_ends *ends, uint16_t port)
{
	return ends->protocol == IP_ICMP ? 0 : port;
}

struct wire_end {
	uint32_t address;
	uint16_t number;
};

static inline struct wire_end wire_outside(const struct nat *nat, const struct mapping *m)
{
	return (struct wire_end){ nat->edge->outside[m->address], slots_number(nat->ground.slots, m->slot) };
}

/* The mapping that holds a public number (for this remote endpoint, if it may have several); INDEX_NONE if none does. */
static inline uint32_t wire_holder(const struct nat *nat, uint32_t address, enum protocol protocol, uint16_t number,
                                   uint32_t remote, uint16_t remote_port)
{
	uint32_t index = edge_find(nat->edge, address), slot = nat->ground.slots->slot[number], entry;

	if (index == ADDRESS_NONE || slot == SLOT_NONE)
		return INDEX_NONE;
	if (nat->ground.tuples) {
		entry = tuples_find(nat->ground.tuples, &(struct tuple){ index, slot, remote, remote_port, protocol });
		return entry < TUPLE_HELD ? entry : INDEX_NONE;
	}
	return holders_get(nat->holders, index, protocol, slot);
}

static inline struct nat_path wire_inward(const struct mapping *m)
{
	return (struct nat_path){ .inside = true, .subscriber = m->inside.subscriber, .host = m->inside.host };
}

#endif
