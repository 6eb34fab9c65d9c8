/* timeline - the times of a capture's packets, the gap rule, and when was captured at all.
 *
 * Packets less than TIMELINE_GAP from one another make a part. A capture is one
 * part, unless it was stitched together from several: then years may lie between
 * them, and the clock may even jump back. Parts keep the order of their time, and
 * what lies between two counts as TIMELINE_GAP, whatever it was. Nothing depends on
 * the order in which packets come.
 *
 * Of several files each was captured during its own parts. Where the files together
 * leave out TIMELINE_UNWATCHED or more, nobody looked: what a flow did there is not
 * known, as behind the end of a capture. */
#ifndef TRAFFIC_TIMELINE_H
#define TRAFFIC_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/packet.h"
#include "sim/base/simtime.h"

#define TIMELINE_GAP NS_PER_DAY
#define TIMELINE_UNWATCHED SEGMENT_GAP /* less is within a train, as where a capture goes on in its next file */

struct timeline_part {
	int64_t first_ns, last_ns; /* since 1970 */
	int64_t begin_ns;          /* of the part, from the first packet of all; set by timeline_close() */
};

struct timeline {
	struct timeline_part *parts; /* by time */
	size_t count, room;
	size_t current;   /* the part that the latest packet was of */
	struct timeline_part *watched; /* of all files' parts together; none: those of `parts` */
	size_t watched_count;
	int64_t total_ns; /* from first to last packet, gaps shortened */
};

/* Takes the time in. False if all together would be longer than NS_LONGEST; it is not taken then. */
bool timeline_add(struct timeline *t, int64_t time_ns);
void timeline_clear(struct timeline *t);

/* Of several files: what one of them was captured during; for each file, and before timeline_close(). All times taken
 * in are in one of them. */
void timeline_watch(struct timeline *t, const struct timeline *file);

void timeline_close(struct timeline *t); /* before what follows */

/* The span that holds a time that was taken, and during which somebody looked; its begin_ns says nothing. */
const struct timeline_part *timeline_watched(const struct timeline *t, int64_t time_ns);

/* Spans between two of those, beside the gaps between parts. */
size_t timeline_seams(const struct timeline *t);

/* Time from the first packet of all, gaps shortened. */
int64_t timeline_since(const struct timeline *t, int64_t time_ns);

#endif
