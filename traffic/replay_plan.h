/* replay_plan - what a trace leaves open: who opened a TCP connection, and which
 * packet of a train comes first where two have the same time.
 *
 * A train says that a SYN was seen, not whether it opened or answered. Who imports
 * the packets again must find the same side inside and the same end of each flow,
 * so that is what decides (traffic/inside.h, close_of() in traffic/assemble.c). */
#ifndef TRAFFIC_REPLAY_PLAN_H
#define TRAFFIC_REPLAY_PLAN_H

#include "traffic/replay_train.h"
#include "traffic/trace.h"

enum opening {
	OPENED_OUT,  /* the SYN comes from inside; one from outside is a SYN-ACK */
	OPENED_IN,
	OPENED_NOT,  /* all SYNs are SYN-ACKs */
};

struct replay_plan {
	uint8_t  *opening;  /* by train: enum opening */
	uint32_t *tuple;    /* by train: number of its 5-tuple */
	uint32_t *tuple6;   /* by IPv6 flow */
	uint32_t tuples;
	bool     opener_only;
	uint64_t unclosed;  /* flows whose end no choice gives */
	uint64_t merged;    /* flows that will be seen as part of another one of their 5-tuple */
};

/* A train's first and last packet, of either way. */
int64_t replay_first(const struct segment *s);
int64_t replay_last(const struct segment *s);

/* `opener_only`: the inside address tells nothing (import_options.opener_only). */
void replay_plan_make(struct replay_plan *p, const struct trace *t, bool opener_only);
void replay_plan_clear(struct replay_plan *p);

/* What is to be sent for a train, but for bytes of headers. */
struct train_order replay_order(const struct trace_record *r, enum opening opening);

/* The same for an IPv6 flow, which is one train here. */
struct train_order replay_order6(const struct trace_flow6 *f, bool opener_only, enum opening *opening);

#endif
