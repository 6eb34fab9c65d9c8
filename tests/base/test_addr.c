/* Addresses, prefixes, ports and exemptions as users write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/base/addr.h"

static void addresses(void **state)
{
	static const char *const bad[] = {
		"",         "1",        "1.2.3",  "1.2.3.4.5", "1.2.3.256",         "1.2.3.-4", " 1.2.3.4",
		"1.2.3.4 ", "1.2.3.04", "1..3.4", "0x1.2.3.4", "1.2.3.99999999999", "::1",
	};
	static const char *const good[] = { "0.0.0.0", "255.255.255.255", "192.0.2.1", "100.64.0.10" };
	char text[ADDR_TEXT];
	uint32_t addr = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(addr_parse(bad[i], &addr));
	assert_int_equal(addr, 42);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(addr_parse(good[i], &addr));
		assert_string_equal(addr_format(addr, text), good[i]);
	}
	assert_true(addr_parse("192.0.2.1", &addr));
	assert_int_equal(addr, 0xc0000201);
}

static void ranges(void **state)
{
	/* What is read, and how it is written again. */
	static const struct { const char *text; uint32_t first, last; const char *again; } good[] = {
		{ "192.0.2.0/25", 0xc0000200, 0xc000027f, "192.0.2.0/25" },
		{ "192.0.2.7", 0xc0000207, 0xc0000207, "192.0.2.7" },
		{ "192.0.2.7/32", 0xc0000207, 0xc0000207, "192.0.2.7" },
		{ "192.0.2.1-192.0.2.9", 0xc0000201, 0xc0000209, "192.0.2.1-192.0.2.9" },
		{ "192.0.2.0-192.0.2.255", 0xc0000200, 0xc00002ff, "192.0.2.0/24" },
		{ "0.0.0.0/0", 0, 0xffffffff, "0.0.0.0/0" },
		{ "128.0.0.0/1", 0x80000000, 0xffffffff, "128.0.0.0/1" },
		{ "100.64.0.0/10", 0x64400000, 0x647fffff, "100.64.0.0/10" },
		{ "255.255.255.250-255.255.255.255", 0xfffffffa, 0xffffffff, "255.255.255.250-255.255.255.255" },
	};
	static const char *const bad[] = {
		"",
		"192.0.2.1/24",
		"192.0.2.0/33",
		"192.0.2.0/",
		"192.0.2.0/024",
		"192.0.2.9-192.0.2.1",
		"192.0.2.0-",
		"192.0.2.0/25/26",
		"192.0.2.0-192.0.2.9/32",
		"192.0.2.0 - 192.0.2.9",
		"192.0.2.0/-1",
		"1.2.3.4/0",
	};
	struct addr_range r = { 1, 2 };
	char text[RANGE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(range_parse(bad[i], &r));
	assert_int_equal(r.first, 1);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(range_parse(good[i].text, &r));
		assert_int_equal(r.first, good[i].first);
		assert_int_equal(r.last, good[i].last);
		assert_string_equal(range_format(r, text), good[i].again);
	}
	assert_true(range_size((struct addr_range){ 0, UINT32_MAX }) == UINT64_C(1) << 32);
	assert_true(range_has((struct addr_range){ 5, 7 }, 7));
	assert_false(range_has((struct addr_range){ 5, 7 }, 8));
}

static void ports(void **state)
{
	static const char *const bad[] = { "",   "0",     "0-5", "70000-80000", "65536", "9-5",       "5-",
		                           "-5", "5-6-7", "a",   "5 ",          "01",    "1024:65535" };
	struct port_range p = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(port_range_parse(bad[i], &p));
	assert_int_equal(p.hi, 2);
	assert_true(port_range_parse("1024-65535", &p));
	assert_int_equal(p.lo, 1024);
	assert_int_equal(p.hi, 65535);
	assert_true(port_range_parse("5004", &p));
	assert_int_equal(p.lo, 5004);
	assert_int_equal(p.hi, 5004);
	assert_true(port_range_parse("1-1", &p));
}

static void exemptions(void **state)
{
	static const char *const bad[] = { "",
		                           ":",
		                           ":0",
		                           ":65536",
		                           "203.0.113.0/24:",
		                           "203.0.113.1/24:53",
		                           "203.0.113.0/24:53:54",
		                           "53",
		                           "203.0.113.0/24:53-54" };
	struct exempt x;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(exempt_parse(bad[i], &x));
	assert_true(exempt_parse("203.0.113.0/24", &x));
	assert_int_equal(x.addresses.first, 0xcb007100);
	assert_int_equal(x.addresses.last, 0xcb0071ff);
	assert_int_equal(x.port, 0);
	assert_true(exempt_parse("203.0.113.0/24:53", &x));
	assert_int_equal(x.addresses.last, 0xcb0071ff);
	assert_int_equal(x.port, 53);
	assert_true(exempt_parse(":53", &x));
	assert_int_equal(x.addresses.first, 0);
	assert_int_equal(x.addresses.last, UINT32_MAX);
	assert_int_equal(x.port, 53);
	assert_true(exempt_parse("203.0.113.7:443", &x));
	assert_int_equal(x.addresses.first, x.addresses.last);
	assert_int_equal(x.port, 443);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(ranges),
		cmocka_unit_test(ports),
		cmocka_unit_test(exemptions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
