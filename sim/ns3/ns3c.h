/* ns3c - the ns-3 network simulator for programs in C.
 *
 * One simulation at a time in a process: ns3c_create(), build nodes and links,
 * schedule events and open sockets, ns3c_run(), look at what came of it,
 * ns3c_destroy(). Then another one; with the same calls it leaves the same
 * bytes, whatever ran before it. Single-threaded, as ns-3 is.
 *
 * Units: times are nanoseconds from the simulation's start; addresses and ports
 * are in host order (0xc0000201 is 192.0.2.1); lengths are bytes.
 *
 * Handles are opaque and belong to the simulation: nothing is freed by the
 * caller. They live until ns3c_destroy(), unless a comment says that they end
 * earlier. Callbacks are called from within ns3c_run() and may call everything
 * here but ns3c_run(), ns3c_create() and ns3c_destroy(). A NULL callback is not called.
 *
 * Errors: a function that returns a pointer returns NULL, one that returns int
 * a negative number, and ns3c_error() then says what was wrong. Arguments are
 * checked before ns-3 sees them, because ns-3 ends the process where it finds a
 * fault by itself; what remains of that is said where it can happen. */
#ifndef SIM_NS3_NS3C_H
#define SIM_NS3_NS3C_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ns3c_sim;
struct ns3c_event;
struct ns3c_node;
struct ns3c_device;
struct ns3c_lan;
struct ns3c_capture;
struct ns3c_tcp;
struct ns3c_udp;
struct ns3c_app;

/* What the last call that failed had to say: one line without a newline, "" before the first. Until the next. */
const char *ns3c_error(void);

/* --- the simulator --------------------------------------------------------- */

/* Of TCP; ns3c_defaults() sets what is said in brackets. */
struct ns3c_tcp_options {
	uint32_t segment_size;      /* bytes of data at most, 1 .. 65000 (1448) */
	uint32_t send_buffer;       /* bytes, at least one segment (131072) */
	uint32_t receive_buffer;    /* bytes, at least one segment (131072) */
	uint32_t initial_window;    /* segments, at least 1 (10) */
	uint32_t syn_tries;         /* SYNs for a connection, 1 .. 16 (6: at 0, 3, 9, 21, 45, 93 s, over at 189 s) */
	int64_t syn_timeout_ns;     /* wait after the first SYN, then twice as long after each, above 0 (3 s) */
	uint32_t data_tries;        /* timeouts in a row before an open connection is given up, at least 1 (6) */
	int64_t min_rto_ns;         /* the least retransmission timeout, above 0 (1 s) */
	int64_t delayed_ack_ns;     /* longest wait with an acknowledgement, above 0 (200 ms) */
	uint32_t delayed_ack_count; /* segments for one acknowledgement, at least 1 (2) */
	int64_t segment_life_ns;    /* MSL: TIME-WAIT is twice that, above 0 (120 s). A socket holds memory until then */
	bool timestamps;            /* RFC 7323 (true): 12 bytes more in each segment */
	bool sack;                  /* RFC 2018 (true) */
	bool window_scaling;        /* RFC 7323 (true) */
};

struct ns3c_options {
	uint32_t seed;               /* at least 1 (1) */
	uint64_t run;                /* number of the replication: other draws with the same seed (1) */
	bool checksums;              /* IPv4, ICMP, TCP and UDP write them and drop what is wrong (true); else all are 0 */
	struct ns3c_tcp_options tcp; /* of every socket that is not given its own */
};

void ns3c_defaults(struct ns3c_options *options);

/* NULL options are the defaults. NULL if there is one already, or an option is out of its range. */
struct ns3c_sim *ns3c_create(const struct ns3c_options *options);
/* Ends every handle without calling a callback. NULL is fine. Not from a callback. */
void ns3c_destroy(struct ns3c_sim *sim);

/* Sets the initial value of an attribute of ns-3's by its full name, such as "ns3::TcpL4Protocol::SocketType" to
 * "ns3::TcpNewReno", for what is created from now on; gone with the simulation. -1 if there is no such name; a value
 * that cannot be read as one of the attribute's kind ends the process. */
int ns3c_attribute(struct ns3c_sim *sim, const char *name, const char *value);

/* The simulated time: ns. */
int64_t ns3c_now(const struct ns3c_sim *sim);

/* Calls fn(user) at a time, now or later; events of one time in the order in which they were scheduled. The handle is
 * good until fn has been called or it was cancelled. */
struct ns3c_event *ns3c_at(struct ns3c_sim *sim, int64_t at_ns, void (*fn)(void *user), void *user);
void ns3c_cancel(struct ns3c_event *event);   /* NULL is fine */

/* Runs what is due before until_ns, and at until_ns what was scheduled before the call; the time is then until_ns. A
 * negative one runs until nothing is left, and the time is that of the last event. May be called again. */
int ns3c_run(struct ns3c_sim *sim, int64_t until_ns);
/* Makes ns3c_run() return after the present event. */
void ns3c_stop(struct ns3c_sim *sim);
uint64_t ns3c_event_count(const struct ns3c_sim *sim);   /* events run so far */

/* --- nodes and links -------------------------------------------------------- */

/* A host or router: IPv4, ICMP, TCP and UDP. It does not forward until ns3c_forward(). */
struct ns3c_node *ns3c_add_host(struct ns3c_sim *sim);

/* A packet from a device of a node without a stack: whole, from the first byte of its IPv4 (or IPv6) header, without
 * link header or padding. The bytes are the callee's to change until it returns, and may be given to ns3c_send(). */
typedef void ns3c_packet_fn(struct ns3c_device *device, uint8_t *bytes, uint32_t length, void *user);

/* A node without a stack: it does with packets what `received` does with them. */
struct ns3c_node *ns3c_add_raw(struct ns3c_sim *sim, ns3c_packet_fn *received, void *user);

/* 0 takes what is said in brackets. */
struct ns3c_link {
	uint64_t bits_per_second; /* (1 Gbit/s) */
	int64_t delay_ns;         /* of propagation, 0 or more */
	uint32_t queue_packets;   /* of each device that waits to send (100) */
	uint32_t mtu;             /* bytes of an IP packet, 68 .. 65535, of a LAN up to 1500 (1500) */
};

/* A link between two nodes; NULL link is all defaults. Either device pointer may be NULL. */
int ns3c_join(struct ns3c_node *a, struct ns3c_node *b, const struct ns3c_link *link, struct ns3c_device **at_a,
              struct ns3c_device **at_b);

/* A shared Ethernet segment (CSMA), and a device on it. A node without a stack answers ARP there for what it was told
 * to by ns3c_answer_arp(), and finds its neighbours by what they send; to one not heard yet it sends by broadcast. */
struct ns3c_lan *ns3c_add_lan(struct ns3c_sim *sim, const struct ns3c_link *link);
struct ns3c_device *ns3c_attach(struct ns3c_lan *lan, struct ns3c_node *node);
int ns3c_answer_arp(struct ns3c_device *device, uint32_t address, unsigned prefix_length);

/* A device of a host whose other end is the program: what the host sends on it goes to `sent`, whole IPv4 packets, the
 * bytes the callee's until it returns; what is delivered the host receives, at once. It has no queue and takes no
 * time; give it an address and a route like any other. */
struct ns3c_device *ns3c_add_tap(struct ns3c_node *host, uint32_t mtu, ns3c_packet_fn *sent, void *user);
int ns3c_tap_deliver(struct ns3c_device *tap, const void *bytes, uint32_t length);

/* Whose a device is, and the longest IP packet that it takes, in bytes. */
struct ns3c_node *ns3c_device_node(const struct ns3c_device *device);
uint32_t ns3c_device_mtu(const struct ns3c_device *device);

/* Sends a whole IPv4 or IPv6 packet out of a device of a node without a stack. 0: it is on its way; 1: its queue was
 * full, which it counts; -1: no IP packet, longer than the MTU, or the device of a host. */
int ns3c_send(struct ns3c_device *device, const void *bytes, uint32_t length);

/* Since the start. Each packet that was given to a device to send is sent, still waiting, or dropped. */
struct ns3c_counts {
	uint64_t sent, received; /* packets */
	uint64_t waiting;        /* in the queue */
	uint64_t queue_dropped;  /* the queue was full */
	uint64_t medium_dropped; /* never got a turn on the LAN */
};
struct ns3c_counts ns3c_device_counts(const struct ns3c_device *device);

/* Writes what a device sends and receives to a capture file with nanoseconds: raw IP of a link, Ethernet of a LAN. The
 * file is closed by ns3c_capture_close(), which ends the handle and is -1 if not everything could be written, or by
 * ns3c_destroy(). */
struct ns3c_capture *ns3c_capture_open(struct ns3c_device *device, const char *path);
int ns3c_capture_close(struct ns3c_capture *capture);   /* NULL is fine */

/* --- IPv4 of a host --------------------------------------------------------- */

/* Gives a device of a host an address, and the host a route to its prefix through it. prefix_length 0 .. 32. -1 also if
 * no host can have it: 0, multicast, the first and the last of a prefix of up to 30. */
int ns3c_address(struct ns3c_device *device, uint32_t address, unsigned prefix_length);

/* A route of a host, out of a device that has an address. gateway 0: the destination is on the link. prefix_length 0 is
 * the default route. */
int ns3c_route(struct ns3c_device *device, uint32_t destination, unsigned prefix_length, uint32_t gateway);

/* Whether a host forwards what is not for it. */
int ns3c_forward(struct ns3c_node *host, bool on);

/* Packets that a host's IPv4 dropped: no route, time to live, checksum, reassembly and so on. */
uint64_t ns3c_host_drops(const struct ns3c_node *host);

/* --- sockets ---------------------------------------------------------------- */

/* What hosts send to is another host: 0, a broadcast and the host's own addresses are refused. Else an address is an
 * address, which a route leads to or none does. There is no loopback, and there are no groups: a host sends to
 * 127.0.0.1 and to 224.0.0.1 as to any other. */

struct ns3c_icmp {
	uint32_t from;      /* address */
	uint8_t type, code; /* RFC 792 */
	uint8_t ttl;
	uint32_t info;      /* the second word of the ICMP header: of type 3 code 4 the MTU */
};

/* How a TCP connection ended. */
enum ns3c_end {
	NS3C_CLOSED,    /* both sides had no more to send (told as TIME-WAIT begins, or the last FIN is acknowledged) */
	NS3C_NO_ANSWER, /* never open: no SYN was answered */
	NS3C_REFUSED,   /* never open: a reset answered the SYN */
	NS3C_RESET,     /* a reset, on an open connection */
	NS3C_LOST,      /* an open connection was given up: data or FIN were not acknowledged */
	NS3C_ABORTED,   /* by ns3c_tcp_abort(), or ns3c_tcp_close() before it was open */
};
const char *ns3c_end_name(enum ns3c_end end);   /* "closed", "no answer", ... */

struct ns3c_tcp_events {
	void (*connected)(struct ns3c_tcp *tcp, void *user);   /* not of an accepted one */
	void (*received)(struct ns3c_tcp *tcp, const uint8_t *bytes, uint32_t length, void *user);
	/* In place of `received` where only the number of bytes matters. */
	void (*arrived)(struct ns3c_tcp *tcp, uint32_t length, void *user);
	void (*sent)(struct ns3c_tcp *tcp, uint32_t length, void *user);   /* put on the wire for the first time */
	void (*space)(struct ns3c_tcp *tcp, uint32_t length, void *user);  /* so many fit into the send buffer */
	/* The other side has no more to send, and this one has not closed. If this is NULL, it closes as well. */
	void (*finished)(struct ns3c_tcp *tcp, void *user);
	/* An ICMP error about one of its packets. TCP itself goes on as if nothing had happened. */
	void (*icmp)(struct ns3c_tcp *tcp, const struct ns3c_icmp *error, void *user);
	/* The last call, exactly once for each socket that was connected or accepted; the handle ends when it returns. */
	void (*ended)(struct ns3c_tcp *tcp, enum ns3c_end how, void *user);
};

/* Connects. local_address 0 and local_port 0 are chosen (49153, then up). `events` is copied. Options NULL are the
 * simulation's. NULL if the host has no route, or the local port a
 * connection to the same address and port; it may have some to others. */
struct ns3c_tcp *ns3c_tcp_connect(struct ns3c_node *host, uint32_t local_address, uint16_t local_port, uint32_t address,
                                  uint16_t port, const struct ns3c_tcp_options *options,
                                  const struct ns3c_tcp_events *events, void *user);

/* Accepts connections to a port; address 0 is any of the host's. What `accepted` returns is the `user` of the new
 * socket's events; NULL keeps the listener's. The listener lives until ns3c_tcp_close(). */
struct ns3c_tcp *ns3c_tcp_listen(struct ns3c_node *host, uint32_t address, uint16_t port,
                                 const struct ns3c_tcp_options *options, const struct ns3c_tcp_events *events,
                                 void *(*accepted)(struct ns3c_tcp *tcp, void *user), void *user);

/* Queues bytes to send; NULL sends zeros, without holding them. Returns how many were taken, which is less than length
 * when the buffer is full (`space` tells when to go on), -1 if the socket is not open yet, or closed for sending. */
int64_t ns3c_tcp_send(struct ns3c_tcp *tcp, const void *bytes, uint32_t length);
/* No more to send: a FIN follows what is queued. `ended` will be called; of a listener, the handle ends now. */
int ns3c_tcp_close(struct ns3c_tcp *tcp);
/* Sends a reset, unless no SYN was answered yet, and forgets what is queued; `ended` will be called. Not of a listener. */
int ns3c_tcp_abort(struct ns3c_tcp *tcp);

struct ns3c_tcp_info {
	uint32_t local_address, remote_address;
	uint16_t local_port, remote_port;
	bool open;              /* the handshake was completed */
	uint32_t syns;          /* SYN or SYN-ACK segments sent, the repeated ones too */
	uint32_t retransmitted; /* segments sent again: SYN, data or FIN */
	uint64_t sent, received;/* bytes of data: put on the wire for the first time, given to the callback */
	uint32_t window;        /* congestion window, bytes */
	int64_t rtt_ns;         /* smoothed, 0 before the first sample */
};
/* What is known of a socket now; in `ended`, of all its life. */
struct ns3c_tcp_info ns3c_tcp_get_info(const struct ns3c_tcp *tcp);

struct ns3c_udp_events {
	void (*received)(struct ns3c_udp *udp, uint32_t address, uint16_t port, const uint8_t *bytes, uint32_t length,
	                 void *user);
	void (*icmp)(struct ns3c_udp *udp, const struct ns3c_icmp *error, void *user);
};

/* address 0 is any, port 0 is chosen. The handle ends with ns3c_udp_close(). */
struct ns3c_udp *ns3c_udp_open(struct ns3c_node *host, uint32_t address, uint16_t port,
                               const struct ns3c_udp_events *events, void *user);
/* At most 65507 bytes; NULL sends zeros. -1 also if the host has no route. */
int ns3c_udp_send(struct ns3c_udp *udp, uint32_t address, uint16_t port, const void *bytes, uint32_t length);
uint16_t ns3c_udp_port(const struct ns3c_udp *udp);   /* the local one */
int ns3c_udp_close(struct ns3c_udp *udp);

/* --- applications ----------------------------------------------------------- */

/* Times are absolute: now or later. A stop of 0 is none. Bytes are of data, without headers. */

/* Receives and forgets what comes to a port, by TCP or UDP. address 0 is any. NULL if the port is taken. */
struct ns3c_app *ns3c_add_sink(struct ns3c_node *host, uint32_t address, uint16_t port, bool tcp);

/* ns-3's BulkSendApplication: as much as TCP takes, until `bytes` were sent; 0 is without end. */
struct ns3c_app *ns3c_add_bulk(struct ns3c_node *host, uint32_t address, uint16_t port, uint64_t bytes,
                               int64_t start_ns, int64_t stop_ns);

/* ns-3's OnOffApplication: packets at a rate while on, none while off. */
struct ns3c_on_off {
	uint32_t address;
	uint16_t port;
	bool tcp;
	bool exponential;         /* the lengths of on and off are drawn, with these means; else they are constant */
	int64_t on_ns, off_ns;    /* above 0; 0 or more */
	uint64_t bits_per_second; /* while on; above 0 */
	uint32_t packet_size;     /* 1 .. 65507 bytes */
	uint64_t bytes;           /* when so many or more were sent, in whole packets, it ends; 0 is without end */
	int64_t start_ns, stop_ns;
};
struct ns3c_app *ns3c_add_on_off(struct ns3c_node *host, const struct ns3c_on_off *how);

/* ns-3's ThreeGppHttpServer and -Client: pages of a main object and embedded ones, read for a while, by one connection.
 * address 0 of the server is any; NULL if its port is taken. It sends segments of 536 or 1460 bytes, as it draws: 1460
 * with timestamps needs two fragments. */
struct ns3c_app *ns3c_add_http_server(struct ns3c_node *host, uint32_t address, uint16_t port);
struct ns3c_app *ns3c_add_http_client(struct ns3c_node *host, uint32_t address, uint16_t port, int64_t start_ns,
                                  int64_t stop_ns);

struct ns3c_ping {
	uint32_t address;
	uint16_t identifier;      /* RFC 792; of one host, no two pings at a time may have the same */
	uint32_t size;            /* bytes of data, 0 .. 65507 */
	unsigned count;           /* of requests, 1 .. 65536; their sequence numbers begin at 0 */
	int64_t start_ns;
	int64_t interval_ns;      /* above 0 */
	void (*replied)(uint16_t sequence, int64_t rtt_ns, void *user);   /* the first reply to a request */
	void (*icmp)(uint16_t sequence, const struct ns3c_icmp *error, void *user);
	void *user;
};
struct ns3c_app *ns3c_add_ping(struct ns3c_node *host, const struct ns3c_ping *how);

struct ns3c_app_counts {
	uint64_t sent, received;   /* bytes of data; of a sink, UDP and TCP alike */
	uint64_t requests;         /* pings sent, HTTP objects asked for */
	uint64_t answers;          /* pings answered, HTTP objects received whole; of a sink, connections or datagrams */
};
struct ns3c_app_counts ns3c_app_get_counts(const struct ns3c_app *app);

#ifdef __cplusplus
}
#endif

#endif
