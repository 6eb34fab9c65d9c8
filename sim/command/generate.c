#include <inttypes.h>
#include <stdio.h>

#include "sim/command/opened.h"
#include "sim/world/workload_trace.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "TRACE", .help = "the flow trace to write" },
	OPTION_SET,
	OPTION_SEED,
	{ .name = "quiet", .letter = 'q', .help = "no report" },
	{ 0 },
};

static int run(int argc, char **argv)
{
	struct arguments args;
	struct opened o = { 0 };
	struct trace *t = NULL;
	struct err e = ERR_INIT;
	const char *path;
	int status = arguments_parse(&args, &command_generate, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	path = arguments_value(&args, "output");
	if (!path) {
		status = command_misused(&command_generate, "-o TRACE is missing: the flow trace to write");
		goto out;
	}
	if (!scenario_open(&o, &args, &e) || !(t = workload_trace(&o.scenario->workload, o.sources, o.scenario->name, NULL, &e)) || !trace_save(t, path, &e)) {
		status = command_failed(&e);
		goto out;
	}
	if (!arguments_has(&args, "quiet"))
		printf("%s: %u hosts, %" PRIu64 " flows (%" PRIu64 " tcp, %" PRIu64 " udp, %" PRIu64 " icmp) in %u trains, %.15g s\n",
		       path, t->host_count, t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP],
		       t->flows[PROTO_TCP], t->flows[PROTO_UDP], t->flows[PROTO_ICMP], t->record_count,
		       seconds_from_ns(t->duration_ns));
	status = EXIT_DONE;
out:
	trace_destroy(t);
	scenario_close(&o);
	arguments_clear(&args);
	return status;
}

const struct command command_generate = {
	.name = "generate",
	.usage = "generate SCENARIO -o TRACE [--set PATH=VALUE]... [--seed N] [--quiet]",
	.summary = "writes a scenario's workload as a flow trace, from time 0 (warm-up included)",
	.options = options,
	.run = run,
};
