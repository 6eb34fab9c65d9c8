#include <stdlib.h>
#include <string.h>

#include "tests/support/wirebench.h"

/* What tunnels carry, one step in; all on raw IP. */
static void tunnels_are_unwrapped(void **state)
{
	static const struct { const char *name, *frame; enum wire_tunnel tunnel; enum reason why; } cases[] = {
		{ "GRE", OUTER("2f", "0040") "0000 0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE with checksum, key and sequence", OUTER("2f", "004c") "b000 0800 00000000 00000001 00000002" TCP, TUNNEL_GRE,
		  REASON_NONE },
		{ "GRE of PPTP, acknowledging", OUTER("2f", "004e") "3081 880b 002a0001 00000001 00000002 0021" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE of Ethernet", OUTER("2f", "004e") "0000 6558" MACS "0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE of IPv6", OUTER("2f", "0040") "0000 86dd" IPV6, TUNNEL_GRE, REASON_IPV6 },
		{ "GRE of MPLS", OUTER("2f", "0044") "0000 8847 00010140" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE of a VLAN's frame without its addresses", OUTER("2f", "0044") "0000 8100 0007 0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE with a route", OUTER("2f", "0050") "4000 0800 00000000 0800 0004 c0000201 00000000" TCP, TUNNEL_GRE, REASON_NONE },
		{ "GRE with a route without an end", OUTER("2f", "0024") "4000 0800 00000000 0800 0004 c0000201", TUNNEL_NONE, REASON_NONE },
		{ "GRE of something else", OUTER("2f", "0040") "0000 88bd" TCP, TUNNEL_NONE, REASON_NONE },
		{ "ERSPAN, type I", OUTER("2f", "004e") "0000 88be" MACS "0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "ERSPAN, type II", OUTER("2f", "005a") "1000 88be 00000001 1000000000000000" MACS "0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "ERSPAN, type III", OUTER("2f", "005e") "1000 22eb 00000001 200000000000000000000000" MACS "0800" TCP, TUNNEL_GRE,
		  REASON_NONE },
		{ "ERSPAN, type III with more", OUTER("2f", "0066") "1000 22eb 00000001 200000000000000000000001 0000000000000000" MACS
		  "0800" TCP, TUNNEL_GRE, REASON_NONE },
		{ "ERSPAN of ARP", OUTER("2f", "0026") "0000 88be" MACS "0806", TUNNEL_NONE, REASON_NONE },
		{ "VXLAN", OUTER("11", "005a") "c350 12b5 0046 0000 0800000000000700" MACS "0800" TCP, TUNNEL_VXLAN, REASON_NONE },
		{ "VXLAN as Linux once numbered it", OUTER("11", "005a") "c350 2118 0046 0000 0800000000000700" MACS "0800" TCP, TUNNEL_VXLAN,
		  REASON_NONE },
		{ "VXLAN of IPv6", OUTER("11", "005a") "c350 12b5 0046 0000 0800000000000700" MACS "86dd" IPV6, TUNNEL_VXLAN, REASON_IPV6 },
		{ "VXLAN of ARP", OUTER("11", "0032") "c350 12b5 001e 0000 0800000000000700" MACS "0806", TUNNEL_NONE, REASON_NONE },
		{ "VXLAN's port, but none", OUTER("11", "005a") "c350 12b5 0046 0000 0900000000000700" MACS "0800" TCP, TUNNEL_NONE,
		  REASON_NONE },
		{ "Geneve of Ethernet", OUTER("11", "005e") "c350 17c1 004a 0000 0100655800000700 00000000" MACS "0800" TCP, TUNNEL_GENEVE,
		  REASON_NONE },
		{ "Geneve of IP", OUTER("11", "004c") "c350 17c1 0038 0000 0000080000000700" TCP, TUNNEL_GENEVE, REASON_NONE },
		{ "Geneve of another version", OUTER("11", "004c") "c350 17c1 0038 0000 4000080000000700" TCP, TUNNEL_NONE, REASON_NONE },
		{ "L2TP", OUTER("11", "004e") "06a5 06a5 003a 0000 0002 0001 0002 ff03 0021" TCP, TUNNEL_L2TP, REASON_NONE },
		{ "L2TP with all there can be", OUTER("11", "0058") "06a5 06a5 0044 0000 4a02 0040 0001 0002 00010001 0002 0000 ff03 0021" TCP,
		  TUNNEL_L2TP, REASON_NONE },
		{ "L2TP, control", OUTER("11", "0028") "06a5 06a5 0014 0000 c802 000c 0001 0000 00010001", TUNNEL_NONE, REASON_NONE },
		{ "GRE cut within", OUTER("2f", "0040") "0000 0800 450000", TUNNEL_GRE, REASON_TRUNCATED },
		{ "GTP-U", OUTER("11", "004c") "0868 0868 0030 0000 30ff 0028 00000001" TCP, TUNNEL_GTPU, REASON_NONE },
		{ "GTP-U with a sequence number", OUTER("11", "0050") "0868 0868 0034 0000 32ff 002c 00000001 00010000" TCP, TUNNEL_GTPU,
		  REASON_NONE },
		{ "GTP-U with an extension header", OUTER("11", "0054") "9c40 0868 0038 0000 34ff 0030 00000001 00000085 01001400" TCP,
		  TUNNEL_GTPU, REASON_NONE },
		{ "GTP-U that is an echo", OUTER("11", "0028") "0868 0868 0014 0000 3001 0004 00000000 00000000", TUNNEL_NONE, REASON_NONE },
		{ "another port", OUTER("11", "004c") "0869 0869 0030 0000 30ff 0028 00000001" TCP, TUNNEL_NONE, REASON_NONE },
		{ "IP in IP", OUTER("04", "003c") TCP, TUNNEL_IPIP, REASON_NONE },
		{ "a softwire", OUTER_6("04", "0028") TCP, TUNNEL_SOFTWIRE, REASON_NONE },
		{ "a softwire, with destination options", OUTER_6("3c", "0030") "0400 0401 0400 0000" TCP, TUNNEL_SOFTWIRE, REASON_NONE },
		{ "a softwire, first fragment", OUTER_6("2c", "0030") "0400 0001 00000007" TCP, TUNNEL_SOFTWIRE, REASON_NONE },
		{ "6in4", OUTER("29", "003c") IPV6, TUNNEL_6IN4, REASON_6IN4 },
		{ "Teredo", OUTER("11", "004c") "0dd8 80a4 0038 0000" TEREDO_6, TUNNEL_TEREDO, REASON_TEREDO },
		{ "Teredo with an authentication", OUTER("11", "0059") "0dd8 80a4 0045 0000 0001 0000 1122334455667788 00" TEREDO_6,
		  TUNNEL_TEREDO, REASON_TEREDO },
		{ "Teredo with an origin", OUTER("11", "0054") "0dd8 80a4 0040 0000 0000 1234 56789abc" TEREDO_6, TUNNEL_TEREDO, REASON_TEREDO },
		{ "UDP that is not", OUTER("11", "004c") "0dd8 80a4 0038 0000" IPV6 "0000000000000000", TUNNEL_NONE, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t frame[256];
		size_t n = bytes_of(cases[i].frame, frame, sizeof(frame));
		uint8_t *exact = malloc(n);
		struct wire_packet outer, inner;
		enum reason why = REASON_NONE;
		enum wire_tunnel tunnel;

		memcpy(exact, frame, n);
		wire_decode(exact, n, n, 12, &outer);
		tunnel = wire_unwrap(&outer, &inner, &why);
		if (tunnel != cases[i].tunnel || (tunnel != TUNNEL_NONE && why != cases[i].why))
			fail_msg("%s: tunnel %d, reason %d", cases[i].name, tunnel, why);
		if (tunnel != TUNNEL_NONE && why == REASON_NONE)
			assert_true(inner.source == 0xc0000201 && inner.destination_port == 443 && inner.length == 40);
		for (size_t cut = 0; cut < n; cut++) { /* never a byte too far */
			uint8_t *shorter = malloc(cut ? cut : 1);

			memcpy(shorter, frame, cut);
			wire_decode(shorter, cut, n, 12, &outer);
			wire_unwrap(&outer, &inner, &why);
			free(shorter);
		}
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tunnels_are_unwrapped),
	};

	return cmocka_run_group_tests_name("wire_tunnel", tests, NULL, NULL);
}
