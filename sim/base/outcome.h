/* outcome - every way a packet or flow can end at a NAT, in one table. */
#ifndef SIM_BASE_OUTCOME_H
#define SIM_BASE_OUTCOME_H

#include <stdbool.h>

/* Order of the refusals: the first that is true is the reason that is counted. */
enum outcome {
	OUT_CREATED,       /* a mapping was made */
	OUT_REFRESHED,     /* an existing mapping carries it */
	OUT_EXEMPT,        /* to an exempt destination: passes untranslated */
	OUT_NO_MAPPING,    /* inbound, and nothing carries it: dropped */
	OUT_PROTOCOL_UNSUPPORTED, /* first refusal */
	OUT_RATE_LIMIT,
	OUT_SUBSCRIBER_LIMIT,
	OUT_PROTOCOL_LIMIT,
	OUT_SESSION_LIMIT,
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

struct outcome_text {
	const char *name;     /* as in summary.json: "no-port" */
	const char *sentence;
};
extern const struct outcome_text outcome_text[OUT_COUNT];

#endif
