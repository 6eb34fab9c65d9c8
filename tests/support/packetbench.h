/* packetbench - a NAT on a bench, shown datagrams: what came of each, every event
 * and everything that the NAT sent by itself is kept. Header only, for tests.
 *
 * The public addresses are 192.0.2.1, .2, ..; the remote hosts are whoever the
 * test names. Times are nanoseconds; S is a second. */
#ifndef TESTS_SUPPORT_PACKETBENCH_H
#define TESTS_SUPPORT_PACKETBENCH_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/translate.h"
#include "sim/scheme/scheme.h"
#include "tests/support/schemeconf.h"

#define S NS_PER_S
#define PUBLIC(n) (UINT32_C(0xc0000201) + (n))        /* 192.0.2.1 + n */
#define REMOTE(n) (UINT32_C(0xc6336401) + (n))        /* 198.51.100.1 + n */

struct told {                     /* what the NAT sent by itself */
	int64_t at_ns;
	struct datagram d;
	struct nat_path path;
};

struct lab {
	/* Set by lab_defaults(), to be changed before lab_open(). */
	struct nat_config config;
	const struct scheme_type *scheme;
	void *scheme_config;
	int pooling, assignment;
	struct port_range ports;
	struct port_ranges exclude;
	uint32_t addresses, subscribers;
	const uint32_t *outside;          /* public addresses; NULL: PUBLIC(0), PUBLIC(1) .. */
	/* Since lab_open(). */
	struct nat *nat;
	struct slots *slots;
	struct nat_event *events;
	size_t event_count, event_room;
	struct told *told;
	size_t told_count, told_room;
};

/* What came of a datagram. */
struct trip {
	enum outcome outcome;
	struct nat_path path;
	struct datagram d;
};

static inline void lab_event(void *context, const struct nat_event *e)
{
	struct lab *b = context;

	if (b->event_count == b->event_room) {
		b->event_room = b->event_room * 2 + 64;
		b->events = must_grow(b->events, b->event_room, sizeof(*b->events));
	}
	b->events[b->event_count++] = *e;
}

static inline void lab_told(void *context, int64_t now_ns, const struct datagram *d, struct nat_path path)
{
	struct lab *b = context;

	if (b->told_count == b->told_room) {
		b->told_room = b->told_room * 2 + 64;
		b->told = must_grow(b->told, b->told_room, sizeof(*b->told));
	}
	b->told[b->told_count++] = (struct told){ now_ns, *d, path };
}

/* The interface's defaults: the scheme draws one number after the other at random, pooling is paired. */
static inline void lab_defaults(struct lab *b)
{
	*b = (struct lab){
		.config = {
			.timeouts = { .udp = 300 * S, .udp_well_known = 300 * S, .tcp_established = 7440 * S,
			              .tcp_open = 240 * S, .tcp_closing = 240 * S, .tcp_incoming_syn = 6 * S, .icmp = 60 * S,
			              .fragment = 2 * S },
			.hold_down = { .time = 120 * S },
			.icmp_per_second = 1000000,
			.notify = { .interval = 60 * S },
		},
		.scheme = scheme_find("session"),
		.pooling = POOLING_PAIRED,
		.ports = { 1024, 65535 },
		.addresses = 4,
		.subscribers = 8,
	};
	b->scheme_config = conf_new(b->scheme);
}

/* Another scheme, with a configuration of zeros (see schemeconf.h). */
static inline void lab_scheme(struct lab *b, const char *name)
{
	free(b->scheme_config);
	b->scheme = scheme_find(name);
	b->scheme_config = conf_new(b->scheme);
}

static inline void lab_choice(struct lab *b, const char *key, const char *value)
{
	for (const struct param *p = b->scheme->params; p->name; p++)
		for (int i = 0; !strcmp(p->name, key) && p->choices && p->choices[i]; i++)
			if (!strcmp(p->choices[i], value)) {
				memcpy((char *)b->scheme_config + p->offset, &i, sizeof(i));
				return;
			}
	must(!"a choice that the scheme does not have");
}

static inline void lab_flag(struct lab *b, const char *key, bool value)
{
	memcpy(conf_member(b->scheme, b->scheme_config, key), &value, sizeof(value));
}

static inline void lab_open(struct lab *b)
{
	uint32_t *outside = must_alloc(b->addresses, sizeof(*outside));

	for (uint32_t i = 0; i < b->addresses; i++)
		outside[i] = b->outside ? b->outside[i] : PUBLIC(i);
	b->slots = slots_create(b->ports, &b->exclude);
	b->nat = nat_create(&(struct nat_setup){
		.config = &b->config,
		.slots = b->slots,
		.pooling = b->pooling,
		.assignment = b->assignment,
		.addresses = b->addresses,
		.subscribers = b->subscribers,
		.rng_key = RNG_TEST,
		.sink = { .context = b, .event = lab_event },
		.scheme_create = b->scheme->create,
		.scheme_config = b->scheme_config,
		.outside = outside,
		.send = lab_told,
		.send_context = b,
	});
	free(outside);
}

static inline void lab_close(struct lab *b)
{
	nat_destroy(b->nat);
	slots_destroy(b->slots);
	free(b->scheme_config);
	free(b->events);
	free(b->told);
}

/* The usual: opened with the defaults. */
static inline void lab_usual(struct lab *b)
{
	lab_defaults(b);
	lab_open(b);
}

/* ---- datagrams ---- */

/* A host's: from its port to the remote endpoint; TCP with these flags. A query's identifier is its port. */
static inline struct datagram packet(uint8_t protocol, uint16_t port, uint32_t remote, uint16_t remote_port, uint8_t flags)
{
	struct datagram d = { .ends = { .source = 0x64400001, .destination = remote, .source_port = port,
	                                .destination_port = remote_port, .protocol = protocol } };

	if (protocol == IP_TCP)
		d.tcp_flags = flags;
	if (protocol == IP_ICMP) {
		d.icmp_type = ICMP_ECHO;
		d.ends.destination_port = port;
	}
	return d;
}

static inline struct datagram udp(uint16_t port, uint32_t remote, uint16_t remote_port)
{
	return packet(IP_UDP, port, remote, remote_port, 0);
}

static inline struct datagram tcp(uint16_t port, uint32_t remote, uint16_t remote_port, uint8_t flags)
{
	return packet(IP_TCP, port, remote, remote_port, flags);
}

static inline struct datagram ping(uint16_t identifier, uint32_t remote)
{
	return packet(IP_ICMP, identifier, remote, 0, 0);
}

static inline struct packet_ends turned(struct packet_ends e)
{
	return (struct packet_ends){ .source = e.destination, .destination = e.source, .source_port = e.destination_port,
	                             .destination_port = e.source_port, .protocol = e.protocol };
}

/* The other end's answer to what reached it; TCP's flags are to be set. */
static inline struct datagram answer(struct datagram d)
{
	struct datagram a = { .ends = turned(d.ends) };

	if (d.ends.protocol == IP_ICMP)
		a.icmp_type = ICMP_ECHO_REPLY;
	return a;
}

/* The same from another remote endpoint. */
static inline struct datagram answer_from(struct datagram d, uint32_t remote, uint16_t remote_port)
{
	struct datagram a = answer(d);

	a.ends.source = remote;
	if (d.ends.protocol != IP_ICMP)
		a.ends.source_port = remote_port;
	return a;
}

/* An ICMP error about a datagram as it arrived somewhere, from there or from a router on the way. */
static inline struct datagram error_about(struct datagram d, uint32_t from, uint8_t type, uint8_t code)
{
	return (struct datagram){ .ends = { .source = from, .destination = d.ends.source, .protocol = IP_ICMP },
	                          .icmp_type = type, .icmp_code = code, .inner = d.ends };
}

/* ---- trips ---- */

static inline struct trip lab_out(struct lab *b, int64_t at_ns, uint32_t subscriber, struct datagram d)
{
	struct passage p = nat_outbound(b->nat, at_ns, subscriber, 0, &d);

	return (struct trip){ p.outcome, p.path, d };
}

static inline struct trip lab_in(struct lab *b, int64_t at_ns, struct datagram d)
{
	struct passage p = nat_inbound(b->nat, at_ns, &d);

	return (struct trip){ p.outcome, p.path, d };
}

static inline size_t lab_events(const struct lab *b, enum nat_event_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < b->event_count; i++)
		n += b->events[i].kind == kind;
	return n;
}

/* The last event of a kind; there must be one. */
static inline const struct nat_event *lab_last(const struct lab *b, enum nat_event_kind kind)
{
	for (size_t i = b->event_count; i-- > 0;)
		if (b->events[i].kind == kind)
			return &b->events[i];
	must(!"no such event");
	return NULL;
}

/* When the last mapping ends if nothing more is sent. Time is spent by asking. */
static inline int64_t lab_end_of_all(struct lab *b, int64_t now_ns)
{
	nat_advance(b->nat, now_ns + 100000 * S);
	must(nat_mappings(b->nat) == 0);
	return lab_last(b, NAT_MAPPING_ENDED)->time_ns;
}

/* A TCP connection of subscriber 0, port 5000, with REMOTE(0):80, a packet every ten seconds from time 0: S a SYN, F a
 * FIN, R a reset, A anything else; small letters are inbound. Returns when the last packet was sent. */
static inline int64_t lab_walk(struct lab *b, const char *packets)
{
	struct datagram d = tcp(5000, REMOTE(0), 80, 0), back = { 0 };
	int64_t at_ns = -10 * S;

	for (const char *c = packets; *c; c++) {
		bool inbound = *c >= 'a';
		uint8_t flags = (*c | 32) == 's' ? TCP_SYN : (*c | 32) == 'f' ? TCP_FIN : (*c | 32) == 'r' ? TCP_RST : TCP_ACK;
		struct datagram *one = inbound ? &back : &d;
		struct trip t;

		at_ns += 10 * S;
		one->tcp_flags = flags;
		t = inbound ? lab_in(b, at_ns, *one) : lab_out(b, at_ns, 0, *one);
		must(outcome_passes(t.outcome));
		if (!inbound)
			back = answer(t.d);
	}
	return at_ns;
}

static inline bool same_ends(struct packet_ends a, struct packet_ends b)
{
	return a.source == b.source && a.destination == b.destination && a.source_port == b.source_port &&
	       a.destination_port == b.destination_port && a.protocol == b.protocol;
}

static inline bool same_datagram(struct datagram a, struct datagram b)
{
	return same_ends(a.ends, b.ends) && same_ends(a.inner, b.inner) && a.tcp_flags == b.tcp_flags &&
	       a.icmp_type == b.icmp_type && a.icmp_code == b.icmp_code && a.id == b.id && a.offset == b.offset &&
	       a.more == b.more;
}

#endif
