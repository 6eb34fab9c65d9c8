#include "sim/command/opened.h"

bool scenario_open_sources(struct opened *o, struct scenario *s, const char *path, struct err *e)
{
	*o = (struct opened){ .scenario = s };
	o->sources = workload_open(&s->workload, s->trials, s->trial_count, path, &o->facts, e);
	return o->sources != NULL;
}

bool scenario_open(struct opened *o, const struct arguments *args, struct err *e)
{
	struct scenario *s = scenario_of_arguments(args, e);

	*o = (struct opened){ 0 };
	return s && scenario_open_sources(o, s, args->words[0], e);
}

void scenario_close(struct opened *o)
{
	workload_close(o->sources);
	scenario_destroy(o->scenario);
	*o = (struct opened){ 0 };
}
