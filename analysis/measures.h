/* measures - all that one scheme's run measured, in one replication. */
#ifndef ANALYSIS_MEASURES_H
#define ANALYSIS_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "analysis/log.h"
#include "analysis/utilisation.h"
#include "sim/base/packets.h"

struct measures {
	struct usage *usage;        /* owned */
	struct log_weight log;      /* owned arrays */
	struct ambiguity ambiguity[EVIDENCE_COUNT];

	/* of the pool and the scheme's rule, per protocol */
	uint64_t addresses;
	uint64_t ports;             /* addresses x allowed numbers */
	uint64_t assigned;          /* in ranges given for good */
	uint64_t stranded;
	uint64_t flows_not_offered; /* sources had no free inside port for them */
	bool     single_numbers;    /* reserved are the held numbers themselves, not blocks or ranges */
	uint32_t instances;

	/* unlimited demand, if asked for: the same workload with nothing refused; owned, else NULL */
	struct usage *demand;

	/* what only a world of packets can show; owned, NULL in any other */
	struct packets *packets;
};

void measures_clear(struct measures *m);

#endif
