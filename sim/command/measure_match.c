#include "sim/command/measure_match.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/command/json_same.h"

static bool differ(void *context, const char *place, const char *then, const char *now, struct err *e)
{
	return fail(e, "%s: is of another scenario: %s was %.80s, and now is %.80s", (const char *)context, place, then, now);
}

/* A scenario without its schemes. The caller deletes it. */
static cJSON *without_schemes(const cJSON *scenario)
{
	cJSON *rest = cJSON_Duplicate(scenario, 1);

	must(rest);
	cJSON_DeleteItemFromObjectCaseSensitive(rest, "schemes");
	return rest;
}

static const char *name_of(const cJSON *scheme)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(scheme, "name");

	return cJSON_IsString(name) ? name->valuestring : "";
}

static bool match_scheme(const cJSON *theirs, const char *path, const cJSON *scheme, size_t at, uint32_t *in_file, struct err *e)
{
	const cJSON *one;
	char *place;
	bool good;

	*in_file = 0;
	cJSON_ArrayForEach(one, theirs) {
		if (!strcmp(name_of(one), name_of(scheme)))
			break;
		++*in_file;
	}
	if (!one)
		return fail(e, "%s: has no events of the scheme \"%.80s\"; --scheme chooses those that it has", path, name_of(scheme));
	place = must_printf("$.schemes[%zu]", at);
	good = json_same(place, one, scheme, differ, (void *)(uintptr_t)path, e);
	free(place);
	return good;
}

bool measure_match(const struct events *events, const char *path, const struct scenario *s, uint32_t **in_file, struct err *e)
{
	const cJSON *theirs = events_head(events)->scenario, *ours = scenario_resolved(s), *scheme;
	const cJSON *schemes = cJSON_GetObjectItemCaseSensitive(theirs, "schemes");
	cJSON *then = without_schemes(theirs), *now = without_schemes(ours);
	bool good = json_same("$", then, now, differ, (void *)(uintptr_t)path, e);
	size_t at = 0;

	*in_file = must_alloc(s->trial_count, sizeof(**in_file));
	cJSON_ArrayForEach(scheme, cJSON_GetObjectItemCaseSensitive(ours, "schemes")) {
		must(at < s->trial_count);
		good = good && match_scheme(schemes, path, scheme, at, &(*in_file)[at], e);
		at++;
	}
	must(at == s->trial_count);
	cJSON_Delete(then);
	cJSON_Delete(now);
	return good;
}
