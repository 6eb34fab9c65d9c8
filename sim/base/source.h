/* source - where a workload comes from: the interface of all traffic sources.
 *
 * A source is opened once for a scenario (it may load a capture) and is then
 * shared, read-only, by all threads. For each instance a stream is opened over
 * a run of subscribers; it yields their trains in order of start_ns. What
 * a subscriber does is a pure function of (seed, replication, source index,
 * subscriber): it does not depend on which other subscribers are in the run. */
#ifndef SIM_BASE_SOURCE_H
#define SIM_BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"
#include "sim/base/params.h"

/* What a source must know of the scenario around it. */
struct source_setting {
	uint64_t seed;
	uint32_t replication;
	uint32_t subscribers;  /* in the whole scenario */
	int64_t  end_ns;       /* no train starts at or after this */
	uint8_t  index;        /* place in the scenario's `traffic` array */
};

struct segments {              /* a growable array; free items with free() */
	struct segment *items;
	size_t count, room;
};

struct segment *segments_add(struct segments *s); /* room for one more, uninitialised */

/* What is known of a source's flows before it runs. */
struct source_facts {
	double   flows_expected;   /* over all subscribers, 0 .. end_ns */
	int64_t  longest_p99_ns;   /* 99th percentile of a flow's duration */
	int64_t  captured_ns;      /* length of the capture behind it; 0 if none */
	int64_t  over_ns;          /* nothing is played from then on; 0: it goes on for as long as is asked */
	uint32_t captured_hosts;   /* distinct inside hosts behind it; 0 if no capture */
	uint32_t drawn_hosts;      /* of them, those that a subscriber is; 0 if none is any */
	bool     protocols[3];     /* by enum protocol: can a flow be of it? */
	bool     tcp_left_open;    /* can a TCP flow end without being closed? Else none outlasts the closing timer */
};

/* How long a port stays in use after its last packet. */
struct source_holding {
	int64_t udp_ns, icmp_ns;
	int64_t tcp_open_ns, tcp_established_ns, tcp_closed_ns;
};

/* Ports in use by one subscriber, over subscribers and time. */
struct source_tail {
	uint32_t hosts;        /* behind it; 0: nothing is known. With one there is no interval */
	uint32_t p999;         /* 99.9th percentile */
	uint32_t low, high;    /* 95% of what it is when as many of the same hosts are drawn again */
	bool     bounded;      /* so many hosts that the busiest is beyond the percentile of their kind: high bounds it */
};

struct source;                 /* opened; opaque to all but its type */
struct source_stream;

struct source_type {
	const char *name;
	const char *summary;
	const struct param *params; /* of struct `config`, ended by a row with name NULL */
	size_t config_size;

	/* Opens; NULL with `e` set. `place` is the JSON path for messages, e.g. "a.json: $.traffic[0]".
	 * `config` stays valid as long as the source lives. */
	struct source *(*open)(const void *config, const struct source_setting *setting, const char *place, struct err *e);
	void (*close)(struct source *);
	void (*facts)(const struct source *, const struct source_setting *, struct source_facts *out);

	/* What a capture says of the tail; NULL: nothing stands behind it that could. */
	void (*tail)(const struct source *, const struct source_setting *, const struct source_holding *, struct source_tail *out);

	/* A stream over subscribers first .. first+count-1 of one replication. */
	struct source_stream *(*stream)(const struct source *, const struct source_setting *, uint32_t first, uint32_t count);
	/* Appends every train with start_ns < until_ns not yet given, in order of
	 * (start_ns, order of generation). Returns false once nothing is left. */
	bool (*next)(struct source_stream *, int64_t until_ns, struct segments *out);
	/* Flows that could not be offered (e.g. no free inside port), by now. */
	uint64_t (*left_out)(const struct source_stream *);
	void (*end)(struct source_stream *);
};

#endif
