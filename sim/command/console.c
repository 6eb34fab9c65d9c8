#include "sim/command/console.h"

#include <string.h>

#include "analysis/human.h"
#include "analysis/run_summary.h"

struct column {
	const char *head[2];
	const char *path;    /* of a scheme in summary.json */
	char *(*show)(double value, char out[HUMAN_TEXT]);
};

static const struct column columns[] = {
	{ { "refused", "" }, "ports/refusal_ratio", human_share },
	{ { "ports", "active" }, "ports/active_mean", human_count },
	{ { "ports", "held" }, "ports/held_mean", human_count },
	{ { "ports", "reserved" }, "ports/reserved_mean", human_count },
	{ { "pool", "used" }, "ports/utilisation", human_share },
	{ { "effi-", "ciency" }, "ports/efficiency", human_share },
	{ { "log a sub-", "scriber-day" }, "log/bytes_per_subscriber_day", human_bytes },
	{ { "candidates", "no port" }, "ambiguity/address+time/candidates/mean", human_count },
	{ { "candidates", "with port" }, "ambiguity/address+port+time/candidates/mean", human_count },
	{ { "unique,", "as logged" }, "ambiguity/as-logged/unique_ratio", human_share },
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

static int name_width(const cJSON *schemes)
{
	const cJSON *scheme;
	int width = (int)strlen("scheme");

	cJSON_ArrayForEach(scheme, schemes) {
		int length = (int)strlen(run_text(scheme, "name"));

		if (length > width)
			width = length;
	}
	return width;
}

void summary_print(const cJSON *summary, FILE *to)
{
	const cJSON *schemes = cJSON_GetObjectItemCaseSensitive(summary, "schemes"), *scheme;
	char flows[HUMAN_TEXT], value[HUMAN_TEXT];
	int width = name_width(schemes);

	fprintf(to, "%s: %s flows of %s subscribers", run_text(summary, "scenario"),
	        human_whole(run_number(summary, "workload/flows"), flows),
	        human_whole(run_number(summary, "workload/subscribers"), value));
	fprintf(to, " in %.15g s, on %.15g addresses; ports are %s\n\n", run_number(summary, "workload/duration_s"),
	        run_number(schemes->child, "ports/addresses"), run_text(schemes->child, "ports/protocol"));
	for (int line = 0; line < 2; line++) {
		fprintf(to, "%-*s", width, line ? "" : "scheme");
		for (size_t i = 0; i < COLUMNS; i++)
			fprintf(to, "  %11s", columns[i].head[line]);
		fputc('\n', to);
	}
	cJSON_ArrayForEach(scheme, schemes) {
		fprintf(to, "%-*s", width, run_text(scheme, "name"));
		for (size_t i = 0; i < COLUMNS; i++)
			fprintf(to, "  %11s", columns[i].show(run_number(scheme, columns[i].path), value));
		fputc('\n', to);
	}
}
