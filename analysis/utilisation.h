/* utilisation - how the ports of a pool are used: a reader of the NAT's events.
 *
 * One meter watches one instance. What it finds is a `usage`: plain sums and
 * histograms of integers, so that adding up instances gives the same bytes in
 * any order. Nothing in it grows with the number of subscribers or of events;
 * only the samples grow with the length of the window.
 *
 * Time is counted in quanta of 2^k ns, the smallest for which the largest
 * possible integral of the whole scenario fits 63 bits: an error below one
 * quantum an event, and none that adds up. */
#ifndef ANALYSIS_UTILISATION_H
#define ANALYSIS_UTILISATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/guess.h"
#include "sim/base/packet.h"
#include "sim/base/sink.h"

/* Largest number of active ports of a subscriber, all protocols together, + 1. */
#define USAGE_LEVELS (PROTO_COUNT * 65536u)

struct usage_frame {        /* the same for all instances of a scenario */
	int64_t  begin_ns, end_ns;  /* the measured window */
	int64_t  interval_ns;       /* of samples */
	uint64_t subscribers;       /* in the whole scenario */
	uint64_t ports;             /* of the whole pool, per protocol */
};

struct usage_sample {       /* state at a moment of the grid, or counts of the interval that ends there */
	uint64_t active[PROTO_COUNT], held[PROTO_COUNT];
	uint64_t blocks;            /* slots in owned or guarded blocks */
	uint64_t sessions;
	uint64_t created, refused;
};

struct usage {
	struct usage_frame frame;
	unsigned quantum;           /* k */
	/* integrals over the window, in quanta */
	uint64_t active[PROTO_COUNT], held[PROTO_COUNT], blocks;
	uint64_t *level_time;       /* [USAGE_LEVELS]: quanta that subscribers spent with so many active ports; owned */
	uint64_t *peak;             /* [USAGE_LEVELS]: subscribers with this peak; owned */
	uint64_t *address_peak[PROTO_COUNT]; /* [65536]: addresses with this peak of held numbers; owned */
	struct usage_sample *samples; /* one at begin, one every interval; owned */
	size_t   sample_count;
	uint32_t *created_per_second; /* owned */
	size_t   seconds;
	/* flows, by when they start */
	uint64_t flows[PROTO_COUNT];  /* offered in the window, whatever became of them */
	uint64_t attempted[PROTO_COUNT], created[PROTO_COUNT];
	uint64_t refused_by[OUT_COUNT];
	uint64_t notices[NOTICE_COUNT];          /* what the operator was told */
	uint64_t retries, created_late;          /* later tries of refused flows, and how many flows got through by one */
	uint64_t recreated, recreate_refused, exempt, inbound_unmatched, inbound_filtered, crowded_out;
	uint64_t cpe_refused_by[OUT_COUNT];
	uint64_t subscribers_attempted, subscribers_refused;
	uint64_t addresses_used;
	uint64_t guess_count, guess_sum;  /* mappings; sum of 2^32 / odds over those with a law */
	uint64_t guess_lawless;           /* mappings of which the scheme declared no law; */
	uint64_t guess_hits[GUESSERS];    /* and how guessers did there, in 1 / GUESS_RUN */
	uint64_t jain_count, jain_sum;    /* addresses that saw a refusal; sum of 2^32 x their index */
};

struct usage *usage_create(const struct usage_frame *frame);
void usage_destroy(struct usage *u);
void usage_add(struct usage *to, const struct usage *from);

/* One instance. */
struct meter;

/* Measures into `usage`, which must outlive it. */
struct meter *meter_create(struct usage *usage, uint32_t subscribers, uint32_t addresses);
void meter_event(struct meter *m, const struct nat_event *event);

/* A flow's first need of the NAT: what came of it (created, refreshed, refused). */
void meter_flow(struct meter *m, int64_t time_ns, uint32_t subscriber, enum protocol protocol, enum outcome outcome,
                bool crowded_out);

/* The window is over: closes all integrals. Destroys the meter. */
void meter_finish(struct meter *m);

#endif
