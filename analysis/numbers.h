/* numbers - who held which single number of one public address in one protocol,
 * as a log of mappings tells it.
 *
 * A number is one subscriber's at a time: what begins on it ends what was there
 * (a log without end records says it no other way). Open records lie in a hash,
 * one cell a number; what has ended goes into a ring, in order of end, for as
 * long as anybody can ask for it. So a record is touched twice, when it begins
 * and when it ends, and memory follows what is live.
 *
 * Times never go back. A record covers [begin, end + resolution of the log];
 * `from_ns` in questions has that resolution already taken off. */
#ifndef ANALYSIS_NUMBERS_H
#define ANALYSIS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/presence.h"

struct numbers;

struct numbers *numbers_create(int64_t log_resolution_ns);
void numbers_destroy(struct numbers *n); /* NULL is fine */

/* A record begins; records that ended before forget_ns are no longer of interest. */
void numbers_begin(struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns, int64_t forget_ns);

/* The subscriber's open record of the number ends; nothing happens if it has none. */
void numbers_end(struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns);

/* When the subscriber's open record of the number began; NS_NONE if it has none. */
int64_t numbers_open_since(const struct numbers *n, uint16_t number, uint32_t inside);

/* Brings near what a begin or an end of this number will touch. */
void numbers_prefetch(const struct numbers *n, uint16_t number);

/* Calls each() for every record of the number that overlaps the window: a
 * subscriber comes as often as it has such records. */
void numbers_of(const struct numbers *n, uint16_t number, int64_t from_ns, int64_t to_ns,
                void (*each)(void *context, uint32_t inside), void *context);

/* Who had a record at all, and when. */
const struct presence *numbers_presence(const struct numbers *n);

#endif
