#include "analysis/replicate.h"

#include <stdlib.h>

#include "sim/base/fp.h"
#include "sim/base/must.h"

static double value_of(const cJSON *item)
{
	return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

static double mean(cJSON *const *items, uint32_t count)
{
	double sum = 0;

	for (uint32_t i = 0; i < count; i++)
		sum += value_of(items[i]);
	return sum / count;
}

static double half_width(cJSON *const *items, uint32_t count)
{
	double centre = mean(items, count), squares = 0;

	for (uint32_t i = 0; i < count; i++)
		squares += (value_of(items[i]) - centre) * (value_of(items[i]) - centre);
	return fp_t95(count - 1) * fp_sqrt(squares / (count - 1) / count);
}

/* Names that any of the objects has, in order of first sight, go into `out`. */
static cJSON *combine(cJSON *const *items, uint32_t count, double (*of)(cJSON *const *items, uint32_t count));

static void combine_children(cJSON *out, cJSON *const *items, uint32_t count,
                             double (*of)(cJSON *const *items, uint32_t count))
{
	cJSON **children = must_alloc(count, sizeof(cJSON *));

	for (uint32_t i = 0; i < count; i++) {
		const cJSON *child = items[i] ? items[i]->child : NULL;

		for (int place = 0; child; child = child->next, place++) {
			if (child->string ? cJSON_GetObjectItemCaseSensitive(out, child->string) != NULL
			                  : place < cJSON_GetArraySize(out))
				continue;
			for (uint32_t k = 0; k < count; k++)
				children[k] = child->string ? cJSON_GetObjectItemCaseSensitive(items[k], child->string)
				                            : cJSON_GetArrayItem(items[k], place);
			if (child->string)
				cJSON_AddItemToObject(out, child->string, combine(children, count, of));
			else
				cJSON_AddItemToArray(out, combine(children, count, of));
		}
	}
	free(children);
}

static cJSON *combine(cJSON *const *items, uint32_t count, double (*of)(cJSON *const *items, uint32_t count))
{
	const cJSON *like = NULL;
	cJSON *out;

	for (uint32_t i = 0; i < count && !like; i++)
		like = items[i];
	must(like);
	if (cJSON_IsNumber(like))
		out = cJSON_CreateNumber(of(items, count));
	else if (cJSON_IsObject(like))
		out = cJSON_CreateObject();
	else if (cJSON_IsArray(like))
		out = cJSON_CreateArray();
	else
		out = cJSON_Duplicate(like, 0);
	must(out);
	if (cJSON_IsObject(like) || cJSON_IsArray(like))
		combine_children(out, items, count, of);
	return out;
}

cJSON *replicate_mean(cJSON *const *each, uint32_t count)
{
	return combine(each, count, mean);
}

cJSON *replicate_half_width(cJSON *const *each, uint32_t count)
{
	must(count >= 2);
	return combine(each, count, half_width);
}
