/* tables - every key of a scenario that is not a scheme's or a source's own. */
#ifndef SIM_SCENARIO_TABLES_H
#define SIM_SCENARIO_TABLES_H

#include "sim/base/params.h"

extern const struct param scenario_params[]; /* of struct scenario: the root */

/* What a scheme may override; of the structs of the same name in struct trial. */
extern const struct param pool_params[];
extern const struct param nat_params[];
extern const struct param log_params[];

/* The keys of every scheme, and of every source, beside those of its type. */
struct scheme_head {
	char *name;   /* NULL: named as its type */
	int access;   /* -1: the scenario's */
};
extern const struct param scheme_params[];
extern const struct param source_params[]; /* of nothing: PARAM_JSON */

extern const char *const access_choices[]; /* by enum access */

#endif
