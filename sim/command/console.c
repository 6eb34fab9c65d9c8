#include "sim/command/console.h"

#include <math.h>
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

static char *seconds(double value, char out[HUMAN_TEXT])
{
	if (isfinite(value))
		snprintf(out, HUMAN_TEXT, "%.3f s", value);
	else
		strcpy(out, "-");
	return out;
}

/* Of a world of packets. */
static const struct column of_packets[] = {
	{ { "SYNs", "again" }, "packets/syn_retries", human_count },
	{ { "connec-", "tions" }, "packets/handshakes", human_count },
	{ { "of them", "late" }, "packets/handshakes_late", human_count },
	{ { "failed", "" }, "packets/handshakes_failed", human_count },
	{ { "until set", "up, mean" }, "packets/setup_delay/mean", seconds },
	{ { "until an-", "swered" }, "packets/answer_delay/mean", seconds },
	{ { "packets", "lost" }, "packets/packets_lost", human_count },
	{ { "ICMP errors", "delivered" }, "packets/icmp_delivered", human_count },
	{ { "bit/s", "down" }, "packets/goodput_down_bps", human_count },
	{ { "bit/s", "up" }, "packets/goodput_up_bps", human_count },
};
#define OF_PACKETS (sizeof(of_packets) / sizeof(*of_packets))

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

static void print_table(const cJSON *schemes, const struct column *shown, size_t count, FILE *to)
{
	int width = name_width(schemes);
	char value[HUMAN_TEXT];
	const cJSON *scheme;

	for (int line = 0; line < 2; line++) {
		fprintf(to, "%-*s", width, line ? "" : "scheme");
		for (size_t i = 0; i < count; i++)
			fprintf(to, "  %11s", shown[i].head[line]);
		fputc('\n', to);
	}
	cJSON_ArrayForEach(scheme, schemes) {
		fprintf(to, "%-*s", width, run_text(scheme, "name"));
		for (size_t i = 0; i < count; i++)
			fprintf(to, "  %11s", shown[i].show(run_number(scheme, shown[i].path), value));
		fputc('\n', to);
	}
}

void summary_print(const cJSON *summary, FILE *to)
{
	const cJSON *schemes = cJSON_GetObjectItemCaseSensitive(summary, "schemes");
	char flows[HUMAN_TEXT], value[HUMAN_TEXT];

	fprintf(to, "%s: %s flows of %s subscribers", run_text(summary, "scenario"),
	        human_whole(run_number(summary, "workload/flows"), flows),
	        human_whole(run_number(summary, "workload/subscribers"), value));
	fprintf(to, " in %.15g s, on %.15g addresses; ports are %s\n\n", run_number(summary, "workload/duration_s"),
	        run_number(schemes->child, "ports/addresses"), run_text(schemes->child, "ports/protocol"));
	print_table(schemes, columns, COLUMNS, to);
	if (!run_member(schemes->child, "packets"))
		return;
	fputs("\nof packets, warm-up included\n", to);
	print_table(schemes, of_packets, OF_PACKETS, to);
}
