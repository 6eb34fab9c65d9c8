/* attribution - who could it have been?
 *
 * An incident is a flow that a server complains about: it saw an address, a
 * port and a time. The operator looks into the log that its scheme wrote and,
 * if the scheme has one, its rule, and into nothing else. This module reads the
 * log record by record as it is written, keeps what can still matter, and
 * answers each incident once its window has passed. Definitions: measures of
 * attribution ambiguity in docs/measures.md.
 *
 * A record covers [start, end + resolution of the log]. Without an end record
 * (log.events "create") it ends when the same (address, number, protocol) or
 * block is given again, else it is open, and at most log.max_life if that is set.
 * In any log, a record that begins on numbers of an open one ends that: numbers
 * are one subscriber's at a time, unless the NAT overloads them (`shared`). Records of sessions (log.destinations) are not
 * read: giving one aborts.
 *
 * What a server does is a function of (seed, its address): whether it logs the
 * port, and how far its clock is off. The stamp is the true time plus that
 * offset, rounded down to `resolution`; the window is [stamp - assumed_error,
 * stamp + resolution + assumed_error].
 *
 * Order of calls: records, incidents and advances in order of time; an incident
 * may follow records later than itself, but not an advance beyond it. How often
 * advance is called changes memory, never an answer. */
#ifndef ANALYSIS_ATTRIBUTION_H
#define ANALYSIS_ATTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/log.h"
#include "sim/base/distribution.h"
#include "sim/base/packet.h"
#include "sim/base/simtime.h"

/* A clock whose law has no bound of its own is never further off than this: what
 * is drawn beyond is cut to it, since records are kept for as long as they could matter. */
#define ATTRIBUTION_FURTHEST_OFFSET (3600 * NS_PER_S)

enum evidence {
	EVIDENCE_ADDRESS,      /* "address+time" */
	EVIDENCE_PORT,         /* "address+port+time" */
	EVIDENCE_AS_LOGGED,    /* "as-logged": what this incident's server really logged */
	EVIDENCE_COUNT,
};
extern const char *const evidence_name[EVIDENCE_COUNT];

struct evidence_config {
	uint32_t incidents;
	int draw;               /* flow */
	int64_t resolution_ns;  /* of the server's stamp; > 0 */
	double port_logged;     /* share of servers that log the port */
	struct distribution clock_offset;
	int clock_per;          /* server */
	int64_t assumed_error_ns; /* >= 0 */
};

/* The flow complained about, and what became of it. */
struct incident {
	uint64_t hash;          /* of (seed, flow identity): the smallest are drawn */
	int64_t  time_ns;       /* the flow's start */
	uint32_t subscriber;    /* the truth: its inside address */
	uint32_t outside;       /* public address and port that the server saw */
	uint16_t port;
	uint32_t remote;        /* the server */
	enum protocol protocol;
	bool     reached;       /* false: refused, or never translated; no answer is looked for */
};

/* An answered incident. */
struct answer {
	uint64_t hash;
	uint32_t candidates[EVIDENCE_COUNT];
	bool     right[EVIDENCE_COUNT];     /* the true subscriber is among them */
	bool     reached;
};
struct answers {
	struct answer *items;
	size_t count, room;
};

/* What the operator knows without a log: a deterministic scheme's rule. It must
 * not depend on time, and name each subscriber of an address once. */
struct rule {
	void *context;
	/* The subscriber (inside address) that owns this public endpoint by rule; false: nobody. */
	bool (*holder)(void *context, uint32_t outside, uint16_t port, uint32_t *inside);
	/* Calls each() with every subscriber assigned to this public address. */
	void (*assigned)(void *context, uint32_t outside, void (*each)(void *context, uint32_t inside), void *each_context);
};

struct attribution;

struct attribution_setup {
	const struct evidence_config *evidence;
	const struct log_config *log;
	int64_t log_resolution_ns;
	uint64_t seed;           /* for which servers log the port, and their clocks */
	const struct rule *rule; /* NULL: none */
	bool shared;             /* the NAT gives a number to several mappings at a time */
	bool port_only;          /* nobody asks by address alone: EVIDENCE_ADDRESS is left at no candidates */
};

/* `rule` must outlive it, as must what evidence->clock_offset points to. */
struct attribution *attribution_create(const struct attribution_setup *setup);
void attribution_destroy(struct attribution *a);

/* A record of the log, in the order written. 255.255.255.255 is no subscriber's address. */
void attribution_record(struct attribution *a, const struct log_record *shown);

/* A new incident, in order of time. */
void attribution_incident(struct attribution *a, const struct incident *i);

/* It is now `now_ns`, and every record before it has been given: answers the
 * incidents whose windows have passed and forgets records that cannot matter
 * any more, so that memory follows what is live and not the run's length. */
void attribution_advance(struct attribution *a, int64_t now_ns);

/* The run is over: answers the rest. The answers are the caller's (free items). */
void attribution_finish(struct attribution *a, struct answers *out);

/* One row of the ambiguity table. */
struct ambiguity {
	uint64_t incidents;        /* reached; 0: all but not_reached and window_s is 0 */
	uint64_t not_reached;
	double window_s;           /* resolution + 2 assumed_error */
	double candidates_mean;    /* over the reached, as all that follows */
	uint32_t candidates_p50, candidates_p95, candidates_max;
	double unique_ratio, ambiguous_ratio, missed_ratio, wrong_ratio, wrong_single_ratio;
	double entropy_bits;
};

/* Keeps the `want` answers with the smallest hashes (of any order; sorts in
 * place) and sums them up for one kind of evidence. */
void ambiguity_of(struct answers *all, uint32_t want, enum evidence evidence,
                  const struct evidence_config *config, struct ambiguity *out);

#endif
