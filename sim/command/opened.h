/* opened - a scenario whose sources are open: what `run` and `generate` begin with. */
#ifndef SIM_COMMAND_OPENED_H
#define SIM_COMMAND_OPENED_H

#include <stdbool.h>

#include "sim/command/scenario_options.h"

struct opened {
	struct scenario *scenario;
	struct traffic_sources *sources;
	struct workload_facts facts;
};

/* Reads the scenario that the first word names. False with `e` set. Clear it in both cases. */
bool scenario_open(struct opened *o, const struct arguments *args, struct err *e);

/* Opens the sources of a scenario that is read already, of the n-th word (from 0): it is the opened one's from then on, in
 * both cases. An automatic warm-up is that of all schemes of the scenario, whichever of them are wanted, so that a scheme
 * that is run alone gives the row that it gives beside the others. */
bool scenario_open_sources(struct opened *o, struct scenario *s, const struct arguments *args, size_t n, struct err *e);

void scenario_close(struct opened *o);

#endif
