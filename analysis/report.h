/* report - report.html: what a run found, for the person who plans the network.
 *
 * One file that stands alone: it loads nothing and runs no script. It is made
 * from the files of a run's directory and from nothing else, so equal files
 * give equal bytes. */
#ifndef ANALYSIS_REPORT_H
#define ANALYSIS_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sim/base/err.h"

/* Writes dir/report.html from summary.json, manifest.json and the figures
 * (figures_make() before) of dir. False with `e` set, and the old report left
 * as it was, if one of the two is missing or malformed. A figure that is not
 * there is left out, and the report says so. */
bool report_make(const char *dir, struct err *e);

#define REPORT_FIGURES 4

/* The same from texts in memory, each ended by a 0 byte. */
struct report_input {
	const char *dir;          /* for messages */
	const char *summary;
	size_t summary_length;
	const char *manifest;
	size_t manifest_length;
	const char *figures[REPORT_FIGURES]; /* SVG, in the order of report_figure_stems[]; NULL: not there */
};
extern const char *const report_figure_stems[REPORT_FIGURES];

bool report_write(FILE *out, const struct report_input *in, struct err *e);

#endif
