#include "sim/command/command.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/nearest.h"

static const struct command_option help_option = {
	.name = "help",
	.letter = 'h',
	.help = "this text",
};

static const struct command_option *option_by_name(const struct command *c, const char *name, size_t length)
{
	for (const struct command_option *o = c->options; o && o->name; o++)
		if (strlen(o->name) == length && !memcmp(o->name, name, length))
			return o;
	return length == 4 && !memcmp(name, "help", 4) ? &help_option : NULL;
}

static const struct command_option *option_by_letter(const struct command *c, char letter)
{
	for (const struct command_option *o = c->options; o && o->name; o++)
		if (o->letter && o->letter == letter)
			return o;
	return letter == help_option.letter ? &help_option : NULL;
}

int command_misused(const struct command *command, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	struct err e = ERR_INIT;

	va_start(args, format);
	must(vasprintf(&text, format, args) >= 0);
	va_end(args);
	if (command->alone)
		fail(&e, "%s (see %s --help)", text, command->name);
	else
		fail(&e, "%s: %s (see cgnsim %s --help)", command->name, text, command->name);
	free(text);
	return command_failed(&e);
}

int command_failed(struct err *e)
{
	int status = e->status;

	fflush(stdout);
	err_print(e, stderr);
	err_clear(e);
	return status;
}

static int unknown_option(const struct command *c, const char *name, size_t length)
{
	char *wanted = must_printf("%.*s", (int)(length < 100 ? length : 100), name);
	struct nearest n = { .wanted = wanted };
	int status;

	nearest_show(&n, "help");
	for (const struct command_option *o = c->options; o && o->name; o++)
		nearest_show(&n, o->name);
	if (nearest_is_near(&n))
		status = command_misused(c, "there is no option --%s; did you mean --%s?", wanted, n.best);
	else
		status = command_misused(c, "there is no option --%s", wanted);
	free(wanted);
	return status;
}

static void option_print(const struct command_option *o, FILE *to)
{
	char *left = must_printf("%s%c%s--%s%s%s", o->letter ? "-" : " ", o->letter ? o->letter : ' ',
	                         o->letter ? ", " : "  ", o->name, o->value ? "=" : "", o->value ? o->value : "");

	fprintf(to, "  %-28s %s\n", left, o->help);
	free(left);
}

void command_help(const struct command *command, FILE *to)
{
	const char *program = command->alone ? command->name : "cgnsim", *lead = "usage: ";

	for (const char *line = command->usage, *end; line; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		if (*line == ' ')
			fprintf(to, "%*s", (int)strlen(program) + 8, "");
		else
			fprintf(to, "%s%s ", lead, program);
		fprintf(to, "%.*s\n", (int)strcspn(line + strspn(line, " "), "\n"), line + strspn(line, " "));
		lead = "       ";
	}
	fprintf(to, "\n%c%s.\n\noptions:\n", toupper((unsigned char)*command->summary), command->summary + 1);
	for (const struct command_option *o = command->options; o && o->name; o++)
		option_print(o, to);
	option_print(&help_option, to);
}

static int add_option(struct arguments *a, const struct command *c, const struct command_option *o, const char *value)
{
	for (size_t i = 0; i < a->given_count && !o->many; i++)
		if (a->given[i].option == o && o->value)
			return command_misused(c, "--%s is given twice", o->name);
	a->given = must_grow(a->given, a->given_count + 1, sizeof(*a->given));
	a->given[a->given_count++] = (struct argument){ .option = o, .value = value };
	return -1;
}

/* One option at argv[*at]; moves *at past a value in a word of its own. */
static int take_option(struct arguments *a, const struct command *c, int argc, char **argv, int *at)
{
	const char *word = argv[*at], *value = NULL;
	const struct command_option *o;

	if (word[1] == '-') {
		size_t length = strcspn(word + 2, "=");

		o = option_by_name(c, word + 2, length);
		if (!o)
			return unknown_option(c, word + 2, length);
		if (word[2 + length])
			value = word + 2 + length + 1;
	} else {
		o = option_by_letter(c, word[1]);
		if (!o)
			return command_misused(c, "there is no option -%c", word[1]);
		if (word[2])
			value = word + 2;
	}
	if (o == &help_option) {
		command_help(c, stdout);
		return EXIT_DONE;
	}
	if (value && !o->value)
		return command_misused(c, "--%s takes no value", o->name);
	if (!value && o->value) {
		if (*at + 1 >= argc)
			return command_misused(c, "--%s wants a value: %s", o->name, o->value);
		value = argv[++*at];
	}
	return add_option(a, c, o, value ? value : "");
}

int arguments_parse(struct arguments *a, const struct command *command, int argc, char **argv, size_t least,
                    size_t most)
{
	bool options_over = false;
	int status = -1;

	*a = (struct arguments){ 0 };
	for (int i = 1; i < argc && status < 0; i++) {
		if (options_over || argv[i][0] != '-' || !argv[i][1]) {
			a->words = must_grow(a->words, a->word_count + 1, sizeof(*a->words));
			a->words[a->word_count++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			options_over = true;
		} else {
			status = take_option(a, command, argc, argv, &i);
		}
	}
	if (status < 0 && a->word_count < least)
		status = command_misused(command, "something is missing: %s %.*s", command->alone ? command->name : "cgnsim",
		                         (int)strcspn(command->usage, "\n"), command->usage);
	if (status < 0 && a->word_count > most)
		status = command_misused(command, "\"%s\" is one word too many", a->words[most]);
	if (status >= 0)
		arguments_clear(a);
	return status;
}

void arguments_clear(struct arguments *a)
{
	free(a->words);
	free(a->given);
	*a = (struct arguments){ 0 };
}

const char *arguments_value(const struct arguments *a, const char *option)
{
	for (size_t i = a->given_count; i-- > 0;)
		if (!strcmp(a->given[i].option->name, option))
			return a->given[i].value;
	return NULL;
}

bool arguments_has(const struct arguments *a, const char *option)
{
	return arguments_value(a, option) != NULL;
}

const char **arguments_values(const struct arguments *a, const char *option, size_t *count)
{
	const char **values = must_alloc(a->given_count, sizeof(*values));

	*count = 0;
	for (size_t i = 0; i < a->given_count; i++)
		if (!strcmp(a->given[i].option->name, option))
			values[(*count)++] = a->given[i].value;
	return values;
}

bool arguments_number(const struct arguments *a, const char *option, uint64_t min, uint64_t max, uint64_t *out,
                      struct err *e)
{
	const char *text = arguments_value(a, option);
	uint64_t n = 0;
	bool good;

	if (!text)
		return true;
	good = *text;
	for (const char *c = text; *c && good; c++) {
		uint64_t digit = (uint64_t)(*c - '0');

		good = *c >= '0' && *c <= '9' && n <= (UINT64_MAX - digit) / 10;
		n = n * 10 + digit;
	}
	if (!good || n < min || n > max)
		return fail(e, "--%s: \"%s\" is not a whole number from %llu to %llu", option, text,
		            (unsigned long long)min, (unsigned long long)max);
	*out = n;
	return true;
}
