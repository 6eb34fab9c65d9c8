/* figures - a run's figures, each an SVG made by gnuplot from the CSV of the
 * same stem by the script of the same stem (analysis/plots/).
 *
 * The tables are read here and given to gnuplot with the schemes as numbers:
 * no text of a user is ever part of a gnuplot command but as a quoted name. */
#ifndef ANALYSIS_FIGURES_H
#define ANALYSIS_FIGURES_H

#include "sim/base/err.h"

enum figures_result {
	FIGURES_MADE,
	FIGURES_NO_GNUPLOT, /* not an error: FIGURES_WITHOUT_GNUPLOT says it to the user */
	FIGURES_FAILED,     /* `e` says why */
};

#define FIGURES_WITHOUT_GNUPLOT "gnuplot is not there, so no figures were drawn; apt-get install gnuplot-nox, then cgnsim report"

/* Makes dir/STEM.svg from every dir/STEM.csv that has a script. Schemes and
 * their order (hence their colours) are those of dir/summary.json. A figure is
 * replaced whole or not at all. Equal tables give equal bytes. */
enum figures_result figures_make(const char *dir, struct err *e);

/* One figure from a table that belongs to no run, by the script of that stem.
 * What the first column says takes the place of the schemes. */
enum figures_result figure_make(const char *stem, const char *csv_path, const char *svg_path, struct err *e);

#endif
