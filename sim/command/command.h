/* command - the family of subcommands: one file each, one line in main.c.
 *
 * A command's run() begins with
 *
 *	struct arguments args;
 *	int status = arguments_parse(&args, &command_x, argc, argv, 1, 1);
 *
 *	if (status >= 0)
 *		return status;
 *
 * and ends with arguments_clear(&args). Messages go to stderr, each one line
 * that begins with "cgnsim: "; what was asked for goes to stdout. */
#ifndef SIM_COMMAND_COMMAND_H
#define SIM_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/params.h"

struct command_option {
	const char *name;   /* long form, without the dashes */
	char letter;        /* short form; 0: none */
	const char *value;  /* what the help calls its value: "DIR"; NULL: it takes none */
	bool many;          /* may be given more than once */
	const char *help;
};

struct command {
	const char *name;
	const char *usage;   /* what follows "cgnsim "; further forms on lines of their own; a line that
	                        begins with a blank goes on with the one before */
	const char *summary; /* one sentence, no full stop */
	bool alone;          /* a program of its own, not one of cgnsim's commands: its usage begins with its name */
	const struct command_option *options; /* ended by a row with name NULL; NULL: none. --help is everybody's */
	int (*run)(int argc, char **argv);    /* argv[0] is the command's name; returns the exit status */
};

/* What was on the command line, in order. Texts are argv's. */
struct arguments {
	const char **words;  /* everything that is no option */
	size_t word_count;
	struct argument {
		const struct command_option *option;
		const char *value;  /* "" for an option that takes none */
	} *given;
	size_t given_count;
};

/* Reads the line: "--name=value", "--name value", "-oVALUE", "-o VALUE"; "--"
 * ends the options; options and words may be mixed. least..most words are
 * wanted. Returns -1 if the command is to go on (then clear with
 * arguments_clear()); else it has printed the help (0) or what is wrong with
 * the line (2, EXIT_BAD_INPUT), and that is the exit status. */
int arguments_parse(struct arguments *a, const struct command *command, int argc, char **argv, size_t least,
                    size_t most);
void arguments_clear(struct arguments *a);

bool arguments_has(const struct arguments *a, const char *option);
const char *arguments_value(const struct arguments *a, const char *option); /* NULL: not given */

/* All values of an option that may be given more than once, in order. The
 * caller frees the array (not the texts). */
const char **arguments_values(const struct arguments *a, const char *option, size_t *count);

/* A whole number as an option's value; if it is not given *out stays as it is.
 * False with `e` set if it is not a number of min..max. */
bool arguments_number(const struct arguments *a, const char *option, uint64_t min, uint64_t max, uint64_t *out,
                      struct err *e);

/* Prints the faults, clears them, and returns the exit status they ask for. */
int command_failed(struct err *e);

/* Says what is wrong with the line and where help is; returns EXIT_BAD_INPUT. */
int command_misused(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

void command_help(const struct command *command, FILE *to);

extern const struct command command_run;
extern const struct command command_measure;
extern const struct command command_import;
extern const struct command command_trace;
extern const struct command command_fit;
extern const struct command command_generate;
extern const struct command command_replay;
extern const struct command command_map;
extern const struct command command_compare;
extern const struct command command_report;
extern const struct command command_conform;
extern const struct command command_list;
extern const struct command command_validate;

#endif
