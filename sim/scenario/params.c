#include "sim/scenario/params.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scenario/json.h"
#include "sim/scenario/laws.h"
#include "sim/scenario/named.h"
#include "sim/scenario/nearest.h"

#define OBJECT_FILE_MOST (16u << 20) /* bytes */

/* A value on its way into a struct. */
struct slot {
	const struct params_reading *r;
	const struct param *param;
	const cJSON *value;
	const char *place;
	void *field;
};

static bool read_value(const struct slot *s);

bool params_fault(struct err *e, const char *place, const char *format, ...)
{
	va_list args;
	char *text = NULL;

	if (e->count > FAULTS_MAX)
		return false;
	if (e->count == FAULTS_MAX)
		return fail(e, "more than %d faults: the rest is not shown", FAULTS_MAX);
	va_start(args, format);
	must(vasprintf(&text, format, args) >= 0);
	va_end(args);
	fail(e, "%s: %s", place, text);
	free(text);
	return false;
}

/* `"70000-80000" is not a port range (...)`. */
static bool not_a(const struct slot *s, const char *what)
{
	char brief[JSON_BRIEF];

	return params_fault(s->r->e, s->place, "%s is not %s", json_brief(s->value, brief), what);
}

static bool out_of_range(const struct slot *s)
{
	char brief[JSON_BRIEF], *range = params_range_text(s->param);

	params_fault(s->r->e, s->place, "%s is out of range (%s)", json_brief(s->value, brief), range);
	free(range);
	return false;
}

static bool not_whole(const struct slot *s)
{
	char *range = params_range_text(s->param), *what = must_printf("a whole number (%s)", range);

	not_a(s, what);
	free(what);
	free(range);
	return false;
}

/* Whole numbers up to 2^53 are exact in a double. */
static bool read_whole(const struct slot *s, double type_max, uint64_t *out)
{
	double min, max, v = s->value->valuedouble;

	if (!cJSON_IsNumber(s->value))
		return not_whole(s);
	params_bounds(s->param, 0, type_max, &min, &max);
	if (v >= 0 && v <= 0x1p53 && (double)(uint64_t)v != v)
		return not_whole(s);
	if (!(v >= min && v <= max))
		return out_of_range(s);
	*out = (uint64_t)v;
	return true;
}

static bool read_u32(const struct slot *s)
{
	uint64_t n;

	if (s->param->word && cJSON_IsString(s->value) && !strcmp(s->value->valuestring, s->param->word)) {
		*(uint32_t *)s->field = (uint32_t)s->param->word_value;
		return true;
	}
	if (!read_whole(s, UINT32_MAX, &n))
		return false;
	*(uint32_t *)s->field = (uint32_t)n;
	return true;
}

static bool read_real(const struct slot *s)
{
	double min, max, v = s->value->valuedouble;

	if (!cJSON_IsNumber(s->value))
		return not_a(s, "a number");
	params_bounds(s->param, -1e300, 1e300, &min, &max);
	if (!(v >= min && v <= max))
		return out_of_range(s);
	*(double *)s->field = v;
	return true;
}

static bool not_a_duration(const struct slot *s)
{
	const char *word = s->param->word;
	char *what = must_printf("%s%s%sa duration (such as \"90s\", \"2h4m\", \"250ms\", or a number of seconds; at "
	                         "most 36525d)",
	                         word ? "\"" : "", word ? word : "", word ? "\" or " : "");

	not_a(s, what);
	free(what);
	return false;
}

static bool read_duration(const struct slot *s, int64_t *out)
{
	double min, max;
	int64_t ns;

	if (s->param->word && cJSON_IsString(s->value) && !strcmp(s->value->valuestring, s->param->word)) {
		*out = s->param->word_value;
		return true;
	}
	if (cJSON_IsString(s->value) ? !duration_parse(s->value->valuestring, &ns)
	    : cJSON_IsNumber(s->value) ? !duration_from_seconds(s->value->valuedouble, &ns)
	                               : true)
		return not_a_duration(s);
	params_bounds(s->param, 0, seconds_from_ns(NS_LONGEST), &min, &max);
	if (seconds_from_ns(ns) < min || seconds_from_ns(ns) > max)
		return out_of_range(s);
	*out = ns;
	return true;
}

static bool read_seconds(const struct slot *s)
{
	int64_t ns;

	if (!read_duration(s, &ns))
		return false;
	*(double *)s->field = seconds_from_ns(ns);
	return true;
}

static bool read_text(const struct slot *s)
{
	if (!cJSON_IsString(s->value))
		return not_a(s, "a text");
	free(*(char **)s->field);
	*(char **)s->field = must_strdup(s->value->valuestring);
	return true;
}

static bool read_file(const struct slot *s)
{
	const char *name, *directory = s->value->type & JSON_FROM_COMMAND_LINE ? "" : s->r->directory;
	struct stat st;
	char *path;
	int fd, why = 0;

	if (!cJSON_IsString(s->value) || !*s->value->valuestring)
		return not_a(s, "the name of a file");
	name = s->value->valuestring;
	path = must_printf("%s%s", *name == '/' ? "" : directory, name);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		why = errno;
	else if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		why = EISDIR;
	if (fd >= 0)
		close(fd);
	if (why) {
		params_fault(s->r->e, s->place, "%s: %s", path, strerror(why));
		free(path);
		return false;
	}
	free(*(char **)s->field);
	*(char **)s->field = path;
	return true;
}

/* The struct's first member is the name, so that the file's place is the name's. */
static bool read_object_file(const struct slot *s)
{
	size_t length, before = s->r->e->count;
	struct params_reading whole = { .directory = "", .e = s->r->e };
	struct params_part part = { .table = s->param->object, .config = s->field };
	cJSON *object = NULL;
	char *text, *place;

	if (!read_file(s))
		return false;
	text = file_read(*(char **)s->field, &length, s->r->e);
	if (text && length > OBJECT_FILE_MOST)
		fail(s->r->e, "%s: is larger than %u bytes: this is no such file", *(char **)s->field, OBJECT_FILE_MOST);
	else if (text)
		object = json_read(text, length, *(char **)s->field, s->r->e);
	place = must_printf("%s: $", *(char **)s->field);
	if (object)
		params_read(&whole, object, &part, 1, place);
	free(place);
	free(text);
	cJSON_Delete(object);
	return s->r->e->count == before;
}

static bool read_choice(const struct slot *s)
{
	char brief[JSON_BRIEF], *range;

	for (int i = 0; cJSON_IsString(s->value) && s->param->choices[i]; i++) {
		if (!strcmp(s->value->valuestring, s->param->choices[i])) {
			*(int *)s->field = i;
			return true;
		}
	}
	range = params_range_text(s->param);
	params_fault(s->r->e, s->place, "%s is not %s", json_brief(s->value, brief), range);
	free(range);
	return false;
}

/* A port may be given as a number. */
static bool read_ports(const struct slot *s)
{
	double v = s->value->valuedouble;

	if (cJSON_IsNumber(s->value) && v >= 1 && v <= 65535 && (double)(uint16_t)v == v) {
		*(struct port_range *)s->field = (struct port_range){ .lo = (uint16_t)v, .hi = (uint16_t)v };
		return true;
	}
	if (!cJSON_IsString(s->value) || !port_range_parse(s->value->valuestring, s->field))
		return not_a(s, "a port range (LO-HI, 1 to 65535)");
	return true;
}

static bool read_range(const struct slot *s)
{
	if (!cJSON_IsString(s->value) || !range_parse(s->value->valuestring, s->field))
		return not_a(s, "a prefix (A/LENGTH with host bits 0), an address or a range A-B");
	return true;
}

static bool read_exempt(const struct slot *s)
{
	if (!cJSON_IsString(s->value) || !exempt_parse(s->value->valuestring, s->field))
		return not_a(s, "a destination (PREFIX, PREFIX:PORT or :PORT)");
	return true;
}

/* An array of `size` bytes an item, each read by `one`; NULL if there was a fault. */
static void *read_list(const struct slot *s, size_t size, bool (*one)(const struct slot *), const char *what,
                       size_t *count)
{
	char *list, *at;
	bool good = true;
	const cJSON *item;

	*count = 0;
	if (!cJSON_IsArray(s->value)) {
		not_a(s, what);
		return NULL;
	}
	if (!s->param->preset && !s->value->child) {
		params_fault(s->r->e, s->place, "is an empty list: give at least one entry");
		return NULL;
	}
	list = at = must_alloc((size_t)cJSON_GetArraySize(s->value), size);
	cJSON_ArrayForEach(item, s->value) {
		char *place = json_item_place(s->place, *count);
		struct slot entry = { .r = s->r, .param = s->param, .value = item, .place = place, .field = at };

		good &= one(&entry);
		at += size;
		++*count;
		free(place);
		if (s->r->e->count > FAULTS_MAX)
			break;
	}
	if (good)
		return list;
	free(list);
	return NULL;
}

static bool read_ranges(const struct slot *s)
{
	struct addr_ranges list, *old = s->field;

	list.items = read_list(s, sizeof(*list.items), read_range, "a list of prefixes", &list.count);
	if (!list.items)
		return false;
	free(old->items);
	*old = list;
	return true;
}

static bool read_port_list(const struct slot *s)
{
	struct port_ranges list, *old = s->field;

	list.items = read_list(s, sizeof(*list.items), read_ports, "a list of ports", &list.count);
	if (!list.items)
		return false;
	free(old->items);
	*old = list;
	return true;
}

static bool read_exempts(const struct slot *s)
{
	struct exempts list, *old = s->field;

	list.items = read_list(s, sizeof(*list.items), read_exempt, "a list of destinations", &list.count);
	if (!list.items)
		return false;
	free(old->items);
	*old = list;
	return true;
}

/* A value that is no object may stand for one key of it, or for all. */
static bool read_shorthand(const struct slot *s)
{
	struct slot one = { .r = s->r, .value = s->value, .place = s->place };
	bool all = !strcmp(s->param->shorthand, PARAM_ALL), good = true;

	for (one.param = s->param->object; one.param->name && good; one.param++) {
		one.field = (char *)s->field + one.param->offset;
		if (all || !strcmp(one.param->name, s->param->shorthand))
			good = read_value(&one);
	}
	return good;
}

static bool read_object(const struct slot *s)
{
	struct params_part part = { .table = s->param->object, .config = s->field };

	if (!cJSON_IsObject(s->value) && s->param->shorthand) {
		cJSON *empty = cJSON_CreateObject();
		bool good = params_read(s->r, empty, &part, 1, s->place);

		cJSON_Delete(empty);
		return read_shorthand(s) && good;
	}
	return params_read(s->r, s->value, &part, 1, s->place);
}

static bool is_only(const struct slot *s)
{
	cJSON *only = cJSON_Parse(s->param->only);
	bool same = cJSON_Compare(only, s->value, true);
	char brief[JSON_BRIEF];

	cJSON_Delete(only);
	return same || params_fault(s->r->e, s->place, "%s is not built yet: only %s is accepted",
	                            json_brief(s->value, brief), s->param->only);
}

static bool read_value(const struct slot *s)
{
	uint64_t n;

	if (s->param->only && !is_only(s))
		return false;
	switch (s->param->type) {
	case PARAM_BOOL:
		if (!cJSON_IsBool(s->value))
			return not_a(s, "true or false");
		*(bool *)s->field = cJSON_IsTrue(s->value);
		return true;
	case PARAM_U32:
		return read_u32(s);
	case PARAM_U64:
		if (!read_whole(s, 0x1p53, &n))
			return false;
		*(uint64_t *)s->field = n;
		return true;
	case PARAM_REAL:
		return read_real(s);
	case PARAM_DURATION:
		return read_duration(s, s->field);
	case PARAM_SECONDS:
		return read_seconds(s);
	case PARAM_TEXT:
		return read_text(s);
	case PARAM_FILE:
		return read_file(s);
	case PARAM_OBJECT_FILE:
		return read_object_file(s);
	case PARAM_CHOICE:
		return read_choice(s);
	case PARAM_PORTS:
		return read_ports(s);
	case PARAM_RANGE:
		return read_range(s);
	case PARAM_DISTRIBUTION:
		return law_read(s->r, s->value, s->param->min < 0, s->field, s->place);
	case PARAM_RANGES:
		return read_ranges(s);
	case PARAM_PORT_LIST:
		return read_port_list(s);
	case PARAM_EXEMPTS:
		return read_exempts(s);
	case PARAM_OBJECT:
		return read_object(s);
	case PARAM_JSON:
		return true;
	case PARAM_NAMED:
		return named_read(s->r, s->value, s->field, s->place);
	}
	must(!"a type of parameter that nobody reads");
	return false;
}

bool params_read_one(const struct params_reading *r, const struct param *row, const cJSON *value, void *field,
                     const char *place)
{
	struct slot s = { .r = r, .param = row, .value = value, .place = place, .field = field };

	return read_value(&s);
}

static const struct param *find_row(const struct params_part *parts, size_t count, const char *key, void **field)
{
	for (size_t i = 0; i < count; i++) {
		for (const struct param *p = parts[i].table; p->name; p++) {
			if (!strcmp(p->name, key)) {
				*field = (char *)parts[i].config + p->offset;
				return p;
			}
		}
	}
	return NULL;
}

static void unknown_key(const struct params_reading *r, const struct params_part *parts, size_t count, const char *key,
                        const char *place)
{
	struct nearest n = { .wanted = key };

	for (size_t i = 0; i < count; i++)
		for (const struct param *p = parts[i].table; p->name; p++)
			nearest_show(&n, p->name);
	if (n.best)
		params_fault(r->e, place, "unknown key; the nearest known one is \"%s\"", n.best);
	else
		params_fault(r->e, place, "unknown key; none is known here");
}

/* A key that is not there: its preset, or a fault if it has none. */
static void read_absent(const struct params_reading *r, const struct param *p, void *field, const char *place)
{
	struct slot s = { .r = r, .param = p, .place = place, .field = field };
	cJSON *preset;

	if (p->type == PARAM_JSON)
		return;
	if (!p->preset && p->type != PARAM_OBJECT) {
		params_fault(r->e, place, "is missing: %s", p->help ? p->help : "it must be given");
		return;
	}
	preset = cJSON_Parse(p->preset ? p->preset : "{}");
	must(preset);
	s.value = preset;
	if (!cJSON_IsNull(preset))
		read_value(&s);
	cJSON_Delete(preset);
}

bool params_read(const struct params_reading *r, const cJSON *object, const struct params_part *parts, size_t count,
                 const char *place)
{
	size_t before = r->e->count;
	const cJSON *item;
	char brief[JSON_BRIEF];

	if (!cJSON_IsObject(object))
		return params_fault(r->e, place, "%s is not an object { ... }", json_brief(object, brief));
	cJSON_ArrayForEach(item, object) {
		char *at = json_member_place(place, item->string);
		struct slot s = { .r = r, .value = item, .place = at };

		s.param = find_row(parts, count, item->string, &s.field);
		if (!s.param)
			unknown_key(r, parts, count, item->string, at);
		else if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
			params_fault(r->e, at, "is given twice");
		else
			read_value(&s);
		free(at);
		if (r->e->count > FAULTS_MAX)
			return false;
	}
	for (size_t i = 0; i < count && !r->overlay; i++) {
		for (const struct param *p = parts[i].table; p->name; p++) {
			char *at;

			if (cJSON_GetObjectItemCaseSensitive(object, p->name))
				continue;
			at = json_member_place(place, p->name);
			read_absent(r, p, (char *)parts[i].config + p->offset, at);
			free(at);
		}
	}
	return r->e->count == before;
}
