/* bench - the speed of what cgnsim exists for, beside its peers, in one run.
 *
 *   bench BUILD          all rows, to BUILD/bench.json
 *   bench BUILD million  one busy hour of a million subscribers, to BUILD/bench-million.json
 *
 * BENCH_ONLY, BENCH_ROUNDS, BENCH_QUICK, BENCH_CAPTURE_MB and BENCH_KEEP: see bench/README.md. */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/engine/runner.h"

static const struct comparison comparisons[] = {
	{ .name = "session, 1 thread / ns-3 PriorityQueue, 1,000,000", .value = FLOWS_SESSION_ONE,
	  .against = { NS3_PRIORITY_MILLION }, .bar = 3 },
	{ .name = "session, 1 thread / the floor", .value = FLOWS_SESSION_ONE, .against = { FLOOR }, .bar = 0.4 },
	{ .name = "event queue / best of ns-3's, 1,000,000", .value = QUEUE_MILLION,
	  .against = { NS3_PRIORITY_MILLION, NS3_MAP_MILLION, NS3_HEAP_MILLION }, .bar = 8 },
	{ .name = "session, 2 threads / 1 thread", .value = FLOWS_SESSION_TWO,
	  .against = { FLOWS_SESSION_ONE }, .bar = 1.8 },
	{ .name = "resident memory, 1,000,000 / 10,000 subscribers", .value = MEMORY_MOST, .against = { MEMORY_LEAST },
	  .bar = 2, .at_most = true },
	{ .name = "map: the slowest rule / 10 million a second", .value = LOOKUPS_SLOWEST,
	  .against = { LOOKUPS_WANTED }, .bar = 1 },
	{ .name = "import / 1.5 million a second", .value = IMPORT, .against = { IMPORT_WANTED }, .bar = 1 },
	{ .name = "import / tshark", .value = IMPORT, .against = { TSHARK }, .bar = 10 },
	{ .name = "import / nfpcapd", .value = IMPORT, .against = { NFPCAPD }, .bar = 2 },
	{ .name = "resident memory, import of 4 times as much / once", .value = IMPORT_MEMORY_FOUR,
	  .against = { IMPORT_MEMORY_ONE }, .bar = 1.3, .at_most = true },
};

double seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

/* A whole number above 0 from the environment. */
static uint64_t number_from(const char *variable, uint64_t preset)
{
	const char *text = getenv(variable);
	char *end;
	unsigned long long number;

	if (!text || !*text)
		return preset;
	number = strtoull(text, &end, 10);
	if (*end || *text == '-' || number == 0 || number > 1000000)
		give_up("%s: \"%s\" is not a number from 1 to 1000000", variable, text);
	return number;
}

static bool flag_from(const char *variable)
{
	const char *text = getenv(variable);

	return text && *text && strcmp(text, "0");
}

/* Is this part asked for? BENCH_ONLY names one; without it all are. */
static bool wanted(const char *part)
{
	const char *only = getenv("BENCH_ONLY");

	return !only || !*only || !strcmp(only, part);
}

struct part {
	const char *name;
	void (*round)(struct bench *b);
	void (*once)(struct bench *b); /* before all rounds, memory being measured; NULL: nothing */
};

static void round_flows(struct bench *b)
{
	bench_floor(b);
	bench_queues(b);
	bench_flows(b);
}

static void round_import(struct bench *b)
{
	bench_import(b, b->capture);
}

static const struct part parts[] = {
	{ "flows", round_flows, bench_memory },
	{ "variants", bench_variants, NULL },
	{ "lookups", bench_lookups, NULL },
	{ "import", round_import, bench_import_memory },
};
#define PARTS (sizeof(parts) / sizeof(*parts))

static void all_rows(struct bench *b, uint64_t rounds)
{
	for (size_t i = 0; i < PARTS; i++)
		if (parts[i].once && wanted(parts[i].name)) {
			fprintf(stderr, "bench: memory: %s\n", parts[i].name);
			parts[i].once(b);
		}
	if (wanted("import"))
		b->capture = capture_replayed(b, "capture", b->capture_mb);
	for (uint64_t round = 1; round <= rounds; round++)
		for (size_t i = 0; i < PARTS; i++)
			if (wanted(parts[i].name)) {
				fprintf(stderr, "bench: round %" PRIu64 " of %" PRIu64 ": %s\n", round, rounds, parts[i].name);
				parts[i].round(b);
			}
	if (b->capture && !flag_from("BENCH_KEEP"))
		remove(b->capture);
	free(b->capture);
}

static void check_parts(void)
{
	bool any = false;

	for (size_t i = 0; i < PARTS; i++)
		any = any || wanted(parts[i].name);
	if (!any)
		give_up("BENCH_ONLY: \"%s\" is none of flows, lookups and import", getenv("BENCH_ONLY"));
}

int main(int argc, char **argv)
{
	bool million = argc == 3 && !strcmp(argv[2], "million");
	struct bench b = { .quick = flag_from("BENCH_QUICK"), .cores = cores() };
	uint64_t rounds = number_from("BENCH_ROUNDS", b.quick ? 1 : 5);
	char *json;
	size_t missed;

	if (argc != 2 && !million)
		give_up("usage: bench BUILD [million]");
	check_parts();
	b.build = argv[1];
	b.capture_mb = number_from("BENCH_CAPTURE_MB", b.quick ? 5 : 1000);
	b.sheet = sheet_create();
	json = must_printf("%s/bench%s.json", b.build, million ? "-million" : "");
	if (million)
		bench_million(&b);
	else
		all_rows(&b, rounds);
	missed = sheet_show(b.sheet, comparisons, million ? 0 : sizeof(comparisons) / sizeof(*comparisons), json);
	printf("\n%s", json);
	if (!million)
		printf("; %zu bar%s missed", missed, missed == 1 ? "" : "s");
	printf("\n");
	sheet_destroy(b.sheet);
	free(json);
	return EXIT_SUCCESS;
}
