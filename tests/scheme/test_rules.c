/* The rules as boxes and standards print them, number by number, and what every rule must keep. */
#include "tests/support/rulebench.h"

#include "sim/scheme/deterministic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOBODY UINT32_MAX
#define KEY_TEXT "000102030405060708090a0b0c0d0e0f"
#define KEY "'key': '" KEY_TEXT "'"
#define ON(count, pool, scheme) \
	"'subscribers': { 'count': " count " }, 'pool': { " pool " }, 'schemes': [{ " scheme " }]"

/* First and last number of a subscriber whose numbers are one run, and its address. */
static void assert_run(const struct rulebench *b, uint32_t subscriber, uint32_t address, uint32_t lo, uint32_t hi)
{
	uint32_t at, last = rulebench_numbers(b, subscriber) - 1;
	uint16_t port;

	rulebench_number(b, subscriber, 0, &at, &port);
	assert_int_equal(at, address);
	assert_int_equal(port, lo);
	rulebench_number(b, subscriber, last, &at, &port);
	assert_int_equal(at, address);
	assert_int_equal(port, hi);
	assert_int_equal(last, hi - lo);
	assert_int_equal(rulebench_holder(b, address, (uint16_t)lo), subscriber);
	assert_int_equal(rulebench_holder(b, address, (uint16_t)hi), subscriber);
}

/* VPP's det44: out = o0 + i / ratio, lo = 1024 + pph (i mod ratio); back: ratio o + (port - 1024) / pph. The ratios are
 * those of CSIT's tests and of TNSR's example (a /15 on a /25). */
static void det44(void **state)
{
	static const struct { uint32_t subscribers, ratio, pph; const char *pool; } rows[] = {
		{ 4096, 1024, 63, "203.0.113.0/30" },   { 2048, 512, 126, "203.0.113.0/30" },
		{ 1024, 256, 252, "203.0.113.0/30" },   { 512, 128, 504, "203.0.113.0/30" },
		{ 131072, 1024, 63, "203.0.113.128/25" }, { 12, 3, 21504, "203.0.113.0/30" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf(ON("%u", "'prefixes': ['%s']", "'type': 'deterministic'"), rows[i].subscribers, rows[i].pool);
		uint32_t ratio = rows[i].ratio, pph = rows[i].pph;
		struct rulebench b;

		rulebench_must_open(&b, text);
		for (uint32_t k = 0; k < rows[i].subscribers; k += rows[i].subscribers > 5000 ? 61 : 1)
			assert_run(&b, k, k / ratio, 1024 + pph * (k % ratio), 1024 + pph * (k % ratio) + pph - 1);
		for (uint32_t port = 1024; port <= 65535; port++) {
			uint32_t who = ratio + (port - 1024) / pph;

			assert_int_equal(rulebench_holder(&b, 1, (uint16_t)port), who < 2 * ratio ? who : NOBODY);
		}
		rulebench_close(&b);
		free(text);
	}
}

/* Block arithmetic of boxes: a range that does not start at 1024, a division that leaves a rest, blocks of a given size,
 * pools in pieces in the order given. */
static void box_arithmetic(void **state)
{
	static const struct { const char *text; uint32_t k, address, lo, hi; } rows[] = {
		/* Junos: blocks of 256 unless told, 252 of them on an address */
		{ ON("1000", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic', 'ports_per_subscriber': 256"),
		  251, 0, 65280, 65535 },
		{ ON("1000", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic', 'ports_per_subscriber': 256"),
		  252, 1, 1024, 1279 },
		/* Junos, block-size 0: floor(64512 / ceil(1000 / 8)) = 516 */
		{ ON("1000", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic'"), 126, 1, 1540, 2055 },
		/* FortiGate, fixed port range from 5117: ten hosts on one address have 6041 each */
		{ ON("10", "'prefixes': ['172.16.200.1'], 'ports': '5117-65533'", "'type': 'deterministic'"), 0, 0, 5117, 11157 },
		{ ON("10", "'prefixes': ['172.16.200.1'], 'ports': '5117-65533'", "'type': 'deterministic'"), 1, 0, 11158, 17198 },
		{ ON("10", "'prefixes': ['172.16.200.1'], 'ports': '5117-65533'", "'type': 'deterministic'"), 9, 0, 59486, 65526 },
		/* two pieces, the higher one first: the 63rd is the first of the second address listed */
		{ ON("130", "'prefixes': ['203.0.113.9', '198.51.100.0/31']", "'type': 'deterministic', 'sharing': 63"),
		  63, 1, 1024, 2047 },
		/* netmap: eight inside addresses on eight outside ones, range by range */
		{ ON("512", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic', 'sharing': 64, 'fill': 'address-first'"),
		  7, 7, 1024, 2031 },
		{ ON("512", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic', 'sharing': 64, 'fill': 'address-first'"),
		  8, 0, 2032, 3039 },
		{ ON("9", "'prefixes': ['203.0.113.0/29']", "'type': 'deterministic', 'fill': 'address-first'"), 8, 0, 33280, 65535 },
		/* no sharing */
		{ ON("5", "'prefixes': ['203.0.113.0/29']", "'type': 'one-to-one'"), 4, 4, 1024, 65535 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rulebench b;

		rulebench_must_open(&b, rows[i].text);
		assert_run(&b, rows[i].k, rows[i].address, rows[i].lo, rows[i].hi);
		rulebench_reverse_all(&b);
		rulebench_close(&b);
	}
}

/* Junos's own formula: offset = k P, address offset div 64512, first port 1024 + offset mod 64512. Its manual's example:
 * block size 249, the 505th after the first address: the second address, from 62257. A block may lie on two addresses. */
static void junos_blocks_across_addresses(void **state)
{
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, ON("700", "'prefixes': ['32.32.32.0/30'], 'pooling': 'arbitrary'",
	                           "'type': 'deterministic', 'layout': 'continuous', 'ports_per_subscriber': 249"));
	assert_run(&b, 505, 1, 62257, 62505);
	for (uint32_t k = 0; k < 700; k++)
		for (uint32_t n = 0; n < 249; n++) {
			rulebench_number(&b, k, n, &address, &port);
			assert_int_equal(address, (k * 249 + n) / 64512);
			assert_int_equal(port, 1024 + (k * 249 + n) % 64512);
		}
	rulebench_reverse_all(&b);
	rulebench_close(&b);
	/* where blocks divide an address it is the contiguous layout, and paired */
	rulebench_must_open(&b, ON("1000", "'prefixes': ['32.32.32.0/30']",
	                           "'type': 'deterministic', 'layout': 'continuous', 'ports_per_subscriber': 256"));
	assert_run(&b, 252, 1, 1024, 1279);
	rulebench_reverse_all(&b);
	rulebench_close(&b);
}

/* Algorithm 1: port(k, n) = R + n (C + D) + k - 1, k counted from 1. */
static void staggered(void **state)
{
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, ON("14", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 1, 'sharing': 16"));
	for (uint32_t k = 0; k < 14; k++)
		for (uint32_t n = 0; n < 4032; n++) {
			rulebench_number(&b, k, n, &address, &port);
			assert_int_equal(port, 1024 + n * 16 + k);
			assert_int_equal(rulebench_holder(&b, 0, port), k);
		}
	assert_int_equal(rulebench_holder(&b, 0, 1024 + 14), NOBODY);
	rulebench_close(&b);
}

/* Algorithm 2, the example of section 2: ten addresses and 1000 numbers each give a subscriber 100 ports on all ten. */
static void round_robin(void **state)
{
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, ON("600", "'prefixes': ['192.0.2.0-192.0.2.9'], 'ports': '2000-65535', 'pooling': 'arbitrary'",
	                           "'type': 'deterministic', 'algorithm': 2, 'ports_per_subscriber': 1000"));
	for (uint32_t k = 0; k < 600; k += 7)
		for (uint32_t n = 0; n < 1000; n++) {
			rulebench_number(&b, k, n, &address, &port);
			assert_int_equal(address, n % 10);
			assert_int_equal(port, 2000 + k * 100 + n / 10);
		}
	rulebench_reverse_all(&b);
	rulebench_close(&b);
}

/* Algorithm 3: every C-th port, spread across the pool. */
static void interlaced_horizontally(void **state)
{
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, ON("40", "'prefixes': ['192.0.2.0/30'], 'ports': '1024-2047', 'pooling': 'arbitrary'",
	                           "'type': 'deterministic', 'algorithm': 3"));
	for (uint32_t k = 0; k < 40; k++)
		for (uint32_t n = 0; n < 102; n++) {
			rulebench_number(&b, k, n, &address, &port);
			assert_int_equal(address, (k / 10 + n) % 4);
			assert_int_equal(port, 1024 + n * 10 + k % 10);
		}
	rulebench_reverse_all(&b);
	rulebench_close(&b);
}

/* Few numbers on many addresses: who lives where is then a part of the pool, and the rule must know it. */
static void spread_over_more_addresses_than_numbers(void **state)
{
	(void)state;
	for (uint32_t algorithm = 2; algorithm <= 3; algorithm++) {
		char *text = must_printf(ON("190", "'prefixes': ['192.0.2.0-192.0.2.12'], 'ports': '1024-1098', 'pooling': 'arbitrary'",
		                            "'type': 'deterministic', 'algorithm': %u"), algorithm);
		struct rulebench b;

		rulebench_must_open(&b, text);
		free(text);
		assert_int_equal(rulebench_numbers(&b, 0), 5);
		assert_int_equal(rulebench_identity(&b, 190), 190 * 5);
		rulebench_reverse_all(&b);
		rulebench_close(&b);
	}
}

/* E of RFC 6431 section 2.2, worked out with another program's AES (openssl enc -aes-128-ecb): the key of 192.0.2.1 is
 * AES of c0000201 and zeros under KEY. 1086 goes through a number below 1024. */
static void cryptographic(void **state)
{
	static const struct { uint32_t x, y; } rows[] = {
		{ 1024, 44066 }, { 1025, 4843 }, { 5055, 31119 }, { 40000, 17928 }, { 65535, 61660 }, { 1086, 7555 }, { 1284, 65530 },
	};
	static const uint8_t want[FEISTEL_KEY] = { 0xb5, 0x2d, 0x0a, 0x13, 0xdd, 0xe9, 0xa6, 0xba,
	                                           0x18, 0xcb, 0x8a, 0x5a, 0xc8, 0x0c, 0xbb, 0x33 };
	uint8_t key[FEISTEL_KEY], own[FEISTEL_KEY];
	uint32_t address;
	struct rulebench b;
	uint16_t port;

	(void)state;
	assert_true(feistel_key_parse(KEY_TEXT, key));
	feistel_key_of(key, 0xc0000201, own);
	assert_memory_equal(own, want, sizeof(want));
	rulebench_must_open(&b, ON("16", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 4, " KEY));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t index = rows[i].x - 1024;

		rulebench_number(&b, index / 4032, index % 4032, &address, &port);
		assert_int_equal(port, rows[i].y);
		assert_int_equal(rulebench_holder(&b, 0, port), index / 4032);
	}
	assert_int_equal(rulebench_identity(&b, 16), 64512);
	rulebench_close(&b);
	/* with a dynamic pool that is above the shares and stays in one piece */
	rulebench_must_open(&b, ON("14", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 4, 'sharing': 14, "
	                           "'dynamic': 2, " KEY));
	for (uint32_t p = 1024; p <= 65535; p++)
		assert_int_equal(rulebench_holder(&b, 0, (uint16_t)p) == NOBODY, p > 57471);
	rulebench_close(&b);
}

/* Every layout and fill over awkward pools: forward and back is the identity, no number has two holders, tenants are
 * those who have a number. */
static void every_rule_is_reversible(void **state)
{
	static const char *const pools[] = {
		"'prefixes': ['192.0.2.0/30']",
		"'prefixes': ['192.0.2.7', '198.51.100.0/31', '192.0.2.1'], 'ports': '1-65535', 'exclude': ['5060-5061', '1', '65535']",
		"'prefixes': ['192.0.2.0-192.0.2.4'], 'ports': '5000-5999', 'exclude': ['5100']",
		"'prefixes': ['192.0.2.0-192.0.2.2'], 'ports': '65500-65535'",
	};
	static const char *const schemes[] = {
		"'type': 'deterministic'",
		"'type': 'deterministic', 'fill': 'address-first'",
		"'type': 'deterministic', 'dynamic': 1, 'block': 1",
		"'type': 'deterministic', 'layout': 'interlaced'",
		"'type': 'deterministic', 'layout': 'interlaced', 'fill': 'address-first'",
		"'type': 'deterministic', 'layout': 'interlaced', 'dynamic': 1, 'block': 1",
		"'type': 'deterministic', 'layout': 'continuous', 'pool': { 'pooling': 'arbitrary' }",
		"'type': 'deterministic', 'algorithm': 2, 'pool': { 'pooling': 'arbitrary' }",
		"'type': 'deterministic', 'algorithm': 3, 'pool': { 'pooling': 'arbitrary' }",
		"'type': 'deterministic', 'algorithm': 2, 'dynamic': 1, 'block': 1, 'pool': { 'pooling': 'arbitrary' }",
		"'type': 'deterministic', 'layout': 'cryptographic', " KEY,
		"'type': 'deterministic', 'layout': 'cryptographic', 'dynamic': 1, 'block': 1, 'fill': 'address-first', " KEY,
		"'type': 'port-set', 'psid_length': 4, 'psid_offset': 3",
		"'type': 'port-set', 'masks': '0x000f'",
		"'type': 'port-set', 'psid_length': 4, " KEY,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pools) / sizeof(*pools); i++) {
		for (size_t j = 0; j < sizeof(schemes) / sizeof(*schemes); j++) {
			char *text = must_printf(ON("%u", "%s", "%s"), i == 1 ? 50u : 31u, pools[i], schemes[j]);
			struct rulebench b;
			struct err e = ERR_INIT;

			if (rulebench_open(&b, text, &e)) {
				rulebench_identity(&b, 100);
				rulebench_reverse_all(&b);
				rulebench_close(&b);
			} else { /* bits of a mask or PSID that these few numbers do not have */
				assert_true(strstr(text, "port-set") && e.count == 1);
				assert_true(strstr(e.lines[0], "but there are") || strstr(e.lines[0], "no number of the pool") ||
				            strstr(e.lines[0], "begins in the pool"));
				err_clear(&e);
			}
			free(text);
		}
	}
}

/* What cannot be is refused, by name. */
static void refusals(void **state)
{
	static const struct { const char *text, *want; } rows[] = {
		{ ON("9", "'prefixes': ['192.0.2.0/30']", "'type': 'deterministic', 'algorithm': 2"),
		  "test: $.schemes[0].algorithm: 2 spreads each subscriber over all addresses: pool.pooling must be \"arbitrary\"" },
		{ ON("9", "'prefixes': ['192.0.2.0/30']", "'type': 'deterministic', 'algorithm': 5"),
		  "test: $.schemes[0].algorithm: 5 is out of range (0 to 4)" },
		{ ON("9", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 3, 'fill': 'address-first'"),
		  "test: $.schemes[0].fill: \"address-first\" has no meaning for algorithm 3, which spreads each subscriber over all "
		  "addresses" },
		{ ON("9", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 1, 'layout': 'cryptographic'"),
		  "test: $.schemes[0].layout: \"cryptographic\" is not algorithm 1: give one of the two" },
		{ ON("9", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'algorithm': 4"),
		  "test: $.schemes[0].key: the cryptographic layout needs a key of 32 hexadecimal digits" },
		{ ON("9", "'prefixes': ['192.0.2.0/30']", "'type': 'deterministic', 'layout': 'continuous', 'ports_per_subscriber': 249"),
		  "test: $.schemes[0].layout: shares of 249 do not divide the 64512 numbers of an address, so that some lie on two: "
		  "pool.pooling must be \"arbitrary\"" },
		{ ON("9", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', " KEY),
		  "test: $.schemes[0].key: only the cryptographic layout has a key" },
		{ ON("9", "'prefixes': ['192.0.2.1']", "'type': 'deterministic', 'sharing': 9, 'ports_per_subscriber': 100"),
		  "test: $.schemes[0]: compression, sharing and ports_per_subscriber say the same thing: give one" },
		{ ON("70000", "'prefixes': ['192.0.2.1']", "'type': 'deterministic'"),
		  "test: $.schemes[0]: 70000 subscribers and 0 dynamic shares on an address of 64512 numbers leave none for each" },
		{ ON("5", "'prefixes': ['192.0.2.0/30']", "'type': 'one-to-one'"),
		  "test: $.schemes[0]: 5 subscribers need as many addresses, and the pool has 4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = ERR_INIT;
		struct rulebench b;

		assert_false(rulebench_open(&b, rows[i].text, &e));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.lines[0], rows[i].want);
		err_clear(&e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(det44), cmocka_unit_test(box_arithmetic), cmocka_unit_test(junos_blocks_across_addresses),
		cmocka_unit_test(staggered), cmocka_unit_test(round_robin),
		cmocka_unit_test(interlaced_horizontally), cmocka_unit_test(spread_over_more_addresses_than_numbers),
		cmocka_unit_test(cryptographic), cmocka_unit_test(every_rule_is_reversible), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
