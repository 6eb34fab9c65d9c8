/* map - the rule of an algorithmic scheme, forward and in reverse, with no simulation. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/addr.h"
#include "sim/base/must.h"
#include "sim/command/mapping.h"
#include "sim/command/scenario_options.h"
#include "sim/scheme/record.h"

static const struct command_option options[] = {
	{ .name = "scheme", .value = "NAME", .help = "which scheme of the scenario; not needed if it has one" },
	{ .name = "inside",
	  .value = "ADDR",
	  .help = "a subscriber's address, or its IPv6 prefix: which public numbers are its own?" },
	{ .name = "port",
	  .value = "P",
	  .help = "with --inside: the subscriber's own port; a rule that gives runs of numbers gives it the same run" },
	{ .name = "outside", .value = "ADDR:PORT", .help = "a public address and number: whose is it?" },
	{ .name = "records",
	  .value = "FILE",
	  .help = "ask the rule that was in force at --time, from the records that run --keep-logs leaves beside the log" },
	{ .name = "time", .value = "TIME", .help = "with --records: when it was, such as 2026-01-01T12:00:00Z" },
	{ .name = "all", .help = "the whole rule as CSV: inside,outside,lo,hi" },
	OPTION_SET,
	{ .name = "json", .help = "the answer as JSON" },
	{ .name = NULL },
};

/* "192.0.2.1:40000". */
static bool endpoint_parse(const char *text, uint32_t *addr, uint16_t *port)
{
	const char *colon = strrchr(text, ':');
	char *host = must_printf("%.*s", colon ? (int)(colon - text) : 0, text);
	struct port_range range = { 0 };
	bool good = colon && addr_parse(host, addr) && port_range_parse(colon + 1, &range) && range.lo == range.hi;

	free(host);
	*port = range.lo;
	return good;
}

static int inside_answer(const struct mapping_rule *m, const struct arguments *args, const char *inside)
{
	struct err e = ERR_INIT;
	struct addr6 prefix;
	uint64_t port = 0;
	uint32_t addr;

	if (!arguments_number(args, "port", 1, 65535, &port, &e))
		return command_failed(&e);
	if (addr_parse(inside, &addr))
		return mapping_forward(m, addr, (uint16_t)port);
	if (addr6_parse(inside, &prefix))
		return mapping_of_prefix(m, &prefix);
	return command_misused(&command_map, "--inside: \"%s\" is not an IPv4 address, nor an IPv6 prefix", inside);
}

static int answer(const struct mapping_rule *m, const struct arguments *args)
{
	const char *inside = arguments_value(args, "inside"), *outside = arguments_value(args, "outside");
	uint32_t addr;
	uint16_t number;

	if (inside)
		return inside_answer(m, args, inside);
	if (!outside)
		return mapping_all(m);
	if (!endpoint_parse(outside, &addr, &number))
		return command_misused(&command_map, "--outside: \"%s\" is not ADDR:PORT (such as 192.0.2.1:40000)", outside);
	return mapping_reverse(m, addr, number);
}

/* The scheme that is meant, if it has a rule; NULL with `e` set. */
static const struct trial *trial_of(const struct scenario *s, const char *path, struct err *e)
{
	const struct trial *t = &s->trials[0];

	if (s->trial_count > 1) {
		fail(e, "map: %s has %zu schemes: say which with --scheme", path, s->trial_count);
		return NULL;
	}
	if (!t->scheme->forward || !t->scheme->reverse) {
		fail(e, "map: %s is of type %s, which has no rule: who holds a number is in its log alone", t->name,
		     t->scheme->name);
		return NULL;
	}
	return t;
}

/* The rule in force at a time, from the records alone. */
static int map_record(const struct arguments *args)
{
	const char *when = arguments_value(args, "time"), *path = arguments_value(args, "records");
	struct mapping_rule m = { .json = arguments_has(args, "json") };
	struct err e = ERR_INIT;
	struct record record;
	int64_t time_s;
	int status;

	if (!record_time_parse(when, &time_s))
		return command_misused(&command_map, "--time: \"%s\" is not a time (such as 2026-01-01T12:00:00Z)", when);
	if (record_find(path, time_s, &record, &e)) {
		char *name = must_printf("the record of %s", record_time_format(record.time_s, (char[RECORD_TIME]){ 0 }));

		m.name = name;
		m.type = record.type;
		m.config = record.config;
		m.pool = &record.pool;
		status = answer(&m, args);
		free(name);
	} else {
		status = command_failed(&e);
	}
	record_clear(&record);
	return status;
}

static int map_scenario(const struct arguments *args)
{
	struct err e = ERR_INIT;
	struct scenario *s = scenario_of_arguments(args, &e);
	const struct trial *t = s ? trial_of(s, args->words[0], &e) : NULL;
	struct mapping_rule m = { .json = arguments_has(args, "json") };
	struct scheme_pool pool;
	int status;

	if (t && arguments_has(args, "records")) {
		status = map_record(args);
	} else if (t) {
		must(scheme_pool_fill(&pool, &s->workload, t));
		m.name = t->name;
		m.type = t->scheme;
		m.config = t->scheme_config;
		m.pool = &pool;
		status = answer(&m, args);
		scheme_pool_clear(&pool);
		if (t->scheme->fault && !t->scheme->fault(t->scheme_config, &e))
			status = command_failed(&e);
	} else {
		status = command_failed(&e);
	}
	scenario_destroy(s);
	return status;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, &command_map, argc, argv, 0, 1);

	if (status >= 0)
		return status;
	if (arguments_has(&args, "inside") + arguments_has(&args, "outside") + arguments_has(&args, "all") != 1)
		status = command_misused(&command_map, "give one of --inside, --outside and --all");
	else if (arguments_has(&args, "port") && !arguments_has(&args, "inside"))
		status = command_misused(&command_map, "--port goes with --inside");
	else if (arguments_has(&args, "records") != arguments_has(&args, "time"))
		status = command_misused(&command_map, "--records and --time go together");
	else if (args.word_count)
		status = map_scenario(&args);
	else if (arguments_has(&args, "records"))
		status = map_record(&args);
	else
		status = command_misused(&command_map, "give a SCENARIO, or --records");
	arguments_clear(&args);
	return status;
}

const struct command command_map = {
	.name = "map",
	.usage = "map SCENARIO --scheme NAME (--inside ADDR [--port P] | --outside ADDR:PORT | --all)\n"
	         "    [--set PATH=VALUE]... [--json]\n"
	         "map [SCENARIO --scheme NAME] --records FILE --time TIME\n"
	         "    (--inside ADDR [--port P] | --outside ADDR:PORT | --all) [--json]",
	.summary = "forward and reverse of an algorithmic scheme, with no simulation",
	.options = options,
	.run = run,
};
