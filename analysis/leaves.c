#include "analysis/leaves.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

static int by_path(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->place > y->place) - (x->place < y->place);
}

static void add(struct leaves *l, const char *path, const cJSON *value)
{
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->items = must_grow(l->items, l->room, sizeof(*l->items));
	}
	l->items[l->count] = (struct leaf){ .path = must_strdup(path), .value = value, .place = l->count };
	l->count++;
}

/* "path.name" of a child at a place of its parent. The caller frees it. */
static char *path_of(const char *path, const cJSON *child, size_t place)
{
	static const char *const names[] = { "evidence", "name", "scheme" };
	const char *step = child->string;
	const char *dot = *path ? "." : "";

	for (size_t i = 0; !step && i < sizeof(names) / sizeof(*names); i++)
		step = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(child, names[i]));
	return step ? must_printf("%s%s%s", path, dot, step) : must_printf("%s%s%zu", path, dot, place);
}

static bool is_among(const char *name, const char *const *names)
{
	while (names && *names && strcmp(name, *names))
		names++;
	return names && *names;
}

static void take(struct leaves *l, const cJSON *from, const char *path, const char *const *without)
{
	const cJSON *child;
	size_t place = 0;

	if (cJSON_IsNumber(from) || cJSON_IsString(from) || cJSON_IsBool(from))
		add(l, path, from);
	cJSON_ArrayForEach(child, from) {
		char *longer;

		if (child->string && is_among(child->string, without))
			continue;
		longer = path_of(path, child, place++);
		take(l, child, longer, NULL);
		free(longer);
	}
}

void leaves_of(struct leaves *l, const cJSON *from, const char *const *without)
{
	*l = (struct leaves){ 0 };
	take(l, from, "", without);
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_path);
}

void leaves_clear(struct leaves *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->items[i].path);
	free(l->items);
	*l = (struct leaves){ 0 };
}

const struct leaf *leaves_find(const struct leaves *l, const char *path)
{
	size_t low = 0, high = l->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->items[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->count && !strcmp(l->items[low].path, path) ? &l->items[low] : NULL;
}
