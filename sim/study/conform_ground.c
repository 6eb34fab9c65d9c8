#include "sim/study/conform_ground.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/plugin_call.h"

#define ALL_SMALL (1 << MIX_CHURN | 1 << MIX_FILL | 1 << MIX_BRIM)

/* One number and eight, two addresses of four, a stride trap (1999 to 2046), holes, more addresses than
 * subscribers, several addresses with more subscribers than a byte counts, a middling one, a whole address. */
const struct conform_ground conform_grounds[CONFORM_GROUNDS] = {
	{ "192.0.2.0/32", "1024-1024", "[]", 3, 1 << MIX_CHURN | 1 << MIX_FILL },
	{ "192.0.2.0/32", "1024-1031", "[]", 4, ALL_SMALL },
	{ "192.0.2.0/31", "1024-1027", "[]", 4, ALL_SMALL },
	{ "192.0.2.0/32", "1999-2046", "[]", 12, ALL_SMALL },
	{ "192.0.2.0/31", "1000-1100", "[\"1004\", \"1060-1069\"]", 20, ALL_SMALL },
	{ "192.0.2.0/28", "1024-1151", "[]", 9, 1 << MIX_CHURN | 1 << MIX_FILL },
	{ "192.0.2.0/30", "1024-1535", "[]", 300, ALL_SMALL },
	{ "192.0.2.0/31", "2000-6095", "[\"2048\", \"3000-3010\"]", 100, ALL_SMALL },
	{ "192.0.2.0/31", "2000-6095", "[]", 100, 1 << MIX_CHURN | 1 << MIX_BRIM | 1 << MIX_ONE },
	{ "192.0.2.0/32", "1024-65535", "[]", 200, 1 << MIX_CHURN | 1 << MIX_BRIM | 1 << MIX_ONE },
};

#define WIDEST 26 /* prefix: 64 whole addresses, for a rule that deals its sets over many (MAP) */

/* The scheme's object on a ground: with the ground's numbers in place of a preset's, unless the user gave some. */
static char *entry_on(const struct conform_ground *g, bool last, const char *entry)
{
	cJSON *object = cJSON_Parse(entry), *pool;
	char *text;

	if (last || !object || !cJSON_HasObjectItem(object, "preset")) {
		cJSON_Delete(object);
		return must_strdup(entry);
	}
	pool = cJSON_GetObjectItemCaseSensitive(object, "pool");
	if (!pool)
		pool = cJSON_AddObjectToObject(object, "pool");
	if (cJSON_IsObject(pool) && !cJSON_HasObjectItem(pool, "ports")) {
		cJSON_AddStringToObject(pool, "ports", g->ports);
		cJSON_AddRawToObject(pool, "exclude", g->exclude);
	}
	text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	return text;
}

struct fitting {
	const struct conform_ground *ground;
	const char *prefix, *entry, *name;
};

static struct scenario *try_with(const struct fitting *f, uint32_t subscribers, struct err *e)
{
	char *text = must_printf("{ \"subscribers\": { \"count\": %u }, \"pool\": { \"prefixes\": [\"%s\"], \"ports\": \"%s\", "
	                         "\"exclude\": %s, \"instances\": 1 }, \"schemes\": [%s] }",
	                         subscribers, f->prefix, f->ground->ports, f->ground->exclude, f->entry);
	struct scenario *s = scenario_parse(text, strlen(text), f->name, NULL, e);

	free(text);
	return s;
}

/* As many subscribers as the scheme can serve, up to the ground's. */
static struct scenario *fit_subscribers(const struct fitting *f, struct err *e)
{
	struct scenario *best = try_with(f, f->ground->subscribers, e);
	uint32_t served = 0, too_many = f->ground->subscribers;
	struct err unfit = ERR_INIT;

	while (!best && too_many - served > 1 && !plugin_call_given_up()) {
		uint32_t middle = served + (too_many - served) / 2;
		struct scenario *s = try_with(f, middle, &unfit);

		err_clear(&unfit);
		if (!s) {
			too_many = middle;
			continue;
		}
		served = middle;
		if (too_many - served > 1)
			scenario_destroy(s);
		else
			best = s;
	}
	if (!best && served)
		best = try_with(f, served, &unfit);
	err_clear(&unfit);
	if (best)
		err_clear(e);
	return best;
}

struct scenario *conform_ground_fit(size_t n, const char *entry, const char *directory, struct err *e)
{
	const struct conform_ground *g = &conform_grounds[n];
	bool last = n + 1 == CONFORM_GROUNDS;
	char *text = entry_on(g, last, entry), *name = must_printf("%sconform", directory), prefix[24];
	struct fitting f = { .ground = g, .prefix = g->prefix, .entry = text, .name = name };
	struct scenario *s = fit_subscribers(&f, e);
	struct err unfit = ERR_INIT;

	for (int length = 31; !s && last && length >= WIDEST && !plugin_call_given_up(); length--) {
		snprintf(prefix, sizeof(prefix), "192.0.2.0/%d", length);
		f.prefix = prefix;
		s = fit_subscribers(&f, &unfit);
		err_clear(&unfit);
	}
	if (s)
		err_clear(e);
	free(text);
	free(name);
	return s;
}
