/* err - faults a user must hear about.
 *
 * A function that can fail takes `struct err *e`, calls fail() once for each
 * fault and returns false or NULL. A fault is one line: file, place, what was
 * wrong, what would be right. Several faults may be collected (a scenario is
 * checked whole); main prints each as "cgnsim: <line>" and exits with `status`.
 */
#ifndef SIM_BASE_ERR_H
#define SIM_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	EXIT_DONE = 0,      /* done, and everything asked about held */
	EXIT_NO = 1,        /* the answer is no */
	EXIT_BAD_INPUT = 2, /* bad usage or bad input; nothing was written */
	EXIT_LACKS = 3,     /* the environment lacks something */
};

struct err {
	char **lines; /* one fault each, without a newline; owned */
	size_t count;
	int status;   /* exit status the faults ask for; EXIT_BAD_INPUT unless raised by fail_lacks() */
};

#define ERR_INIT { .lines = NULL, .count = 0, .status = EXIT_BAD_INPUT }

/* Adds a fault. Control bytes in the text (they may come from a hostile file)
 * become '?'. Always returns false, so that `return fail(e, ...)` reads well. */
bool fail(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what the environment lacks: sets status to EXIT_LACKS. */
bool fail_lacks(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints every fault as "cgnsim: <line>\n". */
void err_print(const struct err *e, FILE *to);

/* Drops all faults; the err may be used again. */
void err_clear(struct err *e);

#endif
