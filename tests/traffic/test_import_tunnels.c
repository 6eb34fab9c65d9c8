/* What import makes of packets within tunnels: homes behind softwires, and fragments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traffic/wire.h"
#include "tests/support/captures.h"
#include "tests/support/handmade.h"

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

/* A datagram of a home to its AFTR, the homes told apart by the fourth byte of their address. */
static void softwire_put(struct handmade *h, uint32_t seconds, uint8_t home, uint32_t source, uint16_t port)
{
	uint8_t bytes[40 + UDP_PACKET] = { 0x60, 0, 0, 0, 0, UDP_PACKET, 4, 64, 0x20, 1, 0x0d, 0xb8, 0, home, [23] = 2,
		                           [24] = 0x20, 1, 0x0d, 0xb8, 0xff, [39] = 1 };

	udp_put(bytes + 40, source, port, 0xcb007107);
	pcap_packet(h, seconds, 0, bytes, sizeof(bytes));
}

/* A home whose hosts have public addresses is known by its prefix, and by nothing else. */
static void a_home_named_by_its_prefix(void **state)
{
	struct prefix6 given;
	struct import_options how = { .inside6 = &given, .inside6_count = 1 };
	struct import_report r;
	struct err e = ERR_INIT;
	struct handmade h;
	const char *path = h.name;
	struct trace *t;

	(void)state;
	assert_true(prefix6_parse("2001:db8:1::/48", &given));
	pcap_begin(&h, false, false, LINK_RAW_IP);
	softwire_put(&h, 1, 1, 0xc0000201, 4000);
	handmade_close(&h);
	t = import_captures(&path, 1, &how, &r, &e);
	assert_non_null(t);
	assert_int_equal(r.all.decided[INSIDE_PREFIX], 1);
	assert_int_equal(t->host_count, 1);
	assert_int_equal(t->hosts[0].home[5], 1);
	import_report_clear(&r);
	trace_destroy(t);
	unlink(path);
}

/* A tunnel's packet in two fragments: the first one stands for both, whatever carries it; of what is no tunnel each is a
 * packet of its protocol. */
static void fragments_of_tunnels(void **state)
{
	enum { INNER = 40 };
	static const uint8_t inner[INNER] = { 0x45, 0, 0, INNER, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 1, 5, 203, 0, 113, 7,
		                              15, 160, 0, 53, 0, 20 };
	static const struct {
		uint8_t version, protocol, extra; /* extra: bytes of GRE's header */
		enum wire_tunnel tunnel;
		uint64_t carried, other;
	} cases[] = {
		{ 6, 4, 0, TUNNEL_SOFTWIRE, 1, 0 }, { 4, 4, 0, TUNNEL_IPIP, 1, 0 }, { 4, 47, 4, TUNNEL_GRE, 1, 0 }, { 4, 50, 0, TUNNEL_NONE, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct handmade h;
		const char *path = h.name;
		struct import_report r;
		uint8_t datagram[4 + INNER] = { 0, 0, 8 };
		uint32_t header = cases[i].version == 6 ? 48 : 20, bytes = cases[i].extra + INNER;

		pcap_begin(&h, false, false, LINK_RAW_IP);
		memcpy(datagram + cases[i].extra, inner, INNER);
		for (uint8_t later = 0; later < 2; later++) {
			uint32_t part = later ? bytes - 32 : 32;
			uint8_t four[20 + 32] = { 0x45, 0, 0, (uint8_t)(20 + part), 0, 7, later ? 0 : 0x20, later ? 4 : 0, 64, cases[i].protocol,
				                  0, 0, 203, 0, 113, 1, 203, 0, 113, 2 };
			uint8_t six[48 + 32] = { 0x60, 0, 0, 0, 0, (uint8_t)(8 + part), 44, 64, 0x20, 1, [23] = 5, [24] = 0x20, [39] = 1,
				                 [40] = cases[i].protocol, [43] = later ? 32 : 1, [47] = 7 };
			uint8_t *packet = cases[i].version == 6 ? six : four;

			memcpy(packet + header, datagram + (later ? 32 : 0), part);
			pcap_packet(&h, 1u + later, 0, packet, header + part);
		}
		handmade_close(&h);
		trace_destroy(import(&path, 1, NULL, &r));
		assert_int_equal(r.left_out[REASON_CARRIED], cases[i].carried);
		assert_int_equal(r.left_out[REASON_PROTOCOL], cases[i].other);
		assert_int_equal(r.left_out[REASON_IPV6], 0);
		if (cases[i].tunnel != TUNNEL_NONE)
			assert_int_equal(r.all.inside[cases[i].tunnel].udp, 1);
		import_report_clear(&r);
		unlink(path);
	}
}

/* Two homes with the same addresses inside, in whose tunnels datagrams of one identification go in two fragments: each
 * fragment is of its home, whichever way it goes. */
static void fragments_of_two_homes(void **state)
{
	enum { INNER = 20 + 16 };

	(void)state;
	for (int inward = 0; inward < 2; inward++) {
		struct import_report r;
		struct handmade h;
		const char *path = h.name;
		struct trace *t;

		pcap_begin(&h, false, false, LINK_RAW_IP);
		for (uint8_t i = 0; i < 6; i++) {
			uint8_t bytes[40 + INNER] = { 0x60, 0, 0, 0, 0, INNER, 4, 64 }, later = i / 2 > 0;
			uint8_t ends[2][16] = { { 0x20, 1, 0x0d, 0xb8, 0, 1 + i % 2 }, { 0x20, 1, 0x0d, 0xb8, 0xff } };
			uint32_t hosts[2] = { 0xc0a80102, 0x08080808 };

			memcpy(bytes + 8, ends[inward], 16);
			memcpy(bytes + 24, ends[!inward], 16);
			ipv4_put(bytes + 40, hosts[inward], hosts[!inward], 17, 16);
			bytes[45] = 9;
			bytes[46] = later ? 0 : 0x20;
			bytes[47] = later ? (uint8_t)(2 * (i / 2)) : 0;
			memcpy(bytes + 60, (const uint8_t[]){ 15, 160, 0, 53, 0, 48 }, 6);
			pcap_packet(&h, i, 0, bytes, sizeof(bytes));
		}
		handmade_close(&h);
		t = import(&path, 1, NULL, &r);
		assert_int_equal(t->host_count, 2);
		assert_int_equal(r.later_fragments, 4);
		for (uint32_t i = 0; i < 2; i++)
			assert_int_equal(t->records[i].packets_out + t->records[i].packets_in, 3);
		import_report_clear(&r);
		trace_destroy(t);
		unlink(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_home_behind_a_softwire),
		cmocka_unit_test(a_home_named_by_its_prefix),
		cmocka_unit_test(fragments_of_tunnels),
		cmocka_unit_test(fragments_of_two_homes),
	};

	return cmocka_run_group_tests_name("import_tunnels", tests, NULL, NULL);
}
