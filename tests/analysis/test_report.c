/* Figures and report: what a reader must find, and what no input may do to it.
 * With a directory as its argument the program leaves the sample run there, drawn and reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/stat.h>
#include <unistd.h>

#include "analysis/figures.h"
#include "analysis/report.h"
#include "sim/base/file.h"
#include "tests/analysis/sample_run.h"

#include <cmocka.h> /* last: its fail() is a macro */

static char *make_directory(void)
{
	char *dir = must_strdup("/tmp/cgnsim-report-XXXXXX");

	must(mkdtemp(dir));
	return dir;
}

static void drop_directory(char *dir)
{
	must(directory_remove(dir));
	free(dir);
}

static char *read_file(const char *dir, const char *name, size_t *length)
{
	struct err e = ERR_INIT;
	char *path = must_printf("%s/%s", dir, name);
	char *text = file_read(path, length, &e);

	free(path);
	if (!text)
		err_print(&e, stderr);
	must(text);
	return text;
}

static void write_file(const char *dir, const char *name, const char *text)
{
	FILE *out = sample_open(dir, name);

	fputs(text, out);
	must(!fclose(out));
}

static void must_make(const char *dir)
{
	struct err e = ERR_INIT;

	if (figures_make(dir, &e) != FIGURES_MADE || !report_make(dir, &e))
		err_print(&e, stderr);
	assert_int_equal(e.count, 0);
}

static bool exists(const char *dir, const char *name)
{
	char *path = must_printf("%s/%s", dir, name);
	bool is = !access(path, F_OK);

	free(path);
	return is;
}

static char *made_report(const char *dir)
{
	size_t length;

	must_make(dir);
	return read_file(dir, "report.html", &length);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("the report lacks: %s", part);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("the report holds: %s", part);
}

static void says_what_a_planner_needs(void **state)
{
	static const char *const parts[] = {
		"<h1>quickstart</h1>", "Which of three ways to share 160 addresses", "10,000 subscribers", "13,750,000 flows", "1h measured",
		"The answer", "<span class=\"scheme\">rfc7422</span> refused 0.031 % of new connections (mostly range-full)",
		"within the 0.01 % that the scenario accepts", "keeps the fewest ports reserved: 1.64 M", "1.66 times as many",
		"<span class=\"scheme\">rfc7422</span> logs nothing in the measured window", "7.31 MB per subscriber and day", "73.1 GB a day",
		"right subscriber alone in 100 % of the cases under every scheme", "62.1 (<span class=\"scheme\">per-session</span>) to 62.5 (<span class=\"scheme\">rfc7422</span>) subscribers on average.",
		"the port in 50 % of them", "Warnings", "the capture lasts 15m", "<small>of new connections</small>", "<small>records/s</small>",
		"capture too short", "(best)", "What the measures mean", "<details>", "100.64.0.0/10", "cgnsim run scenarios/quickstart.json",
		"Seed 1.", "per-session 40, rfc7768 40, rfc7422 40", "address+time+destination: as address+time", "@media print",
		"aria-label=\"Log per subscriber and day\"",
	};
	char *dir = make_directory(), *text;

	(void)state;
	sample_run(dir, NULL, NULL);
	text = made_report(dir);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		assert_has(text, parts[i]);
	free(text);
	drop_directory(dir);
}

/* Self-contained: nothing to fetch, nothing to run; one id never stands twice. */
static void stands_alone(void **state)
{
	char *dir = make_directory(), *text;
	static const char *const none[] = { "<script", "<link", "<img", "<iframe", "src=", "@import", "href=\"http", "href='http", "url(http",
	                                    "<?xml", "Produced by" };

	(void)state;
	sample_run(dir, NULL, NULL);
	text = made_report(dir);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_lacks(text, none[i]);
	assert_has(text, "default-src 'none'");
	for (const char *at = text; (at = strstr(at, " id=")); at++) {
		size_t length = strcspn(at + 5, "\"'") + 6;
		char *id = must_printf("%.*s", (int)length, at);

		if (strstr(at + 1, id))
			fail_msg("an id stands twice: %s", id);
		free(id);
	}
	/* every reference inside a figure has its target */
	for (const char *at = text; (at = strstr(at, "href='#")); at++) {
		char *target = must_printf("id='%.*s'", (int)strcspn(at + 7, "'"), at + 7);

		assert_has(text, target);
		free(target);
	}
	free(text);
	drop_directory(dir);
}

/* A name with everything that HTML, CSV, gnuplot and a shell treat specially. */
static void a_strange_name_is_only_a_name(void **state)
{
	const char *json = "\"<b>x</b> 'a' \\\"b\\\", `touch pwned` $(x) _{y}^2 @z \\\\n & %d\\u0001\"";
	const char *csv = "\"<b>x</b> 'a' \"\"b\"\", `touch pwned` $(x) _{y}^2 @z \\n & %d\001\"";
	char *dir = make_directory(), *text, *svg;
	size_t length;

	(void)state;
	sample_run(dir, json, csv);
	text = made_report(dir);
	assert_has(text, "&lt;b&gt;x&lt;/b&gt; &#39;a&#39; &quot;b&quot;, `touch pwned` $(x) _{y}^2 @z \\n &amp; %d?");
	assert_lacks(text, "<b>x</b>");
	assert_false(exists(dir, "pwned"));
	svg = read_file(dir, "log.svg", &length);
	assert_has(svg, "&lt;b>x");
	free(svg);
	free(text);
	drop_directory(dir);
}

static void equal_files_give_equal_bytes(void **state)
{
	static const char *const files[] = { "timeseries.svg", "subscribers.svg", "log.svg", "ambiguity.svg", "report.html" };
	char *one = make_directory(), *two = make_directory();

	(void)state;
	sample_run(one, NULL, NULL);
	sample_run(two, NULL, NULL);
	must_make(one);
	must_make(two);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		size_t length_one, length_two;
		char *text_one = read_file(one, files[i], &length_one), *text_two = read_file(two, files[i], &length_two);

		assert_int_equal(length_one, length_two);
		assert_memory_equal(text_one, text_two, length_one);
		free(text_one);
		free(text_two);
	}
	drop_directory(one);
	drop_directory(two);
}

/* A report needs the two JSON files; a figure needs its table. */
static void says_which_file_is_missing(void **state)
{
	char *dir = make_directory(), *text;
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	assert_false(report_make(dir, &e));
	assert_int_equal(e.count, 1);
	assert_non_null(strstr(e.lines[0], "/summary.json: "));
	err_clear(&e);
	sample_run(dir, NULL, NULL);
	must(!unlink((text = must_printf("%s/manifest.json", dir))));
	free(text);
	assert_false(report_make(dir, &e));
	assert_int_equal(e.count, 1);
	assert_non_null(strstr(e.lines[0], "/manifest.json: "));
	err_clear(&e);
	assert_false(exists(dir, "report.html"));

	write_file(dir, "manifest.json", "{ \"format\": 1 }");
	must(!unlink((text = must_printf("%s/log.csv", dir))));
	free(text);
	must_make(dir);
	text = read_file(dir, "report.html", &length);
	assert_has(text, "Some figures are not there (1 of 4)");
	free(text);
	drop_directory(dir);
}

/* Malformed JSON is one line of fault that names the file and the place. */
static void says_what_is_malformed(void **state)
{
	static const struct { const char *text, *fault; } cases[] = {
		{ "", "/summary.json: line 1: is not JSON" },
		{ "{\n\"format\": 1,\n]", "/summary.json: line 3: is not JSON" },
		{ "[]", "/summary.json: $: must be an object" },
		{ "{}", "/summary.json: $.format: is missing" },
		{ "{ \"format\": 2 }", "/summary.json: $.format: is 2" },
		{ "{ \"format\": 1 }", "/summary.json: $.schemes: must be a list" },
		{ "{ \"format\": 1, \"schemes\": [ {} ] }", "/summary.json: $.schemes[0].name: must be a text" },
		{ "{ \"format\": 1, \"schemes\": [ { \"name\": \"a\" }, 7 ] }", "/summary.json: $.schemes[1].name: must be a text" },
		{ "{ \"format\": 1, \"schemes\": [ { \"name\": \"a\" } ] } x", "/summary.json: line 1: is not JSON" },
	};
	char *dir = make_directory();

	(void)state;
	sample_run(dir, NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = ERR_INIT;

		write_file(dir, "summary.json", cases[i].text);
		assert_false(report_make(dir, &e));
		assert_int_equal(e.count, 1);
		if (!strstr(e.lines[0], cases[i].fault))
			fail_msg("said %s, not %s", e.lines[0], cases[i].fault);
		err_clear(&e);
		assert_int_equal(figures_make(dir, &e), FIGURES_FAILED);
		assert_int_equal(e.count, 1);
		err_clear(&e);
	}
	drop_directory(dir);
}

/* No measure need be there: dashes with a reason, and sentences left unsaid. */
static void bears_a_run_without_measures(void **state)
{
	char *dir = make_directory(), *text;

	(void)state;
	write_file(dir, "summary.json", "{ \"format\": 1, \"schemes\": [ { \"name\": \"bare\" }, { \"name\": \"null\", \"ports\": null, \"log\": "
	           "{ \"records\": null }, \"ambiguity\": [null, 3], \"warnings\": \"no\" } ] }");
	write_file(dir, "manifest.json", "{ \"format\": 1, \"scenario\": null, \"instances\": [1] }");
	text = made_report(dir);
	assert_has(text, "not measured in this run");
	assert_has(text, "\xe2\x80\x94<sup>1</sup>");
	assert_has(text, "no log is written");
	assert_has(text, "Figures are not there");
	assert_lacks(text, "nan");
	free(text);
	drop_directory(dir);
}

static void shows_intervals_when_there_are_any(void **state)
{
	char *dir = make_directory(), *text;

	(void)state;
	write_file(dir, "summary.json", "{ \"format\": 1, \"replications\": 5, \"schemes\": ["
	           "{ \"name\": \"a\", \"ports\": { \"reserved_mean\": 1000 }, \"ci95\": { \"ports\": { \"reserved_mean\": 30 } } },"
	           "{ \"name\": \"b\", \"ports\": { \"reserved_mean\": 1020 }, \"ci95\": { \"ports\": { \"reserved_mean\": 30 } } },"
	           "{ \"name\": \"c\", \"ports\": { \"reserved_mean\": 5000 }, \"ci95\": { \"ports\": { \"reserved_mean\": 30 } } } ] }");
	write_file(dir, "manifest.json", "{ \"format\": 1 }");
	text = made_report(dir);
	assert_has(text, "<span class=\"best\">1,000</span><span class=\"hidden\"> (best)</span><span class=\"pm\">\xc2\xb1 30</span>");
	assert_has(text, "<span class=\"best\">1,020</span>");
	assert_lacks(text, "<span class=\"best\">5,000</span>");
	assert_has(text, "half-width of the 95 % confidence interval");
	free(text);
	drop_directory(dir);
}

/* Header lines alone, and numbers that are none, still make figures. */
static void draws_tables_that_are_empty(void **state)
{
	char *dir = make_directory();

	(void)state;
	sample_run(dir, NULL, NULL);
	write_file(dir, "timeseries.csv", "scheme,time_s,protocol,active,held,reserved\n");
	write_file(dir, "subscribers.csv", "scheme,measure,quantile,ports\nrfc7768,peak,,\n");
	write_file(dir, "log.csv", "scheme,format,records,bytes,wire_bytes,bytes_zstd,bytes_per_subscriber_day\nrfc7768,none,,,,,\n");
	write_file(dir, "ambiguity.csv", "scheme,evidence,candidates_mean,candidates_p50,candidates_p95,candidates_max,same_as\n"
	           "rfc7768,as-logged,nan,,,,\n");
	must_make(dir);
	assert_true(exists(dir, "timeseries.svg") && exists(dir, "subscribers.svg") && exists(dir, "log.svg") && exists(dir, "ambiguity.svg"));
	drop_directory(dir);
}

static void says_what_is_wrong_with_a_table(void **state)
{
	static const struct { const char *text, *fault; } cases[] = {
		{ "", "/log.csv: is empty" },
		{ "scheme,format\nrfc7768,a,b\n", "/log.csv: line 2: has 3 fields; the header line has 2" },
		{ "scheme,format\n\"rfc7768,a\n", "/log.csv: line 2: a quoted field does not end" },
		{ "scheme,for mat\n", "/log.csv: line 1: column 2 has no name of letters" },
		{ "name,format\n", "/log.csv: line 1: the first column must be \"scheme\"" },
		{ "scheme,format\nnobody,a\n", "/log.csv: row 1: there is no scheme \"nobody\"" },
		{ "scheme,format\nrfc7768,a\n", "/log.svg: gnuplot failed: line " },
	};
	char *dir = make_directory();

	(void)state;
	sample_run(dir, NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = ERR_INIT;

		write_file(dir, "log.csv", cases[i].text);
		assert_int_equal(figures_make(dir, &e), FIGURES_FAILED);
		assert_int_equal(e.count, 1);
		if (!strstr(e.lines[0], cases[i].fault))
			fail_msg("said %s, not %s", e.lines[0], cases[i].fault);
		err_clear(&e);
		assert_false(exists(dir, "log.svg"));
	}
	drop_directory(dir);
}

static void does_without_gnuplot(void **state)
{
	char *dir = make_directory(), *text, *path = must_strdup(getenv("PATH"));
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	sample_run(dir, NULL, NULL);
	must(!setenv("PATH", dir, 1));
	assert_int_equal(figures_make(dir, &e), FIGURES_NO_GNUPLOT);
	must(!setenv("PATH", path, 1));
	assert_int_equal(e.count, 0);
	assert_true(report_make(dir, &e));
	text = read_file(dir, "report.html", &length);
	assert_has(text, "apt-get install gnuplot-nox");
	assert_has(text, "(4 of 4)");
	free(text);
	free(path);
	drop_directory(dir);
}

static int leave_sample(const char *dir)
{
	struct err e = ERR_INIT;
	bool ok;

	mkdir(dir, 0777);
	sample_run(dir, NULL, NULL);
	ok = figures_make(dir, &e) == FIGURES_MADE && report_make(dir, &e);
	err_print(&e, stderr);
	return !ok;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_a_planner_needs),
		cmocka_unit_test(stands_alone),
		cmocka_unit_test(a_strange_name_is_only_a_name),
		cmocka_unit_test(equal_files_give_equal_bytes),
		cmocka_unit_test(says_which_file_is_missing),
		cmocka_unit_test(says_what_is_malformed),
		cmocka_unit_test(bears_a_run_without_measures),
		cmocka_unit_test(shows_intervals_when_there_are_any),
		cmocka_unit_test(draws_tables_that_are_empty),
		cmocka_unit_test(says_what_is_wrong_with_a_table),
		cmocka_unit_test(does_without_gnuplot),
	};

	return argc == 2 ? leave_sample(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
