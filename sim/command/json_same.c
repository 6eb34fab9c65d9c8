#include "sim/command/json_same.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

typedef bool differ_fn(void *context, const char *place, const char *then, const char *now, struct err *e);

static char *value_text(const cJSON *value)
{
	char *text = value ? cJSON_PrintUnformatted(value) : must_strdup("nothing");

	must(text);
	return text;
}

static bool tell(const char *place, const cJSON *then, const cJSON *now, differ_fn *differ, void *context, struct err *e)
{
	char *a = value_text(then), *b = value_text(now);
	bool good = differ(context, place, a, b, e);

	free(a);
	free(b);
	return good;
}

bool json_same(const char *place, const cJSON *then, const cJSON *now, differ_fn *differ, void *context, struct err *e)
{
	const cJSON *a, *b;
	bool good = true;
	size_t at = 0;

	if (!cJSON_IsObject(now) && !cJSON_IsArray(now))
		return cJSON_Compare(then, now, true) || tell(place, then, now, differ, context, e);
	if (!then || (then->type & 0xff) != (now->type & 0xff))
		return tell(place, then, now, differ, context, e);
	a = then->child;
	for (b = now->child; good && b; b = b->next, a = a ? a->next : NULL) {
		bool named = b->string && (!a || !a->string || strcmp(a->string, b->string));
		char *inner = b->string ? must_printf("%s%s%s", place, *place ? "." : "", b->string)
		                        : must_printf("%s[%zu]", place, at++);

		good = named ? tell(inner, cJSON_GetObjectItemCaseSensitive(then, b->string), b, differ, context, e)
		             : json_same(inner, a, b, differ, context, e);
		free(inner);
	}
	return good && (!a || tell(place, then, now, differ, context, e));
}
