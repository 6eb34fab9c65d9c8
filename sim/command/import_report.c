#include "sim/command/import_report.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

static void add(cJSON *o, const char *name, uint64_t value)
{
	cJSON_AddNumberToObject(o, name, (double)value);
}

static cJSON *json_capture(const struct import_capture *c)
{
	cJSON *o = cJSON_CreateObject(), *types;

	cJSON_AddStringToObject(o, "file", c->file);
	types = cJSON_AddArrayToObject(o, "link_types");
	for (size_t i = 0; i < c->link_type_count; i++)
		cJSON_AddItemToArray(types, cJSON_CreateString(c->link_types[i]));
	add(o, "packets", c->packets);
	add(o, "bytes", c->bytes);
	cJSON_AddNumberToObject(o, "first_s", c->first_s);
	cJSON_AddNumberToObject(o, "last_s", c->last_s);
	if (c->fault)
		cJSON_AddStringToObject(o, "fault", c->fault);
	return o;
}

static void json_tuples(cJSON *parent, const char *name, const struct tuple_count *c)
{
	cJSON *o = cJSON_AddObjectToObject(parent, name);

	add(o, "tcp", c->tcp);
	add(o, "udp", c->udp);
	add(o, "icmp", c->icmp);
	add(o, "other", c->other);
}

/* What became of IPv6 flows, beside their number. */
static void json_ipv6(cJSON *root, const struct assembly *a)
{
	cJSON *o = cJSON_AddObjectToObject(root, "ipv6");

	add(o, "local_flows", a->local6);
	add(o, "unrouted_flows", a->unrouted6);
	add(o, "unanswered_flows", a->unanswered6);
	add(o, "carrier_flows", a->carriers6);
	add(o, "split_flows", a->splits6);
}

/* Of the others nobody counts what is in them. */
static bool gone_into(int tunnel)
{
	return tunnel != TUNNEL_6IN4 && tunnel != TUNNEL_TEREDO;
}

static void json_tunnels(cJSON *root, const struct import_report *r)
{
	cJSON *tunnels = cJSON_AddObjectToObject(root, "tunnels"), *o;

	for (int k = TUNNEL_NONE + 1; k < TUNNEL_COUNT; k++) {
		if (!r->tunnel_packets[k])
			continue;
		o = cJSON_AddObjectToObject(tunnels, import_tunnels[k]);
		add(o, "packets", r->tunnel_packets[k]);
		if (!gone_into(k))
			continue;
		json_tuples(o, "flows", &r->all.inside[k]);
		json_tuples(o, "flows_ipv6", &r->all.inside6[k]);
	}
}

static void json_times(cJSON *root, const struct import_report *r)
{
	cJSON *o = cJSON_AddObjectToObject(root, "times");

	add(o, "out_of_order", r->out_of_order);
	add(o, "undated", r->undated);
	add(o, "gaps", r->gaps);
	add(o, "seams", r->seams);
	cJSON_AddBoolToObject(o, "timeless", r->timeless);
}

static void json_used(cJSON *root, const struct import_report *r)
{
	cJSON *o = cJSON_AddObjectToObject(root, "used");

	add(o, "packets", r->used);
	add(o, "flags_cut", r->flags_cut);
	add(o, "later_fragments", r->later_fragments);
	add(o, "no_length", r->no_length);
}

static void json_shape(cJSON *root, const struct import_report *r)
{
	const struct assembly *a = &r->all;
	cJSON *o = cJSON_AddObjectToObject(root, "shape");

	add(o, "one_way_flows", a->one_way);
	add(o, "single_packet_hosts", a->single_hosts);
	add(o, "scanning_hosts", a->scanning_hosts);
	add(o, "busiest_host_flows", a->busiest_host_flows);
	add(o, "majority_remote_flows", a->busiest_remote_flows);
	o = cJSON_AddObjectToObject(root, "sockets");
	add(o, "inside", a->sockets);
	add(o, "shared", a->shared_sockets);
	add(o, "most_remotes", a->most_remotes);
}

void import_print_json(const struct import_report *r, const struct trace *t, const char *path)
{
	const struct assembly *a = &r->all;
	struct tuple_count all = { r->tcp, r->udp, r->icmp, r->other };
	cJSON *root = cJSON_CreateObject();
	cJSON *captures = cJSON_AddArrayToObject(root, "captures"), *o;
	char *text;

	for (size_t i = 0; i < r->capture_count; i++)
		cJSON_AddItemToArray(captures, json_capture(&r->captures[i]));
	json_tuples(root, "flows", &all);
	json_tuples(root, "flows_ipv6", &a->outside6);
	json_tunnels(root, r);
	add(root, "hosts_inside", r->hosts_inside);
	add(root, "peak_flows", r->peak_flows);
	add(root, "local_flows", r->local_flows);
	add(root, "unrouted_flows", r->unrouted_flows);
	add(root, "unanswered_flows", a->unanswered);
	add(root, "carrier_flows", a->carriers);
	add(root, "crowded_flows", a->crowded);
	add(root, "split_flows", a->splits);
	json_ipv6(root, a);
	o = cJSON_AddObjectToObject(root, "inside_by");
	for (int i = 0; i < INSIDE_COUNT; i++)
		add(o, inside_rule_name[i], a->decided[i]);
	add(root, "out_of_order", r->out_of_order);
	json_times(root, r);
	json_used(root, r);
	json_shape(root, r);
	o = cJSON_AddObjectToObject(root, "left_out");
	for (size_t i = 0; i < import_reason_count; i++)
		add(o, import_reasons[i].name, r->left_out[i]);
	o = cJSON_AddObjectToObject(root, "trace");
	cJSON_AddStringToObject(o, "file", path);
	add(o, "flows", t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP]);
	add(o, "flows_ipv6", t->flow6_count);
	add(o, "trains", t->record_count);
	cJSON_AddBoolToObject(o, "anonymised", t->anonymised);
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

static void row_if(const char *name, uint64_t count, const char *rest)
{
	if (count)
		row(name, count, rest);
}

static uint64_t sum(const struct tuple_count *c)
{
	return c->tcp + c->udp + c->icmp + c->other;
}

static void text_capture(const struct import_capture *c)
{
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

static void ipv6_if(uint64_t count, const char *what)
{
	if (count)
		printf(", %" PRIu64 " %s", count, what);
}

static void text_ipv6(const struct assembly *a)
{
	uint64_t inside = 0;

	for (int k = TUNNEL_NONE + 1; k < TUNNEL_COUNT; k++)
		inside += sum(&a->inside6[k]);
	if (!sum(&a->outside6) && !inside)
		return;
	printf("  ipv6         %12" PRIu64 "  %" PRIu64 " tcp, %" PRIu64 " udp, %" PRIu64 " icmp, %" PRIu64 " other; %" PRIu64
	       " local, %" PRIu64 " unrouted",
	       sum(&a->outside6), a->outside6.tcp, a->outside6.udp, a->outside6.icmp, a->outside6.other, a->local6, a->unrouted6);
	ipv6_if(a->unanswered6, "unanswered");
	ipv6_if(a->carriers6, "carriers");
	ipv6_if(a->splits6, "more by --split");
	putchar('\n');
}

static void text_flows(const struct import_report *r)
{
	const struct assembly *a = &r->all;

	printf("flows\n");
	row("tcp", r->tcp, "");
	row("udp", r->udp, "");
	row("icmp", r->icmp, "echo, by identifier");
	row("other", r->other, "not in the trace: pairs of addresses that speak another protocol");
	row_if("carriers", a->carriers, "not in the trace: they carry a tunnel, or what is not gone into");
	row("local", r->local_flows, "not in the trace: both ends inside");
	row("unrouted", r->unrouted_flows, "not in the trace: multicast, broadcast, between link-local or loopback addresses");
	row_if("unanswered", a->unanswered, "not in the trace: only one side spoke");
	row_if("crowded", a->crowded, "not in the trace: of a home's 257th host");
	row_if("split", a->splits, "more in the trace: a 5-tuple silent for as long as --split says is another flow");
	row("peak", r->peak_flows, "TCP and UDP alive at once");
	for (int k = TUNNEL_NONE + 1; k < TUNNEL_COUNT; k++)
		if (r->tunnel_packets[k] && !gone_into(k))
			printf("  in %-9s %12" PRIu64 "  packets, not gone into\n", import_tunnels[k], r->tunnel_packets[k]);
		else if (r->tunnel_packets[k])
			printf("  in %-9s %12" PRIu64 "  flows of IPv4, %" PRIu64 " of IPv6, in %" PRIu64 " packets\n", import_tunnels[k],
			       sum(&a->inside[k]), sum(&a->inside6[k]), r->tunnel_packets[k]);
	text_ipv6(a);
}

static void text_inside(const struct import_report *r)
{
	uint64_t all = 0;

	for (int i = 0; i < INSIDE_COUNT; i++)
		all += r->all.decided[i];
	if (all)
		printf("inside decided by\n");
	for (int i = 0; i < INSIDE_COUNT; i++)
		if (r->all.decided[i])
			printf("  %-12s %12" PRIu64 "  %5.1f%%  %s\n", inside_rule_name[i], r->all.decided[i],
			       100 * (double)r->all.decided[i] / (double)all, inside_rule_help[i]);
}

static void text_left_out(const struct import_report *r)
{
	uint64_t left_out = 0;

	for (size_t i = 0; i < import_reason_count; i++)
		left_out += r->left_out[i];
	printf("packets used: %" PRIu64 "\npackets left out: %" PRIu64 "\n", r->used, left_out);
	for (size_t i = 0; i < import_reason_count; i++)
		row_if(import_reasons[i].name, r->left_out[i], import_reasons[i].sentence);
}

static void text_used(const struct import_report *r)
{
	if (r->flags_cut)
		printf("TCP packets cut off before their flags, used without: %" PRIu64 "\n", r->flags_cut);
	if (r->later_fragments)
		printf("later fragments, counted to the flow of the first one: %" PRIu64 "\n", r->later_fragments);
	if (r->no_length)
		printf("packets whose total length is 0 (offload), counted by the frame's: %" PRIu64 "\n", r->no_length);
}

static void text_times(const struct import_report *r)
{
	if (r->out_of_order)
		printf("packets out of order, used all the same: %" PRIu64 "\n", r->out_of_order);
	if (r->undated)
		printf("packets without a time, given that of the one before, or of the first that has one: %" PRIu64 "\n", r->undated);
	if (r->gaps)
		printf("gaps of a day or more, shortened to a day: %" PRIu64 "\n", r->gaps);
	if (r->seams)
		printf("times of 5 s or more between the captures, which none of them covers: %" PRIu64 "; flows are cut there as at "
		       "the end\n", r->seams);
	if (r->timeless)
		printf("all packets have one time: the trace knows who spoke with whom, and nothing of when\n");
}

/* What a capture looks like that is perhaps not what was meant; said, and left to the user. */
static void text_shape(const struct import_report *r, const struct trace *t)
{
	const struct assembly *a = &r->all;
	uint64_t flows = t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP];

	bool one_way = flows && a->one_way == flows;

	if (one_way)
		printf("one way only: no flow in the trace has packets both ways\n");
	else if (a->one_way)
		printf("flows of which only one side spoke: %" PRIu64 "\n", a->one_way);
	if (a->single_hosts && !one_way)
		printf("hosts that sent or got one packet, unanswered, and no other: %" PRIu64 "; a scan or a flood if they are many, "
		       "and no subscribers (--answered leaves such flows out)\n", a->single_hosts);
	if (a->scanning_hosts)
		printf("hosts with 100 flows and more, 9 of 10 unanswered and of 3 packets at most: %" PRIu64 "; they scan, or are "
		       "flooded\n", a->scanning_hosts);
	if (a->busiest_remote_flows && t->host_count >= 10)
		printf("one remote address has %.1f%% of the flows: the capture of a server, and its clients are the hosts (--inside "
		       "turns that round)\n", 100 * (double)a->busiest_remote_flows / (double)flows);
}

void import_print_text(const struct import_report *r, const struct trace *t, const char *path)
{
	const struct assembly *a = &r->all;

	for (size_t i = 0; i < r->capture_count; i++)
		text_capture(&r->captures[i]);
	text_flows(r);
	text_inside(r);
	text_left_out(r);
	text_used(r);
	text_times(r);
	text_shape(r, t);
	printf("%s%s\n", path, t->anonymised ? ": addresses anonymised" : "");
	row("hosts", t->host_count, "inside");
	row("flows", t->flows[PROTO_TCP] + t->flows[PROTO_UDP] + t->flows[PROTO_ICMP], "");
	row_if("ipv6 flows", t->flow6_count, "beside");
	row("trains", t->record_count, "");
	row("sockets", a->sockets, "inside");
	if (a->shared_sockets)
		printf("  %-12s %12" PRIu64 "  of them with several remote ones, %" PRIu64 " at most\n", "shared", a->shared_sockets,
		       a->most_remotes);
	if (!t->host_count && r->tcp + r->udp + r->icmp)
		printf("no flow has just one end inside: name the inside addresses with --inside, or, if they were all mapped into "
		       "private space, let the opener decide with --inside-opener\n");
}
