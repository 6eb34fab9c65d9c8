/* packet_world - one scheme in one instance, packet by packet: hosts with ns-3's
 * TCP and UDP, a NAT in each home if there is one, the CGN (sim/nat), servers.
 *
 *	host = home --- access link --- CGN --- core link --- internet = servers
 *
 * Hosts and servers are ns-3's stacks; homes, the CGN and the internet are nodes
 * without one, in C. A trace says what the hosts do. What the NAT does and what
 * becomes of each flow goes to a section of an event file (sim/world/events.h),
 * in the time of the workload: a train that starts at t has its first packet at
 * the CGN at t, but for what the access link takes to send it.
 *
 * How a train is sent (docs/validation.md says what follows from it):
 *   UDP    its packets, if the trace counts them, evenly from start to end; else
 *          one at each end; in any case so many that no timer of the NAT runs out
 *          between. A server answers each with the packets that came in before the
 *          next, when the trace has them.
 *   ICMP   echo requests, the same; the internet answers.
 *   TCP    connects, sends what went out and asks for as many bytes as came
 *          inbound, sends a byte now and then so that no timer of the NAT runs out
 *          in a train, and closes (or resets) at the end of its last one; one that
 *          only one side closed, or none, is left open. It is opened by a SYN even
 *          if the trace began later. In later trains the server sends its bytes when
 *          the trace has them; where the trace counts none, a byte tells of a train.
 *   What the other side sends unasked goes to the public endpoint of the mapping
 *   that carries the host to it (calls.c); where there is none it is counted. */
#ifndef SIM_NS3_PACKET_WORLD_H
#define SIM_NS3_PACKET_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/world/trial.h"
#include "traffic/trace.h"

struct packet_job {
	const struct workload *workload;
	const struct trial *trial;
	uint32_t trial_index, instance;
	const struct trace *trace;   /* of the whole scenario: packet_world_takes() */
	const char *section;         /* where the section is written */
	const char *pcap;            /* PREFIX-inside.pcap and PREFIX-outside.pcap are written; NULL: none */
	/* Called now and then with how much of the time has passed, 0 to 1. NULL: never. */
	void (*progress)(void *context, double share);
	void *progress_context;
};

/* May a trial, and this trace as its workload, be run here? Names every part that may not. `name` stands for the
 * scenario in messages, `trace_name` for the trace. */
bool packet_world_takes(const struct workload *workload, const struct trial *trial, const struct trace *trace,
                        const char *name, const char *trace_name, struct err *e);

/* False with `e` set: no section was written. Captures are left under names of their own, until: */
bool packet_world_run(const struct packet_job *job, struct err *e);

/* All went well: the captures of a job get their names. Or not: they are removed. False with `e` set if they cannot be named. */
bool packet_world_captured(const struct packet_job *job, bool good, struct err *e);

#endif
