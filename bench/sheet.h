/* sheet - what a bench measured, and how things compare.
 *
 * A series is one thing measured, once a round. What is compared is measured in
 * turn within a round, so that a disturbance of the machine meets all of it; a
 * ratio is the median of the rounds' ratios. */
#ifndef BENCH_SHEET_H
#define BENCH_SHEET_H

#include <stdbool.h>
#include <stddef.h>

struct sheet;

struct sheet *sheet_create(void); /* the caller owns it */
void sheet_destroy(struct sheet *s); /* NULL is fine */

/* One round's value of the series with this name, which is made if it is new.
 * Series are shown in the order in which they came. */
void sheet_add(struct sheet *s, const char *name, const char *unit, double value);

/* The series cannot be measured here: why, in a few words. */
void sheet_lack(struct sheet *s, const char *name, const char *why);

/* The series beside others: value over the largest of them. */
#define AGAINST_MOST 3
struct comparison {
	const char *name;
	const char *value;
	const char *against[AGAINST_MOST]; /* NULL ends it */
	double bar;
	bool at_most;                      /* the bar is not to be exceeded, else it is to be reached */
};

/* Prints the table, with the comparisons below the series, and writes the rows
 * to a JSON file: { "rows": [ { name, value, unit, against, ratio, bar, met, spread, note } ] },
 * null where there is none. `spread` is (largest - smallest) / median of the rounds,
 * `note` says why there is no value.
 * Returns how many bars were missed. A file that cannot be written ends the program. */
size_t sheet_show(const struct sheet *s, const struct comparison *comparisons, size_t count, const char *json_path);

#endif
