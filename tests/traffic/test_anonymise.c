/* Crypto-PAn: the sample of its authors' distribution (key and images, as other
 * implementations hold themselves to them too), and what it promises. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/addr.h"
#include "sim/base/rng.h"
#include "traffic/anonymise.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static const uint8_t sample_key[ANONYMISE_KEY] = {
	21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2,
};

static void known_images(void **state)
{
	static const char *const pairs[][2] = {
		{ "128.11.68.132", "135.242.180.132" }, { "129.118.74.4", "134.136.186.123" },
		{ "130.132.252.244", "133.68.164.234" }, { "141.223.7.43", "141.167.8.160" },
		{ "152.163.225.39", "151.140.114.167" }, { "166.107.77.190", "160.132.178.185" },
		{ "192.102.249.13", "252.138.62.131" }, { "192.41.57.43", "252.222.221.184" },
		{ "198.51.77.238", "249.18.186.254" }, { "204.29.20.4", "243.33.20.123" },
		{ "209.85.249.6", "226.170.70.6" }, { "212.120.124.31", "228.135.163.231" },
		{ "24.0.250.221", "100.15.198.226" }, { "38.15.67.68", "64.3.66.187" },
		{ "4.3.88.225", "124.60.155.63" }, { "64.14.118.196", "0.255.183.58" }, { "10.185.25.118", "117.161.29.118" },
	};
	static const char *const pairs6[][2] = {
		{ "::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed" }, { "::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef" },
		{ "::ffff", "78ff:f001:9fc0:20df:8380:b1f1:704:f838" },
		{ "2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e" },
		{ "2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c" },
	};
	struct anonymiser *a = anonymiser_create(sample_key);
	char text[INET6_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		uint32_t address;

		assert_true(addr_parse(pairs[i][0], &address));
		assert_string_equal(addr_format(anonymise4(a, address), text), pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof(pairs6) / sizeof(pairs6[0]); i++) {
		uint8_t bytes[16];

		assert_int_equal(inet_pton(AF_INET6, pairs6[i][0], bytes), 1);
		anonymise6(a, bytes, bytes);
		assert_string_equal(inet_ntop(AF_INET6, bytes, text, sizeof(text)), pairs6[i][1]);
	}
	anonymiser_destroy(a);
	anonymiser_destroy(NULL);
}

/* As many leading bits in common before as after: that is also why no two become one. */
static void prefixes_are_kept(void **state)
{
	struct anonymiser *a = anonymiser_create(sample_key);
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int i = 0; i < 3000; i++) {
		unsigned shared = rng_below(&r, 32);
		uint32_t x = (uint32_t)rng_next(&r), y = x ^ (0x80000000u >> shared | ((uint32_t)rng_next(&r) >> 1 >> shared));

		assert_int_equal(__builtin_clz(anonymise4(a, x) ^ anonymise4(a, y)), shared);
	}
	anonymiser_destroy(a);
}

static char path[] = "/tmp/test_anonymise.XXXXXX";

static void write_key(const void *bytes, size_t length, mode_t mode)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, length, out), length);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void refused(const char *word)
{
	struct err e = ERR_INIT;

	assert_null(anonymiser_open(path, &e));
	assert_int_equal(e.count, 1);
	assert_int_equal(e.status, EXIT_BAD_INPUT);
	if (!strstr(e.lines[0], word) || !strstr(e.lines[0], path))
		fail_msg("\"%s\" does not speak of \"%s\"", e.lines[0], word);
	err_clear(&e);
}

/* A key of 32 bytes or as digits, the same key; anybody else's eyes are refused. */
static void key_files(void **state)
{
	char digits[2 * ANONYMISE_KEY + 3];
	struct anonymiser *a;
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < ANONYMISE_KEY; i++)
		snprintf(digits + 2 * i, 3, i % 2 ? "%02x" : "%02X", sample_key[i]);
	strcat(digits, "\n");
	for (int form = 0; form < 3; form++) {
		write_key(form ? (const void *)digits : (const void *)sample_key,
		          form ? 2 * ANONYMISE_KEY + (form == 2) : ANONYMISE_KEY, 0600);
		a = anonymiser_open(path, &e);
		assert_non_null(a);
		assert_int_equal(anonymise4(a, 0x800b4484), 0x87f2b484);
		anonymiser_destroy(a);
	}
	for (mode_t mode = 1; mode <= 040; mode = mode << 1) {
		write_key(sample_key, ANONYMISE_KEY, 0600 | mode);
		refused("chmod 600");
	}
	write_key(sample_key, ANONYMISE_KEY - 1, 0400);
	refused("not a key");
	chmod(path, 0600);
	write_key(digits, 2 * ANONYMISE_KEY - 1, 0600);
	refused("not a key");
	digits[7] = 'g';
	write_key(digits, 2 * ANONYMISE_KEY, 0600);
	refused("not a key");
	write_key(digits, 0, 0600);
	refused("not a key");
	assert_null(anonymiser_open("/nonexistent/key", &e));
	assert_null(anonymiser_open("/tmp", &e));
	assert_int_equal(e.count, 2);
	err_clear(&e);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_images),
		cmocka_unit_test(prefixes_are_kept),
		cmocka_unit_test(key_files),
	};

	return cmocka_run_group_tests_name("anonymise", tests, NULL, NULL);
}
