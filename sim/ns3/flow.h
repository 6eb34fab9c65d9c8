/* flow - what flows.c, datagrams.c, connection.c and calls.c share: a flow's times, and how a train begins. */
#ifndef SIM_NS3_FLOW_H
#define SIM_NS3_FLOW_H

#include "sim/ns3/scene.h"

/* When the host, or the other side, must act for the CGN to see it at the trace's time; not before now. */
int64_t flow_leaves(const struct flow *f, int64_t at_ns);
int64_t flow_comes(const struct flow *f, int64_t at_ns);

void flow_at(struct flow *f, int64_t when_ns, void (*fn)(void *user));

/* The present train is over: on to the next one. */
void flow_next_train(struct flow *f);

/* ---- datagrams.c: UDP and ICMP ---- */

/* A flow needs the host's socket on this port until it is over. False: the stack does not give it. */
bool datagrams_open(struct host *h, uint16_t port);
/* The flow is over: it needs the socket for a moment more. */
void datagrams_close(struct flow *f);
void datagrams_begin(struct flow *f);

/* ---- connection.c: TCP ---- */

/* until_ns: when the trace has the host's last packet; one that nobody answers sends SYNs as long. */
void connection_begin(struct flow *f, int64_t until_ns);
/* A later train of an open one. */
void connection_goes_on(struct flow *f);
/* One in which only the server speaks. False: there is no connection. */
bool connection_is_called(struct flow *f);
void connection_count(struct scene *s, const struct flow *f);

#endif
