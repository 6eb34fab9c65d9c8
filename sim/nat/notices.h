/* notices - what the operator is told: thresholds crossed, and exhaustion, each
 * kind at most once in an interval (RFC 6888 REQ-11, RFC 8158 section 4.4). */
#ifndef SIM_NAT_NOTICES_H
#define SIM_NAT_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/nat.h"

struct notices {
	const struct nat_notify *config;
	int64_t last_ns[NOTICE_COUNT];  /* NS_NONE: never given */
	uint64_t high, low;             /* numbers in use of a protocol; UINT64_MAX: not watched */
	uint64_t in_use[PROTO_COUNT];
	bool above[PROTO_COUNT];        /* rose to `high` and has not fallen to `low` since */
	bool watching;                  /* any threshold is set: created and released must be told */
};

void notices_init(struct notices *n, const struct nat_notify *config, uint64_t numbers);

/* Each says which notice must go out, or NOTICE_COUNT. */
enum nat_notice notices_refused(struct notices *n, int64_t now_ns, enum outcome why);
enum nat_notice notices_released(struct notices *n, int64_t now_ns, enum protocol protocol);

/* A number was taken: a bit for each notice that must go out, and that of NOTICE_COUNT, which is none, for one that may not. */
uint32_t notices_taken(struct notices *n, int64_t now_ns, enum protocol protocol, uint32_t mappings, uint32_t of_subscriber);

#endif
