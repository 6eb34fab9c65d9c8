/* plots - the gnuplot scripts of analysis/plots/, embedded at build time. */
#ifndef ANALYSIS_PLOTS_H
#define ANALYSIS_PLOTS_H

struct plot_script {
	const char *stem; /* "timeseries": makes timeseries.svg from timeseries.csv */
	const char *text;
};
extern const struct plot_script plot_scripts[]; /* ended by a row with stem NULL */

#endif
