/* trace - the flow trace: what `import` and `generate` write and the `capture`
 * source reads. docs/formats.md gives its bytes.
 *
 * A trace is a list of hosts and, for each, its trains (sim/base/packet.h) in
 * order of start. Times count from the capture's first packet. It holds no
 * payload. Nothing about any NAT is baked in. */
#ifndef TRAFFIC_TRACE_H
#define TRAFFIC_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"

/* How a TCP flow ended. */
enum flow_close {
	CLOSE_NONE,     /* not TCP, or silent when the capture ended: censored */
	CLOSE_FIN,      /* FIN both ways */
	CLOSE_HALF,     /* one FIN, then silence */
	CLOSE_RESET,
	CLOSE_COUNT,
};

/* One train, with what it carried. `train.subscriber` is the host's number in
 * the trace; `train.flow` counts a host's flows from 0. */
struct trace_record {
	struct segment train;
	uint32_t packets_out, packets_in;
	uint64_t bytes_out, bytes_in; /* IP bytes as on the wire (IP total length) */
	uint8_t  close;               /* enum flow_close; meaningful on a flow's last train */
};

struct trace_host {
	uint32_t address;     /* inside address, as captured */
	uint32_t first;       /* its first record */
	uint32_t count;
};

struct trace {
	int64_t duration_ns;  /* first to last packet */
	int64_t epoch_ns;     /* absolute time of the first packet, since 1970 */
	struct trace_host *hosts;
	uint32_t host_count;
	struct trace_record *records; /* by host, then by start_ns */
	uint32_t record_count;
	uint64_t flows[3];    /* by enum protocol: distinct 5-tuples */
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

/* Does the file begin with a trace's magic? (Else it may be a capture.) */
bool trace_is(const char *path);

#endif
