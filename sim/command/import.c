#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/addr.h"
#include "sim/base/must.h"
#include "sim/command/command.h"
#include "sim/command/progress.h"
#include "traffic/import.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "TRACE", .help = "the flow trace to write" },
	{ .name = "inside", .value = "CIDR", .many = true,
	  .help = "addresses that are inside (else RFC 1918 and 100.64.0.0/10, else the side that opened the flow)" },
	{ .name = "partial", .help = "take what comes before the fault of a capture that breaks off" },
	{ .name = "json", .help = "the report as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no report" },
	{ 0 },
};

static bool inside_parse(const struct arguments *args, struct addr_ranges *out, struct err *e)
{
	size_t count;
	const char **texts = arguments_values(args, "inside", &count);
	bool good = true;

	out->items = must_alloc(count, sizeof(*out->items));
	for (size_t i = 0; i < count; i++) {
		if (range_parse(texts[i], &out->items[out->count]))
			out->count++;
		else
			good = fail(e, "--inside: \"%s\" is not a prefix (192.0.2.0/24, host bits 0), an address or A-B", texts[i]);
	}
	free(texts);
	return good;
}

static cJSON *json_capture(const struct import_capture *c)
{
	cJSON *o = cJSON_CreateObject(), *types;

	cJSON_AddStringToObject(o, "file", c->file);
	types = cJSON_AddArrayToObject(o, "link_types");
	for (size_t i = 0; i < c->link_type_count; i++)
		cJSON_AddItemToArray(types, cJSON_CreateString(c->link_types[i]));
	cJSON_AddNumberToObject(o, "packets", (double)c->packets);
	cJSON_AddNumberToObject(o, "bytes", (double)c->bytes);
	cJSON_AddNumberToObject(o, "first_s", c->first_s);
	cJSON_AddNumberToObject(o, "last_s", c->last_s);
	if (c->fault)
		cJSON_AddStringToObject(o, "fault", c->fault);
	return o;
}

static void print_json(const struct import_report *r, const struct trace *t, const char *path)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *captures = cJSON_AddArrayToObject(root, "captures"), *o;
	char *text;

	for (size_t i = 0; i < r->capture_count; i++)
		cJSON_AddItemToArray(captures, json_capture(&r->captures[i]));
	o = cJSON_AddObjectToObject(root, "flows");
	cJSON_AddNumberToObject(o, "tcp", (double)r->tcp);
	cJSON_AddNumberToObject(o, "udp", (double)r->udp);
	cJSON_AddNumberToObject(o, "icmp", (double)r->icmp);
	cJSON_AddNumberToObject(o, "other", (double)r->other);
	cJSON_AddNumberToObject(root, "hosts_inside", r->hosts_inside);
	cJSON_AddNumberToObject(root, "peak_flows", (double)r->peak_flows);
	cJSON_AddNumberToObject(root, "local_flows", (double)r->local_flows);
	cJSON_AddNumberToObject(root, "unrouted_flows", (double)r->unrouted_flows);
	cJSON_AddNumberToObject(root, "out_of_order", (double)r->out_of_order);
	o = cJSON_AddObjectToObject(root, "left_out");
	for (size_t i = 0; i < import_reason_count; i++)
		cJSON_AddNumberToObject(o, import_reasons[i].name, (double)r->left_out[i]);
	o = cJSON_AddObjectToObject(root, "trace");
	cJSON_AddStringToObject(o, "file", path);
	cJSON_AddNumberToObject(o, "flows", (double)(t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP]));
	cJSON_AddNumberToObject(o, "trains", t->record_count);
	text = cJSON_Print(root);
	must(text);
	puts(text);
	free(text);
	cJSON_Delete(root);
}

static void row(const char *name, uint64_t count, const char *rest)
{
	printf("  %-12s %12" PRIu64 "%s%s\n", name, count, *rest ? "  " : "", rest);
}

static void print_text(const struct import_report *r, const struct trace *t, const char *path)
{
	uint64_t left_out = 0;

	for (size_t i = 0; i < r->capture_count; i++) {
		const struct import_capture *c = &r->captures[i];

		printf("%s:", c->file);
		for (size_t k = 0; k < c->link_type_count; k++)
			printf(" %s", c->link_types[k]);
		putchar('\n');
		row("packets", c->packets, "");
		row("bytes", c->bytes, "on the wire");
		printf("  %-12s %12.3f\n", "seconds", c->last_s - c->first_s);
		if (c->fault)
			printf("  broke off: %s\n", c->fault);
	}
	printf("flows\n");
	row("tcp", r->tcp, "");
	row("udp", r->udp, "");
	row("icmp", r->icmp, "echo, by identifier");
	row("other", r->other, "not in the trace: pairs of addresses that speak another protocol");
	row("local", r->local_flows, "not in the trace: both ends inside");
	row("unrouted", r->unrouted_flows, "not in the trace: multicast, broadcast, between link-local or loopback addresses");
	row("peak", r->peak_flows, "TCP and UDP alive at once");
	for (size_t i = 0; i < import_reason_count; i++)
		left_out += r->left_out[i];
	printf("packets left out: %" PRIu64 "\n", left_out);
	for (size_t i = 0; i < import_reason_count; i++)
		if (r->left_out[i])
			row(import_reasons[i].name, r->left_out[i], import_reasons[i].sentence);
	if (r->out_of_order)
		printf("packets out of order, used all the same: %" PRIu64 "\n", r->out_of_order);
	printf("%s\n", path);
	row("hosts", t->host_count, "inside");
	row("flows", t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP], "");
	row("trains", t->record_count, "");
	if (!t->host_count && r->tcp + r->udp + r->icmp)
		printf("no flow has just one end inside: name the inside addresses with --inside\n");
}

/* A partial import is a success that must not pass unseen, whatever --quiet says. */
static void warn_partial(const struct import_report *r)
{
	for (size_t i = 0; i < r->capture_count; i++) {
		const struct import_capture *c = &r->captures[i];
		struct err e = ERR_INIT;

		if (!c->fault)
			continue;
		fail(&e, "%s: breaks off after packet %" PRIu64 ": %s; the trace holds what comes before", c->file, c->packets,
		     c->fault);
		command_failed(&e);
	}
}

static void show_progress(void *context, double share, uint64_t packets)
{
	progress_show(context, share, packets);
}

/* A capture that breaks off is bad input, unless what comes before the fault is asked for. */
static bool whole_or_wanted(const struct import_report *r, bool partial, struct err *e)
{
	bool whole = true;

	for (size_t i = 0; i < r->capture_count && !partial; i++)
		if (r->captures[i].fault)
			whole = fail(e, "%s: breaks off after packet %" PRIu64 ": %s; --partial imports what comes before",
			             r->captures[i].file, r->captures[i].packets, r->captures[i].fault);
	return whole;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct progress progress = { 0 };
	struct import_options how = { .progress = show_progress, .progress_context = &progress };
	struct import_report report = { 0 };
	struct trace *t = NULL;
	struct err e = ERR_INIT;
	const char *path;
	int status = arguments_parse(&args, &command_import, argc, argv, 1, SIZE_MAX);

	if (status >= 0)
		return status;
	path = arguments_value(&args, "output");
	if (!path) {
		status = command_misused(&command_import, "-o TRACE is missing: the flow trace to write");
		goto out;
	}
	if (inside_parse(&args, &how.inside, &e)) {
		progress_begin(&progress, "packets", arguments_has(&args, "quiet"));
		t = import_captures(args.words, args.word_count, &how, &report, &e);
		progress_end(&progress);
	}
	if (!t || !whole_or_wanted(&report, arguments_has(&args, "partial"), &e) || !trace_save(t, path, &e)) {
		status = command_failed(&e);
		goto out;
	}
	status = EXIT_DONE;
	if (arguments_has(&args, "json"))
		print_json(&report, t, path);
	else if (!arguments_has(&args, "quiet"))
		print_text(&report, t, path);
	warn_partial(&report);
out:
	trace_destroy(t);
	import_report_clear(&report);
	free(how.inside.items);
	arguments_clear(&args);
	return status;
}

const struct command command_import = {
	.name = "import",
	.usage = "import CAPTURE... -o TRACE [--inside CIDR]... [--partial] [--json] [--quiet]",
	.summary = "turns captures into a flow trace, and says what was read, used and left out, by reason",
	.options = options,
	.run = run,
};
