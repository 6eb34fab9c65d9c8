/* fit_items - the laws of a fit in one list, so that text, JSON, the mix's own
 * account and the figure say the same of each. */
#ifndef SIM_COMMAND_FIT_ITEMS_H
#define SIM_COMMAND_FIT_ITEMS_H

#include <stddef.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "traffic/fit.h"

struct fit_item {
	enum { ITEM_RATES, ITEM_GAPS, ITEM_FITTED, ITEM_DESTINATIONS } kind;
	const struct fit *fit;
	const struct fitted *fitted; /* ITEM_FITTED */
	const struct law_choice *choice; /* of that, and of rates */
	char name[32];               /* "tcp duration" */
	const char *unit;
	const char *law;             /* "lognormal"; "constant" where there is too little */
	const char *instead_of;      /* the larger law that BIC took and that holds this one; NULL: none */
	size_t count;                /* parameters */
	struct {
		const char *name;
		double value, low, high; /* 99%; low 0 and high HUGE_VAL: not known */
	} parameters[LAW_PARAMETERS];
	double values, censored;     /* what stands behind it */
	double ks;
};

#define FIT_ITEMS_MOST 12

/* The laws that there is anything to say of; returns how many. */
size_t fit_items(const struct fit *f, struct fit_item out[FIT_ITEMS_MOST]);

/* Both sides of the figure: P(X > x) as fitted, and at most `most` points of what was measured. */
double fit_item_survival(const struct fit_item *item, double x);
size_t fit_item_measured(const struct fit_item *item, struct survival_point *out, size_t most);

/* What stands behind a mix, for the reader; the caller owns it. */
cJSON *fit_account(const struct fit *f);

/* The mix itself, with that account. */
cJSON *fit_mix(const struct fit *f);

void fit_print(const struct fit *f, const char *trace, FILE *to);

/* Where the mix would play another number of sockets than was counted. */
void fit_warn(const struct fit *f, FILE *to);

/* That line, and one row a point; returns how many. */
#define FIT_CURVES_HEADER "law,x,measured,fitted"
size_t fit_write_curves(const struct fit *f, FILE *to);

#endif
