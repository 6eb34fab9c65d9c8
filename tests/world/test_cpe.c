#include "sim/base/must.h"
#include "sim/world/cpe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* What the CGN sees of a home: one host, and ports that are the home's NAT's. The port is kept where it is free and
 * allowed; two hosts of a home with one port must not become one, and other homes are another matter. */
static void the_cgn_sees_one_host_and_the_homes_ports(void **state)
{
	static const struct { uint32_t home; uint8_t host; uint16_t port, want; enum outcome outcome; } rows[] = {
		{ 0, 0, 5000, 5000, OUT_CREATED },   { 0, 1, 5000, 5001, OUT_CREATED },   { 0, 1, 5000, 5001, OUT_REFRESHED },
		{ 0, 0, 5001, 5002, OUT_CREATED },   { 1, 0, 5000, 5000, OUT_CREATED },   { 0, 0, 80, 1024, OUT_CREATED },
		{ 0, 0, 65535, 65535, OUT_CREATED }, { 0, 1, 65535, 1025, OUT_CREATED },
	};
	struct slots *slots = slots_create((struct port_range){ 1024, 65535 }, &(struct port_ranges){ 0 });
	struct cpe_config config = { .nat = true, .timeouts = { .udp = 300 * NS_PER_S, .udp_well_known = 300 * NS_PER_S } };
	struct cpe_bank *bank = cpe_create(&config, slots, 2, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct segment train = {
			.start_ns = NS_PER_S, .last_out_ns = NS_PER_S, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
			.subscriber = rows[i].home, .host = rows[i].host, .port = rows[i].port, .remote = 0xc6120001,
			.remote_port = 4433, .protocol = PROTO_UDP,
		};

		assert_int_equal(cpe_show(bank, &train), rows[i].outcome);
		assert_int_equal(train.port, rows[i].want);
		assert_int_equal(train.host, 0);
	}
	cpe_destroy(bank);
	slots_destroy(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_cgn_sees_one_host_and_the_homes_ports) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
