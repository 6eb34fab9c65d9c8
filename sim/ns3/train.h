/* train - the datagrams of a train (UDP, ICMP): how many go each way, how long they
 * are, when the CGN is to see each, and what each says of itself.
 *
 * As many as the trace counts, evenly from the first to the last; where it counts
 * none, one at each end; and so many that no timer of the NAT runs out between. An
 * answer belongs to the last datagram that the trace has before it. */
#ifndef SIM_NS3_TRAIN_H
#define SIM_NS3_TRAIN_H

#include "sim/ns3/scene.h"

/* Of `count` moments evenly over a length, the n-th. */
int64_t evenly(int64_t length_ns, uint32_t count, uint32_t n);

/* From the host; none of a train in which only the other side speaks. */
uint32_t train_out_count(const struct scene *s, const struct trace_record *r);
/* The workload's time of the n-th, and the payload of each. */
int64_t train_out_at(const struct scene *s, const struct trace_record *r, uint32_t n);
uint32_t train_out_size(const struct scene *s, const struct trace_record *r);

/* To the host: answers, or what comes unasked. */
uint32_t train_in_count(const struct scene *s, const struct trace_record *r);
int64_t train_in_at(const struct scene *s, const struct trace_record *r, uint32_t n);
uint32_t train_in_size(const struct scene *s, const struct trace_record *r);

/* The first answer to the host's n-th datagram: those to it end where those to the next begin. */
uint32_t train_first_answer(const struct scene *s, const struct trace_record *r, uint32_t n);

/* Payload of all packets of a way, or `unknown` where the trace does not say how many there were. */
uint64_t train_payload(const struct trace_record *r, uint64_t bytes, uint32_t packets, uint64_t unknown);

/* The bytes at its beginning. A request of TCP: the flow's number, and how many bytes to answer it with. A datagram: the
 * record of its train, and its place in there; an answer says what it answers. */
#define HEAD_BYTES 8
#define HEADS_MOST (UINT32_C(1) << 30)
struct head {
	uint32_t who;  /* below HEADS_MOST */
	uint32_t what;
	bool answer;
	bool further;  /* an answer, but not the first one */
};
void head_write(uint8_t out[HEAD_BYTES], struct head head);
struct head head_read(const uint8_t in[HEAD_BYTES]);

/* Of the n-th datagram of a train. */
struct head head_of(const struct scene *s, const struct trace_record *r, uint32_t n);
/* The train that a datagram is of; NULL: of none. */
const struct trace_record *head_record(const struct scene *s, struct head head);

#endif
