/* trial - one scheme on one workload: parameters in, measures out.
 *
 * An experiment is an array of trials that share a workload. run_trials()
 * cuts each into instances, shows every scheme of a cut the same traffic, and
 * adds up what the instances measured. */
#ifndef SIM_WORLD_TRIAL_H
#define SIM_WORLD_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/log.h"
#include "analysis/utilisation.h"
#include "sim/base/err.h"
#include "sim/base/source.h"
#include "sim/nat/nat.h"
#include "sim/scheme/scheme.h"

enum access { ACCESS_NAT44, ACCESS_NAT444 };

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
	struct evidence_config evidence;
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

	/* measures, one of each per replication; owned */
	struct measures *measures;
};

#endif
