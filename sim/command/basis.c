#include "sim/command/basis.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/json_same.h"

/* Of a regular file; a pipe is not read for it. */
static bool checksum(const char *path, uint32_t *crc, struct err *e)
{
	char buffer[65536];
	struct stat st;
	FILE *in;
	size_t got;
	bool good;

	*crc = 0;
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return true;
	in = fopen(path, "rb");
	if (!in)
		return fail(e, "%s: %s", path, strerror(errno));
	while ((got = fread(buffer, 1, sizeof(buffer), in)))
		*crc = crc32c(*crc, buffer, got);
	good = !ferror(in) || fail(e, "%s: %s", path, strerror(errno));
	fclose(in);
	return good;
}

static bool add_file(cJSON *files, const char *path, struct err *e)
{
	cJSON *file = cJSON_CreateObject();
	const char *slash = strrchr(path, '/');
	uint32_t crc;

	must(file && cJSON_AddItemToArray(files, file));
	if (!checksum(path, &crc, e))
		return false;
	cJSON_AddStringToObject(file, "file", slash ? slash + 1 : path);
	cJSON_AddNumberToObject(file, "crc32c", crc);
	return true;
}

/* The files that the scenario's sources read. */
static bool add_files(cJSON *json, const struct workload *w, struct err *e)
{
	cJSON *files = cJSON_AddArrayToObject(json, "files");

	must(files);
	for (size_t i = 0; i < w->traffic_count; i++)
		for (const struct param *p = w->traffic[i].type->params; p && p->name; p++) {
			const char *path;

			if (p->type != PARAM_FILE && p->type != PARAM_OBJECT_FILE)
				continue;
			path = *(char *const *)(const void *)((const char *)w->traffic[i].config + p->offset);
			if (path && !add_file(files, path, e))
				return false;
		}
	return true;
}

bool basis_make(struct basis *b, const struct opened *o, bool keep_logs, struct err *e)
{
	cJSON *scenario = cJSON_Duplicate(scenario_resolved(o->scenario), 1);
	bool good;

	*b = (struct basis){ .json = cJSON_CreateObject() };
	must(b->json && scenario);
	cJSON_AddStringToObject(b->json, "made_by", "cgnsim " CGNSIM_VERSION);
	cJSON_AddBoolToObject(b->json, "keep_logs", keep_logs);
	good = add_files(b->json, &o->scenario->workload, e);
	cJSON_AddItemToObject(b->json, "scenario", scenario);
	b->text = cJSON_Print(b->json);
	must(b->text);
	b->fingerprint = crc32c(0, b->text, strlen(b->text));
	return good;
}

void basis_clear(struct basis *b)
{
	cJSON_Delete(b->json);
	free(b->text);
	*b = (struct basis){ 0 };
}

bool basis_write(const struct basis *b, const char *directory, struct err *e)
{
	char *path = must_printf("%s/" BASIS_NAME, directory);
	struct outfile out;
	bool good = outfile_open(&out, path, e);

	if (good) {
		fputs(b->text, out.stream);
		good = outfile_commit(&out, e);
	}
	free(path);
	return good;
}

static bool differ(void *context, const char *place, const char *then, const char *now, struct err *e)
{
	return fail(e, "%s: cannot go on from there: %s was %.80s, and now is %.80s; without --resume the run starts anew",
	            (const char *)context, place, then, now);
}

bool basis_check(const struct basis *b, const char *directory, struct err *e)
{
	char *path = must_printf("%s/" BASIS_NAME, directory), *text;
	size_t length;
	cJSON *then = NULL;
	bool good;

	text = file_read(path, &length, e);
	good = text != NULL;
	if (good && strcmp(text, b->text)) {
		then = cJSON_ParseWithLength(text, length);
		good = then ? json_same("", then, b->json, differ, (void *)(uintptr_t)directory, e) && fail(e, "%s: is damaged", path)
		            : fail(e, "%s: is damaged", path);
	}
	cJSON_Delete(then);
	free(text);
	free(path);
	return good;
}
