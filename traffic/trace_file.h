/* trace_file - a flow trace written as it comes: trains, then IPv6 flows; hosts in
 * between, which lie in a temporary file (spool.h) until the others are written; so
 * that who writes need not hold them all. docs/formats.md gives the
 * bytes. Readers and writers of whole traces use traffic/trace.h. */
#ifndef TRAFFIC_TRACE_FILE_H
#define TRAFFIC_TRACE_FILE_H

#include "traffic/trace.h"

/* What is wrong with a trace, and at which train (or IPv6 flow); what NULL: nothing.
 * The numbers of records of hosts and of addresses of homes must add up. */
struct trace_fault {
	const char *what;
	uint32_t record;
};
struct trace_fault trace_fault(const struct trace *t);

struct trace_writer; /* opaque */

/* NULL with `e` set; refuses to overwrite what is no trace, and "-": the header is written last, where it belongs. */
struct trace_writer *trace_writer_open(const char *path, struct err *e);

/* By host, then by start; train.subscriber is not written. */
void trace_writer_train(struct trace_writer *w, const struct trace_record *r);

/* After the last train; by first_ns. */
void trace_writer_flow6(struct trace_writer *w, const struct trace_flow6 *f);

/* In the order of their trains, at any time. `inner`: its inner_count addresses; first and first_inner are not written. */
void trace_writer_host(struct trace_writer *w, const struct trace_host *h, const uint32_t *inner);

/* The header from `rest`, whose trains, IPv6 flows, hosts and homes' addresses are not looked at but for their counts,
 * which must be those written. The file is whole now, or not there; the writer is gone either way. */
bool trace_writer_commit(struct trace_writer *w, const struct trace *rest, struct err *e);

/* Gives up: nothing is left behind. NULL is fine. */
void trace_writer_abandon(struct trace_writer *w);

#endif
