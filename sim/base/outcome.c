#include "sim/base/outcome.h"

const struct outcome_text outcome_text[OUT_COUNT] = {
	[OUT_CREATED]    = { "created", "a mapping was made" },
	[OUT_REFRESHED]  = { "refreshed", "an existing mapping carries it" },
	[OUT_EXEMPT]     = { "exempt", "to an exempt destination: passed untranslated (RFC 6888 REQ-6)" },
	[OUT_NO_MAPPING] = { "no-mapping", "no mapping carries it and it cannot make one: dropped" },
	[OUT_FILTERED]   = { "filtered", "came from a remote that the mapping's filter does not let in: dropped" },
	[OUT_SYN_KEPT]   = { "syn-kept", "an unsolicited inbound SYN: kept for tcp_incoming_syn, then answered (RFC 5382 REQ-4)" },
	[OUT_ICMP_ERROR] = { "icmp-error", "an ICMP error about a mapping's packet: translated, and the packet in it (RFC 5508)" },
	[OUT_FRAGMENT_KEPT] = { "fragment-kept", "a fragment that waits for the first one of its packet" },
	[OUT_FRAGMENT_LOST] = { "fragment-lost", "a fragment whose first one did not come in time, or for which there was no room" },
	[OUT_MALFORMED]  = { "malformed", "not a packet that can be translated: dropped" },

	[OUT_PROTOCOL_UNSUPPORTED] = { "protocol-unsupported", "the NAT does not translate this protocol" },
	[OUT_RATE_LIMIT]       = { "rate-limit", "the subscriber asked for too many new mappings within a second" },
	[OUT_SUBSCRIBER_LIMIT] = { "subscriber-limit", "the subscriber has as many ports as it may have, over all protocols" },
	[OUT_PROTOCOL_LIMIT]   = { "protocol-limit", "the subscriber has as many ports as it may have in this protocol" },
	[OUT_SESSION_LIMIT]    = { "session-limit", "the subscriber or the mapping has as many sessions as it may have" },
	[OUT_MEMORY_LIMIT]     = { "memory-limit", "the subscriber's mappings and sessions take as much memory as they may" },
	[OUT_TABLE_FULL]       = { "table-full", "the NAT has as many mappings, or as much state, as it may have" },
	[OUT_BLOCK_LIMIT]      = { "block-limit", "the subscriber's blocks are full and it may have no more of them" },
	[OUT_RANGE_FULL]       = { "range-full", "the range or port set that belongs to the subscriber is full" },
	[OUT_NO_ADDRESS]       = { "no-address", "no public address is left to pair the subscriber with" },
	[OUT_NO_BLOCK]         = { "no-block", "no block is free on the subscriber's address" },
	[OUT_NO_PORT]          = { "no-port", "no port is free on the subscriber's address" },
	[OUT_TRIES_EXHAUSTED]  = { "tries-exhausted", "every port that was tried was taken, and no more tries are allowed" },
};
