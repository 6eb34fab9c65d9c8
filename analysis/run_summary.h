/* run_summary - summary.json and manifest.json of a run, checked as far as
 * readers count on: every other member may be missing or null. */
#ifndef ANALYSIS_RUN_SUMMARY_H
#define ANALYSIS_RUN_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>

#include "sim/base/err.h"

struct cJSON;

struct run_summary {
	struct cJSON *root;            /* owned */
	const struct cJSON **schemes;  /* objects with a `name`, in the order of the scenario; owned array */
	size_t count;
};

/* A JSON object that says "format": 1, from text that a 0 byte ends. `path` is
 * for messages. The caller frees it with cJSON_Delete(); NULL with `e` set. */
struct cJSON *run_json_parse(const char *text, size_t length, const char *path, struct err *e);

/* Is it an object that says "format": 1? False with `e` set. */
bool run_json_check(const struct cJSON *root, const char *path, struct err *e);

/* The same checks of a tree; it is the run's from then on, and gone if they fail. */
bool run_summary_take(struct run_summary *run, struct cJSON *root, const char *path, struct err *e);

bool run_summary_parse(struct run_summary *run, const char *text, size_t length, const char *path, struct err *e);
bool run_summary_read(struct run_summary *run, const char *dir, struct err *e); /* dir/summary.json */
void run_summary_clear(struct run_summary *run); /* fine on a zeroed struct */

const char *run_scheme_name(const struct run_summary *run, size_t scheme);

/* The member at a path below `from`: "ports/active_mean"; in an array the step
 * names the `evidence` of an item: "ambiguity/as-logged/unique_ratio". NULL if there is none. */
const struct cJSON *run_member(const struct cJSON *from, const char *path);

/* The same as a number or a text; NaN or NULL if it is missing, null or of another type. */
double run_number(const struct cJSON *from, const char *path);
const char *run_text(const struct cJSON *from, const char *path);

#endif
