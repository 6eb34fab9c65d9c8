/* capture_tail - how far the upper quantiles that a capture gives can be trusted.
 *
 * What a subscriber has in use is what its captured host has: an inside port from
 * its first packet until a timer after its last. Over all hosts and all moments of
 * the capture that gives a 99.9th percentile, and drawing as many of the hosts again with
 * replacement, many times, how it comes out then (Efron's bootstrap; whole hosts, since the
 * flows of one belong together).
 *
 * That is how much hangs on single hosts, and what runs that draw hosts show. It is no interval for other hosts
 * of the same kind: no draw has a busier host than the busiest captured. That one is beyond the 99.9th
 * percentile of its kind with a chance of 1 - 0.999^hosts: 4% of 40 hosts, 95% of 2995. With fewer,
 * nothing bounds the percentile from above unless a law is believed. */
#ifndef TRAFFIC_CAPTURE_TAIL_H
#define TRAFFIC_CAPTURE_TAIL_H

#include "sim/base/source.h"
#include "traffic/trace.h"

/* `circle`: the capture bent into one of length_ns, as "extend": "loop" has it. */
void capture_tail(const struct trace *t, bool circle, int64_t length_ns, const struct source_holding *holding, uint64_t seed,
                  struct source_tail *out);

#endif
