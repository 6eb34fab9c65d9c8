/* timeline - the times of a capture's packets, and the gap rule.
 *
 * Packets less than TIMELINE_GAP from one another make a part. A capture is one
 * part, unless it was stitched together from several: then years may lie between
 * them, and the clock may even jump back. Parts keep the order of their time, and
 * what lies between two counts as TIMELINE_GAP, whatever it was. Nothing depends on
 * the order in which packets come. */
#ifndef TRAFFIC_TIMELINE_H
#define TRAFFIC_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/simtime.h"

#define TIMELINE_GAP NS_PER_DAY

struct timeline_part {
	int64_t first_ns, last_ns; /* since 1970 */
	int64_t begin_ns;          /* of the part, from the first packet of all; set by timeline_close() */
};

struct timeline {
	struct timeline_part *parts; /* by time */
	size_t count, room;
	size_t current;   /* the part that the latest packet was of */
	int64_t total_ns; /* from first to last packet, gaps shortened */
};

/* Takes the time in. False if all together would be longer than NS_LONGEST; it is not taken then. */
bool timeline_add(struct timeline *t, int64_t time_ns);
void timeline_clear(struct timeline *t);

void timeline_close(struct timeline *t); /* before what follows */

/* The part that holds a time that was taken. */
const struct timeline_part *timeline_part(const struct timeline *t, int64_t time_ns);

/* Time from the first packet of all, gaps shortened. */
int64_t timeline_since(const struct timeline *t, int64_t time_ns);

#endif
