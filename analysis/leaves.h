/* leaves - the numbers and texts of a JSON tree, each with the path that leads
 * to it: "ports.created", "ports.refused_by.no-port". An item of an array goes
 * by its `evidence`, `name` or `scheme`, "ambiguity.as-logged.unique_ratio" as in
 * replications.csv, else by its place, "traffic.0.rate_per_day". What is null
 * is not there, as in the results themselves. */
#ifndef ANALYSIS_LEAVES_H
#define ANALYSIS_LEAVES_H

#include <stddef.h>

#include <cjson/cJSON.h>

struct leaf {
	char *path;          /* owned */
	const cJSON *value;  /* a number, a text, true or false; the tree's */
	size_t place;        /* in the order of the tree, from 0 */
};

struct leaves {
	struct leaf *items;  /* by path, and where paths are equal by place; owned */
	size_t count, room;
};

/* All leaves below `from` (NULL: none), without those below its own members of
 * these names (ended by NULL; NULL: with all). */
void leaves_of(struct leaves *l, const cJSON *from, const char *const *without);
void leaves_clear(struct leaves *l); /* fine on a zeroed struct */

/* The first leaf of this path, or NULL. */
const struct leaf *leaves_find(const struct leaves *l, const char *path);

#endif
