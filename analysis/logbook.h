/* logbook - a NAT's log as its operator reads it, record by record: for each
 * public address what was held on it, by number (numbers.h) and by block (holdings.h). */
#ifndef ANALYSIS_LOGBOOK_H
#define ANALYSIS_LOGBOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/holdings.h"
#include "analysis/log.h"
#include "analysis/numbers.h"

/* A public address in the log. NULL: no such record so far. */
struct place {
	uint32_t outside;
	bool used;
	struct numbers *numbers[PROTO_COUNT]; /* by enum protocol */
	struct holdings *blocks;
};

struct logbook;

/* max_life_ns: of a record that nothing ends; 0: none. `shared`: the NAT gives a
 * number to several mappings at a time. */
struct logbook *logbook_create(int64_t log_resolution_ns, int64_t max_life_ns, bool shared);
void logbook_destroy(struct logbook *b); /* NULL is fine */

/* The next record, in the order written. It is read at the latest by logbook_expire(). */
void logbook_record(struct logbook *b, const struct log_record *r);

/* Reads every record given so far, and ends those whose longest life is over by
 * `until_ns`, unless something ended them before. */
void logbook_expire(struct logbook *b, int64_t until_ns);

/* What ended before `forget_ns` is of no more use: records yet to come may take its room. */
void logbook_forget(struct logbook *b, int64_t forget_ns);

/* What is known of an address; a place that holds nothing if it is not in the
 * log. After logbook_expire(), until the next record. */
const struct place *logbook_place(const struct logbook *b, uint32_t outside);

#endif
