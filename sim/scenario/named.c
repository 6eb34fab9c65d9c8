#include "sim/scenario/named.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scenario/json.h"

#define WHOLE_MAX 0x1p53 /* beyond it JSON numbers lose digits */

static bool read_number(const struct params_reading *r, const cJSON *value, struct named_number *out, const char *place)
{
	char brief[JSON_BRIEF];

	if (cJSON_IsBool(value)) {
		out->kind = NAMED_SWITCH;
		out->value = cJSON_IsTrue(value);
		return true;
	}
	if (cJSON_IsNumber(value) && value->valuedouble >= -WHOLE_MAX && value->valuedouble <= WHOLE_MAX &&
	    (double)(int64_t)value->valuedouble == value->valuedouble) {
		out->kind = NAMED_NUMBER;
		out->value = (int64_t)value->valuedouble;
		return true;
	}
	if (cJSON_IsString(value) && duration_parse(value->valuestring, &out->value)) {
		out->kind = NAMED_DURATION;
		return true;
	}
	return params_fault(r->e, place, "%s is not a whole number, a duration (\"90s\"), true or false",
	                    json_brief(value, brief));
}

bool named_read(const struct params_reading *r, const cJSON *value, struct named_numbers *out, const char *place)
{
	struct named_numbers read = { 0 };
	char brief[JSON_BRIEF];
	const cJSON *item;
	bool good = true;

	if (!cJSON_IsObject(value))
		return params_fault(r->e, place, "%s is not an object { ... }", json_brief(value, brief));
	read.items = must_alloc((size_t)cJSON_GetArraySize(value), sizeof(*read.items));
	cJSON_ArrayForEach(item, value) {
		struct named_number *n = &read.items[read.count++];
		char *at = json_member_place(place, item->string);

		n->name = must_strdup(item->string);
		if (cJSON_GetObjectItemCaseSensitive(value, item->string) != item)
			good = params_fault(r->e, at, "is given twice");
		else
			good &= read_number(r, item, n, at);
		free(at);
	}
	if (good) {
		named_clear(out);
		*out = read;
	} else {
		named_clear(&read);
	}
	return good;
}

cJSON *named_resolve(const struct named_numbers *numbers)
{
	cJSON *object = cJSON_CreateObject();

	must(object);
	for (size_t i = 0; i < numbers->count; i++) {
		const struct named_number *n = &numbers->items[i];
		char text[DURATION_TEXT];

		if (n->kind == NAMED_SWITCH)
			cJSON_AddBoolToObject(object, n->name, n->value != 0);
		else if (n->kind == NAMED_DURATION)
			cJSON_AddStringToObject(object, n->name, duration_format(n->value, text));
		else
			cJSON_AddNumberToObject(object, n->name, (double)n->value);
	}
	return object;
}

void named_clear(struct named_numbers *numbers)
{
	for (size_t i = 0; i < numbers->count; i++)
		free(numbers->items[i].name);
	free(numbers->items);
	*numbers = (struct named_numbers){ 0 };
}
