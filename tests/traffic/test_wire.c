#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "tests/support/wirebench.h"

#define WIFI "0801 0000 02000000000102000000000202000000000310 00 aaaa03 000000 0800"

/* Every way to the same packet. Link types by their DLT_ or LINKTYPE_ number. */
static void every_link_type_leads_to_ip(void **state)
{
	static const struct { const char *name; int link; const char *frame; } cases[] = {
		{ "ethernet", 1, MACS "0800" TCP },
		{ "one tag", 1, MACS "8100 0064 0800" TCP },
		{ "service tag and tag", 1, MACS "88a8 0064 8100 0065 0800" TCP },
		{ "9100 and 9200", 1, MACS "9100 0064 9200 0065 0800" TCP },
		{ "eight tags", 1, MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 0800" TCP },
		{ "802.3, LLC and SNAP", 1, MACS "0030 aaaa03 000000 0800" TCP },
		{ "802.3 in a tag", 1, MACS "8100 0064 0030 aaaa03 000000 0800" TCP },
		{ "802.3, LLC of IP", 1, MACS "002b 060603" TCP },
		{ "padding behind", 1, MACS "0800" TCP "00000000 0000" },
		{ "PPPoE", 1, MACS "8864 1100 0001 002a 0021" TCP },
		{ "PPPoE in two tags", 1, MACS "88a8 0064 8100 0065 8864 1100 0001 002a 0021" TCP },
		{ "MPLS", 1, MACS "8847 0003e13f" TCP },
		{ "three labels", 1, MACS "8847 0003e03f 0003e03e 0003e13f" TCP },
		{ "MPLS multicast", 1, MACS "8848 0003e13f" TCP },
		{ "cooked", 113, "0000 0001 0006 020000000001 0000 0800" TCP },
		{ "cooked, tagged", 113, "0000 0001 0006 020000000001 0000 8100 0064 0800" TCP },
		{ "cooked, LLC", 113, "0000 0001 0006 020000000001 0000 0004 aaaa03 000000 0800" TCP },
		{ "cooked 2", 276, "0800 0000 00000002 0001 00 06 020000000001 0000" TCP },
		{ "cooked 2, tagged", 276, "8100 0000 00000002 0001 00 06 020000000001 0000 0064 0800" TCP },
		{ "raw, as libpcap has it", 12, TCP },
		{ "raw of OpenBSD", 14, TCP },
		{ "raw, as files have it", 101, TCP },
		{ "raw IPv4", 228, TCP },
		{ "null, little-endian", 0, "02000000" TCP },
		{ "null, big-endian", 0, "00000002" TCP },
		{ "loop", 108, "00000002" TCP },
		{ "PPP", 9, "0021" TCP },
		{ "PPP, address and control", 9, "ff03 0021" TCP },
		{ "PPP, short protocol", 9, "21" TCP },
		{ "PPP, short protocol with address", 9, "ff03 21" TCP },
		{ "PPP, MPLS", 9, "0281 0003e13f" TCP },
		{ "PPP serial", 50, "ff03 0021" TCP },
		{ "PPP serial, HDLC", 50, "0f00 0800" TCP },
		{ "PPP over Ethernet", 51, "1100 0001 002a 0021" TCP },
		{ "HDLC", 104, "0f00 0800" TCP },
		{ "ATM, routed", 11, "aaaa03 000000 0800" TCP },
		{ "ATM, as files have it", 100, "aaaa03 000000 0800" TCP },
		{ "ATM, bridged", 11, "aaaa03 0080c2 0007 0000" MACS "0800" TCP },
		{ "ATM, NLPID", 11, "fefe03 cc" TCP },
		{ "ATM, no LLC", 11, TCP },
		{ "802.11", 105, "0801 0000 02000000000102000000000202000000000310 00 aaaa03 000000 0800" TCP },
		{ "802.11, QoS", 105, "8801 0000 02000000000102000000000202000000000310 00 0000 aaaa03 000000 0800" TCP },
		{ "802.11, four addresses", 105,
		  "0803 0000 02000000000102000000000202000000000310 00 020000000004 aaaa03 000000 0800" TCP },
		{ "Frame Relay, NLPID", 107, "1841 03 cc" TCP },
		{ "Frame Relay, four bytes of address, padded, SNAP", 107, "18400841 03 00 80 000000 0800" TCP },
		{ "Frame Relay of Cisco", 107, "1841 0800" TCP },
		{ "Frame Relay, and which way", 206, "00 1841 03 cc" TCP },
		{ "PPP, and which way", 204, "01 ff03 0021" TCP },
		{ "HDLC, and which way", 205, "01 0f00 0800" TCP },
		{ "MPLS without Ethernet", 219, "0003e13f" TCP },
		{ "FDDI", 10, "50" MACS "aaaa03 000000 0800" TCP },
		{ "token ring", 6, "1040" MACS "aaaa03 000000 0800" TCP },
		{ "token ring, with a route", 6, "1040" "020000000001 820000000002" "0630 0011 0020 aaaa03 000000 0800" TCP },
		{ "ENC", 109, "02000000 00000000 00000000" TCP },
		{ "PFLOG", 117, "3d020000 65746830 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000"
		  "00000000 00000000 00000000 00000000 00000000" TCP },
		{ "netANALYZER", 240, "00000000" MACS "0800" TCP },
		{ "PPI of Ethernet", 192, "0000 0800 01000000" MACS "0800" TCP },
		{ "PPI of 802.11", 192, "0000 0c00 69000000 00000000" WIFI TCP },
		{ "PKTAP of raw IP", 258, "10000000 01000000 0c000000 00000000" TCP },
		{ "PKTAP, as Apple numbers it", 149, "0c000000 01000000 01000000" MACS "0800" TCP },
		{ "AVS", 163, "80211002 0000000c 00000000" WIFI TCP },
		{ "Prism", 119, "44000000 0c000000 00000000" WIFI TCP },
		{ "Prism, big-endian", 119, "00000044 0000000c 00000000" WIFI TCP },
		{ "AVS under the number of Prism", 119, "80211001 0000000c 00000000" WIFI TCP },
		{ "radiotap", 127, "0000 0800 00000000 0801 0000 02000000000102000000000202000000000310 00 aaaa03 000000 0800" TCP },
		{ "radiotap, padded header", 127,
		  "0000 0900 02000000 20 8801 0000 02000000000102000000000202000000000310 00 0000 0000 aaaa03 000000 0800" TCP },
		{ "radiotap, time before the flags", 127,
		  "0000 1100 03000000 0000000000000000 20 8801 0000 02000000000102000000000202000000000310 00 0000 0000"
		  "aaaa03 000000 0800" TCP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_packet p;
		enum reason why = decode(cases[i].frame, cases[i].link, &p);

		if (why != REASON_NONE)
			fail_msg("%s: %s", cases[i].name, import_reasons[why].name);
		assert_true(wire_knows(cases[i].link));
		assert_int_equal(p.source, 0xc0000201);
		assert_int_equal(p.destination, 0xcb007107);
		assert_int_equal(p.source_port, 50000);
		assert_int_equal(p.destination_port, 443);
		assert_int_equal(p.protocol, IP_TCP);
		assert_int_equal(p.tcp_flags, WIRE_TCP_SYN);
		assert_int_equal(p.length, 40);
		assert_int_equal(p.identification, 0x1234);
		assert_false(p.first_fragment || p.later_fragment);
	}
}

/* NFLOG's numbers are in the order of the machine, so this one is built. */
static void nflog_leads_to_ip(void **state)
{
	uint8_t frame[128] = { 2 };
	size_t at = 4;
	struct wire_packet p;
	const struct { uint16_t length, type; } prefix = { 5, 10 }, payload = { 44, 9 };

	(void)state;
	memcpy(frame + at, &prefix, 4); /* one byte of value and three of padding */
	at += 8;
	memcpy(frame + at, &payload, 4);
	at += 4;
	at += bytes_of(TCP, frame + at, sizeof(frame) - at);
	assert_int_equal(wire_decode(frame, at, at, 239, &p), REASON_NONE);
	assert_int_equal(p.destination_port, 443);
	frame[0] = 10;
	frame[16] = 0x60;
	assert_int_equal(wire_decode(frame, at, at, 239, &p), REASON_IPV6);
	memset(frame + 4, 0, 2); /* a length of 0 would never end */
	assert_int_equal(wire_decode(frame, at, at, 239, &p), REASON_MALFORMED);
}

/* Who sent a frame and who gets it, by the last byte of their addresses; 0: not told. */
static void stations_of_frames(void **state)
{
#define LLC "aaaa03 000000 0800"
#define W(n) "02000000000" n
	static const struct { const char *name; int link; const char *frame; uint8_t source, destination; } cases[] = {
		{ "Ethernet", 1, W("2") W("1") "0800" TCP, 1, 2 },
		{ "802.11, ad hoc", 105, "0800 0000" W("2") W("1") W("9") "0000" LLC TCP, 1, 2 },
		{ "802.11, to an access point", 105, "0801 0000" W("9") W("1") W("2") "0000" LLC TCP, 1, 2 },
		{ "802.11, from one", 105, "0802 0000" W("2") W("9") W("1") "0000" LLC TCP, 1, 2 },
		{ "802.11, between two", 105, "0803 0000" W("8") W("9") W("2") "0000" W("1") LLC TCP, 1, 2 },
		{ "cooked", 113, "0000 0001 0006" W("1") "0000 0800" TCP, 1, 0 },
		{ "cooked 2", 276, "0800 0000 00000002 0001 00 06" W("1") "0000" TCP, 1, 0 },
		{ "raw", 12, TCP, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[256];
		size_t n = bytes_of(cases[i].frame, frame, sizeof(frame));
		struct wire_packet p;

		assert_int_equal(wire_decode(frame, n, n, cases[i].link, &p), REASON_NONE);
		if ((p.source_station ? p.source_station[5] : 0) != cases[i].source ||
		    (p.destination_station ? p.destination_station[5] : 0) != cases[i].destination)
			fail_msg("%s", cases[i].name);
	}
}

/* IPv6 itself: ports, echoes, fragments, and extension headers. */
static void ipv6_is_looked_into(void **state)
{
	static const struct { const char *name, *frame; enum reason ipv6; uint8_t protocol; uint16_t port; } cases[] = {
		{ "TCP", OUTER_6("06", "0014") SYN, REASON_NONE, IP_TCP, 443 },
		{ "UDP behind options", OUTER_6("00", "0010") "1100 0104 0000 0000 c350 0035 0008 0000", REASON_NONE, IP_UDP, 53 },
		{ "echo", OUTER_6("3a", "0008") "8000 0000 1234 0001", REASON_NONE, IP_ICMP, 0x1234 },
		{ "a neighbour is sought", OUTER_6("3a", "0008") "8700 0000 0000 0000", REASON_ICMP_OTHER, IP_ICMP, 0 },
		{ "an error", OUTER_6("3a", "0008") "0100 0000 0000 0000", REASON_ICMP_ERROR, IP_ICMP, 0 },
		{ "another protocol", OUTER_6("59", "0008") "0000000000000000", REASON_PROTOCOL, 89, 0 },
		{ "a later fragment", OUTER_6("2c", "0010") "0600 0008 00000007 0000000000000000", REASON_NONE, IP_TCP, 0 },
		{ "cut", "60000000 0014 06 40 2001", REASON_TRUNCATED, 0, 0 },
		{ "too many headers", OUTER_6("3c", "0048") "3c00 0000 0000 0000 3c00 0000 0000 0000 3c00 0000 0000 0000"
		  "3c00 0000 0000 0000 3c00 0000 0000 0000 3c00 0000 0000 0000 3c00 0000 0000 0000 3c00 0000 0000 0000"
		  "3c00 0000 0000 0000", REASON_TOO_DEEP, 60, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_packet p;

		assert_int_equal(decode(cases[i].frame, 12, &p), cases[i].ipv6 == REASON_TOO_DEEP ? REASON_TOO_DEEP : REASON_IPV6);
		if (p.ipv6 != cases[i].ipv6 || p.protocol != cases[i].protocol || p.destination_port != cases[i].port)
			fail_msg("%s: reason %d, protocol %d, port %d", cases[i].name, p.ipv6, p.protocol, p.destination_port);
	}
}

static void every_other_frame_has_its_reason(void **state)
{
	static const struct { const char *name; int link; const char *frame; enum reason why; } cases[] = {
		{ "an unknown link type", 189, TCP, REASON_LINK_TYPE },
		{ "nothing at all", 1, "", REASON_TRUNCATED },
		{ "ARP", 1, MACS "0806 0001", REASON_NOT_IP },
		{ "spanning tree", 1, MACS "0026 424203 0000", REASON_NOT_IP },
		{ "AppleTalk's SNAP", 1, MACS "0010 aaaa03 080007 809b", REASON_NOT_IP },
		{ "PPPoE discovery", 1, MACS "8863 1109 0000 0004 01010000", REASON_NOT_IP },
		{ "PPPoE, no data", 1, MACS "8864 1109 0001 002a 0021" TCP, REASON_NOT_IP },
		{ "PPPoE, another version", 1, MACS "8864 2100 0001 002a 0021" TCP, REASON_MALFORMED },
		{ "PPPoE, shorter than what it carries", 1, MACS "8864 1100 0001 0010 0021" TCP, REASON_TRUNCATED },
		{ "PPP control", 9, "ff03 c021 0101 0004", REASON_NOT_IP },
		{ "IPv6", 1, MACS "86dd" IPV6, REASON_IPV6 },
		{ "IPv6 under the type of IPv4", 1, MACS "0800" IPV6, REASON_IPV6 },
		{ "raw IPv6", 12, IPV6, REASON_IPV6 },
		{ "IPv6 by link type", 229, IPV6, REASON_IPV6 },
		{ "IPv6 in PPP", 9, "0057" IPV6, REASON_IPV6 },
		{ "IPv6 in null, Linux", 0, "0a000000" IPV6, REASON_IPV6 },
		{ "IPv6 in null, NetBSD", 0, "18000000" IPV6, REASON_IPV6 },
		{ "IPv6 in null, FreeBSD", 0, "1c000000" IPV6, REASON_IPV6 },
		{ "IPv6 in null, Darwin", 0, "1e000000" IPV6, REASON_IPV6 },
		{ "IPv6 in MPLS", 1, MACS "8847 0003e13f" IPV6, REASON_IPV6 },
		{ "a wire in MPLS", 1, MACS "8847 0003e13f 00000000", REASON_NOT_IP },
		{ "labels without a bottom", 1, MACS "8847 0003e03f 0003e03f", REASON_TRUNCATED },
		{ "nine tags", 1,
		  MACS "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 8100 0006 8100 0007 8100 0008 8100 0009 0800" TCP,
		  REASON_TOO_DEEP },
		{ "encrypted 802.11", 105, "0841 0000 02000000000102000000000202000000000310 00 aaaa03 000000 0800" TCP,
		  REASON_ENCRYPTED },
		{ "several packets in one of 802.11", 105, "8801 0000 02000000000102000000000202000000000310 00 8000", REASON_AGGREGATE },
		{ "PPI within PPI", 192, "0000 0800 c0000000 0000 0800 01000000" MACS "0800" TCP, REASON_LINK_TYPE },
		{ "PPI of what is not known", 192, "0000 0800 93000000" TCP, REASON_LINK_TYPE },
		{ "PPI, shorter than itself", 192, "0000 0400 01000000" TCP, REASON_MALFORMED },
		{ "PKTAP of no packet", 258, "0c000000 00000000 01000000" MACS "0800" TCP, REASON_NOT_IP },
		{ "PKTAP, too long to be one", 149, "00000100 01000000 01000000", REASON_MALFORMED },
		{ "PFLOG, too short to be one", 117, "04020000", REASON_MALFORMED },
		{ "AVS without its magic", 163, "80221002 0000000c 00000000" WIFI TCP, REASON_MALFORMED },
		{ "Prism, longer than the frame", 119, "44000000 ff000000 00000000", REASON_TRUNCATED },
		{ "FDDI's own", 10, "41" MACS "aaaa03 000000 0800" TCP, REASON_NOT_IP },
		{ "token ring's own", 6, "1000" MACS "aaaa03 000000 0800" TCP, REASON_NOT_IP },
		{ "Frame Relay, management", 107, "0001 03 08 00 75", REASON_NOT_IP },
		{ "beacon", 105, "8000 0000 0200", REASON_NOT_IP },
		{ "radiotap, longer than the frame", 127, "0000 ff00 00000000", REASON_TRUNCATED },
		{ "radiotap, shorter than itself", 127, "0000 0400 00000000", REASON_MALFORMED },
		{ "version 5", 12, "55000028", REASON_MALFORMED },
		{ "a header of 16 bytes", 12, "44000028 00000000 40060000 c0000201 cb007107", REASON_MALFORMED },
		{ "total length below the header", 12, "45000013 00000000 40060000 c0000201 cb007107" SYN, REASON_MALFORMED },
		{ "total length ends in the ports", 12, "45000017 00000000 40060000 c0000201 cb007107" SYN, REASON_TRUNCATED },
		{ "options cut off", 12, "46000028 00000000 40060000 c0000201 cb007107", REASON_TRUNCATED },
		{ "no ICMP type", 12, "45000028 00000000 40010000 c0000201 cb007107", REASON_TRUNCATED },
		{ "no echo identifier", 12, "45000028 00000000 40010000 c0000201 cb007107 0800 0000 12", REASON_TRUNCATED },
		{ "unreachable", 12, "45000028 00000000 40010000 c0000201 cb007107 0301", REASON_ICMP_ERROR },
		{ "time exceeded", 12, "45000028 00000000 40010000 c0000201 cb007107 0b00", REASON_ICMP_ERROR },
		{ "router advertisement", 12, "45000028 00000000 40010000 c0000201 cb007107 0900", REASON_ICMP_OTHER },
		{ "GRE", 12, "45000028 00000000 402f0000 c0000201 cb007107", REASON_PROTOCOL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wire_packet p;
		enum reason why = decode(cases[i].frame, cases[i].link, &p);

		if (why != cases[i].why)
			fail_msg("%s: %s", cases[i].name, why == REASON_NONE ? "taken" : import_reasons[why].name);
	}
}

static void the_view_says_what_the_packet_is(void **state)
{
	struct wire_packet p;

	(void)state;
	assert_int_equal(decode("45000024 00070000 40010000 c0000201 cb007107 0800 0000 abcd 0001", 12, &p), REASON_NONE);
	assert_int_equal(p.source_port, 0xabcd);
	assert_int_equal(p.destination_port, 0xabcd);
	assert_false(p.echo_reply);
	assert_int_equal(decode("45000024 00070000 40010000 c0000201 cb007107 0000 0000 abcd 0001", 12, &p), REASON_NONE);
	assert_true(p.echo_reply);

	/* Four bytes of ports are enough; the flags are lost. */
	assert_int_equal(decode(TCP_IP "c350 01bb", 12, &p), REASON_NONE);
	assert_int_equal(p.destination_port, 443);
	assert_int_equal(p.tcp_flags, 0);
	assert_true(p.flags_cut);
	assert_int_equal(decode(TCP, 12, &p), REASON_NONE);
	assert_false(p.flags_cut || p.no_length);

	/* Options are stepped over. */
	assert_int_equal(decode("46000020 00000000 40110000 c0000201 cb007107 01010101 0035 0036 000c 0000", 12, &p), REASON_NONE);
	assert_int_equal(p.source_port, 0x35);

	/* A first fragment has ports; a later one has none, whatever its bytes. */
	assert_int_equal(decode(IP_HEAD("2000 4011 0000") "0035 0036 000c 0000", 12, &p), REASON_NONE);
	assert_true(p.first_fragment);
	assert_int_equal(p.destination_port, 0x36);
	assert_int_equal(decode(IP_HEAD("2001 4011 0000") "0035 0036 000c 0000", 12, &p), REASON_NONE);
	assert_true(p.later_fragment && !p.first_fragment);
	assert_int_equal(p.destination_port, 0);

	/* A total length of 0: segmentation offload; the frame's own length holds, captured or not. */
	{
		uint8_t bytes[64];
		size_t n = bytes_of("45000000 00000000 40060000 c0000201 cb007107" SYN, bytes, sizeof(bytes));

		assert_int_equal(wire_decode(bytes, n, 9000, 12, &p), REASON_NONE);
		assert_int_equal(p.length, 9000);
		assert_true(p.no_length);
	}
	/* Other protocols show their addresses. */
	assert_int_equal(decode("45000028 00000000 40320000 c0000201 cb007107", 12, &p), REASON_PROTOCOL);
	assert_int_equal(p.protocol, 50);
	assert_int_equal(p.destination, 0xcb007107);
}

/* Any cut of any frame ends in a packet or a reason, and a longer cut of a whole
 * packet never loses it. Random bytes for every link type do no harm (run under
 * sanitizers, this is what says so). */
static void any_bytes_end_somewhere(void **state)
{
	static const int links[] = { 0, 1, 6, 9, 10, 11, 12, 14, 50, 51, 100, 101, 104, 105, 107, 108, 109, 113, 117, 119, 127, 149, 163,
		                     192, 204, 205, 206, 219, 228, 229, 239, 240, 258, 276, 147, -1 };
	uint8_t bytes[128];
	struct wire_packet p;
	struct rng r;
	size_t n = bytes_of(MACS "88a8 0064 8100 0065 8864 1100 0001 002a 0021" TCP, bytes, sizeof(bytes));
	bool taken = false;

	(void)state;
	for (size_t cut = 0; cut <= n; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		enum reason why;

		memcpy(exact, bytes, cut);
		why = wire_decode(exact, cut, n, 1, &p);
		assert_true(why == REASON_NONE || (why == REASON_TRUNCATED && !taken));
		taken = why == REASON_NONE;
		free(exact);
	}
	assert_true(taken);
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 200000; i++) {
		size_t length = rng_below(&r, 80);
		uint8_t *exact = malloc(length ? length : 1);

		for (size_t k = 0; k < length; k++)
			exact[k] = (uint8_t)(rng_below(&r, 3) ? bytes[rng_below(&r, (uint32_t)n)] : rng_next(&r));
		assert_true(wire_decode(exact, length, rng_below(&r, 100), links[(size_t)i % (sizeof(links) / sizeof(links[0]))], &p) <=
		            REASON_NONE);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_type_leads_to_ip),
		cmocka_unit_test(nflog_leads_to_ip),
		cmocka_unit_test(stations_of_frames),
		cmocka_unit_test(ipv6_is_looked_into),
		cmocka_unit_test(every_other_frame_has_its_reason),
		cmocka_unit_test(the_view_says_what_the_packet_is),
		cmocka_unit_test(any_bytes_end_somewhere),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
