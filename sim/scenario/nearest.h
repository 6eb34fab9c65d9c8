/* nearest - the known word that a mistyped one was probably meant to be. */
#ifndef SIM_SCENARIO_NEAREST_H
#define SIM_SCENARIO_NEAREST_H

#include <stddef.h>

/* Edits (a letter more, less, other, or two neighbours swapped) that turn one
 * word into the other. Only the first 64 bytes of each count. */
unsigned edit_distance(const char *a, const char *b);

/* Keeps the nearest of the words it is shown; ties go to the first. */
struct nearest {
	const char *wanted;
	const char *best;   /* NULL until a word was shown */
	unsigned distance;
};
void nearest_show(struct nearest *n, const char *word);

/* Is it near enough that a hint helps rather than puzzles? */
int nearest_is_near(const struct nearest *n);

#endif
