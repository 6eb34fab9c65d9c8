/* events - what a world saw, as a file: every event of the NAT and what became of
 * each train, so that `measure` can make the tables and logs that `run` makes.
 * docs/formats.md gives the bytes.
 *
 * A file says which scenario it is of (resolved) and which workload (a digest of
 * the trace), and holds a section for each scheme and instance: what happened
 * there, in order of time, and the totals of what only packets can show
 * (sim/base/packets.h). Sections are written on their own, by different processes if
 * need be, and then joined; the file is whole, or not there. */
#ifndef SIM_WORLD_EVENTS_H
#define SIM_WORLD_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"
#include "sim/base/packets.h"
#include "sim/base/sink.h"
#include "sim/nat/nat.h"

/* Where a section belongs. */
struct events_place {
	uint32_t trial;       /* of the scenario's schemes */
	uint32_t instance;
};

/* One section, written as it happens, to a file of its own. */
struct events_section;

/* A name for its file. The caller frees it. */
char *events_section_path(const char *directory, struct events_place place);

/* NULL with `e` set if it cannot be written. */
struct events_section *events_section_open(const char *path, struct events_place place, struct err *e);

/* Events in order of time, and trains in order of start, each for itself. Subscribers of events are counted within the
 * instance, those of trains in the scenario; a train's source and flow are those of the trace that was run. */
void events_section_event(struct events_section *s, const struct nat_event *event);
void events_section_train(struct events_section *s, const struct segment *train, const struct verdict *v, unsigned sight);

/* Done: closes and frees it. `packets` is NULL in a world that has none. False with `e` set if something could not be
 * written. */
bool events_section_close(struct events_section *s, const struct packets *packets, struct err *e);

/* Gives up, and removes the file. NULL is fine. */
void events_section_abandon(struct events_section *s);

/* What the whole file says of itself. */
struct events_head {
	cJSON *scenario;      /* resolved */
	char *world;          /* "ns3" */
	char *made_by;        /* "cgnsim 0.1.0" */
	uint32_t workload;    /* trace_digest() of the trace that was run */
};

/* Joins sections, which are read from their files, under a head: the same bytes in whatever order they are given. */
bool events_join(const char *path, const struct events_head *head, const char *const *sections, size_t count, struct err *e);

/* A file opened for reading. */
struct events;

/* NULL with `e` set: no such file, no event file, another version, cut short, a checksum that does not match. */
struct events *events_open(const char *path, struct err *e);
void events_close(struct events *ev); /* NULL is fine */
const struct events_head *events_head(const struct events *ev);
bool events_hold(const struct events *ev, struct events_place place); /* is there a section of it? */

/* What a section is read to. */
struct events_taker {
	void *context;
	void (*event)(void *context, const struct nat_event *event);
	void (*train)(void *context, const struct segment *train, const struct verdict *v, unsigned sight);
};

/* Reads the section of a place. False with `e` set if it is not there, or damaged: nothing in it may then be
 * believed. Bounds say what is good: numbers of subscribers, addresses and slots beyond them are faults. */
struct events_bounds {
	uint32_t first_subscriber, subscribers, addresses, slots;
	int64_t end_ns;
};
bool events_read(struct events *ev, struct events_place place, const struct events_bounds *bounds, struct events_taker taker,
                 struct packets *packets, struct err *e);

#endif
