/* IPv6 addresses and prefixes as users write them, and their bits. */
#include "sim/base/addr6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void texts(void **state)
{
	static const struct { const char *text, *address; unsigned length; } good[] = {
		{ "2001:db8::/40", "2001:db8::", 40 }, { "::", "::", 128 }, { "::/0", "::", 0 },
		{ "2001:DB8:12:3400:0:c000:212:34", "2001:db8:12:3400:0:c000:212:34", 128 },
		{ "2001:db8:0:0:1:0:0:1/128", "2001:db8::1:0:0:1", 128 }, { "8000::/1", "8000::", 1 },
	};
	static const char *const bad[] = { "", "2001:db8::/129", "2001:db8::1/40", "2001:db8::/", "2001:db8::/040", "2001:db8::/-1",
	                                   "192.0.2.1", "2001:db8:::", "2001:db8::/4x", " ::", "::g",
	                                   "2001:db8:0000000000000000000000000000000000000000000::" };
	char text[ADDR6_TEXT];
	struct addr6 a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(addr6_parse(good[i].text, &a));
		assert_string_equal(addr6_format(&a, text), good[i].address);
		assert_int_equal(a.length, good[i].length);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(addr6_parse(bad[i], &a));
}

/* Every place and width: what is set is read back, and nothing else has changed. */
static void bits(void **state)
{
	char text[PREFIX6_TEXT];
	struct addr6 a, b;

	(void)state;
	for (unsigned first = 0; first < 128; first++)
		for (unsigned count = 0; count <= 32 && first + count <= 128; count++) {
			uint32_t value = 0x9abcdef5u & (count == 32 ? UINT32_MAX : (1u << count) - 1);

			assert_true(addr6_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", &a));
			addr6_set_bits(&a, first, count, value);
			assert_int_equal(addr6_bits(&a, first, count), value);
			for (unsigned i = 0; i < 128; i++)
				assert_true((i >= first && i < first + count) || addr6_bits(&a, i, 1) == 1);
		}
	assert_true(addr6_parse("2001:db8:12:3400::/56", &a));
	assert_int_equal(addr6_bits(&a, 40, 16), 0x1234);
	assert_string_equal(prefix6_format(&a, text), "2001:db8:12:3400::/56");
	assert_true(addr6_parse("2001:db8::/40", &b));
	assert_true(addr6_within(&a, &b));
	assert_false(addr6_within(&b, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(texts), cmocka_unit_test(bits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
