/* trace - the flow trace: what `import` and `generate` write and the `capture`
 * source reads. docs/formats.md gives its bytes.
 *
 * A trace is a list of hosts and, for each, its trains (sim/base/packet.h) in
 * order of start. Times count from the capture's first packet. It holds no
 * payload. Nothing about any NAT is baked in.
 *
 * A host is a subscriber: an inside IPv4 address, or, behind DS-Lite, a home,
 * known by its IPv6 address, with the hosts inside it. IPv6 flows are kept beside,
 * for no NAT44 sees them. */
#ifndef TRAFFIC_TRACE_H
#define TRAFFIC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"

/* How a flow ended, as far as it could be seen. */
enum flow_close {
	CLOSE_NONE,     /* it simply ended, and is known to have: what generate writes but for TCP */
	CLOSE_FIN,      /* TCP: FIN both ways */
	CLOSE_HALF,     /* TCP: one FIN, then silence */
	CLOSE_RESET,    /* TCP */
	CLOSE_SILENT,   /* nothing for trace.silence_ns, and then the capture still went on: over */
	CLOSE_CENSORED, /* the capture ended, or was off, before that: the flow lived at least as long as was seen */
	CLOSE_COUNT,
};

/* What else is known of a flow's ends; bits. */
enum flow_cut {
	CUT_BEGIN = 1 << 0, /* it may have begun before the capture: TCP without a SYN at its start, or
	                       another protocol within trace.silence_ns of the capture's start, or of where
	                       it went on after it had been off */
	CUT_SPLIT = 1 << 1, /* its 5-tuple has an earlier flow in the trace: split where it was silent */
};

/* One train, with what it carried. `train.subscriber` is the host's number in
 * the trace; `train.flow` counts a host's flows from 0; `train.host` is the place
 * in the home's list of addresses (0 if it has none). */
struct trace_record {
	struct segment train;
	uint32_t packets_out, packets_in;
	uint64_t bytes_out, bytes_in; /* IP bytes as on the wire (IP total length) */
	uint8_t  close;               /* enum flow_close; meaningful on a flow's last train */
	uint8_t  cut;                 /* enum flow_cut; meaningful on a flow's first train */
};

struct trace_host {
	uint32_t address;     /* inside address, as captured; of a home: the first of its list */
	uint32_t first;       /* its first record */
	uint32_t count;
	uint32_t first_inner; /* a home's addresses: inner[first_inner], inner_count of them; */
	uint32_t inner_count; /* 0: the host is no home, but `address` */
	uint8_t  home[16];    /* a home's IPv6 address (RFC 6333: of its B4); all 0 if it is none */
};

/* A flow over IPv6, whole. Addresses in wire order. */
struct trace_flow6 {
	uint8_t  inside[16], remote[16];
	int64_t  first_ns, last_ns;
	uint64_t bytes_out, bytes_in;     /* IP bytes, with the 40 of the header */
	uint32_t packets_out, packets_in;
	uint16_t port, remote_port;       /* the identifier and 0 for an ICMPv6 echo */
	uint8_t  protocol;                /* enum protocol */
	uint8_t  close;                   /* enum flow_close */
	uint8_t  cut;                     /* enum flow_cut */
};

struct trace {
	int64_t duration_ns;  /* first to last packet */
	int64_t epoch_ns;     /* absolute time of the first packet, since 1970 */
	int64_t silence_ns;   /* a flow silent for so long is over (CLOSE_SILENT); 0 if nothing was captured */
	int64_t split_ns[PROTO_COUNT]; /* a 5-tuple silent for so long begins a new flow; 0: never */
	bool    anonymised;
	struct trace_host *hosts;
	uint32_t host_count;
	struct trace_record *records; /* by host, then by start_ns */
	uint32_t record_count;
	uint32_t *inner;      /* the homes' addresses, each home's one after the other */
	uint32_t inner_count;
	struct trace_flow6 *flows6; /* by first_ns */
	uint32_t flow6_count;
	uint64_t flows[PROTO_COUNT];  /* distinct 5-tuples, or the parts they were split into */
	uint64_t peak_flows;  /* most TCP and UDP flows alive at once, first to last packet */
};

/* Most of n closed spans [first_ns[i], last_ns[i]] that share a moment. Sorts both arrays. */
uint64_t trace_peak(int64_t *first_ns, int64_t *last_ns, size_t n);

/* Reads a whole trace; NULL with `e` set on anything wrong: no magic, another
 * version, truncated, a checksum that does not match. The caller owns it. */
struct trace *trace_load(const char *path, struct err *e);
void trace_destroy(struct trace *t); /* NULL is fine */

/* Writes it whole, or not at all; never over a file that is not a trace (a
 * capture named as the output by mistake). The trace must be one that trace_load() would
 * take: hosts' records one after the other, each host's by start_ns; its flows
 * numbered from 0 without a gap, the first train of each with SEG_FIRST, none
 * after SEG_LAST (which may be missing: the flow outlasts the trace); flows[]
 * counting them. No record starts after duration_ns. */
bool trace_save(const struct trace *t, const char *path, struct err *e);

/* CRC-32C of the trains and the hosts as the file has them: the same for a trace in memory and for what is loaded of it. */
uint32_t trace_digest(const struct trace *t);

/* Does the file begin with a trace's magic? (Else it may be a capture.) */
bool trace_is(const char *path);

#endif
