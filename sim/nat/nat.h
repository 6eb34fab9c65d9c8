/* nat - a NAT44 as a pure state machine.
 *
 * It has no clock and knows no engine: every call says what time it is, and
 * time never goes back. It is driven packet by packet (translate.h), or by
 * trains of them (packet.h) where only a flow's significant packets are known,
 * and tells what it does as events to a sink.
 *
 * Words (RFC 4787, RFC 5382, RFC 6888):
 *   mapping    an inside endpoint (subscriber, host, port) bound to an outside
 *              one (address, number): one for all remotes, or one for each
 *              remote address, or for each remote endpoint.
 *   session    a mapping and one remote endpoint. It has the timer; a mapping
 *              lives as long as it has a session.
 *   filter     which remotes may send to a mapping.
 *   hold-down  after its last session a number is nobody's for a while (REQ-8).
 *   pairing    a subscriber's mappings all use one address (REQ-2). It ends when
 *              the subscriber has no mapping, no block and no held number.
 *
 * Timers: RFC 4787 REQ-5 (UDP), RFC 5508 REQ-2 (ICMP queries), RFC 5382 REQ-5
 * with the states of RFC 6146 section 3.5.2.2 (TCP, see tcp.h). UDP and ICMP
 * sessions are refreshed by outbound packets, by inbound ones only if
 * `inbound_refresh` (RFC 4787 REQ-6); TCP sessions by both. What the filter
 * drops refreshes nothing, nor does a reset or an ICMP error (RFC 7857 section 7). */
#ifndef SIM_NAT_NAT_H
#define SIM_NAT_NAT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/addr.h"
#include "sim/base/packet.h"
#include "sim/nat/allocator.h"
#include "sim/nat/datagram.h"
#include "sim/nat/pool.h"

struct nat_timeouts {       /* nanoseconds, > 0 */
	int64_t udp;
	int64_t udp_well_known; /* to remote ports 0 to 1023 */
	int64_t tcp_established; /* total idle life: RFC 6146's TCP_EST and then TCP_TRANS */
	int64_t tcp_open;
	int64_t tcp_closing;
	int64_t tcp_incoming_syn;
	int64_t icmp;
	int64_t fragment;
};

struct nat_limits {         /* 0: none. Active (live) numbers only */
	uint32_t ports_per_subscriber; /* sum over the protocols */
	uint32_t tcp, udp, icmp;       /* per subscriber */
	uint32_t sessions_per_subscriber;
	uint32_t sessions_per_mapping;
	uint32_t new_per_second;       /* mappings, per subscriber: a bucket of so many, filled at that rate */
	uint32_t mappings_total;       /* of an instance */
	uint32_t state_bytes_per_subscriber; /* NAT_MAPPING_BYTES a mapping, NAT_SESSION_BYTES a further session */
};
#define NAT_MAPPING_BYTES 64
#define NAT_SESSION_BYTES 32

enum hold { HOLD, RELEASE };

struct nat_hold_down {
	int64_t  time;          /* 0: none */
	int tcp;                /* RELEASE: a number whose TCP session was seen to close (REQ-8 A) is free at once */
	int same_subscriber;    /* RELEASE: its last holder may have it back before others (REQ-8 B) */
	int filtered;           /* RELEASE: none where the filter depends on the remote (REQ-8 C) */
	uint32_t max_ports;     /* of an instance; beyond it the longest held goes first; 0: no bound */
};

/* On what of the remote endpoint a mapping, or a filter, depends (RFC 4787 sections 4.1 and 5). */
enum dependence { ENDPOINT_INDEPENDENT, ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT };

enum on_full { FULL_REFUSE, FULL_EVICT_RANDOM };

/* What a host does whose TCP connection was refused: nothing, or its SYN comes again as from Linux, or as from ns-3. */
enum retry_kind { RETRY_NONE, RETRY_TCP, RETRY_NS3 };

/* Of what the operator is told, and how often (RFC 6888 REQ-11, RFC 8158 section 4.4). 0: not of this. */
struct nat_notify {
	double pool_high, pool_low;   /* share of the instance's numbers in use, of the busiest protocol */
	uint32_t mappings_high;       /* mappings of the instance */
	uint32_t subscriber_high;     /* mappings of a subscriber */
	int64_t interval;             /* a kind of notice is not repeated sooner */
};

struct nat_config {
	int mapping[PROTO_COUNT];     /* enum dependence */
	int filtering[PROTO_COUNT];   /* enum dependence */
	struct nat_timeouts timeouts;
	struct nat_hold_down hold_down;
	struct nat_limits limits;
	struct exempts exempt;
	int on_full;                  /* enum on_full */
	bool inbound_refresh;
	int retry;                    /* enum retry_kind: for whoever drives the NAT */
	uint32_t icmp_per_second;     /* ICMP errors of its own: a bucket of so many; 0: it sends none */
	struct nat_notify notify;
};

/* The longest time for which a mapping of these protocols can outlive its last
 * packet; TCP's established timer counts only if flows may be left open. */
int64_t nat_longest_timeout(const struct nat_timeouts *t, const bool protocols[PROTO_COUNT], bool tcp_left_open);

struct nat;

/* Where a datagram goes that the NAT sends by itself (an ICMP error, a fragment
 * that had to wait): inside, to this host, or outside. Inside addresses, and the
 * one that it has itself inside, are the caller's: the NAT leaves 0 where they
 * belong (see translate.h). */
struct nat_path {
	bool inside;
	uint32_t subscriber;    /* inside: within the instance, and the host of its home */
	uint8_t  host;
};

/* One instance. `ground` is what the allocator sees: the NAT fills it and lets
 * `scheme_create` make the allocator on it. `config`, `slots` must outlive it. */
struct nat_setup {
	const struct nat_config *config;
	const struct slots *slots;
	int      pooling;       /* enum pooling */
	int      assignment;
	uint32_t addresses, first_address;
	uint32_t subscribers, first_subscriber;
	uint64_t rng_key;       /* of the allocator's and the pairing's streams */
	struct sink sink;
	/* Makes the scheme on this ground. */
	struct allocator (*scheme_create)(const void *scheme_config, struct ground *ground);
	const void *scheme_config;

	/* For datagrams (translate.h) only: the public addresses by the instance's index, copied; NULL: only trains
	 * will be shown. And whom to give what the NAT sends by itself; NULL: it is dropped. */
	const uint32_t *outside;
	void (*send)(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path);
	void *send_context;
};

struct nat *nat_create(const struct nat_setup *setup);
void nat_destroy(struct nat *nat); /* NULL is fine */

/* What became of a train. */
struct verdict {
	enum outcome outcome;
	uint32_t address;       /* of the mapping, if CREATED or REFRESHED */
	uint32_t slot;
	uint16_t number;        /* the outside port */
	bool     crowded_out;   /* refused for want of numbers while holding less than a fair share
	                           (numbers of the address / subscribers on it) */
};

/* Shows the NAT a train. Its subscriber counts from 0 within the instance and
 * its port is the one seen by this NAT. Runs every timer up to its start first. */
struct verdict nat_show(struct nat *nat, const struct segment *train);

/* The mapping that would carry a train with these ends now: OUT_REFRESHED and where it is, OUT_NO_MAPPING, or OUT_EXEMPT.
 * Changes nothing, and runs no timer. */
struct verdict nat_find(const struct nat *nat, const struct segment *train);

/* Brings near what nat_show() of this train will touch. Changes nothing. */
void nat_prefetch(const struct nat *nat, const struct segment *train);

/* Runs every timer up to and including now_ns. */
void nat_advance(struct nat *nat, int64_t now_ns);

/* A crash: every mapping is gone and nobody logged it. What was in use is held
 * down from now, whatever the exceptions, as REQ-8 asks after loss of state. */
void nat_lose_state(struct nat *nat, int64_t now_ns);

/* Live state, for measures and invariants. */
uint32_t nat_mappings(const struct nat *nat);
uint32_t nat_active(const struct nat *nat, uint32_t subscriber, enum protocol protocol);
uint32_t nat_sessions(const struct nat *nat, uint32_t subscriber);
uint32_t nat_address_of(const struct nat *nat, uint32_t subscriber); /* ADDRESS_NONE: not paired */

#endif
