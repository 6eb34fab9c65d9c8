#include "sim/command/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

/* Could a run have made an entry of this name? */
static bool is_ours(const char *name)
{
	static const char *const names[] = {
		"summary.json", "manifest.json", "report.html", "logs", "timeseries.csv", "subscribers.csv", "ambiguity.csv",
		"log.csv", "replications.csv", "timeseries.svg", "subscribers.svg", "ambiguity.svg", "log.svg",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The first entry no run made, or NULL. An empty directory is anybody's. The caller frees it. */
static char *foreign_entry(const char *path, struct err *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *found = NULL;
	bool manifest = false, any = false;

	if (!dir) {
		fail(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	while (!found && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		any = true;
		manifest |= !strcmp(entry->d_name, "manifest.json");
		if (!is_ours(entry->d_name))
			found = must_strdup(entry->d_name);
	}
	closedir(dir);
	if (!found && any && !manifest)
		found = must_strdup("files but no manifest.json");
	return found;
}

static bool make_parents(const char *path, struct err *e)
{
	char *part = must_strdup(path);
	bool good = true;

	for (char *slash = strchr(part + 1, '/'); good && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, 0777) && errno != EEXIST)
			good = fail(e, "%s: %s", part, strerror(errno));
		*slash = '/';
	}
	free(part);
	return good;
}

static bool check_existing(struct rundir *d, bool force, struct err *e)
{
	struct stat st;
	char *foreign;
	size_t faults = e->count;

	if (stat(d->path, &st))
		return errno == ENOENT ? true : fail(e, "%s: %s", d->path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(e, "%s: is not a directory", d->path);
	if (access(d->path, W_OK))
		return fail(e, "%s: %s", d->path, strerror(errno));
	foreign = foreign_entry(d->path, e);
	d->foreign = foreign != NULL;
	if (foreign && !force)
		fail(e, "%s: holds what no run made (%s); --force writes into it all the same", d->path, foreign);
	free(foreign);
	return e->count == faults;
}

bool rundir_open(struct rundir *d, const char *path, bool force, struct err *e)
{
	size_t length = strlen(path);
	mode_t mask = umask(0);

	umask(mask);
	*d = (struct rundir){ .path = must_strdup(path) };
	while (length > 1 && d->path[length - 1] == '/')
		d->path[--length] = '\0';
	if (!length)
		fail(e, "the name of the output directory is empty");
	else if (make_parents(d->path, e) && check_existing(d, force, e)) {
		d->temporary = must_printf("%s.new-XXXXXX", d->path);
		if (mkdtemp(d->temporary) && !chmod(d->temporary, 0777 & ~mask))
			return true;
		fail(e, "%s: %s", d->path, strerror(errno));
		free(d->temporary);
		d->temporary = NULL;
	}
	rundir_abandon(d);
	return false;
}

/* Moves every entry of the temporary directory into the final one. */
static bool move_into(const struct rundir *d, struct err *e)
{
	DIR *dir = opendir(d->temporary);
	struct dirent *entry;
	bool good = true;

	if (!dir)
		return fail(e, "%s: %s", d->temporary, strerror(errno));
	while (good && (entry = readdir(dir))) {
		char *from, *to;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		from = must_printf("%s/%s", d->temporary, entry->d_name);
		to = must_printf("%s/%s", d->path, entry->d_name);
		if (!strcmp(entry->d_name, "logs"))
			directory_remove(to);
		if (rename(from, to))
			good = fail(e, "%s: %s", to, strerror(errno));
		free(from);
		free(to);
	}
	closedir(dir);
	return good;
}

static bool replace(struct rundir *d, struct err *e)
{
	char *old = must_printf("%s.old-XXXXXX", d->path);
	bool good = true, had = access(d->path, F_OK) == 0;

	if (had && (!mkdtemp(old) || rename(d->path, old)))
		good = fail(e, "%s: %s", d->path, strerror(errno));
	if (good && rename(d->temporary, d->path)) {
		good = fail(e, "%s: %s", d->path, strerror(errno));
		if (had)
			rename(old, d->path);
	}
	if (had)
		directory_remove(old);
	free(old);
	if (good) {
		free(d->temporary);
		d->temporary = NULL;
	}
	return good;
}

bool rundir_commit(struct rundir *d, struct err *e)
{
	bool good = d->foreign ? move_into(d, e) : replace(d, e);

	rundir_abandon(d);
	return good;
}

void rundir_abandon(struct rundir *d)
{
	if (d->temporary)
		directory_remove(d->temporary);
	free(d->temporary);
	free(d->path);
	*d = (struct rundir){ 0 };
}
