#include "sim/command/scenario_options.h"

#include <stdlib.h>

struct scenario *scenario_of_word(const struct arguments *args, size_t n, const char *const *only, size_t only_count,
                                  struct err *e)
{
	struct scenario_changes changes = { .has_seed = arguments_has(args, "seed") };
	const char **sets = arguments_values(args, "set", &changes.set_count);
	const char **schemes = arguments_values(args, "scheme", &changes.scheme_count);
	struct scenario *s = NULL;

	changes.sets = sets;
	changes.schemes = only ? only : schemes;
	changes.scheme_count = only ? only_count : changes.scheme_count;
	if (arguments_number(args, "seed", 0, SEED_MAX, &changes.seed, e))
		s = scenario_load(args->words[n], &changes, e);
	free(sets);
	free(schemes);
	return s;
}

struct scenario *scenario_of_arguments(const struct arguments *args, struct err *e)
{
	return scenario_of_word(args, 0, NULL, 0, e);
}
