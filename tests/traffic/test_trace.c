#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "traffic/trace.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

/* docs/formats.md: the places that tests below write to. */
enum { AT_VERSION = 8, AT_HOSTS = 12, AT_RECORDS = 16, AT_DURATION = 24, AT_SPLIT = 88, AT_INNER = 104, AT_FLOWS6 = 108 };
enum { HEADER = 128, HEADER_CRC = 124, HOST = 28, RECORD = 72, FLOW6 = 80, RECORDS = 5, HOSTS = 2, FLOWS6 = 2, INNER = 4 };
enum { AT_FLOW6 = HEADER + RECORDS * RECORD, AT_HOST = AT_FLOW6 + FLOWS6 * FLOW6 };

static char path[] = "/tmp/test_trace.XXXXXX";

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

/* A host, and a home of four; a TCP flow of two trains, an unanswered UDP one, an inbound one, a
 * query, and a flow that outlasts the trace; two flows over IPv6. */
static struct trace small(void)
{
	static struct trace_host hosts[HOSTS] = {
		{ .address = 0x0a000001, .first = 0, .count = 4 },
		{ .address = 0xc0a80102, .first = 4, .count = 1, .first_inner = 0, .inner_count = 4, .home = { 0x20, 1, 0xd, 0xb8, 9 } },
	};
	static uint32_t inner[INNER] = { 0xc0a80102, 0xc0a80103, 0xc0a80109, 0xc0a80164 };
	static struct trace_flow6 flows6[FLOWS6] = {
		{ .inside = { 0x20, 1, 1 }, .remote = { 0x20, 1, 2 }, .first_ns = 4, .last_ns = 5, .bytes_out = 100, .packets_out = 1,
		  .port = 50001, .remote_port = 443, .protocol = PROTO_TCP, .close = CLOSE_RESET, .cut = CUT_BEGIN },
		{ .inside = { 0x20, 1, 3 }, .remote = { 0x20, 1, 4 }, .first_ns = 4, .last_ns = 6000000010, .bytes_in = 1,
		  .packets_in = 1, .port = 5, .protocol = PROTO_ICMP, .close = CLOSE_CENSORED, .cut = CUT_SPLIT },
	};
	static struct trace_record records[RECORDS] = {
		{ .train = { .start_ns = 0, .last_out_ns = 900, .first_in_ns = 5, .last_in_ns = 905, .flow = 0, .remote = 0xcb007107,
		             .remote_port = 443, .port = 50000, .protocol = PROTO_TCP, .flags = SEG_FIRST | SEG_SYN_OUT | SEG_SYN_IN },
		  .cut = CUT_BEGIN | CUT_SPLIT, .packets_out = 5, .packets_in = 6, .bytes_out = 500, .bytes_in = UINT64_C(0x123456789abc) },
		{ .train = { .start_ns = 7, .last_out_ns = NS_NONE, .first_in_ns = 7, .last_in_ns = 8, .flow = 1, .remote = 1,
		             .remote_port = 1, .port = 65535, .protocol = PROTO_UDP, .flags = SEG_FIRST | SEG_LAST | SEG_INBOUND },
		  .packets_in = 2, .bytes_in = 99, .close = CLOSE_SILENT },
		{ .train = { .start_ns = 9, .last_out_ns = 9, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE, .flow = 2, .remote = 2,
		             .port = 77, .protocol = PROTO_ICMP, .flags = SEG_FIRST | SEG_LAST },
		  .packets_out = 1, .bytes_out = 84 },
		{ .train = { .start_ns = 6000000000, .last_out_ns = 6000000001, .first_in_ns = 6000000000, .last_in_ns = 6000000002,
		             .flow = 0, .remote = 0xcb007107, .remote_port = 443, .port = 50000, .protocol = PROTO_TCP,
		             .flags = SEG_LAST | SEG_FIN_OUT | SEG_FIN_IN },
		  .packets_out = 2, .packets_in = 2, .bytes_out = 80, .bytes_in = 80, .close = CLOSE_FIN },
		{ .train = { .start_ns = 6000000010, .last_out_ns = 9000000000, .first_in_ns = NS_NONE, .last_in_ns = NS_NONE,
		             .subscriber = 1, .flow = 0, .remote = 3, .remote_port = 53, .port = 1024, .protocol = PROTO_UDP,
		             .flags = SEG_FIRST, .host = 3 },
		  .packets_out = 3, .bytes_out = 300 },
	};

	return (struct trace){
		.duration_ns = 6000000010, .epoch_ns = INT64_C(1700000000123456789), .hosts = hosts, .host_count = HOSTS,
		.records = records, .record_count = RECORDS, .flows = { 1, 2, 1 }, .peak_flows = 2, .silence_ns = 64 * NS_PER_S,
		.split_ns = { 0, 300 * NS_PER_S, 60 * NS_PER_S }, .anonymised = true, .inner = inner, .inner_count = INNER,
		.flows6 = flows6, .flow6_count = FLOWS6,
	};
}

static uint8_t *saved(size_t *length)
{
	struct trace t = small();
	struct err e = ERR_INIT;
	uint8_t *bytes;

	assert_true(trace_save(&t, path, &e));
	bytes = (uint8_t *)file_read(path, length, &e);
	assert_non_null(bytes);
	return bytes;
}

/* The same of a trace in memory and of what is loaded of it; another as soon as a train or a host differs. */
static void digest_tells_traces_apart(void **state)
{
	struct trace t = small(), *loaded;
	uint32_t digest = trace_digest(&t);
	struct err e = ERR_INIT;

	(void)state;
	assert_true(trace_save(&t, path, &e));
	loaded = trace_load(path, &e);
	assert_non_null(loaded);
	assert_int_equal(trace_digest(loaded), digest);
	loaded->records[RECORDS - 1].train.last_out_ns++;
	assert_int_not_equal(trace_digest(loaded), digest);
	loaded->records[RECORDS - 1].train.last_out_ns--;
	loaded->hosts[0].address++;
	assert_int_not_equal(trace_digest(loaded), digest);
	trace_destroy(loaded);
}

static void write_bytes(const uint8_t *bytes, size_t length)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, length, out), length);
	assert_int_equal(fclose(out), 0);
}

/* Loads what must not load; the one line must hold `word`. */
static void refused(const uint8_t *bytes, size_t length, const char *word)
{
	struct err e = ERR_INIT;

	write_bytes(bytes, length);
	assert_null(trace_load(path, &e));
	assert_int_equal(e.count, 1);
	assert_int_equal(e.status, EXIT_BAD_INPUT);
	if (!strstr(e.lines[0], word) || !strstr(e.lines[0], path))
		fail_msg("\"%s\" does not speak of \"%s\"", e.lines[0], word);
	err_clear(&e);
}

static void put32(uint8_t *at, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void put64(uint8_t *at, uint64_t value)
{
	put32(at, (uint32_t)value);
	put32(at + 4, (uint32_t)(value >> 32));
}

/* Sums again what was changed, as a liar would. */
static void seal(uint8_t *bytes, size_t length)
{
	put32(bytes + HEADER_CRC, crc32c(0, bytes, HEADER_CRC));
	put32(bytes + length - 4, crc32c(0, bytes + HEADER, length - HEADER - 4));
}

static void comes_back_as_it_was(void **state)
{
	struct trace t = small(), *back;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(trace_save(&t, path, &e));
	assert_true(trace_is(path));
	back = trace_load(path, &e);
	assert_non_null(back);
	assert_int_equal(back->duration_ns, t.duration_ns);
	assert_int_equal(back->epoch_ns, t.epoch_ns);
	assert_memory_equal(back->flows, t.flows, sizeof(t.flows));
	assert_int_equal(back->peak_flows, t.peak_flows);
	assert_int_equal(back->silence_ns, t.silence_ns);
	assert_memory_equal(back->split_ns, t.split_ns, sizeof(t.split_ns));
	assert_true(back->anonymised);
	assert_int_equal(back->host_count, HOSTS);
	assert_memory_equal(back->hosts, t.hosts, sizeof(*t.hosts) * HOSTS);
	assert_int_equal(back->inner_count, INNER);
	assert_memory_equal(back->inner, t.inner, sizeof(*t.inner) * INNER);
	assert_int_equal(back->flow6_count, FLOWS6);
	for (uint32_t i = 0; i < FLOWS6; i++) {
		const struct trace_flow6 *a = &t.flows6[i], *b = &back->flows6[i];

		assert_memory_equal(a->inside, b->inside, 16);
		assert_memory_equal(a->remote, b->remote, 16);
		assert_true(a->first_ns == b->first_ns && a->last_ns == b->last_ns);
		assert_true(a->bytes_out == b->bytes_out && a->bytes_in == b->bytes_in);
		assert_true(a->packets_out == b->packets_out && a->packets_in == b->packets_in);
		assert_true(a->port == b->port && a->remote_port == b->remote_port && a->protocol == b->protocol);
		assert_true(a->close == b->close && a->cut == b->cut);
	}
	assert_int_equal(back->record_count, RECORDS);
	for (uint32_t i = 0; i < RECORDS; i++) {
		const struct trace_record *a = &t.records[i], *b = &back->records[i];

		assert_memory_equal(&a->train, &b->train, sizeof(a->train));
		assert_int_equal(a->cut, b->cut);
		assert_int_equal(a->packets_out, b->packets_out);
		assert_int_equal(a->packets_in, b->packets_in);
		assert_int_equal(a->bytes_out, b->bytes_out);
		assert_int_equal(a->bytes_in, b->bytes_in);
		assert_int_equal(a->close, b->close);
	}
	trace_destroy(back);
}

static void an_empty_one_too(void **state)
{
	struct trace t = { 0 }, *back;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(trace_save(&t, path, &e));
	back = trace_load(path, &e);
	assert_non_null(back);
	assert_int_equal(back->record_count, 0);
	trace_destroy(back);
	trace_destroy(NULL);
}

/* The first bytes, spelled out: the format cannot change by accident. */
static void its_bytes(void **state)
{
	static const uint8_t head[] = {
		'C', 'G', 'N', 'T', 'R', 'A', 'C', 'E', 2, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0,
		0x0a, 0xbc, 0xa0, 0x65, 1, 0, 0, 0, 0x15, 0xcd, 0x85, 0x3d, 0xfe, 0x9c, 0x97, 0x17,
	};
	size_t length;
	uint8_t *bytes = saved(&length);

	(void)state;
	assert_int_equal(length, AT_HOST + HOSTS * HOST + INNER * 4 + 4);
	assert_memory_equal(bytes, head, sizeof(head));
	free(bytes);
}

/* Every bit of every byte, one at a time. */
static void any_flipped_bit_shows(void **state)
{
	size_t length;
	uint8_t *bytes = saved(&length);

	(void)state;
	for (size_t i = 0; i < length; i++)
		for (int bit = 0; bit < 8; bit += i < HEADER ? 1 : 3) {
			bytes[i] ^= (uint8_t)(1 << bit);
			refused(bytes, length, "trace");
			bytes[i] ^= (uint8_t)(1 << bit);
		}
	free(bytes);
}

static void any_other_length_shows(void **state)
{
	size_t length;
	uint8_t *bytes = saved(&length), *longer;

	(void)state;
	for (size_t n = 0; n < length; n++)
		refused(bytes, n, n < 8 ? "not a flow trace" : "breaks off");
	longer = must_alloc(length + 1, 1);
	memcpy(longer, bytes, length);
	refused(longer, length + 1, "more behind its end");
	free(longer);
	free(bytes);
}

/* Headers that promise more than there is must not be believed: no memory is
 * asked for that the file could not fill. */
static void lies_with_a_good_checksum(void **state)
{
	static const struct { size_t at; uint64_t value; int bytes; const char *word; } lies[] = {
		{ AT_VERSION, 1, 4, "version 1" },
		{ AT_HOSTS, UINT32_MAX, 4, "breaks off" },
		{ AT_RECORDS, UINT32_MAX, 4, "breaks off" },
		{ AT_RECORDS, 0, 4, "more behind" },
		{ AT_INNER, UINT32_MAX, 4, "breaks off" },
		{ AT_FLOWS6, UINT32_MAX, 4, "breaks off" },
		{ 20, 2, 4, "damaged header" },                         /* flags */
		{ AT_DURATION, UINT64_MAX, 8, "damaged header" },
		{ AT_SPLIT, UINT64_MAX, 8, "damaged header" },
		{ HEADER_CRC - 4, 1, 4, "damaged header" },
		{ AT_DURATION, 5, 8, "train 1" },                       /* a start outside the trace */
		{ 40, 2, 8, "as many as its header" },                  /* TCP flows */
		{ 64, 5, 8, "alive at once" },                          /* the peak */
		{ AT_HOST + 4, 6, 4, "hosts with more trains" },
		{ AT_HOST + 4, 3, 4, "trains of no host" },
		{ AT_HOST + 8, 5, 4, "homes with more hosts" },
		{ AT_HOST + HOST + 8, 3, 4, "hosts of no home" },
		{ AT_HOST + HOST, 1, 4, "not its first host" },         /* the home's address */
		{ AT_HOST + 12, 1, 1, "without hosts" },                /* a home, then, but with no list */
		{ HEADER, UINT64_MAX, 8, "train 0" },                   /* start */
		{ HEADER + 8, (uint64_t)INT64_MAX, 8, "train 0" },      /* last outbound */
		{ HEADER + 16, (uint64_t)INT64_MIN, 8, "train 0" },     /* no first inbound, but a last */
		{ HEADER + 24, 4, 8, "train 0" },                       /* last inbound before the first */
		{ HEADER + 56, 1, 4, "train 1" },                       /* flow 1 first, then again */
		{ HEADER + 56, UINT32_MAX, 4, "train 0" },
		{ HEADER + 68, 3, 1, "train 0" },                       /* protocol */
		{ HEADER + 68, 1, 1, "train 0" },                       /* TCP's flags on UDP */
		{ HEADER + 69, 0, 1, "train 0" },                       /* no SEG_FIRST */
		{ HEADER + 70, CLOSE_COUNT, 1, "train 0" },
		{ HEADER + 70, 0x40, 1, "train 0" },                    /* an unknown cut */
		{ HEADER + 4 * RECORD + 71, 4, 1, "train 4" },          /* the fifth host of a home of four */
		{ HEADER + RECORD + 70, CLOSE_FIN, 1, "train 1" },      /* UDP closed by FIN */
		{ HEADER + RECORD + 69, SEG_FIRST, 1, "train 1" },      /* inbound no more, but no time of ours */
		{ HEADER + 2 * RECORD, 1, 8, "train 2" },               /* out of order */
		{ HEADER + 3 * RECORD + 69, SEG_FIRST, 1, "train 3" },  /* twice first */
		{ AT_FLOW6 + FLOW6 + 32, 3, 8, "out of order" },
		{ AT_FLOW6 + 32, 6, 8, "train 0" },                     /* first after last */
		{ AT_FLOW6 + 76, 3, 1, "train 0" },
		{ AT_FLOW6 + FLOW6 + 77, CLOSE_FIN, 1, "train 1" },
		{ AT_FLOW6 + 78, 1, 1, "must be 0" },
	};
	size_t length;
	uint8_t *bytes = saved(&length), *copy = must_alloc(length, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		memcpy(copy, bytes, length);
		if (lies[i].bytes == 8)
			put64(copy + lies[i].at, lies[i].value);
		else if (lies[i].bytes == 4)
			put32(copy + lies[i].at, (uint32_t)lies[i].value);
		else
			copy[lies[i].at] = (uint8_t)lies[i].value;
		seal(copy, length);
		refused(copy, length, lies[i].word);
	}
	free(copy);
	free(bytes);
}

static void no_file_no_trace(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(trace_load("/nonexistent/trace", &e));
	assert_null(trace_load("/tmp", &e));
	assert_null(trace_load("/dev/zero", &e));
	assert_int_equal(e.count, 3);
	assert_false(trace_is("/nonexistent/trace"));
	assert_false(trace_is("/dev/zero"));
	err_clear(&e);
}

static size_t entries(const char *directory)
{
	DIR *d = opendir(directory);
	size_t count = 0;

	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

/* A disk that fills up in the middle leaves nothing behind, keeps what was there
 * under the name, and says so; so does a place where nothing can be written. */
static void nothing_half_written(void **state)
{
	char directory[] = "/tmp/test_trace.XXXXXX";
	const struct rlimit little = { 100, RLIM_INFINITY };
	struct rlimit before;
	struct trace t = small(), *kept;
	struct err e = ERR_INIT;
	char *file;

	(void)state;
	assert_non_null(mkdtemp(directory));
	file = must_printf("%s/trace", directory);
	assert_true(trace_save(&t, file, &e));
	t.epoch_ns = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_false(trace_save(&t, file, &e));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(e.count, 1);
	assert_int_equal(entries(directory), 3); /* ".", ".." and the trace */
	kept = trace_load(file, &e);
	assert_non_null(kept);
	assert_int_not_equal(kept->epoch_ns, 0);
	trace_destroy(kept);
	assert_false(trace_save(&t, "/nonexistent/trace", &e));
	assert_int_equal(e.count, 2);
	err_clear(&e);
	unlink(file);
	rmdir(directory);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest_tells_traces_apart),
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(an_empty_one_too),
		cmocka_unit_test(its_bytes),
		cmocka_unit_test(any_flipped_bit_shows),
		cmocka_unit_test(any_other_length_shows),
		cmocka_unit_test(lies_with_a_good_checksum),
		cmocka_unit_test(no_file_no_trace),
		cmocka_unit_test(nothing_half_written),
	};

	return cmocka_run_group_tests_name("trace", tests, make_path, remove_path);
}
