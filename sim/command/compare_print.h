/* compare_print - a comparison for people: text, or Markdown for a document. */
#ifndef SIM_COMMAND_COMPARE_PRINT_H
#define SIM_COMMAND_COMPARE_PRINT_H

#include <stdio.h>

#include "analysis/compare.h"

/* `all`: with the measures that are equal, and all that differs in what was run. */
void comparison_print_text(const struct comparison *c, const char *const names[2], bool all, FILE *to);

/* A table for each scheme: measure | A | B | difference | tolerance | why. What is outside is bold. */
void comparison_print_markdown(const struct comparison *c, const char *const names[2], bool all, FILE *to);

#endif
