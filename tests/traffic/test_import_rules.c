/* What import does with captures that are odd, several, or no captures, and what its
 * options do. The captures are looked for as test_import.c says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traffic/wire.h"
#include "tests/support/captures.h"

/* Both sides of one home NAT, a capture each: read together they are one trace
 * in order of time, with what each has alone. */
static void several_captures_are_one(void **state)
{
	char *paths[] = { capture("P19-nat-inside.pcap"), capture("P20-nat-outside.pcap") };
	char *turned[] = { paths[1], paths[0] };
	struct import_report r, again;
	struct trace *t = import((const char *const *)paths, 2, NULL, &r);
	struct trace *u = import((const char *const *)turned, 2, NULL, &again);

	(void)state;
	assert_int_equal(r.captures[0].packets + r.captures[1].packets, 134 + 210);
	assert_int_equal(r.tcp, 6 + 6);
	assert_int_equal(r.udp, 8 + 12);
	assert_int_equal(again.udp, r.udp);
	assert_int_equal(t->epoch_ns, u->epoch_ns);
	assert_int_equal(t->record_count, u->record_count);
	for (uint32_t i = 0; i < t->record_count; i++)
		assert_int_equal(t->records[i].train.start_ns, u->records[i].train.start_ns);
	adds_up(t, &r);
	import_report_clear(&r);
	import_report_clear(&again);
	trace_destroy(t);
	trace_destroy(u);
	free(paths[0]);
	free(paths[1]);
}

/* A flow as either side of a NAT that keeps the ports sees it. */
static const struct trace_record *twin(const struct trace *t, const struct trace_record *r)
{
	for (uint32_t i = 0; i < t->record_count; i++) {
		const struct trace_record *o = &t->records[i];

		if (o->train.protocol == r->train.protocol && o->train.port == r->train.port &&
		    o->train.remote == r->train.remote && o->train.remote_port == r->train.remote_port)
			return o;
	}
	return NULL;
}

/* Inside and outside of one home NAT, in the same minutes: every flow of the inside is on the outside, TCP with as many
 * packets and bytes each way and the same end. (The outside begins a second later and ends three later: it has not the first
 * packet of one UDP flow, and one flow more.) */
static void both_sides_of_a_nat(void **state)
{
	static const char *const home[] = { "192.168.1.0/24", NULL }, *const nat[] = { "71.192.34.104", NULL };
	char *paths[] = { capture("P19-nat-inside.pcap"), capture("P20-nat-outside.pcap") };
	struct import_report r;
	struct trace *in = import((const char *const *)&paths[0], 1, home, &r), *out;
	uint64_t tcp = 0;

	(void)state;
	adds_up(in, &r);
	import_report_clear(&r);
	out = import((const char *const *)&paths[1], 1, nat, &r);
	adds_up(out, &r);
	import_report_clear(&r);
	assert_int_equal(in->host_count, 1);
	assert_int_equal(in->hosts[0].address, 0xc0a80164); /* 192.168.1.100 */
	assert_int_equal(in->flows[PROTO_TCP], 6);
	assert_int_equal(out->flows[PROTO_TCP], 6);
	assert_int_equal(out->flows[PROTO_UDP], in->flows[PROTO_UDP] + 1);
	for (uint32_t i = 0; i < in->record_count; i++) {
		const struct trace_record *a = &in->records[i], *b = twin(out, a);

		if (!b)
			fail_msg("%s port %u: not outside", protocol_name[a->train.protocol], a->train.port);
		if (a->train.protocol == PROTO_TCP &&
		    (a->packets_out != b->packets_out || a->packets_in != b->packets_in || a->bytes_out != b->bytes_out ||
		     a->bytes_in != b->bytes_in || a->close != b->close || a->train.flags != b->train.flags))
			fail_msg("port %u: not the same", a->train.port);
		tcp += a->train.protocol == PROTO_TCP;
	}
	assert_int_equal(tcp, 6);
	trace_destroy(in);
	trace_destroy(out);
	free(paths[0]);
	free(paths[1]);
}

/* Anonymised, a trace is the same but for its addresses; split, every packet is still there. */
static void options_lose_nothing(void **state)
{
	static const uint8_t key[ANONYMISE_KEY] = { 7 };
	char *path = capture("P05-p2p-gnutella.pcap");
	struct anonymiser *anonymiser = anonymiser_create(key);
	struct import_options how = { .anonymiser = anonymiser };
	struct import_options split = { .split_ns = { 60 * NS_PER_S, 60 * NS_PER_S, 60 * NS_PER_S } };
	struct import_options answered = { .answered = true };
	const char *const paths[] = { path };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t = import(paths, 1, NULL, &r), *masked, *parts;

	(void)state;
	import_report_clear(&r);
	masked = import_captures(paths, 1, &how, &r, &e);
	assert_non_null(masked);
	import_report_clear(&r);
	assert_true(masked->anonymised);
	assert_int_equal(masked->record_count, t->record_count);
	assert_int_equal(masked->hosts[0].address, anonymise4(anonymiser, t->hosts[0].address));
	for (uint32_t i = 0; i < t->record_count; i++)
		assert_int_equal(masked->records[i].bytes_out, t->records[i].bytes_out);
	assert_int_equal(masked->records[0].train.remote, anonymise4(anonymiser, t->records[0].train.remote));
	parts = import_captures(paths, 1, &split, &r, &e);
	assert_non_null(parts);
	assert_true(r.all.splits > 0);
	assert_int_equal(parts->record_count, t->record_count); /* trains are what they were */
	adds_up(parts, &r);
	import_report_clear(&r);
	trace_destroy(parts);
	parts = import_captures(paths, 1, &answered, &r, &e);
	assert_non_null(parts);
	for (uint32_t i = 0; i < parts->record_count; i++)
		assert_true(r.all.one_way == 0);
	assert_int_equal(parts->flows[0] + parts->flows[1] + r.all.unanswered, t->flows[0] + t->flows[1]);
	assert_true(r.left_out[REASON_UNANSWERED] > 0);
	import_report_clear(&r);
	trace_destroy(parts);
	trace_destroy(masked);
	trace_destroy(t);
	anonymiser_destroy(anonymiser);
	free(path);
}

/* A capture written by hand: pcapng blocks of 32-bit words. */
static void block(FILE *out, uint32_t type, const uint32_t *words, uint32_t count)
{
	uint32_t length = 12 + 4 * count;

	fwrite(&type, 4, 1, out);
	fwrite(&length, 4, 1, out);
	fwrite(words, 4, count, out);
	fwrite(&length, 4, 1, out);
}

/* Raw IP, a multiple of 4 bytes, in an enhanced block. */
static void dated(FILE *out, int64_t seconds, const uint8_t *ip, uint32_t bytes)
{
	uint64_t ticks = (uint64_t)seconds * 1000000;
	uint32_t words[64] = { 0, (uint32_t)(ticks >> 32), (uint32_t)ticks, bytes, bytes };

	assert_true(bytes % 4 == 0 && bytes <= sizeof(words) - 20);
	memcpy(words + 5, ip, bytes);
	block(out, 6, words, 5 + bytes / 4);
}

/* UDP of 10.0.0.1 to 203.0.113.7, raw IP, in an enhanced block at so many seconds, or in a simple one, which has no time. */
static void packet(FILE *out, int64_t seconds, uint16_t port)
{
	const uint8_t ip[28] = { 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 203, 0, 113, 7,
		                 (uint8_t)(port >> 8), (uint8_t)port, 0, 53, 0, 8, 0, 0 };
	uint32_t words[8] = { sizeof(ip) };

	if (seconds < 0) {
		memcpy(words + 1, ip, sizeof(ip));
		block(out, 3, words, 1 + sizeof(ip) / 4);
	} else {
		dated(out, seconds, ip, sizeof(ip));
	}
}

static FILE *begin_raw(char *name)
{
	static const uint32_t section[] = { 0x1a2b3c4d, 1, UINT32_MAX, UINT32_MAX }, interface[] = { 101, 0 };
	FILE *out = fdopen(mkstemp(name), "wb");

	assert_non_null(out);
	block(out, 0x0a0d0d0a, section, 4);
	block(out, 1, interface, 2);
	return out;
}

/* Stamps that are odd, and where the packets come to lie, in seconds from the first. */
static void odd_times(void **state)
{
	enum { NONE = -1, DAY = 86400, YEAR = 365 * DAY };
	static const struct {
		const char *name;
		int64_t stamps[4];
		uint64_t undated, gaps, out_of_order;
		bool timeless;
		int64_t starts[4], duration;
	} cases[] = {
		{ "in order", { 100, 110, 120, 130 }, 0, 0, 0, false, { 0, 10, 20, 30 }, 30 },
		{ "no time in the middle", { 100, 110, NONE, 130 }, 1, 0, 0, false, { 0, 10, 10, 30 }, 30 },
		{ "no time at the beginning", { NONE, NONE, 120, 130 }, 2, 0, 0, false, { 0, 0, 0, 10 }, 10 },
		{ "none behind a late one", { 110, 100, NONE, 130 }, 1, 0, 1, false, { 10, 0, 0, 30 }, 30 },
		{ "none has one", { NONE, NONE, NONE, NONE }, 4, 0, 0, true, { 0, 0, 0, 0 }, 0 },
		{ "all zero", { 0, 0, 0, 0 }, 0, 0, 0, true, { 0, 0, 0, 0 }, 0 },
		{ "out of order", { 100, 130, 110, 120 }, 0, 0, 2, false, { 0, 30, 10, 20 }, 30 },
		{ "years between", { 100, 110, 20 * (int64_t)YEAR, 20 * (int64_t)YEAR + 5 }, 0, 1, 0, false,
		  { 0, 10, DAY + 10, DAY + 15 }, DAY + 15 },
		{ "and back", { 20 * (int64_t)YEAR, 20 * (int64_t)YEAR + 5, 100, 110 }, 0, 1, 2, false,
		  { DAY + 10, DAY + 15, 0, 10 }, DAY + 15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[] = "/tmp/test_import.XXXXXX";
		const char *path = name;
		struct import_report r;
		struct trace *t;
		FILE *out = begin_raw(name);

		for (uint16_t k = 0; k < 4; k++)
			packet(out, cases[i].stamps[k], (uint16_t)(1000 + k));
		fclose(out);
		t = import(&path, 1, NULL, &r);
		assert_int_equal(t->record_count, 4);
		for (uint32_t k = 0; k < 4; k++)
			if (t->records[k].train.start_ns != cases[i].starts[t->records[k].train.port - 1000] * NS_PER_S)
				fail_msg("%s: packet %d starts at %d s", cases[i].name, t->records[k].train.port - 1000,
				         (int)(t->records[k].train.start_ns / NS_PER_S));
		assert_int_equal(t->duration_ns, cases[i].duration * NS_PER_S);
		assert_int_equal(r.undated, cases[i].undated);
		assert_int_equal(r.gaps, cases[i].gaps);
		assert_int_equal(r.out_of_order, cases[i].out_of_order);
		assert_int_equal(r.timeless, cases[i].timeless);
		adds_up(t, &r);
		import_report_clear(&r);
		trace_destroy(t);
		unlink(name);
	}
}

/* A flow at the end of one file and one at the beginning of the next: the hour between them nobody saw, a second would
 * not matter. */
static void files_with_time_between(void **state)
{
	static const struct {
		int64_t second;
		uint64_t seams;
		uint8_t close, cut;
	} cases[] = { { 3700, 1, CLOSE_CENSORED, CUT_BEGIN }, { 101, 0, CLOSE_SILENT, 0 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char names[2][28] = { "/tmp/test_import.XXXXXX", "/tmp/test_import.XXXXXX" };
		const char *const paths[] = { names[0], names[1] };
		struct import_report r;
		struct trace *t;

		for (int k = 0; k < 2; k++) {
			FILE *out = begin_raw(names[k]);

			for (uint16_t p = 0; p < 4; p++) /* a port each, at 0, 10, 90 and 100 s */
				packet(out, (k ? cases[i].second : 0) + (p / 2) * 90 + (p % 2) * 10, (uint16_t)(1000 * (k + 1) + p));
			fclose(out);
		}
		t = import(paths, 2, NULL, &r);
		assert_int_equal(r.seams, cases[i].seams);
		assert_int_equal(t->record_count, 8);
		for (uint32_t k = 0; k < 8; k++) {
			const struct trace_record *f = &t->records[k];

			if (f->train.port == 1003)
				assert_int_equal(f->close, cases[i].close);
			if (f->train.port == 2000)
				assert_int_equal(f->cut, cases[i].cut);
			if (f->train.port == 2003)
				assert_int_equal(f->close, CLOSE_CENSORED);
			if (f->train.port == 1001)
				assert_int_equal(f->close, CLOSE_SILENT);
		}
		adds_up(t, &r);
		import_report_clear(&r);
		trace_destroy(t);
		unlink(names[0]);
		unlink(names[1]);
	}
}

/* A capture without any time, beside one with: they are of the same time, as far as can be known. */
static void a_capture_without_times(void **state)
{
	char dated_name[] = "/tmp/test_import.XXXXXX", undated_name[] = "/tmp/test_import.XXXXXX";
	const char *const paths[] = { undated_name, dated_name };
	FILE *one = begin_raw(dated_name), *other = begin_raw(undated_name);
	struct import_report r;
	struct trace *t;

	(void)state;
	packet(one, 100, 1000);
	packet(one, 110, 1001);
	packet(other, -1, 1002);
	fclose(one);
	fclose(other);
	t = import(paths, 2, NULL, &r);
	assert_int_equal(t->epoch_ns, 100 * NS_PER_S);
	assert_int_equal(t->duration_ns, 10 * NS_PER_S);
	assert_int_equal(r.gaps, 0);
	assert_int_equal(r.undated, 1);
	import_report_clear(&r);
	trace_destroy(t);
	unlink(dated_name);
	unlink(undated_name);
}

/* A single packet has a time, if it has a stamp. */
static void one_packet(void **state)
{
	(void)state;
	for (int64_t seconds = -1; seconds <= 1; seconds++) {
		char name[] = "/tmp/test_import.XXXXXX";
		const char *path = name;
		struct import_report r;
		FILE *out = begin_raw(name);

		packet(out, seconds, 1000);
		fclose(out);
		trace_destroy(import(&path, 1, NULL, &r));
		assert_int_equal(r.timeless, seconds < 1);
		import_report_clear(&r);
		unlink(name);
	}
}

/* Of 10,000 packets of a capture cut in the middle of a frame, those before it
 * are imported, and the fault is told; cut in its first frame, nothing is. */
static void a_capture_that_breaks_off(void **state)
{
	char *path = capture("P01-isp-dsl-2010-vlan.pcap"), name[] = "/tmp/test_import.XXXXXX";
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;
	struct trace *t;
	FILE *in = fopen(path, "rb"), *out;
	char bytes[100000];
	const char *paths[] = { name };

	(void)state;
	assert_non_null(in);
	assert_int_equal(fread(bytes, 1, sizeof(bytes), in), sizeof(bytes));
	fclose(in);
	out = fdopen(mkstemp(name), "wb");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes), out), sizeof(bytes));
	fclose(out);
	t = import_captures(paths, 1, &how, &r, &e);
	assert_non_null(t);
	assert_non_null(r.captures[0].fault);
	assert_in_range(r.captures[0].packets, 1000, 2000);
	adds_up(t, &r);
	trace_destroy(t);
	import_report_clear(&r);
	assert_int_equal(truncate(name, 50), 0);
	assert_null(import_captures(paths, 1, &how, &r, &e));
	assert_int_equal(e.count, 1);
	assert_int_equal(e.status, EXIT_BAD_INPUT);
	err_clear(&e);
	import_report_clear(&r);
	unlink(name);
	free(path);
}

/* Every fault of every file is told, each with its name. */
static void what_is_no_capture(void **state)
{
	static const char *const paths[] = { "/nonexistent/a.pcap", "/etc/passwd", "/dev/null", "/tmp" };
	struct import_options how = { 0 };
	struct import_report r;
	struct err e = ERR_INIT;

	(void)state;
	assert_null(import_captures(paths, 4, &how, &r, &e));
	assert_int_equal(e.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(strncmp(e.lines[i], paths[i], strlen(paths[i])), 0);
	err_clear(&e);
	import_report_clear(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_captures_are_one),
		cmocka_unit_test(both_sides_of_a_nat),
		cmocka_unit_test(options_lose_nothing),
		cmocka_unit_test(odd_times),
		cmocka_unit_test(files_with_time_between),
		cmocka_unit_test(a_capture_without_times),
		cmocka_unit_test(one_packet),
		cmocka_unit_test(a_capture_that_breaks_off),
		cmocka_unit_test(what_is_no_capture),
	};

	return cmocka_run_group_tests_name("import_rules", tests, NULL, NULL);
}
