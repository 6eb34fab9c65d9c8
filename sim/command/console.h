/* console - the table of schemes that `run` prints. */
#ifndef SIM_COMMAND_CONSOLE_H
#define SIM_COMMAND_CONSOLE_H

#include <stdio.h>

#include <cjson/cJSON.h>

/* `summary` is summary_json()'s. */
void summary_print(const cJSON *summary, FILE *to);

#endif
