#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "traffic/sources.h"
#include "traffic/trace.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

#define S NS_PER_S

/* The capture: 100 s, three hosts. Host 0 has a flow of three trains and a
 * server's flow, host 1 one of two trains that is alive at the capture's end,
 * host 2 a single query. */
enum { LENGTH_S = 100, HOSTS = 3, RECORDS = 7, FLOWS = 4 };

static const struct { uint32_t host, flow; int start_s, end_s; uint16_t port; uint8_t flags; } trains[RECORDS] = {
	{ 0, 0, 10, 12, 50000, SEG_FIRST },
	{ 0, 1, 11, 11, 80, SEG_FIRST | SEG_LAST },
	{ 0, 0, 40, 41, 50000, 0 },
	{ 0, 0, 90, 95, 50000, SEG_LAST },
	{ 1, 0, 0, 30, 65535, SEG_FIRST },
	{ 1, 0, 70, 130, 65535, 0 }, /* outlasts the trace, as a workload's flow may; and has no end */
	{ 2, 0, 100, 100, 1024, SEG_FIRST | SEG_LAST },
};

static char path[] = "/tmp/test_capture.XXXXXX";

static int write_trace(void **state)
{
	struct trace_host hosts[HOSTS] = {
		{ .address = 1, .first = 0, .count = 4 }, { .address = 2, .first = 4, .count = 2 }, { .address = 3, .first = 6, .count = 1 },
	};
	struct trace_record records[RECORDS];
	struct trace t = {
		.duration_ns = LENGTH_S * S, .hosts = hosts, .host_count = HOSTS, .records = records, .record_count = RECORDS,
		.flows = { 0, FLOWS, 0 }, .peak_flows = 2,
	};
	struct err e = ERR_INIT;
	int fd = mkstemp(path);

	(void)state;
	close(fd);
	for (int i = 0; i < RECORDS; i++)
		records[i] = (struct trace_record){
			.train = { .start_ns = trains[i].start_s * S, .last_out_ns = trains[i].end_s * S, .first_in_ns = NS_NONE,
			           .last_in_ns = NS_NONE, .subscriber = trains[i].host, .flow = trains[i].flow, .remote = 7,
			           .remote_port = 53, .port = trains[i].port, .protocol = PROTO_UDP, .flags = trains[i].flags },
			.packets_out = 1,
		};
	/* Host 0's second train of flow 0 begins with an answer, before its first packet out. */
	records[2].train.first_in_ns = 39 * S;
	records[2].train.last_in_ns = 41 * S;
	return trace_save(&t, path, &e) ? 0 : -1;
}

static int remove_trace(void **state)
{
	(void)state;
	return unlink(path);
}

static void *at(void *config, const char *name)
{
	for (const struct param *p = source_capture.params; p->name; p++)
		if (!strcmp(p->name, name))
			return (char *)config + p->offset;
	fail_msg("no parameter %s", name);
	return NULL;
}

struct setup {
	const char *file;
	bool bootstrap, loop;
	double active_share;
	struct source_setting setting;
};

static void *config_of(const struct setup *s)
{
	void *config = must_alloc(1, source_capture.config_size);

	*(char **)at(config, "file") = must_strdup(s->file);
	*(int *)at(config, "scale") = s->bootstrap;
	*(int *)at(config, "extend") = s->loop;
	*(double *)at(config, "active_share") = s->active_share;
	return config;
}

static void config_free(void *config)
{
	free(*(char **)at(config, "file"));
	free(config);
}

/* All trains of a run of subscribers, asked for in slabs. */
static struct segments all(const struct setup *s, uint32_t first, uint32_t count, int64_t slab_ns)
{
	void *config = config_of(s);
	struct err e = ERR_INIT;
	struct source *source = source_capture.open(config, &s->setting, "test: $", &e);
	struct source_stream *stream;
	struct segments out = { 0 };
	bool more = true;

	if (!source)
		fail_msg("%s", e.lines[0]);
	stream = source_capture.stream(source, &s->setting, first, count);
	for (int64_t until = slab_ns; until - slab_ns < s->setting.end_ns; until += slab_ns) {
		size_t before = out.count;

		more = source_capture.next(stream, until, &out);
		for (size_t i = before; i < out.count; i++)
			assert_in_range(out.items[i].start_ns, until - slab_ns, until - 1);
	}
	assert_false(more);
	assert_int_equal(source_capture.left_out(stream), 0);
	source_capture.end(stream);
	source_capture.close(source);
	config_free(config);
	for (size_t i = 1; i < out.count; i++)
		assert_true(out.items[i].start_ns >= out.items[i - 1].start_ns);
	return out;
}

static struct setup replay(void)
{
	return (struct setup){
		.file = path, .active_share = 1, .setting = { .seed = 1, .subscribers = 5, .end_ns = 1000 * S, .index = 2 },
	};
}

static struct setup looped(void)
{
	struct setup s = replay();

	s.bootstrap = s.loop = true;
	s.setting.subscribers = 300;
	return s;
}

/* Host by host, from time 0, as captured; subscribers without a host are silent. */
static void replayed_once(void **state)
{
	struct setup s = replay();
	struct segments got = all(&s, 0, 5, 7 * S);

	(void)state;
	assert_int_equal(got.count, RECORDS);
	for (size_t i = 0; i < got.count; i++) {
		const struct segment *g = &got.items[i];
		int k = 0;

		while (trains[k].host != g->subscriber || trains[k].start_s * S != g->start_ns)
			k++;
		assert_int_equal(g->last_out_ns, trains[k].end_s * S);
		assert_int_equal(g->port, trains[k].port);
		assert_int_equal(g->flow, trains[k].flow);
		assert_int_equal(g->source, 2);
		/* A flow whose end the trace does not know ends with its last train. */
		assert_int_equal(g->flags, k == 5 ? SEG_LAST : trains[k].flags);
	}
	free(got.items);
	s.setting.end_ns = 40 * S; /* no train starts at or after the end */
	got = all(&s, 0, 5, 7 * S);
	assert_int_equal(got.count, 3);
	free(got.items);
}

/* A subscriber does the same whoever else is in the stream, and however often it is asked. */
static void streams_do_not_depend_on_company(void **state)
{
	struct setup s = looped();
	struct segments together = all(&s, 100, 20, 13 * S), whole = all(&s, 100, 20, 2000 * S);
	size_t sum = 0;

	(void)state;
	assert_int_equal(together.count, whole.count);
	assert_memory_equal(together.items, whole.items, whole.count * sizeof(*whole.items));
	for (uint32_t k = 100; k < 120; k++) {
		struct segments alone = all(&s, k, 1, 50 * S);
		size_t i = 0;

		for (size_t j = 0; j < together.count; j++)
			if (together.items[j].subscriber == k)
				assert_memory_equal(&together.items[j], &alone.items[i++], sizeof(*alone.items));
		assert_int_equal(i, alone.count);
		sum += alone.count;
		free(alone.items);
	}
	assert_int_equal(sum, together.count);
	free(together.items);
	free(whole.items);
}

/* Seed, replication and place among the sources each make another workload. */
static void draws_are_keyed(void **state)
{
	struct setup s[4] = { looped(), looped(), looped(), looped() };
	struct segments first = all(&s[0], 0, 20, 2000 * S);

	(void)state;
	s[1].setting.seed++;
	s[2].setting.replication++;
	s[3].setting.index++;
	for (int i = 1; i < 4; i++) {
		struct segments other = all(&s[i], 0, 20, 2000 * S);

		assert_true(other.count != first.count || other.items[0].start_ns != first.items[0].start_ns);
		free(other.items);
	}
	free(first.items);
}

/* The host that a subscriber is shows in its ports below 1024 and its number of
 * trains a lap: 4, 2 or 1. */
static uint32_t trains_within(const struct segments *s, uint32_t subscriber, int64_t from_ns, int64_t to_ns)
{
	uint32_t count = 0;

	for (size_t i = 0; i < s->count; i++)
		count += s->items[i].subscriber == subscriber && s->items[i].start_ns >= from_ns && s->items[i].start_ns < to_ns;
	return count;
}

/* A circular shift: any window as long as the capture shows each train of the
 * host once. Hosts are drawn evenly. */
static void a_loop_is_a_circle(void **state)
{
	struct setup s = looped();
	struct segments got = all(&s, 0, 300, 2000 * S);
	uint32_t hosts[5] = { 0 };

	(void)state;
	for (uint32_t k = 0; k < 300; k++) {
		uint32_t a = trains_within(&got, k, 0, LENGTH_S * S);

		assert_true(a == 4 || a == 2 || a == 1);
		for (int64_t from = 0; from <= 900; from += 37)
			assert_int_equal(trains_within(&got, k, from * S, (from + LENGTH_S) * S), from <= 900 ? a : 0);
		hosts[a]++;
	}
	/* Binomial(300, 1/3): standard deviation 8.2; five of them. */
	assert_in_range(hosts[4], 59, 141);
	assert_in_range(hosts[2], 59, 141);
	assert_in_range(hosts[1], 59, 141);
	free(got.items);
}

/* Whatever lap: each flow number begins with SEG_FIRST and ends with SEG_LAST,
 * has one port; an ephemeral port is another one in the next lap, another port is
 * the same; nothing reaches beyond its lap, nor before time 0. */
static void laps(void **state)
{
	enum { MOST = 64 };
	struct setup s = looped();

	(void)state;
	for (uint32_t k = 0; k < 40; k++) {
		struct segments got = all(&s, k, 1, 2000 * S);
		struct { bool open, over; uint16_t port; } flows[MOST] = { { 0 } };

		for (size_t i = 0; i < got.count; i++) {
			const struct segment *g = &got.items[i];

			assert_true(g->flow < MOST && !flows[g->flow].over);
			assert_true(flows[g->flow].open == !(g->flags & SEG_FIRST));
			assert_true(!flows[g->flow].open || flows[g->flow].port == g->port);
			flows[g->flow].open = true;
			flows[g->flow].over = g->flags & SEG_LAST;
			flows[g->flow].port = g->port;
			assert_true(g->last_out_ns >= g->start_ns && g->last_out_ns - g->start_ns <= 30 * S);
			assert_true(g->first_in_ns == NS_NONE || g->first_in_ns >= 0);
			for (uint32_t f = 0; f < g->flow; f++)
				assert_true(flows[f].port != g->port || g->port == 80);
		}
		free(got.items);
	}
}

/* Over as many laps as there are ports the ports are a permutation: none is missed. */
static void ports_go_round(void **state)
{
	struct setup s = looped();
	struct segments got;
	uint8_t *met = must_alloc(65536, 1);
	uint32_t distinct = 0;

	(void)state;
	s.setting.end_ns = INT64_C(64512) * LENGTH_S * S;
	for (uint32_t k = 0; !distinct; k++) {
		got = all(&s, k, 1, s.setting.end_ns);
		if (trains_within(&got, k, 0, LENGTH_S * S) == 1)
			for (size_t i = 0; i < got.count; i++) {
				assert_true(got.items[i].port >= 1024);
				distinct += !met[got.items[i].port];
				met[got.items[i].port] = 1;
			}
		free(got.items);
	}
	assert_in_range(distinct, 64511, 64512); /* the first lap may begin behind the train */
	free(met);
}

/* Who is not active says nothing. Binomial(300, 1/2): standard deviation 8.7. */
static void active_share(void **state)
{
	struct setup s = looped();
	struct segments got;
	uint32_t active = 0;

	(void)state;
	s.active_share = 0.5;
	got = all(&s, 0, 300, 2000 * S);
	for (uint32_t k = 0; k < 300; k++)
		active += trains_within(&got, k, 0, 1000 * S) > 0;
	assert_in_range(active, 107, 193);
	free(got.items);
	s.active_share = 0;
	got = all(&s, 0, 300, 2000 * S);
	assert_int_equal(got.count, 0);
	free(got.items);
}

/* What is expected is what comes, on the average. */
static void facts(void **state)
{
	struct setup s = looped();
	void *config = config_of(&s);
	struct err e = ERR_INIT;
	struct source *source = source_capture.open(config, &s.setting, "test: $", &e);
	struct source_facts f;
	struct segments got = all(&s, 0, 300, 2000 * S);
	double flows = 0;

	(void)state;
	source_capture.facts(source, &s.setting, &f);
	for (size_t i = 0; i < got.count; i++)
		flows += (got.items[i].flags & SEG_FIRST) != 0;
	/* 4 flows of 3 hosts, 300 subscribers, 10 laps: 4000. */
	assert_true(f.flows_expected > 3999.9 && f.flows_expected < 4000.1);
	assert_true(flows > 0.9 * 4000 && flows < 1.2 * 4000);
	assert_int_equal(f.captured_ns, LENGTH_S * S);
	assert_int_equal(f.captured_hosts, HOSTS);
	assert_int_equal(f.longest_p99_ns, 130 * S);
	assert_true(f.protocols[PROTO_UDP] && !f.protocols[PROTO_TCP] && !f.protocols[PROTO_ICMP]);
	source_capture.close(source);
	config_free(config);
	free(got.items);
}

/* Each is one line that begins with the place. */
static void what_it_refuses(void **state)
{
	static const struct { const char *file; bool bootstrap; double share; uint32_t subscribers; const char *word; } cases[] = {
		{ path, false, 1, 2, "3 hosts" },
		{ path, false, 0.5, 5, "active_share" },
		{ "/nonexistent/x", true, 1, 5, "/nonexistent/x" },
		{ "/etc/passwd", true, 1, 5, "/etc/passwd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct setup s = replay();
		struct err e = ERR_INIT;
		void *config;

		s.file = cases[i].file;
		s.bootstrap = cases[i].bootstrap;
		s.active_share = cases[i].share;
		s.setting.subscribers = cases[i].subscribers;
		config = config_of(&s);
		assert_null(source_capture.open(config, &s.setting, "a.json: $.traffic[0]", &e));
		assert_int_equal(e.count, 1);
		assert_int_equal(strncmp(e.lines[0], "a.json: $.traffic[0].", 21), 0);
		assert_non_null(strstr(e.lines[0], cases[i].word));
		err_clear(&e);
		config_free(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replayed_once),
		cmocka_unit_test(streams_do_not_depend_on_company),
		cmocka_unit_test(draws_are_keyed),
		cmocka_unit_test(a_loop_is_a_circle),
		cmocka_unit_test(laps),
		cmocka_unit_test(ports_go_round),
		cmocka_unit_test(active_share),
		cmocka_unit_test(facts),
		cmocka_unit_test(what_it_refuses),
	};

	return cmocka_run_group_tests_name("capture", tests, write_trace, remove_trace);
}
