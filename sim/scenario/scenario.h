/* scenario - a JSON file to an array of trials, with every fault named by its
 * JSON path: `a.json: $.pool.ports: "70000-80000" is not a port range (LO-HI, 1 to 65535)`.
 *
 * All keys, their types, defaults and ranges are data: sim/scenario/tables.c
 * for the scenario's own, and the tables that schemes and sources bring. */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"
#include "sim/world/trial.h"

struct plan_goals {
	double refusal;     /* largest refusal ratio that is still good */
	double confidence;
};

struct scenario {
	char *name;         /* fit for a file name */
	char *description;
	char *source, *assumed; /* of a preset: where its figures come from, and what is assumed; NULL: not said */
	struct workload workload;
	struct trial *trials;
	size_t trial_count; /* >= 1 */
	struct trial common; /* what schemes did not override: access, pool, nat, cpe, log */
	struct plan_goals plan;
	char **warnings;    /* one line each: not wrong, but likely not what was meant */
	size_t warning_count;
	cJSON *resolved;    /* the scenario with every default filled in; loading it gives the same scenario */
};

/* What the command line changes. */
struct scenario_changes {
	const char *const *sets;    /* "PATH=VALUE", applied in order (sim/scenario/set.h) */
	size_t set_count;
	const char *const *schemes; /* keep only these; none: keep all */
	size_t scheme_count;
	bool has_seed;
	uint64_t seed;
};

/* The largest seed: beyond it JSON numbers lose digits. */
#define SEED_MAX (UINT64_C(1) << 53)

/* NULL with `e` holding every fault that was found. `changes` may be NULL.
 * The caller owns the scenario. Sources are not opened, but the files they name
 * must be there; schemes are settled on their pools. */
struct scenario *scenario_load(const char *path, const struct scenario_changes *changes, struct err *e);

/* The same for a text in memory; `name` stands for the file in messages, and its
 * directory is where relative file names begin. */
struct scenario *scenario_parse(const char *text, size_t length, const char *name,
                                const struct scenario_changes *changes, struct err *e);

void scenario_destroy(struct scenario *s); /* NULL is fine */

/* The resolved scenario as JSON; the scenario's own. */
const cJSON *scenario_resolved(const struct scenario *s);

/* The ground of a trial's rule, as scheme hooks want it. Clear it after use. */
bool scheme_pool_fill(struct scheme_pool *pool, const struct workload *workload, const struct trial *trial);
void scheme_pool_clear(struct scheme_pool *pool);

#endif
