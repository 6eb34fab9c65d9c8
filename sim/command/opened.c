#include "sim/command/opened.h"

bool scenario_open(struct opened *o, const struct arguments *args, struct err *e)
{
	*o = (struct opened){ .scenario = scenario_of_arguments(args, e) };
	if (!o->scenario)
		return false;
	o->sources = workload_open(&o->scenario->workload, o->scenario->trials, o->scenario->trial_count, args->words[0],
	                           &o->facts, e);
	return o->sources != NULL;
}

void scenario_close(struct opened *o)
{
	workload_close(o->sources);
	scenario_destroy(o->scenario);
	*o = (struct opened){ 0 };
}
