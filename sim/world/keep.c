#include "sim/world/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

/* The scheme's name as a file's: anything that is not plain becomes '_'. */
static char *file_name(const char *name)
{
	char *safe = must_strdup(name);

	for (char *c = safe; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", *c) || (c == safe && *c == '.'))
			*c = '_';
	return safe;
}

char *keep_part_path(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instance)
{
	char *name = file_name(trial->name);
	char *path = must_printf("%s/%s.%u.%u.part", directory, name, replication, instance);

	free(name);
	return path;
}

static char *final_path(const char *directory, const struct trial *trial, uint32_t replication)
{
	const struct log_format *format = log_format_find(log_format_choices[trial->log.format]);
	char *name = file_name(trial->name);
	char *path = replication ? must_printf("%s/%s.r%u.%s.zst", directory, name, replication + 1, format->extension)
	                         : must_printf("%s/%s.%s.zst", directory, name, format->extension);

	free(name);
	return path;
}

static bool append(FILE *to, const char *path, struct err *e)
{
	char buffer[65536];
	FILE *from = fopen(path, "rb");
	size_t got;

	if (!from)
		return errno == ENOENT ? true : fail(e, "%s: %s", path, strerror(errno)); /* an instance without subscribers */
	while ((got = fread(buffer, 1, sizeof(buffer), from)))
		fwrite(buffer, 1, got, to);
	fclose(from);
	unlink(path);
	return true;
}

bool keep_join(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instances, struct err *e)
{
	struct outfile out;
	char *path;
	bool good;

	if (!log_format_find(log_format_choices[trial->log.format]))
		return true; /* "none": nothing was kept */
	path = final_path(directory, trial, replication);
	good = outfile_open(&out, path, e);
	for (uint32_t i = 0; good && i < instances; i++) {
		char *part = keep_part_path(directory, trial, replication, i);

		good = append(out.stream, part, e);
		free(part);
	}
	good = good && outfile_commit(&out, e);
	outfile_abandon(&out);
	free(path);
	return good;
}
