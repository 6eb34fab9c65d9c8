/* packets - what only a world of packets can show, of one scheme in one instance, from time 0
 * to the end: sums and histograms of integers, so that instances may be added up in any order. */
#ifndef SIM_BASE_PACKETS_H
#define SIM_BASE_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

enum packet_sum {
	/* at the CGN */
	PACKETS_OUT,            /* from inside that went on, translated or exempt */
	PACKETS_IN,             /* from outside that went on */
	PACKETS_HAIRPIN,        /* from inside to another host inside, by their outside endpoints (RFC 4787 REQ-9) */
	PACKETS_REFUSED,        /* packets from inside that were refused a mapping, by whatever reason */
	PACKETS_DROPPED,        /* other packets that the NAT did not let pass */
	PACKETS_MALFORMED,      /* bytes that are no IPv4 packet that it can read */
	PACKETS_FRAGMENTS,      /* fragments that went on */
	PACKETS_TOO_BIG,        /* did not fit the next link: dropped with an ICMP error if they must not be fragmented */
	PACKETS_ICMP_SENT,      /* ICMP errors that the NAT sent by itself */
	PACKETS_ICMP_WITHHELD,  /* and that its rate limit kept back */
	PACKETS_ICMP_PASSED,    /* ICMP errors of others that it translated */
	/* in the homes */
	PACKETS_HOME_DROPPED,   /* that a home's NAT did not let pass, either way */
	/* at the links */
	PACKETS_LOST,           /* dropped by a full queue */
	/* at the hosts */
	PACKETS_SYNS,           /* SYNs that opened or tried to open a connection */
	PACKETS_SYN_RETRIES,    /* of them, beyond a connection's first */
	PACKETS_HANDSHAKES,     /* connections that were set up */
	PACKETS_HANDSHAKES_LATE,/* of them, by another SYN than the first */
	PACKETS_HANDSHAKES_FAILED, /* connections that the host gave up, or was told to */
	PACKETS_ICMP_DELIVERED, /* ICMP errors that reached the socket or the echo request they are about (RFC 5461) */
	PACKETS_RESENT,         /* TCP segments sent again, SYNs left out */
	PACKETS_RESETS,         /* connections that a reset ended */
	PACKETS_BYTES_DOWN,     /* payload that reached the host's application */
	PACKETS_BYTES_UP,       /* payload that reached the server's */
	PACKETS_DATAGRAMS_UP,   /* UDP datagrams and ICMP queries that reached the server */
	PACKETS_DATAGRAMS_DOWN, /* and answers, and what came unasked, that reached the host */
	/* what could not be offered */
	PACKETS_SOCKET_BUSY,    /* flows whose inside port the host's stack still held (TIME-WAIT) */
	PACKETS_OPENED_OUTSIDE, /* flows that the other side began when there was no mapping to speak to */
	PACKETS_SUMS,
};

enum packet_delay {
	DELAY_SETUP,            /* from a connection's first SYN until it is set up */
	DELAY_FAILURE,          /* from its first SYN until the host knows that there is none */
	DELAY_ANSWER,           /* from a datagram or query to its answer */
	DELAYS,
};

/* What is worked out of the sums. */
enum packet_rate {
	RATE_GOODPUT_DOWN,      /* payload that arrived, by the length of the whole run */
	RATE_GOODPUT_UP,
	PACKET_RATES,
};

/* As in summary.json (docs/measures.md). */
struct packet_name {
	const char *name, *path; /* "syns", and below a scheme: "packets.syns" */
	const char *unit, *help;
};
extern const struct packet_name packet_sum_name[PACKETS_SUMS];
extern const struct packet_name packet_delay_name[DELAYS];
extern const struct packet_name packet_rate_name[PACKET_RATES];

/* A histogram of delays in whole microseconds: to 15 a cell each, then 16 cells to each power of two, so a quantile is
 * known to 1/16. The last cell also holds what is longer than 2^43 microseconds (101 days). */
#define DELAY_CELLS 640
struct delays {
	uint64_t cells[DELAY_CELLS];
	uint64_t count, sum_us, max_us;
};

struct packets {
	uint64_t sums[PACKETS_SUMS];
	struct delays delays[DELAYS];
};

void packets_add(struct packets *to, const struct packets *from);
void delays_add(struct delays *d, int64_t delay_ns); /* >= 0 */

/* The shortest delay that a share p of them does not exceed, in microseconds, rounded up to its cell's end but never
 * beyond the longest of all; 0 if there are none. */
uint64_t delays_quantile(const struct delays *d, double p);

#endif
