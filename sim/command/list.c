/* list - what there is, with every parameter, its unit, default and range. */
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/families.h"
#include "sim/scenario/nearest.h"
#include "sim/scenario/params.h"

static const struct command_option options[] = {
	{ .name = "json", .help = "the answer as JSON" },
	{ .name = NULL },
};

static const char *preset_text(const struct param *p)
{
	return p->type == PARAM_OBJECT || (p->preset && !strcmp(p->preset, "null")) ? NULL : p->preset;
}

static bool is_required(const struct param *p)
{
	return !p->preset && p->type != PARAM_OBJECT && p->type != PARAM_JSON;
}

/* "whole number, ports; default 256; 1 to 65535". The caller frees it. */
static char *facts_text(const struct param *p)
{
	char *range = params_range_text(p), *text;
	const char *preset = preset_text(p);

	text = must_printf("%s%s%s%s%s%s%s", params_type_text(p), p->unit && *p->unit ? ", " : "",
	                   p->unit ? p->unit : "",
	                   is_required(p) ? "; must be given"
	                   : preset       ? "; default "
	                                  : "",
	                   preset ? preset : "", *range ? "; " : "", range);
	free(range);
	return text;
}

/* Keys of an object are shown as paths below it. */
static void print_params(const struct param *table, const char *prefix)
{
	for (const struct param *p = table; p->name; p++) {
		char *name = must_printf("%s%s", prefix, p->name), *facts = facts_text(p);

		printf("  %s\n      %s\n", name, facts);
		if (p->help)
			printf("      %s\n", p->help);
		if (p->object) {
			char *below = must_printf("%s.", name);

			print_params(p->object, below);
			free(below);
		}
		free(facts);
		free(name);
	}
}

static const char *unit_of(const struct member *m)
{
	return m->unit ? m->unit : "";
}

static void print_member(const struct member *m)
{
	printf("%s: %s%s%s%s\n", m->name, m->summary, *unit_of(m) ? " (" : "", unit_of(m), *unit_of(m) ? ")" : "");
	if (m->self) {
		char *facts = facts_text(m->self);

		printf("      %s\n", facts);
		free(facts);
	}
	if (m->params)
		print_params(m->params, "");
	if (m->preset)
		printf("  source\n      %s\n  assumed\n      %s\n\n%s", m->preset->source, m->preset->assumed, m->preset->text);
}

static void print_family(const struct family *f)
{
	struct member m;
	int width = 0;

	for (size_t i = 0; f->member(i, &m); i++)
		if ((int)strlen(m.name) > width)
			width = (int)strlen(m.name);
	if (!width)
		puts(f->empty);
	for (size_t i = 0; f->member(i, &m); i++)
		printf("%-*s  %s%s%s%s\n", width, m.name, m.summary, *unit_of(&m) ? " (" : "", unit_of(&m),
		       *unit_of(&m) ? ")" : "");
}

static cJSON *params_json(const struct param *table);

/* Everything that its row says of a parameter but its name and help. */
static void add_facts(cJSON *row, const struct param *p)
{
	char *range = params_range_text(p);
	const char *preset = preset_text(p);

	cJSON_AddStringToObject(row, "type", params_type_text(p));
	cJSON_AddStringToObject(row, "unit", p->unit ? p->unit : "");
	cJSON_AddBoolToObject(row, "required", is_required(p));
	if (preset)
		cJSON_AddItemToObject(row, "default", cJSON_Parse(preset));
	if (p->type == PARAM_CHOICE) {
		cJSON *choices = cJSON_AddArrayToObject(row, "choices");

		for (int i = 0; p->choices[i]; i++)
			cJSON_AddItemToArray(choices, cJSON_CreateString(p->choices[i]));
	}
	cJSON_AddStringToObject(row, "range", range);
	free(range);
}

static cJSON *params_json(const struct param *table)
{
	cJSON *list = cJSON_CreateArray();

	for (const struct param *p = table; p->name; p++) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddStringToObject(row, "name", p->name);
		add_facts(row, p);
		cJSON_AddStringToObject(row, "help", p->help ? p->help : "");
		if (p->object)
			cJSON_AddItemToObject(row, "parameters", params_json(p->object));
		cJSON_AddItemToArray(list, row);
	}
	return list;
}

static cJSON *member_json(const struct member *m)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "name", m->name);
	if (m->unit)
		cJSON_AddStringToObject(object, "unit", m->unit);
	cJSON_AddStringToObject(object, "summary", m->summary);
	if (m->self)
		add_facts(object, m->self);
	if (m->params)
		cJSON_AddItemToObject(object, "parameters", params_json(m->params));
	if (m->preset)
		cJSON_AddItemToObject(object, "scenario", cJSON_Parse(m->preset->text));
	return object;
}

static void print_json(cJSON *root)
{
	char *text = cJSON_Print(root);

	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void list_all(const struct family *f, bool json)
{
	cJSON *root;
	struct member m;

	if (!json) {
		print_family(f);
		return;
	}
	root = cJSON_CreateArray();
	for (size_t i = 0; f->member(i, &m); i++)
		cJSON_AddItemToArray(root, member_json(&m));
	print_json(root);
}

static int list_one(const struct family *f, const char *name, bool json)
{
	struct nearest n = { .wanted = name };
	struct member m;

	for (size_t i = 0; f->member(i, &m); i++) {
		if (!strcmp(m.name, name)) {
			if (json)
				print_json(member_json(&m));
			else
				print_member(&m);
			return EXIT_DONE;
		}
		nearest_show(&n, m.name);
	}
	if (!n.best)
		return command_misused(&command_list, "%s", f->empty);
	return command_misused(&command_list, "there is no \"%.60s\" among the %s; the nearest is \"%s\"", name,
	                       f->name, n.best);
}

static int no_family(const char *name)
{
	struct nearest n = { .wanted = name };

	for (const struct family *f = families; f->name; f++)
		nearest_show(&n, f->name);
	return command_misused(&command_list, "there is no family \"%.60s\"; the nearest is \"%s\"", name, n.best);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, &command_list, argc, argv, 0, 2);
	const struct family *f = families;
	bool json;

	if (status >= 0)
		return status;
	json = arguments_has(&args, "json");
	while (args.word_count && f->name && strcmp(f->name, args.words[0]) != 0)
		f++;
	if (!args.word_count) {
		for (; f->name; f++)
			printf("%-14s %s\n", f->name, f->summary);
		status = EXIT_DONE;
	} else if (!f->name) {
		status = no_family(args.words[0]);
	} else if (args.word_count == 2) {
		status = list_one(f, args.words[1], json);
	} else {
		list_all(f, json);
		status = EXIT_DONE;
	}
	arguments_clear(&args);
	return status;
}

const struct command command_list = {
	.name = "list",
	.usage = "list (schemes|sources|distributions|keys|formats|servers|measures|presets|reasons) [NAME] [--json]",
	.summary = "what there is, with every parameter, its unit, default and range",
	.options = options,
	.run = run,
};
