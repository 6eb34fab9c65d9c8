#include "sim/command/opened.h"

bool scenario_open_sources(struct opened *o, struct scenario *s, const struct arguments *args, size_t n, struct err *e)
{
	static const char *const all[1];
	struct scenario *whole = NULL;
	const struct scenario *timers = s;

	*o = (struct opened){ .scenario = s };
	if (s->workload.warmup_auto && arguments_has(args, "scheme")) {
		whole = scenario_of_word(args, n, all, 0, e);
		if (!whole)
			return false;
		timers = whole;
	}
	o->sources = workload_open(&s->workload, timers->trials, timers->trial_count, args->words[n], &o->facts, e);
	scenario_destroy(whole);
	return o->sources != NULL;
}

bool scenario_open(struct opened *o, const struct arguments *args, struct err *e)
{
	struct scenario *s = scenario_of_arguments(args, e);

	*o = (struct opened){ 0 };
	return s && scenario_open_sources(o, s, args, 0, e);
}

void scenario_close(struct opened *o)
{
	workload_close(o->sources);
	scenario_destroy(o->scenario);
	*o = (struct opened){ 0 };
}
