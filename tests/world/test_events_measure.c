/* The decisive test of event files: what the flow world did, told to a file and measured from
 * there, gives every measure and every byte of the logs that running it gave. */
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/world/cut.h"
#include "sim/world/events_measure.h"
#include "sim/world/keep.h"
#include "tests/support/trialbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char directory[] = "/tmp/test_events_measure.XXXXXX";

/* Everything at once: homes' NATs, a limit that bites, exempt destinations, hold-down off, retries, sharing of numbers,
 * blocks, ranges and lone numbers, logs without ends, TCP, UDP and ICMP, several instances. */
static const char everything[] = "{'name':'all','seed':7,'duration':'4m','warmup':'6m','subscribers':{'count':200},"
	"'access':'nat444','traffic':["
	"{'source':'poisson','rate_per_day':33000,'protocol':'udp','duration':{'distribution':'exponential','mean':'10s'}},"
	"{'source':'poisson','rate_per_day':12000,'protocol':'tcp','duration':{'distribution':'lognormal','median':'3s','sigma':1.5}},"
	"{'source':'poisson','rate_per_day':900,'protocol':'icmp','duration':{'distribution':'uniform','low':'1s','high':'5s'}}],"
	"'pool':{'prefixes':['192.0.2.0/29'],'ports':'1024-9000','exclude':['5004','5060-5061'],'instances':3},"
	"'nat':{'limits':{'ports_per_subscriber':120},'exempt':['198.18.0.3:443'],'retry':'tcp'},"
	"'schemes':[{'name':'lone','type':'session'},"
	"{'name':'sequential','type':'session','select':'sequential','log':{'format':'csv','events':'create'}},"
	"{'name':'blocks','type':'block','size':64,'max_blocks':3,'guard':'30s'},"
	"{'name':'ranges','type':'deterministic','sharing':40,'dynamic':10,'block':32},"
	"{'name':'shared','type':'bounded','tries':4},"
	"{'name':'plain','type':'session','access':'nat44','nat':{'hold_down':0}}],"
	"'log':{'keep':true},'evidence':{'incidents':300}}";

/* Several sources whose numbers of flows run into one another, peers that speak first and meet no mapping or its filter,
 * hosts whose own ports run out, and numbers that carry several mappings. */
static const char odd_numbers[] = "{'name':'odd','seed':3,'duration':'60s','warmup':'60s','subscribers':{'count':2},"
	"'traffic':[{'source':'poisson','rate_per_day':80000000,'duration':{'distribution':'constant','value':'90s'}},"
	"{'source':'p2p','share':1,'rate_per_day':90000,'inbound':0.5},{'source':'poisson','rate_per_day':90000,'protocol':'tcp'}],"
	"'pool':{'prefixes':['192.0.2.0/30'],'instances':2},'log':{'keep':true},"
	"'nat':{'filtering':'address-dependent'},'schemes':[{'name':'s','type':'session'},{'name':'b','type':'block'},"
	"{'name':'o','type':'bounded','overload':true,'nat':{'mapping':'address-and-port-dependent',"
	"'filtering':'address-and-port-dependent'}}]}";

static char *in_directory(const char *name)
{
	char *path = must_printf("%s/%s", directory, name);

	mkdir(path, 0777);
	return path;
}

static void each_section(const struct trialbench *b, const char *sections, const char *file)
{
	const struct scenario *s = b->scenario;
	struct events_head head = { .scenario = s->resolved, .world = (char *)(uintptr_t)"flow", .made_by = (char *)(uintptr_t)"test" };
	char *paths[1000] = { NULL };
	struct err e = ERR_INIT;
	size_t count = 0;

	for (size_t t = 0; t < s->trial_count; t++) {
		struct cut cut = cut_of(&s->workload, &s->trials[t]);

		for (uint32_t i = 0; i < cut.instances; i++)
			if (cut_share(&cut, i).subscribers)
				paths[count++] = events_section_path(sections, (struct events_place){ (uint32_t)t, i });
	}
	must(events_join(file, &head, (const char *const *)paths, count, &e));
	while (count)
		free(paths[--count]);
}

static void count_offered(const struct trace *t, const struct workload *w, uint64_t offered[PROTO_COUNT])
{
	for (uint32_t i = 0; i < t->record_count; i++)
		if (t->records[i].train.flags & SEG_FIRST && t->records[i].train.start_ns >= w->warmup_ns)
			offered[t->records[i].train.protocol]++;
}

static void same_logs(const struct scenario *s, const char *ran, const char *measured)
{
	for (size_t t = 0; t < s->trial_count; t++) {
		char *a = keep_path(ran, &s->trials[t], 0), *b = keep_path(measured, &s->trials[t], 0), *x, *y;
		struct err e = ERR_INIT;
		size_t length, other;

		if (!a)
			continue;
		x = file_read(a, &length, &e);
		y = file_read(b, &other, &e);
		assert_true(x && y && length > 0);
		assert_int_equal(length, other);
		assert_memory_equal(x, y, length);
		free(a);
		free(b);
		free(x);
		free(y);
	}
}

static void same_measures_and_logs(const char *text, unsigned threads, bool wants_not_offered)
{
	char *ran_logs = in_directory("ran"), *logs = in_directory("measured"), *sections = in_directory("sections");
	char *file = must_printf("%s/events", directory), *first, *second;
	struct trialbench ran, measured;
	struct workload_flows flows;
	uint32_t places[16];
	struct err e = ERR_INIT;
	struct trace *t;
	struct events_measure how = { .in_file = places, .flows = &flows, .log_directory = logs };

	for (uint32_t i = 0; i < 16; i++)
		places[i] = i;
	trialbench_open(&ran, text);
	t = workload_trace(&ran.scenario->workload, ran.sources, "test", &flows, &e);
	must(t);
	trialbench_run_with(&ran, &(struct run_options){ .threads = threads, .log_directory = ran_logs,
	                                                 .events_directory = sections, .flows = &flows });
	each_section(&ran, sections, file);
	trialbench_open(&measured, text);
	count_offered(t, &measured.scenario->workload, how.offered);
	how.workload = &measured.scenario->workload;
	how.facts = &measured.facts;
	how.trials = measured.scenario->trials;
	how.count = measured.scenario->trial_count;
	how.events = events_open(file, &e);
	assert_non_null(how.events);
	if (!events_measure(&how, &e))
		err_print(&e, stderr);
	assert_int_equal(e.count, 0);
	assert_int_equal(ran.scenario->trials->measures->flows_not_offered > 0, wants_not_offered);
	first = trialbench_summary(&ran);
	second = trialbench_summary(&measured);
	assert_string_equal(first, second);
	same_logs(ran.scenario, ran_logs, logs);
	events_close(how.events);
	free(first);
	free(second);
	trace_destroy(t);
	workload_flows_clear(&flows);
	trialbench_close(&ran);
	trialbench_close(&measured);
	directory_remove(ran_logs);
	directory_remove(logs);
	directory_remove(sections);
	free(ran_logs);
	free(logs);
	free(sections);
	free(file);
}

static void a_flow_world_told_and_measured_is_the_same(void **state)
{
	(void)state;
	same_measures_and_logs(everything, 2, false);
}

static void so_it_is_where_sources_skip_numbers(void **state)
{
	(void)state;
	same_measures_and_logs(odd_numbers, 1, true);
}

static const char tiny[] = "{'name':'tiny','seed':1,'duration':'60s','warmup':'40s','subscribers':{'count':4},"
	"'traffic':[{'source':'poisson'}],'pool':{'prefixes':['192.0.2.0/30'],'instances':3},"
	"'schemes':[{'name':'s','type':'session'},{'name':'b','type':'block'}]}";

/* What packets showed, the same in each of three instances of one scheme; nothing in the other's. */
static struct packets some_packets(void)
{
	struct packets p = { .sums = { [PACKETS_SYNS] = 5, [PACKETS_BYTES_DOWN] = 1000, [PACKETS_OPENED_OUTSIDE] = 1 } };

	delays_add(&p.delays[DELAY_SETUP], 20 * NS_PER_MS);
	delays_add(&p.delays[DELAY_SETUP], 40 * NS_PER_MS);
	return p;
}

static cJSON *measured_summary(struct trialbench *b, const char *file)
{
	static const uint32_t places[] = { 0, 1 };
	struct err e = ERR_INIT;
	struct events_measure how = { .in_file = places, .workload = &b->scenario->workload, .facts = &b->facts,
		                      .trials = b->scenario->trials, .count = 2, .events = events_open(file, &e) };
	cJSON *json;
	char *text;

	assert_true(how.events && events_measure(&how, &e));
	events_close(how.events);
	text = trialbench_summary(b);
	json = cJSON_Parse(text);
	free(text);
	return json;
}

static double number_at(const cJSON *from, const char *name, const char *inner)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, name);

	if (inner)
		item = cJSON_GetObjectItemCaseSensitive(item, inner);
	assert_non_null(item);
	return item->valuedouble;
}

/* Instances add up; goodput is over the whole run; a scheme that no packet met has no such measures. */
static void what_packets_show_is_in_the_summary(void **state)
{
	char *sections = in_directory("sections"), *file = must_printf("%s/events", directory);
	struct packets packets = some_packets();
	struct err e = ERR_INIT;
	struct trialbench b;
	const cJSON *schemes, *shown;
	cJSON *summary;

	(void)state;
	trialbench_open(&b, tiny);
	for (uint32_t t = 0; t < 2; t++)
		for (uint32_t i = 0; i < 3; i++) {
			struct events_place place = { t, i };
			char *path = events_section_path(sections, place);

			assert_true(events_section_close(events_section_open(path, place, &e), t ? NULL : &packets, &e));
			free(path);
		}
	each_section(&b, sections, file);
	summary = measured_summary(&b, file);
	schemes = cJSON_GetObjectItemCaseSensitive(summary, "schemes");
	shown = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(schemes, 0), "packets");
	assert_true(number_at(shown, "syns", NULL) == 15);
	assert_true(number_at(shown, "opened_outside", NULL) == 3);
	assert_true(number_at(shown, "handshakes", NULL) == 0);
	assert_true(number_at(shown, "goodput_down_bps", NULL) == 3 * 1000 * 8 / 100.0);
	assert_true(number_at(shown, "setup_delay", "mean") == 0.03);
	assert_true(number_at(shown, "setup_delay", "max") == 0.04);
	assert_true(number_at(shown, "setup_delay", "p50") >= 0.02 && number_at(shown, "setup_delay", "p50") < 0.02 * 17 / 16);
	assert_null(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(schemes, 1), "packets"));
	cJSON_Delete(summary);
	trialbench_close(&b);
	directory_remove(sections);
	free(sections);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_world_told_and_measured_is_the_same),
		cmocka_unit_test(so_it_is_where_sources_skip_numbers),
		cmocka_unit_test(what_packets_show_is_in_the_summary),
	};
	int status;

	must(mkdtemp(directory));
	status = cmocka_run_group_tests_name("events measured", tests, NULL, NULL);
	directory_remove(directory);
	return status;
}
