/* holdings - who held which numbers of one public address, as a log tells it.
 *
 * One for each protocol (records of mappings), and one for records of blocks,
 * which cover all protocols. It answers two questions about a window of time:
 * who held this number, and who held anything at all. The second needs no
 * look at the numbers: for each subscriber it keeps the spans in which at least
 * one record covered time, and they overlap a window just if some record does.
 *
 * A number is one subscriber's at a time: what begins on it ends what was there
 * (a log without end records says it no other way).
 *
 * Times never go back. A record covers [begin, end + resolution of the log];
 * `from_ns` in questions has that resolution already taken off. */
#ifndef ANALYSIS_HOLDINGS_H
#define ANALYSIS_HOLDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/history.h"

struct holdings {
	struct history by_number; /* value: the inside address. Key: the number; for blocks, the page of the lowest */
	struct history by_inside; /* value: how many records are open */
	uint32_t page_shift;      /* 0 for mappings */
	uint32_t longest;         /* most numbers that a record covered */
	int64_t  resolution_ns;
};

struct holdings *holdings_create(bool blocks, int64_t log_resolution_ns);
void holdings_destroy(struct holdings *h); /* NULL is fine */

/* A record begins; spans that ended before forget_ns are no longer of interest. */
void holdings_begin(struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside, int64_t time_ns, int64_t forget_ns);

/* The open record of exactly these numbers and this subscriber, or NULL; until the next holdings_begin(). */
struct span *holdings_open(const struct holdings *h, uint16_t lo, uint16_t hi, uint32_t inside);
void holdings_end(struct holdings *h, struct span *open, int64_t time_ns);

/* Calls each() for every record that covers the number and overlaps the
 * window: a subscriber comes as often as it has such records. */
typedef void holdings_each(void *context, uint32_t inside);
void holdings_of_number(const struct holdings *h, uint16_t number, int64_t from_ns, int64_t to_ns,
                        holdings_each *each, void *context);

/* Calls each() once for every subscriber with a record that overlaps the window. */
void holdings_of_all(const struct holdings *h, int64_t from_ns, int64_t to_ns, holdings_each *each, void *context);

/* Has this subscriber a record that overlaps the window? */
bool holdings_has(const struct holdings *h, uint32_t inside, int64_t from_ns, int64_t to_ns);

#endif
