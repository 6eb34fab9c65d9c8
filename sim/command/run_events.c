#include "sim/command/run_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/must.h"
#include "sim/world/cut.h"
#include "sim/world/events.h"

bool run_events_open(struct run_events *r, const struct opened *o, const char *path, const char *work, struct err *e)
{
	struct trace *t;

	if (!path)
		return true;
	if (o->scenario->workload.replications > 1)
		return fail(e, "--events: an event file holds one replication, and the scenario has %u: --set replications=1",
		            o->scenario->workload.replications);
	t = workload_trace(&o->scenario->workload, o->sources, o->scenario->name, &r->flows, e);
	if (!t)
		return false;
	r->path = path;
	r->digest = trace_digest(t);
	trace_destroy(t);
	r->directory = must_printf("%s/events", work);
	return !mkdir(r->directory, 0777) || fail(e, "%s: %s", r->directory, strerror(errno));
}

static char **section_paths(const struct run_events *r, const struct scenario *s, size_t *count)
{
	char **paths = NULL;

	*count = 0;
	for (size_t t = 0; t < s->trial_count; t++) {
		struct cut cut = cut_of(&s->workload, &s->trials[t]);

		paths = must_grow(paths, *count + cut.instances, sizeof(*paths));
		for (uint32_t i = 0; i < cut.instances; i++)
			if (cut_share(&cut, i).subscribers)
				paths[(*count)++] = events_section_path(r->directory, (struct events_place){ (uint32_t)t, i });
	}
	return paths;
}

bool run_events_join(const struct run_events *r, const struct opened *o, struct err *e)
{
	static char world[] = "flow", made_by[] = "cgnsim " CGNSIM_VERSION;
	struct events_head head = { .world = world, .made_by = made_by, .workload = r->digest };
	size_t count;
	char **paths;
	bool good;

	if (!r->path)
		return true;
	head.scenario = o->scenario->resolved;
	paths = section_paths(r, o->scenario, &count);
	good = events_join(r->path, &head, (const char *const *)paths, count, e);
	while (count)
		free(paths[--count]);
	free(paths);
	return good;
}

void run_events_clear(struct run_events *r)
{
	workload_flows_clear(&r->flows);
	free(r->directory);
	*r = (struct run_events){ 0 };
}
