/* sink - what a NAT tells the world above it: one event, one call.
 *
 * Events come in order of time. Addresses are the pool's own index here;
 * pool_address() and pool_port() turn them into what a log shows. */
#ifndef SIM_BASE_SINK_H
#define SIM_BASE_SINK_H

#include <stdint.h>

#include "sim/base/outcome.h"
#include "sim/base/packet.h"

enum nat_event_kind {
	NAT_MAPPING_CREATED,
	NAT_MAPPING_ENDED,   /* the port goes into hold-down, or is free at once if there is none */
	NAT_PORT_RELEASED,   /* hold-down is over: the port may be given again */
	NAT_SESSION_CREATED, /* a further one: a mapping's creation is also its first session's, */
	NAT_SESSION_ENDED,   /* and its end the last one's */
	NAT_BLOCK_GIVEN,     /* numbers slot, slot+step .. (count of them) of all protocols now belong to the subscriber */
	NAT_BLOCK_RETURNED,
	NAT_BLOCK_FREE,      /* its guard time is over: it may be given again */
	NAT_REFUSED,
	NAT_BLOCK_INTERIM,   /* the block is still the subscriber's: an interim record */
	NAT_NOTICE,          /* the operator is told of something (RFC 6888 REQ-11, RFC 8158 section 4.4) */
};

/* Why a mapping ended. */
enum nat_end {
	END_IDLE,            /* its last session did */
	END_EVICTED,         /* another subscriber's needed its number (nat.on_full "evict-random") */
	END_LOST,            /* the NAT lost its state: nothing was logged */
};

/* What a NAT_NOTICE says, with the number of RFC 8158 section 4.4 that stands for it. */
enum nat_notice {
	NOTICE_ADDRESSES_EXHAUSTED, /* natEvent 3: no address for a newcomer */
	NOTICE_PORTS_EXHAUSTED,     /* natEvent 12: no number */
	NOTICE_QUOTA_EXCEEDED,      /* natEvent 13: a limit stood against it */
	NOTICE_POOL_HIGH,           /* natEvent 18, threshold 1: numbers in use rose to the threshold */
	NOTICE_POOL_LOW,            /* threshold 2: fell to it */
	NOTICE_MAPPINGS_HIGH,       /* threshold 3: mappings rose to the threshold */
	NOTICE_SUBSCRIBER_HIGH,     /* threshold 4: a subscriber's mappings did */
	NOTICE_COUNT,
};
extern const char *const nat_notice_name[NOTICE_COUNT];

#define ODDS_UNKNOWN 0u

struct nat_event {
	int64_t  time_ns;
	int64_t  since_ns;     /* MAPPING_ENDED, BLOCK_RETURNED: when it was created or given;
	                          PORT_RELEASED, BLOCK_FREE: when it ended or was returned */
	enum nat_event_kind kind;
	uint32_t subscriber;   /* within the instance */
	uint32_t address;      /* index in the instance's pool */
	uint32_t slot;         /* index of the number among the allowed ones; first of a block */
	uint32_t count;        /* numbers in a block; 1 for a mapping */
	uint32_t step;         /* from one number of a block to the next: 1, or more of a scattered one */
	uint32_t odds;         /* MAPPING_CREATED: a guesser who knows the public configuration and this
	                          subscriber's past ports is right once in this many tries; ODDS_UNKNOWN:
	                          the scheme declares no law */
	enum protocol protocol;
	enum outcome outcome;  /* REFUSED: why; NOTICE of an exhaustion or a quota: the refusal behind it */
	uint8_t  end;          /* MAPPING_ENDED: enum nat_end */
	uint8_t  notice;       /* NOTICE: enum nat_notice */
	/* By how much this changed how many numbers are live, and live or held: 1, or 0 where the number
	 * carries other mappings too. MAPPING_CREATED raises both, MAPPING_ENDED lowers `live`, PORT_RELEASED `taken`. */
	uint8_t  live, taken;
	uint32_t remote;       /* SESSION_*: IPv4 */
	uint16_t remote_port;
	uint16_t port;         /* the inside port, for MAPPING_* and SESSION_* */
};

struct sink {
	void *context;
	void (*event)(void *context, const struct nat_event *event);
};

#endif
