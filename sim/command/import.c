#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "sim/base/addr.h"
#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/command/command.h"
#include "sim/command/import_report.h"
#include "sim/command/progress.h"
#include "traffic/anonymise.h"
#include "traffic/import.h"
#include "traffic/trace_file.h"

static const struct command_option options[] = {
	{ .name = "output", .letter = 'o', .value = "TRACE", .help = "the flow trace to write" },
	{ .name = "inside", .value = "CIDR", .many = true,
	  .help = "IPv4 or IPv6 addresses that are inside (else --inside-mac, else RFC 1918 and 100.64.0.0/10, else the side "
	          "that opened the flow)" },
	{ .name = "inside-mac", .value = "MAC", .many = true,
	  .help = "a station that is inside: what it sends comes from inside, what it gets goes there" },
	{ .name = "inside-opener", .help = "private addresses say nothing about inside: the side that opened the flow is" },
	{ .name = "split", .value = "[PROTO=]TIME", .many = true,
	  .help = "a 5-tuple silent for so long begins a new flow (300s, or udp=300s and tcp=2h4m, or both: one protocol's goes first); else it is one flow" },
	{ .name = "answered", .help = "leave out flows of which only one side spoke" },
	{ .name = "anonymize", .value = "KEYFILE",
	  .help = "replace addresses, keeping prefixes (Crypto-PAn); the key: 32 bytes or 64 hexadecimal digits, readable by its "
	          "owner alone" },
	{ .name = "partial", .help = "take what comes before the fault of a capture that breaks off" },
	{ .name = "json", .help = "the report as JSON" },
	{ .name = "quiet", .letter = 'q', .help = "no progress and no report" },
	{ 0 },
};

static bool inside_parse(const struct arguments *args, struct import_options *out, struct err *e)
{
	size_t count;
	const char **texts = arguments_values(args, "inside", &count);
	bool good = true;

	out->inside.items = must_alloc(count, sizeof(*out->inside.items));
	out->inside6 = must_alloc(count, sizeof(*out->inside6));
	for (size_t i = 0; i < count; i++) {
		if (range_parse(texts[i], &out->inside.items[out->inside.count]))
			out->inside.count++;
		else if (prefix6_parse(texts[i], &out->inside6[out->inside6_count]))
			out->inside6_count++;
		else
			good = fail(e, "--inside: \"%s\" is not a prefix (192.0.2.0/24 or 2001:db8::/32, host bits 0), an address or A-B",
			            texts[i]);
	}
	free(texts);
	return good;
}

static bool stations_parse(const struct arguments *args, struct import_options *out, struct err *e)
{
	size_t count;
	const char **texts = arguments_values(args, "inside-mac", &count);
	bool good = true;

	out->stations = must_alloc(count, sizeof(*out->stations));
	for (size_t i = 0; i < count; i++) {
		if (station_parse(texts[i], out->stations[out->station_count]))
			out->station_count++;
		else
			good = fail(e, "--inside-mac: \"%s\" is not a MAC address (02:00:5e:10:00:01)", texts[i]);
	}
	free(texts);
	return good;
}

/* "udp=300s" is of one protocol, else only < 0. */
static bool split_parse_one(const char *text, int *only, int64_t *time_ns, struct err *e)
{
	const char *equals = strchr(text, '=');

	*only = -1;
	for (int p = 0; equals && p < PROTO_COUNT; p++)
		if (strlen(protocol_name[p]) == (size_t)(equals - text) && !strncmp(text, protocol_name[p], (size_t)(equals - text)))
			*only = p;
	if ((equals && *only < 0) || !duration_parse(equals ? equals + 1 : text, time_ns) || *time_ns < SEGMENT_GAP)
		return fail(e, "--split: \"%s\" is not a time of 5s at least (300s), nor tcp=, udp= or icmp= and one", text);
	return true;
}

/* What is of one protocol goes before what is of all, in whatever order they are given. */
static bool split_parse(const struct arguments *args, struct import_options *out, struct err *e)
{
	size_t count;
	const char **texts = arguments_values(args, "split", &count);
	int64_t time_ns, all_ns = 0;
	bool good = true;
	int only;

	for (size_t i = 0; i < count; i++) {
		if (!split_parse_one(texts[i], &only, &time_ns, e))
			good = false;
		else if (only < 0)
			all_ns = time_ns;
		else
			out->split_ns[only] = time_ns;
	}
	for (int p = 0; p < PROTO_COUNT; p++)
		if (!out->split_ns[p])
			out->split_ns[p] = all_ns;
	free(texts);
	return good;
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

/* Standard input can be read once. */
static bool words_good(const struct arguments *args, struct err *e)
{
	size_t standard = 0;

	for (size_t i = 0; i < args->word_count; i++)
		standard += !strcmp(args->words[i], "-");
	return standard <= 1 || fail(e, "\"-\" is given %zu times: standard input can be read once", standard);
}

#define OTHER_FILES 32 /* that are open besides captures: the trace, temporary ones, what the shell left open */

/* All captures are open at once. */
static bool files_fit(size_t count, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return true;
	if (files.rlim_cur < count + OTHER_FILES) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	return files.rlim_cur >= count + OTHER_FILES ||
	       fail(e, "%zu captures are more than may be open at once (%llu files): ulimit -n allows more, mergecap makes one of several",
	            count, (unsigned long long)files.rlim_cur);
}

static bool options_read(const struct arguments *args, struct import_options *how, struct anonymiser **anonymiser, struct err *e)
{
	const char *key = arguments_value(args, "anonymize");
	bool good = inside_parse(args, how, e);

	good = stations_parse(args, how, e) && good;
	good = split_parse(args, how, e) && good;
	good = words_good(args, e) && good;
	good = files_fit(args->word_count, e) && good;
	how->opener_only = arguments_has(args, "inside-opener");
	how->answered = arguments_has(args, "answered");
	if (key)
		*anonymiser = anonymiser_open(key, e);
	how->anonymiser = *anonymiser;
	return good && (!key || *anonymiser);
}

/* The trace that lies at `path` now, but for its trains; NULL: nothing does. */
static struct trace *import(const struct arguments *args, struct import_options *how, const char *path,
                            struct import_report *report, struct err *e)
{
	struct trace_writer *w = trace_writer_open(path, e);
	struct trace *t;
	bool good;

	if (!w)
		return NULL;
	t = import_to(args->words, args->word_count, how, w, report, e);
	good = t && whole_or_wanted(report, arguments_has(args, "partial"), e);
	if (good) {
		good = trace_writer_commit(w, t, e);
	} else {
		trace_writer_abandon(w);
	}
	if (!good) {
		trace_destroy(t);
		t = NULL;
	}
	return t;
}

static int run(int argc, char **argv)
{
	struct arguments args;
	struct progress progress = { 0 };
	struct import_options how = { .progress = show_progress, .progress_context = &progress };
	struct import_report report = { 0 };
	struct anonymiser *anonymiser = NULL;
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
	if (options_read(&args, &how, &anonymiser, &e)) {
		progress_begin(&progress, "packets", arguments_has(&args, "quiet"));
		t = import(&args, &how, path, &report, &e);
		progress_end(&progress);
	}
	if (!t) {
		status = command_failed(&e);
		goto out;
	}
	status = EXIT_DONE;
	if (arguments_has(&args, "json"))
		import_print_json(&report, t, path);
	else if (!arguments_has(&args, "quiet"))
		import_print_text(&report, t, path);
	warn_partial(&report);
out:
	trace_destroy(t);
	import_report_clear(&report);
	anonymiser_destroy(anonymiser);
	free(how.inside.items);
	free(how.inside6);
	free(how.stations);
	arguments_clear(&args);
	return status;
}

const struct command command_import = {
	.name = "import",
	.usage = "import CAPTURE... -o TRACE [--inside CIDR]... [--inside-mac MAC]... [--inside-opener]\n"
	         "  [--split [PROTO=]TIME]... [--answered] [--anonymize KEYFILE] [--partial] [--json] [--quiet]",
	.summary = "turns captures (- is standard input) into a flow trace, and says what was read, used and left out, by reason",
	.options = options,
	.run = run,
};
