/* model_state - what the files of the model share. See model_nat.h. */
#ifndef TESTS_MODEL_STATE_H
#define TESTS_MODEL_STATE_H

#include "tests/model_nat.h"

/* RFC 6146 section 3.5.2.2; its V6 side is inside (out), its V4 side outside (in). CLOSED: there is no session. */
enum tcp_state {
	INIT_OUT,       /* V6 INIT: an outbound SYN, not answered */
	INIT_IN,        /* V4 INIT */
	ESTABLISHED,
	FIN_OUT_RCV,    /* V6 FIN RCV */
	FIN_IN_RCV,
	FINS_RCV,       /* V6 FIN + V4 FIN RCV */
	TRANS,          /* by a reset; the rest of an idle life is not told apart from the life */
	TCP_STATES,
};

/* What comes: its first packet in CLOSED says where it begins. */
enum tcp_input { SYN_OUT, SYN_IN, FIN_OUT, FIN_IN, RST, OTHER, TCP_INPUTS };

struct m_session {
	struct m_session *next;
	uint32_t remote;
	uint16_t remote_port;
	enum tcp_state tcp;
	int64_t ends_ns;
};

struct m_mapping {
	struct m_mapping *next;
	uint32_t subscriber;
	uint8_t host;
	enum protocol protocol;
	uint16_t port;
	uint32_t remote;        /* to which it was made; asked only as far as the mapping depends on it */
	uint16_t remote_port;
	uint32_t address, slot;
	int64_t created_ns;
	struct m_session *sessions;
};

struct m_held {
	struct m_held *next;
	int64_t ended_ns;
	uint32_t subscriber, address, slot;
	enum protocol protocol;
};

struct m_syn {
	struct m_syn *next;
	int64_t due_ns;
	struct datagram datagram;
	bool answered;
};

/* A packet in fragments. */
struct m_packet {
	struct m_packet *next;
	bool inbound;
	uint32_t subscriber;
	uint8_t host;
	struct datagram like;   /* its source, destination, protocol and id */
	int64_t until_ns;
	bool decided;
	struct passage fate;
	uint32_t source, destination;
};

struct m_waiting {
	struct m_waiting *next;
	struct m_packet *packet;
	struct datagram datagram;
};

/* A bucket of n that fills at n a second: what is in it, in nanoseconds of filling. */
struct m_bucket {
	bool used;
	int64_t last_ns, level_ns;
};

struct m_subscriber {
	uint32_t address;       /* paired with; ADDRESS_NONE */
	struct m_bucket rate;
	uint32_t hash_starts;   /* a bit for each address at which its hash may begin, for all that is known */
};

struct model {
	struct model_setup setup;
	const struct nat_config *config;
	uint16_t number[65536]; /* by slot */
	uint32_t numbers;

	struct m_mapping *mappings;
	struct m_held *held;
	struct m_syn *syns;
	struct m_packet *packets;
	struct m_waiting *waiting;
	struct m_subscriber subscribers[MODEL_SUBSCRIBERS];
	uint32_t after_last;    /* round robin: the address after the last that was given */
	uint32_t after[MODEL_ADDRESSES][PROTO_COUNT]; /* sequential: the slot after the last that was given */
	struct m_bucket icmp;

	int64_t noticed_ns[NOTICE_COUNT]; /* NS_NONE: never */
	bool high[PROTO_COUNT]; /* the operator was told, or would have been, that numbers in use rose */

	uint64_t datagrams[OUT_COUNT];
	uint64_t icmp_sent, icmp_withheld;
	const struct records *core;
	struct records said;
};

/* ---- model_base.c ---- */

/* Appends a new, zeroed element to a list whose elements begin with `next`. */
void *list_append(void *list, size_t size);
void list_remove(void *list, const void *element); /* frees it */
void say_event(struct model *m, const struct nat_event *e);
const struct nat_event *core_event(const struct model *m); /* what the core said where the model is; NULL: no event */

/* ---- model_nat.c ---- */
bool passes(enum outcome o);
bool refused(enum outcome o);
uint32_t address_index(const struct model *m, uint32_t address); /* ADDRESS_NONE */
uint32_t slot_of(const struct model *m, uint16_t number);        /* SLOT_NONE */
bool protocol_of(uint8_t number, enum protocol *out);
bool is_icmp_error(const struct datagram *d);
uint16_t remote_port_of(uint8_t protocol, uint16_t port);        /* ICMP has none */
bool is_exempt(const struct model *m, uint32_t remote, uint16_t remote_port);
struct m_mapping *mapping_of_inside(const struct model *m, uint32_t subscriber, uint8_t host, enum protocol protocol,
                                    uint16_t port, uint32_t remote, uint16_t remote_port);
struct m_mapping *mapping_of_outside(const struct model *m, uint32_t address, enum protocol protocol, uint16_t number);
struct m_session *session_of(const struct m_mapping *mapping, uint32_t remote, uint16_t remote_port);
bool filter_lets_in(const struct model *m, const struct m_mapping *mapping, uint32_t remote, uint16_t remote_port);
enum outcome begin_session(struct model *m, int64_t now_ns, struct m_mapping *mapping, uint32_t remote,
                           uint16_t remote_port, enum tcp_input in);

/* ---- model_numbers.c ---- */
enum outcome make_mapping(struct model *m, int64_t now_ns, const struct m_mapping *like, struct m_mapping **out);
enum outcome limit_of_session(const struct model *m, const struct m_mapping *mapping);
void refuse(struct model *m, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
            enum outcome why);
uint32_t count_active(const struct model *m, uint32_t subscriber, int protocol); /* -1: of all */
uint32_t count_held(const struct model *m, uint32_t subscriber, int protocol);   /* live and held down */
uint32_t count_in_use(const struct model *m, enum protocol protocol);            /* the same, of everybody */
uint32_t count_sessions(const struct m_mapping *mapping);

/* ---- model_time.c ---- */
int64_t session_life(const struct model *m, const struct m_mapping *mapping, const struct m_session *s);
void session_first(struct model *m, int64_t now_ns, const struct m_mapping *mapping, struct m_session *s,
                   enum tcp_input in);
void session_again(struct model *m, int64_t now_ns, const struct m_mapping *mapping, struct m_session *s,
                   enum tcp_input in, bool inbound);
void cut_mapping(struct model *m, int64_t now_ns, struct m_mapping *mapping, enum nat_end why);
void give_back(struct model *m, int64_t now_ns, struct m_held *h); /* a held number, now */
bool bucket_has(const struct m_bucket *b, int64_t now_ns, uint32_t n);
void bucket_take(struct m_bucket *b, int64_t now_ns, uint32_t n);

/* ---- model_edge.c ---- */
void send_error(struct model *m, int64_t now_ns, const struct datagram *about, uint8_t code, struct nat_path back);
struct passage error_out(struct model *m, uint32_t subscriber, uint8_t host, struct datagram *d);
struct passage error_in(struct model *m, struct datagram *d);
bool keep_syn(struct model *m, int64_t now_ns, const struct datagram *d);
void answer_syns(struct model *m, const struct datagram *d);
void edge_due(struct model *m, int64_t now_ns);   /* what is due at this very time */
void edge_lost(struct model *m);
struct m_packet *packet_of(struct model *m, bool inbound, uint32_t subscriber, uint8_t host, const struct datagram *d);
struct passage rest_of_packet(struct model *m, int64_t now_ns, bool inbound, uint32_t subscriber, uint8_t host,
                              struct datagram *d);
void start_of_packet(struct model *m, int64_t now_ns, bool inbound, uint32_t subscriber, uint8_t host,
                     const struct datagram *as_it_was, const struct datagram *d, struct passage fate);
void notice_taken(struct model *m, int64_t now_ns, const struct m_mapping *mapping);
void notice_released(struct model *m, int64_t now_ns, const struct m_held *h);
void notice_refused(struct model *m, int64_t now_ns, const struct nat_event *refusal);

#endif
