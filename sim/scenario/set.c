#include "sim/scenario/set.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/json.h"

#define INDEX_MAX 100000

/* One part of a path: a key or an index. */
struct step {
	char *key;    /* owned; NULL: an index */
	int index;
};

struct steps {
	struct step items[JSON_DEPTH];
	size_t count;
};

static void steps_clear(struct steps *p)
{
	for (size_t i = 0; i < p->count; i++)
		free(p->items[i].key);
}

static bool take_key(const char **at, const char *end, struct step *out)
{
	size_t length = 0;

	while (*at + length < end && !strchr(".[]", (*at)[length]))
		length++;
	if (!length)
		return false;
	out->key = must_printf("%.*s", (int)length, *at);
	*at += length;
	return true;
}

static bool take_index(const char **at, const char *end, struct step *out)
{
	char *after;
	long n;

	++*at;
	if (*at == end || **at < '0' || **at > '9')
		return false;
	n = strtol(*at, &after, 10);
	if (after >= end || *after != ']' || n > INDEX_MAX)
		return false;
	out->index = (int)n;
	*at = after + 1;
	return true;
}

static bool steps_parse(const char *path, const char *end, struct steps *out)
{
	const char *at = path;

	*out = (struct steps){ 0 };
	if (end - at > 2 && at[0] == '$' && at[1] == '.')
		at += 2;
	while (at < end) {
		struct step *step = &out->items[out->count];

		if (out->count == JSON_DEPTH)
			return false;
		if (*at == '[') {
			if (!out->count || !take_index(&at, end, step))
				return false;
		} else {
			if (out->count && *at++ != '.')
				return false;
			if (!take_key(&at, end, step))
				return false;
		}
		out->count++;
	}
	return out->count > 0;
}

static void mark(cJSON *value)
{
	cJSON *child;

	value->type |= JSON_FROM_COMMAND_LINE;
	cJSON_ArrayForEach(child, value)
		mark(child);
}

static cJSON *parse_value(const char *text)
{
	struct err quiet = ERR_INIT;
	cJSON *value = json_read(text, strlen(text), "", &quiet);

	err_clear(&quiet);
	if (!value)
		value = cJSON_CreateString(text);
	mark(value);
	return value;
}

/* Where a step leads; NULL if there is nothing yet. */
static cJSON *look(const cJSON *at, const struct step *step)
{
	return step->key ? cJSON_GetObjectItemCaseSensitive(at, step->key) : cJSON_GetArrayItem(at, step->index);
}

static void put(cJSON *at, const struct step *step, cJSON *value)
{
	if (look(at, step)) {
		if (step->key)
			cJSON_ReplaceItemInObjectCaseSensitive(at, step->key, value);
		else
			cJSON_ReplaceItemInArray(at, step->index, value);
	} else if (step->key) {
		cJSON_AddItemToObject(at, step->key, value);
	} else {
		cJSON_AddItemToArray(at, value);
	}
}

/* Can this step be taken from here? */
static bool may_step(const cJSON *at, const struct step *step, const char *place, const char *assignment, struct err *e)
{
	char brief[JSON_BRIEF];

	if (step->key)
		return cJSON_IsObject(at) || fail(e, "--set %s: %s is %s, so it has no key \"%s\"", assignment, place,
		                                  json_brief(at, brief), step->key);
	if (!cJSON_IsArray(at))
		return fail(e, "--set %s: %s is %s, so it has no entry [%d]", assignment, place, json_brief(at, brief),
		            step->index);
	if (step->index > cJSON_GetArraySize(at))
		return fail(e, "--set %s: %s has %d entries, so there is no [%d]", assignment, place,
		            cJSON_GetArraySize(at), step->index);
	return true;
}

static bool walk(cJSON *root, const struct steps *path, cJSON *value, const char *assignment, struct err *e)
{
	cJSON *at = root;
	char *place = must_strdup("$");
	bool good = true;

	for (size_t i = 0; i < path->count; i++) {
		const struct step *step = &path->items[i];
		char *next;

		if (!may_step(at, step, place, assignment, e)) {
			good = false;
			break;
		}
		if (i + 1 == path->count)
			put(at, step, value);
		else if (!look(at, step))
			put(at, step, path->items[i + 1].key ? cJSON_CreateObject() : cJSON_CreateArray());
		at = look(at, step);
		next = step->key ? json_member_place(place, step->key) : json_item_place(place, (size_t)step->index);
		free(place);
		place = next;
	}
	free(place);
	return good;
}

bool set_apply(cJSON *root, const char *assignment, struct err *e)
{
	const char *equals = strchr(assignment, '=');
	struct steps path = { 0 };
	cJSON *value;
	bool good;

	if (!equals)
		return fail(e, "--set %s: not of the form PATH=VALUE", assignment);
	good = steps_parse(assignment, equals, &path);
	if (!good) {
		fail(e, "--set %s: \"%.*s\" is not a path (such as pool.ports or schemes[1].size)", assignment,
		     (int)(equals - assignment), assignment);
	} else {
		value = parse_value(equals + 1);
		good = walk(root, &path, value, assignment, e);
		if (!good)
			cJSON_Delete(value);
	}
	steps_clear(&path);
	return good;
}
