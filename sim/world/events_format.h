/* events_format - the bytes of an event file (docs/formats.md), as its writer and
 * its reader share them. */
#ifndef SIM_WORLD_EVENTS_FORMAT_H
#define SIM_WORLD_EVENTS_FORMAT_H

#include "sim/base/carry.h"
#include "sim/world/events.h"

#define EVENTS_MAGIC "CGNEVENT"
#define EVENTS_SECTION_MAGIC "CGNEVSEC" /* a section in a file of its own */

enum { /* bytes */
	EVENTS_MAGIC_BYTES = 8,
	EVENTS_VERSION = 1,
	EVENTS_HEAD = 32,      /* magic, version, sections, bytes of text, checksum of text and directory, 0, its own checksum */
	EVENTS_ENTRY = 36,     /* of the directory */
	EVENTS_SECTION_HEAD = EVENTS_MAGIC_BYTES + 4 + EVENTS_ENTRY + 4, /* magic, version, entry, checksum of these */
	EVENTS_RECORD_MOST = 160, /* no record is longer */
	EVENTS_TOTALS_MOST = 65536,
};

/* A section as the directory has it. */
struct events_entry {
	struct events_place place;
	uint64_t records;      /* how many */
	uint64_t length;       /* of them, in bytes */
	uint32_t totals;       /* bytes of the totals, which follow */
	uint32_t crc;          /* CRC-32C of records and totals */
};

void events_entry_put(struct carry_out *o, const struct events_entry *entry);
bool events_entry_take(struct carry_in *in, struct events_entry *entry);

/* By trial, then instance. */
int events_place_order(const struct events_place *a, const struct events_place *b);

/* Times are put as the difference to the record before: events' and trains' each for itself. */
struct events_clock {
	int64_t event_ns, train_ns;
};

struct events_record {
	bool is_train;
	struct nat_event event;
	struct segment train;
	struct verdict verdict;
	unsigned sight;
};

void events_put_event(struct carry_out *o, struct events_clock *clock, const struct nat_event *event);
void events_put_train(struct carry_out *o, struct events_clock *clock, const struct segment *train, const struct verdict *v,
                      unsigned sight);

/* False if the bytes are no record, or say what no world of these bounds can. */
bool events_take(struct carry_in *in, struct events_clock *clock, const struct events_bounds *bounds,
                 struct events_record *out);

void events_put_totals(struct carry_out *o, const struct packets *packets);
bool events_take_totals(struct carry_in *in, struct packets *packets);

/* What is live, so that a file cannot end what never began. */
struct events_ledger;

struct events_ledger *events_ledger_create(const struct events_bounds *bounds);
void events_ledger_destroy(struct events_ledger *l);
bool events_ledger_event(struct events_ledger *l, const struct nat_event *event); /* false: it cannot be */

#endif
