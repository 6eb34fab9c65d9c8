#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/command/command.h"
#include "sim/command/progress.h"
#include "sim/command/replay_scenario.h"
#include "traffic/replay_file.h"
#include "traffic/replay_interface.h"

static const struct command_option options[] = {
	{ .name = "pcap", .value = "FILE", .help = "the capture to write: Ethernet, nanoseconds; - is standard output" },
	{ .name = "interface", .value = "IF", .help = "the interface to send from, at the trace's pace; needs CAP_NET_RAW" },
	{ .name = "speed", .value = "X", .help = "X times as fast (with --interface; default 1)" },
	{ .name = "force", .help = "send even where the default route leaves (with --interface)" },
	{ .name = "seconds", .value = "TIME", .help = "only what comes before that time (90s, 2h4m, or a number of seconds)" },
	{ .name = "inside-opener", .help = "the trace was imported with --inside-opener: whoever opened a flow is inside" },
	{ .name = "side", .value = "inside|outside", .help = "of a scenario: before its CGN (default) or after it" },
	{ .name = "scheme", .value = "NAME", .help = "of a scenario: whose CGN; else the first scheme's" },
	OPTION_SET,
	OPTION_SEED,
	{ .name = "json", .help = "the report as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no report" },
	{ 0 },
};

/* Where the frames go: one of the two. */
struct output {
	struct replay_file *file;
	struct replay_interface *interface;
	double speed;
};

static bool speed_parse(const struct arguments *args, double *speed, struct err *e)
{
	const char *text = arguments_value(args, "speed");
	char *end = NULL;

	*speed = 1;
	if (!text)
		return true;
	*speed = strtod(text, &end);
	if (end == text || *end || !(*speed >= 0.001 && *speed <= 1e9))
		return fail(e, "--speed: \"%s\" is not a number from 0.001 to 1000000000", text);
	return true;
}

/* What to send: a trace as it is, or what a scenario makes. */
struct input {
	struct opened opened;
	struct trace *trace;
	struct replay_scenario scenario; /* scheme NULL: it is a trace */
	int64_t until_ns;
};

static bool side_parse(const struct arguments *args, bool *outside, struct err *e)
{
	const char *side = arguments_value(args, "side");

	*outside = side && !strcmp(side, "outside");
	return !side || *outside || !strcmp(side, "inside") || fail(e, "--side: \"%s\" is neither inside nor outside", side);
}

static bool scenario_input(struct input *in, const struct arguments *args, bool outside, struct err *e)
{
	const struct workload *w;
	int64_t end_ns;

	if (!scenario_open(&in->opened, args, e))
		return false;
	w = &in->opened.scenario->workload;
	end_ns = w->warmup_ns + w->duration_ns;
	in->until_ns = in->until_ns < end_ns ? in->until_ns : end_ns;
	in->trace = replay_scenario(&in->opened, &in->opened.scenario->trials[0], outside, in->until_ns, &in->scenario, e);
	return in->trace != NULL;
}

static bool input_open(struct input *in, const struct arguments *args, struct err *e)
{
	static const char *const of_scenarios[] = { "side", "scheme", "set", "seed" };
	const char *path = args->words[0];
	bool outside;

	if (!side_parse(args, &outside, e))
		return false;
	if (!trace_is(path) && strlen(path) > 5 && !strcmp(path + strlen(path) - 5, ".json"))
		return arguments_has(args, "inside-opener")
		               ? fail(e, "--inside-opener goes with a trace; %s is a scenario, which says who is inside", path)
		               : scenario_input(in, args, outside, e);
	for (size_t i = 0; i < sizeof(of_scenarios) / sizeof(of_scenarios[0]); i++)
		if (arguments_has(args, of_scenarios[i]))
			return fail(e, "--%s goes with a scenario (a .json file); %s is to be a trace", of_scenarios[i], path);
	in->trace = trace_load(path, e);
	return in->trace != NULL;
}

static void input_close(struct input *in)
{
	trace_destroy(in->trace);
	scenario_close(&in->opened);
}

static bool output_open(struct output *out, const struct arguments *args, const struct input *in, struct err *e)
{
	const char *path = arguments_value(args, "pcap"), *interface = arguments_value(args, "interface");

	if (path)
		out->file = replay_file_open(path, in->trace->epoch_ns,
		                             in->until_ns < in->trace->duration_ns ? in->until_ns : in->trace->duration_ns, e);
	else
		out->interface = replay_interface_open(interface, out->speed, arguments_has(args, "force"), e);
	return out->file || out->interface;
}

/* The file is there now, or nothing is. */
static bool output_close(struct output *out, bool good, struct err *e)
{
	if (out->file && good)
		good = replay_file_commit(out->file, e);
	else
		replay_file_abandon(out->file);
	replay_interface_close(out->interface);
	return good;
}

static void show_progress(void *context, double share, uint64_t packets)
{
	progress_show(context, share, packets);
}

static uint64_t packets_of(const struct replay_report *r)
{
	return r->packets[PROTO_TCP] + r->packets[PROTO_UDP] + r->packets[PROTO_ICMP] + r->packets6;
}

static void print_scenario_text(const struct replay_scenario *s, FILE *out)
{
	uint64_t refused = s->refused_home;

	for (int o = 0; o < OUT_COUNT; o++)
		refused += s->refused[o];
	fprintf(out, "  %s, scheme %s: %" PRIu64 " flows offered, %" PRIu64 " refused\n", s->outside ? "after the CGN" : "before the CGN",
	        s->scheme, s->flows, refused);
	for (int o = 0; o < OUT_COUNT; o++)
		if (s->refused[o])
			fprintf(out, "    %-18s %" PRIu64 "%s\n", outcome_text[o].name, s->refused[o], s->outside ? " (not there)" : "");
	if (s->refused_home)
		fprintf(out, "    %-18s %" PRIu64 " (not there)\n", "at home", s->refused_home);
	if (s->dropped)
		fprintf(out, "  %" PRIu64 " inbound trains that no mapping carries%s\n", s->dropped, s->outside ? " (not there)" : "");
}

static void print_text(const struct replay_report *r, const struct replay_scenario *s, const char *to, FILE *out)
{
	fprintf(out, "%s: %" PRIu64 " packets (%" PRIu64 " tcp, %" PRIu64 " udp, %" PRIu64 " icmp, %" PRIu64 " IPv6) of %" PRIu64
	        " flows, %" PRIu64 " bytes, %.15g s\n",
	        to, packets_of(r), r->packets[PROTO_TCP], r->packets[PROTO_UDP], r->packets[PROTO_ICMP], r->packets6,
	        r->flows[PROTO_TCP] + r->flows[PROTO_UDP] + r->flows[PROTO_ICMP] + r->flows6, r->bytes, seconds_from_ns(r->last_ns));
	if (s->scheme)
		print_scenario_text(s, out);
	if (r->marks)
		fprintf(out, "  %" PRIu64 " frames mark moments at which something other than these flows was seen\n", r->marks);
	if (r->resized)
		fprintf(out, "  %" PRIu64 " trains have other packets or bytes than the trace says: such packets cannot be\n", r->resized);
	if (r->unclosed)
		fprintf(out, "  %" PRIu64 " flows end otherwise than the trace says\n", r->unclosed);
	if (r->merged)
		fprintf(out, "  %" PRIu64 " flows will be seen as part of another one of their addresses and ports\n", r->merged);
	if (r->seams_lost)
		fprintf(out, "  %" PRIu64 " gaps of a day or more are bridged: what the trace says of the flows beside contradicts itself\n",
		        r->seams_lost);
}

static void add_scenario(cJSON *json, const struct replay_scenario *s)
{
	cJSON *scenario = cJSON_AddObjectToObject(json, "scenario"), *refused;

	cJSON_AddStringToObject(scenario, "scheme", s->scheme);
	cJSON_AddStringToObject(scenario, "side", s->outside ? "outside" : "inside");
	cJSON_AddNumberToObject(scenario, "flows", (double)s->flows);
	refused = cJSON_AddObjectToObject(scenario, "refused_by");
	for (int o = 0; o < OUT_COUNT; o++)
		if (s->refused[o])
			cJSON_AddNumberToObject(refused, outcome_text[o].name, (double)s->refused[o]);
	cJSON_AddNumberToObject(scenario, "refused_at_home", (double)s->refused_home);
	cJSON_AddNumberToObject(scenario, "inbound_dropped", (double)s->dropped);
}

static void print_json(const struct replay_report *r, const struct replay_scenario *s, const char *to, FILE *out)
{
	cJSON *json = cJSON_CreateObject(), *packets = cJSON_AddObjectToObject(json, "packets"), *flows;
	char *text;

	for (int p = 0; p < PROTO_COUNT; p++)
		cJSON_AddNumberToObject(packets, protocol_name[p], (double)r->packets[p]);
	cJSON_AddNumberToObject(packets, "ipv6", (double)r->packets6);
	flows = cJSON_AddObjectToObject(json, "flows");
	for (int p = 0; p < PROTO_COUNT; p++)
		cJSON_AddNumberToObject(flows, protocol_name[p], (double)r->flows[p]);
	cJSON_AddNumberToObject(flows, "ipv6", (double)r->flows6);
	cJSON_AddNumberToObject(json, "frames", (double)r->frames);
	cJSON_AddNumberToObject(json, "bytes", (double)r->bytes);
	cJSON_AddNumberToObject(json, "marks", (double)r->marks);
	cJSON_AddNumberToObject(json, "seconds", seconds_from_ns(r->last_ns));
	cJSON_AddNumberToObject(json, "resized_trains", (double)r->resized);
	cJSON_AddNumberToObject(json, "unclosed_flows", (double)r->unclosed);
	cJSON_AddNumberToObject(json, "merged_flows", (double)r->merged);
	cJSON_AddNumberToObject(json, "seams_lost", (double)r->seams_lost);
	if (s->scheme)
		add_scenario(json, s);
	cJSON_AddStringToObject(json, "to", to);
	text = cJSON_Print(json);
	must(text);
	fprintf(out, "%s\n", text);
	free(text);
	cJSON_Delete(json);
}

static bool send(const struct input *in, const struct arguments *args, struct output *out, struct replay_report *report,
                 struct err *e)
{
	struct progress progress = { 0 };
	struct replay_options how = { .until_ns = in->until_ns, .opener_only = arguments_has(args, "inside-opener"),
	                              .progress = show_progress, .progress_context = &progress };
	bool good;

	if (!output_open(out, args, in, e))
		return false;
	progress_begin(&progress, "packets", arguments_has(args, "quiet"));
	good = replay(in->trace, &how, out->file ? replay_file_taker(out->file) : replay_interface_taker(out->interface), report, e);
	progress_end(&progress);
	return output_close(out, good, e);
}

static const char *misuse(const struct arguments *args)
{
	bool pcap = arguments_has(args, "pcap"), interface = arguments_has(args, "interface");

	if (pcap == interface)
		return pcap ? "--pcap and --interface exclude one another" : "--pcap FILE or --interface IF is missing: where packets go";
	if (pcap && (arguments_has(args, "speed") || arguments_has(args, "force")))
		return "--speed and --force go with --interface: a file has the trace's times";
	return NULL;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct input in = { .until_ns = NS_NEVER };
	struct output out = { 0 };
	struct replay_report report = { 0 };
	struct err e = ERR_INIT;
	const char *seconds, *to, *wrong;
	FILE *said;
	int status = arguments_parse(&args, &command_replay, argc, argv, 1, 1);

	if (status >= 0)
		return status;
	wrong = misuse(&args);
	if (wrong) {
		status = command_misused(&command_replay, "%s", wrong);
		goto out;
	}
	to = arguments_has(&args, "pcap") ? arguments_value(&args, "pcap") : arguments_value(&args, "interface");
	seconds = arguments_value(&args, "seconds");
	if (seconds && !duration_parse(seconds, &in.until_ns))
		fail(&e, "--seconds: \"%s\" is not a time (90s, 2h4m, or a number of seconds)", seconds);
	speed_parse(&args, &out.speed, &e);
	if (e.count || !input_open(&in, &args, &e) || !send(&in, &args, &out, &report, &e)) {
		status = command_failed(&e);
		goto out;
	}
	status = EXIT_DONE;
	said = strcmp(to, "-") ? stdout : stderr; /* there is the capture */
	if (arguments_has(&args, "json"))
		print_json(&report, &in.scenario, to, said);
	else if (!arguments_has(&args, "quiet"))
		print_text(&report, &in.scenario, to, said);
out:
	input_close(&in);
	arguments_clear(&args);
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.usage = "replay TRACE (--pcap FILE | --interface IF [--speed X] [--force]) [--seconds TIME]\n"
	         "  [--inside-opener] [--json] [--quiet]\n"
	         "replay SCENARIO.json [--side inside|outside] [--scheme NAME] [--set PATH=VALUE]... [--seed N]\n"
	         "  (--pcap FILE | --interface IF [--speed X] [--force]) [--seconds TIME] [--json] [--quiet]",
	.summary = "turns a flow trace, or a scenario before or after its CGN, into packets: a capture, or frames from an interface",
	.options = options,
	.run = run,
};
