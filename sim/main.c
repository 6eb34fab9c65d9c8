/* cgnsim - one workload, every way of sharing an IPv4 address: see README.md. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/scenario/nearest.h"

static const struct command *const commands[] = {
	&command_run, &command_measure, &command_import,  &command_trace,  &command_fit,  &command_generate, &command_replay,
	&command_map, &command_conform, &command_compare, &command_report, &command_list, &command_validate,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void help(FILE *to)
{
	fprintf(to, "usage: cgnsim COMMAND [ARGUMENTS] [OPTIONS]\n"
	            "       cgnsim COMMAND --help\n"
	            "       cgnsim --help | --version\n"
	            "\n"
	            "Runs one workload through every way of sharing an IPv4 address, and says for each\n"
	            "how well it uses ports, what it logs, and who can still be told apart.\n"
	            "\n"
	            "commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(to, "\n"
	            "exit status: 0 done; 1 the answer is no; 2 bad usage or bad input, and nothing was\n"
	            "written; 3 the environment lacks something.\n");
}

static int unknown(const char *name)
{
	struct nearest n = { .wanted = name };
	struct err e = ERR_INIT;

	for (size_t i = 0; i < COMMANDS; i++)
		nearest_show(&n, commands[i]->name);
	if (nearest_is_near(&n))
		fail(&e, "there is no command \"%.60s\"; did you mean \"%s\"?", name, n.best);
	else
		fail(&e, "there is no command \"%.60s\" (see cgnsim --help)", name);
	return command_failed(&e);
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int dispatch(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	if (!first) {
		help(stderr);
		return EXIT_BAD_INPUT;
	}
	if (!strcmp(first, "--version")) {
		puts("cgnsim " CGNSIM_VERSION);
		return EXIT_DONE;
	}
	if (!strcmp(first, "--help") || !strcmp(first, "-h") || (!strcmp(first, "help") && argc == 2)) {
		help(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(first, "help")) {
		command = find(argv[2]);
		if (command)
			command_help(command, stdout);
		return command ? EXIT_DONE : unknown(argv[2]);
	}
	command = find(first);
	return command ? command->run(argc - 1, argv + 1) : unknown(first);
}

int main(int argc, char **argv)
{
	int status;

	signal(SIGXFSZ, SIG_IGN); /* a file that may grow no further is a fault to tell of, as a full disk is */
	status = dispatch(argc, argv);

	/* What was asked for and did not arrive is no success. */
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "cgnsim: standard output: %s\n", errno ? strerror(errno) : "could not be written");
		if (status == EXIT_DONE)
			status = EXIT_BAD_INPUT;
	}
	return status;
}
