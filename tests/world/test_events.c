/* What an event file says is what it was told, and a damaged one says so. */
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "tests/support/eventsbench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static char directory[] = "/tmp/test_events.XXXXXX";

static char *path_of(const char *name)
{
	return must_printf("%s/%s", directory, name);
}

/* Compares what is read with what was drawn. */
struct reading {
	const struct eventsbench *bench;
	size_t next;
};

static void same_event(void *context, const struct nat_event *event)
{
	struct reading *r = context;
	const struct eventsbench_record *drawn = &r->bench->records[r->next++];

	assert_false(drawn->is_train);
	assert_memory_equal(event, &drawn->event, sizeof(*event));
}

static void same_train(void *context, const struct segment *train, const struct verdict *v, unsigned sight)
{
	struct reading *r = context;
	const struct eventsbench_record *drawn = &r->bench->records[r->next++];

	assert_true(drawn->is_train);
	assert_memory_equal(train, &drawn->train, sizeof(*train));
	assert_int_equal(v->outcome, drawn->verdict.outcome);
	assert_int_equal(v->address, drawn->verdict.address);
	assert_int_equal(v->slot, drawn->verdict.slot);
	assert_int_equal(v->number, drawn->verdict.number);
	assert_int_equal(v->crowded_out, drawn->verdict.crowded_out);
	assert_int_equal(sight, drawn->sight);
}

static bool read_section(struct events *ev, struct events_place place, const struct eventsbench *bench, struct err *e)
{
	struct reading reading = { bench, 0 };
	struct events_taker taker = { &reading, same_event, same_train };
	struct packets packets;

	if (!events_read(ev, place, &eventsbench_bounds, taker, &packets, e))
		return false;
	assert_int_equal(reading.next, bench->count);
	assert_memory_equal(&packets, &bench->packets, sizeof(packets));
	return true;
}

static struct events_head head_of(cJSON *scenario)
{
	return (struct events_head){ .scenario = scenario, .world = (char *)(uintptr_t)"flow",
		                     .made_by = (char *)(uintptr_t)"test 1", .workload = 0xfedcba98u };
}

/* Three sections, joined in the order given: `turn` turns it. */
static char *file_of(const struct eventsbench b[3], int turn)
{
	static const struct events_place places[3] = { { 0, 0 }, { 0, 7 }, { 2, 1 } };
	char *paths[3], *turned[3], *file = path_of("events");
	cJSON *scenario = cJSON_Parse("{\"seed\": 7, \"rate\": 0.1}");
	struct events_head head = head_of(scenario);
	struct err e = ERR_INIT;

	for (int i = 0; i < 3; i++) {
		paths[i] = must_printf("%s/%d", directory, i);
		eventsbench_section(&b[i], places[i], paths[i]);
	}
	for (int i = 0; i < 3; i++)
		turned[i] = paths[(i + turn) % 3];
	assert_true(events_join(file, &head, (const char *const *)turned, 3, &e));
	for (int i = 0; i < 3; i++)
		free(paths[i]);
	cJSON_Delete(scenario);
	return file;
}

/* Sections longer than a chunk of reading, of some records, and of none. */
static void draw(struct eventsbench b[3])
{
	b[0] = eventsbench_draw(1, 100000);
	b[1] = eventsbench_draw(2, 0);
	b[2] = eventsbench_draw(3, 500);
}

static void undraw(struct eventsbench b[3])
{
	for (int i = 0; i < 3; i++)
		free(b[i].records);
}

static void what_was_told_is_read(void **state)
{
	struct eventsbench b[3];
	struct err e = ERR_INIT;
	struct events *ev;
	char *path;

	(void)state;
	draw(b);
	path = file_of(b, 0);
	ev = events_open(path, &e);
	assert_non_null(ev);
	assert_string_equal(events_head(ev)->world, "flow");
	assert_string_equal(events_head(ev)->made_by, "test 1");
	assert_int_equal(events_head(ev)->workload, 0xfedcba98u);
	assert_true(cJSON_GetObjectItem(events_head(ev)->scenario, "rate")->valuedouble == 0.1);
	assert_true(read_section(ev, (struct events_place){ 2, 1 }, &b[2], &e));
	assert_true(read_section(ev, (struct events_place){ 0, 0 }, &b[0], &e));
	assert_true(read_section(ev, (struct events_place){ 0, 7 }, &b[1], &e));
	assert_true(events_hold(ev, (struct events_place){ 0, 7 }));
	assert_false(events_hold(ev, (struct events_place){ 1, 0 }));
	assert_false(read_section(ev, (struct events_place){ 1, 0 }, &b[1], &e));
	assert_int_equal(e.count, 1);
	err_clear(&e);
	events_close(ev);
	free(path);
	undraw(b);
}

static void the_order_of_joining_changes_no_byte(void **state)
{
	struct eventsbench b[3];
	struct err e = ERR_INIT;
	char *path, *first, *other;
	size_t length, other_length;

	(void)state;
	draw(b);
	path = file_of(b, 0);
	first = file_read(path, &length, &e);
	free(path);
	path = file_of(b, 2);
	other = file_read(path, &other_length, &e);
	assert_int_equal(length, other_length);
	assert_memory_equal(first, other, length);
	free(path);
	free(first);
	free(other);
	undraw(b);
}

static void a_place_is_taken_once(void **state)
{
	struct eventsbench b = eventsbench_draw(1, 3);
	char *path = path_of("one"), *again = path_of("again"), *file = path_of("joined");
	cJSON *scenario = cJSON_CreateObject();
	struct events_head head = head_of(scenario);
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	eventsbench_section(&b, (struct events_place){ 4, 4 }, path);
	eventsbench_section(&b, (struct events_place){ 4, 4 }, again);
	assert_false(events_join(file, &head, (const char *const[]){ path, again }, 2, &e));
	assert_int_equal(e.count, 1);
	assert_non_null(strstr(e.lines[0], "same scheme and instance"));
	assert_int_equal(stat(file, &st), -1);
	err_clear(&e);
	cJSON_Delete(scenario);
	free(path);
	free(again);
	free(file);
	free(b.records);
}

static void write_bytes(const char *path, const char *bytes, size_t length)
{
	FILE *out = fopen(path, "wb");

	must(out && fwrite(bytes, 1, length, out) == length && !fclose(out));
}

/* Opens and reads all; the one line that says why not. */
static char *fault_of(const char *path, const struct eventsbench *bench)
{
	struct err e = ERR_INIT;
	struct events *ev = events_open(path, &e);
	char *line = NULL;

	if (ev && read_section(ev, (struct events_place){ 0, 0 }, bench, &e))
		assert_int_equal(e.count, 0);
	else
		assert_int_equal(e.count, 1);
	if (e.count)
		line = must_strdup(e.lines[0]);
	events_close(ev);
	err_clear(&e);
	return line;
}

static char *small_file(const struct eventsbench *b)
{
	char *section = path_of("section"), *file = path_of("small");
	cJSON *scenario = cJSON_Parse("{\"seed\": 7}");
	struct events_head head = head_of(scenario);
	struct err e = ERR_INIT;

	eventsbench_section(b, (struct events_place){ 0, 0 }, section);
	assert_true(events_join(file, &head, (const char *const[]){ section }, 1, &e));
	cJSON_Delete(scenario);
	free(section);
	return file;
}

/* A file that is written thousands of times lies in memory: a disk would be waited for each time. */
static char *in_memory(int *fd)
{
	*fd = memfd_create("events", 0);
	must(*fd >= 0);
	return must_printf("/proc/self/fd/%d", *fd);
}

static void any_flipped_bit_is_seen(void **state)
{
	struct eventsbench b = eventsbench_draw(5, 40);
	int fd;
	char *small = small_file(&b), *path = in_memory(&fd), *bytes, *fault;
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	bytes = file_read(small, &length, &e);
	write_bytes(path, bytes, length);
	assert_null(fault_of(path, &b));
	for (size_t bit = 0; bit < length * 8; bit++) {
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
		write_bytes(path, bytes, length);
		fault = fault_of(path, &b);
		assert_non_null(fault);
		free(fault);
		bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
	}
	free(bytes);
	free(path);
	free(small);
	close(fd);
	free(b.records);
}

static void a_file_cut_short_or_longer_says_so(void **state)
{
	struct eventsbench b = eventsbench_draw(5, 40);
	int fd;
	char *small = small_file(&b), *path = in_memory(&fd), *bytes, *fault;
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	bytes = file_read(small, &length, &e); /* and a byte more, which is 0 */
	for (size_t to = 0; to <= length + 1; to++) {
		write_bytes(path, bytes, to);
		fault = fault_of(path, &b);
		if (to == length)
			assert_null(fault);
		else
			assert_non_null(strstr(fault, to < 8 ? "not an event file" : to < length ? "breaks off" : "more behind its end"));
		free(fault);
	}
	free(bytes);
	free(path);
	free(small);
	close(fd);
	free(b.records);
}

static void another_version_and_other_files_are_named(void **state)
{
	struct eventsbench b = eventsbench_draw(5, 4);
	char *path = small_file(&b), *bytes, *fault;
	struct err e = ERR_INIT;
	size_t length;

	(void)state;
	bytes = file_read(path, &length, &e);
	bytes[8] = 2;
	write_bytes(path, bytes, length);
	fault = fault_of(path, &b);
	assert_non_null(strstr(fault, "version 2, and this program reads version 1"));
	free(fault);
	write_bytes(path, "CGNTRACE and so on", 18);
	fault = fault_of(path, &b);
	assert_non_null(strstr(fault, "not an event file"));
	free(fault);
	fault = fault_of(directory, &b);
	assert_non_null(strstr(fault, "not a regular file"));
	free(fault);
	fault = fault_of("/nowhere/events", &b);
	assert_non_null(strstr(fault, "/nowhere/events: No such file"));
	free(fault);
	free(bytes);
	free(path);
	free(b.records);
}

/* Whole, with checksums that fit, and yet it cannot have happened: what nobody had is ended, or is beyond the bounds. */
static void what_cannot_have_happened_is_refused(void **state)
{
	static const struct nat_event bad[] = {
		{ .kind = NAT_MAPPING_ENDED, .count = 1, .live = 1 },
		{ .kind = NAT_PORT_RELEASED, .count = 1, .taken = 1 },
		{ .kind = NAT_BLOCK_FREE, .count = 8, .step = 1 },
		{ .kind = NAT_SESSION_ENDED, .count = 1 },
		{ .kind = NAT_MAPPING_CREATED, .count = 1, .subscriber = EVENTSBENCH_SUBSCRIBERS },
		{ .kind = NAT_MAPPING_CREATED, .count = 1, .address = EVENTSBENCH_ADDRESSES },
		{ .kind = NAT_MAPPING_CREATED, .count = 1, .address = ADDRESS_NONE },
		{ .kind = NAT_MAPPING_CREATED, .count = 1, .slot = EVENTSBENCH_SLOTS },
		{ .kind = NAT_BLOCK_GIVEN, .count = 8, .step = 1, .slot = EVENTSBENCH_SLOTS - 7 },
		{ .kind = NAT_BLOCK_GIVEN, .count = 0, .step = 1 },
		{ .kind = NAT_REFUSED, .outcome = OUT_CREATED },
		{ .kind = NAT_BLOCK_INTERIM, .count = 1, .time_ns = 3601 * NS_PER_S },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct eventsbench_record record = { .event = bad[i] };
		struct eventsbench b = { &record, 1, { { 0 }, { { { 0 }, 0, 0, 0 } } } };
		char *path = small_file(&b), *fault = fault_of(path, &b);

		assert_non_null(fault);
		assert_non_null(strstr(fault, "what cannot have happened"));
		free(fault);
		free(path);
	}
}

/* A delay's quantile is exact to 15 us and never more than 1/16 too long, nor longer than the longest. */
static void quantiles_are_known_to_a_sixteenth(void **state)
{
	(void)state;
	for (uint64_t us = 0; us < UINT64_C(1) << 42; us = us < 100 ? us + 1 : us + us / 7) {
		struct delays d = { .max_us = 0 };
		uint64_t q;

		delays_add(&d, (int64_t)us * 1000 + 999);
		delays_add(&d, INT64_C(1) << 62);
		q = delays_quantile(&d, 0.5);
		assert_true(q >= us && q <= us + us / 16);
		assert_true(us > 31 || q <= us + 1);
		assert_int_equal(delays_quantile(&d, 1), (INT64_C(1) << 62) / 1000);
		assert_int_equal(d.sum_us, us + (INT64_C(1) << 62) / 1000);
	}
	assert_int_equal(delays_quantile(&(struct delays){ .count = 0 }, 0.5), 0);
}

static void sums_add_up_in_any_order(void **state)
{
	struct eventsbench a = eventsbench_draw(1, 0), b = eventsbench_draw(2, 0);
	struct packets one = a.packets, other = b.packets;

	(void)state;
	packets_add(&one, &b.packets);
	packets_add(&other, &a.packets);
	assert_memory_equal(&one, &other, sizeof(one));
	assert_int_equal(one.delays[0].count, 20);
	for (int s = 0; s < PACKETS_SUMS; s++)
		assert_true(packet_sum_name[s].name && packet_sum_name[s].unit && packet_sum_name[s].help);
	free(a.records);
	free(b.records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_told_is_read),
		cmocka_unit_test(the_order_of_joining_changes_no_byte),
		cmocka_unit_test(a_place_is_taken_once),
		cmocka_unit_test(any_flipped_bit_is_seen),
		cmocka_unit_test(a_file_cut_short_or_longer_says_so),
		cmocka_unit_test(another_version_and_other_files_are_named),
		cmocka_unit_test(what_cannot_have_happened_is_refused),
		cmocka_unit_test(quantiles_are_known_to_a_sixteenth),
		cmocka_unit_test(sums_add_up_in_any_order),
	};
	int status;

	must(mkdtemp(directory));
	status = cmocka_run_group_tests_name("events", tests, NULL, NULL);
	directory_remove(directory);
	return status;
}
