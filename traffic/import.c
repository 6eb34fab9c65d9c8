#include "traffic/import.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "traffic/assemble.h"
#include "traffic/flows.h"
#include "traffic/frames.h"
#include "traffic/timeline.h"
#include "traffic/wire.h"

const struct import_reason import_reasons[] = {
	[REASON_LINK_TYPE]  = { "link-type", "frame of a link type that is not understood" },
	[REASON_TRUNCATED]  = { "truncated", "cut off before the ports, by the capture or on the wire" },
	[REASON_MALFORMED]  = { "malformed", "a header that contradicts itself" },
	[REASON_TOO_DEEP]   = { "too-deep", "more than 8 VLAN tags or IPv6 extension headers" },
	[REASON_NOT_IP]     = { "not-ip", "neither IPv4 nor IPv6, as far as headers are known: ARP, spanning tree, PPP control, ..." },
	[REASON_ENCRYPTED]  = { "encrypted", "data of 802.11 that are encrypted: what is in them cannot be known" },
	[REASON_AGGREGATE]  = { "aggregate", "several packets in one frame of 802.11 (A-MSDU), which is not taken apart" },
	[REASON_IPV6]       = { "ipv6", "IPv6, which no NAT44 sees: its flows are kept beside the others" },
	[REASON_PROTOCOL]   = { "protocol", "IPv4 but neither TCP, UDP nor ICMP: ESP, SCTP, OSPF, ..." },
	[REASON_ICMP_ERROR] = { "icmp-error", "an ICMP error: part of the flow it speaks of, not one of its own" },
	[REASON_ICMP_OTHER] = { "icmp-other", "ICMP, but neither an echo nor an error" },
	[REASON_6IN4]       = { "6in4", "IPv6 in IPv4 (protocol 41): a tunnel, not gone into" },
	[REASON_TEREDO]     = { "teredo", "IPv6 in UDP (RFC 4380): a tunnel, not gone into" },
	[REASON_FRAGMENT]   = { "fragment", "a later fragment of a datagram whose first one was not seen before" },
	[REASON_CARRIED]    = { "carried", "a later fragment of a tunnel's packet, for which the first one stands" },
	[REASON_LOCAL]      = { "local", "both ends inside: it never meets the NAT" },
	[REASON_UNROUTED]   = { "unrouted", "to multicast or broadcast, or between link-local or loopback addresses: no router carries it to the NAT" },
	[REASON_UNANSWERED] = { "unanswered", "of a flow of which only one side spoke, if those are not wanted" },
	[REASON_HOME]       = { "crowded", "of a home's 257th host" },
	[REASON_TIME]       = { "time-stamp", "a time stamp that would make the capture longer than a hundred years" },
};
const size_t import_reason_count = sizeof(import_reasons) / sizeof(import_reasons[0]);

_Static_assert(sizeof(import_reasons) / sizeof(import_reasons[0]) == REASON_COUNT, "a sentence for every reason");

const char *const import_tunnels[TUNNEL_COUNT] = {
	[TUNNEL_NONE] = "none", [TUNNEL_GRE] = "gre", [TUNNEL_GTPU] = "gtp-u", [TUNNEL_VXLAN] = "vxlan",
	[TUNNEL_GENEVE] = "geneve", [TUNNEL_L2TP] = "l2tp", [TUNNEL_IPIP] = "ipip", [TUNNEL_SOFTWIRE] = "4in6",
	[TUNNEL_6IN4] = "6in4", [TUNNEL_TEREDO] = "teredo",
};

enum { TUNNELS_DEEP = 4 }; /* a packet within a packet within ... */

#define PACKETS_BETWEEN_PROGRESS 65536u

/* One capture being read, one frame ahead. */
struct source_file {
	struct frames *frames;
	struct import_capture *report;
	bool ahead;                /* `frame` is held, still to be taken */
	bool undated;              /* its time is `before_ns` */
	struct frame frame;
	int link_type;             /* of the frame before; -1: none yet */
	int64_t before_ns;         /* of the packet before, or of the first that has a time; NS_NONE: not known yet */
	int64_t latest_ns;         /* of all packets so far; NS_NONE */
	bool understood;           /* a frame was of a link type that is known */
	struct timeline timeline;  /* if there are several files: when this one was captured */
};

/* The captures together. */
struct reading {
	struct source_file *inputs;
	size_t count;
	const struct import_options *options;
	struct import_report *report;
	struct assembly_rules rules;
	struct assembler *assembler;
	struct flow_table *flows;
	struct timeline timeline;
	struct source_file *current;     /* chosen last, and the earliest packet that any other holds */
	int64_t others_ns;
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
static void advance(struct source_file *in)
{
	enum frames_status status = frames_next(in->frames, &in->frame);

	in->ahead = status == FRAMES_ONE;
	in->undated = in->ahead && in->frame.time_ns == NS_NONE;
	if (in->undated)
		in->frame.time_ns = in->before_ns;
	if (status == FRAMES_FAULT)
		in->report->fault = must_strdup(frames_fault(in->frames));
	if (in->ahead && in->frame.link_type != in->link_type) {
		in->link_type = in->frame.link_type;
		note_link_type(in->report, in->link_type);
	}
}

/* Opens one capture and reads its first frame. */
static bool source_open(struct source_file *in, const char *path, struct import_capture *report, struct err *e)
{
	*in = (struct source_file){ .report = report, .link_type = -1, .latest_ns = NS_NONE };
	report->file = must_strdup(path);
	in->frames = frames_open(path, e);
	if (!in->frames)
		return false;
	in->before_ns = frames_first_ns(in->frames);
	advance(in);
	if (report->fault)
		return fail(e, "%s: no packet can be read: %s", path, report->fault);
	return true;
}

/* A file of which no packet has a time lies where the earliest of the others begins. */
static void place_undated(struct reading *r)
{
	int64_t first_ns = NS_NEVER;

	for (size_t i = 0; i < r->count; i++)
		if (r->inputs[i].before_ns != NS_NONE && r->inputs[i].before_ns < first_ns)
			first_ns = r->inputs[i].before_ns;
	for (size_t i = 0; i < r->count; i++)
		if (r->inputs[i].before_ns == NS_NONE)
			r->inputs[i].before_ns = r->inputs[i].frame.time_ns = first_ns == NS_NEVER ? 0 : first_ns;
}

/* The file whose packet comes next by time, or NULL. It stays the same until its packets are later than the next of all
 * others, so that captures taken one after the other cost one search each. */
static struct source_file *choose(struct reading *r)
{
	struct source_file *best = NULL;

	if (r->current && r->current->ahead && r->current->frame.time_ns <= r->others_ns)
		return r->current;
	r->others_ns = NS_NEVER;
	for (size_t i = 0; i < r->count; i++) {
		struct source_file *in = &r->inputs[i], *beaten = in;

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

/* Seconds of a capture's first and last packet, whatever their order. */
static void note_time(struct reading *r, struct source_file *in)
{
	double s = seconds_from_ns(in->frame.time_ns);

	in->before_ns = in->frame.time_ns;
	if (in->latest_ns == NS_NONE) {
		in->report->first_s = in->report->last_s = s;
		in->latest_ns = in->frame.time_ns;
	} else if (in->frame.time_ns < in->latest_ns) {
		r->report->out_of_order += !in->undated;
		if (s < in->report->first_s)
			in->report->first_s = s;
	} else {
		in->report->last_s = s;
		in->latest_ns = in->frame.time_ns;
	}
}

static uint8_t stations_of(const struct inside_rules *rules, const struct wire_packet *p)
{
	if (!rules->station_count)
		return 0;
	return (uint8_t)(inside_is_station(rules, p->source_station) | inside_is_station(rules, p->destination_station) << 1);
}

/* Adds the packet to its flow, and counts what a rule had to say before it could be. */
static enum reason add_packet(struct reading *r, const struct wire_packet *p, struct flow_via via, enum reason seen,
                              int64_t time_ns)
{
	enum reason added = flows_add(r->flows, p, via, stations_of(&r->rules.inside, p), seen, time_ns);

	if (added == REASON_NONE) {
		r->report->flags_cut += p->flags_cut;
		r->report->later_fragments += p->later_fragment;
		r->report->no_length += p->no_length;
	}
	return added;
}

/* Counts the packet to its flow, unless it carries another: then that one, and so on. */
static enum reason take_packet(struct reading *r, const struct wire_packet *outer, enum reason why, int64_t time_ns)
{
	struct wire_packet level[2];
	struct flow_via via = { .tunnel = TUNNEL_NONE };
	const struct wire_packet *p = outer;
	bool six = false;

	for (int depth = 0;; depth++) {
		struct wire_packet *inner = &level[depth & 1];
		enum wire_tunnel tunnel = TUNNEL_NONE;
		enum reason seen = why == REASON_IPV6 ? p->ipv6 : why, inner_why = REASON_NONE;

		six = why == REASON_IPV6;
		if (seen != REASON_NONE && seen != REASON_PROTOCOL)
			break;
		if (p->payload && depth < TUNNELS_DEEP)
			tunnel = wire_unwrap(p, inner, &inner_why);
		if (tunnel != TUNNEL_NONE)
			r->report->tunnel_packets[tunnel]++;
		if (tunnel == TUNNEL_NONE) {
			enum reason added = add_packet(r, p, via, seen, time_ns);

			return six && added != REASON_CARRIED ? REASON_IPV6 : added;
		}
		flows_add(r->flows, p, via, 0, REASON_CARRIED, time_ns);
		via = flows_via(p, tunnel);
		p = inner;
		why = inner_why;
	}
	return six ? REASON_IPV6 : why;
}

static void take(struct reading *r, struct source_file *in)
{
	struct wire_packet packet;
	enum reason why;

	in->report->packets++;
	in->report->bytes += in->frame.length;
	in->understood = in->understood || wire_knows(in->frame.link_type);
	if (timeline_add(&r->timeline, in->frame.time_ns)) {
		note_time(r, in);
		if (r->count > 1)
			timeline_add(&in->timeline, in->frame.time_ns); /* fits, since it does with the others' */
		r->report->undated += in->undated;
		why = wire_decode(in->frame.bytes, in->frame.captured, in->frame.length, in->frame.link_type, &packet);
		if (why == REASON_NONE && !packet.payload)
			why = add_packet(r, &packet, (struct flow_via){ .tunnel = TUNNEL_NONE }, why, in->frame.time_ns);
		else if (why == REASON_NONE || why == REASON_PROTOCOL || why == REASON_IPV6)
			why = take_packet(r, &packet, why, in->frame.time_ns);
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
	struct source_file *in;

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
			               "PPP, HDLC, Frame Relay, ATM, FDDI, NFLOG and 802.11 are",
			            c->file, c->link_types[0]);
	}
	return good;
}

static struct trace *finish(struct reading *r, struct trace_writer *writer, struct err *e)
{
	struct import_report *report = r->report;
	struct assembly *all = &report->all;
	uint64_t packets = 0;
	struct trace *t;

	flows_finish(r->flows);
	for (size_t i = 0; i < r->count; i++)
		timeline_watch(&r->timeline, &r->inputs[i].timeline);
	timeline_close(&r->timeline);
	t = assembler_finish(r->assembler, &r->timeline, writer, all, e);
	if (!t)
		return NULL;
	report->tcp = all->outside.tcp;
	report->udp = all->outside.udp;
	report->icmp = all->outside.icmp;
	report->other = all->outside.other;
	report->peak_flows = all->peak_flows;
	report->local_flows = all->local;
	report->unrouted_flows = all->unrouted;
	report->left_out[REASON_LOCAL] = all->local_packets;
	report->left_out[REASON_UNROUTED] = all->unrouted_packets;
	report->left_out[REASON_UNANSWERED] = all->unanswered_packets;
	report->left_out[REASON_HOME] = all->crowded_packets;
	report->hosts_inside = t->host_count;
	report->gaps = r->timeline.count ? r->timeline.count - 1 : 0;
	report->seams = timeline_seams(&r->timeline);
	for (size_t i = 0; i < report->capture_count; i++)
		packets += report->captures[i].packets;
	report->used = packets;
	for (size_t i = 0; i < import_reason_count; i++)
		report->used -= report->left_out[i];
	report->timeless = r->timeline.count == 1 && r->timeline.total_ns == 0 &&
	                   (packets > 1 || report->undated || r->timeline.parts[0].first_ns == 0);
	return t;
}

static struct assembly_rules rules_of(const struct import_options *options)
{
	struct assembly_rules rules = {
		.inside = {
			.prefixes = options->inside,
			.prefixes6 = options->inside6,
			.prefix6_count = options->inside6_count,
			.stations = options->stations,
			.station_count = options->station_count,
			.opener_only = options->opener_only,
		},
		.answered = options->answered,
		.anonymiser = options->anonymiser,
	};

	memcpy(rules.split_ns, options->split_ns, sizeof(rules.split_ns));
	return rules;
}

struct trace *import_to(const char *const *paths, size_t count, const struct import_options *options,
                        struct trace_writer *writer, struct import_report *report, struct err *e)
{
	struct reading r = {
		.inputs = must_alloc(count, sizeof(*r.inputs)),
		.count = count,
		.options = options,
		.report = report,
		.rules = rules_of(options),
	};
	struct trace *t = NULL;
	bool good = true;

	*report = (struct import_report){
		.captures = must_alloc(count, sizeof(*report->captures)),
		.capture_count = count,
		.left_out = must_alloc(import_reason_count, sizeof(*report->left_out)),
	};
	r.assembler = assembler_create(&r.rules);
	r.flows = flows_create(assembler_sink(r.assembler));
	for (size_t i = 0; i < count; i++)
		good = source_open(&r.inputs[i], paths[i], &report->captures[i], e) && good;
	if (good) {
		place_undated(&r);
		read_all(&r);
		if (all_understood(&r, e))
			t = finish(&r, writer, e);
	}
	for (size_t i = 0; i < count; i++) {
		frames_close(r.inputs[i].frames);
		timeline_clear(&r.inputs[i].timeline);
	}
	free(r.inputs);
	flows_destroy(r.flows);
	assembler_destroy(r.assembler);
	timeline_clear(&r.timeline);
	return t;
}

struct trace *import_captures(const char *const *paths, size_t count, const struct import_options *options,
                              struct import_report *report, struct err *e)
{
	return import_to(paths, count, options, NULL, report, e);
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
