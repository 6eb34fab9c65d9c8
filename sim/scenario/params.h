/* params - a cJSON object and a table (sim/base/params.h) to a struct, and back.
 *
 * Reading collects every fault and goes on, so a value with a fault leaves its
 * field as it was: 0 in a zeroed struct. What a struct owns is freed by
 * params_clear(), whether reading went well or not. */
#ifndef SIM_SCENARIO_PARAMS_H
#define SIM_SCENARIO_PARAMS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "sim/base/err.h"
#include "sim/base/params.h"

/* After so many faults in one file the rest is not shown. */
#define FAULTS_MAX 100

/* One JSON object may fill several structs: a scheme's object holds the keys of
 * all schemes and those of its own type. */
struct params_part {
	const struct param *table;
	void *config;
};

struct params_reading {
	const char *directory; /* where relative file names begin, "" or ending in '/' */
	bool overlay;          /* the structs are filled: change only what is there, ask for nothing */
	struct err *e;
};

/* Fills the parts from the object: every key is some part's, or it is a fault;
 * what is not there gets its preset. `place` is the object's, such as
 * "a.json: $.pool". Without overlay the structs must be zeroed. True if there was no fault. */
bool params_read(const struct params_reading *r, const cJSON *object, const struct params_part *parts, size_t count,
                 const char *place);

/* One value by itself, by a row; `offset` is not looked at. */
bool params_read_one(const struct params_reading *r, const struct param *row, const cJSON *value, void *field,
                     const char *place);

/* Adds a fault "PLACE: TEXT", unless there are FAULTS_MAX already. Returns false. */
bool params_fault(struct err *e, const char *place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Adds every parameter of the table, as the struct has it, to the object, in the
 * order of the table and in the form that params_read() reads. PARAM_JSON rows
 * are left to their owner. Files lose the leading `directory`. */
void params_resolve(cJSON *object, const struct param *table, const void *config, const char *directory);

/* Frees what the struct owns and zeroes it there. */
void params_clear(const struct param *table, void *config);

/* The closed range of a parameter, that of its type where the row gives none. */
void params_bounds(const struct param *p, double type_min, double type_max, double *min, double *max);

/* What a parameter takes, in words: "1 to 65535", "one of ...". The caller frees it. */
char *params_range_text(const struct param *p);
const char *params_type_text(const struct param *p);

#endif
