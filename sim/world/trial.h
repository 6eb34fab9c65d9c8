/* trial - one scheme on one workload: parameters in, measures out.
 *
 * An experiment is an array of trials that share a workload. run_trials()
 * cuts each into instances, shows every scheme of a cut the same traffic, and
 * adds up what the instances measured. */
#ifndef SIM_WORLD_TRIAL_H
#define SIM_WORLD_TRIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/log.h"
#include "analysis/measures.h"
#include "sim/base/err.h"
#include "sim/base/source.h"
#include "sim/engine/ranks.h"
#include "sim/nat/nat.h"
#include "sim/scheme/scheme.h"
#include "sim/world/checkpoint.h"

enum access { ACCESS_NAT44, ACCESS_NAT444 };

/* The NAT in each home: one address, the same core as the CGN. */
struct cpe_config {
	bool nat;
	struct nat_timeouts timeouts;
	struct port_range ports;
};

/* One entry of `traffic`. */
struct traffic {
	const struct source_type *type;
	void *config;              /* type->config_size bytes, owned */
};

/* What the packet world has that no flow shows. The flow world does not look at it. */
struct packet_link {
	double   rate;             /* bits/s */
	int64_t  delay_ns;
	uint32_t mtu;              /* bytes of an IP packet */
};
enum packet_on_icmp { ON_ICMP_GO_ON, ON_ICMP_GIVE_UP };
struct packet_config {
	struct packet_link access, core; /* home to CGN; CGN to the servers */
	uint32_t queue;            /* packets that wait for a link */
	uint32_t request, response, datagram; /* bytes of payload where the workload does not say */
	int on_icmp;               /* enum packet_on_icmp: of a host that connects */
};

/* What the trials of a scenario share. */
struct workload {
	uint64_t seed;
	uint32_t replications;
	int64_t  duration_ns, warmup_ns, sample_interval_ns;
	bool     warmup_auto;      /* warmup_ns is to be computed: see workload_settle() */
	uint32_t subscribers;
	struct addr_range inside;  /* subscriber k is inside.first + k */
	struct traffic *traffic;
	size_t   traffic_count;
	bool     demand;           /* an unlimited scheme runs along: see measures of demand */
	struct evidence_config evidence;
	struct packet_config packets;
};

struct trial {
	/* parameters */
	char *name;
	const struct scheme_type *scheme;
	void *scheme_config;       /* settled; owned */
	int access;                /* enum access */
	struct pool_config pool;
	struct nat_config nat;
	struct cpe_config cpe;
	struct log_config log;

	/* measures, one of each per replication, filled by run_trials(); owned */
	struct measures *measures;
};

/* What is known once the workload's sources are open. */
struct workload_facts {
	double   flows_expected;   /* over all subscribers, 0 .. warmup + duration */
	int64_t  longest_p99_ns;
	int64_t  captured_ns;      /* shortest capture behind it; 0: none */
	int64_t  over_ns;          /* no source plays anything from then on; 0: one goes on for as long as is asked */
	uint32_t captured_hosts;   /* of the source with the fewest; 0: no capture */
	uint32_t drawn_hosts;      /* of them, those that a subscriber is */
	struct source_tail tail;   /* of that source, with the first trial's timers; only if `tails` */
	bool     protocols[PROTO_COUNT];
	bool     tcp_left_open;
	int64_t  longest_timer_ns; /* that a flow of the mix can reach, in any trial or CPE */
	int64_t  warmup_wanted_ns; /* longest timer, hold-down, guard, and the 99th percentile of duration */
	bool     tails;            /* false: a capture is shorter than the longest timer */
};

/* An opened workload, and whose each flow of it is in a trace (workload_trace.h). */
struct traffic_sources;
struct workload_flows;

/* Opens the sources, computes an automatic warm-up (workload->warmup_ns is then
 * set), and says what is known. `name` stands for the scenario in messages. NULL with `e` set. */
struct traffic_sources *workload_open(struct workload *workload, const struct trial *trials, size_t count,
                                      const char *name, struct workload_facts *facts, struct err *e);
void workload_close(struct traffic_sources *t); /* NULL is fine */

struct run_options {
	unsigned threads;          /* 0: all cores that this rank may use */
	struct ranks *ranks;       /* NULL: one alone */
	/* What an earlier run wrote is taken up, and what this one has done is written
	 * down now and then, and when it is stopped. NULL: neither. */
	struct checkpoint *checkpoint;
	const char *log_directory; /* where trials with log.keep leave SCHEME.EXT.zst; must exist then */
	const char *events_directory; /* where instances leave sections of an event file (events.h); must exist; NULL: no events.
	                              Only of one replication, one rank, and no checkpoint gone on from */
	const struct workload_flows *flows; /* of workload_trace(), for them */
	/* Called now and then from one thread: share done, trains shown so far. NULL: never. */
	void (*progress)(void *context, double share, uint64_t trains);
	void *progress_context;
	/* Set from outside (a signal) to give up: run_trials() then returns false without a fault. NULL: never. */
	const atomic_int *stop;
};

/* Runs every trial in every replication and, in rank 0, fills trial->measures.
 * False with `e` set if a file could not be written, or one to go on from is damaged. */
bool run_trials(const struct workload *workload, const struct traffic_sources *sources, const struct workload_facts *facts,
                struct trial *trials, size_t count, const struct run_options *options, struct err *e);

#endif
