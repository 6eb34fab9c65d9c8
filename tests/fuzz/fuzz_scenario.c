/* Any bytes are a scenario or a fault, never a crash or a leak. The first line,
 * up to a newline, is a --set if it holds a '='; the rest is the scenario. What
 * is accepted must resolve to a scenario that is accepted, and to the same text. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_resolve_to_itself(const struct scenario *s)
{
	struct err e = ERR_INIT;
	char *once = cJSON_Print(scenario_resolved(s)), *twice;
	struct scenario *again = scenario_parse(once, strlen(once), "fuzz.json", NULL, &e);

	err_print(&e, stderr);
	must(again);
	twice = cJSON_Print(scenario_resolved(again));
	must(strlen(once) == strlen(twice) ||
	     strstr(once, "weight")); /* shares of a mixture may differ in the last digit */
	free(once);
	free(twice);
	scenario_destroy(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct scenario_changes changes = { 0 };
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	const char *set = NULL;
	char *line = NULL;
	struct scenario *s;

	if (newline && memchr(data, '=', (size_t)(newline - data))) {
		line = must_printf("%.*s", (int)(newline - data), (const char *)data);
		set = line;
		changes.sets = &set;
		changes.set_count = 1;
		size -= (size_t)(newline + 1 - data);
		data = newline + 1;
	}
	s = scenario_parse((const char *)data, size, "fuzz.json", &changes, &e);
	must(!s == (e.count > 0));
	if (s)
		must_resolve_to_itself(s);
	scenario_destroy(s);
	err_clear(&e);
	free(line);
	return 0;
}
