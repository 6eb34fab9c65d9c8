/* Configuration records of RFC 7422: what is written is the rule, what is read is the same rule, and a complaint is
 * answered by the rule of its time. */
#include "tests/support/rulebench.h"

#include "sim/base/file.h"
#include "sim/scheme/record.h"

#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define KEY "'key': '000102030405060708090a0b0c0d0e0f'"
#define ON(count, prefix, pool, scheme)                                                         \
	"'subscribers': { 'count': " count ", 'prefix': '" prefix "' }, 'pool': { " pool " }, " \
	"'schemes': [{ 'type': 'deterministic', " scheme " }]"

/* Scenario and record: written as it should be, and read back to a rule that gives every number to the same subscriber. */
static void written_and_read(void **state)
{
	static const struct { const char *scenario, *want; } rows[] = {
		/* the example of section 2.3 */
		{ ON("14", "198.51.100.1-198.51.100.14", "'prefixes': ['192.0.2.1']", "'dynamic': 2, 'max_ports': 5040"),
		  "198.51.100.0:28:192.0.2.1:32:2:5040:0:1-1023" },
		{ ON("14", "198.51.100.1-198.51.100.14", "'prefixes': ['192.0.2.1'], 'exclude': ['5004', '5060']", "'dynamic': 2"),
		  "198.51.100.0:28:192.0.2.1:32:2:0:0:1-1023,5004,5060" },
		{ ON("300", "100.64.0.0/10", "'prefixes': ['192.0.2.0/30']", "'ports_per_subscriber': 800"),
		  "100.64.0.0-100.64.1.43::192.0.2.0:30:0:0:0:1-1023:P=800" },
		{ ON("300", "100.64.0.0/10", "'prefixes': ['192.0.2.9', '192.0.2.2-192.0.2.4'], 'ports': '2000-60000'", "'sharing': 90"),
		  "100.64.0.0-100.64.1.43::192.0.2.9,192.0.2.2-192.0.2.4:32,:0:0:0:1-1999,60001-65535:C=90" },
		{ ON("30", "100.64.0.0/10", "'prefixes': ['192.0.2.0/24'], 'addresses': 3", "'layout': 'interlaced', 'dynamic': 1, 'block': 9"),
		  "100.64.0.0-100.64.0.29::192.0.2.0-192.0.2.2::1:0:1:1-1023:block=9" },
		{ ON("30", "100.64.0.0/10", "'prefixes': ['192.0.2.0/30'], 'pooling': 'arbitrary'", "'algorithm': 2"),
		  "100.64.0.0-100.64.0.29::192.0.2.0:30:0:0:2:1-1023" },
		{ ON("30", "100.64.0.0/10", "'prefixes': ['192.0.2.0/30'], 'pooling': 'arbitrary'", "'algorithm': 3"),
		  "100.64.0.0-100.64.0.29::192.0.2.0:30:0:0:3:1-1023" },
		{ ON("30", "100.64.0.0/10", "'prefixes': ['192.0.2.0/30']", "'layout': 'continuous', 'ports_per_subscriber': 256"),
		  "100.64.0.0-100.64.0.29::192.0.2.0:30:0:0:0:1-1023:C=252,layout=continuous" },
		{ ON("30", "100.64.0.0/10", "'prefixes': ['192.0.2.0/30']", "'fill': 'address-first', 'layout': 'cryptographic', " KEY),
		  "100.64.0.0-100.64.0.29::192.0.2.0:30:0:0:4:1-1023:fill=address-first,key=000102030405060708090a0b0c0d0e0f" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = ERR_INIT;
		struct rulebench b;
		struct record r;
		char *text, *line;

		rulebench_must_open(&b, rows[i].scenario);
		text = b.trial->scheme->record(b.trial->scheme_config, &b.pool);
		assert_string_equal(text, rows[i].want);
		line = must_printf("[2026-03-01T00:00:00Z]:%s", text);
		assert_true(record_read(line, "here", &r, &e));
		assert_int_equal(r.time_s, RECORD_EPOCH_S + 59 * 86400);
		r.pool.config = &r.pool_config;
		for (uint32_t a = 0; a < b.pool.addresses; a++)
			for (uint32_t port = 1; port < 65536; port++) {
				uint32_t outside = pool_config_address(b.pool.config, a), then = 0, now = 0;
				bool known = scheme_lookup(b.trial->scheme, b.trial->scheme_config, &b.pool, outside, (uint16_t)port, &now);

				assert_int_equal(scheme_lookup(r.type, r.config, &r.pool, outside, (uint16_t)port, &then), known);
				assert_int_equal(then, now);
			}
		record_clear(&r);
		free(line);
		free(text);
		rulebench_close(&b);
	}
}

/* The last record made then or before, wherever it stands in the file; none is an answer too. */
static void the_record_in_force(void **state)
{
	static const char text[] = "# a comment, and an empty line\n\n"
	                           "[2015-06-01T00:00:00Z]:10.0.0.0:28:192.0.2.2:32:0:0:0:1-1023\n"
	                           "[2014-12-01T00:00:00Z]:10.0.0.0:28:192.0.2.1:32:0:0:0:1-1023\n"
	                           "[2014-12-02T00:00:00.250Z]:10.0.0.0:28:192.0.2.1:32:0:0:0:1-1023";
	static const struct { const char *when, *made; uint32_t outside; } rows[] = {
		{ "2014-12-01T00:00:00Z", "2014-12-01T00:00:00Z", 0xc0000201 },
		{ "2014-12-01T23:59:59Z", "2014-12-01T00:00:00Z", 0xc0000201 },
		{ "2014-12-02T00:00:00Z", "2014-12-02T00:00:00Z", 0xc0000201 },
		{ "2015-05-31T23:59:59.999Z", "2014-12-02T00:00:00Z", 0xc0000201 },
		{ "2024-02-29T12:00:00Z", "2015-06-01T00:00:00Z", 0xc0000202 },
	};
	char *path = must_strdup("/tmp/cgnsim-records-XXXXXX"), stamp[RECORD_TIME];
	int fd = mkstemp(path);
	struct err e = ERR_INIT;
	struct outfile out;
	struct record r;
	int64_t when;

	(void)state;
	must(fd >= 0 && !close(fd));
	assert_true(outfile_open(&out, path, &e));
	fputs(text, out.stream);
	assert_true(outfile_commit(&out, &e));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t inside;

		assert_true(record_time_parse(rows[i].when, &when));
		assert_true(record_find(path, when, &r, &e));
		assert_string_equal(record_time_format(r.time_s, stamp), rows[i].made);
		assert_true(scheme_lookup(r.type, r.config, &r.pool, rows[i].outside, 1024, &inside));
		assert_int_equal(inside, 0x0a000001);
		record_clear(&r);
	}
	assert_true(record_time_parse("2014-11-30T23:59:59Z", &when));
	assert_false(record_find(path, when, &r, &e));
	assert_int_equal(e.status, EXIT_NO);
	err_clear(&e);
	remove(path);
	free(path);
}

/* What is no record, and no time, is refused with its place. */
static void refusals(void **state)
{
#define AT "[2026-01-01T00:00:00Z]:"
	static const struct { const char *line, *want; } rows[] = {
		{ "", "f:1: does not begin with a time such as [2026-01-01T00:00:00Z]" },
		{ "[2026-02-30T00:00:00Z]:x", "f:1: does not begin with a time such as [2026-01-01T00:00:00Z]" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0", "f:1: is not [time]:I:mask:O:mask:D:M:A:R" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0:1-1023:C=3:D=4", "f:1: is not [time]:I:mask:O:mask:D:M:A:R" },
		{ AT "10.0.0.1:28:192.0.2.1:32:0:0:0:1-1023", "f:1: I and its mask cannot be read" },
		{ AT "10.0.0.0-10.0.0.9:28:192.0.2.1:32:0:0:0:1-1023", "f:1: I and its mask cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1,192.0.2.2:32:0:0:0:1-1023", "f:1: O and its mask cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:x:0:0:1-1023", "f:1: D cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:-1:0:1-1023", "f:1: M cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:5:1-1023", "f:1: A cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0:1023-1", "f:1: R cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0:1-1023:E=3", "f:1: what follows R cannot be read" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0:1-65535", "f:1: R leaves no number" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:4:1-1023", "f:1.key: the cryptographic layout needs a key of 32 hexadecimal digits" },
		{ AT "10.0.0.0:28:192.0.2.1:32:0:0:0:1-1023:C=13",
		  "f:1: the pool holds 13 subscribers at 4962 ports each (13 on each of 1 addresses), but there are 14" },
	};
	static const char *const times[] = { "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T24:00:00Z", "2026-13-01T00:00:00Z",
	                                     "2026-1-1T00:00:00Z", "2026-01-01T00:00:00Zx", "1969-12-31T23:59:59Z", " 026-01-01T00:00:00Z" };
	int64_t when;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = ERR_INIT;
		struct record r;

		assert_false(record_read(rows[i].line, "f:1", &r, &e));
		assert_int_equal(e.count, 1);
		assert_string_equal(e.lines[0], rows[i].want);
		err_clear(&e);
		record_clear(&r);
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		assert_false(record_time_parse(times[i], &when));
	assert_true(record_time_parse("1970-01-01T00:00:00Z", &when));
	assert_int_equal(when, 0);
	assert_true(record_time_parse("2000-02-29T23:59:59.5Z", &when));
	assert_int_equal(when, 951868799);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read), cmocka_unit_test(the_record_in_force), cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
