/* Imports of real captures, held against what tshark counts in them.
 *
 * The captures are other people's and do not lie in this repository: they are
 * looked for in $CGNSIM_CAPTURES, else in ../shared/captures; one that is not
 * there is skipped by name. Packets, TCP and UDP 5-tuples, ICMP queries and the
 * peak come from tshark 4.0.17 (outermost IPv4 header, ip.defragment off); so do
 * the packets left out, by the first of ip and ipv6 in frame.protocols, or by the
 * one behind it where a tunnel is gone into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/import.h"
#include "traffic/wire.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

#define ANY UINT64_MAX /* not counted there */

struct expected {
	const char *file;
	uint64_t packets, tcp, udp, icmp, other, peak;
	uint64_t truncated, not_ip, ipv6, protocol, icmp_error;
};

/* Two frames are so short that tshark sees no IP in them, where their Ethernet
 * type does: frame 1 of P05 and one of P03 are truncated here, and not-ip there. */
static const struct expected expected[] = {
	/* file, packets, tcp, udp, icmp, other, peak,  truncated, not-ip, ipv6, protocol, icmp-error */
	{ "P01-isp-dsl-2010-vlan.pcap", 10000, 1437, 555, 8, 7, 910,  0, 0, 0, 54, 22 },
	{ "P02-univ-uplink-2000-atm.pcap", 31249, 2090, 456, 17, 0, 316,  0, 0, 0, 0, 61 },
	{ "P03-wlan-worm-2003.pcap", 15721, 822, 10, 0, 0, 149,  5847, 1277, 0, 0, 0 },
	{ "P04-dns-server-2016.pcapng", 21804, 83, 7961, 8, 0, 210,  0, 0, 2533, 0, 41 },
	{ "P05-p2p-gnutella.pcap", 3905, 137, 605, 0, 1, 173,  1, 22, 68, 12, 8 },
	{ "P06-quic-many-clients-vlan.pcap", 684, 0, 128, 0, 0, 10,  0, 0, 448, 0, 0 },
	{ "P07-home-tls-v4v6.pcap", 7451, 199, 0, 0, 0, 46,  0, 0, 4440, 0, 0 },
	{ "P09-gaming-nintendo.pcap", 1000, 4, 15, 0, 0, 4,  0, 4, 0, 0, 30 },
	{ "P11-mobile-kakaotalk-sll.pcap", 3203, 15, 5, 0, 0, 10,  0, 0, 0, 0, 0 },
	{ "P13-gtpu-fragmented.pcap", 726, 0, 2, 0, 0, 2,  0, 0, 0, 0, 0 },
	{ "P14-sll2.pcap", 159, 1, 0, 0, 0, 1,  0, 0, 0, 0, 0 },
	{ "P15-lan-1kxun.pcapng", 1439, 30, 74, 0, 0, 36,  0, 0, 64, 0, 0 },
	{ "P16-enterprise-mix-stitched.pcap", 7133, 484, 170, 0, 7, 102,  0, 87, 152, 39, 27 },
	{ "P17-pppoe-double-vlan.pcap", 432, 3, 0, 1, 0, 1,  0, 4, 392, 0, 0 },
	{ "P18-synflood-37k-sources.pcap", 37841, 37669, 0, 0, 0, 51,  0, 0, 0, 0, 0 },
	{ "P19-nat-inside.pcap", 134, 6, 8, 0, 0, 4,  0, 2, 0, 0, 1 },
	{ "P20-nat-outside.pcap", 210, 6, 12, 0, 0, 4,  0, 70, 2, 0, 1 },
	{ "linktypes/L17-wifi-80211-web.pcap", 2364, 11, 9, 0, 2, 7,  0, 1902, 0, 9, 0 },
	{ "linktypes/L01-4in6-softwire.pcap", 4, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0 },
	{ "linktypes/L02-6in4.pcap", 127, 0, 0, 0, 1, 0,  0, 0, 0, 0, 0 },
	{ "linktypes/L03-teredo.pcap", 78, 4, 7, 0, 0, 8,  0, 0, 0, 0, 0 },
	{ "linktypes/L04-gre.pcap", 40, 0, 0, 0, 1, 0,  0, 0, 0, 0, 2 },
	{ "linktypes/L05-mpls-ip.pcap", 10507, 1, 0, 1, 0, 1,  0, 4, 0, 0, 0 },
	{ "linktypes/L06-wifi-radiotap-http.pcap", 26, 1, 0, 0, 0, 1,  0, 0, 0, 0, 0 },
	{ "linktypes/L16-wifi-80211-dns.pcap", 3, 0, 1, 0, 0, 1,  0, 0, 1, 0, 0 },
	{ "linktypes/L07-nflog.pcap", 13, 1, 0, 0, 0, 1,  0, 0, 0, 0, 0 },
	{ "linktypes/L08-nanosecond.pcap", 100, 39, 4, 0, 1, 8,  0, 0, 0, 1, 0 },
	{ "linktypes/L09-multi-linktype.pcapng", 64, 2, 13, 0, 0, 3,  0, 0, 0, 0, 0 },
	{ "linktypes/L10-raw-ip.pcap", 946, 12, 8, 0, 0, 5,  0, 0, 0, 0, 0 },
	{ "linktypes/L11-null-loopback.pcap", 172, 2, 1, 0, 0, 2,  0, 0, 67, 0, 0 },
	{ "linktypes/L12-ppp.pcap", 104, 0, 2, 0, 0, 1,  0, 0, 4, 0, 0 },
	{ "linktypes/L13-gre-80211-vlan.pcap", 2407, 0, 0, 0, 1, 0,  0, 0, 0, 0, 0 },
	{ "linktypes/L14-gtpu-phone-sll.pcap", 106, 0, 1, 0, 0, 1,  0, 0, 99, 0, 1 },
	{ "linktypes/L15-qinq-vlan.pcap", 42, 1, 0, 0, 0, 1,  0, 0, 0, 0, 0 },
	{ "smarthome/Aria--Setup-C-1-STA.pcap", 50, 2, 3, ANY, 0, ANY,  0, 8, 0, 0, 0 },
	{ "smarthome/D-LinkCam--Setup-A-2-STA.pcap", 642, 15, 13, ANY, 1, ANY,  0, 16, 0, 34, 1 },
	{ "smarthome/D-LinkDayCam--Setup-C-1-STA.pcap", 63, 0, 6, ANY, 2, ANY,  0, 11, 0, 8, 0 },
	{ "smarthome/D-LinkDoorSensor--Setup-C-18-STA.pcap", 292, 9, 4, ANY, 0, ANY,  0, 6, 0, 0, 0 },
	{ "smarthome/D-LinkHomeHub--Setup-C-3-STA.pcap", 924, 23, 29, ANY, 1, ANY,  0, 17, 20, 10, 0 },
	{ "smarthome/D-LinkSensor--Setup-A-1-STA.pcap", 699, 12, 23, ANY, 2, ANY,  0, 17, 2, 7, 0 },
	{ "smarthome/D-LinkSiren--Setup-C-19-STA.pcap", 626, 12, 24, ANY, 2, ANY,  0, 16, 2, 14, 0 },
	{ "smarthome/D-LinkSwitch--Setup-C-4-STA.pcap", 770, 14, 19, ANY, 1, ANY,  0, 8, 2, 11, 0 },
	{ "smarthome/D-LinkWaterSensor--Setup-C-16-STA.pcap", 641, 12, 24, ANY, 2, ANY,  0, 13, 2, 11, 0 },
	{ "smarthome/EdimaxCam1--Setup-A-3-STA.pcap", 55, 0, 8, ANY, 2, ANY,  0, 6, 0, 4, 0 },
	{ "smarthome/EdimaxCam2--Setup-C-2-STA.pcap", 55, 0, 6, ANY, 1, ANY,  0, 13, 0, 3, 0 },
	{ "smarthome/EdimaxPlug1101W--Setup-C-2-STA.pcap", 159, 8, 10, ANY, 0, ANY,  0, 22, 0, 0, 1 },
	{ "smarthome/EdimaxPlug2101W--Setup-C-5-STA.pcap", 130, 6, 9, ANY, 0, ANY,  0, 22, 0, 0, 0 },
	{ "smarthome/EdnetCam1--Setup-C-5-STA.pcap", 26, 0, 3, ANY, 0, ANY,  0, 7, 3, 0, 0 },
	{ "smarthome/EdnetCam2--Setup-C-3-STA.pcap", 38, 0, 3, ANY, 0, ANY,  0, 20, 2, 0, 0 },
	{ "smarthome/EdnetGateway--Setup-A-2-STA.pcap", 83, 3, 6, ANY, 0, ANY,  0, 18, 0, 0, 6 },
	{ "smarthome/HomeMaticPlug--Setup-C-8-STA.pcap", 107, 1, 0, ANY, 0, ANY,  0, 2, 0, 0, 0 },
	{ "smarthome/HueBridge--Setup-A-2-STA.pcap", 1557, 106, 109, ANY, 2, ANY,  0, 13, 26, 6, 3 },
	{ "smarthome/HueSwitch--Setup-A-1-STA.pcap", 2397, 201, 10, ANY, 0, ANY,  0, 4, 6, 0, 0 },
	{ "smarthome/Lightify--Setup-C-9-STA.pcap", 412, 0, 6, ANY, 2, ANY,  0, 22, 0, 4, 0 },
	{ "smarthome/MAXGateway--Setup-A-6-STA.pcap", 77, 6, 3, ANY, 1, ANY,  0, 8, 0, 2, 0 },
	{ "smarthome/SmarterCoffee--Setup-A-6-STA.pcap", 13, 0, 2, ANY, 1, ANY,  0, 6, 0, 1, 0 },
	{ "smarthome/TP-LinkPlugHS100--Setup-C-7-STA.pcap", 96, 3, 6, ANY, 0, ANY,  0, 11, 0, 0, 0 },
	{ "smarthome/TP-LinkPlugHS110--Setup-A-5-STA.pcap", 73, 2, 9, ANY, 0, ANY,  0, 9, 0, 0, 0 },
	{ "smarthome/WeMoInsightSwitch--Setup-A-9-STA.pcap", 533, 37, 12, ANY, 1, ANY,  0, 13, 5, 2, 0 },
	{ "smarthome/WeMoInsightSwitch2--Setup-C-4-STA.pcap", 585, 8, 7, ANY, 1, ANY,  0, 12, 0, 2, 0 },
	{ "smarthome/WeMoLink--Setup-C-1-STA.pcap", 763, 28, 28, ANY, 1, ANY,  0, 17, 0, 2, 2 },
	{ "smarthome/WeMoSwitch--Setup-C-2-STA.pcap", 351, 8, 6, ANY, 1, ANY,  0, 12, 0, 2, 0 },
	{ "smarthome/WeMoSwitch2--Setup-C-4-STA.pcap", 361, 12, 16, ANY, 1, ANY,  0, 18, 5, 2, 1 },
	{ "smarthome/Withings--Setup-C-2-STA.pcap", 85, 2, 3, ANY, 0, ANY,  0, 29, 0, 0, 0 },
	{ "smarthome/iKettle2--Setup-A-13-STA.pcap", 14, 0, 2, ANY, 1, ANY,  0, 9, 0, 1, 0 },
};

static const char *directory(void)
{
	const char *given = getenv("CGNSIM_CAPTURES");

	return given && *given ? given : "../shared/captures";
}

/* The capture's path, to be freed; skips the test if it is not there. */
static char *capture(const char *file)
{
	char *path = must_printf("%s/%s", directory(), file);

	if (access(path, R_OK) != 0) {
		print_message("skipped: %s is not there (set CGNSIM_CAPTURES)\n", path);
		free(path);
		skip();
	}
	return path;
}

static struct trace *import(const char *const *paths, size_t count, const char *const *inside, struct import_report *r)
{
	struct addr_range items[4];
	struct import_options how = { .inside = { .items = items } };
	struct err e = ERR_INIT;
	struct trace *t;

	for (; inside && *inside; inside++)
		assert_true(range_parse(*inside, &items[how.inside.count++]));
	t = import_captures(paths, count, &how, r, &e);
	if (!t)
		fail_msg("%s", e.lines[0]);
	return t;
}

/* What must hold of any import: every packet is in the trace or left out for one
 * reason, every flow is in the trace or has a reason to be elsewhere. */
static void adds_up(const struct trace *t, const struct import_report *r)
{
	uint64_t packets = 0, found = 0, inside = 0;

	for (size_t i = 0; i < r->capture_count; i++)
		packets += r->captures[i].packets;
	for (size_t i = 0; i < import_reason_count; i++)
		found += r->left_out[i];
	for (uint32_t i = 0; i < t->record_count; i++)
		found += t->records[i].packets_out + t->records[i].packets_in;
	assert_int_equal(found, packets);
	for (int k = 0; k < TUNNEL_COUNT; k++)
		inside += r->all.inside[k].tcp + r->all.inside[k].udp + r->all.inside[k].icmp;
	assert_int_equal(t->flows[0] + t->flows[1] + t->flows[2] + r->local_flows + r->unrouted_flows + r->all.carriers,
	                 r->tcp + r->udp + r->icmp + inside + r->all.splits);
}

static void as_tshark_counts(void **state)
{
	const struct expected *want = *state;
	char *path = capture(want->file);
	struct import_report r;
	struct trace *t = import((const char *const *)&path, 1, NULL, &r);

	assert_null(r.captures[0].fault);
	assert_int_equal(r.captures[0].packets, want->packets);
	assert_int_equal(r.tcp, want->tcp);
	assert_int_equal(r.udp, want->udp);
	assert_int_equal(r.other, want->other);
	if (want->icmp != ANY)
		assert_int_equal(r.icmp, want->icmp);
	if (want->peak != ANY)
		assert_int_equal(r.peak_flows, want->peak);
	assert_int_equal(r.left_out[REASON_TRUNCATED], want->truncated);
	assert_int_equal(r.left_out[REASON_NOT_IP] + r.left_out[REASON_ENCRYPTED] + r.left_out[REASON_AGGREGATE], want->not_ip);
	assert_int_equal(r.left_out[REASON_IPV6], want->ipv6);
	assert_int_equal(r.left_out[REASON_PROTOCOL], want->protocol);
	assert_int_equal(r.left_out[REASON_ICMP_ERROR], want->icmp_error);
	assert_int_equal(r.left_out[REASON_LINK_TYPE] + r.left_out[REASON_MALFORMED] + r.left_out[REASON_TOO_DEEP] +
	                 r.left_out[REASON_ICMP_OTHER] + r.left_out[REASON_FRAGMENT] + r.left_out[REASON_TIME] +
	                 r.left_out[REASON_UNANSWERED] + r.left_out[REASON_HOME], 0);
	assert_int_equal(r.later_fragments, strstr(want->file, "P01-") ? 16 : 0); /* ip.frag_offset > 0 */
	assert_int_equal(r.flags_cut + r.no_length, 0);
	assert_int_equal(r.undated, 0);
	adds_up(t, &r);
	import_report_clear(&r);
	trace_destroy(t);
	free(path);
}

/* Flows over IPv6 (outermost header) and in tunnels, and packets that go into none, as tshark 4.0.17 counts them:
 * its conversations without those of the outermost header. */
static void tunnels_and_ipv6(void **state)
{
	static const struct {
		const char *file;
		uint64_t tcp6, udp6;
		enum wire_tunnel tunnel;
		uint64_t packets, tcp, udp, icmp;
		enum reason reason;
		uint64_t left_out;
	} cases[] = {
		{ "P04-dns-server-2016.pcapng", 24, 1127, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "P05-p2p-gnutella.pcap", 0, 8, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "P06-quic-many-clients-vlan.pcap", 0, 263, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "P07-home-tls-v4v6.pcap", 135, 0, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "P13-gtpu-fragmented.pcap", 0, 0, TUNNEL_GTPU, 496, 3, 0, 0, REASON_CARRIED, 224 },
		{ "P15-lan-1kxun.pcapng", 0, 25, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "P16-enterprise-mix-stitched.pcap", 0, 34, TUNNEL_NONE, 0, 0, 0, 0, REASON_TEREDO, 1 },
		{ "P20-nat-outside.pcap", 0, 1, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "linktypes/L01-4in6-softwire.pcap", 0, 0, TUNNEL_SOFTWIRE, 4, 1, 0, 0, REASON_NONE, 0 },
		{ "linktypes/L02-6in4.pcap", 0, 0, TUNNEL_6IN4, 127, 0, 0, 0, REASON_6IN4, 127 },
		{ "linktypes/L03-teredo.pcap", 0, 0, TUNNEL_TEREDO, 27, 0, 0, 0, REASON_TEREDO, 27 },
		{ "linktypes/L04-gre.pcap", 0, 0, TUNNEL_GRE, 40, 1, 4, 1, REASON_NONE, 0 },
		{ "linktypes/L11-null-loopback.pcap", 1, 1, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
		{ "linktypes/L13-gre-80211-vlan.pcap", 0, 0, TUNNEL_GRE, 2407, 23, 0, 0, REASON_NONE, 0 },
		{ "linktypes/L14-gtpu-phone-sll.pcap", 0, 0, TUNNEL_GTPU, 106, 0, 3, 0, REASON_NONE, 0 },
		{ "linktypes/L16-wifi-80211-dns.pcap", 0, 1, TUNNEL_NONE, 0, 0, 0, 0, REASON_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = capture(cases[i].file);
		struct import_report r;
		struct trace *t = import((const char *const *)&path, 1, NULL, &r);
		const struct tuple_count *in = &r.all.inside[cases[i].tunnel];

		if (r.all.outside6.tcp != cases[i].tcp6 || r.all.outside6.udp != cases[i].udp6 || in->tcp != cases[i].tcp ||
		    in->udp != cases[i].udp || in->icmp != cases[i].icmp ||
		    r.tunnel_packets[cases[i].tunnel] != cases[i].packets ||
		    (cases[i].reason != REASON_NONE && r.left_out[cases[i].reason] != cases[i].left_out))
			fail_msg("%s: ipv6 %d %d, in %s %d %d %d in %d", cases[i].file, (int)r.all.outside6.tcp, (int)r.all.outside6.udp,
			         import_tunnels[cases[i].tunnel], (int)in->tcp, (int)in->udp, (int)in->icmp,
			         (int)r.tunnel_packets[cases[i].tunnel]);
		adds_up(t, &r);
		import_report_clear(&r);
		trace_destroy(t);
		free(path);
	}
}

/* An ISP's subscribers by their prefixes: the hosts' sum of TCP and UDP flows is
 * 2015, of which 23 have both ends inside and so count twice; 3 go to multicast. */
static void prefixes_of_an_isp(void **state)
{
	static const char *const inside[] = { "172.141.0.0/16", "70.191.0.0/16", NULL };
	char *path = capture("P01-isp-dsl-2010-vlan.pcap");
	struct import_report r;
	struct trace *t = import((const char *const *)&path, 1, inside, &r);
	uint32_t most = 0, busiest = 0;

	(void)state;
	assert_int_equal(r.local_flows, 23);
	assert_int_equal(t->flows[PROTO_TCP] + t->flows[PROTO_UDP], 1992 - 23 - 3);
	for (uint32_t h = 0; h < t->host_count; h++) {
		assert_true(t->hosts[h].address >> 16 == 0xac8d || t->hosts[h].address >> 16 == 0x46bf);
		if (t->hosts[h].count > most) {
			most = t->hosts[h].count;
			busiest = t->hosts[h].address;
		}
	}
	assert_int_equal(busiest, 0xac8d59fc); /* 172.141.89.252 */
	assert_int_equal(most, 56);
	adds_up(t, &r);
	import_report_clear(&r);
	trace_destroy(t);
	free(path);
}

/* Both sides of one home NAT, a capture each: read together they are one trace
 * in order of time, with what each has alone. */
static void several_captures_are_one(void **state)
{
	char *paths[] = { capture("P19-nat-inside.pcap"), capture("P20-nat-outside.pcap") };
	char *turned[] = { paths[1], paths[0] };
	struct import_report r, again;
	struct trace *t = import((const char *const *)paths, 2, NULL, &r);
	struct trace *u = import((const char *const *)turned, 2, NULL, &again);

	(void)state;
	assert_int_equal(r.captures[0].packets + r.captures[1].packets, 134 + 210);
	assert_int_equal(r.tcp, 6 + 6);
	assert_int_equal(r.udp, 8 + 12);
	assert_int_equal(again.udp, r.udp);
	assert_int_equal(t->epoch_ns, u->epoch_ns);
	assert_int_equal(t->record_count, u->record_count);
	for (uint32_t i = 0; i < t->record_count; i++)
		assert_int_equal(t->records[i].train.start_ns, u->records[i].train.start_ns);
	adds_up(t, &r);
	import_report_clear(&r);
	import_report_clear(&again);
	trace_destroy(t);
	trace_destroy(u);
	free(paths[0]);
	free(paths[1]);
}

/* A flow as either side of a NAT that keeps the ports sees it. */
static const struct trace_record *twin(const struct trace *t, const struct trace_record *r)
{
	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct trace_record *o = &t->records[i];

		if (o->train.protocol == r->train.protocol && o->train.port == r->train.port &&
		    o->train.remote == r->train.remote && o->train.remote_port == r->train.remote_port)
			return o;
	}
	return NULL;
}

/* Inside and outside of one home NAT, in the same minutes: every flow of the inside is on the outside, TCP with as many
 * packets and bytes each way and the same end. (The outside begins a second later and ends three later: it has not the first
 * packet of one UDP flow, and one flow more.) */
static void both_sides_of_a_nat(void **state)
{
	static const char *const home[] = { "192.168.1.0/24", NULL }, *const nat[] = { "71.192.34.104", NULL };
	char *paths[] = { capture("P19-nat-inside.pcap"), capture("P20-nat-outside.pcap") };
	struct import_report r;
	struct trace *in = import((const char *const *)&paths[0], 1, home, &r), *out;
	uint64_t tcp = 0;

	(void)state;
	adds_up(in, &r);
	import_report_clear(&r);
	out = import((const char *const *)&paths[1], 1, nat, &r);
	adds_up(out, &r);
	import_report_clear(&r);
	assert_int_equal(in->host_count, 1);
	assert_int_equal(in->hosts[0].address, 0xc0a80164); /* 192.168.1.100 */
	assert_int_equal(in->flows[PROTO_TCP], 6);
	assert_int_equal(out->flows[PROTO_TCP], 6);
	assert_int_equal(out->flows[PROTO_UDP], in->flows[PROTO_UDP] + 1);
	for (uint32_t i = 0; i < in->record_count; i++) {
		const struct trace_record *a = &in->records[i], *b = twin(out, a);

		if (!b)
			fail_msg("%s port %u: not outside", protocol_name[a->train.protocol], a->train.port);
		if (a->train.protocol == PROTO_TCP &&
		    (a->packets_out != b->packets_out || a->packets_in != b->packets_in || a->bytes_out != b->bytes_out ||
		     a->bytes_in != b->bytes_in || a->close != b->close || a->train.flags != b->train.flags))
			fail_msg("port %u: not the same", a->train.port);
		tcp += a->train.protocol == PROTO_TCP;
	}
	assert_int_equal(tcp, 6);
	trace_destroy(in);
	trace_destroy(out);
	free(paths[0]);
	free(paths[1]);
}

/* Anonymised, a trace is the same but for its addresses; split, every packet is still there. */
static void options_lose_nothing(void **state)
{
	static const uint8_t key[ANONYMISE_KEY] = { 7 };
	char *path = capture("P05-p2p-gnutella.pcap");
	struct anonymiser *anonymiser = anonymiser_create(key);
	struct import_options how = { .anonymiser = anonymiser };
	struct import_options split = { .split_ns = { 60 * NS_PER_S, 60 * NS_PER_S, 60 * NS_PER_S } };
	struct import_options answered = { .answered = true };
	const char *const paths[] = { path };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t = import(paths, 1, NULL, &r), *masked, *parts;

	(void)state;
	import_report_clear(&r);
	masked = import_captures(paths, 1, &how, &r, &e);
	assert_non_null(masked);
	import_report_clear(&r);
	assert_true(masked->anonymised);
	assert_int_equal(masked->record_count, t->record_count);
	assert_int_equal(masked->hosts[0].address, anonymise4(anonymiser, t->hosts[0].address));
	for (uint32_t i = 0; i < t->record_count; i++)
		assert_int_equal(masked->records[i].bytes_out, t->records[i].bytes_out);
	assert_int_equal(masked->records[0].train.remote, anonymise4(anonymiser, t->records[0].train.remote));
	parts = import_captures(paths, 1, &split, &r, &e);
	assert_non_null(parts);
	assert_true(r.all.splits > 0);
	assert_int_equal(parts->record_count, t->record_count); /* trains are what they were */
	adds_up(parts, &r);
	import_report_clear(&r);
	trace_destroy(parts);
	parts = import_captures(paths, 1, &answered, &r, &e);
	assert_non_null(parts);
	for (uint32_t i = 0; i < parts->record_count; i++)
		assert_true(r.all.one_way == 0);
	assert_int_equal(parts->flows[0] + parts->flows[1] + r.all.unanswered, t->flows[0] + t->flows[1]);
	assert_true(r.left_out[REASON_UNANSWERED] > 0);
	import_report_clear(&r);
	trace_destroy(parts);
	trace_destroy(masked);
	trace_destroy(t);
	anonymiser_destroy(anonymiser);
	free(path);
}

/* A home behind a softwire is one subscriber, known by its IPv6 address. */
static void a_home_behind_a_softwire(void **state)
{
	static const uint8_t home[16] = { 0x22, 0xe0, 0x16, 0x85, 0xed, 0xa7, 0x38, 0xcc, 0x58, 0xbd, 0xf3, 0xf1, 0xaa, 0x3f, 0x22, 0xd8 };
	char *path = capture("linktypes/L01-4in6-softwire.pcap");
	struct import_report r;
	struct trace *t = import((const char *const *)&path, 1, NULL, &r);

	(void)state;
	assert_int_equal(t->host_count, 1);
	assert_memory_equal(t->hosts[0].home, home, 16);
	assert_int_equal(t->hosts[0].inner_count, 1);
	assert_int_equal(t->inner[0], 0xc0a80001);
	assert_int_equal(t->hosts[0].address, 0xc0a80001);
	assert_int_equal(t->record_count, 1);
	assert_int_equal(t->records[0].train.remote, 0x0a0a0a01);
	assert_int_equal(t->records[0].packets_out + t->records[0].packets_in, 4);
	import_report_clear(&r);
	trace_destroy(t);
	free(path);
}

/* A capture written by hand: pcapng blocks of 32-bit words. */
static void block(FILE *out, uint32_t type, const uint32_t *words, uint32_t count)
{
	uint32_t length = 12 + 4 * count;

	fwrite(&type, 4, 1, out);
	fwrite(&length, 4, 1, out);
	fwrite(words, 4, count, out);
	fwrite(&length, 4, 1, out);
}

/* UDP of 10.0.0.1 to 203.0.113.7, raw IP, in an enhanced block at so many seconds, or in a simple one, which has no time. */
static void packet(FILE *out, int64_t seconds, uint16_t port)
{
	const uint8_t ip[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 203, 0, 113, 7,
		                 (uint8_t)(port >> 8), (uint8_t)port, 0, 53, 0, 8, 0, 0 };
	uint64_t ticks = (uint64_t)seconds * 1000000;
	uint32_t words[12] = { 0, (uint32_t)(ticks >> 32), (uint32_t)ticks, sizeof(ip), sizeof(ip) };

	if (seconds < 0) {
		words[0] = sizeof(ip);
		memcpy(words + 1, ip, sizeof(ip));
		block(out, 3, words, 1 + sizeof(ip) / 4);
	} else {
		memcpy(words + 5, ip, sizeof(ip));
		block(out, 6, words, 5 + sizeof(ip) / 4);
	}
}

/* Stamps that are odd, and where the packets come to lie, in seconds from the first. */
static void odd_times(void **state)
{
	enum { NONE = -1, DAY = 86400, YEAR = 365 * DAY };
	static const struct {
		const char *name;
		int64_t stamps[4];
		uint64_t undated, gaps, out_of_order;
		bool timeless;
		int64_t starts[4], duration;
	} cases[] = {
		{ "in order", { 100, 110, 120, 130 }, 0, 0, 0, false, { 0, 10, 20, 30 }, 30 },
		{ "no time in the middle", { 100, 110, NONE, 130 }, 1, 0, 0, false, { 0, 10, 10, 30 }, 30 },
		{ "none has one", { NONE, NONE, NONE, NONE }, 4, 0, 0, true, { 0, 0, 0, 0 }, 0 },
		{ "all zero", { 0, 0, 0, 0 }, 0, 0, 0, true, { 0, 0, 0, 0 }, 0 },
		{ "out of order", { 100, 130, 110, 120 }, 0, 0, 2, false, { 0, 30, 10, 20 }, 30 },
		{ "years between", { 100, 110, 20 * (int64_t)YEAR, 20 * (int64_t)YEAR + 5 }, 0, 1, 0, false,
		  { 0, 10, DAY + 10, DAY + 15 }, DAY + 15 },
		{ "and back", { 20 * (int64_t)YEAR, 20 * (int64_t)YEAR + 5, 100, 110 }, 0, 1, 2, false,
		  { DAY + 10, DAY + 15, 0, 10 }, DAY + 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const uint32_t section[] = { 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX }, interface[] = { 101, 0 };
		char name[] = "/tmp/test_import.XXXXXX";
		const char *path = name;
		struct import_report r;
		struct trace *t;
		FILE *out = fdopen(mkstemp(name), "wb");

		assert_non_null(out);
		block(out, 0x0a0d0d0a, section, 4);
		block(out, 1, interface, 2);
		for (uint16_t k = 0; k < 4; k++)
			packet(out, cases[i].stamps[k], (uint16_t)(1000 + k));
		fclose(out);
		t = import(&path, 1, NULL, &r);
		assert_int_equal(t->record_count, 4);
		for (uint32_t k = 0; k < 4; k++)
			if (t->records[k].train.start_ns != cases[i].starts[t->records[k].train.port - 1000] * NS_PER_S)
				fail_msg("%s: packet %d starts at %d s", cases[i].name, t->records[k].train.port - 1000,
				         (int)(t->records[k].train.start_ns / NS_PER_S));
		assert_int_equal(t->duration_ns, cases[i].duration * NS_PER_S);
		assert_int_equal(r.undated, cases[i].undated);
		assert_int_equal(r.gaps, cases[i].gaps);
		assert_int_equal(r.out_of_order, cases[i].out_of_order);
		assert_int_equal(r.timeless, cases[i].timeless);
		adds_up(t, &r);
		import_report_clear(&r);
		trace_destroy(t);
		unlink(name);
	}
}

/* Of 10,000 packets of a capture cut in the middle of a frame, those before it
 * are imported, and the fault is told; cut in its first frame, nothing is. */
static void a_capture_that_breaks_off(void **state)
{
	char *path = capture("P01-isp-dsl-2010-vlan.pcap"), name[] = "/tmp/test_import.XXXXXX";
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t;
	FILE *in = fopen(path, "rb"), *out;
	char bytes[100000];
	const char *paths[] = { name };

	(void)state;
	assert_non_null(in);
	assert_int_equal(fread(bytes, 1, sizeof(bytes), in), sizeof(bytes));
	fclose(in);
	out = fdopen(mkstemp(name), "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), out), sizeof(bytes));
	fclose(out);
	t = import_captures(paths, 1, &how, &r, &e);
	assert_non_null(t);
	assert_non_null(r.captures[0].fault);
	assert_in_range(r.captures[0].packets, 1000, 2000);
	adds_up(t, &r);
	trace_destroy(t);
	import_report_clear(&r);
	assert_int_equal(truncate(name, 50), 0);
	assert_null(import_captures(paths, 1, &how, &r, &e));
	assert_int_equal(e.count, 1);
	assert_int_equal(e.status, EXIT_BAD_INPUT);
	err_clear(&e);
	import_report_clear(&r);
	unlink(name);
	free(path);
}

/* Every fault of every file is told, each with its name. */
static void what_is_no_capture(void **state)
{
	static const char *const paths[] = { "/nonexistent/a.pcap", "/etc/passwd", "/dev/null", "/tmp" };
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;

	(void)state;
	assert_null(import_captures(paths, 4, &how, &r, &e));
	assert_int_equal(e.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(strncmp(e.lines[i], paths[i], strlen(paths[i])), 0);
	err_clear(&e);
	import_report_clear(&r);
}

int main(void)
{
	enum { ROWS = sizeof(expected) / sizeof(expected[0]) };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(tunnels_and_ipv6),
		cmocka_unit_test(prefixes_of_an_isp),
		cmocka_unit_test(several_captures_are_one),
		cmocka_unit_test(both_sides_of_a_nat),
		cmocka_unit_test(odd_times),
		cmocka_unit_test(options_lose_nothing),
		cmocka_unit_test(a_home_behind_a_softwire),
		cmocka_unit_test(a_capture_that_breaks_off),
		cmocka_unit_test(what_is_no_capture),
	};
	struct CMUnitTest tests[ROWS];
	int failed;

	for (size_t i = 0; i < ROWS; i++)
		tests[i] = (struct CMUnitTest){
			.name = expected[i].file,
			.test_func = as_tshark_counts,
			.initial_state = (void *)(uintptr_t)&expected[i],
		};
	failed = cmocka_run_group_tests_name("import, against tshark", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name("import", others, NULL, NULL);
}
