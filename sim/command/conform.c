/* conform - does a scheme or a plugin keep the rules that every one must? */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/progress.h"
#include "sim/scenario/nearest.h"
#include "sim/scenario/presets.h"
#include "sim/scenario/set.h"
#include "sim/study/conform.h"

static const struct command_option options[] = {
	{ .name = "plugin", .value = "FILE.so", .help = "the shared object to be judged" },
	{ .name = "scheme", .value = "NAME", .help = "the type of scheme, or the preset, to be judged" },
	{ .name = "set", .value = "KEY=VALUE", .many = true, .help = "a key of the scheme: size=64, parameters.size=64" },
	{ .name = "junit", .value = "FILE", .help = "write the answer as JUnit XML too" },
	{ .name = "json", .help = "the answer as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "no progress" },
	{ .name = "anew", .help = "only write what a list of calls is answered on each pool, as --plugin asks of a process "
	                          "begun anew" },
	{ .name = NULL },
};

#define CALLS_SHOWN 60u

/* The last calls are those that tell most; all are in JSON and JUnit. */
static void print_calls(const struct conform_result *x)
{
	size_t skip = x->call_count > CALLS_SHOWN ? x->call_count - CALLS_SHOWN : 0;

	if (skip)
		printf("             (%zu calls before these, all are in --json)\n", skip);
	for (size_t k = skip; k < x->call_count; k++)
		printf("             %s\n", x->calls[k]);
}

static void print_text(const struct conform_report *r, const char *scheme)
{
	for (int i = 0; i < RULES; i++) {
		const struct conform_result *x = &r->results[i];

		printf("%-9s  %-15s %s", conform_verdict_name[x->verdict], conform_rules[i].name, conform_rules[i].sentence);
		if (x->verdict != CONFORM_NOT_ASKED && x->operations)
			printf(" (%llu)", (unsigned long long)x->operations);
		putchar('\n');
		if (x->verdict != CONFORM_BROKEN)
			continue;
		printf("           %s: %s\n", conform_rules[i].source, x->finding);
		print_calls(x);
	}
	printf("%s: %s, on %zu pool%s", scheme, r->broken ? "does not conform" : "conforms", r->pools, r->pools == 1 ? "" : "s");
	if (r->pools_unfit)
		printf("; %zu more %s not fit for it", r->pools_unfit, r->pools_unfit == 1 ? "is" : "are");
	if (r->cut)
		printf("; %zu list%s cut short, as full of block events as can be looked at", r->cut, r->cut == 1 ? " was" : "s were");
	if (r->stopped)
		printf("; %s, so the rest was left out", r->slow ? "its calls take too long" : "a call did not end");
	putchar('\n');
}

static void print_json(const struct conform_report *r, const char *scheme)
{
	cJSON *root = cJSON_CreateObject(), *rules;
	char *text;

	cJSON_AddStringToObject(root, "scheme", scheme);
	rules = cJSON_AddArrayToObject(root, "rules");
	for (int i = 0; i < RULES; i++) {
		const struct conform_result *x = &r->results[i];
		cJSON *rule = cJSON_CreateObject(), *calls;

		cJSON_AddStringToObject(rule, "name", conform_rules[i].name);
		cJSON_AddStringToObject(rule, "source", conform_rules[i].source);
		cJSON_AddStringToObject(rule, "verdict", conform_verdict_name[x->verdict]);
		cJSON_AddNumberToObject(rule, "operations", (double)x->operations);
		if (x->finding)
			cJSON_AddStringToObject(rule, "finding", x->finding);
		calls = cJSON_AddArrayToObject(rule, "counterexample");
		for (size_t k = 0; k < x->call_count; k++)
			cJSON_AddItemToArray(calls, cJSON_CreateString(x->calls[k]));
		cJSON_AddItemToArray(rules, rule);
	}
	text = cJSON_Print(root);
	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void put_xml(FILE *to, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			fputs("&lt;", to);
		else if (*text == '>')
			fputs("&gt;", to);
		else if (*text == '&')
			fputs("&amp;", to);
		else if (*text == '"')
			fputs("&quot;", to);
		else
			fputc((unsigned char)*text < 0x20 ? '?' : *text, to);
	}
}

static void put_junit(FILE *to, const struct conform_report *r, const char *scheme)
{
	int broken = 0, not_asked = 0;

	for (int i = 0; i < RULES; i++) {
		broken += r->results[i].verdict == CONFORM_BROKEN;
		not_asked += r->results[i].verdict == CONFORM_NOT_ASKED;
	}
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"conform ", to);
	put_xml(to, scheme);
	fprintf(to, "\" tests=\"%d\" failures=\"%d\" skipped=\"%d\">\n", RULES, broken, not_asked);
	for (int i = 0; i < RULES; i++) {
		const struct conform_result *x = &r->results[i];

		fprintf(to, "  <testcase classname=\"conform\" name=\"%s\"", conform_rules[i].name);
		if (x->verdict == CONFORM_NOT_ASKED) {
			fputs("><skipped/></testcase>\n", to);
		} else if (x->verdict == CONFORM_BROKEN) {
			fputs("><failure message=\"", to);
			put_xml(to, x->finding);
			fputs("\">", to);
			for (size_t k = 0; k < x->call_count; k++) {
				put_xml(to, x->calls[k]);
				fputc('\n', to);
			}
			fputs("</failure></testcase>\n", to);
		} else {
			fputs("/>\n", to);
		}
	}
	fputs("</testsuite>\n", to);
}

/* Is it a type of scheme or a preset? Else the nearest name of either is told. */
static bool is_known(const char *scheme, struct err *e)
{
	struct nearest n = { .wanted = scheme };

	for (size_t i = 0; scheme_types[i]; i++)
		nearest_show(&n, scheme_types[i]->name);
	for (const struct preset *p = presets; p->name; p++)
		nearest_show(&n, p->name);
	return !strcmp(n.best, scheme) ||
	       fail(e, "--scheme: there is no scheme type or preset \"%s\"; the nearest is \"%s\"", scheme, n.best);
}

/* The scheme's object in a scenario, as the options say. NULL with `e` set. */
static cJSON *entry_of(const struct arguments *args, struct err *e)
{
	const char *plugin = arguments_value(args, "plugin"), *scheme = arguments_value(args, "scheme");
	cJSON *entry = cJSON_CreateObject();
	const char **sets;
	size_t count;
	bool good = plugin || is_known(scheme, e);

	if (plugin) {
		cJSON_AddStringToObject(entry, "type", "plugin");
		cJSON_AddStringToObject(entry, "library", plugin);
	} else {
		cJSON_AddStringToObject(entry, scheme_find(scheme) ? "type" : "preset", scheme);
	}
	sets = arguments_values(args, "set", &count);
	for (size_t i = 0; i < count; i++)
		good &= set_apply(entry, sets[i], e);
	free(sets);
	if (good)
		return entry;
	cJSON_Delete(entry);
	return NULL;
}

static void show_progress(void *context, double share, uint64_t pools)
{
	progress_show(context, share, pools);
}

/* What a plugin prints while it is judged is no part of the answer: it goes to stderr. */
static int put_aside_stdout(void)
{
	int out;

	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(STDERR_FILENO, STDOUT_FILENO);
	return out;
}

static void put_back_stdout(int out)
{
	fflush(stdout);
	if (out < 0)
		return;
	dup2(out, STDOUT_FILENO);
	close(out);
}

/* The command line of a process that is asked the same again. A built-in scheme has no clock and no addresses. */
static char **again_of(const struct arguments *args)
{
	size_t count, at = 0;
	const char **sets = arguments_values(args, "set", &count);
	char **command = must_alloc(2 * count + 6, sizeof(*command));

	command[at++] = must_strdup("cgnsim");
	command[at++] = must_strdup("conform");
	command[at++] = must_strdup("--anew");
	command[at++] = must_printf("--plugin=%s", arguments_value(args, "plugin"));
	for (size_t i = 0; i < count; i++)
		command[at++] = must_printf("--set=%s", sets[i]);
	free(sets);
	return command;
}

static bool run_battery(const struct arguments *args, const char *entry, struct conform_report *report, struct err *e)
{
	char **again = arguments_has(args, "plugin") ? again_of(args) : NULL;
	struct progress progress;
	int out = put_aside_stdout();
	bool good;

	progress_begin(&progress, "pools", arguments_has(args, "quiet"));
	good = conform_run(&(struct conform_setup){ .entry = entry, .directory = "", .anew = again, .progress = show_progress,
	                                            .context = &progress }, report, e);
	progress_end(&progress);
	put_back_stdout(out);
	for (size_t i = 0; again && again[i]; i++)
		free(again[i]);
	free(again);
	return good;
}

static int answer_anew(const char *entry)
{
	char *text = NULL;
	size_t length;
	FILE *to = open_memstream(&text, &length);
	int out = put_aside_stdout();

	conform_anew(&(struct conform_setup){ .entry = entry, .directory = "" }, to);
	fclose(to);
	put_back_stdout(out);
	fputs(text, stdout);
	free(text);
	return EXIT_DONE;
}

static int answer(const struct arguments *args, const char *entry, struct err *e)
{
	const char *scheme = arguments_value(args, arguments_has(args, "plugin") ? "plugin" : "scheme");
	const char *path = arguments_value(args, "junit");
	struct conform_report report = { 0 };
	struct outfile junit;
	int status;

	if (path && !outfile_open(&junit, path, e)) /* before the battery, not after it */
		return command_failed(e);
	if (!run_battery(args, entry, &report, e)) {
		if (path)
			outfile_abandon(&junit);
		return command_failed(e);
	}
	if (arguments_has(args, "json"))
		print_json(&report, scheme);
	else
		print_text(&report, scheme);
	status = report.broken ? EXIT_NO : EXIT_DONE;
	if (path) {
		put_junit(junit.stream, &report, scheme);
		if (!outfile_commit(&junit, e))
			status = command_failed(e);
	}
	conform_report_clear(&report);
	return status;
}

static int judge(const struct arguments *args, struct err *e)
{
	cJSON *entry = entry_of(args, e);
	char *text = entry ? cJSON_PrintUnformatted(entry) : NULL;
	int status;

	if (!text)
		status = command_failed(e);
	else if (arguments_has(args, "anew"))
		status = answer_anew(text);
	else
		status = answer(args, text, e);
	free(text);
	cJSON_Delete(entry);
	return status;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, &command_conform, argc, argv, 0, 0);
	struct err e = ERR_INIT;

	if (status >= 0)
		return status;
	if (arguments_has(&args, "plugin") == arguments_has(&args, "scheme"))
		status = command_misused(&command_conform, "give one of --plugin and --scheme");
	else
		status = judge(&args, &e);
	arguments_clear(&args);
	return status;
}

const struct command command_conform = {
	.name = "conform",
	.usage = "conform (--plugin FILE.so | --scheme NAME) [--set KEY=VALUE]... [--junit FILE] [--json]\n"
	         "    [--quiet]",
	.summary = "holds a scheme against the rules that every allocator must keep",
	.options = options,
	.run = run,
};
