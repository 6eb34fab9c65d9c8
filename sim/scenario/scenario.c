#include "sim/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/scenario/checks.h"
#include "sim/scenario/json.h"
#include "sim/scenario/nearest.h"
#include "sim/scenario/params.h"
#include "sim/scenario/preset.h"
#include "sim/scenario/set.h"
#include "sim/scenario/tables.h"
#include "traffic/sources.h"

#define TEXT_MAX (64u << 20)
#define SOURCES_MAX 255
#define SCHEMES_MAX 1000

/* A scenario on its way from text to struct. */
struct loading {
	struct scenario *s;
	cJSON *root;
	char *place;              /* "a.json: $" */
	const struct scenario_changes *changes;
	struct params_reading reading;
	bool pool_good;           /* the scenario's own pool can be used */
	cJSON *schemes, *traffic; /* resolved */
};

/* A member of the root; what the row of the table presets if it is not there. */
static const cJSON *root_member(struct loading *l, const char *key)
{
	if (!cJSON_GetObjectItemCaseSensitive(l->root, key))
		for (const struct param *p = scenario_params; p->name; p++)
			if (!strcmp(p->name, key))
				cJSON_AddItemToObject(l->root, key, cJSON_Parse(p->preset ? p->preset : "{}"));
	return cJSON_GetObjectItemCaseSensitive(l->root, key);
}

/* "a.json" of "scenarios/a.json", without its ending. */
static char *stem_of(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');

	return must_printf("%.*s", (int)(dot && dot != base ? dot - base : (long)strlen(base)), base);
}

/* Which of a family's names the text is, as `find` knows them; NULL with a fault that lists them. */
static const char *family_name(struct loading *l, const cJSON *value, const char *place, const char *const *names)
{
	const struct param row = { .name = "type", .type = PARAM_CHOICE, .choices = names };
	int which = 0;

	return params_read_one(&l->reading, &row, value, &which, place) ? names[which] : NULL;
}

static const struct source_type *source_type_of(struct loading *l, const cJSON *object, const char *place)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, "source");
	char *at = json_member_place(place, "source");
	const char **names, *name = "poisson";
	size_t count = 0;

	while (source_types[count])
		count++;
	names = must_alloc(count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = source_types[i]->name;
	if (value)
		name = family_name(l, value, at, names);
	free(names);
	free(at);
	return name ? source_find(name) : NULL;
}

static const struct scheme_type *scheme_type_of(struct loading *l, const cJSON *object, const char *place)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, "type");
	char *at = json_member_place(place, "type");
	const char **names, *name = "session";
	size_t count = 0;

	while (scheme_types[count])
		count++;
	names = must_alloc(count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = scheme_types[i]->name;
	if (value)
		name = family_name(l, value, at, names);
	free(names);
	free(at);
	return name ? scheme_find(name) : NULL;
}

static void read_source(struct loading *l, const cJSON *object, const char *place)
{
	struct workload *w = &l->s->workload;
	const struct source_type *type;
	struct params_part parts[2] = { { .table = source_params } };
	cJSON *resolved;
	char brief[JSON_BRIEF];
	struct traffic *t;

	if (!cJSON_IsObject(object)) {
		params_fault(l->reading.e, place, "%s is not an object { ... }", json_brief(object, brief));
		return;
	}
	type = source_type_of(l, object, place);
	if (!type)
		return;
	t = &w->traffic[w->traffic_count++];
	*t = (struct traffic){ .type = type, .config = must_alloc(1, type->config_size) };
	parts[0].config = parts[1].config = t->config;
	parts[1].table = type->params;
	if (!params_read(&l->reading, object, parts, 2, place))
		return;
	resolved = cJSON_CreateObject();
	cJSON_AddStringToObject(resolved, "source", type->name);
	params_resolve(resolved, type->params, t->config, l->reading.directory);
	cJSON_AddItemToArray(l->traffic, resolved);
}

/* The list under a key of the root; NULL with a fault if it is none or empty. */
static const cJSON *root_list(struct loading *l, const char *key, const char *place)
{
	const cJSON *list = root_member(l, key);
	char brief[JSON_BRIEF];

	if (!cJSON_IsArray(list))
		params_fault(l->reading.e, place, "%s is not a list [ ... ]", json_brief(list, brief));
	else if (!list->child)
		params_fault(l->reading.e, place, "is an empty list: give at least one entry");
	else
		return list;
	return NULL;
}

static void read_traffic(struct loading *l)
{
	char *place = json_member_place(l->place, "traffic");
	const cJSON *item, *list = root_list(l, "traffic", place);
	size_t count = list ? (size_t)cJSON_GetArraySize(list) : 0, i = 0;

	l->traffic = cJSON_CreateArray();
	if (count > SOURCES_MAX) {
		params_fault(l->reading.e, place, "%zu sources are too many (1 to %d)", count, SOURCES_MAX);
	} else if (list) {
		l->s->workload.traffic = must_alloc(count, sizeof(*l->s->workload.traffic));
		cJSON_ArrayForEach(item, list) {
			char *at = json_item_place(place, i++);

			read_source(l, item, at);
			free(at);
		}
	}
	free(place);
}

/* Reads a part of the scenario again for one scheme, then what the scheme says
 * instead. Faults of the scenario's own part were told before. */
static bool read_override(struct loading *l, const cJSON *scheme, const char *key, const struct param *table,
                          void *config, const char *place, cJSON *resolved)
{
	struct err quiet = ERR_INIT;
	struct params_reading base = { .directory = l->reading.directory, .e = &quiet };
	struct params_reading over = { .directory = l->reading.directory, .overlay = true, .e = l->reading.e };
	struct params_part part = { .table = table, .config = config };
	const cJSON *own = cJSON_GetObjectItemCaseSensitive(scheme, key);
	char *at = json_member_place(place, key);
	bool good;

	params_read(&base, root_member(l, key), &part, 1, "");
	err_clear(&quiet);
	good = !own || params_read(&over, own, &part, 1, at);
	if (own && good) {
		cJSON *object = cJSON_AddObjectToObject(resolved, key);

		params_resolve(object, table, config, l->reading.directory);
	}
	free(at);
	return good;
}

/* Is the trial's pool fit to be settled on? Faults of the scenario's own pool are not told again. */
static bool pool_fits(struct loading *l, const cJSON *scheme, const struct trial *t, const char *place)
{
	struct err quiet = ERR_INIT;
	char *at;
	bool good;

	if (!cJSON_GetObjectItemCaseSensitive(scheme, "pool"))
		return l->pool_good;
	at = json_member_place(place, "pool");
	good = check_pool(&t->pool, &l->s->workload, at, l->pool_good ? l->reading.e : &quiet);
	err_clear(&quiet);
	free(at);
	return good;
}

static void settle(struct loading *l, struct trial *t, const char *place)
{
	struct scheme_pool pool;

	if (t->scheme->settle && l->s->workload.subscribers && scheme_pool_fill(&pool, &l->s->workload, t)) {
		t->scheme->settle(t->scheme_config, &pool, place, l->reading.e);
		if (t->scheme->variant)
			t->scheme = t->scheme->variant(t->scheme_config);
		scheme_pool_clear(&pool);
	}
}

static void read_trial(struct loading *l, const cJSON *object, const struct scheme_type *type, struct trial *t,
                       const char *place)
{
	struct scheme_head head = { .access = -1 };
	struct params_part parts[2] = { { .table = scheme_params, .config = &head }, { .table = type->params } };
	cJSON *resolved = cJSON_CreateObject();
	bool good;

	t->scheme = type;
	t->scheme_config = parts[1].config = must_alloc(1, type->config_size);
	good = params_read(&l->reading, object, parts, 2, place);
	t->name = head.name ? head.name : must_strdup(type->name);
	cJSON_AddStringToObject(resolved, "name", t->name);
	cJSON_AddStringToObject(resolved, "type", type->name);
	if (head.access >= 0)
		cJSON_AddStringToObject(resolved, "access", access_choices[head.access]);
	params_resolve(resolved, type->params, t->scheme_config, l->reading.directory);
	t->access = head.access >= 0 ? head.access : l->s->common.access;
	t->cpe = l->s->common.cpe;
	if (t->access == ACCESS_NAT44)
		t->cpe.nat = false;
	good &= read_override(l, object, "pool", pool_params, &t->pool, place, resolved);
	good &= read_override(l, object, "nat", nat_params, &t->nat, place, resolved);
	good &= read_override(l, object, "log", log_params, &t->log, place, resolved);
	if (cJSON_GetObjectItemCaseSensitive(object, "nat")) {
		char *at = must_printf("%s.nat", place);

		check_nat(&t->nat, at, l->reading.e);
		free(at);
	}
	if (good && pool_fits(l, object, t, place)) {
		settle(l, t, place);
		check_overload(t, place, l->reading.e);
	}
	cJSON_AddItemToArray(l->schemes, resolved);
}

/* A scheme's name before all of it is read: what it says, else its type. */
static const char *name_of(const cJSON *object)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(object, "name");

	if (!name)
		name = cJSON_GetObjectItemCaseSensitive(object, "type");
	if (!name)
		return "session";
	return cJSON_IsString(name) ? name->valuestring : NULL;
}

static bool is_wanted(const struct loading *l, const char *name)
{
	const struct scenario_changes *c = l->changes;

	for (size_t i = 0; c && name && i < c->scheme_count; i++)
		if (!strcmp(c->schemes[i], name))
			return true;
	return !c || !c->scheme_count;
}

/* Are all schemes that the command line wants there? Else says which there are. */
static bool check_wanted(struct loading *l, const cJSON *list)
{
	size_t before = l->reading.e->count;
	const cJSON *item;

	for (size_t i = 0; l->changes && i < l->changes->scheme_count; i++) {
		const char *wanted = l->changes->schemes[i];
		char *names = must_strdup("");
		bool found = false;

		cJSON_ArrayForEach(item, list) {
			const char *name = name_of(item);
			char *longer;

			found |= name && !strcmp(name, wanted);
			longer = must_printf("%s%s%s", names, *names && name ? ", " : "", name ? name : "");
			free(names);
			names = longer;
		}
		if (!found)
			fail(l->reading.e, "--scheme %s: there is no such scheme in the scenario; there are: %s",
			     wanted, names);
		free(names);
	}
	return l->reading.e->count == before;
}

static void check_scheme_name(struct loading *l, const cJSON *list, const cJSON *object, const char *place)
{
	const char *name = name_of(object);
	const cJSON *other;
	char *at = json_member_place(place, "name");
	size_t i = 0;

	if (name && check_name(name, at, l->reading.e)) {
		cJSON_ArrayForEach(other, list) {
			const char *its = name_of(other);

			if (other == object)
				break;
			if (its && !strcmp(name, its)) {
				params_fault(l->reading.e, at, "\"%s\" is the name of schemes[%zu] too", name, i);
				break;
			}
			i++;
		}
	}
	free(at);
}

static bool expand_presets(struct loading *l, const cJSON *list, const char *place)
{
	bool good = true;
	size_t i = 0;

	for (cJSON *scheme = list->child; scheme; scheme = scheme->next) { /* the tree is ours to change */
		char *at = json_item_place(place, i++);

		good &= !cJSON_IsObject(scheme) || preset_expand(scheme, at, l->reading.e);
		free(at);
	}
	return good;
}

static void read_schemes(struct loading *l)
{
	struct scenario *s = l->s;
	char *place = json_member_place(l->place, "schemes");
	const cJSON *item, *list = root_list(l, "schemes", place);
	size_t i = 0;

	l->schemes = cJSON_CreateArray();
	if (list && cJSON_GetArraySize(list) > SCHEMES_MAX) {
		params_fault(l->reading.e, place, "%d schemes are too many (1 to %d)", cJSON_GetArraySize(list),
		             SCHEMES_MAX);
		list = NULL;
	}
	if (list && !expand_presets(l, list, place))
		list = NULL;
	if (list && !check_wanted(l, list))
		list = NULL;
	if (list)
		s->trials = must_alloc((size_t)cJSON_GetArraySize(list), sizeof(*s->trials));
	cJSON_ArrayForEach(item, list) {
		char *at = json_item_place(place, i++), brief[JSON_BRIEF];
		const struct scheme_type *type;

		if (l->reading.e->count > FAULTS_MAX) {
			free(at);
			break;
		}
		if (!cJSON_IsObject(item)) {
			params_fault(l->reading.e, at, "%s is not an object { ... }", json_brief(item, brief));
		} else {
			check_scheme_name(l, list, item, at);
			type = is_wanted(l, name_of(item)) ? scheme_type_of(l, item, at) : NULL;
			if (type)
				read_trial(l, item, type, &s->trials[s->trial_count++], at);
		}
		free(at);
	}
	free(place);
}

static bool apply_changes(struct loading *l)
{
	const struct scenario_changes *c = l->changes;
	bool good = true;

	for (size_t i = 0; c && i < c->set_count; i++)
		good &= set_apply(l->root, c->sets[i], l->reading.e);
	if (c && c->has_seed) {
		cJSON_DeleteItemFromObjectCaseSensitive(l->root, "seed");
		cJSON_AddNumberToObject(l->root, "seed", (double)c->seed);
	}
	return good;
}

static void check_all(struct loading *l, const char *file)
{
	struct scenario *s = l->s;
	char *name = json_member_place(l->place, "name"), *pool = json_member_place(l->place, "pool");
	char *nat = must_printf("%s.nat", l->place), *cpe = must_printf("%s.cpe.timeouts", l->place);

	if (!s->name)
		s->name = stem_of(file);
	check_name(s->name, name, l->reading.e);
	check_workload(&s->workload, l->place, l->reading.e);
	l->pool_good = check_pool(&s->common.pool, &s->workload, pool, l->reading.e);
	check_nat(&s->common.nat, nat, l->reading.e);
	check_timeouts(&s->common.cpe.timeouts, cpe, l->reading.e);
	free(name);
	free(pool);
	free(nat);
	free(cpe);
}

/* Everything after the text has become a tree. */
static void read_all(struct loading *l, const char *file)
{
	struct scenario *s = l->s;
	struct params_part part = { .table = scenario_params, .config = s };

	params_read(&l->reading, l->root, &part, 1, l->place);
	s->resolved = cJSON_CreateObject();
	if (!cJSON_IsObject(l->root))
		return;
	check_all(l, file);
	read_traffic(l);
	read_schemes(l);
	params_resolve(s->resolved, scenario_params, s, l->reading.directory);
	cJSON_AddItemToObject(s->resolved, "traffic", l->traffic);
	cJSON_AddItemToObject(s->resolved, "schemes", l->schemes);
	cJSON_AddItemToObject(s->resolved, "events", cJSON_CreateArray());
	s->workload.warmup_auto = s->workload.warmup_ns < 0;
	if (s->workload.warmup_auto)
		s->workload.warmup_ns = 0;
}

struct scenario *scenario_parse(const char *text, size_t length, const char *name,
                                const struct scenario_changes *changes, struct err *e)
{
	const char *slash = strrchr(name, '/');
	char *directory = must_printf("%.*s", slash ? (int)(slash + 1 - name) : 0, name);
	struct loading l = { .changes = changes, .reading = { .directory = directory, .e = e } };
	size_t before = e->count;

	l.root = json_read(text, length, name, e);
	if (!l.root || !apply_changes(&l))
		goto out;
	l.place = must_printf("%s: $", name);
	l.s = must_alloc(1, sizeof(*l.s));
	read_all(&l, name);
	if (e->count == before)
		warn_of_oddities(l.s);
out:
	if (e->count != before) {
		scenario_destroy(l.s);
		l.s = NULL;
	}
	cJSON_Delete(l.root);
	free(l.place);
	free(directory);
	return l.s;
}

struct scenario *scenario_load(const char *path, const struct scenario_changes *changes, struct err *e)
{
	struct scenario *s = NULL;
	size_t length;
	char *text = file_read(path, &length, e);

	if (text && length > TEXT_MAX)
		fail(e, "%s: is larger than %u bytes: this is no scenario", path, TEXT_MAX);
	else if (text)
		s = scenario_parse(text, length, path, changes, e);
	free(text);
	return s;
}

static void trial_clear(struct trial *t, uint32_t replications)
{
	free(t->name);
	if (t->scheme && t->scheme->unsettle)
		t->scheme->unsettle(t->scheme_config);
	if (t->scheme)
		params_clear(t->scheme->params, t->scheme_config);
	free(t->scheme_config);
	params_clear(pool_params, &t->pool);
	params_clear(nat_params, &t->nat);
	params_clear(log_params, &t->log);
	for (uint32_t r = 0; t->measures && r < replications; r++)
		measures_clear(&t->measures[r]);
	free(t->measures);
}

void scenario_destroy(struct scenario *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->trial_count; i++)
		trial_clear(&s->trials[i], s->workload.replications);
	free(s->trials);
	for (size_t i = 0; i < s->workload.traffic_count; i++) {
		params_clear(s->workload.traffic[i].type->params, s->workload.traffic[i].config);
		free(s->workload.traffic[i].config);
	}
	free(s->workload.traffic);
	for (size_t i = 0; i < s->warning_count; i++)
		free(s->warnings[i]);
	free(s->warnings);
	cJSON_Delete(s->resolved);
	params_clear(scenario_params, s);
	free(s);
}

const cJSON *scenario_resolved(const struct scenario *s)
{
	return s->resolved;
}

bool scheme_pool_fill(struct scheme_pool *pool, const struct workload *workload, const struct trial *trial)
{
	struct slots *slots = slots_create(trial->pool.ports, &trial->pool.exclude);

	if (!slots)
		return false;
	*pool = (struct scheme_pool){
		.config = &trial->pool,
		.slots = slots,
		.addresses = (uint32_t)pool_config_size(&trial->pool),
		.subscribers = workload->subscribers,
		.first_inside = workload->inside.first,
	};
	return true;
}

void scheme_pool_clear(struct scheme_pool *pool)
{
	slots_destroy((struct slots *)pool->slots);
	pool->slots = NULL;
}
