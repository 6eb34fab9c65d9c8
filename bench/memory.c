/* Resident memory by number of subscribers: the program itself, on quickstart's
 * traffic and three schemes with the pool scaled along, for 30 s of simulated
 * time. It draws no figures here: gnuplot's memory is not ours.
 *
 * And one busy hour of a million subscribers, which `make bench-million` runs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/child.h"
#include "sim/base/must.h"

/* A scenario like quickstart's for any number of subscribers: 62.5 to an address. */
static char *scenario_text(uint32_t subscribers, const char *warmup, const char *duration)
{
	return must_printf(
	        "{ \"name\": \"bench\", \"seed\": 1, \"duration\": \"%s\", \"warmup\": \"%s\", \"access\": \"nat44\",\n"
	        "  \"subscribers\": { \"count\": %" PRIu32 ", \"prefix\": \"100.64.0.0/10\" },\n"
	        "  \"traffic\": [ { \"source\": \"poisson\", \"rate_per_day\": 33000, \"protocol\": \"udp\",\n"
	        "    \"duration\": { \"distribution\": \"exponential\", \"mean\": \"10s\" },\n"
	        "    \"destinations\": { \"count\": 10000, \"zipf\": 1.0 } } ],\n"
	        "  \"pool\": { \"prefixes\": [\"203.0.0.0/16\"], \"addresses\": %" PRIu32 ",\n"
	        "    \"ports\": \"1024-65535\" },\n"
	        "  \"schemes\": [\n"
	        "    { \"name\": \"per-session\", \"type\": \"session\", \"select\": \"random\" },\n"
	        "    { \"name\": \"rfc7768\", \"type\": \"block\", \"size\": 256, \"max_blocks\": 8 },\n"
	        "    { \"name\": \"rfc7422\", \"type\": \"deterministic\", \"ports_per_subscriber\": 1008 } ] }\n",
	        duration, warmup, subscribers, subscribers / 125 * 2);
}

static struct child run_scenario(const struct bench *b, uint32_t subscribers, const char *warmup, const char *duration,
                                 unsigned how)
{
	char *program = must_printf("%s/cgnsim", b->build), *path = must_printf("%s/bench/scenario.json", b->build);
	char *results = must_printf("%s/bench/results", b->build);
	char *text = scenario_text(subscribers, warmup, duration);
	const char *argv[] = { program, "run", path, "--force", "-o", results, NULL };
	FILE *out = fopen(path, "w");
	struct child child;

	if (!out || fputs(text, out) < 0 || fclose(out))
		give_up("%s: %s", path, strerror(errno));
	child = child_run(argv, CHILD_ALONE | how);
	if (child.status)
		give_up("%s run %s ended with status %d", program, path, child.status);
	free(program);
	free(path);
	free(results);
	free(text);
	return child;
}

void bench_memory(struct bench *b)
{
	static const struct {
		const char *name, *each;
		uint32_t subscribers;
	} sizes[] = {
		{ MEMORY_LEAST, "a subscriber, 10,000", 10000 },
		{ "resident memory, 100,000 subscribers", "a subscriber, 100,000", 100000 },
		{ MEMORY_MOST, "a subscriber, 1,000,000", 1000000 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct child c = b->quick ? run_scenario(b, sizes[i].subscribers, "1s", "1s", 0)
		                          : run_scenario(b, sizes[i].subscribers, "10s", "20s", 0);

		sheet_add(b->sheet, sizes[i].name, "bytes", (double)c.resident_bytes);
		sheet_add(b->sheet, sizes[i].each, "bytes", (double)c.resident_bytes / sizes[i].subscribers);
		child_clear(&c);
	}
}

void bench_million(struct bench *b)
{
	const char *warmup = b->quick ? "1s" : "10m", *duration = b->quick ? "1s" : "1h";
	struct child c = run_scenario(b, 1000000, warmup, duration, CHILD_TALKS);
	char *name = must_printf("1,000,000 subscribers, %s and %s, three schemes", warmup, duration);

	sheet_add(b->sheet, name, "s", c.seconds);
	free(name);
	sheet_add(b->sheet, "resident memory", "bytes", (double)c.resident_bytes);
	child_clear(&c);
}
