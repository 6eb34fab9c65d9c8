/* scenario_options - what every command that reads a scenario takes. */
#ifndef SIM_COMMAND_SCENARIO_OPTIONS_H
#define SIM_COMMAND_SCENARIO_OPTIONS_H

#include "sim/command/command.h"
#include "sim/scenario/scenario.h"

/* Rows for a command's table of options. */
#define OPTION_SET                                            \
	{ .name = "set", .value = "PATH=VALUE", .many = true, \
	  .help = "change a key: pool.ports=2048-65535, schemes[1].size=128" }
#define OPTION_SEED { .name = "seed", .value = "N", .help = "instead of the scenario's seed" }
#define OPTION_SCHEMES                                     \
	{ .name = "scheme", .value = "NAME", .many = true, \
	  .help = "only this scheme; may be given again for more" }

/* Loads the scenario that the first word names, changed as the options say.
 * NULL with `e` set. Options that the command does not have are not looked at. */
struct scenario *scenario_of_arguments(const struct arguments *args, struct err *e);

/* The same of the n-th word (from 0), with these schemes alone whatever the options say; NULL: as the options say. */
struct scenario *scenario_of_word(const struct arguments *args, size_t n, const char *const *schemes, size_t scheme_count,
                                  struct err *e);

#endif
