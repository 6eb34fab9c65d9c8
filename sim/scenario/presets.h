/* presets - scenarios/presets/, embedded at build time: other projects' ways of
 * sharing addresses, each a scenario that runs as it stands. */
#ifndef SIM_SCENARIO_PRESETS_H
#define SIM_SCENARIO_PRESETS_H

struct preset {
	const char *name;
	const char *description;
	const char *source;   /* where its figures come from */
	const char *assumed;
	const char *text;     /* the file */
};
extern const struct preset presets[]; /* ended by a row with name NULL */

#endif
