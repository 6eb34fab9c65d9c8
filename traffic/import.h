/* import - captures to a flow trace.
 *
 * Reads pcap and pcapng through libpcap, finds IPv4 flows by 5-tuple, decides
 * which side is inside, cuts flows into trains, and counts every packet that is
 * left out, by reason. Several captures are read side by side, in order of time,
 * as one. */
#ifndef TRAFFIC_IMPORT_H
#define TRAFFIC_IMPORT_H

#include "sim/base/addr.h"
#include "sim/base/err.h"
#include "traffic/trace.h"

struct import_options {
	struct addr_ranges inside;  /* empty: RFC 1918 and 100.64.0.0/10, else the side that opened */

	/* If set: called now and then with how much is read, 0 to 1 (0: not known), and the packets so far. */
	void (*progress)(void *context, double share, uint64_t packets);
	void *progress_context;
};

/* Why a packet or flow is not in the trace: a table of names and sentences. */
struct import_reason {
	const char *name;
	const char *sentence;
};

struct import_capture {       /* one input file */
	char *file;
	char *link_types[8];      /* names, as libpcap gives them */
	size_t link_type_count;
	uint64_t packets, bytes;  /* bytes of the frames as they were on the wire */
	double first_s, last_s;   /* since 1970; both 0 if no packet has a time */
	char *fault;              /* what ended reading early, else NULL: the import is partial */
};

struct import_report {
	struct import_capture *captures;
	size_t capture_count;
	uint64_t tcp, udp, icmp, other; /* flows: distinct 5-tuples, inside or not */
	uint32_t hosts_inside;    /* hosts of the trace */
	uint64_t peak_flows;      /* TCP and UDP flows alive at once, first to last packet, inside or not */
	uint64_t *left_out;       /* packets, by reason: import_reason_count of them */
	uint64_t local_flows;     /* both ends inside: counted, not in the trace */
	uint64_t unrouted_flows;  /* with an end that no router carries (multicast...): the same */
	uint64_t out_of_order;    /* packets stamped before an earlier one of their capture: used all the same */
};
extern const struct import_reason import_reasons[]; /* by enum reason (traffic/wire.h) */
extern const size_t import_reason_count;

/* A trace of the given captures; NULL with `e` set if one cannot be read at all:
 * no capture, or of a link type that is not understood. A capture that breaks
 * off after its first packet gives a partial trace, with the fault in the report.
 * The caller owns the trace and clears the report (also after a failure). */
struct trace *import_captures(const char *const *paths, size_t count, const struct import_options *options,
                              struct import_report *report, struct err *e);
void import_report_clear(struct import_report *r);

#endif
