/* warnings - what a reader of the results must know before believing them. */
#ifndef SIM_COMMAND_WARNINGS_H
#define SIM_COMMAND_WARNINGS_H

#include <stddef.h>

#include "analysis/summary.h"
#include "sim/scenario/scenario.h"

struct warnings {
	struct result_warning *items; /* owned, as are their texts */
	size_t count;
};

/* The scenario's own, and those that its sources and measures give. The trials must have run. */
void warnings_find(struct warnings *w, const struct scenario *s, const struct workload_facts *facts);

/* One more. `scheme`: whose, by index, or RESULT_ALL. */
void warnings_add(struct warnings *w, size_t scheme, const char *format, ...) __attribute__((format(printf, 3, 4)));

void warnings_clear(struct warnings *w);

#endif
