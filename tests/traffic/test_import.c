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

#include "tests/support/captures.h"
#include "traffic/wire.h"

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

int main(void)
{
	enum { ROWS = sizeof(expected) / sizeof(expected[0]) };
	const struct CMUnitTest others[] = {
		cmocka_unit_test(tunnels_and_ipv6),
		cmocka_unit_test(prefixes_of_an_isp),
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
