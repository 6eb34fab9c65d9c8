#include "sim/command/kept_logs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/must.h"
#include "sim/world/keep.h"

bool kept_logs_move(const char *from, const char *directory, const struct scenario *s, struct err *e)
{
	char *to = must_printf("%s/logs", directory);
	bool good = !mkdir(to, 0777) || fail(e, "%s: %s", to, strerror(errno));

	for (size_t i = 0; good && i < s->trial_count; i++) {
		good = !s->trials[i].log.keep || keep_records(to, &s->trials[i], &s->workload, e);
		for (uint32_t r = 0; good && s->trials[i].log.keep && r < s->workload.replications; r++) {
			char *there = keep_path(from, &s->trials[i], r), *name = keep_path(to, &s->trials[i], r);

			if (there && rename(there, name))
				good = fail(e, "%s: %s", there, strerror(errno));
			free(there);
			free(name);
		}
	}
	free(to);
	return good;
}
