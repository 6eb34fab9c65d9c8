/* scene - what the parts of the packet world share; only for sim/ns3.
 *
 *   packet_world.c  builds it, runs it, takes it down
 *   flows.c         what hosts do, train by train; datagrams.c, connection.c: by which sockets
 *   calls.c         what the other side sends unasked
 *   train.c         how many datagrams a train has, and when; serving.c: their answers; echo.c: those of ICMP
 *   flow_table.c    whose a packet is
 *   home.c          a home: its hosts and its NAT
 *   cgn.c           the CGN, and what is written down of it
 *   internet.c      servers, and the addresses that they stand for
 *   capturing.c     captures of both sides */
#ifndef SIM_NS3_SCENE_H
#define SIM_NS3_SCENE_H

#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/ipv4.h"
#include "sim/nat/translate.h"
#include "sim/ns3/ns3c.h"
#include "sim/ns3/packet_world.h"
#include "sim/world/cut.h"
#include "sim/world/events.h"

/* Simulated time at which the workload's time 0 is: packets that reach the CGN then have left before. */
#define LEAD_NS NS_PER_S

/* ---- flows ---- */

enum flow_state {
	FLOW_BEGUN   = 1 << 0, /* the CGN saw its first packet */
	FLOW_CREATED = 1 << 1, /* and carried it */
	FLOW_LOST    = 1 << 2, /* it was refused, and is not offered again */
	FLOW_OPEN    = 1 << 3, /* TCP: connected */
	FLOW_CLOSING = 1 << 4, /* TCP: to close when all is sent */
	FLOW_SILENT  = 1 << 6, /* TCP: the trace has no answer, and there will be none */
	FLOW_OVER    = 1 << 5, /* TCP: ended, or never opened */
	FLOW_UNMET   = 1 << 7, /* begun, by the other side alone and in vain: no mapping, or its filter was shut */
};

struct scene;
struct host;

struct flow {
	struct scene *scene;
	struct host *host;
	const struct trace_record *record; /* its present train */
	const struct trace_record *called; /* a train of the other side whose first packet is on its way; NULL: none */
	struct ns3c_tcp *tcp;
	struct service *service; /* TCP: the server's end; NULL: none yet, or none any more */
	int64_t tried_ns;        /* TCP: the first SYN, simulated */
	uint64_t owed;           /* TCP: payload that it has still to send */
	uint64_t expected;       /* TCP: payload that the server is to send when the trace has it */
	int64_t shift_ns;        /* how much later than the trace it goes, since it was refused at first */
	uint32_t number;         /* in the scene */
	uint32_t sent, due;      /* datagrams of the present train: sent, and in all */
	uint32_t next;           /* the record of its next train, or NO_RECORD */
	uint16_t cgn_port;       /* its port as the CGN sees it */
	uint8_t  state;          /* enum flow_state */
	enum outcome at_home;    /* how it ended at its home's NAT */
	uint8_t  fins;           /* TCP: which sides have closed, by the trace: SEG_FIN_OUT, SEG_FIN_IN */
};
#define NO_RECORD UINT32_MAX

/* ---- homes and hosts ---- */

struct home;

struct host {
	struct home *home;
	struct ns3c_node *node;
	struct ns3c_device *tap;
	uint32_t address;
	uint8_t  number;
	struct udp_socket *sockets; /* open addressing by port, [socket_mask + 1]; owned */
	uint32_t socket_mask, socket_count;
};

struct home {
	struct scene *scene;
	struct ns3c_node *node;
	struct ns3c_device *to_cgn;
	uint32_t address;        /* what the CGN knows it by */
	uint32_t subscriber;     /* within the instance */
	struct host *hosts;      /* owned */
	uint32_t host_count;
};

/* ---- the scene ---- */

/* Who is whose: a table of (subscriber, host, protocol, port, remote endpoint) -> flow. */
struct flow_key {
	uint32_t subscriber, remote;
	uint16_t port, remote_port;
	uint8_t  protocol, host;
};
enum {
	HOST_OUTSIDE = 254, /* the port, and the address in place of the subscriber, are those that the other side sends to */
	HOST_CGN = 255,     /* the port is the one that the CGN sees */
};

struct flow_table {
	struct flow_entry *entries; /* owned */
	uint32_t mask, count;
};

/* Packets of echoes of which not all fragments have come. */
struct echo_parts {
	struct echo_part *parts; /* owned */
	uint32_t count;
};

struct scene {
	const struct packet_job *job;
	const struct packet_config *config;
	struct share share;
	struct ns3c_sim *sim;
	struct ns3c_tcp_options tcp; /* of every host */
	struct packets packets;
	struct events_section *section;
	int64_t keep_ns[PROTO_COUNT]; /* most silence within a train */

	struct home *homes;      /* by subscriber of the instance; owned */
	struct nat *cpe;         /* of all homes; NULL: none */
	struct nat_config cpe_config;
	struct slots *cpe_slots;
	uint32_t *cpe_outside;

	struct ns3c_device **inside; /* the CGN's, by subscriber; owned */
	struct ns3c_device *outside;   /* the CGN's, and the one at the other end of the core link */
	struct ns3c_device *core;
	struct nat *nat;
	struct slots *slots;
	uint32_t *pool;          /* public addresses, by the instance's index; owned */
	struct waiting *waiting; /* fragments whose first has not come; owned */
	uint32_t waiting_count;
	const uint8_t *now_bytes; /* the packet that the NAT is shown, as it came; NULL: none */
	uint32_t now_length;

	struct internet *internet;
	struct serving *servings; /* answers that are still to come; owned */
	struct echo_parts echoes;

	struct flow *flows;      /* owned */
	uint32_t flow_count;
	struct flow_table table;
	struct start *starts;    /* trains in order of start; owned */
	uint32_t start_count, started;
	uint32_t *next_record;   /* by record of the trace: the flow's next; owned */

	pcap_t *pcap;
	pcap_dumper_t *captures[2];
	char *capture_names[2];
};

/* The workload's time. */
static inline int64_t scene_now(const struct scene *s)
{
	return ns3c_now(s->sim) - LEAD_NS;
}

/* And in a home: what leaves now is at the CGN at that time. */
static inline int64_t home_now(const struct scene *s)
{
	return scene_now(s) + s->config->access.delay_ns;
}

/* ---- flow_table.c ---- */
void flows_table_open(struct flow_table *t);
void flows_table_close(struct flow_table *t);
struct flow *flows_find(const struct scene *s, const struct flow_key *key); /* NULL: nobody's */
void flows_know(struct scene *s, const struct flow_key *key, struct flow *f);

/* ---- flows.c ---- */
bool flows_open(struct scene *s, struct err *e);
void flows_close(struct scene *s);
/* The run is over: counts what is still under way. */
void flows_count_open(struct scene *s);
struct head;
/* A host got a datagram, or an echo or its answer, of so many bytes and with this head. */
void host_heard(struct scene *s, struct head head, uint32_t bytes);
void hosts_close(struct host *h);

/* ---- connection.c ---- */
/* What one side of a connection sent again, its SYNs or SYN-ACKs left out. */
void connection_count_resent(struct packets *p, const struct ns3c_tcp_info *info);

/* ---- home.c ---- */
bool homes_open(struct scene *s, struct err *e);
void homes_close(struct scene *s);
/* A packet leaves a host, by its stack or (an echo) by hand. The bytes are changed. */
void home_outbound(struct host *h, uint8_t *bytes, uint32_t length);

/* ---- cgn.c ---- */
bool cgn_open(struct scene *s, struct ns3c_node **node, struct err *e);
void cgn_close(struct scene *s);

/* ---- internet.c ---- */
bool internet_open(struct scene *s, struct ns3c_node *cgn, struct err *e);
void internet_close(struct scene *s);
/* The run is over: counts what is still under way. */
void internet_count_open(struct scene *s);
/* Whether a SYN that left the CGN so will be answered. */
void internet_answers(struct scene *s, const struct datagram *syn, bool answers);

/* Sends a packet of the other side's to the public endpoint at which it finds the host: of UDP and ICMP the n-th of the
 * flow's present train, of TCP one without data. */
void internet_calls(struct flow *f, uint32_t address, uint16_t port, uint32_t n);
/* The server's end of an open connection: sends so many bytes, or a reset. */
void internet_pushes(struct flow *f, uint64_t bytes);
void internet_resets(struct flow *f);

/* ---- calls.c ---- */
/* The present train, in which only the other side speaks, begins. */
void call_begin(struct flow *f);
/* A packet came to the CGN from outside, and ended so: it may be the first of such a train. */
void calls_heard(struct scene *s, const struct datagram *was, enum outcome outcome);

/* ---- serving.c ---- */
/* Answers to a datagram that is a request: a server's, each at its time; and a host's that another one speaks to by its
 * public endpoint. */
void serve_datagram(struct scene *s, struct ns3c_udp *udp, uint32_t address, uint16_t port, struct head head);
void serve_at_once(struct scene *s, struct ns3c_udp *udp, uint32_t address, uint16_t port, struct head head);
void servings_close(struct scene *s);

/* ---- echo.c ---- */
/* An echo or its answer has come to `at`, or a fragment of one. True when all of it has: its head, and its bytes of data. */
bool echo_whole(struct scene *s, const void *at, const struct datagram *d, const uint8_t *bytes, struct head *head,
                uint32_t *data);
/* A request has come to a server: makes an answer of it. Each fragment goes back as one of the answer. */
void echo_answer(struct scene *s, const struct datagram *d, uint8_t *bytes);
void echoes_close(struct scene *s);

/* ---- capturing.c ---- */
enum side { SIDE_INSIDE, SIDE_OUTSIDE };
bool captures_open(struct scene *s, struct err *e);
void capture_packet(struct scene *s, enum side side, const uint8_t *bytes, uint32_t length);
bool captures_close(struct scene *s, struct err *e);

#endif
