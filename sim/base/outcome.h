/* outcome - every way a packet or flow can end at a NAT, in one table. */
#ifndef SIM_BASE_OUTCOME_H
#define SIM_BASE_OUTCOME_H

#include <stdbool.h>

/* Order of the refusals: the first that is true is the reason that is counted. */
enum outcome {
	OUT_CREATED,       /* a mapping was made */
	OUT_REFRESHED,     /* an existing mapping carries it */
	OUT_EXEMPT,        /* to an exempt destination: passes untranslated */
	OUT_NO_MAPPING,    /* nothing carries it, and it cannot make a mapping: dropped */
	OUT_FILTERED,      /* inbound, on a mapping whose filter does not let this remote in: dropped */
	OUT_SYN_KEPT,      /* inbound SYN that nothing let in: kept, then answered by ICMP unless an outbound one came */
	OUT_ICMP_ERROR,    /* an ICMP error about a mapping's packet: translated outside and inside */
	OUT_FRAGMENT_KEPT, /* waits for its packet's first fragment */
	OUT_FRAGMENT_LOST, /* its first fragment did not come in time, or too many wait */
	OUT_MALFORMED,     /* an error about what is no packet of ours, or a fragment of one: dropped */
	OUT_PROTOCOL_UNSUPPORTED, /* first refusal */
	OUT_RATE_LIMIT,
	OUT_SUBSCRIBER_LIMIT,
	OUT_PROTOCOL_LIMIT,
	OUT_SESSION_LIMIT,
	OUT_MEMORY_LIMIT,
	OUT_TABLE_FULL,
	OUT_BLOCK_LIMIT,
	OUT_RANGE_FULL,
	OUT_NO_ADDRESS,
	OUT_NO_BLOCK,
	OUT_NO_PORT,
	OUT_TRIES_EXHAUSTED, /* last refusal */
	OUT_COUNT,
};
#define OUT_FIRST_REFUSAL OUT_PROTOCOL_UNSUPPORTED

static inline bool outcome_is_refusal(enum outcome o)
{
	return o >= OUT_FIRST_REFUSAL;
}

/* Did the packet go on, translated or not? */
static inline bool outcome_passes(enum outcome o)
{
	return o <= OUT_EXEMPT || o == OUT_ICMP_ERROR;
}

struct outcome_text {
	const char *name;     /* as in summary.json: "no-port" */
	const char *sentence;
};
extern const struct outcome_text outcome_text[OUT_COUNT];

#endif
