/* What the RFCs ask that takes a scenario: its defaults, its log, and figures of whole runs. */
#include <math.h>

#include "sim/base/file.h"
#include "tests/support/trialbench.h"
#include "tests/support/conformance.h"

#include <dirent.h>
#include <zstd.h>

/* A scenario that says nothing about the NAT has what the RFCs recommend. */
static void defaults_are_as_recommended(void **state)
{
	static const char text[] = "{\"subscribers\":{\"count\":10},\"pool\":{\"prefixes\":[\"192.0.2.0/28\"]}}";
	struct err e = ERR_INIT;
	struct scenario *s = scenario_parse(text, sizeof(text) - 1, "test", NULL, &e);
	const struct trial *t;

	(void)state;
	must(s);
	t = &s->trials[0];
	for (int p = 0; p < PROTO_COUNT; p++) {
		assert_int_equal(t->nat.mapping[p], ENDPOINT_INDEPENDENT);
		assert_int_equal(t->nat.filtering[p], ENDPOINT_INDEPENDENT);
	}
	assert_int_equal(t->pool.pooling, POOLING_PAIRED);
	assert_int_equal(t->nat.timeouts.udp, 300 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.udp_well_known, 300 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.tcp_established, 7440 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.tcp_open, 240 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.tcp_closing, 240 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.tcp_incoming_syn, 6 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.icmp, 60 * NS_PER_S);
	assert_int_equal(t->nat.timeouts.fragment, 2 * NS_PER_S);
	assert_int_equal(t->nat.hold_down.time, 120 * NS_PER_S);
	assert_int_equal(t->nat.hold_down.tcp, HOLD);
	assert_int_equal(t->nat.on_full, FULL_REFUSE);
	assert_false(t->nat.inbound_refresh);
	assert_false(t->log.destinations);
	scenario_destroy(s);
}

/* ---- the log ---- */

/* The only file of a directory, decompressed. The caller frees it; the directory is gone. */
static char *read_and_remove(const char *directory)
{
	char *path = NULL, *packed, *text;
	size_t length, room = (size_t)16 << 20, got;
	struct err e = ERR_INIT;
	DIR *d = opendir(directory);

	must(d);
	for (struct dirent *f = readdir(d); f; f = readdir(d))
		if (f->d_name[0] != '.') {
			must(!path);
			path = must_printf("%s/%s", directory, f->d_name);
		}
	closedir(d);
	must(path);
	packed = file_read(path, &length, &e);
	must(packed);
	text = must_alloc(1, room);
	got = ZSTD_decompress(text, room - 1, packed, length);
	must(!ZSTD_isError(got));
	unlink(path);
	rmdir(directory);
	free(path);
	free(packed);
	return text;
}

/* REQ-12. A kept log in every format, of traffic to servers in 198.18.0.0/15: subscribers and public addresses are in
 * it, no server is. */
static void no_log_names_a_destination(void **state)
{
	(void)state;
	for (const struct log_format *const *f = log_formats; *f; f++) {
		char directory[] = "/tmp/cgnsim-log-XXXXXX", *text;
		char *json = must_printf(
			"{\"subscribers\":{\"count\":20,\"prefix\":\"100.64.0.0/10\"},\"duration\":\"5m\",\"warmup\":\"0s\","
			"\"access\":\"nat44\",\"traffic\":[{\"source\":\"poisson\",\"rate_per_day\":33000,"
			"\"duration\":{\"distribution\":\"constant\",\"value\":\"5s\"}}],"
			"\"pool\":{\"prefixes\":[\"192.0.2.0/28\"]},\"log\":{\"format\":\"%s\",\"keep\":true},"
			"\"schemes\":[{\"name\":\"a\",\"type\":\"session\"}]}", (*f)->name);
		struct run_options how = { .threads = 1 };
		struct workload_facts facts;
		struct err e = ERR_INIT;
		struct scenario *s = scenario_parse(json, strlen(json), "test", NULL, &e);
		struct traffic_sources *sources;

		must(s && mkdtemp(directory));
		how.log_directory = directory;
		sources = workload_open(&s->workload, s->trials, s->trial_count, "test", &facts, &e);
		must(sources && run_trials(&s->workload, sources, &facts, s->trials, s->trial_count, &how, &e));
		assert_true(s->trials[0].measures[0].log.records > 1000);
		text = read_and_remove(directory);
		assert_non_null(strstr(text, "100.64.0."));
		assert_non_null(strstr(text, "192.0.2."));
		assert_null(strstr(text, "198.18."));
		assert_null(strstr(text, "198.19."));
		free(text);
		free(json);
		workload_close(sources);
		scenario_destroy(s);
	}
}

/* REQ-12, "unless required". The writer takes a record of a destination only where destinations are asked for, and then
 * writes it. */
static void destinations_are_logged_only_if_asked_for(void **state)
{
	const struct log_record session = { .kind = LOG_SESSION_ADD, .protocol = PROTO_UDP, .inside = 0x64400001,
	                                    .outside = 0xc0000201, .inside_port = 1, .lo = 2, .hi = 2, .remote = 0xc6120001,
	                                    .remote_port = 53 };

	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		struct log_config config = { .format = 0, .destinations = asked };
		struct log_weight weight = { 0 };
		struct log_record shown;
		struct err e = ERR_INIT;
		struct log_writer *w = log_open(&(struct log_setup){ .config = &config, .end_ns = NS_PER_S, .whole_below = 1 }, &e);

		must(w);
		assert_int_equal(log_write(w, &session, &shown), asked);
		must(log_close(w, &weight, &e));
		assert_int_equal(weight.records, asked);
		log_weight_clear(&weight);
	}
}

/* ---- whole runs ---- */

static const char traffic[] =
	"'traffic':[{'source':'poisson','rate_per_day':33000,'duration':{'distribution':'constant','value':'60s'}}],"
	"'nat':{'timeouts':{'udp':'60s','udp_well_known':'60s'}},";

/* REQ-14. One workload: a record for every mapping, for every block of 256, for none. */
static void schemes_can_log_less(void **state)
{
	struct trialbench b;
	uint64_t records[3];
	char *text = must_printf("{'duration':'20m','warmup':'5m','subscribers':{'count':100},'access':'nat44',%s"
		"'pool':{'prefixes':['192.0.2.0/29'],'instances':1},'schemes':[{'name':'a','type':'session'},"
		"{'name':'b','type':'block','size':256,'max_blocks':4},{'name':'c','type':'deterministic','ports_per_subscriber':1008}]}",
		traffic);

	(void)state;
	trialbench_run(&b, text, 2);
	for (size_t i = 0; i < 3; i++)
		records[i] = trialbench_measures(&b, i, 0)->log.records;
	assert_true(records[0] > 100 * records[1]);
	assert_int_equal(records[2], 0);
	trialbench_close(&b);
	free(text);
}

/* ports.A of summary.json for one trial of a run. */
static double ports_of(const struct trialbench *b, size_t trial, const char *name)
{
	char *text = trialbench_summary(b);
	cJSON *json = cJSON_Parse(text);
	const cJSON *scheme = cJSON_GetArrayItem(cJSON_GetObjectItem(json, "schemes"), (int)trial);
	double value = cJSON_GetObjectItem(cJSON_GetObjectItem(scheme, "ports"), name)->valuedouble;

	free(text);
	cJSON_Delete(json);
	return value;
}

/* 21. Hold-down of 120 s on mappings that live 120 s: 45.8 ports tied up a subscriber become 91.7. 400 subscribers, so
 * that one run is within 1%. */
static void check_21_hold_down_ties_up_as_many_again(void **state)
{
	struct trialbench b;
	char *text = must_printf("{'duration':'20m','warmup':'10m','subscribers':{'count':400},'access':'nat44',%s"
		"'pool':{'prefixes':['192.0.2.0/27']},'log':{'format':'none'},"
		"'schemes':[{'name':'a','type':'session','nat':{'hold_down':'0s'}},{'name':'b','type':'session'}]}", traffic);

	(void)state;
	trialbench_run(&b, text, 2);
	assert_true(fabs(ports_of(&b, 0, "held_mean") / 400 - 45.83) < 0.46);
	assert_true(fabs(ports_of(&b, 1, "held_mean") / 400 - 91.67) < 0.92);
	assert_true(fabs(ports_of(&b, 1, "active_mean") / 400 - 45.83) < 0.46);
	trialbench_close(&b);
	free(text);
}

/* 22. Twenty subscribers crowded on one address: with hold-down 120 s a window shorter than that finds one and
 * the right one, every time; without hold-down it does not. */
static void check_22_a_window_shorter_than_hold_down_is_never_ambiguous(void **state)
{
	struct trialbench b;
	const struct ambiguity *held, *free_at_once;
	char *text = must_printf("{'duration':'30m','warmup':'10m','subscribers':{'count':20},'access':'nat44',%s"
		"'pool':{'prefixes':['192.0.2.0/32'],'ports':'1024-3071'},"
		"'evidence':{'incidents':3000,'resolution':'1s','port_logged':1,"
		"'clock':{'offset':{'distribution':'uniform','half_width':'58s'},'assumed_error':'58s'}},"
		"'schemes':[{'name':'a','type':'session'},{'name':'b','type':'session','nat':{'hold_down':'0s'}}]}", traffic);

	(void)state;
	trialbench_run(&b, text, 2);
	held = &trialbench_measures(&b, 0, 0)->ambiguity[EVIDENCE_PORT];
	free_at_once = &trialbench_measures(&b, 1, 0)->ambiguity[EVIDENCE_PORT];
	assert_int_equal(held->incidents, 3000);
	assert_true(held->unique_ratio == 1);
	assert_true(held->ambiguous_ratio == 0 && held->missed_ratio == 0 && held->wrong_ratio == 0);
	assert_true(held->entropy_bits == 0);
	assert_true(free_at_once->ambiguous_ratio > 0.2);
	trialbench_close(&b);
	free(text);
}

static const struct requirement rows[] = {
	SHOWN("RFC 4787 REQ-1, 5 c, 8; RFC 5382 REQ-5; RFC 5508 REQ-2; RFC 6888 REQ-2, 7, 8, 11, 12; RFC 8512",
	      "A scenario that does not say otherwise has the mapping, filtering, pooling and timers that are recommended",
	      defaults_are_as_recommended),
	SHOWN("RFC 6888 REQ-12", "No log names a destination", no_log_names_a_destination),
	SHOWN("RFC 6888 REQ-12", "Unless destinations are asked for", destinations_are_logged_only_if_asked_for),
	SHOWN("RFC 6888 REQ-14", "There are schemes that log little, and one that logs nothing", schemes_can_log_less),
	SHOWN("RFC 6888 REQ-8", "Hold-down of 120 s on lives of 120 s ties up as many ports again: 45.8, then 91.7 a subscriber",
	      check_21_hold_down_ties_up_as_many_again),
	SHOWN("RFC 6888 REQ-8", "A window shorter than the hold-down finds one subscriber, the right one, by address, port and time",
	      check_22_a_window_shorter_than_hold_down_is_never_ambiguous),
};

int main(int argc, char **argv)
{
	const struct requirements table = { "Defaults, logs, and figures of whole runs", "tests/world/test_rfc_checks.c", rows,
	                                    sizeof(rows) / sizeof(*rows) };

	return conformance_main(argc, argv, &table);
}
