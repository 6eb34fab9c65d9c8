/* mapping - the rule of an algorithmic scheme on its pool, asked and answered. */
#ifndef SIM_COMMAND_MAPPING_H
#define SIM_COMMAND_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/scheme/scheme.h"

struct mapping_rule {
	const char *name;                 /* the scheme's, for messages */
	const struct scheme_type *type;   /* with a rule */
	const void *config;               /* settled */
	const struct scheme_pool *pool;
	bool json;
};

/* Each prints its answer, or why there is none, and returns the exit status. */

/* `port`: the subscriber's own; 0: not given. */
int mapping_forward(const struct mapping_rule *m, uint32_t inside, uint16_t port);
int mapping_of_prefix(const struct mapping_rule *m, const struct addr6 *prefix); /* the subscriber with this IPv6 prefix */
int mapping_reverse(const struct mapping_rule *m, uint32_t outside, uint16_t port);

/* Everybody: as CSV, inside,outside,lo,hi, or as a JSON list, one subscriber a line. */
int mapping_all(const struct mapping_rule *m);

#endif
