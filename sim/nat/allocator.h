/* allocator - what the NAT asks of a port-allocation scheme.
 *
 * The NAT owns limits, timers, the hold-down clock, the pairing of subscribers
 * with addresses, and the portsets; a scheme owns which number is given, its
 * blocks or ranges and their guard time, and emits block events. */
#ifndef SIM_NAT_ALLOCATOR_H
#define SIM_NAT_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/outcome.h"
#include "sim/base/packet.h"
#include "sim/base/rng.h"
#include "sim/base/sink.h"
#include "sim/nat/pool.h"
#include "sim/nat/portset.h"
#include "sim/nat/tuples.h"

#define ADDRESS_NONE UINT32_MAX

/* The ground an allocator works on: one instance. Owned by the NAT. */
struct ground {
	const struct slots *slots;
	uint32_t addresses;
	uint32_t subscribers;        /* of this instance: 0 .. subscribers-1 here */
	uint32_t first_subscriber;   /* its number 0 is this one of the scenario */
	uint32_t first_address;      /* its address 0 is this one of the pool */
	struct portset **ports;      /* [address * PROTO_COUNT + protocol] */
	struct tuples *tuples;       /* for an allocator that overloads: which 5-tuples are in use; else NULL */
	struct rng rng;              /* the scheme's own stream */
	struct sink sink;            /* for block events */
};

static inline struct portset *ground_ports(const struct ground *g, uint32_t address, enum protocol protocol)
{
	return g->ports[address * PROTO_COUNT + protocol];
}

struct request {
	int64_t  time_ns;
	uint32_t subscriber;
	uint32_t address;       /* already chosen by pooling; ADDRESS_NONE for an allocator that `places` */
	enum protocol protocol;
	uint16_t port;          /* the inside port: a suggestion */
	uint32_t remote;
	uint16_t remote_port;
	uint32_t held;          /* numbers of this protocol that the subscriber has live or in hold-down */
};

struct binding {
	uint32_t address;       /* set to the request's beforehand; one that `places` says where */
	uint32_t slot;
	uint32_t odds;          /* see struct nat_event */
};

struct allocator {
	/* Where a subscriber must live, or ADDRESS_NONE if the NAT is to choose. NULL: the NAT chooses for all. */
	uint32_t (*home)(void *state, uint32_t subscriber);
	/* Could a newcomer get a number of this protocol on this address now? */
	bool (*room)(void *state, uint32_t address, enum protocol protocol);
	/* Finds a free number and says OUT_CREATED, or the reason why not. The NAT takes it in the portset. */
	enum outcome (*alloc)(void *state, const struct request *request, struct binding *out);
	/* A mapping's life is over; its number goes into hold-down. NULL: the scheme does not care. */
	void (*ended)(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, enum protocol protocol);
	/* Hold-down is over and the portset has the number back. NULL: the scheme does not care. */
	void (*release)(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, enum protocol protocol);
	/* Does the subscriber own a block? NULL: never. (Ends a pairing only when not.) */
	bool (*owns)(void *state, uint32_t subscriber);
	/* Next time tick() wants to be called, NS_NEVER if none. NULL: never. */
	int64_t (*next)(void *state);
	void (*tick)(void *state, int64_t now_ns);
	void (*destroy)(void *state);
	void *state;
	/* It chooses the address of each mapping itself: numbers of one subscriber lie on
	 * several (arbitrary pooling only). Then `home` and `room` are not asked. */
	bool places;
	/* It gives a number to several mappings at once, each to a remote endpoint of its own: a
	 * number is free for a request if its 5-tuple is (`tuples`), taken or not. Mapping and
	 * filtering must be address-and-port-dependent. */
	bool overloads;
	/* Each number belongs to one subscriber while it is live or not: another's cannot be taken from it. */
	bool tied;
};

#endif
