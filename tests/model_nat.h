/* model_nat - the same NAT44 once more, slow and obvious: what sim/nat is held
 * against, packet by packet (tests/nat/test_storm.c).
 *
 * Written from RFC 4787, 5382, 5508, 5597, 6146 (section 3.5.2.2), 6888, 7857 and
 * from what the headers of sim/nat promise; it shares no code with sim/nat, only
 * the structs that describe what goes in and what comes out. Everything is a
 * linear list: whatever is asked is counted or looked for from the first to the
 * last, each time anew, so there is nothing in it that could be stale.
 *
 * Scheme: `session`, select random, sequential or preserve.
 *
 * Where the promise leaves a choice, the model does as the core did, if that was
 * one of the choices, and else as it likes (the difference is then found). So the
 * generator's numbers are no part of what is compared, only what may be done with
 * them. The choices: a random number or address; whom an eviction hits; which of
 * several sessions that end in the same nanosecond, or with the NAT's state, goes
 * first; and where a subscriber's hash begins, which must be the same each time.
 *
 *   model_base.c     its lists and records; made, followed, asked
 *   model_nat.c      a packet's way in, out, and back in (hairpin)
 *   model_numbers.c  limits, pooling, which number; refusals
 *   model_time.c     timers, the TCP states, ends, hold-down, loss of state
 *   model_edge.c     fragments, ICMP errors, SYNs that wait; notices
 *   model_train.c    trains of packets */
#ifndef TESTS_MODEL_NAT_H
#define TESTS_MODEL_NAT_H

#include "sim/base/sink.h"
#include "sim/nat/nat.h"
#include "sim/nat/translate.h"

/* What a NAT said: an event, or a datagram that it sent by itself. */
struct record {
	bool sent;
	struct nat_event event;
	int64_t sent_ns;
	struct datagram datagram;
	struct nat_path path;
};

struct records {
	struct record *items;   /* owned */
	uint32_t count, room;
};

void records_add(struct records *r, const struct record *record);

enum model_select { MODEL_RANDOM, MODEL_SEQUENTIAL, MODEL_PRESERVE };
#define MODEL_ADDRESSES 8   /* at most */
#define MODEL_SUBSCRIBERS 16

struct model_setup {
	const struct nat_config *config;
	int pooling, assignment;
	int select;                     /* enum model_select */
	bool parity, port_class;        /* of MODEL_PRESERVE */
	uint32_t addresses, subscribers;
	const uint32_t *outside;
	struct port_range ports;
	const struct port_ranges *exclude;
};

struct model;

struct model *model_create(const struct model_setup *setup);
void model_destroy(struct model *m);

/* What the core said to the next call, before that call: `core` must stay as it is until the next model_follow(). */
void model_follow(struct model *m, const struct records *core);
const struct records *model_said(const struct model *m);

/* As nat_outbound(), nat_inbound(), nat_show(), nat_advance(), nat_lose_state(). Trains of UDP and ICMP only; a verdict
 * says where only if the train is carried. */
struct passage model_outbound(struct model *m, int64_t now_ns, uint32_t subscriber, uint8_t host, struct datagram *d);
struct passage model_inbound(struct model *m, int64_t now_ns, struct datagram *d);
struct verdict model_show(struct model *m, const struct segment *train);
void model_advance(struct model *m, int64_t now_ns);
void model_lose_state(struct model *m, int64_t now_ns);

/* As in nat.h and translate.h. */
uint32_t model_mappings(const struct model *m);
uint32_t model_active(const struct model *m, uint32_t subscriber, enum protocol protocol);
uint32_t model_sessions(const struct model *m, uint32_t subscriber);
uint32_t model_address_of(const struct model *m, uint32_t subscriber);
uint64_t model_datagrams(const struct model *m, enum outcome outcome);
uint64_t model_icmp_sent(const struct model *m);
uint64_t model_icmp_withheld(const struct model *m);

/* For who makes up packets. The n-th (wrapping) of its sessions as packets of it look, false if it has none; and
 * the n-th of the times at which something is due, or the first of them: NS_NEVER if nothing is. */
struct model_session {
	uint32_t subscriber;
	uint8_t host;
	struct packet_ends outbound;    /* source 0 */
	struct packet_ends inbound;     /* to its public number */
};
bool model_session(const struct model *m, uint32_t n, struct model_session *out);
int64_t model_due(const struct model *m, uint32_t n);
int64_t model_first_due(const struct model *m);

#endif
