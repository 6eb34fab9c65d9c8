/* csv - a table of text from a file (RFC 4180): quoted fields, doubled quotes, LF or CRLF; and fields written so. */
#ifndef ANALYSIS_CSV_H
#define ANALYSIS_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/base/err.h"

struct csv {
	char *text;           /* what the cells point into; owned */
	const char **header;  /* `columns` names; owned */
	const char **cells;   /* row by row, behind the header in the same array */
	size_t columns, rows;
};

/* Reads a whole file. False with `e` set (file, line) if it cannot be read, has
 * no header line, or a row has more or fewer fields than the header line. */
bool csv_read(struct csv *c, const char *path, struct err *e);
void csv_clear(struct csv *c); /* fine on a zeroed struct */

static inline const char *csv_cell(const struct csv *c, size_t row, size_t column)
{
	return c->cells[row * c->columns + column];
}

/* A field: quoted where RFC 4180 asks for it. */
void csv_put_text(FILE *out, const char *value);

/* The shortest text that reads back as the same number. */
void csv_put_number(FILE *out, double value);

#endif
