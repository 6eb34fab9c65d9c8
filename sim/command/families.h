/* families - everything that `cgnsim list` can show: each family is a list of
 * members, and a member may have parameters. */
#ifndef SIM_COMMAND_FAMILIES_H
#define SIM_COMMAND_FAMILIES_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/params.h"
#include "sim/scenario/presets.h"

struct member {
	const char *name;
	const char *unit;            /* measures; else NULL */
	const char *summary;
	const struct param *self;    /* keys: the parameter that it is; else NULL */
	const struct param *params;  /* ended by a row with name NULL; NULL: it has none */
	const struct preset *preset; /* presets: all of it; else NULL */
};

struct family {
	const char *name;
	const char *summary;
	bool (*member)(size_t index, struct member *out); /* false: there is none of this index */
	const char *empty;           /* what to say if there is none at all */
};
extern const struct family families[]; /* ended by a row with name NULL */

/* A measure of summary.json. docs/measures.md has the definitions in full. */
struct measure {
	const char *name;     /* its path below a scheme: "ports.utilisation" */
	const char *unit;
	const char *sentence;
};
extern const struct measure measures_listed[]; /* ended by a row with name NULL */

#endif
