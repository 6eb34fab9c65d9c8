/* What other projects publish of their rules, in their documentation and tests, asked of ours: one row for each subscriber
 * that they name. The parameters are theirs; where a rule has IPv6, the subscriber is found by its prefix, and its CE address
 * is compared too. */
#include "tests/support/rulebench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define DET44(ins, count, outs) "'subscribers': { 'count': " count ", 'prefix': '" ins "' }, 'pool': { 'prefixes': ['" outs "'] }, " \
                                "'schemes': [{ 'type': 'deterministic' }]"
#define CGNAT "'subscribers': { 'count': 16, 'prefix': '100.64.0.0/28' }, 'pool': { 'prefixes': ['192.0.2.0/30'] }, " \
              "'schemes': [{ 'type': 'deterministic', 'ports_per_subscriber': 8000 }]"
#define JOOL "'subscribers': { 'count': 7936, 'prefix': '10.0.0.0/8' }, 'pool': { 'prefixes': ['192.0.2.0/24'] }, " \
             "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '2001:db8:ce::/51', 'ea_bits': 13, 'psid_offset': 0 }]"
#define VPP_MAP "'subscribers': { 'count': 4096, 'prefix': '10.0.0.0/8' }, 'pool': { 'prefixes': ['192.168.0.0/24'] }, " \
                "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '2001:db8::/32', 'psid_offset': 6, 'psid_length': 4 }]"
#define NOKIA "'subscribers': { 'count': 4096, 'prefix': '100.64.0.0/10' }, 'pool': { 'prefixes': ['10.11.11.0/24'] }, " \
              "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '2001:db8:1::/48', 'ea_bits': 12 }]"
#define V6PLUS(identifier) "'subscribers': { 'count': 33554432, 'prefix': '10.0.0.0/7' }, 'pool': { 'prefixes': ['106.72.0.0/15'] }, " \
               "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '240b:10::/31', 'ea_bits': 25, 'psid_offset': 4, " \
               "'interface_identifier': '" identifier "' }]"
#define VPP_PREFIX(count, bits) "'subscribers': { 'count': " count ", 'prefix': '10.0.0.0/8' }, 'pool': { 'prefixes': ['20.0.0.0/8'], " \
                                "'ports': '1-65535', 'pooling': 'arbitrary' }, 'schemes': [{ 'type': 'port-set', " \
                                "'ipv6_prefix': '2001:db8::/32', 'ea_bits': " bits " }]"
#define LONG_PREFIX "'subscribers': { 'count': 65536, 'prefix': '10.0.0.0/8' }, 'pool': { 'prefixes': ['192.0.2.0/24'] }, " \
                    "'schemes': [{ 'type': 'port-set', 'ipv6_prefix': '2001:db8:0:4464::/64', 'ea_bits': 16 }]"

static const struct vector {
	const char *source, *text;
	const char *inside;    /* address or IPv6 prefix */
	const char *outside, *ce;
	uint32_t lo, hi;       /* of the first run */
	uint32_t runs, step, numbers; /* runs of the same length begin `step` apart */
} vectors[] = {
	{ "FDio/vpp test_det44.py: 172.16.255.0/24 on 172.17.255.50", DET44("172.16.255.0/24", "256", "172.17.255.50"),
	  "172.16.255.20", "172.17.255.50", NULL, 6064, 6315, 1, 0, 252 },
	{ "TNSR: 198.14.0.0/15 on 203.0.113.128/25, ratio 1024, 63 ports", DET44("198.14.0.0/15", "131072", "203.0.113.128/25"),
	  "198.15.255.255", "203.0.113.255", NULL, 65473, 65535, 1, 0, 63 },
	{ "VPP's command reference: det44 forward 10.0.0.2", DET44("10.0.0.0/18", "16384", "1.1.1.0/30"),
	  "10.0.0.2", "1.1.1.0", NULL, 1054, 1068, 1, 0, 15 },
	{ "VPP's command reference: det44 reverse 1.1.1.1:1276", DET44("10.0.0.0/18", "16384", "1.1.1.0/30"),
	  "10.0.16.16", "1.1.1.1", NULL, 1264, 1278, 1, 0, 15 },
	{ "sever-sever/nftables-cgnat, README", CGNAT, "100.64.0.0", "192.0.2.0", NULL, 1024, 9023, 1, 0, 8000 },
	{ "sever-sever/nftables-cgnat, README", CGNAT, "100.64.0.3", "192.0.2.0", NULL, 25024, 33023, 1, 0, 8000 },
	{ "sever-sever/nftables-cgnat, eight on an address", CGNAT, "100.64.0.8", "192.0.2.1", NULL, 1024, 9023, 1, 0, 8000 },
	{ "NICMx/Jool run-mapt.md: CE 11b", JOOL, "2001:db8:ce:11b::/64", "192.0.2.8", "2001:db8:ce:11b:0:c000:208:1b",
	  55296, 57343, 1, 0, 2048 },
	{ "NICMx/Jool run-mapt.md: CE 774 (PSID 0x14: its iptables line takes that for 14)", JOOL, "2001:db8:ce:774::/64",
	  "192.0.2.59", "2001:db8:ce:774:0:c000:23b:14", 40960, 43007, 1, 0, 2048 },
	{ "FDio/vpp test_map.py: 192.168.0.1 port 0xabcd", VPP_MAP, "2001:db8:1f0::/44", "192.168.0.1", "2001:db8:1f0::c0a8:1:f",
	  1984, 2047, 63, 1024, 4032 },
	{ "Nokia, MAP-T: 10.11.11.0/24, 12 embedded bits, /60 for each CE (the rule prefix is ours)", NOKIA,
	  "2001:db8:1:1200::/60", "10.11.11.18", NULL, 1024, 1087, 63, 1024, 4032 },
	{ "v6plus, the largest rule in public tables: 240b:10::/31, 106.72.0.0/15, 25 bits, offset 4: 15 runs of 16", V6PLUS("rfc7597"),
	  "240b:11:1234:5600::/56", "106.73.18.52", "240b:11:1234:5600:0:6a49:1234:56", 5472, 5487, 15, 4096, 240 },
	{ "the same with the interface identifier that it is deployed with (OpenWrt: legacymap)", V6PLUS("draft-03"),
	  "240b:11:1234:5600::/56", "106.73.18.52", "240b:11:1234:5600:6a:4912:3400:5600", 5472, 5487, 15, 4096, 240 },
	{ "FDio/vpp map/test.c, VPP-228: 4 of the 24 bits of 20.0.0.0/8 embedded", VPP_PREFIX("16", "4"),
	  "2001:db8:a000::/36", "20.160.0.0", "2001:db8:a000::14a0:0:0", 1, 65535, 1, 0, 65535 },
	{ "FDio/vpp map/test.c: 10 bits", VPP_PREFIX("1024", "10"),
	  "2001:db8:a9c0::/42", "20.169.192.0", "2001:db8:a9c0::14a9:c000:0", 1, 65535, 1, 0, 65535 },
	{ "FDio/vpp map/test.c: 20 bits", VPP_PREFIX("1048576", "20"),
	  "2001:db8:a9c9:d000::/52", "20.169.201.208", "2001:db8:a9c9:d000:0:14a9:c9d0:0", 1, 65535, 1, 0, 65535 },
	{ "RFC 7597 section 6: an end-user prefix of more than 64 bits lies over the interface identifier", LONG_PREFIX,
	  "2001:db8:0:4464:1234::/80", "192.0.2.18", "2001:db8:0:4464:1234:c000:212:34", 1232, 1235, 63, 1024, 252 },
};

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

/* The subscriber at an inside address, or in an IPv6 prefix. */
static uint32_t subscriber_of(const struct rulebench *b, const char *inside)
{
	struct addr6 prefix;
	uint32_t addr, who;

	if (addr_parse(inside, &addr))
		return addr - b->pool.first_inside;
	assert_true(addr6_parse(inside, &prefix));
	assert_true(b->trial->scheme->of_prefix(b->trial->scheme_config, &b->pool, &prefix, &who));
	return who;
}

static void check(const struct rulebench *b, const struct vector *v)
{
	uint32_t who = subscriber_of(b, v->inside), outside, address, length = v->hi - v->lo + 1;
	uint64_t index;
	uint16_t port;

	assert_true(addr_parse(v->outside, &outside));
	assert_true(pool_config_find(b->pool.config, outside, &index));
	uint32_t first, whole = b->trial->scheme->whole ? b->trial->scheme->whole(b->trial->scheme_config, &b->pool, who, &first) : 0;
	uint64_t all = (uint64_t)v->numbers * (whole ? whole : 1);

	assert_true(!whole || first == index);
	assert_int_equal(rulebench_numbers(b, who), all < UINT32_MAX ? all : UINT32_MAX);
	assert_int_equal(v->numbers, v->runs * length);
	for (uint32_t n = 0; n < v->numbers; n++) {
		rulebench_number(b, who, n, &address, &port);
		assert_int_equal(address, index);
		assert_int_equal(port, v->lo + n / length * v->step + n % length);
		assert_int_equal(rulebench_holder(b, address, port), who);
	}
	if (v->ce) {
		struct told told = { .name = "ce" };

		b->trial->scheme->tell(b->trial->scheme_config, &b->pool, who, keep, &told);
		assert_string_equal(told.text, v->ce);
	}
}

static void published_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct rulebench b;

		print_message("%s\n", vectors[i].source);
		rulebench_must_open(&b, vectors[i].text);
		check(&b, &vectors[i]);
		if ((uint64_t)b.pool.addresses * b.pool.slots->count < 100000000) /* more take minutes */
			rulebench_reverse_all(&b);
		rulebench_close(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
