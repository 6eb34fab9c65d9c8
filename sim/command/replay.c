#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/command/command.h"
#include "sim/command/progress.h"
#include "traffic/replay_file.h"
#include "traffic/replay_interface.h"

static const struct command_option options[] = {
	{ .name = "pcap", .value = "FILE", .help = "the capture to write: Ethernet, nanoseconds" },
	{ .name = "interface", .value = "IF", .help = "the interface to send from, at the trace's pace; needs CAP_NET_RAW" },
	{ .name = "speed", .value = "X", .help = "X times as fast (with --interface; default 1)" },
	{ .name = "force", .help = "send even where the default route leaves (with --interface)" },
	{ .name = "seconds", .value = "TIME", .help = "only what comes before that time (90s, 2h4m, or a number of seconds)" },
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

static bool output_open(struct output *out, const struct arguments *args, const struct trace *t, int64_t until_ns, struct err *e)
{
	const char *path = arguments_value(args, "pcap"), *interface = arguments_value(args, "interface");

	if (path)
		out->file = replay_file_open(path, t->epoch_ns, until_ns < t->duration_ns ? until_ns : t->duration_ns, e);
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

static void print_text(const struct replay_report *r, const char *to)
{
	printf("%s: %" PRIu64 " packets (%" PRIu64 " tcp, %" PRIu64 " udp, %" PRIu64 " icmp, %" PRIu64 " IPv6) of %" PRIu64
	       " flows, %" PRIu64 " bytes, %.15g s\n",
	       to, packets_of(r), r->packets[PROTO_TCP], r->packets[PROTO_UDP], r->packets[PROTO_ICMP], r->packets6,
	       r->flows[PROTO_TCP] + r->flows[PROTO_UDP] + r->flows[PROTO_ICMP] + r->flows6, r->bytes, seconds_from_ns(r->last_ns));
	if (r->marks)
		printf("  %" PRIu64 " frames mark moments at which something else than these flows was seen\n", r->marks);
	if (r->resized)
		printf("  %" PRIu64 " trains have other packets or bytes than the trace says: such packets cannot be\n", r->resized);
	if (r->unclosed)
		printf("  %" PRIu64 " flows end otherwise than the trace says\n", r->unclosed);
	if (r->seams_lost)
		printf("  %" PRIu64 " gaps of a day or more are bridged: what the trace says of the flows beside contradicts itself\n",
		       r->seams_lost);
}

static void print_json(const struct replay_report *r, const char *to)
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
	cJSON_AddNumberToObject(json, "seams_lost", (double)r->seams_lost);
	cJSON_AddStringToObject(json, "to", to);
	text = cJSON_Print(json);
	must(text);
	puts(text);
	free(text);
	cJSON_Delete(json);
}

static bool send(const struct trace *t, const struct arguments *args, struct output *out, int64_t until_ns,
                 struct replay_report *report, struct err *e)
{
	struct progress progress = { 0 };
	struct replay_options how = { .until_ns = until_ns, .progress = show_progress, .progress_context = &progress };
	bool good;

	if (!output_open(out, args, t, until_ns, e))
		return false;
	progress_begin(&progress, "packets", arguments_has(args, "quiet"));
	good = replay(t, &how, out->file ? replay_file_taker(out->file) : replay_interface_taker(out->interface), report, e);
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
	struct trace *t = NULL;
	struct output out = { 0 };
	struct replay_report report = { 0 };
	struct err e = ERR_INIT;
	const char *seconds, *to, *wrong;
	int64_t until_ns = NS_NEVER;
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
	if (seconds && !duration_parse(seconds, &until_ns))
		fail(&e, "--seconds: \"%s\" is not a time (90s, 2h4m, or a number of seconds)", seconds);
	speed_parse(&args, &out.speed, &e);
	if (!e.count)
		t = trace_load(args.words[0], &e);
	if (!t || !send(t, &args, &out, until_ns, &report, &e)) {
		status = command_failed(&e);
		goto out;
	}
	status = EXIT_DONE;
	if (arguments_has(&args, "json"))
		print_json(&report, to);
	else if (!arguments_has(&args, "quiet"))
		print_text(&report, to);
out:
	trace_destroy(t);
	arguments_clear(&args);
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.usage = "replay TRACE (--pcap FILE | --interface IF [--speed X] [--force]) [--seconds TIME] [--json] [--quiet]",
	.summary = "turns a flow trace into packets: a capture, or frames from an interface at the trace's pace",
	.options = options,
	.run = run,
};
