#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "traffic/inside.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

#define HOST 0x0a000001u    /* 10.0.0.1 */
#define SERVER 0xcb007107u  /* 203.0.113.7 */
#define PEER 0xc6336401u    /* 198.51.100.1 */

/* Who decides, and what; rules: 198.51.100.0/24 given, or not, and stations. */
static void the_first_that_knows(void **state)
{
	static const struct {
		const char *name;
		struct inside_case c;
		bool prefix, opener_only;
		enum inside_rule rule;
		enum inside_verdict verdict;
	} cases[] = {
		{ "a prefix", { .address = { SERVER, PEER } }, true, false, INSIDE_PREFIX, SIDE_1 },
		{ "a prefix before a station", { .address = { SERVER, PEER }, .stations = 1 }, true, false, INSIDE_PREFIX, SIDE_1 },
		{ "both in the prefix", { .address = { PEER + 1, PEER } }, true, false, INSIDE_PREFIX, SIDES_BOTH },
		{ "a station", { .address = { SERVER, PEER }, .stations = 1 }, false, false, INSIDE_STATION, SIDE_0 },
		{ "a station before private", { .address = { SERVER, HOST }, .stations = 1 }, false, false, INSIDE_STATION, SIDE_0 },
		{ "both at stations", { .address = { SERVER, PEER }, .stations = 3 }, false, false, INSIDE_STATION, SIDES_BOTH },
		{ "private", { .address = { SERVER, HOST } }, true, false, INSIDE_PRIVATE, SIDE_1 },
		{ "private does not count", { .address = { SERVER, HOST }, .opener_sure = true }, false, true, INSIDE_SYN, SIDE_0 },
		{ "both private", { .address = { HOST + 1, HOST } }, false, false, INSIDE_PRIVATE, SIDES_BOTH },
		{ "both private in a softwire", { .address = { HOST + 1, HOST }, .softwire = true, .opener = 1, .opener_sure = true },
		  false, false, INSIDE_SYN, SIDE_1 },
		{ "192.0.0.2 is a home's in a softwire", { .address = { 0xc0000002, SERVER }, .softwire = true }, false, false,
		  INSIDE_PRIVATE, SIDE_0 },
		{ "and nobody's elsewhere", { .address = { 0xc0000002, SERVER }, .opener = 1 }, false, false, INSIDE_FIRST, SIDE_1 },
		{ "SYN before ports", { .address = { PEER, SERVER }, .port = { 53, 50000 }, .ported = true, .cut = true,
		                        .opener_sure = true }, false, false, INSIDE_SYN, SIDE_0 },
		{ "system and dynamic port", { .address = { PEER, SERVER }, .port = { 53, 50000 }, .ported = true, .cut = true }, false,
		  false, INSIDE_PORT, SIDE_1 },
		{ "user and system port", { .address = { PEER, SERVER }, .port = { 1024, 1023 }, .ported = true, .cut = true }, false,
		  false, INSIDE_PORT, SIDE_0 },
		{ "of one class", { .address = { PEER, SERVER }, .port = { 1024, 49151 }, .ported = true, .cut = true, .opener = 1 },
		  false, false, INSIDE_FIRST, SIDE_1 },
		{ "a flow seen from its begin", { .address = { PEER, SERVER }, .port = { 53, 50000 }, .ported = true }, false, false,
		  INSIDE_FIRST, SIDE_0 },
	};
	struct addr_range given;

	(void)state;
	assert_true(range_parse("198.51.100.0/24", &given));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct inside_rules rules = { .prefixes = { &given, cases[i].prefix }, .opener_only = cases[i].opener_only };
		enum inside_rule rule;
		enum inside_verdict verdict = inside_decide(&rules, &cases[i].c, &rule);

		if (verdict != cases[i].verdict || rule != cases[i].rule)
			fail_msg("%s: verdict %d by %s", cases[i].name, verdict, inside_rule_name[rule]);
	}
}

static void ipv6(void **state)
{
	static const uint8_t mine[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x40 }, other[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x80 };
	static const uint8_t local[16] = { 0xfd };
	struct prefix6 given;
	struct inside_rules rules = { .prefixes6 = &given, .prefix6_count = 1 };
	struct inside_case c = { .address6 = { other, mine } };
	enum inside_rule rule;

	(void)state;
	assert_true(prefix6_parse("2001:db8:1240::/42", &given));
	assert_int_equal(inside_decide(&rules, &c, &rule), SIDE_1);
	assert_int_equal(rule, INSIDE_PREFIX);
	c = (struct inside_case){ .address = { HOST, PEER }, .softwire = true, .tunnel_end = { other, mine } };
	assert_int_equal(inside_decide(&rules, &c, &rule), SIDE_1);
	assert_int_equal(rule, INSIDE_PREFIX);
	c.tunnel_end[0] = mine; /* both ends: that says nothing */
	assert_int_equal(inside_decide(&rules, &c, &rule), SIDE_0);
	assert_int_equal(rule, INSIDE_PRIVATE);
	c = (struct inside_case){ .address6 = { other, mine } };
	c.address6[1] = local;
	assert_int_equal(inside_decide(&rules, &c, &rule), SIDE_1);
	assert_int_equal(rule, INSIDE_PRIVATE);
	assert_true(prefix6_parse("::1", &given) && given.length == 128);
	assert_true(prefix6_parse("::/0", &given));
	assert_false(prefix6_parse("2001:db8::1/64", &given)); /* host bits */
	assert_false(prefix6_parse("2001:db8::/129", &given));
	assert_false(prefix6_parse("2001:db8::/", &given));
	assert_false(prefix6_parse("2001:db8::/6x", &given));
	assert_false(prefix6_parse("192.0.2.1", &given));
}

static void stations(void **state)
{
	uint8_t list[2][6] = { { 2, 0, 0x5e, 0, 0, 1 }, { 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff } }, read[6];
	struct inside_rules rules = { .stations = list, .station_count = 2 };

	(void)state;
	assert_true(station_parse("aa:BB:cc:dd:EE:ff", read));
	assert_memory_equal(read, list[1], 6);
	assert_true(station_parse("02-00-5e-00-00-01", read));
	assert_true(inside_is_station(&rules, read));
	read[5] = 2;
	assert_false(inside_is_station(&rules, read));
	assert_false(inside_is_station(&rules, NULL));
	assert_false(station_parse("02:00:5e:00:00", read));
	assert_false(station_parse("02:00:5e:00:00:01:", read));
	assert_false(station_parse("02:00:5e:00:00:0g", read));
	assert_false(station_parse("", read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_knows),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(stations),
	};

	return cmocka_run_group_tests_name("inside", tests, NULL, NULL);
}
