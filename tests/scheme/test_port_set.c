/* Port sets: RFC 7597 appendices A and B, RFC 6431 sections 2.1 and 2.2, RFC 6346. */
#include "tests/support/rulebench.h"

#include "sim/scheme/port_set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define NOBODY UINT32_MAX
#define KEY "'key': '000102030405060708090a0b0c0d0e0f'"

/* What tell() says under a name. */
struct told {
	const char *name;
	char text[64];
};

static void keep(void *context, const char *name, const char *text)
{
	struct told *t = context;

	if (!strcmp(t->name, name))
		snprintf(t->text, sizeof(t->text), "%s", text);
}

static void assert_told(const struct rulebench *b, uint32_t subscriber, const char *name, const char *want)
{
	struct told t = { .name = name };

	b->trial->scheme->tell(b->trial->scheme_config, &b->pool, subscriber, keep, &t);
	assert_string_equal(t.text, want);
}

#define EXAMPLE "'subscribers': { 'count': 65536, 'prefix': '10.0.0.0/8' }, 'pool': { 'prefixes': ['192.0.2.0/24'] }, " \
                "'schemes': [{ 'type': 'port-set', 'ea_bits': 16, 'ipv6_prefix': '2001:db8::/40' }]"

/* RFC 7597 appendix A, example 1: the end-user prefix 2001:db8:12:3400::/56 is 192.0.2.18 and PSID 0x34. */
static void map_example_one(void **state)
{
	struct rulebench b;
	struct addr6 prefix;
	uint32_t who, address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, EXAMPLE);
	assert_true(addr6_parse("2001:db8:12:3400::/56", &prefix));
	assert_true(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &prefix, &who));
	assert_int_equal(who, 0x1234);
	assert_told(&b, who, "psid", "52");
	assert_told(&b, who, "psid_length", "8");
	assert_told(&b, who, "end_user_prefix", "2001:db8:12:3400::/56");
	assert_told(&b, who, "ce", "2001:db8:12:3400:0:c000:212:34");
	assert_int_equal(rulebench_numbers(&b, who), 252);
	for (uint32_t n = 0; n < 252; n++) { /* 63 ranges: 1232-1235, 2256-2259, ..., 64720-64723 */
		rulebench_number(&b, who, n, &address, &port);
		assert_int_equal(address, 18);
		assert_int_equal(port, 1232 + n / 4 * 1024 + n % 4);
		assert_int_equal(rulebench_holder(&b, 18, port), 0x1234);
	}
	assert_int_equal(rulebench_holder(&b, 18, 1236), 0x1235);
	/* an address within the end-user prefix, such as the CE's own, leads there too; a shorter prefix or another's does not */
	assert_true(addr6_parse("2001:db8:12:3400:0:c000:212:34", &prefix));
	assert_true(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &prefix, &who));
	assert_int_equal(who, 0x1234);
	assert_true(addr6_parse("2001:db8:12::/48", &prefix));
	assert_false(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &prefix, &who));
	assert_true(addr6_parse("2001:db9:12:3400::/56", &prefix));
	assert_false(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &prefix, &who));
	rulebench_close(&b);
}

/* RFC 7597 appendix A, examples 2 to 5. 2 and 3: what a BR sends to 192.0.2.18:1232, and what the CE sends from there, is
 * of the CE of example 1. 4: no embedded bits, no sharing: all numbers, and no PSID in the CE address. 5: no embedded
 * bits, 256 CEs on the address, PSID 0x34 provisioned. In 4 and 5 the rule's prefix is the end-user prefix, 2001:db8:12:3400::/56. */
static void map_examples_two_to_five(void **state)
{
#define RULE(pool, scheme) "'subscribers': { 'count': 1 }, 'pool': { 'prefixes': [" pool "], 'ports': '1-65535' }, " \
                           "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '2001:db8:12:3400::/56', " scheme " }]"
	static const struct { const char *text; uint32_t who, numbers, range, first, step; const char *ce, *psid, *ea_bits; } rows[] = {
		{ EXAMPLE, 0x1234, 252, 4, 1232, 1024, "2001:db8:12:3400:0:c000:212:34", "52", "16" },
		{ RULE("'192.0.2.1'", "'ea_bits': 0"), 0, 65535, 65535, 1, 0, "2001:db8:12:3400:0:c000:201:0", "0", "0" },
		{ RULE("'192.0.2.18'", "'ea_bits': 0, 'psid_length': 8, 'psid': 52"), 0, 252, 4, 1232, 1024,
		  "2001:db8:12:3400:0:c000:212:34", "52", "0" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr6 prefix;
		struct rulebench b;
		uint32_t who, address;
		uint16_t port;

		rulebench_must_open(&b, rows[i].text);
		assert_true(addr6_parse("2001:db8:12:3400::/56", &prefix));
		assert_true(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &prefix, &who));
		assert_int_equal(who, rows[i].who);
		assert_told(&b, who, "end_user_prefix", "2001:db8:12:3400::/56");
		assert_told(&b, who, "ce", rows[i].ce);
		assert_told(&b, who, "psid", rows[i].psid);
		assert_told(&b, who, "ea_bits", rows[i].ea_bits);
		assert_int_equal(rulebench_numbers(&b, who), rows[i].numbers);
		for (uint32_t n = 0; n < rows[i].numbers; n++) {
			rulebench_number(&b, who, n, &address, &port);
			assert_int_equal(port, rows[i].first + n / rows[i].range * rows[i].step + n % rows[i].range);
			assert_int_equal(rulebench_holder(&b, address, port), who);
		}
		rulebench_reverse_all(&b);
		rulebench_close(&b);
	}
#undef RULE
}

/* Every embedded value: prefix and CE address lead back, and PSID 0 has 1024-1027, 2048-2051, ..., 64512-64515. */
static void every_prefix_leads_back(void **state)
{
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, EXAMPLE);
	for (uint32_t k = 0; k < 65536; k += 7) {
		struct told t = { .name = "ce" };
		struct addr6 ce;
		uint32_t who;

		b.trial->scheme->tell(b.trial->scheme_config, &b.pool, k, keep, &t);
		assert_true(addr6_parse(t.text, &ce));
		assert_true(b.trial->scheme->of_prefix(b.trial->scheme_config, &b.pool, &ce, &who));
		assert_int_equal(who, k);
		assert_int_equal(addr6_bits(&ce, 80, 32), 0xc0000200 + (k >> 8));
		assert_int_equal(addr6_bits(&ce, 112, 16), k & 0xff);
	}
	for (uint32_t n = 0; n < 252; n++) {
		rulebench_number(&b, 0, n, &address, &port);
		assert_int_equal(port, 1024 + n / 4 * 1024 + n % 4);
	}
	rulebench_close(&b);
}

/* Appendix B: for k = 0 to 10 the sets are of 64512 / 2^k numbers, disjoint, and together all of 1024-65535; a number's
 * PSID is floor((P mod R*M) / M). */
static void every_psid_of_every_length(void **state)
{
	(void)state;
	for (uint32_t k = 0; k <= 10; k++) {
		uint32_t sets = 1u << k, m = 1u << (10 - k);
		char *text = must_printf("'subscribers': { 'count': %u }, 'pool': { 'prefixes': ['192.0.2.1'] }, "
		                         "'schemes': [{ 'type': 'port-set', 'psid_length': %u }]", sets, k);
		struct rulebench b;

		rulebench_must_open(&b, text);
		for (uint32_t set = 0; set < sets; set++)
			assert_int_equal(rulebench_numbers(&b, set), 64512 >> k);
		assert_int_equal(rulebench_identity(&b, sets), 64512);
		assert_int_equal(rulebench_reverse_all(&b), 64512);
		for (uint32_t port = 1024; port <= 65535; port++)
			assert_int_equal(rulebench_holder(&b, 0, (uint16_t)port), port % (sets * m) / m);
		rulebench_close(&b);
		free(text);
	}
}

/* Other offsets: A must not be 0, so that the numbers below 2^(16-a) are nobody's; a = 0 leaves out the PSIDs that begin
 * below 1024 (ceil(1024 / M) of them). */
static void every_offset(void **state)
{
	static const struct { uint32_t offset, length, ports_lo, sets, numbers, lowest; } rows[] = {
		{ 1, 4, 1024, 16, 2048, 32768 },
		{ 4, 8, 1024, 256, 240, 4096 },
		{ 5, 8, 1024, 256, 248, 2048 },
		{ 6, 0, 1024, 1, 64512, 1024 },
		{ 12, 4, 1024, 16, 4032, 1024 },  /* below 1024 by the pool, though A > 0 from 16 on */
		{ 0, 6, 1024, 63, 1024, 1024 },   /* lw4o6: R = 64, PSID 0 is 0-1023 and left out */
		{ 0, 8, 1024, 252, 256, 1024 },
		{ 0, 5, 1024, 31, 2048, 2048 },   /* PSID 0 holds 1024-2047 too, and is left out whole */
		{ 0, 16, 60000, 5536, 1, 60000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf("'subscribers': { 'count': %u }, 'pool': { 'prefixes': ['192.0.2.1'], 'ports': '%u-65535' }, "
		                         "'schemes': [{ 'type': 'port-set', 'psid_offset': %u, 'psid_length': %u }]",
		                         rows[i].sets, rows[i].ports_lo, rows[i].offset, rows[i].length);
		uint32_t lowest = UINT32_MAX, address;
		struct rulebench b;
		uint16_t port;

		rulebench_must_open(&b, text);
		for (uint32_t k = 0; k < rows[i].sets; k++) {
			assert_int_equal(rulebench_numbers(&b, k), rows[i].numbers);
			rulebench_number(&b, k, 0, &address, &port);
			lowest = port < lowest ? port : lowest;
		}
		assert_int_equal(lowest, rows[i].lowest);
		assert_int_equal(rulebench_reverse_all(&b), (uint64_t)rows[i].sets * rows[i].numbers);
		rulebench_close(&b);
		free(text);
	}
}

/* What begins below the pool is left out whole, so that all sets are alike (RFC 7597 appendix B, N = the lowest number): A from
 * ceil(N / 2^(16-a)) on, or with offset 0 PSIDs from ceil(N / M) on. Above it the pool's end cuts. */
static void what_begins_below_the_pool(void **state)
{
	static const struct { const char *ports; uint32_t offset; const char *length; uint32_t subscribers, psid, numbers, lowest; } rows[] = {
		{ "5000-65535", 6, "8", 256, 0, 236, 5120 },   /* A from 5 on: 59 runs of 4 */
		{ "1500-65535", 6, "4", 16, 0, 3968, 2048 },   /* A from 2 on: 62 runs of 64 */
		{ "5000-65535", 0, "6", 59, 5, 1024, 5120 },   /* PSIDs 5 to 63 */
		{ "5000-65535", 0, "4", 14, 2, 4096, 8192 },
		{ "8192-65535", 4, "8", 256, 0, 224, 8192 },   /* A from 2 on */
		{ "1-65535", 0, "6", 64, 0, 1023, 1 },         /* N = 0: nothing below, but number 0 is nobody's */
		{ "1-65535", 6, "6", 64, 0, 1008, 1024 },
		{ "1024-40000", 6, "4", 16, 0, 2496, 1024 },   /* A to 39: of that run, 39936-39999, all is in the pool */
		{ "20000-20050", 0, "0", 1, 0, 51, 20000 },    /* no PSID bits: all are one subscriber's */
		{ "20000-20050", 0, "'auto'", 1, 0, 51, 20000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf("'subscribers': { 'count': %u }, 'pool': { 'prefixes': ['192.0.2.1'], 'ports': '%s' }, "
		                         "'schemes': [{ 'type': 'port-set', 'psid_offset': %u, 'psid_length': %s }]",
		                         rows[i].subscribers, rows[i].ports, rows[i].offset, rows[i].length);
		uint32_t address;
		uint16_t port;
		char psid[16];
		struct rulebench b;

		rulebench_must_open(&b, text);
		snprintf(psid, sizeof(psid), "%u", rows[i].psid);
		assert_told(&b, 0, "psid", psid);
		assert_int_equal(rulebench_numbers(&b, 0), rows[i].numbers);
		rulebench_number(&b, 0, 0, &address, &port);
		assert_int_equal(port, rows[i].lowest);
		rulebench_reverse_all(&b);
		rulebench_close(&b);
		free(text);
	}
}

/* Fewer embedded bits than an address has in the pool: 2^2 addresses for each, forward and back, and none shared. */
static void a_prefix_for_each(void **state)
{
	struct rulebench b;
	uint32_t first, address, who;
	uint16_t port;

	(void)state;
	rulebench_must_open(&b, "'subscribers': { 'count': 4 }, 'pool': { 'prefixes': ['192.0.2.0/28'], 'ports': '1024-1123', "
	                        "'pooling': 'arbitrary' }, 'schemes': [{ 'type': 'port-set', 'ea_bits': 2 }]");
	assert_told(&b, 3, "ipv4_prefix", "192.0.2.12/30");
	assert_int_equal(b.trial->scheme->whole(b.trial->scheme_config, &b.pool, 3, &first), 4);
	assert_int_equal(first, 12);
	assert_int_equal(rulebench_numbers(&b, 3), 400);
	rulebench_number(&b, 3, 101, &address, &port);
	assert_int_equal(address, 13);
	assert_int_equal(port, 1025);
	assert_int_equal(rulebench_identity(&b, 4), 1600);
	assert_int_equal(rulebench_reverse_all(&b), 1600);
	assert_true(b.trial->scheme->tenant(b.trial->scheme_config, &b.pool, 15, 0, &who));
	assert_int_equal(who, 3);
	assert_false(b.trial->scheme->tenant(b.trial->scheme_config, &b.pool, 15, 1, &who));
	rulebench_close(&b);
}

/* RFC 6431 section 2.1: PRM 0x1400, PRV 0x0400 is 16,384 numbers; PRM 496, PRV 80 is 128 runs of 16: 80-95, 592-607, ... */
static void masks(void **state)
{
	static const struct { const char *mask; uint32_t prm, prv, sets, set, numbers; } rows[] = {
		{ "0x1400", 0x1400, 0x0400, 4, 1, 16384 },
		{ "496", 496, 80, 32, 5, 2048 },
		{ "0x8001", 0x8001, 0x8000, 4, 2, 16384 }, /* the highest and the lowest bit */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *text = must_printf("'subscribers': { 'count': %u }, 'pool': { 'prefixes': ['192.0.2.1'], 'ports': '1-65535' }, "
		                         "'schemes': [{ 'type': 'port-set', 'masks': '%s' }]", rows[i].sets, rows[i].mask);
		char prv[16];
		struct rulebench b;

		rulebench_must_open(&b, text);
		assert_int_equal(rulebench_numbers(&b, rows[i].set), rows[i].numbers);
		for (uint32_t port = 1; port <= 65535; port++)
			assert_int_equal(rulebench_holder(&b, 0, (uint16_t)port) == rows[i].set,
			                 (port & rows[i].prm) == rows[i].prv);
		snprintf(prv, sizeof(prv), "%u", rows[i].prv);
		assert_told(&b, rows[i].set, "prv", prv);
		rulebench_reverse_all(&b);
		rulebench_close(&b);
		free(text);
	}
	/* the runs of the second example, number by number */
	struct rulebench b;
	uint32_t address;
	uint16_t port;

	rulebench_must_open(&b, "'subscribers': { 'count': 32 }, 'pool': { 'prefixes': ['192.0.2.1'], 'ports': '1-65535' }, "
	                        "'schemes': [{ 'type': 'port-set', 'masks': '0x01f0' }]");
	for (uint32_t n = 0; n < 2048; n++) {
		rulebench_number(&b, 5, n, &address, &port);
		assert_int_equal(port, 80 + n / 16 * 512 + n % 16);
	}
	assert_int_equal(port, 65119);
	rulebench_close(&b);
}

/* RFC 6431 section 2.2: sets of a key are disjoint, cover as many numbers as they should, differ from address to
 * address and from key to key, and lie all over the pool. */
static void sets_of_a_key(void **state)
{
	static const char *const pools[] = { "'ports': '1024-65535'", "'ports': '5000-5999', 'exclude': ['5100-5109']" };
	struct rulebench b;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *text = must_printf("'subscribers': { 'count': 60 }, 'pool': { 'prefixes': ['192.0.2.0/30'], %s }, 'schemes': "
		                         "[{ 'type': 'port-set', 'psid_length': 4, " KEY " }]", pools[i]);
		uint32_t same = 0, others, address;
		uint16_t port, first;

		rulebench_must_open(&b, text);
		others = b.pool.slots->count / 16;
		assert_int_equal(rulebench_identity(&b, 60), 60 * (uint64_t)others);
		rulebench_reverse_all(&b);
		for (uint32_t n = 0; n < others; n++) {
			rulebench_number(&b, 3, n, &address, &first);
			rulebench_number(&b, 19, n, &address, &port);
			same += port == first;
		}
		assert_in_range(same, 0, others / 8 + 3);
		rulebench_close(&b);
		free(text);
	}
}

/* What cannot be is refused, and why. */
static void refusals(void **state)
{
#define ON(pool, scheme) "'subscribers': { 'count': 100 }, 'pool': { " pool " }, 'schemes': [{ 'type': 'port-set', " scheme " }]"
	static const struct { const char *text, *want; } rows[] = {
		{ ON("'prefixes': ['192.0.2.1']", "'psid_length': 6"),
		  "test: $.schemes[0]: the pool holds 64 subscribers (64 sets on each of 1 addresses), but there are 100" },
		{ ON("'prefixes': ['192.0.2.1']", "'psid_length': 11"),
		  "test: $.schemes[0].psid_length: 11 bits do not fit behind an offset of 6 bits" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'ea_bits': 7"),
		  "test: $.schemes[0].ea_bits: 7 is less than the 8 bits of an address within the pool's prefix, so that a subscriber "
		  "has several: pool.pooling must be \"arbitrary\"" },
		{ ON("'prefixes': ['192.0.2.0/24'], 'pooling': 'arbitrary'", "'ea_bits': 6"),
		  "test: $.schemes[0].ea_bits: the pool holds 64 subscribers with 4 addresses each, but there are 100" },
		{ ON("'prefixes': ['192.0.2.0/24'], 'pooling': 'arbitrary'", "'ea_bits': 7, 'psid_length': 4"),
		  "test: $.schemes[0].psid_length: with 7 ea_bits a subscriber has several addresses, since one has 8 bits within the "
		  "pool's prefix: there is no PSID" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'ea_bits': 12, 'psid_length': 3"),
		  "test: $.schemes[0].ea_bits: 12 is not the 8 bits of an address within the pool's prefix and the 3 of psid_length" },
		{ ON("'prefixes': ['192.0.2.0/25', '198.51.100.0/25']", "'ea_bits': 12"),
		  "test: $.schemes[0]: embedded bits need pool.prefixes to be one prefix, all of it: give each rule a scheme of its own" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'ipv6_prefix': '2001:db8::1/40'"),
		  "test: $.schemes[0].ipv6_prefix: \"2001:db8::1/40\" is not an IPv6 prefix (A/LENGTH with host bits 0)" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'psid_length': 8, 'ipv6_prefix': '2001:db8::/113'"),
		  "test: $.schemes[0].ipv6_prefix: its 113 bits and 16 embedded ones are more than 128" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'psid_length': 8, 'interface_identifier': 'draft-03'"),
		  "test: $.schemes[0].interface_identifier: goes with ipv6_prefix alone, and there is none" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'masks': '0x10000'"),
		  "test: $.schemes[0].masks: \"0x10000\" is not a port range mask (such as \"0x01f0\", up to 0xffff, not 0)" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'key': '12'"), "test: $.schemes[0].key: is not 32 hexadecimal digits" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'growth': 128"),
		  "test: $.schemes[0].growth: ranges to grow by need sets that are runs of numbers: psid_offset 0" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'psid_offset': 0, 'psid_length': 8, 'growth': 128"),
		  "test: $.schemes[0].growth: all sets are subscribers' own: sharing must be less than 252" },
		{ ON("'prefixes': ['192.0.2.1']", "'ea_bits': 0, 'psid_length': 8"),
		  "test: $.schemes[0].ea_bits: 0 is not the 0 bits of an address within the pool's prefix and the 8 of psid_length; if "
		  "the PSID is provisioned, give psid" },
		{ ON("'prefixes': ['192.0.2.1']", "'ea_bits': 8, 'psid_length': 8, 'psid': 52"),
		  "test: $.schemes[0].ea_bits: 8 is not the 0 bits of an address within the pool's prefix: a provisioned psid is not "
		  "embedded" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'psid': 52"),
		  "test: $.schemes[0].psid: a provisioned PSID needs its psid_length" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'psid_length': 5, 'psid': 52"),
		  "test: $.schemes[0].psid: 52 does not fit into the 5 bits of psid_length" },
		{ ON("'prefixes': ['192.0.2.0/24']", "'masks': '0x00ff', 'psid': 52"),
		  "test: $.schemes[0].psid: masks know of no PSID: leave it out" },
		{ ON("'prefixes': ['192.0.2.0/26']", "'psid_length': 8, 'psid': 52"),
		  "test: $.schemes[0]: the pool holds 64 subscribers (1 sets on each of 64 addresses), but there are 100" },
		/* 128 sets of 64 numbers cannot be: the most that can, not the last that was tried, is told */
		{ ON("'prefixes': ['192.0.2.1'], 'ports': '1024-1087'", KEY),
		  "test: $.schemes[0]: the pool holds 64 subscribers (64 sets on each of 1 addresses), but there are 100" },
		{ ON("'prefixes': ['192.0.2.0/24'], 'ports': '20000-20050'", "'psid_offset': 0, 'psid_length': 1"),
		  "test: $.schemes[0].psid_length: every number of the pool is in a set that begins below the pool, and is left out: "
		  "1 bits are too few" },
		{ ON("'prefixes': ['192.0.2.0/24'], 'ports': '1024-2047'", "'psid_offset': 1, 'psid_length': 8"),
		  "test: $.schemes[0].psid_offset: no run of 32768 numbers that an offset of 1 bits makes begins in the pool, except at 0" },
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
#undef ON
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(map_example_one), cmocka_unit_test(map_examples_two_to_five), cmocka_unit_test(every_prefix_leads_back),
		cmocka_unit_test(every_psid_of_every_length), cmocka_unit_test(every_offset), cmocka_unit_test(what_begins_below_the_pool), cmocka_unit_test(a_prefix_for_each),
		cmocka_unit_test(masks),
		cmocka_unit_test(sets_of_a_key), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
