/* import - captures to a flow trace.
 *
 * Reads captures, finds flows by 5-tuple, decides which side is inside, cuts
 * flows into trains, and counts every packet that is left out, by reason. Several
 * captures are read side by side, in order of time, as one.
 *
 * IPv4 is looked for inside GRE, GTP-U, IP in IP and softwires (4in6); what those
 * carry is imported in place of what carries it. IPv6 flows are counted and kept
 * beside; what 6in4 and Teredo carry is not looked at. docs/captures.md has the rules. */
#ifndef TRAFFIC_IMPORT_H
#define TRAFFIC_IMPORT_H

#include "sim/base/addr.h"
#include "sim/base/err.h"
#include "traffic/assemble.h"
#include "traffic/trace.h"

struct import_options {
	struct addr_ranges inside;  /* IPv4 prefixes that are inside; the other rules: inside.h */
	struct prefix6 *inside6;
	size_t inside6_count;
	uint8_t (*stations)[6];     /* MAC addresses that are inside */
	size_t station_count;
	bool opener_only;           /* private addresses say nothing about inside */
	int64_t split_ns[PROTO_COUNT]; /* begin a new flow where a 5-tuple was silent for so long; 0: never */
	bool answered;              /* leave out flows of which only one side spoke */
	const struct anonymiser *anonymiser; /* NULL: addresses as captured */

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
	uint64_t tcp, udp, icmp, other; /* flows: distinct 5-tuples of the outermost IPv4 header, inside or not */
	uint32_t hosts_inside;    /* hosts of the trace */
	uint64_t peak_flows;      /* TCP and UDP flows of these alive at once, first to last packet */
	uint64_t *left_out;       /* packets, by reason: import_reason_count of them */
	uint64_t local_flows;     /* both ends inside: counted, not in the trace */
	uint64_t unrouted_flows;  /* with an end that no router carries (multicast...): the same */
	struct assembly all;      /* and the rest of what became of flows */
	uint64_t tunnel_packets[TUNNEL_COUNT]; /* that carried another one, whatever became of that */
	uint64_t out_of_order;    /* packets stamped before an earlier one of their capture: used all the same */
	uint64_t undated;         /* packets without a time: given that of the one before, or of the first that has one */
	bool     timeless;        /* every packet has the same time */
	uint64_t gaps;            /* of TIMELINE_GAP or more, shortened to that */
	uint64_t seams;           /* times between files, shorter than that, which none of them covers (TIMELINE_UNWATCHED) */
	uint64_t used;            /* packets in the trace's IPv4 flows: all that are not left out */
	/* Packets that count to flows, IPv6 included, though: */
	uint64_t flags_cut;       /* the capture cut off TCP's flags, which count as none */
	uint64_t later_fragments; /* they show no ports: those of their first fragment hold */
	uint64_t no_length;       /* their total length is 0: the frame's holds */
};
extern const char *const import_tunnels[TUNNEL_COUNT];
extern const struct import_reason import_reasons[]; /* by enum reason (traffic/wire.h) */
extern const size_t import_reason_count;

/* A trace of the given captures; NULL with `e` set if one cannot be read at all:
 * no capture, or of a link type that is not understood. A capture that breaks
 * off after its first packet gives a partial trace, with the fault in the report.
 * The caller owns the trace and clears the report (also after a failure). */
struct trace *import_captures(const char *const *paths, size_t count, const struct import_options *options,
                              struct import_report *report, struct err *e);

/* The same, but the trains, IPv6 flows and hosts go to the writer as they come, and the trace has only their numbers:
 * memory does not grow with the capture. The caller commits. */
struct trace *import_to(const char *const *paths, size_t count, const struct import_options *options,
                        struct trace_writer *writer, struct import_report *report, struct err *e);

void import_report_clear(struct import_report *r);

#endif
