/* NAT logs: what the formats write, and what the writer weighs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "analysis/log.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static uint64_t some_bits(struct rng *r, unsigned most) /* numbers of every length, the extremes among them */
{
	uint64_t v = rng_next(r) >> (63 - rng_below(r, most)) >> 1;

	return rng_below(r, 64) == 0 ? (UINT64_C(1) << most) - 1 : v & ((UINT64_C(1) << most) - 1);
}

static struct log_record some_record(struct rng *r, int64_t time_ns)
{
	struct log_record x = { .time_ns = time_ns, .kind = (enum log_kind)rng_below(r, LOG_KINDS) };
	uint16_t a = (uint16_t)some_bits(r, 16), b = (uint16_t)some_bits(r, 16);

	x.inside = (uint32_t)some_bits(r, 32);
	x.outside = (uint32_t)some_bits(r, 32);
	if (x.kind == LOG_BLOCK_ADD || x.kind == LOG_BLOCK_DELETE) {
		x.lo = a < b ? a : b;
		x.hi = a < b ? b : a;
		if (rng_below(r, 4) == 0) { /* scattered */
			x.step = (uint16_t)(2 + some_bits(r, 12));
			x.hi = (uint16_t)(x.hi - (x.hi - x.lo) % x.step);
		}
		return x;
	}
	x.protocol = (enum protocol)rng_below(r, PROTO_COUNT);
	x.inside_port = (uint16_t)some_bits(r, 16);
	x.lo = x.hi = a;
	if (x.kind == LOG_SESSION_ADD || x.kind == LOG_SESSION_DELETE) {
		x.remote = (uint32_t)some_bits(r, 32);
		x.remote_port = b;
	}
	return x;
}

static bool same_record(const struct log_record *a, const struct log_record *b)
{
	return a->time_ns == b->time_ns && a->kind == b->kind && a->protocol == b->protocol && a->inside == b->inside &&
	       a->outside == b->outside && a->inside_port == b->inside_port && a->lo == b->lo && a->hi == b->hi &&
	       a->step == b->step &&
	       a->remote == b->remote && a->remote_port == b->remote_port;
}

/* length() is encode()'s, and decode() gives the record back, for a million of
 * each format, over a century. Any other byte in a line makes it another line:
 * not one, or one that is written with that byte. */
static void formats_are_exact(void **state)
{
	(void)state;
	for (const struct log_format *const *f = log_formats; *f; f++) {
		struct rng r;
		char text[LOG_LINE_MAX], again[LOG_LINE_MAX];

		rng_seed(&r, mix64(1, RNG_TEST));
		for (int i = 0; i < 1000000; i++) {
			int64_t cut = (int64_t)(rng_next(&r) % (uint64_t)NS_LONGEST) / (*f)->resolution_ns * (*f)->resolution_ns;
			struct log_record x = some_record(&r, cut), y = { 0 };
			size_t length = (*f)->encode(&x, text), at;

			assert_true(length + 64 <= LOG_LINE_MAX);
			assert_int_equal(text[length - 1], '\n');
			assert_null(memchr(text, '\n', length - 1));
			assert_int_equal((*f)->length(&x), length);
			assert_true((*f)->decode(text, length - 1, &y));
			assert_true(same_record(&x, &y));
			assert_false((*f)->decode(text, rng_below(&r, (uint32_t)length - 1) / 2, &y));
			at = rng_below(&r, (uint32_t)length - 1);
			text[at] = (char)(32 + rng_below(&r, 95));
			if ((*f)->decode(text, length - 1, &y)) {
				assert_int_equal((*f)->encode(&y, again), length);
				assert_memory_equal(again, text, length);
			}
		}
	}
}

static const struct log_record example[] = {
	{ .time_ns = 600 * NS_PER_S + 42 * NS_PER_MS, .kind = LOG_MAPPING_ADD, .protocol = PROTO_UDP,
	  .inside = 0x64400c22, .inside_port = 40000, .outside = 0xc0000211, .lo = 54321, .hi = 54321 },
	{ .time_ns = 600 * NS_PER_S, .kind = LOG_BLOCK_ADD, .inside = 0x64400c22, .outside = 0xc0000211, .lo = 1024, .hi = 1279 },
	{ .time_ns = 59 * NS_PER_DAY + 86399999 * NS_PER_MS, .kind = LOG_SESSION_DELETE, .protocol = PROTO_ICMP,
	  .inside = 1, .inside_port = 0, .outside = 0xffffffff, .lo = 9, .hi = 9, .remote = 0x08080808, .remote_port = 0 },
};

/* The lines that docs/formats.md shows, byte for byte. */
static void examples(void **state)
{
	static const char *const text[][3] = {
		{ "<134>1 2026-01-01T00:10:00.042Z cgn nat - nat44-bib-create [nat@32473 protocol=\"udp\" "
		  "inside=\"100.64.12.34:40000\" outside=\"192.0.2.17:54321\"]\n",
		  "<134>1 2026-01-01T00:10:00.000Z cgn nat - port-block-allocate [nat@32473 "
		  "inside=\"100.64.12.34\" outside=\"192.0.2.17:1024-1279\"]\n",
		  "<134>1 2026-03-01T23:59:59.999Z cgn nat - nat44-session-delete [nat@32473 protocol=\"icmp\" "
		  "inside=\"0.0.0.1:0\" outside=\"255.255.255.255:9\" remote=\"8.8.8.8:0\"]\n" },
		{ "2026-01-01T00:10:00.042Z,nat44-bib-create,udp,100.64.12.34,40000,192.0.2.17,54321,54321,,\n",
		  "2026-01-01T00:10:00.000Z,port-block-allocate,,100.64.12.34,,192.0.2.17,1024,1279,,\n",
		  "2026-03-01T23:59:59.999Z,nat44-session-delete,icmp,0.0.0.1,0,255.255.255.255,9,9,8.8.8.8,0\n" },
	};
	char out[LOG_LINE_MAX];

	(void)state;
	for (size_t f = 0; log_formats[f]; f++)
		for (size_t i = 0; i < 3; i++) {
			out[log_formats[f]->encode(&example[i], out)] = 0;
			assert_string_equal(out, text[f][i]);
		}
}

/* A configuration names a format by its place in the choices. */
static void choices_name_the_formats(void **state)
{
	size_t n = 0;

	(void)state;
	for (; log_formats[n]; n++) {
		assert_string_equal(log_format_choices[n], log_formats[n]->name);
		assert_ptr_equal(log_format_find(log_format_choices[n]), log_formats[n]);
	}
	assert_string_equal(log_format_choices[n], "none");
	assert_null(log_format_choices[n + 1]);
	assert_null(log_format_find("none"));
}

static struct log_writer *open_log(const struct log_config *c, int64_t warmup_ns, int64_t end_ns, uint64_t whole_below)
{
	struct log_setup s = { c, warmup_ns, end_ns, whole_below, NULL };
	struct err e = ERR_INIT;
	struct log_writer *w = log_open(&s, &e);

	assert_non_null(w);
	return w;
}

static void close_log(struct log_writer *w, struct log_weight *out)
{
	struct err e = ERR_INIT;

	assert_true(log_close(w, out, &e));
}

/* Which records a log holds, by configuration. */
static void what_is_held(void **state)
{
	static const struct { struct log_config config; bool held[LOG_KINDS]; } rows[] = {
		{ { .format = 0 },                                            { 1, 1, 1, 1, 0, 0 } },
		{ { .format = 0, .events = LOG_CREATE },                      { 1, 0, 1, 0, 0, 0 } },
		{ { .format = 1, .destinations = true },                      { 0, 0, 1, 1, 1, 1 } },
		{ { .format = 1, .destinations = true, .events = LOG_CREATE }, { 0, 0, 1, 0, 1, 0 } },
		{ { .format = 2 },                                            { 0, 0, 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log_writer *w = open_log(&rows[i].config, 0, NS_PER_S, 0);
		struct log_weight weight;
		uint64_t held = 0;

		for (int k = 0; k < LOG_KINDS; k++) {
			struct log_record x = { .time_ns = 1, .kind = (enum log_kind)k, .lo = 1, .hi = 1 }, shown;

			assert_int_equal(log_write(w, &x, &shown), rows[i].held[k]);
			held += rows[i].held[k];
		}
		close_log(w, &weight);
		assert_int_equal(weight.records, held);
		log_weight_clear(&weight);
	}
}

/* Volume is of [warmup, end); the reader is shown every record, its time cut to milliseconds. */
static void window(void **state)
{
	static const int64_t times[] = {
		0, 10 * NS_PER_S - 1, 10 * NS_PER_S, 10 * NS_PER_S + 1999999, 11 * NS_PER_S, 12 * NS_PER_S + NS_PER_S / 2 - 1,
		12 * NS_PER_S + NS_PER_S / 2, 13 * NS_PER_S,
	};
	struct log_config c = { .format = 1, .flush_ns = NS_PER_S };
	struct log_writer *w = open_log(&c, 10 * NS_PER_S, 12 * NS_PER_S + NS_PER_S / 2, 0);
	struct log_record x = example[0], shown;
	struct log_weight weight, twice = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		x.time_ns = times[i];
		assert_true(log_write(w, &x, &shown));
		assert_int_equal(shown.time_ns, times[i] / NS_PER_MS * NS_PER_MS);
		shown.time_ns = x.time_ns;
		assert_true(same_record(&x, &shown));
	}
	close_log(w, &weight);
	assert_int_equal(weight.records, 4);
	assert_int_equal(weight.bytes, strlen(log_formats[1]->prologue) + 4 * log_formats[1]->length(&x));
	assert_int_equal(weight.seconds, 3);
	assert_int_equal(weight.per_second[0], 2);
	assert_int_equal(weight.per_second[1], 1);
	assert_int_equal(weight.per_second[2], 1);
	assert_int_equal(weight.sample_bytes, weight.bytes);

	log_weight_add(&twice, &weight);
	twice.seconds = 1; /* a shorter one takes the longer's seconds */
	log_weight_add(&twice, &weight);
	assert_int_equal(twice.records, 8);
	assert_int_equal(twice.seconds, 3);
	assert_int_equal(twice.per_second[0], 4);
	assert_int_equal(twice.per_second[2], 1);
	log_weight_clear(&twice);
	log_weight_clear(&weight);
}

/* Messages by hand: ten records of 141 bytes fit into 1472, eleven do not. */
static void messages(void **state)
{
	static const struct { int64_t step_ns, flush_ns; uint64_t records, messages; } rows[] = {
		{ 0, NS_PER_S, 10, 1 }, { 0, NS_PER_S, 11, 2 }, { 0, NS_PER_S, 30, 3 }, { 0, NS_PER_S, 31, 4 },
		{ 0, NS_PER_S, 0, 0 }, { 0, 0, 5, 5 }, { NS_PER_S, NS_PER_S, 5, 5 }, { NS_PER_S - 1, NS_PER_S, 4, 2 },
		{ NS_PER_S / 4, NS_PER_S, 9, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log_config c = { .format = 0, .flush_ns = rows[i].flush_ns };
		struct log_writer *w = open_log(&c, 0, 100 * NS_PER_S, 0);
		struct log_record x = example[0], shown;
		struct log_weight weight;

		assert_int_equal(log_formats[0]->length(&x), 141);
		for (uint64_t n = 0; n < rows[i].records; n++) {
			x.time_ns = (int64_t)n * rows[i].step_ns;
			log_write(w, &x, &shown);
		}
		close_log(w, &weight);
		assert_int_equal(weight.messages, rows[i].messages);
		assert_int_equal(log_weight_wire(&weight), weight.bytes + 28 * weight.messages);
		log_weight_clear(&weight);
	}
}

/* A plausible log: a few subscribers and addresses, times that move on. */
static void write_many(struct log_writer *w, uint64_t key, int records)
{
	struct rng r;
	int64_t now_ns = 0;

	rng_seed(&r, mix64(key, RNG_TEST));
	for (int i = 0; i < records; i++) {
		struct log_record x = { .kind = (enum log_kind)rng_below(&r, 2), .protocol = (enum protocol)rng_below(&r, 2) }, shown;

		x.time_ns = now_ns += rng_below(&r, 20000000);
		x.inside = 0x64400000 + rng_below(&r, 256);
		x.outside = 0xc0000200 + x.inside % 8;
		x.inside_port = (uint16_t)(1024 + rng_below(&r, 64512));
		x.lo = x.hi = (uint16_t)(1024 + rng_below(&r, 64512));
		assert_true(log_write(w, &x, &shown));
	}
}

/* A sample of 1 block in 64 tells what the whole would compress to, within 2%,
 * and the volume does not depend on what is sampled. */
static void sample_stands_for_the_whole(void **state)
{
	(void)state;
	for (int f = 0; log_formats[f]; f++) {
		struct log_config c = { .format = f, .flush_ns = NS_PER_S };
		struct log_weight whole, sample;
		struct log_writer *w = open_log(&c, 0, 36525 * NS_PER_S, UINT64_MAX);
		uint64_t full, estimate;

		write_many(w, 7, 600000);
		close_log(w, &whole);
		w = open_log(&c, 0, 36525 * NS_PER_S, 1 << 20);
		write_many(w, 7, 600000);
		close_log(w, &sample);
		assert_int_equal(whole.sample_bytes, whole.bytes);
		assert_int_equal(sample.bytes, whole.bytes);
		assert_int_equal(sample.messages, whole.messages);
		assert_true(sample.sample_bytes >= 1 << 20);
		assert_true(sample.sample_bytes < (1 << 20) + sample.bytes / 64 + 2 * LOG_SAMPLE_BLOCK);
		full = log_weight_zstd(&whole);
		estimate = log_weight_zstd(&sample);
		assert_int_equal(full, whole.sample_zstd);
		assert_true(estimate * 100 > full * 98 && estimate * 100 < full * 102);
		log_weight_clear(&whole);
		log_weight_clear(&sample);
	}
}

/* What is not written is weighed as if it were: records of all kinds, with numbers
 * of every length, and addresses that come again with another partner. */
static void weighed_as_written(void **state)
{
	(void)state;
	for (int f = 0; log_formats[f]; f++)
		for (int destinations = 0; destinations < 2; destinations++) {
			struct log_config c = { .format = f, .flush_ns = NS_PER_S, .destinations = destinations };
			uint64_t bytes = log_formats[f]->prologue ? strlen(log_formats[f]->prologue) : 0, below = bytes;
			struct log_writer *w = open_log(&c, 0, NS_PER_S, below + 1); /* one record is compressed, and then a block */
			struct log_weight weight;
			struct rng r;

			rng_seed(&r, mix64((uint64_t)f, RNG_TEST));
			for (int64_t i = 0; i < 200000; i++) {
				struct log_record x = some_record(&r, i), shown;
				char text[LOG_LINE_MAX];

				x.inside %= 3000;
				x.outside &= UINT32_C(0x01800801);
				if (log_write(w, &x, &shown))
					bytes += log_formats[f]->encode(&x, text);
			}
			close_log(w, &weight);
			assert_int_equal(weight.bytes, bytes);
			assert_true(weight.sample_bytes < bytes / 2);
			log_weight_clear(&weight);
		}
}

/* A country's bytes: the product of the sums needs more than 64 bits. */
static void weights_do_not_overflow(void **state)
{
	struct log_weight w = { .bytes = UINT64_C(1) << 52, .sample_bytes = UINT64_C(1) << 46, .sample_zstd = UINT64_C(1) << 43 };

	(void)state;
	assert_int_equal(log_weight_zstd(&w), UINT64_C(1) << 49);
	w.sample_bytes = 0;
	assert_int_equal(log_weight_zstd(&w), 0);
}

/* A kept log holds every line, the warm-up's too, and only appears once it is whole. */
static void kept_log_is_the_log(void **state)
{
	char directory[] = "/tmp/cgnsim-log-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(directory));
	for (int f = 0; log_formats[f]; f++) {
		const struct log_format *format = log_formats[f];
		char *path = must_printf("%s/a.%s.zst", directory, format->extension);
		struct log_config c = { .format = f, .flush_ns = NS_PER_S };
		struct log_setup s = { &c, 100 * NS_PER_S, 200 * NS_PER_S, 0, path };
		struct err e = ERR_INIT;
		struct log_writer *w = log_open(&s, &e);
		struct log_weight weight;
		struct log_record x;
		size_t length, lines = 0, text_room = 4 << 20, text_length;
		char *packed, *text = must_alloc(1, text_room), *at;

		write_many(w, 9, 20000);
		assert_int_not_equal(access(path, F_OK), 0);
		assert_true(log_close(w, &weight, &e));
		packed = file_read(path, &length, &e);
		assert_non_null(packed);
		text_length = ZSTD_decompress(text, text_room, packed, length);
		assert_false(ZSTD_isError(text_length));
		at = text;
		if (format->prologue) {
			assert_memory_equal(text, format->prologue, strlen(format->prologue));
			at += strlen(format->prologue);
		}
		for (char *end; (end = memchr(at, '\n', (size_t)(text + text_length - at))); at = end + 1, lines++)
			assert_true(format->decode(at, (size_t)(end - at), &x));
		assert_ptr_equal(at, text + text_length);
		assert_int_equal(lines, 20000);
		assert_true(weight.records > 5000 && weight.records < 15000);
		log_weight_clear(&weight);

		unlink(path);
		w = log_open(&s, &e);
		write_many(w, 9, 100);
		log_abandon(w);
		assert_int_not_equal(access(path, F_OK), 0);
		free(path);
		free(packed);
		free(text);
	}
	assert_int_equal(rmdir(directory), 0); /* no temporary file is left */
}

static void a_log_that_cannot_be_kept(void **state)
{
	struct log_config c = { .format = 1 };
	struct log_setup s = { &c, 0, NS_PER_S, 0, "/nonexistent/a.csv.zst" };
	struct err e = ERR_INIT;

	(void)state;
	assert_null(log_open(&s, &e));
	assert_int_equal(e.count, 1);
	err_clear(&e);
	log_abandon(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_exact),
		cmocka_unit_test(examples),
		cmocka_unit_test(choices_name_the_formats),
		cmocka_unit_test(what_is_held),
		cmocka_unit_test(window),
		cmocka_unit_test(messages),
		cmocka_unit_test(sample_stands_for_the_whole),
		cmocka_unit_test(weighed_as_written),
		cmocka_unit_test(weights_do_not_overflow),
		cmocka_unit_test(kept_log_is_the_log),
		cmocka_unit_test(a_log_that_cannot_be_kept),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
