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

/* Opens the sources of a scenario that is read already: it is the opened one's from then on, in both cases. */
bool scenario_open_sources(struct opened *o, struct scenario *s, const char *path, struct err *e);

void scenario_close(struct opened *o);

#endif
