/* Scenarios: what is accepted, what comes out of it, and the exact text of every
 * fault. The rows of bad scenarios are data: text, then the lines it must give. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/scenario.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

/* The least there must be. */
#define WHO "\"subscribers\":{\"count\":10}"
#define POOL "\"pool\":{\"prefixes\":[\"192.0.2.0/25\"]}"
#define LEAST "{" WHO "," POOL "}"
#define PLUS(more) "{" WHO "," POOL "," more "}"
#define IN_POOL(more) "{" WHO ",\"pool\":{\"prefixes\":[\"192.0.2.0/25\"]," more "}}"
#define MORE 12

static struct scenario *parse(const char *text, struct err *e)
{
	return scenario_parse(text, strlen(text), "a.json", NULL, e);
}

/* Are these the faults, all of them, in this order? Says what differs. */
static bool faults_are(const struct err *e, const char *const *lines, const char *text)
{
	bool same = true;

	for (size_t i = 0; i < e->count || lines[i]; i++) {
		const char *is = i < e->count ? e->lines[i] : "(nothing)", *wanted = lines[i] ? lines[i] : "(nothing)";

		if (strcmp(is, wanted) != 0) {
			print_error("%s\n  is:     %s\n  wanted: %s\n", text, is, wanted);
			same = false;
		}
		if (!lines[i])
			break;
	}
	return same;
}

static const struct {
	const char *text;
	const char *lines[MORE];
} bad[] = {
	/* not JSON: line, column, reason */
	{ "", { "a.json: line 1, column 1: the text ends where a value should be" } },
	{ "{\n  \"name\": \"x\",,\n}", { "a.json: line 2, column 15: expected a key in quotes, not ','" } },
	{ "{ \"name\": 'x' }", { "a.json: line 1, column 11: expected a value, not '''" } },
	{ "{ \"name\" \"x\" }", { "a.json: line 1, column 10: expected ':', not '\"'" } },
	{ "{ \"seed\": 1 2 }", { "a.json: line 1, column 13: expected ',' or '}', not '2'" } },
	{ "{ \"seed\": [1 2] }", { "a.json: line 1, column 14: expected ',' or ']', not '2'" } },
	{ "{ \"seed\": 01 }", { "a.json: line 1, column 12: a number does not begin with 0" } },
	{ "{ \"seed\": 1. }", { "a.json: line 1, column 13: expected a digit, not byte 0x20" } },
	{ "{ \"seed\": 1e999 }", { "a.json: line 1, column 11: a number too large for anything" } },
	{ "{ \"seed\": 1 } x", { "a.json: line 1, column 15: expected the end of the text, not 'x'" } },
	{ "{ \"\xc3\xa9\": nul }",
	  { "a.json: line 1, column 8: expected a value, not 'n'" } }, /* columns are characters */
	{ "{ \"name\": \"x\n\" }", { "a.json: line 1, column 13: a text goes on past the end of its line" } },
	{ "{ \"name\": \"x }", { "a.json: line 1, column 11: this text has no end" } },
	{ "{ \"name\": \"a\\u0000b\" }", { "a.json: line 1, column 19: \\u0000 has no place in a text" } },
	{ "{ \"name\": \"\\ud800\" }", { "a.json: line 1, column 18: half a surrogate pair" } },
	{ "{ \"name\": \"\\x\" }",
	  { "a.json: line 1, column 13: expected one of \"\\/bfnrtu after a backslash, not 'x'" } },
	{ "{ \"name\": \"\xff\" }", { "a.json: line 1, column 12: not valid UTF-8" } },
	{ "{ \"name\": \"\xc0\xaf\" }", { "a.json: line 1, column 12: not valid UTF-8" } },
	{ "{ \"seed\": 1234567890123456789012345678901234567890123456789012345678901234567890 }",
	  { "a.json: line 1, column 11: a number of more than 60 characters" } },

	/* the whole */
	{ "[]", { "a.json: $: a list is not an object { ... }" } },
	{ "{}",
	  { "a.json: $.subscribers.count: is missing: how many subscribers there are",
	    "a.json: $.pool.prefixes: is missing: the public addresses: a list of prefixes, in the order in which they "
	    "are used" } },
	{ PLUS("\"warm-up\":1"), { "a.json: $.warm-up: unknown key; the nearest known one is \"warmup\"" } },
	{ PLUS("\"shemes\":[]"), { "a.json: $.shemes: unknown key; the nearest known one is \"schemes\"" } },
	{ PLUS("\"we ird\":1"), { "a.json: $[\"we ird\"]: unknown key; the nearest known one is \"seed\"" } },
	{ PLUS("\"seed\":1,\"seed\":2"), { "a.json: $.seed: is given twice" } },
	{ PLUS("\"pool\":{}"), { "a.json: $.pool: is given twice" } },
	{ PLUS("\"events\":[{}]"), { "a.json: $.events: a list is not built yet: only [] is accepted" } },
	{ PLUS("\"name\":\"a/b\""),
	  { "a.json: $.name: \"a/b\" is not a name: it must be fit for a file (1 to 64 bytes, no \"/\", no \".\" at "
	    "its start)" } },
	{ PLUS("\"name\":7"), { "a.json: $.name: 7 is not a text" } },

	/* every type says what would be right */
	{ PLUS("\"demand\":1"), { "a.json: $.demand: 1 is not true or false" } },
	{ PLUS("\"replications\":1.5"), { "a.json: $.replications: 1.5 is not a whole number (1 to 10000)" } },
	{ PLUS("\"replications\":\"3\""), { "a.json: $.replications: \"3\" is not a whole number (1 to 10000)" } },
	{ PLUS("\"replications\":0"), { "a.json: $.replications: 0 is out of range (1 to 10000)" } },
	{ PLUS("\"replications\":-3"), { "a.json: $.replications: -3 is out of range (1 to 10000)" } },
	{ PLUS("\"seed\":1e300"), { "a.json: $.seed: 1e+300 is out of range (0 to 9007199254740992)" } },
	{ PLUS("\"duration\":\"5 minutes\""),
	  { "a.json: $.duration: \"5 minutes\" is not a duration (such as \"90s\", \"2h4m\", \"250ms\", or a number of "
	    "seconds; at most 36525d)" } },
	{ PLUS("\"duration\":\"0s\""), { "a.json: $.duration: \"0s\" is out of range (1ms to 366d)" } },
	{ PLUS("\"duration\":-1"),
	  { "a.json: $.duration: -1 is not a duration (such as \"90s\", \"2h4m\", \"250ms\", or a number of seconds; "
	    "at most 36525d)" } },
	{ PLUS("\"warmup\":\"outo\""),
	  { "a.json: $.warmup: \"outo\" is not \"auto\" or a duration (such as \"90s\", \"2h4m\", \"250ms\", or a "
	    "number of seconds; at most 36525d)" } },
	{ PLUS("\"sample_interval\":\"1ms\",\"duration\":\"366d\",\"warmup\":0"),
	  { "a.json: $.sample_interval: 1ms over 366d gives more than 10000000 samples" } },
	{ PLUS("\"access\":\"ds-lite\""), { "a.json: $.access: \"ds-lite\" is not one of \"nat44\", \"nat444\"" } },
	{ PLUS("\"plan\":{\"confidence\":\"high\"}"), { "a.json: $.plan.confidence: \"high\" is not a number" } },
	{ PLUS("\"plan\":{\"confidence\":1}"), { "a.json: $.plan.confidence: 1 is out of range (0.5 to 0.9999)" } },
	{ PLUS("\"plan\":[]"), { "a.json: $.plan: a list is not an object { ... }" } },

	/* subscribers */
	{ "{\"subscribers\":{\"count\":300,\"prefix\":\"10.0.0.0/24\"}," POOL "}",
	  { "a.json: $.subscribers.prefix: 10.0.0.0/24 holds 256 addresses, and subscribers.count is 300" } },
	{ "{\"subscribers\":{\"count\":256,\"prefix\":\"255.255.255.0/24\"}," POOL "}",
	  { "a.json: $.subscribers.prefix: 255.255.255.255 is nobody's address, and would be the last subscriber's" } },
	{ "{\"subscribers\":{\"count\":3,\"prefix\":\"10.0.0.1/24\"}," POOL "}",
	  { "a.json: $.subscribers.prefix: \"10.0.0.1/24\" is not a prefix (A/LENGTH with host bits 0), an address or "
	    "a range A-B" } },
	{ "{\"subscribers\":{\"count\":3,\"prefix\":\"192.0.0.0/16\"}," POOL "}",
	  { "a.json: $.pool.prefixes[0]: 192.0.2.0/25 overlaps subscribers.prefix, 192.0.0.0/16" } },

	/* pool */
	{ IN_POOL("\"ports\":\"70000-80000\""),
	  { "a.json: $.pool.ports: \"70000-80000\" is not a port range (LO-HI, 1 to 65535)" } },
	{ IN_POOL("\"ports\":0"), { "a.json: $.pool.ports: 0 is not a port range (LO-HI, 1 to 65535)" } },
	{ IN_POOL("\"exclude\":[\"5004\",\"x\"]"),
	  { "a.json: $.pool.exclude[1]: \"x\" is not a port range (LO-HI, 1 to 65535)" } },
	{ IN_POOL("\"exclude\":\"5004\""), { "a.json: $.pool.exclude: \"5004\" is not a list of ports" } },
	{ IN_POOL("\"exclude\":[\"1-65535\"]"), { "a.json: $.pool.exclude: leaves nothing of ports, 1024-65535" } },
	{ IN_POOL("\"pooling\":\"shared\""),
	  { "a.json: $.pool.pooling: \"shared\" is not one of \"paired\", \"soft-paired\", \"arbitrary\"" } },
	{ IN_POOL("\"assignment\":\"best\""),
	  { "a.json: $.pool.assignment: \"best\" is not one of \"random\", \"round-robin\", \"least-used\", "
	    "\"hash\"" } },
	{ IN_POOL("\"addresses\":129"),
	  { "a.json: $.pool.addresses: 129 is more than the 128 addresses of prefixes" } },
	{ IN_POOL("\"instances\":129"), { "a.json: $.pool.instances: 129 instances cannot share 128 addresses" } },
	{ IN_POOL("\"instances\":11"), { "a.json: $.pool.instances: 11 instances cannot share 10 subscribers" } },
	{ IN_POOL("\"instances\":0"),
	  { "a.json: $.pool.instances: 0 is out of range (\"auto\", or 1 to 4294967295)" } },
	{ IN_POOL("\"instances\":\"many\""),
	  { "a.json: $.pool.instances: \"many\" is not a whole number (\"auto\", or 1 to 4294967295)" } },
	{ "{" WHO ",\"pool\":{\"prefixes\":[]}}",
	  { "a.json: $.pool.prefixes: is an empty list: give at least one entry" } },
	{ "{" WHO ",\"pool\":{\"prefixes\":[\"192.0.2.0/24\",\"198.51.100.0/24\",\"192.0.2.64/26\"]}}",
	  { "a.json: $.pool.prefixes[2]: 192.0.2.64/26 overlaps prefixes[0], 192.0.2.0/24" } },
	{ "{" WHO ",\"pool\":{\"prefixes\":[\"10.0.0.0/7\"]}}",
	  { "a.json: $.pool.addresses: the pool has 33554432 addresses; at most 16777216 are supported" } },

	/* nat, cpe, log, evidence */
	{ PLUS("\"nat\":{\"mapping\":\"symmetric\",\"filtering\":{\"tcp\":\"none\",\"sctp\":1},\"on_full\":\"evict\",\"retry\":\"udp\"}"),
	  { "a.json: $.nat.mapping: \"symmetric\" is not one of \"endpoint-independent\", \"address-dependent\", "
	    "\"address-and-port-dependent\"",
	    "a.json: $.nat.filtering.tcp: \"none\" is not one of \"endpoint-independent\", \"address-dependent\", "
	    "\"address-and-port-dependent\"",
	    "a.json: $.nat.filtering.sctp: unknown key; the nearest known one is \"tcp\"",
	    "a.json: $.nat.on_full: \"evict\" is not one of \"refuse\", \"evict-random\"",
	    "a.json: $.nat.retry: \"udp\" is not one of \"none\", \"tcp\", \"ns3\"" } },
	{ PLUS("\"nat\":{\"hold_down\":{\"tcp\":\"free\",\"same_subscriber\":\"give\"}}"),
	  { "a.json: $.nat.hold_down.tcp: \"free\" is not one of \"hold\", \"release\"",
	    "a.json: $.nat.hold_down.same_subscriber: \"give\" is not one of \"hold\", \"release\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"overload\":true}]"),
	  { "a.json: $.schemes[0]: overload needs nat.mapping and nat.filtering \"address-and-port-dependent\": a number's "
	    "mappings are told apart by their remote endpoints" } },
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"overload\":true,\"select\":\"rfc6056-3\"}]"),
	  { "a.json: $.schemes[0].overload: goes with \"select\": \"random\", \"sequential\" or \"preserve\", not with "
	    "\"rfc6056-3\"",
	    "a.json: $.schemes[0]: overload needs nat.mapping and nat.filtering \"address-and-port-dependent\": a number's "
	    "mappings are told apart by their remote endpoints" } },
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"overload\":true,\"log\":{\"events\":\"create\"}}]"),
	  { "a.json: $.schemes[0]: overload with log.events \"create\" needs log.max_life: a number that is given again ends "
	    "no record" } },
	{ PLUS("\"nat\":{\"notify\":{\"pool_high\":0.5,\"pool_low\":0.6}}"),
	  { "a.json: $.nat.notify.pool_low: 0.6 is not below pool_high, 0.5" } },
	{ PLUS("\"nat\":{\"hold_down\":true}"),
	  { "a.json: $.nat.hold_down: true is not a duration (such as \"90s\", \"2h4m\", \"250ms\", or a number of "
	    "seconds; at most 36525d)" } },
	{ PLUS("\"nat\":{\"exempt\":[\":0\"]}"),
	  { "a.json: $.nat.exempt[0]: \":0\" is not a destination (PREFIX, PREFIX:PORT or :PORT)" } },
	{ PLUS("\"nat\":{\"timeouts\":{\"tcp_established\":\"60s\"}}"),
	  { "a.json: $.nat.timeouts.tcp_established: 1m is shorter than tcp_closing, 4m, which is a part of it" } },
	{ PLUS("\"cpe\":{\"timeouts\":{\"udp\":0}}"),
	  { "a.json: $.cpe.timeouts.udp: 0 is out of range (1ms to 36525d)" } },
	{ PLUS("\"log\":{\"format\":\"ipfix\",\"destinations\":true}"),
	  { "a.json: $.log.format: \"ipfix\" is not one of \"syslog\", \"csv\", \"none\"",
	    "a.json: $.log.destinations: true is not built yet: only false is accepted" } },
	{ PLUS("\"evidence\":{\"draw\":\"server\",\"port_logged\":1.5,\"clock\":{\"per\":\"flow\"}}"),
	  { "a.json: $.evidence.draw: \"server\" is not \"flow\", the only one built yet",
	    "a.json: $.evidence.port_logged: 1.5 is out of range (0 to 1)",
	    "a.json: $.evidence.clock.per: \"flow\" is not \"server\", the only one built yet" } },

	/* laws */
	{ PLUS("\"evidence\":{\"clock\":{\"offset\":{\"distribution\":\"normal\"}}}"),
	  { "a.json: $.evidence.clock.offset.distribution: \"normal\" is not one of \"constant\", \"exponential\", "
	    "\"uniform\", "
	    "\"lognormal\", \"weibull\", \"pareto\", \"gamma\", \"empirical\", \"mixture\"" } },
	{ PLUS("\"evidence\":{\"clock\":{\"offset\":{}}}"),
	  { "a.json: $.evidence.clock.offset.distribution: is missing: which law, such as \"exponential\"" } },
	{ PLUS("\"evidence\":{\"clock\":{\"offset\":[]}}"),
	  { "a.json: $.evidence.clock.offset: a list is not a distribution { \"distribution\": ... } or a duration" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"pareto\","
	       "\"shape\":1,\"maen\":2}}]"),
	  { "a.json: $.traffic[0].duration.shape: 1 is out of range (1.001 to 1000000)",
	    "a.json: $.traffic[0].duration.maen: unknown key; the nearest known one is \"mean\"",
	    "a.json: $.traffic[0].duration.mean: is missing: the mean" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"uniform\","
	       "\"half_width\":\"1s\"}}]"),
	  { "a.json: $.traffic[0].duration: half_width gives negative values, and there are none here: use low and "
	    "high" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"uniform\","
	       "\"low\":2,\"high\":1}}]"),
	  { "a.json: $.traffic[0].duration: low is above high" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"constant\","
	       "\"value\":2,\"max\":1}}]"),
	  { "a.json: $.traffic[0].duration: no value is as low as max" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"empirical\","
	       "\"values\":[1,\"x\"]}}]"),
	  { "a.json: $.traffic[0].duration.values[1]: \"x\" is not a duration (such as \"90s\", \"2h4m\", \"250ms\", "
	    "or a number of seconds; at most 36525d)" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"empirical\","
	       "\"values\":[]}}]"),
	  { "a.json: $.traffic[0].duration.values: is not a list with at least one entry" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"mixture\","
	       "\"parts\":[{\"distribution\":\"constant\",\"value\":1}]}}]"),
	  { "a.json: $.traffic[0].duration.parts[0].weight: is missing: the part's share, relative to the others" } },
	{ PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"constant\","
	       "\"value\":1,\"weight\":1}}]"),
	  { "a.json: $.traffic[0].duration.weight: only a part of a mixture has a weight" } },

	/* traffic and schemes */
	{ PLUS("\"traffic\":[]"), { "a.json: $.traffic: is an empty list: give at least one entry" } },
	{ PLUS("\"traffic\":{}"), { "a.json: $.traffic: an object is not a list [ ... ]" } },
	{ PLUS("\"traffic\":[3]"), { "a.json: $.traffic[0]: 3 is not an object { ... }" } },
	{ PLUS("\"traffic\":[{\"source\":\"poison\"}]"),
	  { "a.json: $.traffic[0].source: \"poison\" is not one of \"poisson\", \"capture\", \"p2p\", \"mix\"" } },
	{ PLUS("\"schemes\":[]"), { "a.json: $.schemes: is an empty list: give at least one entry" } },
	/* what would have no effect */
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"draws\":9}]"),
	  { "a.json: $.schemes[0].draws: goes with \"select\": \"rfc6056-2\" or \"rfc6056-5\" alone, not with \"random\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"select\":\"rfc6056-2\",\"counters\":9}]"),
	  { "a.json: $.schemes[0].counters: goes with \"select\": \"rfc6056-4\" alone, not with \"rfc6056-2\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"session\",\"select\":\"rfc6056-3\",\"increment\":9}]"),
	  { "a.json: $.schemes[0].increment: goes with \"select\": \"rfc6056-5\" alone, not with \"rfc6056-3\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"block\",\"extension_share\":0.25}]"),
	  { "a.json: $.schemes[0].extension_share: goes with extension_size alone, and there is none" } },
	{ PLUS("\"schemes\":[{\"type\":\"deterministic\",\"block\":64}]"),
	  { "a.json: $.schemes[0].block: goes with dynamic alone, and there is none" } },
	{ PLUS("\"schemes\":[{\"type\":\"port-set\",\"masks\":\"0x01f0\",\"psid_offset\":4}]"),
	  { "a.json: $.schemes[0].psid_offset: masks know of no offset: leave it out" } },
	{ PLUS("\"schemes\":[{\"type\":\"port-set\",\"key\":\"000102030405060708090a0b0c0d0e0f\",\"psid_offset\":0}]"),
	  { "a.json: $.schemes[0].psid_offset: keys know of no offset: leave it out" } },
	{ PLUS("\"schemes\":[{\"type\":\"port-set\",\"max_growth\":4}]"),
	  { "a.json: $.schemes[0].max_growth: goes with growth alone, and there is none" } },
	{ PLUS("\"schemes\":[{\"type\":\"port-set\",\"growth_interval\":\"1s\"}]"),
	  { "a.json: $.schemes[0].growth_interval: goes with growth alone, and there is none" } },
	{ PLUS("\"schemes\":[{\"type\":\"blok\"}]"),
	  { "a.json: $.schemes[0].type: \"blok\" is not one of \"session\", \"bounded\", \"block\", \"deterministic\", \"port-set\", \"one-to-one\", \"plugin\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"block\",\"siez\":4}]"),
	  { "a.json: $.schemes[0].siez: unknown key; the nearest known one is \"size\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"block\"},{\"name\":\"block\"}]"),
	  { "a.json: $.schemes[1].name: \"block\" is the name of schemes[0] too" } },
	{ PLUS("\"schemes\":[{},{}]"), { "a.json: $.schemes[1].name: \"session\" is the name of schemes[0] too" } },
	{ PLUS("\"schemes\":[{\"name\":\"\"}]"),
	  { "a.json: $.schemes[0].name: \"\" is not a name: it must be fit for a file (1 to 64 bytes, no \"/\", no "
	    "\".\" at its start)" } },
	{ PLUS("\"schemes\":[{},{\"name\":\"b\",\"pool\":{\"ports\":\"70000-80000\"}}]"),
	  { "a.json: $.schemes[1].pool.ports: \"70000-80000\" is not a port range (LO-HI, 1 to 65535)" } },
	{ PLUS("\"schemes\":[{\"pool\":{\"exclude\":[\"1-65535\"]}}]"),
	  { "a.json: $.schemes[0].pool.exclude: leaves nothing of ports, 1024-65535" } },
	{ PLUS("\"schemes\":[{\"nat\":{\"timeouts\":{\"tcp_closing\":\"3h\"}}}]"),
	  { "a.json: $.schemes[0].nat.timeouts.tcp_established: 2h4m is shorter than tcp_closing, 3h, which is a part "
	    "of it" } },
	{ PLUS("\"schemes\":[{\"cpe\":{}}]"),
	  { "a.json: $.schemes[0].cpe: unknown key; the nearest known one is \"type\"" } },
	{ PLUS("\"schemes\":[{\"type\":\"deterministic\",\"ports_per_subscriber\":60000,\"pool\":{\"addresses\":3}}]"),
	  { "a.json: $.schemes[0]: the pool holds 3 subscribers at 60000 ports each (1 on each of 3 addresses), but "
	    "there are 10" } },

	/* many at once, in the order of the text */
	{ IN_POOL("\"ports\":\"x\",\"prots\":1"),
	  { "a.json: $.pool.ports: \"x\" is not a port range (LO-HI, 1 to 65535)",
	    "a.json: $.pool.prots: unknown key; the nearest known one is \"ports\"" } },
};

static void every_fault_has_its_text(void **state)
{
	bool good = true;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = ERR_INIT;

		scenario_destroy(parse(bad[i].text, &e));
		good &= faults_are(&e, bad[i].lines, bad[i].text);
		assert_int_equal(e.status, EXIT_BAD_INPUT);
		err_clear(&e);
	}
	assert_true(good);
}

/* The example of the interface, with every key there is. */
static void the_full_example_is_accepted(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = scenario_load("tests/scenario/full.json", NULL, &e);

	(void)state;
	err_print(&e, stderr);
	assert_non_null(s);
	assert_string_equal(s->name, "quickstart");
	assert_int_equal(s->workload.seed, 1);
	assert_int_equal(s->workload.duration_ns, 3600 * NS_PER_S);
	assert_int_equal(s->workload.warmup_ns, 600 * NS_PER_S);
	assert_false(s->workload.warmup_auto);
	assert_int_equal(s->workload.sample_interval_ns, 10 * NS_PER_S);
	assert_int_equal(s->workload.subscribers, 10000);
	assert_int_equal(s->workload.inside.first, 0x64400000);
	assert_int_equal(s->workload.traffic_count, 1);
	assert_string_equal(s->workload.traffic[0].type->name, "poisson");
	assert_int_equal(s->workload.evidence.incidents, 10000);
	assert_int_equal(s->workload.evidence.clock_offset.kind, DIST_UNIFORM);
	assert_true(s->workload.evidence.clock_offset.low == -1.0);
	assert_true(s->workload.evidence.clock_offset.high == 1.0);
	assert_int_equal(s->trial_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct trial *t = &s->trials[i];

		assert_int_equal(t->access, ACCESS_NAT444);
		assert_true(t->cpe.nat);
		assert_int_equal(t->pool.prefixes.count, 2);
		assert_int_equal(t->pool.ports.lo, 1024);
		assert_int_equal(t->pool.exclude.count, 2);
		assert_int_equal(t->pool.instances, 0);
		assert_int_equal(t->nat.timeouts.tcp_established, 7440 * NS_PER_S);
		assert_int_equal(t->nat.hold_down.time, 120 * NS_PER_S);
		assert_int_equal(t->nat.exempt.count, 2);
		assert_int_equal(t->nat.exempt.items[1].port, 53);
		assert_int_equal(t->log.flush_ns, NS_PER_S);
	}
	assert_string_equal(s->trials[1].name, "rfc7768");
	assert_string_equal(s->trials[1].scheme->name, "block");
	assert_true(s->plan.refusal == 1e-4);
	assert_int_equal(s->warning_count, 0);
	scenario_destroy(s);
}

static void the_least_scenario_has_a_default_for_everything(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = parse(LEAST, &e);

	(void)state;
	err_print(&e, stderr);
	assert_non_null(s);
	assert_string_equal(s->name, "a");
	assert_string_equal(s->description, "");
	assert_true(s->workload.warmup_auto);
	assert_int_equal(s->workload.warmup_ns, 0);
	assert_false(s->workload.demand);
	assert_int_equal(s->workload.duration_ns, 3600 * NS_PER_S);
	assert_int_equal(s->common.access, ACCESS_NAT444);
	assert_int_equal(s->common.cpe.timeouts.udp, 300 * NS_PER_S);
	assert_int_equal(s->common.cpe.ports.lo, 1024);
	assert_int_equal(s->workload.traffic_count, 1);
	assert_int_equal(s->trial_count, 1);
	assert_string_equal(s->trials[0].name, "session");
	scenario_destroy(s);
}

/* The resolved scenario is a scenario, and its own resolution. */
static void resolving_twice_changes_nothing(void **state)
{
	static const char *const texts[] = {
		LEAST,
		PLUS("\"warmup\":\"90s\",\"access\":\"nat44\",\"schemes\":[{\"nat\":{\"hold_down\":\"7s\",\"exempt\":["
		     "\":53\",\"203.0.113.7:443\"]},"
		     "\"access\":\"nat444\",\"pool\":{\"ports\":\"2000-3000\",\"instances\":3},\"log\":{\"format\":"
		     "\"csv\"}},"
		     "{\"type\":\"deterministic\",\"ports_per_subscriber\":1000}]"),
		PLUS("\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":"
		     "\"mixture\",\"max\":\"2m\",\"parts\":["
		     "{\"weight\":2,\"distribution\":\"lognormal\",\"median\":\"30s\",\"sigma\":1.5},"
		     "{\"weight\":1,\"distribution\":\"weibull\",\"shape\":0.5,\"scale\":\"10s\"},"
		     "{\"weight\":1,\"distribution\":\"gamma\",\"shape\":2,\"mean\":0.1}]}},"
		     "{\"source\":\"poisson\",\"rate_per_day\":9,\"duration\":{\"distribution\":\"empirical\","
		     "\"values\":[\"1ns\",\"1m\",3]}}]"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;
		struct scenario *first = parse(texts[i], &e), *second;
		char *once, *twice;

		err_print(&e, stderr);
		assert_non_null(first);
		once = cJSON_Print(scenario_resolved(first));
		second = parse(once, &e);
		err_print(&e, stderr);
		assert_non_null(second);
		twice = cJSON_Print(scenario_resolved(second));
		assert_string_equal(once, twice);
		free(once);
		free(twice);
		scenario_destroy(first);
		scenario_destroy(second);
	}
}

/* Key by key: what a scheme does not name stays the scenario's. */
static void a_scheme_overrides_key_by_key(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s = parse(
		"{" WHO ",\"pool\":{\"prefixes\":[\"192.0.2.0/25\"],\"ports\":\"2000-3000\",\"exclude\":[2500]},"
		"\"nat\":{\"timeouts\":{\"udp\":\"30s\"},\"hold_down\":{\"max_ports\":9}},"
		"\"schemes\":[{\"name\":\"as-is\"},{\"name\":\"other\",\"access\":\"nat44\",\"pool\":{\"ports\":\"4000-"
	        "5000\"},"
		"\"nat\":{\"timeouts\":{\"icmp\":\"7s\"},\"hold_down\":\"5s\"},\"log\":{\"events\":\"create\"}}]}",
		&e);
	const struct trial *t;

	(void)state;
	err_print(&e, stderr);
	assert_non_null(s);
	t = &s->trials[0];
	assert_int_equal(t->pool.ports.lo, 2000);
	assert_int_equal(t->nat.timeouts.icmp, 60 * NS_PER_S);
	assert_int_equal(t->nat.hold_down.time, 120 * NS_PER_S);
	assert_int_equal(t->log.events, LOG_CREATE_DELETE);
	t = &s->trials[1];
	assert_int_equal(t->access, ACCESS_NAT44);
	assert_false(t->cpe.nat); /* under nat44 there is none, whatever cpe says */
	assert_int_equal(t->pool.ports.lo, 4000);
	assert_int_equal(t->pool.exclude.count, 1);
	assert_int_equal(t->pool.prefixes.count, 1);
	assert_int_equal(t->nat.timeouts.udp, 30 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.icmp, 7 * NS_PER_S);
	assert_int_equal(t->nat.hold_down.time, 5 * NS_PER_S);
	assert_int_equal(t->nat.hold_down.max_ports, 9);
	assert_int_equal(t->log.events, LOG_CREATE);
	scenario_destroy(s);
}

static void assignments_are_all_there(void **state)
{
	static const char *const names[] = { "random", "round-robin", "least-used", "hash" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct err e = ERR_INIT;
		char *text = must_printf(IN_POOL("\"assignment\":\"%s\""), names[i]);
		struct scenario *s = parse(text, &e);

		assert_non_null(s);
		assert_int_equal(s->trials[0].pool.assignment, i);
		scenario_destroy(s);
		free(text);
	}
}

/* Timers below the train gap cannot run out inside a train of a capture. */
static void short_timers_with_a_capture_are_warned_of(void **state)
{
	struct err e = ERR_INIT;
	struct scenario *s =
		parse(PLUS("\"nat\":{\"timeouts\":{\"udp\":\"3s\"}},\"access\":\"nat44\","
	                   "\"traffic\":[{\"source\":\"capture\",\"file\":\"tests/scenario/full.json\"}],"
	                   "\"schemes\":[{},{\"name\":\"other\",\"nat\":{\"timeouts\":{\"icmp\":\"1s\"}}}]"),
	              &e);

	(void)state;
	err_print(&e, stderr);
	assert_non_null(s);
	assert_int_equal(s->warning_count, 3);
	assert_string_equal(s->warnings[0],
	                    "$.nat.timeouts.udp: 3s is below 5s, the silence at which a capture is cut into trains: "
	                    "mappings live on inside a train");
	assert_string_equal(s->warnings[2], "scheme other: nat.timeouts.icmp: 1s is below 5s, the silence at which a "
	                                    "capture is cut into "
	                                    "trains: mappings live on inside a train");
	scenario_destroy(s);
}

static void files_that_cannot_be_read_are_faults(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(scenario_load("no/such.json", NULL, &e));
	assert_null(scenario_load("tests", NULL, &e));
	assert_null(scenario_load("", NULL, &e));
	assert_true(faults_are(&e,
	                       (const char *const[]){ "no/such.json: No such file or directory",
	                                              "tests: Is a directory", ": No such file or directory", NULL },
	                       "files"));
	err_clear(&e);
}

/* Text that is meant to do harm gives a fault. */
static void hostile_text_is_a_fault(void **state)
{
	struct err e = ERR_INIT;
	char *deep = must_alloc(200001, 1), *many = must_strdup("{");
	size_t length = 1;

	(void)state;
	memset(deep, '[', 200000);
	assert_null(parse(deep, &e));
	assert_string_equal(e.lines[0], "a.json: line 1, column 65: nested deeper than 64 levels");
	err_clear(&e);
	assert_null(scenario_parse("{\"name\":\"a\0b\"}", 14, "a.json", NULL, &e));
	assert_string_equal(e.lines[0], "a.json: line 1, column 11: a control character inside a text");
	err_clear(&e);
	assert_null(scenario_parse("\0", 1, "a.json", NULL, &e));
	assert_string_equal(e.lines[0], "a.json: line 1, column 1: expected a value, not byte 0x00");
	err_clear(&e);

	/* a fault for every key, but not a hundred thousand lines */
	many = must_grow(many, 2000000, 1);
	for (int i = 0; i < 100000; i++)
		length += (size_t)sprintf(many + length, "%s\"k%d\":0", i ? "," : "", i);
	strcpy(many + length, "}");
	assert_null(parse(many, &e));
	assert_int_equal(e.count, 101);
	assert_string_equal(e.lines[100], "more than 100 faults: the rest is not shown");
	err_clear(&e);
	free(deep);
	free(many);
}

static void too_many_sources_or_schemes_are_a_fault(void **state)
{
	struct err e = ERR_INIT;
	char *text = must_alloc(1, 65536), *at = text;

	(void)state;
	at += sprintf(at, "{" WHO "," POOL ",\"traffic\":[");
	for (int i = 0; i < 256; i++)
		at += sprintf(at, "%s{}", i ? "," : "");
	at += sprintf(at, "],\"schemes\":[");
	for (int i = 0; i < 1001; i++)
		at += sprintf(at, "%s{}", i ? "," : "");
	strcpy(at, "]}");
	assert_null(parse(text, &e));
	assert_true(
		faults_are(&e,
	                   (const char *const[]){ "a.json: $.traffic: 256 sources are too many (1 to 255)",
	                                          "a.json: $.schemes: 1001 schemes are too many (1 to 1000)", NULL },
	                   "many"));
	err_clear(&e);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_has_its_text),
		cmocka_unit_test(the_full_example_is_accepted),
		cmocka_unit_test(the_least_scenario_has_a_default_for_everything),
		cmocka_unit_test(resolving_twice_changes_nothing),
		cmocka_unit_test(a_scheme_overrides_key_by_key),
		cmocka_unit_test(assignments_are_all_there),
		cmocka_unit_test(short_timers_with_a_capture_are_warned_of),
		cmocka_unit_test(files_that_cannot_be_read_are_faults),
		cmocka_unit_test(hostile_text_is_a_fault),
		cmocka_unit_test(too_many_sources_or_schemes_are_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
