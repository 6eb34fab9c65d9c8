/* map - the rule of an algorithmic scheme, forward and in reverse, with no simulation. */
#include <stdlib.h>
#include <string.h>

#include "sim/base/addr.h"
#include "sim/base/must.h"
#include "sim/command/scenario_options.h"

static const struct command_option options[] = {
	{ .name = "scheme", .value = "NAME", .help = "which scheme of the scenario; not needed if it has one" },
	{ .name = "inside", .value = "ADDR", .help = "a subscriber's address: which public numbers are its own?" },
	{ .name = "port",
	  .value = "P",
	  .help = "with --inside: the subscriber's own port; a rule that gives runs of numbers gives it the same run" },
	{ .name = "outside", .value = "ADDR:PORT", .help = "a public address and number: whose is it?" },
	{ .name = "all", .help = "the whole rule as CSV: inside,outside,lo,hi" },
	OPTION_SET,
	{ .name = "json", .help = "the answer as JSON" },
	{ .name = NULL },
};

/* A rule on its ground. */
struct map {
	const struct trial *trial;
	struct scheme_pool pool;
	bool json;
};

static uint32_t inside_of(const struct map *m, uint32_t subscriber)
{
	return m->pool.first_inside + subscriber;
}

/* The run of numbers without a gap that begins at `slot`; ends before `end`. */
static struct port_range run_at(const struct slots *slots, uint32_t slot, uint32_t end)
{
	struct port_range r = { .lo = slots_number(slots, slot), .hi = slots_number(slots, slot) };

	while (++slot < end && slots_number(slots, slot) == r.hi + 1)
		r.hi++;
	return r;
}

static cJSON *range_json(const struct map *m, uint32_t subscriber, const struct scheme_range *range)
{
	cJSON *root = cJSON_CreateObject(), *ports;
	char text[ADDR_TEXT];

	cJSON_AddStringToObject(root, "inside", addr_format(inside_of(m, subscriber), text));
	cJSON_AddStringToObject(root, "outside",
	                        addr_format(pool_config_address(m->pool.config, range->address), text));
	ports = cJSON_AddArrayToObject(root, "ports");
	for (uint32_t slot = range->slot, end = range->slot + range->count; slot < end;) {
		struct port_range r = run_at(m->pool.slots, slot, end);
		char run[16];

		snprintf(run, sizeof(run), "%u-%u", r.lo, r.hi);
		cJSON_AddItemToArray(ports, cJSON_CreateString(run));
		slot += (uint32_t)(r.hi - r.lo) + 1;
	}
	cJSON_AddNumberToObject(root, "count", range->count);
	return root;
}

static void print_json(cJSON *root)
{
	char *text = cJSON_Print(root);

	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void print_range(const struct map *m, uint32_t subscriber, uint16_t port, const struct scheme_range *range)
{
	char inside[ADDR_TEXT], outside[ADDR_TEXT];
	const char *comma = "";

	fputs(addr_format(inside_of(m, subscriber), inside), stdout);
	if (port)
		printf(":%u", port);
	printf(" -> %s ports ", addr_format(pool_config_address(m->pool.config, range->address), outside));
	for (uint32_t slot = range->slot, end = range->slot + range->count; slot < end;) {
		struct port_range r = run_at(m->pool.slots, slot, end);

		printf("%s%u-%u", comma, r.lo, r.hi);
		comma = ",";
		slot += (uint32_t)(r.hi - r.lo) + 1;
	}
	printf(" (%u)\n", range->count);
}

/* The answer is no: said, and the exit status of it. */
static int nobody(struct err *e)
{
	command_failed(e);
	return EXIT_NO;
}

/* `port` is the subscriber's own; 0: not given. */
static int forward(const struct map *m, uint32_t inside, uint16_t port, struct err *e)
{
	struct scheme_range range;
	char text[ADDR_TEXT], first[ADDR_TEXT], last[ADDR_TEXT];
	uint32_t subscriber = inside - m->pool.first_inside;

	if (inside < m->pool.first_inside || subscriber >= m->pool.subscribers) {
		fail(e, "%s is no subscriber's address: they are %s to %s", addr_format(inside, text),
		     addr_format(m->pool.first_inside, first),
		     addr_format(inside_of(m, m->pool.subscribers - 1), last));
		return nobody(e);
	}
	if (!m->trial->scheme->forward(m->trial->scheme_config, &m->pool, subscriber, &range)) {
		fail(e, "%s has no numbers of its own by the rule of %s", addr_format(inside, text), m->trial->name);
		return nobody(e);
	}
	if (m->json) {
		cJSON *root = range_json(m, subscriber, &range);

		if (port)
			cJSON_AddNumberToObject(root, "inside_port", port);
		print_json(root);
	} else {
		print_range(m, subscriber, port, &range);
	}
	return EXIT_DONE;
}

/* Which address of the pool, counted in its order; false: none of them. */
static bool address_index(const struct map *m, uint32_t addr, uint32_t *out)
{
	uint64_t before = 0;

	for (size_t i = 0; i < m->pool.config->prefixes.count; i++) {
		struct addr_range r = m->pool.config->prefixes.items[i];

		if (range_has(r, addr)) {
			before += addr - r.first;
			*out = (uint32_t)before;
			return before < m->pool.addresses;
		}
		before += range_size(r);
	}
	return false;
}

static int reverse(const struct map *m, uint32_t outside, uint16_t port, struct err *e)
{
	char text[ADDR_TEXT];
	uint32_t index, subscriber, slot = m->pool.slots->slot[port];

	addr_format(outside, text);
	if (!address_index(m, outside, &index)) {
		fail(e, "%s is not an address of the pool", text);
		return nobody(e);
	}
	if (slot == SLOT_NONE) {
		fail(e, "%u is not a number that the pool may give", port);
		return nobody(e);
	}
	if (!m->trial->scheme->reverse(m->trial->scheme_config, &m->pool, index, slot, &subscriber)) {
		fail(e, "%s:%u is nobody's by the rule of %s", text, port, m->trial->name);
		return nobody(e);
	}
	if (m->json) {
		cJSON *root = cJSON_CreateObject();

		cJSON_AddStringToObject(root, "outside", text);
		cJSON_AddNumberToObject(root, "port", port);
		cJSON_AddStringToObject(root, "inside", addr_format(inside_of(m, subscriber), text));
		print_json(root);
	} else {
		char inside[ADDR_TEXT];

		printf("%s:%u -> %s\n", text, port, addr_format(inside_of(m, subscriber), inside));
	}
	return EXIT_DONE;
}

static void print_csv(const struct map *m, uint32_t subscriber, const struct scheme_range *range)
{
	char inside[ADDR_TEXT], outside[ADDR_TEXT];

	addr_format(inside_of(m, subscriber), inside);
	addr_format(pool_config_address(m->pool.config, range->address), outside);
	for (uint32_t slot = range->slot, end = range->slot + range->count; slot < end;) {
		struct port_range r = run_at(m->pool.slots, slot, end);

		printf("%s,%s,%u,%u\n", inside, outside, r.lo, r.hi);
		slot += (uint32_t)(r.hi - r.lo) + 1;
	}
}

/* One subscriber a line, so that millions need no memory. */
static int all(const struct map *m)
{
	const char *comma = "";

	puts(m->json ? "[" : "inside,outside,lo,hi");
	for (uint32_t k = 0; k < m->pool.subscribers; k++) {
		struct scheme_range range;

		if (!m->trial->scheme->forward(m->trial->scheme_config, &m->pool, k, &range))
			continue;
		if (m->json) {
			cJSON *object = range_json(m, k, &range);
			char *text = cJSON_PrintUnformatted(object);

			printf("%s%s", comma, text);
			comma = ",\n";
			free(text);
			cJSON_Delete(object);
		} else {
			print_csv(m, k, &range);
		}
	}
	if (m->json)
		puts("\n]");
	return EXIT_DONE;
}

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

static int answer(const struct map *m, const struct arguments *args, struct err *e)
{
	const char *inside = arguments_value(args, "inside"), *outside = arguments_value(args, "outside");
	uint64_t port = 0;
	uint32_t addr;
	uint16_t number;

	if (inside) {
		if (!addr_parse(inside, &addr))
			return command_misused(&command_map, "--inside: \"%s\" is not an IPv4 address", inside);
		if (!arguments_number(args, "port", 1, 65535, &port, e))
			return command_failed(e);
		return forward(m, addr, (uint16_t)port, e);
	}
	if (outside) {
		if (!endpoint_parse(outside, &addr, &number))
			return command_misused(&command_map,
			                       "--outside: \"%s\" is not ADDR:PORT (such as 192.0.2.1:40000)", outside);
		return reverse(m, addr, number, e);
	}
	return all(m);
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

static int run(int argc, char **argv)
{
	struct arguments args;
	int status = arguments_parse(&args, &command_map, argc, argv, 1, 1);
	struct err e = ERR_INIT;
	struct map m = { 0 };
	struct scenario *s = NULL;

	if (status >= 0)
		return status;
	if (arguments_has(&args, "inside") + arguments_has(&args, "outside") + arguments_has(&args, "all") != 1) {
		status = command_misused(&command_map, "give one of --inside, --outside and --all");
	} else if (arguments_has(&args, "port") && !arguments_has(&args, "inside")) {
		status = command_misused(&command_map, "--port goes with --inside");
	} else {
		s = scenario_of_arguments(&args, &e);
		m.trial = s ? trial_of(s, args.words[0], &e) : NULL;
		if (m.trial) {
			m.json = arguments_has(&args, "json");
			must(scheme_pool_fill(&m.pool, &s->workload, m.trial));
			status = answer(&m, &args, &e);
			scheme_pool_clear(&m.pool);
		} else {
			status = command_failed(&e);
		}
	}
	scenario_destroy(s);
	arguments_clear(&args);
	return status;
}

const struct command command_map = {
	.name = "map",
	.usage = "map SCENARIO --scheme NAME (--inside ADDR [--port P] | --outside ADDR:PORT | --all)\n"
	         "    [--set PATH=VALUE]... [--json]",
	.summary = "forward and reverse of an algorithmic scheme, with no simulation",
	.options = options,
	.run = run,
};
