/* holdings - who held which blocks of numbers of one public address, as a log of
 * blocks tells it. A block covers all protocols. It answers two questions about a
 * window of time: who held this number, and who held anything at all (presence.h).
 * A block is lo..hi, or every step-th number of it, both ends included.
 *
 * A number is one subscriber's at a time: what begins on it ends what was there
 * (a log without end records says it no other way).
 *
 * Records lie in a pool. A directory leads from a key (the page of 64 numbers in
 * which a block begins) to the newest record of that key, and each record leads to
 * the one before and after. What has ended queues up, in order of end, to give its
 * place in the pool back as soon as nobody can ask for it: memory follows what is
 * live.
 *
 * Times never go back. A record covers [begin, end + resolution of the log];
 * `from_ns` in questions has that resolution already taken off. */
#ifndef ANALYSIS_HOLDINGS_H
#define ANALYSIS_HOLDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/presence.h"

/* A record. */
struct held {
	int64_t  start_ns;
	int64_t  end_ns;       /* NS_NEVER: open */
	uint32_t inside;
	uint32_t older, newer; /* of the same key: places in the pool, or 0 */
	uint16_t lo, hi;
	uint16_t step;         /* >= 1 */
};

struct holdings;

struct holdings *holdings_create(int64_t log_resolution_ns);
void holdings_destroy(struct holdings *h); /* NULL is fine */

/* A record begins; records that ended before forget_ns are no longer of interest. */
void holdings_begin(struct holdings *h, uint16_t lo, uint16_t hi, uint16_t step, uint32_t inside, int64_t time_ns, int64_t forget_ns);

/* The open record of exactly these numbers and this subscriber, or NULL; until the next holdings_begin(). */
struct held *holdings_open(const struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside);
void holdings_end(struct holdings *h, struct held *open, int64_t time_ns);

/* Calls each() for every record that covers the number and overlaps the
 * window: a subscriber comes as often as it has such records. */
void holdings_of_number(const struct holdings *h, uint16_t number, int64_t from_ns, int64_t to_ns,
                        void (*each)(void *context, uint32_t inside), void *context);

/* Who had a record at all, and when. */
const struct presence *holdings_presence(const struct holdings *h);

#endif
