/* report_parts - what the parts of the report share. For report*.c only. */
#ifndef ANALYSIS_REPORT_PARTS_H
#define ANALYSIS_REPORT_PARTS_H

#include <stdbool.h>
#include <stdio.h>

#include "analysis/human.h"
#include "analysis/run_summary.h"

struct report {
	FILE *out;
	const struct run_summary *run;
	const struct cJSON *manifest;
};

enum kind { KIND_COUNT, KIND_SHARE, KIND_BYTES };

/* A value as text; what is not finite gives "-". */
char *report_value(double value, enum kind kind, char out[HUMAN_TEXT]);

/* A measure of every scheme: one column of a table. */
struct column {
	const char *group;   /* heading over neighbours that share it; NULL: none */
	const char *header;
	const char *unit;    /* NULL: none */
	const char *path;    /* below the scheme, or below the section's prefix; see run_member() */
	enum kind kind;
	enum { BETTER_NEITHER, BETTER_LESS, BETTER_MORE } better;
	const char *missing; /* why a value may not be there; NULL: not there means 0 */
	bool optional;       /* leave the column out if no scheme has a value */
};

/* The rows of all schemes for one kind of evidence, protocol... */
struct section {
	const char *title;   /* NULL: no heading row */
	const char *prefix;  /* before each column's path: "ambiguity/as-logged/", or "" */
	const char *same_as; /* the section that says the same, and stands for this one; NULL: none */
};

/* A table with a row for each scheme, in each section. `columns` is ended by a
 * row with header NULL. Values carry their 95% half-widths if the run has them. */
void report_table(const struct report *r, const char *caption, const struct column *columns,
                  const struct section *sections, size_t section_count);

/* The table at the top, and the further tables. */
void report_overview(const struct report *r);
void report_details(const struct report *r);

/* A few sentences that answer the scenario's question. */
void report_answer(const struct report *r);

#endif
