/* numbers - who held which single number of one public address in one protocol,
 * as a log of mappings tells it.
 *
 * A number is one subscriber's at a time: what begins on it ends what was there
 * (a log without end records says it no other way). A table says who has a number
 * now; a ring says what changed of late, for as long as anybody can ask for it. Who
 * had a number before follows from going back from now. So a record touches one
 * place at random, and one next to that of the record before; nothing is searched
 * for, so that no jump depends on what is in the record. Memory follows what is
 * live: the table is made of pages that are given back when they are empty.
 *
 * Where the NAT gives a number to several mappings at once (`shared`), open records
 * of a number stand beside each other (sharers.h), and only their own ends end them.
 *
 * Times never go back. A record covers [begin, end + resolution of the log];
 * `from_ns` in questions has that resolution already taken off, and is not before
 * the forget_ns of any earlier call. */
#ifndef ANALYSIS_NUMBERS_H
#define ANALYSIS_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/presence.h"

struct numbers;

/* `begins`: numbers_began_at() will be asked. */
struct numbers *numbers_create(int64_t log_resolution_ns, bool begins, bool shared);
void numbers_destroy(struct numbers *n); /* NULL is fine */

/* A record begins; or (`ends`) the subscriber's open record of the number ends:
 * nothing happens if it has none. What was before forget_ns is no longer of
 * interest. `inside` is not NUMBERS_NOBODY. */
#define NUMBERS_NOBODY UINT32_MAX
void numbers_record(struct numbers *n, uint16_t number, uint32_t inside, bool ends, int64_t time_ns, int64_t forget_ns);

/* Has the subscriber an open record of the number that began at this moment? */
bool numbers_began_at(const struct numbers *n, uint16_t number, uint32_t inside, int64_t time_ns);

/* Brings near what a record of this number will touch. */
void numbers_prefetch(const struct numbers *n, uint16_t number);

/* Calls each() for every record of the number that overlaps the window: a
 * subscriber comes as often as it has such records. */
void numbers_of(const struct numbers *n, uint16_t number, int64_t from_ns, int64_t to_ns,
                void (*each)(void *context, uint32_t inside), void *context);

/* Who had a record at all, and when. */
const struct presence *numbers_presence(const struct numbers *n);

#endif
