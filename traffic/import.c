#include "traffic/import.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/assemble.h"
#include "traffic/flows.h"
#include "traffic/frames.h"
#include "traffic/wire.h"

const struct import_reason import_reasons[] = {
	[REASON_LINK_TYPE]  = { "link-type", "frame of a link type that is not understood" },
	[REASON_TRUNCATED]  = { "truncated", "cut off before the ports, by the capture or on the wire" },
	[REASON_MALFORMED]  = { "malformed", "a header that contradicts itself" },
	[REASON_TOO_DEEP]   = { "too-deep", "more than 8 VLAN tags" },
	[REASON_NOT_IP]     = { "not-ip", "neither IPv4 nor IPv6: ARP, spanning tree, PPP control, ..." },
	[REASON_IPV6]       = { "ipv6", "IPv6" },
	[REASON_PROTOCOL]   = { "protocol", "IPv4 but neither TCP, UDP nor ICMP: ESP, GRE, SCTP, ..." },
	[REASON_ICMP_ERROR] = { "icmp-error", "an ICMP error: part of the flow it speaks of, not one of its own" },
	[REASON_ICMP_OTHER] = { "icmp-other", "ICMP, but neither an echo nor an error" },
	[REASON_FRAGMENT]   = { "fragment", "a later fragment of a datagram whose first one was not seen before" },
	[REASON_LOCAL]      = { "local", "both ends inside: it never meets the NAT" },
	[REASON_UNROUTED]   = { "unrouted", "to multicast or broadcast, or between link-local or loopback addresses: no router carries it to the NAT" },
	[REASON_TIME]       = { "time-stamp", "a time stamp that is no time, or a hundred years from the others" },
};
const size_t import_reason_count = sizeof(import_reasons) / sizeof(import_reasons[0]);

_Static_assert(sizeof(import_reasons) / sizeof(import_reasons[0]) == REASON_COUNT, "a sentence for every reason");

#define PACKETS_BETWEEN_PROGRESS 65536u

/* One capture being read, one frame ahead. */
struct input {
	struct frames *frames;
	struct import_capture *report;
	bool ahead;                /* `frame` is held, still to be taken */
	struct frame frame;
	int link_type;             /* of the frame before; -1: none yet */
	int64_t latest_ns;         /* of all packets so far; NS_NONE */
	bool understood;           /* a frame was of a link type that is known */
};

/* The captures together. */
struct reading {
	struct input *inputs;
	size_t count;
	const struct import_options *options;
	struct import_report *report;
	struct flow_table *flows;
	struct input *current;     /* chosen last, and the earliest packet that any other holds */
	int64_t others_ns;
	int64_t first_ns, last_ns; /* of all packets so far; NS_NONE */
	uint64_t packets;
};

/* Adds the name to the report's list, if it is new and there is room. */
static void note_link_type(struct import_capture *c, int link_type)
{
	char *name = frames_link_name(link_type);
	size_t most = sizeof(c->link_types) / sizeof(c->link_types[0]), i = 0;

	while (i < c->link_type_count && strcmp(c->link_types[i], name) != 0)
		i++;
	if (i == c->link_type_count && i < most)
		c->link_types[c->link_type_count++] = name;
	else
		free(name);
}

/* Holds the next frame, or none if there is no more; a fault goes into the report. */
static void advance(struct input *in)
{
	enum frames_status status = frames_next(in->frames, &in->frame);

	in->ahead = status == FRAMES_ONE;
	if (status == FRAMES_FAULT)
		in->report->fault = must_strdup(frames_fault(in->frames));
	if (in->ahead && in->frame.link_type != in->link_type) {
		in->link_type = in->frame.link_type;
		note_link_type(in->report, in->link_type);
	}
}

/* Opens one capture and reads its first frame. */
static bool input_open(struct input *in, const char *path, struct import_capture *report, struct err *e)
{
	*in = (struct input){ .report = report, .link_type = -1, .latest_ns = NS_NONE };
	report->file = must_strdup(path);
	in->frames = frames_open(path, e);
	if (!in->frames)
		return false;
	advance(in);
	if (report->fault)
		return fail(e, "%s: no packet can be read: %s", path, report->fault);
	return true;
}

/* The input whose packet comes next by time (one without a time goes first), or
 * NULL. It stays the same until its packets are later than the next of all
 * others, so that captures taken one after the other cost one search each. */
static struct input *choose(struct reading *r)
{
	struct input *best = NULL;

	if (r->current && r->current->ahead && r->current->frame.time_ns <= r->others_ns)
		return r->current;
	r->others_ns = NS_NEVER;
	for (size_t i = 0; i < r->count; i++) {
		struct input *in = &r->inputs[i], *beaten = in;

		if (!in->ahead)
			continue;
		if (!best || in->frame.time_ns < best->frame.time_ns) {
			beaten = best;
			best = in;
		}
		if (beaten && beaten->frame.time_ns < r->others_ns)
			r->others_ns = beaten->frame.time_ns;
	}
	r->current = best;
	return best;
}

/* Takes the time into the whole, unless the whole would grow too long for sums of times. */
static bool time_fits(struct reading *r, int64_t time_ns)
{
	int64_t first = r->first_ns == NS_NONE || time_ns < r->first_ns ? time_ns : r->first_ns;
	int64_t last = r->last_ns == NS_NONE || time_ns > r->last_ns ? time_ns : r->last_ns;

	if (time_ns == NS_NONE || last - first > NS_LONGEST)
		return false;
	r->first_ns = first;
	r->last_ns = last;
	return true;
}

/* Seconds of a capture's first and last packet, whatever their order. */
static void note_time(struct reading *r, struct input *in)
{
	double s = seconds_from_ns(in->frame.time_ns);

	if (in->latest_ns == NS_NONE) {
		in->report->first_s = in->report->last_s = s;
		in->latest_ns = in->frame.time_ns;
	} else if (in->frame.time_ns < in->latest_ns) {
		r->report->out_of_order++;
		if (s < in->report->first_s)
			in->report->first_s = s;
	} else {
		in->report->last_s = s;
		in->latest_ns = in->frame.time_ns;
	}
}

static void take(struct reading *r, struct input *in)
{
	struct wire_packet packet;
	enum reason why;

	in->report->packets++;
	in->report->bytes += in->frame.length;
	in->understood = in->understood || wire_knows(in->frame.link_type);
	if (time_fits(r, in->frame.time_ns)) {
		note_time(r, in);
		why = wire_decode(in->frame.bytes, in->frame.captured, in->frame.length, in->frame.link_type, &packet);
		if (why == REASON_NONE || why == REASON_PROTOCOL)
			why = flows_add(r->flows, &packet, why, in->frame.time_ns);
	} else {
		why = REASON_TIME;
	}
	if (why != REASON_NONE)
		r->report->left_out[why]++;
}

static void show_progress(const struct reading *r)
{
	uint64_t done = 0, total = 0;

	for (size_t i = 0; i < r->count; i++) {
		done += frames_read(r->inputs[i].frames);
		total += frames_size(r->inputs[i].frames);
	}
	r->options->progress(r->options->progress_context, total ? (double)done / (double)total : 0, r->packets);
}

static void read_all(struct reading *r)
{
	struct input *in;

	while ((in = choose(r))) {
		take(r, in);
		advance(in);
		if (r->options->progress && ++r->packets % PACKETS_BETWEEN_PROGRESS == 0)
			show_progress(r);
	}
}

/* A capture of which not one frame was of a link type that is known has been read
 * for nothing, and says more about the capture than about its traffic. */
static bool all_understood(const struct reading *r, struct err *e)
{
	bool good = true;

	for (size_t i = 0; i < r->count; i++) {
		const struct import_capture *c = r->inputs[i].report;

		if (c->packets && !r->inputs[i].understood)
			good = fail(e, "%s: frames of link type %s are not understood; Ethernet, Linux cooked, raw IP, BSD loopback, "
			               "PPP, HDLC, ATM, NFLOG and 802.11 are",
			            c->file, c->link_types[0]);
	}
	return good;
}

static struct trace *finish(struct reading *r)
{
	struct assembly all;
	int64_t first_ns = r->first_ns == NS_NONE ? 0 : r->first_ns;
	int64_t last_ns = r->last_ns == NS_NONE ? 0 : r->last_ns;
	struct trace *t = assemble(r->flows, &r->options->inside, first_ns, last_ns - first_ns, &all);

	r->report->tcp = all.tcp;
	r->report->udp = all.udp;
	r->report->icmp = all.icmp;
	r->report->other = all.other;
	r->report->peak_flows = all.peak_flows;
	r->report->local_flows = all.local_flows;
	r->report->unrouted_flows = all.unrouted_flows;
	r->report->left_out[REASON_LOCAL] = all.local_packets;
	r->report->left_out[REASON_UNROUTED] = all.unrouted_packets;
	r->report->hosts_inside = t->host_count;
	return t;
}

struct trace *import_captures(const char *const *paths, size_t count, const struct import_options *options,
                              struct import_report *report, struct err *e)
{
	struct reading r = {
		.inputs = must_alloc(count, sizeof(*r.inputs)),
		.count = count,
		.options = options,
		.report = report,
		.flows = flows_create(),
		.first_ns = NS_NONE,
		.last_ns = NS_NONE,
	};
	struct trace *t = NULL;
	bool good = true;

	*report = (struct import_report){
		.captures = must_alloc(count, sizeof(*report->captures)),
		.capture_count = count,
		.left_out = must_alloc(import_reason_count, sizeof(*report->left_out)),
	};
	for (size_t i = 0; i < count; i++)
		good = input_open(&r.inputs[i], paths[i], &report->captures[i], e) && good;
	if (good) {
		read_all(&r);
		if (all_understood(&r, e))
			t = finish(&r);
	}
	for (size_t i = 0; i < count; i++)
		frames_close(r.inputs[i].frames);
	free(r.inputs);
	flows_destroy(r.flows);
	return t;
}

void import_report_clear(struct import_report *r)
{
	for (size_t i = 0; i < r->capture_count; i++) {
		struct import_capture *c = &r->captures[i];

		free(c->file);
		free(c->fault);
		for (size_t k = 0; k < c->link_type_count; k++)
			free(c->link_types[k]);
	}
	free(r->captures);
	free(r->left_out);
	*r = (struct import_report){ 0 };
}
