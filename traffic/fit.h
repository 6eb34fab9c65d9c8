/* fit - the laws behind a trace.
 *
 * What is fitted is what a NAT sees. A host opens sockets (an inside port in use;
 * one idle for FIT_SOCKET_OVER is a new one when it comes back): how often, how
 * unequally over hosts, how evenly in time. A socket has flows to several
 * remotes, one after another: how many, how far apart. A flow lasts and ends
 * somehow, to some destination. Socket and flow laws are fitted by protocol.
 *
 * A flow that the capture's end cut off counts as "at least so long" (censored).
 * What may have begun before the capture is left out: TCP without a SYN at its
 * start, and all that begins within trace.silence_ns of the capture's start,
 * should the capture be longer than twice that. Flows without an outbound packet
 * are left out: they can use a mapping, never make one. */
#ifndef TRAFFIC_FIT_H
#define TRAFFIC_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"
#include "traffic/host_fit.h"
#include "traffic/law_fit.h"
#include "traffic/trace.h"

#define FIT_SOCKET_OVER (120 * NS_PER_S) /* the least time a NAT keeps a UDP mapping: RFC 4787 REQ-5 */
#define FIT_VALUES_MOST 20000u           /* of a law's sample; beyond, every k-th is taken */

/* One law and the sample it was fitted to. */
struct fitted {
	struct sample sample;
	struct law_choice choice;
};

enum fit_end { FIT_FIN, FIT_HALF, FIT_RESET, FIT_SILENT, FIT_UNANSWERED, FIT_ENDS };
extern const char *const fit_end_name[FIT_ENDS];

struct fit_protocol {
	uint64_t sockets, flows;
	uint64_t instant;          /* flows of one packet, or one moment: duration 0, kept apart from the law */
	uint64_t well_known;       /* flows to remote ports below 1024 */
	uint64_t ends[FIT_ENDS];   /* flows whose end was seen; but for TCP only silent and unanswered */
	struct fitted duration;    /* seconds, of those that are not instant */
	struct fitted fan_out;     /* flows of a socket: k is in (k - 1, k] */
	struct fitted spacing;     /* seconds from one flow of a socket to the next */
};

/* Destinations: server d of `count` is met as often as 1 / d^zipf says. */
struct fit_destinations {
	uint64_t flows, seen;
	double count, count_low, count_high; /* 99%; seen or not */
	double zipf, zipf_low, zipf_high;
	double ks;                           /* over destinations, by how many flows each has */
	bool fitted;                         /* false: too few were seen, and all are taken to be alike */
};

struct fit {
	uint32_t hosts;
	int64_t  from_ns, to_ns;   /* what begins outside is left out */
	uint64_t flows;            /* in all: fitted and left out */
	uint64_t began_before, inbound_only, after_the_end; /* left out */
	bool     one_way;          /* no packet came in: every flow counts as answered, and one FIN as two */
	struct host_fit openings;
	double  *host_rates;       /* sockets opened a day, by host, ascending; owned */
	struct fit_protocol protocols[PROTO_COUNT];
	struct fit_destinations destinations;
	uint32_t *destination_flows; /* of each one seen, ascending; owned */
};

/* The trace must have a flow and last longer than 0; else false with `e` set
 * (`name`: the trace's, for the message). Turns GSL's error handler off for good:
 * a law that cannot be is -infinity likely, no reason to abort. */
bool fit_trace(const struct trace *t, const char *name, struct fit *out, struct err *e);
void fit_clear(struct fit *f);

/* Zipf's law to how many flows each destination has. Alters the counts' order. */
void fit_destinations(uint32_t *counts, size_t count, struct fit_destinations *out);

/* P(more than `flows` flows), over destinations that are met at all. */
double fit_destination_survival(const struct fit_destinations *d, double flows);

#endif
