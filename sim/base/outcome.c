#include "sim/base/outcome.h"

const struct outcome_text outcome_text[OUT_COUNT] = {
	[OUT_CREATED]    = { "created", "a mapping was made" },
	[OUT_REFRESHED]  = { "refreshed", "an existing mapping carries it" },
	[OUT_EXEMPT]     = { "exempt", "to an exempt destination: passed untranslated (RFC 6888 REQ-6)" },
	[OUT_NO_MAPPING] = { "no-mapping", "came from outside and no mapping carries it: dropped" },

	[OUT_PROTOCOL_UNSUPPORTED] = { "protocol-unsupported", "the NAT does not translate this protocol" },
	[OUT_RATE_LIMIT]       = { "rate-limit", "the subscriber asked for too many new mappings within a second" },
	[OUT_SUBSCRIBER_LIMIT] = { "subscriber-limit", "the subscriber has as many ports as it may have, over all protocols" },
	[OUT_PROTOCOL_LIMIT]   = { "protocol-limit", "the subscriber has as many ports as it may have in this protocol" },
	[OUT_SESSION_LIMIT]    = { "session-limit", "the subscriber or the mapping has as many sessions as it may have" },
	[OUT_TABLE_FULL]       = { "table-full", "the NAT has as many mappings, or as much state, as it may have" },
	[OUT_BLOCK_LIMIT]      = { "block-limit", "the subscriber's blocks are full and it may have no more of them" },
	[OUT_RANGE_FULL]       = { "range-full", "the range or port set that belongs to the subscriber is full" },
	[OUT_NO_ADDRESS]       = { "no-address", "no public address is left to pair the subscriber with" },
	[OUT_NO_BLOCK]         = { "no-block", "no block is free on the subscriber's address" },
	[OUT_NO_PORT]          = { "no-port", "no port is free on the subscriber's address" },
	[OUT_TRIES_EXHAUSTED]  = { "tries-exhausted", "every port that was tried was taken, and no more tries are allowed" },
};
