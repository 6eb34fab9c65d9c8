/* fit - the laws behind a trace.
 *
 * What is fitted is what a NAT sees. A host opens sockets (an inside port in use;
 * one idle for FIT_SOCKET_OVER is a new one when it comes back): how often, how
 * unequally over hosts, how evenly in time. A socket has flows to several
 * remotes, one after another: how many, how far apart. A flow lasts and ends
 * somehow, to some destination. Socket and flow laws are fitted by protocol.
 *
 * Which flows count, and up to when they are looked at: fit_window.h. A flow that lives on
 * then counts as "at least so long" (censored). What may have begun before the capture is
 * left out, and so are flows without an outbound packet: they can use a mapping, never
 * make one. Rates and destinations need no ends, and take what begins in the last silence too. */
#ifndef TRAFFIC_FIT_H
#define TRAFFIC_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"
#include "traffic/fit_window.h"
#include "traffic/host_fit.h"
#include "traffic/law_fit.h"
#include "traffic/trace.h"

#define FIT_VALUES_MOST 20000u           /* of a law's sample; beyond, every k-th is taken */

/* One law and the sample it was fitted to. */
struct fitted {
	struct sample sample;
	struct law_choice choice;
};

enum fit_end { FIT_FIN, FIT_HALF, FIT_RESET, FIT_SILENT, FIT_UNANSWERED, FIT_ENDS };
extern const char *const fit_end_name[FIT_ENDS];

/* A flow: how long it lasted, or was watched for, and what its end was. */
struct fit_ending {
	double lasted_s;
	enum fit_end end;          /* FIT_ENDS: it lived on */
};

struct fit_protocol {
	uint64_t sockets, flows;   /* whose beginning was seen */
	uint64_t well_known;       /* flows to remote ports below 1024 */
	uint64_t watched;          /* flows that began early enough for their ends to be looked for */
	uint64_t instant;          /* of those: of one packet, or one moment: duration 0, kept apart from the law */
	uint64_t ends[FIT_ENDS];   /* of those: whose end was seen; but for TCP only silent and unanswered */
	double   end_share[FIT_ENDS]; /* of all, also those that lived on; all 0: no end was seen */
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
	int64_t  silence_ns;       /* the trace's */
	struct fit_windows windows;
	uint64_t flows;            /* in all: fitted and left out */
	uint64_t began_before, inbound_only; /* left out */
	uint64_t after_the_end;    /* begun too late for their ends to be looked for */
	bool     one_way;          /* no packet came in: every flow counts as answered, and one FIN as two */
	struct host_fit openings;
	double  *host_rates;       /* sockets opened a day, by host and part of the capture, ascending; owned */
	size_t   host_rate_count;
	struct fit_protocol protocols[PROTO_COUNT];
	struct fit_destinations destinations;
	uint32_t *destination_flows; /* of each one seen, ascending; owned */
};

/* The trace must have a flow and last longer than 0; else false with `e` set
 * (`name`: the trace's, for the message). Turns GSL's error handler off for good:
 * a law that cannot be is -infinity likely, no reason to abort. */
bool fit_trace(const struct trace *t, const char *name, struct fit *out, struct err *e);
void fit_clear(struct fit *f);

/* How flows end, from those whose end was seen and those that lived on, which may be of another
 * kind: who is unanswered is so soon, who closes does it late. Each end's share is the sum of its
 * chances over time (Aalen and Johansen's estimate). Sorts the flows. */
void fit_end_shares(struct fit_ending *flows, size_t count, double share[FIT_ENDS]);

/* Zipf's law to how many flows each destination has. Alters the counts' order. */
void fit_destinations(uint32_t *counts, size_t count, struct fit_destinations *out);

/* P(more than `flows` flows), over destinations that are met at all. */
double fit_destination_survival(const struct fit_destinations *d, double flows);

#endif
