#include "analysis/run_summary.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/must.h"

#define FORMAT 1

bool run_json_check(const cJSON *root, const char *path, struct err *e)
{
	const cJSON *format = cJSON_GetObjectItemCaseSensitive(root, "format");

	if (!cJSON_IsObject(root))
		return fail(e, "%s: $: must be an object", path);
	if (!cJSON_IsNumber(format))
		return fail(e, "%s: $.format: is missing; a run of cgnsim has \"format\": %d", path, FORMAT);
	if (format->valuedouble < FORMAT || format->valuedouble > FORMAT)
		return fail(e, "%s: $.format: is %g; this cgnsim reads %d", path, format->valuedouble, FORMAT);
	return true;
}

cJSON *run_json_parse(const char *text, size_t length, const char *path, struct err *e)
{
	const char *stop = NULL;
	cJSON *root = cJSON_ParseWithLengthOpts(text, length + 1, &stop, true);

	if (!root) {
		size_t line = 1;

		for (const char *at = text; stop && at < stop; at++)
			line += *at == '\n';
		fail(e, "%s: line %zu: is not JSON", path, line);
	} else if (run_json_check(root, path, e)) {
		return root;
	}
	cJSON_Delete(root);
	return NULL;
}

bool run_summary_take(struct run_summary *run, cJSON *root, const char *path, struct err *e)
{
	const cJSON *schemes, *scheme;

	*run = (struct run_summary){ .root = root };
	if (!run_json_check(root, path, e))
		goto bad;
	schemes = cJSON_GetObjectItemCaseSensitive(run->root, "schemes");
	if (!cJSON_IsArray(schemes) || !schemes->child) {
		fail(e, "%s: $.schemes: must be a list of at least one scheme", path);
		goto bad;
	}
	run->schemes = must_alloc((size_t)cJSON_GetArraySize(schemes), sizeof(*run->schemes));
	cJSON_ArrayForEach(scheme, schemes) {
		if (!run_text(scheme, "name")) {
			fail(e, "%s: $.schemes[%zu].name: must be a text", path, run->count);
			goto bad;
		}
		run->schemes[run->count++] = scheme;
	}
	return true;
bad:
	run_summary_clear(run);
	return false;
}

bool run_summary_parse(struct run_summary *run, const char *text, size_t length, const char *path, struct err *e)
{
	cJSON *root = run_json_parse(text, length, path, e);

	*run = (struct run_summary){ 0 };
	return root && run_summary_take(run, root, path, e);
}

bool run_summary_read(struct run_summary *run, const char *dir, struct err *e)
{
	char *path = must_printf("%s/summary.json", dir);
	size_t length = 0;
	char *text = file_read(path, &length, e);
	bool ok;

	*run = (struct run_summary){ 0 };
	ok = text && run_summary_parse(run, text, length, path, e);
	free(text);
	free(path);
	return ok;
}

void run_summary_clear(struct run_summary *run)
{
	cJSON_Delete(run->root);
	free(run->schemes);
	*run = (struct run_summary){ 0 };
}

const char *run_scheme_name(const struct run_summary *run, size_t scheme)
{
	return run_text(run->schemes[scheme], "name");
}

/* Does `name` equal the first `length` characters of `step`? */
static bool is_step(const char *name, const char *step, size_t length)
{
	return name && strlen(name) == length && !memcmp(name, step, length);
}

const cJSON *run_member(const cJSON *from, const char *path)
{
	while (from && *path) {
		size_t length = strcspn(path, "/");
		const cJSON *next = from->child;

		if (cJSON_IsArray(from))
			while (next && !is_step(run_text(next, "evidence"), path, length))
				next = next->next;
		else
			while (next && !is_step(next->string, path, length))
				next = next->next;
		from = next;
		path += length + (path[length] == '/');
	}
	return from;
}

double run_number(const cJSON *from, const char *path)
{
	const cJSON *found = run_member(from, path);

	return cJSON_IsNumber(found) && isfinite(found->valuedouble) ? found->valuedouble : (double)NAN;
}

const char *run_text(const cJSON *from, const char *path)
{
	const cJSON *found = run_member(from, path);

	return cJSON_IsString(found) ? found->valuestring : NULL;
}
