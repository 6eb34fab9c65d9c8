#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sim/base/crc.h"
#include "sim/base/rng.h"

/* The definition: one bit at a time, reflected, polynomial 0x1EDC6F41. */
static uint32_t slow(uint32_t crc, const uint8_t *p, size_t length)
{
	crc = ~crc;
	for (; length--; p++) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
	}
	return ~crc;
}

/* RFC 3720 section B.4, and the check value every catalogue gives. */
static void known_values(void **state)
{
	uint8_t zeros[32] = { 0 }, ones[32], up[32], down[32];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	for (uint8_t i = 0; i < 32; i++) {
		up[i] = i;
		down[i] = (uint8_t)(31 - i);
	}
	assert_int_equal(crc32c(0, zeros, 32), 0x8a9136aau);
	assert_int_equal(crc32c(0, ones, 32), 0x62a8ab43u);
	assert_int_equal(crc32c(0, up, 32), 0x46dd794eu);
	assert_int_equal(crc32c(0, down, 32), 0x113fdb5cu);
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(0, "", 0), 0);
}

/* Every length from 0 to 100 at every alignment: whole words, remainders, both.
 * Random bytes, so that every row of every table is used many times. */
static void equals_the_definition(void **state)
{
	uint8_t bytes[128];
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)rng_next(&r);
		for (size_t at = 0; at < 8; at++)
			for (size_t length = 0; length <= 100; length++)
				assert_int_equal(crc32c((uint32_t)round, bytes + at, length),
				                 slow((uint32_t)round, bytes + at, length));
	}
}

/* A file is summed piece by piece. */
static void continues(void **state)
{
	const char *text = "a sum may be cut anywhere and gone on with";
	size_t length = strlen(text);

	(void)state;
	for (size_t cut = 0; cut <= length; cut++)
		assert_int_equal(crc32c(crc32c(0, text, cut), text + cut, length - cut), crc32c(0, text, length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(equals_the_definition),
		cmocka_unit_test(continues),
	};

	return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
