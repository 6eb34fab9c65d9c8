/* capture_tail - how far the upper quantiles that a capture gives can be trusted.
 *
 * What a subscriber has in use is what its captured host has: an inside port from
 * its first packet until a timer after its last. Over all hosts and all moments of
 * the capture that gives a 99.9th percentile, and drawing as many hosts again with
 * replacement, many times, how it would have come out with other hosts of the same
 * kind (Efron's bootstrap; whole hosts, since the flows of one belong together).
 *
 * The interval says what the choice of hosts leaves open. What no captured host
 * did, no interval can hold. */
#ifndef TRAFFIC_CAPTURE_TAIL_H
#define TRAFFIC_CAPTURE_TAIL_H

#include "sim/base/source.h"
#include "traffic/trace.h"

/* `circle`: the capture bent into one of length_ns, as "extend": "loop" has it. */
void capture_tail(const struct trace *t, bool circle, int64_t length_ns, const struct source_holding *holding, uint64_t seed,
                  struct source_tail *out);

#endif
