/* validate - is a scenario good, and if not, what are its faults? */
#include <stdlib.h>

#include "sim/base/simtime.h"
#include "sim/command/opened.h"

static const struct command_option options[] = {
	OPTION_SET,
	OPTION_SCHEMES,
	OPTION_SEED,
	{ .name = "resolved", .help = "print the scenario with every default filled in" },
	{ .name = "json", .help = "the answer as JSON" },
	{ .name = NULL },
};

static void print_json(const cJSON *root)
{
	char *text = cJSON_Print(root);

	puts(text);
	free(text);
}

static void add_texts(cJSON *root, const char *key, char **texts, size_t count)
{
	cJSON *list = cJSON_AddArrayToObject(root, key);

	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(texts[i]));
}

static void answer_json(const char *path, const struct scenario *s, const struct err *e)
{
	cJSON *root = cJSON_CreateObject();

	cJSON_AddStringToObject(root, "file", path);
	cJSON_AddBoolToObject(root, "good", !e->count);
	add_texts(root, "faults", e->lines, e->count);
	add_texts(root, "warnings", s ? s->warnings : NULL, s ? s->warning_count : 0);
	if (s && !e->count)
		cJSON_AddItemToObject(root, "resolved", cJSON_Duplicate(s->resolved, true));
	print_json(root);
	cJSON_Delete(root);
}

static void answer_text(const char *path, const struct scenario *s)
{
	char warmup[DURATION_TEXT], duration[DURATION_TEXT];

	printf("%s: good\n", path);
	printf("  %s: %u subscribers, %llu public addresses, %s after a warm-up of %s\n", s->name,
	       s->workload.subscribers, (unsigned long long)pool_config_size(&s->common.pool),
	       duration_format(s->workload.duration_ns, duration), duration_format(s->workload.warmup_ns, warmup));
	for (size_t i = 0; i < s->workload.traffic_count; i++)
		printf("  source  %s\n", s->workload.traffic[i].type->name);
	for (size_t i = 0; i < s->trial_count; i++)
		printf("  scheme  %s (%s)\n", s->trials[i].name, s->trials[i].scheme->name);
	for (size_t i = 0; i < s->warning_count; i++)
		printf("  warning: %s\n", s->warnings[i]);
}

static int run(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, &command_validate, argc, argv, 1, 1);
	struct err e = ERR_INIT;
	struct opened o;

	if (status >= 0)
		return status;
	scenario_open(&o, &args, &e); /* with its sources: a capture that cannot be read is a fault too */
	status = e.count ? e.status : EXIT_DONE;
	if (arguments_has(&args, "json"))
		answer_json(args.words[0], o.scenario, &e);
	else if (e.count)
		err_print(&e, stderr);
	else if (arguments_has(&args, "resolved"))
		print_json(o.scenario->resolved);
	else
		answer_text(args.words[0], o.scenario);
	err_clear(&e);
	scenario_close(&o);
	arguments_clear(&args);
	return status;
}

const struct command command_validate = {
	.name = "validate",
	.usage = "validate SCENARIO [--set PATH=VALUE]... [--scheme NAME]... [--seed N] [--resolved | --json]",
	.summary = "says whether a scenario is good, and every fault in it",
	.options = options,
	.run = run,
};
