/* checks - what no single row of a table can say of a scenario: values that must
 * fit each other. Every function adds its faults and returns true if what it was
 * shown can be used. A part that was not read (it is 0) is no fault here: that
 * was one already. */
#ifndef SIM_SCENARIO_CHECKS_H
#define SIM_SCENARIO_CHECKS_H

#include <stdbool.h>

#include "sim/base/err.h"
#include "sim/scenario/scenario.h"

/* The most public addresses that a pool may have, and samples that a run may take. */
#define POOL_ADDRESSES_MAX 16777216u
#define SAMPLES_MAX 10000000

/* A name that may be a file's or a directory's. */
bool check_name(const char *name, const char *place, struct err *e);

bool check_workload(const struct workload *w, const char *root, struct err *e); /* `root`: "a.json: $" */
bool check_pool(const struct pool_config *pool, const struct workload *w, const char *place, struct err *e);
bool check_nat(const struct nat_config *nat, const char *place, struct err *e); /* "a.json: $.nat" */
/* Does the NAT tell remote endpoints apart where the scheme gives a number to several mappings? */
bool check_overload(const struct trial *t, const char *place, struct err *e); /* "a.json: $.schemes[0]" */
bool check_timeouts(const struct nat_timeouts *t, const char *place, struct err *e); /* "a.json: $.nat.timeouts" */

/* Adds to s->warnings what is odd but allowed. */
void warn_of_oddities(struct scenario *s);

#endif
