/* scene - what the parts of the packet world share; only for sim/ns3.
 *
 *   packet_world.c  builds it, runs it, takes it down
 *   flows.c         what hosts do, train by train; datagrams.c, connection.c: by which sockets
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
};

struct scene;
struct host;

struct flow {
	struct scene *scene;
	struct host *host;
	const struct trace_record *record; /* its present train */
	struct ns3c_tcp *tcp;
	int64_t tried_ns;        /* simulated: first SYN, or the last datagram that is not yet answered */
	uint64_t owed;           /* TCP: payload that it has still to send */
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
#define HOST_CGN 255 /* the port is the one that the CGN sees */

struct flow_table {
	struct flow_entry *entries; /* owned */
	uint32_t mask, count;
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
/* A host got a datagram or an answer to a query that is for it. */
void flows_answered(struct scene *s, struct flow *f, uint32_t bytes);
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

/* What a request says of itself at the beginning of its bytes: the flow, and what it is to be answered with (TCP: so
 * many bytes; UDP: so many datagrams in the upper half, of so many bytes each). An answer begins with the same, but that
 * it is one. */
#define REQUEST_BYTES 8
void request_write(uint8_t out[REQUEST_BYTES], uint32_t flow, uint32_t answer);
uint32_t request_flow(const uint8_t in[REQUEST_BYTES]);
uint32_t request_answer(const uint8_t in[REQUEST_BYTES]);
bool request_is_one(const uint8_t in[REQUEST_BYTES]);
/* Answers a datagram that is a request: a server does, and a host that another one speaks to by its public endpoint. */
void request_serve(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length);

/* ---- capturing.c ---- */
enum side { SIDE_INSIDE, SIDE_OUTSIDE };
bool captures_open(struct scene *s, struct err *e);
void capture_packet(struct scene *s, enum side side, const uint8_t *bytes, uint32_t length);
bool captures_close(struct scene *s, struct err *e);

#endif
