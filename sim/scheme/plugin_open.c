/* A plugin's library: opening it, and its parameters. */
#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/plugin.h"
#include "sim/scheme/plugin_call.h"

#define SYMBOL "cgnsim_scheme"

static const struct cgnsim_param *row_of(const struct cgnsim_scheme *s, const char *name, size_t *index)
{
	for (*index = 0; s->params && s->params[*index].name; ++*index)
		if (!strcmp(s->params[*index].name, name))
			return &s->params[*index];
	return NULL;
}

/* "size, guard": for messages. The caller frees it. */
static char *known_names(const struct cgnsim_scheme *s)
{
	char *text = must_strdup("");

	for (size_t i = 0; s->params && s->params[i].name; i++) {
		char *longer = must_printf("%s%s%s", text, i ? ", " : "", s->params[i].name);

		free(text);
		text = longer;
	}
	return text;
}

static bool unknown(const struct cgnsim_scheme *s, const char *name, const char *place, struct err *e)
{
	char *names = known_names(s);

	if (*names)
		fail(e, "%s.parameters.%s: unknown to %s, which knows: %s", place, name, s->name, names);
	else
		fail(e, "%s.parameters.%s: unknown to %s, which has no parameters", place, name, s->name);
	free(names);
	return false;
}

/* A number is a duration's seconds. */
static bool value_of(const struct cgnsim_param *row, const struct named_number *given, int64_t *value)
{
	if (row->type == CGNSIM_DURATION && given->kind == NAMED_NUMBER)
		return duration_from_seconds((double)given->value, value);
	*value = given->value;
	return (row->type == CGNSIM_DURATION) == (given->kind == NAMED_DURATION);
}

static bool set_value(struct plugin_config *c, const struct named_number *given, const char *place, struct err *e)
{
	size_t index;
	const struct cgnsim_param *row = row_of(c->scheme, given->name, &index);
	char least[DURATION_TEXT], most[DURATION_TEXT];
	int64_t value;

	if (!row)
		return unknown(c->scheme, given->name, place, e);
	if (!value_of(row, given, &value) || value < row->min || value > row->max) {
		if (row->type == CGNSIM_DURATION)
			return fail(e, "%s.parameters.%s: is not a duration of %s to %s", place, row->name,
			            duration_format(row->min, least), duration_format(row->max, most));
		return fail(e, "%s.parameters.%s: is not a whole number of %lld to %lld", place, row->name,
		            (long long)row->min, (long long)row->max);
	}
	c->values[index] = value;
	return true;
}

static bool set_values(struct plugin_config *c, const char *place, struct err *e)
{
	size_t count = 0;
	bool good = true;

	while (c->scheme->params && c->scheme->params[count].name)
		count++;
	c->values = must_alloc(count + 1, sizeof(*c->values));
	for (size_t i = 0; i < count; i++)
		c->values[i] = c->scheme->params[i].preset;
	for (size_t i = 0; i < c->parameters.count; i++)
		good &= set_value(c, &c->parameters.items[i], place, e);
	return good;
}

/* Everything that can be known without calling it. */
static bool check_scheme(const struct plugin_config *c, const char *place, struct err *e)
{
	const struct cgnsim_scheme *s = c->scheme;

	if (s->abi != CGNSIM_SCHEME_ABI)
		return fail(e, "%s.library: %s is built for version %u of the plugin interface, and this is version %u: build "
		            "it with this program's cgnsim/scheme.h", place, c->library, s->abi, CGNSIM_SCHEME_ABI);
	if (!s->name || !*s->name || !s->alloc)
		return fail(e, "%s.library: %s has no %s", place, c->library, s->alloc ? "name" : "alloc()");
	if (s->logs < CGNSIM_LOGS_MAPPINGS || s->logs > CGNSIM_LOGS_NOTHING)
		return fail(e, "%s.library: %s: logs is %d, which is none of enum cgnsim_logs", place, c->library, s->logs);
	if (s->reverse && !s->home)
		return fail(e, "%s.library: %s has reverse() but no home(): a rule ties subscribers to addresses", place,
		            c->library);
	if (s->logs == CGNSIM_LOGS_NOTHING && !s->reverse)
		return fail(e, "%s.library: %s logs nothing and has no reverse(): nobody could be found", place, c->library);
	return true;
}

/* The size of what the symbol names tells what it is not, before any of it is read. */
static bool check_size(const struct plugin_config *c, const char *place, struct err *e)
{
	const ElfW(Sym) *symbol = NULL;
	Dl_info info;

	if (!dladdr1(c->scheme, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol || symbol->st_size >= sizeof(*c->scheme))
		return true;
	return fail(e, "%s.library: %s: its " SYMBOL " has %llu bytes, and a struct cgnsim_scheme has %zu: build it with this "
	            "program's cgnsim/scheme.h", place, c->library, (unsigned long long)symbol->st_size, sizeof(*c->scheme));
}

/* What may crash: the library's own beginning, and what its tables point to. */
struct opening {
	struct plugin_config *config;
	const char *path, *place;
	struct err *e;
	bool good;
};

static void open_library(void *context)
{
	struct opening *o = context;

	o->config->handle = dlopen(o->path, RTLD_NOW | RTLD_LOCAL);
}

static void close_library(void *context)
{
	dlclose(context);
}

static void read_tables(void *context)
{
	struct opening *o = context;

	o->good = check_scheme(o->config, o->place, o->e) && set_values(o->config, o->place, o->e);
}

static bool guarded(const struct plugin_config *c, const char *what, void (*body)(void *context), struct opening *o)
{
	struct plugin_call which = { .library = c->library, .hook = what };
	char how[PLUGIN_CALL_HOW];

	return plugin_call(&which, body, o, how) || fail(o->e, "%s.library: %s: %s", o->place, c->library, how);
}

static bool look_up(struct plugin_config *c, const char *place, struct err *e)
{
	if (!c->handle)
		return fail(e, "%s.library: %s", place, dlerror());
	c->scheme = dlsym(c->handle, SYMBOL);
	if (!c->scheme)
		return fail(e, "%s.library: %s has no symbol " SYMBOL ": it is no scheme (see cgnsim/scheme.h)", place,
		            c->library);
	return true;
}

bool plugin_open(struct plugin_config *c, const char *place, struct err *e)
{
	/* Without a slash in it, a name would be looked for where the system keeps libraries. */
	char *path = must_printf("%s%s", strchr(c->library, '/') ? "" : "./", c->library);
	struct opening o = { .config = c, .path = path, .place = place, .e = e };
	bool good;

	plugin_call_begin();
	c->opened = true;
	good = guarded(c, "loading it", open_library, &o);
	free(path);
	return good && look_up(c, place, e) && check_size(c, place, e) && guarded(c, "reading " SYMBOL, read_tables, &o) &&
	       o.good;
}

void plugin_close(struct plugin_config *c)
{
	struct plugin_call which = { .library = c->library, .hook = "unloading it" };
	char how[PLUGIN_CALL_HOW];

	free(c->values);
	c->values = NULL;
	c->scheme = NULL;
	if (c->handle)
		plugin_call(&which, close_library, c->handle, how);
	c->handle = NULL;
	if (c->opened)
		plugin_call_end();
	c->opened = false;
}
