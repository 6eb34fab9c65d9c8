#include "sim/world/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/scheme/record.h"

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

char *keep_path(const char *directory, const struct trial *trial, uint32_t replication)
{
	const struct log_format *format = log_format_find(log_format_choices[trial->log.format]);
	char *name, *path;

	if (!format)
		return NULL;
	name = file_name(trial->name);
	path = replication ? must_printf("%s/%s.r%u.%s.zst", directory, name, replication + 1, format->extension)
	                   : must_printf("%s/%s.%s.zst", directory, name, format->extension);
	free(name);
	return path;
}

static bool append(FILE *to, const char *path, struct err *e)
{
	char buffer[65536];
	FILE *from = fopen(path, "rb");
	size_t got;
	bool good;

	if (!from)
		return errno == ENOENT ? true : fail(e, "%s: %s", path, strerror(errno)); /* an instance without subscribers */
	while ((got = fread(buffer, 1, sizeof(buffer), from)))
		fwrite(buffer, 1, got, to);
	good = !ferror(from) || fail(e, "%s: %s", path, strerror(errno));
	fclose(from);
	return good;
}

/* The joined file is there before the first part goes. */
bool keep_join(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instances, struct err *e)
{
	struct outfile out = { 0 };
	char *path = keep_path(directory, trial, replication);
	bool there, good;

	if (!path)
		return true;
	there = !access(path, F_OK);
	good = there || outfile_open(&out, path, e);
	for (uint32_t i = 0; good && !there && i < instances; i++) {
		char *part = keep_part_path(directory, trial, replication, i);

		good = append(out.stream, part, e);
		free(part);
	}
	good = good && (there || outfile_commit(&out, e));
	for (uint32_t i = 0; good && i < instances; i++) {
		char *part = keep_part_path(directory, trial, replication, i);

		unlink(part);
		free(part);
	}
	outfile_abandon(&out);
	free(path);
	return good;
}

bool keep_there(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instance, struct err *e)
{
	char *path = keep_path(directory, trial, replication);
	char *part = keep_part_path(directory, trial, replication, instance);
	bool good = !path || !access(part, F_OK) || !access(path, F_OK) ||
	            fail(e, "%s: this part of a kept log is gone; without --resume the run starts anew", part);

	free(path);
	free(part);
	return good;
}

static void write_records(FILE *to, const char *text, const struct workload *w)
{
	char stamp[RECORD_TIME];

	for (int64_t at_ns = 0; at_ns < w->warmup_ns + w->duration_ns; at_ns += NS_PER_DAY)
		fprintf(to, "[%s]:%s\n", record_time_format(RECORD_EPOCH_S + at_ns / NS_PER_S, stamp), text);
}

bool keep_records(const char *directory, const struct trial *trial, const struct workload *workload, struct err *e)
{
	struct slots *slots = slots_create(trial->pool.ports, &trial->pool.exclude);
	const struct scheme_pool pool = {
		.config = &trial->pool,
		.slots = slots,
		.addresses = (uint32_t)pool_config_size(&trial->pool),
		.subscribers = workload->subscribers,
		.first_inside = workload->inside.first,
	};
	char *text, *name, *path;
	struct outfile out;
	bool good = true;

	must(slots);
	text = trial->scheme->record ? trial->scheme->record(trial->scheme_config, &pool) : NULL;
	name = file_name(trial->name);
	path = must_printf("%s/%s.records", directory, name);
	if (text && (good = outfile_open(&out, path, e))) {
		write_records(out.stream, text, workload);
		good = outfile_commit(&out, e);
	}
	free(path);
	free(name);
	free(text);
	slots_destroy(slots);
	return good;
}
