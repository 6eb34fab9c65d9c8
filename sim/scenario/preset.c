#include "sim/scenario/preset.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/json.h"
#include "sim/scenario/nearest.h"
#include "sim/scenario/params.h"
#include "sim/scenario/presets.h"

static const struct preset *preset_of(const cJSON *name, const char *place, struct err *e)
{
	struct nearest n = { .wanted = "" };
	char brief[JSON_BRIEF];

	if (!cJSON_IsString(name)) {
		params_fault(e, place, "%s is not the name of a preset", json_brief(name, brief));
		return NULL;
	}
	n.wanted = name->valuestring;
	for (const struct preset *p = presets; p->name; p++) {
		if (!strcmp(p->name, name->valuestring))
			return p;
		nearest_show(&n, p->name);
	}
	params_fault(e, place, "there is no preset %s; the nearest is \"%s\"", json_brief(name, brief), n.best);
	return NULL;
}

static void merge(cJSON *to, const cJSON *from)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, from) {
		cJSON *own = cJSON_GetObjectItemCaseSensitive(to, item->string);

		if (!own)
			cJSON_AddItemToObject(to, item->string, cJSON_Duplicate(item, true));
		else if (cJSON_IsObject(own) && cJSON_IsObject(item))
			merge(own, item);
	}
}

static bool same_type(const cJSON *scheme, const cJSON *preset, const struct preset *p, const char *place, struct err *e)
{
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(scheme, "type");
	const cJSON *its = cJSON_GetObjectItemCaseSensitive(preset, "type");
	char brief[JSON_BRIEF], *at;

	if (!own || cJSON_Compare(own, its, true))
		return true;
	at = json_member_place(place, "type");
	params_fault(e, at, "%s is not the type of the preset \"%s\", which is \"%s\"", json_brief(own, brief), p->name,
	             its ? its->valuestring : "session");
	free(at);
	return false;
}

bool preset_expand(cJSON *scheme, const char *place, struct err *e)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(scheme, "preset");
	char *at = json_member_place(place, "preset");
	const struct preset *p = name ? preset_of(name, at, e) : NULL;
	bool good = p || !name;

	free(at);
	if (p) {
		cJSON *text = cJSON_Parse(p->text), *entry;

		must(text);
		entry = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(text, "schemes"), 0);
		must(entry);
		good = same_type(scheme, entry, p, place, e);
		merge(scheme, entry);
		cJSON_Delete(text);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(scheme, "preset");
	return good;
}
