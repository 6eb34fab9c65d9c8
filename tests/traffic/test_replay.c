/* Replay: import(replay(import(x))) is import(x), byte for byte of the trace.
 *
 * x is every real capture that is there (in $CGNSIM_CAPTURES, else in
 * ../shared/captures; skipped by name if it is not), and, whatever is there,
 * traces made at random: stitched ones, with homes, IPv6, ties and odd ends.
 * A trace made at random is not yet one that import would write, so x is what
 * import makes of its packets. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "traffic/import.h"
#include "traffic/replay_file.h"
#include "traffic/replay_mark.h"
#include "traffic/replay_packet.h"
#include "traffic/wire.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static char *scratch; /* a directory */

static char *scratch_file(const char *name)
{
	return must_printf("%s/%s", scratch, name);
}

static void no_fault(struct err *e)
{
	if (e->count)
		print_message("fault: %s\n", e->lines[0]);
	assert_int_equal(e->count, 0);
}

static struct trace *import(const char *path, const struct import_options *options)
{
	struct import_report report;
	struct err e = ERR_INIT;
	struct trace *t = import_captures(&path, 1, options, &report, &e);

	import_report_clear(&report);
	no_fault(&e);
	return t;
}

/* IP lengths lie within the frame: behind an Ethernet header, and in a softwire. */
static bool lengths_fit(const uint8_t *bytes, size_t length)
{
	const uint8_t *ip = bytes + 14;
	size_t left = length - 14, total;

	if (bytes[12] == 0x86 && bytes[13] == 0xdd) {
		if (left < 40 || 40u + (unsigned)(ip[4] << 8 | ip[5]) > left)
			return false;
		if (ip[6] != 4)
			return true;
		ip += 40;
		left -= 40;
	} else if (bytes[12] != 8 || bytes[13] != 0) {
		return true;
	}
	total = (size_t)(ip[2] << 8 | ip[3]);
	return left >= 20 && total >= 20 && total <= left;
}

static bool check_frame(void *context, int64_t time_ns, const uint8_t *bytes, size_t length, struct err *e)
{
	const struct replay_taker *file = context;

	assert_true(lengths_fit(bytes, length));
	return file->frame(file->context, time_ns, bytes, length, e);
}

static struct replay_report replay_to(const struct trace *t, bool opener_only, const char *path)
{
	struct replay_options all = { .until_ns = NS_NEVER, .opener_only = opener_only };
	struct replay_report report;
	struct err e = ERR_INIT;
	struct replay_file *f = replay_file_open(path, t->epoch_ns, t->duration_ns, &e);
	struct replay_taker file;

	no_fault(&e);
	file = replay_file_taker(f);
	assert_true(replay(t, &all, (struct replay_taker){ .context = &file, .frame = check_frame }, &report, &e));
	assert_true(replay_file_commit(f, &e));
	return report;
}

static bool same_trace(const struct trace *a, const struct trace *b)
{
	char *path[2] = { scratch_file("a.trace"), scratch_file("b.trace") }, *bytes[2];
	size_t length[2];
	struct err e = ERR_INIT;
	bool same;

	assert_true(trace_save(a, path[0], &e) && trace_save(b, path[1], &e));
	for (int i = 0; i < 2; i++) {
		bytes[i] = file_read(path[i], &length[i], &e);
		no_fault(&e);
	}
	same = length[0] == length[1] && !memcmp(bytes[0], bytes[1], length[0]);
	for (int i = 0; i < 2; i++) {
		free(bytes[i]);
		free(path[i]);
	}
	return same;
}

/* Does x, imported so, come out of its own packets again? */
static bool law_holds(const char *x, const struct import_options *options)
{
	char *path = scratch_file("replayed.pcap");
	struct trace *first = import(x, options), *second;
	struct replay_report report = replay_to(first, options->opener_only, path);
	bool same;

	second = import(path, options);
	same = same_trace(first, second);
	if (!same)
		print_message("%s: %u and %u trains, %u and %u hosts, %llu resized, %llu unclosed, %llu seams lost\n", x,
		              first->record_count, second->record_count, first->host_count, second->host_count,
		              (unsigned long long)report.resized, (unsigned long long)report.unclosed,
		              (unsigned long long)report.seams_lost);
	trace_destroy(first);
	trace_destroy(second);
	free(path);
	return same;
}

static int is_capture(const struct dirent *d)
{
	return strstr(d->d_name, ".pcap") != NULL;
}

static const struct import_options manners[] = {
	{ .opener_only = false },
	{ .opener_only = true },
	{ .split_ns = { 10 * NS_PER_S, 10 * NS_PER_S, 10 * NS_PER_S } },
};
enum { MANNERS = sizeof(manners) / sizeof(manners[0]) };

static void captures_come_out_again(const char *folder)
{
	const char *given = getenv("CGNSIM_CAPTURES");
	char *directory = must_printf("%s/%s", given && *given ? given : "../shared/captures", folder);
	struct dirent **entries;
	int count = scandir(directory, &entries, is_capture, alphasort), bad = 0;

	if (count <= 0) {
		print_message("skipped: %s has no captures (set CGNSIM_CAPTURES)\n", directory);
		free(directory);
		skip();
	}
	for (int i = 0; i < count; i++) {
		char *path = must_printf("%s/%s", directory, entries[i]->d_name);

		for (int m = 0; m < MANNERS; m++)
			bad += !law_holds(path, &manners[m]);
		free(path);
		free(entries[i]);
	}
	free(entries);
	free(directory);
	assert_int_equal(bad, 0);
}

static void captures(void **state)
{
	(void)state;
	captures_come_out_again("");
}

static void link_types(void **state)
{
	(void)state;
	captures_come_out_again("linktypes");
}

static void smart_home(void **state)
{
	(void)state;
	captures_come_out_again("smarthome");
}

/* --- traces made at random */

static int64_t between_ns(struct rng *r, int64_t least, int64_t most)
{
	return least + (int64_t)rng_below(r, (uint32_t)((most - least) / NS_PER_US) + 1) * NS_PER_US;
}

/* Private or not, so that every rule of inside is asked. */
static uint32_t some_host(struct rng *r, uint32_t k)
{
	return (rng_below(r, 2) ? 0x0a000000 : 0xc6336400) + k;
}

static void random_ways(struct rng *r, struct trace_record *t, int64_t start_ns)
{
	struct segment *s = &t->train;
	unsigned kind = rng_below(r, 4); /* both, out, in, all at one time */
	int64_t spread = rng_below(r, 3) ? 3 * NS_PER_S : 40 * NS_PER_S;
	uint32_t header = s->protocol == PROTO_TCP ? 40 : 28;

	s->start_ns = start_ns;
	s->last_out_ns = s->first_in_ns = s->last_in_ns = NS_NONE;
	if (kind != 2) {
		s->last_out_ns = kind == 3 ? start_ns : between_ns(r, start_ns, start_ns + spread);
		t->packets_out = s->last_out_ns == start_ns && kind != 3 ? 1 : 2 + rng_below(r, 60);
		t->bytes_out = (uint64_t)t->packets_out * header + rng_below(r, 1400 * t->packets_out);
	}
	if (kind != 1) {
		s->first_in_ns = kind == 0 ? between_ns(r, start_ns, start_ns + 2 * NS_PER_S) : start_ns;
		s->last_in_ns = kind == 3 ? start_ns : between_ns(r, s->first_in_ns, s->first_in_ns + spread);
		t->packets_in = s->last_in_ns == s->first_in_ns && kind != 3 ? 1 : 2 + rng_below(r, 60);
		t->bytes_in = (uint64_t)t->packets_in * header + rng_below(r, 1400 * t->packets_in);
	}
	if (kind == 2)
		s->flags |= SEG_INBOUND;
	if (s->protocol != PROTO_TCP)
		return;
	s->flags |= (uint8_t)(kind != 2 && rng_below(r, 2) ? SEG_SYN_OUT : 0) | (uint8_t)(kind != 1 && rng_below(r, 2) ? SEG_SYN_IN : 0);
	s->flags |= (uint8_t)(kind != 2 && !rng_below(r, 3) ? SEG_FIN_OUT : 0) | (uint8_t)(kind != 1 && !rng_below(r, 3) ? SEG_FIN_IN : 0);
	s->flags |= rng_below(r, 5) ? 0 : SEG_RST;
}

/* Some flows of some trains; between trains seconds, or days. */
static void random_host(struct rng *r, struct trace *t, struct trace_host *h, uint32_t flows)
{
	static const int64_t gaps[] = { 6 * NS_PER_S, 100 * NS_PER_S, NS_PER_DAY + 30 * NS_PER_S, 5 * NS_PER_DAY };
	static const uint16_t ports[] = { 53, 80, 443, 40000, 123, 22, 6881 };

	for (uint32_t f = 0; f < flows; f++) {
		uint32_t trains = 1 + rng_below(r, 4);
		int64_t at_ns = rng_below(r, 4) ? between_ns(r, 0, NS_PER_S * 100) : 0;
		struct segment flow = { .flow = f, .remote = (rng_below(r, 4) ? 0xcb007100 : 0x08080800) + rng_below(r, 9),
			                .protocol = (uint8_t)rng_below(r, PROTO_COUNT), .port = (uint16_t)(1000 + 7 * f) };

		flow.remote_port = flow.protocol == PROTO_ICMP ? 0 : ports[rng_below(r, 7)];
		flow.host = (uint8_t)(h->inner_count ? rng_below(r, h->inner_count) : 0);
		for (uint32_t i = 0; i < trains; i++) {
			struct trace_record *record = &t->records[t->record_count++];

			*record = (struct trace_record){ .train = flow };
			record->train.flags = (uint8_t)((i == 0 ? SEG_FIRST : 0) | (i + 1 == trains ? SEG_LAST : 0));
			random_ways(r, record, at_ns);
			at_ns = record->train.start_ns + 90 * NS_PER_S + gaps[rng_below(r, 4)];
			h->count++;
		}
	}
}

static void random_flows6(struct rng *r, struct trace *t, uint32_t count)
{
	int64_t at_ns = 0;

	t->flows6 = must_alloc(count, sizeof(*t->flows6));
	for (uint32_t i = 0; i < count; i++) {
		struct trace_flow6 *f = &t->flows6[t->flow6_count++];

		at_ns += rng_below(r, 2) ? between_ns(r, 0, 10 * NS_PER_S) : 0;
		f->inside[0] = rng_below(r, 2) ? 0xfd : 0x20;
		f->remote[0] = 0x26;
		f->inside[15] = (uint8_t)(1 + rng_below(r, 5));
		f->remote[15] = (uint8_t)(1 + i);
		f->first_ns = at_ns;
		f->packets_out = rng_below(r, 5);
		f->packets_in = f->packets_out ? rng_below(r, 5) : 1;
		f->last_ns = f->packets_out + f->packets_in < 2 ? at_ns : between_ns(r, at_ns, at_ns + 50 * NS_PER_S);
		f->bytes_out = 60 * f->packets_out + (f->packets_out ? rng_below(r, 3000) : 0);
		f->bytes_in = 60 * f->packets_in + (f->packets_in ? rng_below(r, 3000) : 0);
		f->protocol = (uint8_t)rng_below(r, PROTO_COUNT);
		f->port = (uint16_t)(2000 + i);
		f->remote_port = f->protocol == PROTO_ICMP ? 0 : 443;
		f->close = f->protocol == PROTO_TCP ? (uint8_t)rng_below(r, CLOSE_COUNT) : CLOSE_SILENT;
		f->cut = rng_below(r, 2) ? CUT_BEGIN : 0;
	}
}

static struct trace *random_trace(uint64_t seed)
{
	struct rng r;
	struct trace *t = must_alloc(1, sizeof(*t));
	uint32_t hosts = 4, homes = 3;

	rng_seed(&r, seed);
	t->epoch_ns = 1000 * NS_PER_S + (int64_t)rng_below(&r, 1000000) * 1001;
	t->hosts = must_alloc(hosts + homes, sizeof(*t->hosts));
	t->records = must_alloc(4096, sizeof(*t->records));
	t->inner = must_alloc(homes * 2, sizeof(*t->inner));
	for (uint32_t k = 0; k < hosts + homes; k++) {
		struct trace_host *h = &t->hosts[t->host_count++];

		*h = (struct trace_host){ .first = t->record_count, .address = some_host(&r, k) };
		if (k >= hosts) {
			h->inner_count = 2;
			h->first_inner = t->inner_count;
			t->inner[t->inner_count++] = 0xc0a80100 + k;
			t->inner[t->inner_count++] = 0xc0000002;
			h->home[0] = 0x20;
			h->home[15] = (uint8_t)(100 - k);
		}
		random_host(&r, t, h, 1 + rng_below(&r, 6));
	}
	random_flows6(&r, t, rng_below(&r, 8));
	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct segment *s = &t->records[i].train;
		int64_t last_ns = s->last_in_ns > s->last_out_ns ? s->last_in_ns : s->last_out_ns;

		t->duration_ns = last_ns > t->duration_ns ? last_ns : t->duration_ns;
	}
	for (uint32_t i = 0; i < t->flow6_count; i++)
		t->duration_ns = t->flows6[i].last_ns > t->duration_ns ? t->flows6[i].last_ns : t->duration_ns;
	t->duration_ns += rng_below(&r, 2) ? between_ns(&r, 0, 100 * NS_PER_S) : 0;
	return t;
}

static void made_up_traces(void **state)
{
	char *path = scratch_file("made-up.pcap");
	int bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct trace *t = random_trace(seed), *x;
		uint64_t packets[2] = { 0 }, bytes[2] = { 0 };

		replay_to(t, false, path);
		for (int m = 0; m < MANNERS; m++)
			bad += !law_holds(path, &manners[m]);
		x = import(path, &(struct import_options){ .stations = (uint8_t(*)[6])(uintptr_t)replay_station_inside, .station_count = 1 });
		assert_true(x->host_count == t->host_count); /* the station tells all that is inside */
		for (uint32_t i = 0; i < t->record_count; i++) {
			packets[0] += (uint64_t)t->records[i].packets_out + t->records[i].packets_in;
			bytes[0] += t->records[i].bytes_out + t->records[i].bytes_in;
		}
		for (uint32_t i = 0; i < x->record_count; i++) {
			packets[1] += (uint64_t)x->records[i].packets_out + x->records[i].packets_in;
			bytes[1] += x->records[i].bytes_out + x->records[i].bytes_in;
		}
		assert_true(packets[1] >= packets[0] && bytes[1] >= bytes[0]); /* more where a train would have been two */
		trace_destroy(x);
		trace_destroy(t);
	}
	free(path);
	assert_int_equal(bad, 0);
}

/* --- sound packets, stitched together */

/* Seconds, or about a day, between packets of few 5-tuples, so that flows are cut and split at the gaps' edges. */
static void write_stitched(uint64_t seed, const char *path)
{
	static const int64_t pauses_s[] = { 0, 3, 6, 30, 64, 70, 86399, 86400, 86430, 90000, 200000, 100000000 };
	static const uint8_t address6[2][16] = { { 0xfd, 1 }, { 0x26, 1 } };
	struct rng r;
	struct err e = ERR_INIT;
	struct replay_builder *builder = replay_builder_create(&e);
	struct replay_file *file = replay_file_open(path, 100 * NS_PER_S, NS_PER_S, &e);
	struct replay_taker taker = replay_file_taker(file);
	int64_t time_ns = 0;

	no_fault(&e);
	rng_seed(&r, seed);
	for (uint32_t left = 2 + rng_below(&r, 12); left; left--) {
		struct replay_packet p = { .outbound = rng_below(&r, 3), .six = !rng_below(&r, 4), .protocol = rng_below(&r, PROTO_COUNT),
			                   .payload = rng_below(&r, 40), .tcp_flags = rng_below(&r, 3) ? WIRE_TCP_ACK : WIRE_TCP_SYN };
		uint32_t ends[2] = { some_host(&r, rng_below(&r, 2)), 0x08080800 + rng_below(&r, 2) };
		uint16_t ports[2] = { 5000, p.protocol == PROTO_ICMP ? 5000 : 443 };
		const uint8_t *frame;
		size_t length;

		p.source = ends[!p.outbound];
		p.destination = ends[p.outbound];
		p.source6 = address6[!p.outbound];
		p.destination6 = address6[p.outbound];
		p.source_port = ports[!p.outbound];
		p.destination_port = ports[p.outbound];
		p.reply = !p.outbound;
		frame = replay_build(builder, &p, &length, &e);
		assert_true(frame && taker.frame(taker.context, time_ns, frame, length, &e));
		time_ns += pauses_s[rng_below(&r, 12)] * NS_PER_S;
	}
	assert_true(replay_file_commit(file, &e));
	replay_builder_destroy(builder);
}

/* Such a capture comes out again, and nothing of it is said to be contradictory. */
static void stitched_captures(void **state)
{
	char *path = scratch_file("stitched.pcap"), *again = scratch_file("again.pcap");
	int bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		write_stitched(seed, path);
		for (int m = 0; m < MANNERS; m++) {
			struct trace *t = import(path, &manners[m]);
			struct replay_report report = replay_to(t, manners[m].opener_only, again);

			bad += report.resized || report.unclosed || report.merged || report.seams_lost || !law_holds(path, &manners[m]);
			trace_destroy(t);
		}
	}
	free(path);
	free(again);
	assert_int_equal(bad, 0);
}

/* Two flows of a 5-tuple, from two tunnels say, 50 s apart: one, if no split of at most that was asked for. */
static void merged_flows_are_told(void **state)
{
	static const struct { int64_t split_ns; uint64_t merged; } cases[] = { { 0, 1 }, { 50 * NS_PER_S, 0 }, { 51 * NS_PER_S, 1 } };
	struct trace_record records[2] = {
		{ .train = { .last_in_ns = NS_PER_S, .protocol = PROTO_UDP, .flags = SEG_FIRST | SEG_LAST } },
		{ .train = { .start_ns = 51 * NS_PER_S, .last_out_ns = 51 * NS_PER_S, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
			     .protocol = PROTO_UDP, .flags = SEG_FIRST | SEG_LAST, .flow = 1 } },
	};
	struct trace_flow6 flows6[2] = {
		{ .last_ns = NS_PER_S, .protocol = PROTO_UDP },
		{ .first_ns = 51 * NS_PER_S, .last_ns = 51 * NS_PER_S, .protocol = PROTO_UDP },
	};
	struct trace_host host = { .address = 0x0a000001, .count = 2 };
	struct trace four = { .hosts = &host, .host_count = 1, .records = records, .record_count = 2 };
	struct trace six = { .flows6 = flows6, .flow6_count = 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct replay_plan plan;

		four.split_ns[PROTO_UDP] = six.split_ns[PROTO_UDP] = cases[i].split_ns;
		replay_plan_make(&plan, &four, false);
		assert_true(plan.merged == cases[i].merged && plan.tuples == 1);
		replay_plan_clear(&plan);
		replay_plan_make(&plan, &six, false);
		assert_true(plan.merged == cases[i].merged && plan.tuples == 1);
		replay_plan_clear(&plan);
	}
}

/* --- moments that the trace's flows do not show */

/* A flow cut off by a seam, 10 s before the part's end; the next begins 2 days later. */
static void seams_are_marked(void **state)
{
	struct trace_record records[2] = {
		{ .train = { .start_ns = 0, .last_out_ns = 0, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
			     .protocol = PROTO_UDP, .flags = SEG_FIRST | SEG_LAST }, .packets_out = 1, .bytes_out = 30, .close = CLOSE_CENSORED },
		{ .train = { .start_ns = 2 * NS_PER_DAY, .last_out_ns = 2 * NS_PER_DAY, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
			     .protocol = PROTO_TCP, .flags = SEG_FIRST | SEG_LAST, .flow = 1 }, .packets_out = 1, .bytes_out = 40,
		  .close = CLOSE_CENSORED },
	};
	struct trace t = { .duration_ns = 2 * NS_PER_DAY + 5, .records = records, .record_count = 2 };
	struct trace_host host = { .address = 0x0a000001, .count = 2 };
	struct replay_plan plan;
	struct marks m;

	(void)state;
	t.hosts = &host;
	t.host_count = 1;
	replay_plan_make(&plan, &t, false);
	marks_make(&m, &t, &plan);
	assert_int_equal(m.seams_lost, 0);
	assert_true(m.count >= 3);
	assert_true(m.times_ns[0] == 0 || m.times_ns[0] < SILENCE); /* the part ends before the flow is over */
	assert_true(m.times_ns[m.count - 1] == t.duration_ns);
	marks_clear(&m);
	records[0].close = CLOSE_SILENT; /* then something bridged it */
	marks_make(&m, &t, &plan);
	for (size_t i = 1; i < m.count; i++)
		assert_true(m.times_ns[i] - m.times_ns[i - 1] < TIMELINE_GAP);
	assert_true(m.times_ns[0] < TIMELINE_GAP);
	marks_clear(&m);
	replay_plan_clear(&plan);
}

static int open_scratch(void **state)
{
	static char name[] = "/tmp/test_replay.XXXXXX";

	(void)state;
	scratch = mkdtemp(name);
	return scratch ? 0 : -1;
}

static int close_scratch(void **state)
{
	(void)state;
	return directory_remove(scratch) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seams_are_marked), cmocka_unit_test(made_up_traces), cmocka_unit_test(stitched_captures),
		cmocka_unit_test(merged_flows_are_told),
		cmocka_unit_test(captures),         cmocka_unit_test(link_types),     cmocka_unit_test(smart_home),
	};

	return cmocka_run_group_tests(tests, open_scratch, close_scratch);
}
