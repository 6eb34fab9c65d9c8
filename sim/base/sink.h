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
};

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
	enum outcome outcome;  /* REFUSED: why */
	uint32_t remote;       /* SESSION_*: IPv4 */
	uint16_t remote_port;
	uint16_t port;         /* the inside port, for MAPPING_* and SESSION_* */
};

struct sink {
	void *context;
	void (*event)(void *context, const struct nat_event *event);
};

#endif
