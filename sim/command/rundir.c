#include "sim/command/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

const struct rundir_kind rundir_of_run = {
	.made_by = "run",
	.names = (const char *const[]){
		"summary.json", "manifest.json", "report.html", "logs", "timeseries.csv", "subscribers.csv", "ambiguity.csv",
		"log.csv", "replications.csv", "trade.csv", "timeseries.svg", "subscribers.svg", "ambiguity.svg", "log.svg",
		"trade.svg", NULL,
	},
	.always = "manifest.json",
};

/* Could the command have made an entry of this name? */
static bool is_ours(const struct rundir_kind *kind, const char *name)
{
	const char *const *ours = kind->names;

	while (*ours && strcmp(name, *ours))
		ours++;
	return *ours != NULL;
}

/* The first entry that the command did not make, or NULL. An empty directory is anybody's. The caller frees it. */
static char *foreign_entry(const char *path, const struct rundir_kind *kind, struct err *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *found = NULL;
	bool always = false, any = false;

	if (!dir) {
		fail(e, "%s: %s", path, strerror(errno));
		return NULL;
	}
	while (!found && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		any = true;
		always |= !strcmp(entry->d_name, kind->always);
		if (!is_ours(kind, entry->d_name))
			found = must_strdup(entry->d_name);
	}
	closedir(dir);
	if (!found && any && !always)
		found = must_printf("files but no %s", kind->always);
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

static bool check_existing(struct rundir *d, const struct rundir_kind *kind, bool force, struct err *e)
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
	foreign = foreign_entry(d->path, kind, e);
	d->foreign = foreign != NULL;
	if (foreign && !force)
		fail(e, "%s: holds what no %s made (%s); --force writes into it all the same", d->path, kind->made_by, foreign);
	free(foreign);
	return e->count == faults;
}

static char *without_slashes(const char *path)
{
	char *plain = must_strdup(path);
	size_t length = strlen(plain);

	while (length > 1 && plain[length - 1] == '/')
		plain[--length] = '\0';
	return plain;
}

char *rundir_work(const char *path)
{
	char *plain = without_slashes(path), *work = must_printf("%s.unfinished", plain);

	free(plain);
	return work;
}

/* Calls each() for every entry of the work directory, until one is false. */
static bool each_entry(const char *work, bool (*each)(const char *work, const char *name, struct err *e), struct err *e)
{
	DIR *dir = opendir(work);
	struct dirent *entry;
	bool good = true;

	if (!dir)
		return fail(e, "%s: %s", work, strerror(errno));
	while (good && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			good = each(work, entry->d_name, e);
	closedir(dir);
	return good;
}

static bool is_state(const char *name)
{
	return !strncmp(name, "done-", 5) || !strncmp(name, "now-", 4);
}

static bool entry_is_ours(const char *work, const char *name, struct err *e)
{
	if (is_state(name) || !strncmp(name, "basis.json", 10) || !strcmp(name, "logs") || !strcmp(name, "events") ||
	    !strcmp(name, "result"))
		return true;
	return fail(e, "%s: holds what no run made (%s); it is where a run works: move it away", work, name);
}

static bool entry_is_no_state(const char *work, const char *name, struct err *e)
{
	(void)work;
	(void)e;
	return !is_state(name) || strchr(name, '.'); /* what a killed run was just writing has a dot */
}

static bool remove_entry(const char *work, const char *name, struct err *e)
{
	char *path = must_printf("%s/%s", work, name);
	bool good = directory_remove(path) || fail(e, "%s: %s", path, strerror(errno));

	free(path);
	return good;
}

/* The run before may remove the directory between its opening here and its lock. */
static bool lock_work(struct rundir *d, struct err *e)
{
	struct stat held, there;

	for (;;) {
		if (mkdir(d->work, 0777) && errno != EEXIST)
			return fail(e, "%s: %s", d->work, strerror(errno));
		d->lock = open(d->work, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (d->lock < 0)
			return fail(e, "%s: %s", d->work, strerror(errno));
		if (flock(d->lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
			return fail(e, "%s: another run is at work there", d->work);
		if (!fstat(d->lock, &held) && !stat(d->work, &there) && held.st_ino == there.st_ino)
			return true;
		close(d->lock);
		d->lock = -1;
	}
}

static void close_work(struct rundir *d, bool remove)
{
	if (remove)
		directory_remove(d->work);
	if (d->lock >= 0)
		close(d->lock);
	free(d->temporary);
	free(d->work);
	free(d->path);
	*d = (struct rundir){ .lock = -1 };
}

bool rundir_open(struct rundir *d, const char *path, bool force, struct err *e)
{
	return rundir_open_kind(d, path, &rundir_of_run, force, e);
}

bool rundir_open_kind(struct rundir *d, const char *path, const struct rundir_kind *kind, bool force, struct err *e)
{
	*d = (struct rundir){ .path = without_slashes(path), .work = rundir_work(path), .lock = -1 };
	if (!*d->path)
		fail(e, "the name of the output directory is empty");
	else if (make_parents(d->path, e) && check_existing(d, kind, force, e) && lock_work(d, e) &&
	         each_entry(d->work, entry_is_ours, e))
		return true;
	close_work(d, false);
	return false;
}

bool rundir_holds_state(const struct rundir *d)
{
	struct err e = ERR_INIT;
	bool none = each_entry(d->work, entry_is_no_state, &e);

	err_clear(&e);
	return !none;
}

bool rundir_empty(struct rundir *d, struct err *e)
{
	return each_entry(d->work, remove_entry, e);
}

bool rundir_begin(struct rundir *d, struct err *e)
{
	d->temporary = must_printf("%s/result", d->work);
	directory_remove(d->temporary); /* of a run that was killed while it wrote */
	return !mkdir(d->temporary, 0777) || fail(e, "%s: %s", d->temporary, strerror(errno));
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

	if (good)
		close_work(d, true);
	else
		rundir_abandon(d);
	return good;
}

void rundir_abandon(struct rundir *d)
{
	if (!d->work)
		return;
	if (d->temporary)
		directory_remove(d->temporary);
	close_work(d, !rundir_holds_state(d));
}
