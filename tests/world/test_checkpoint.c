/* Sums as bytes and on disk: what comes back is what went in, and nothing that
 * is damaged, or of another run, comes in at all. */
#include "tests/support/sumsbench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/base/file.h"
#include "sim/world/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const size_t some[] = { 0, 1, 2, 7 }, others[] = { 3, 11 }, overlapping[] = { 2, 3 };
static const size_t all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

static struct carry_out bytes_of(const struct sums *s)
{
	struct carry_out o = { 0 };

	sums_carry(&o, s);
	return o;
}

static void assert_same(const struct sums *a, const struct sums *b)
{
	struct carry_out x = bytes_of(a), y = bytes_of(b);

	assert_int_equal(x.length, y.length);
	assert_memory_equal(x.bytes, y.bytes, x.length);
	free(x.bytes);
	free(y.bytes);
}

static void sums_come_back_from_bytes(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sums s, back;
		struct carry_out o;
		struct carry_in in;

		sumsbench_open(&s);
		sumsbench_open(&back);
		sumsbench_fill(&s, seed, some, 4);
		o = bytes_of(&s);
		in = (struct carry_in){ o.bytes, o.bytes + o.length };
		assert_true(sums_take(&in, &back));
		assert_int_equal(back.done_count, 4);
		assert_int_equal(back.tallies[1].usage->jain_sum, s.tallies[1].usage->jain_sum);
		assert_memory_equal(back.tallies[0].demand->peak, s.tallies[0].demand->peak, USAGE_LEVELS * sizeof(uint64_t));
		assert_int_equal(back.tallies[1].answers.items[39].hash, s.tallies[1].answers.items[39].hash);
		assert_same(&s, &back);
		sums_close(&s);
		sums_close(&back);
		free(o.bytes);
	}
}

/* Cut anywhere, or with a byte too many. */
static void bytes_that_end_elsewhere_are_refused(void **state)
{
	struct sums s, back;
	struct carry_out o;

	(void)state;
	sumsbench_open(&s);
	sumsbench_open(&back);
	sumsbench_fill(&s, 5, some, 4);
	o = bytes_of(&s);
	carry_number(&o, 0);
	for (size_t length = 0; length <= o.length; length += length < 200 || length > o.length - 200 ? 1 : 97) {
		struct carry_in in = { o.bytes, o.bytes + length };

		if (length != o.length - 1)
			assert_false(sums_take(&in, &back));
	}
	assert_int_equal(back.done_count, 0);
	sums_close(&s);
	sums_close(&back);
	free(o.bytes);
}

/* One value, one form: what could be written shorter is malformed. */
static void numbers_have_one_form(void **state)
{
	static const struct {
		uint8_t bytes[11];
		size_t length;
		bool good;
		uint64_t value;
	} rows[] = {
		{ { 0x00 }, 1, true, 0 },
		{ { 0x7f }, 1, true, 127 },
		{ { 0x80, 0x01 }, 2, true, 128 },
		{ { 0x80, 0x00 }, 2, false, 0 },                       /* 0 in two bytes */
		{ { 0x80 }, 1, false, 0 },                             /* cut off */
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 10, true, UINT64_MAX },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 }, 10, false, 0 }, /* 65 bits */
		{ { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 }, 11, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct carry_in in = { rows[i].bytes, rows[i].bytes + rows[i].length };
		uint64_t value;

		assert_int_equal(carry_take_number(&in, UINT64_MAX, &value), rows[i].good);
		if (rows[i].good)
			assert_int_equal(value, rows[i].value);
	}
}

struct place {
	char directory[32];
};

static int make_place(void **state)
{
	struct place *p = must_alloc(1, sizeof(*p));

	strcpy(p->directory, "/tmp/checkpoint.XXXXXX");
	must(mkdtemp(p->directory));
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	directory_remove(p->directory);
	free(p);
	return 0;
}

static struct checkpoint *open_at(const struct place *p, unsigned rank, uint32_t fingerprint, struct err *e)
{
	return checkpoint_open(&(struct checkpoint_setup){ p->directory, fingerprint, rank, 0 }, e);
}

/* Writes, as this rank, the sums of these jobs of replication 0. */
static void write_as(const struct place *p, unsigned rank, uint64_t seed, const size_t *jobs, size_t count)
{
	struct err e = ERR_INIT;
	struct checkpoint *c = open_at(p, rank, 42, &e);
	struct sums s;

	assert_non_null(c);
	sumsbench_open(&s);
	sumsbench_fill(&s, seed, jobs, count);
	assert_true(checkpoint_write(c, 0, &s, &e));
	assert_true(checkpoint_holds(c));
	sums_close(&s);
	checkpoint_close(c);
}

static char *file_of(const struct place *p, const char *name)
{
	return must_printf("%s/%s", p->directory, name);
}

/* What two ranks did is taken up by one, which then holds it alone. */
static void ranks_are_settled_into_one(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;
	struct checkpoint *c;
	struct sums back, whole;
	char *theirs = file_of(p, "now-1");

	write_as(p, 0, 1, some, 4);
	write_as(p, 1, 2, others, 2);
	sumsbench_open(&whole);
	sumsbench_fill(&whole, 1, some, 4);
	sumsbench_open(&back);
	sumsbench_fill(&back, 2, others, 2);
	sums_move(&whole, &back);
	for (int again = 0; again < 2; again++) {
		c = open_at(p, 0, 42, &e);
		assert_non_null(c);
		assert_true(checkpoint_settle(c, &e));
		assert_int_equal(access(theirs, F_OK), -1);
		assert_true(checkpoint_take(c, 0, &back, &e));
		assert_int_equal(back.done_count, 6);
		assert_int_equal(back.tallies[0].not_offered, whole.tallies[0].not_offered);
		sums_empty(&back);
		checkpoint_close(c);
	}
	sums_close(&back);
	sums_close(&whole);
	free(theirs);
}

/* Killed between two writings, a rank's file may hold what another already has: it counts once. */
static void the_same_jobs_count_once(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;
	struct checkpoint *c;
	struct sums back;

	write_as(p, 0, 1, some, 4);
	write_as(p, 1, 1, some, 4);
	c = open_at(p, 0, 42, &e);
	sumsbench_open(&back);
	assert_true(checkpoint_take(c, 0, &back, &e));
	assert_int_equal(back.done_count, 4);
	assert_int_equal(back.tallies[0].answers.count, 40);
	sums_close(&back);
	checkpoint_close(c);
}

static void jobs_in_part_the_same_are_refused(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;
	struct checkpoint *c;
	struct sums back;

	write_as(p, 0, 1, some, 4);
	write_as(p, 1, 1, overlapping, 2);
	c = open_at(p, 0, 42, &e);
	sumsbench_open(&back);
	assert_false(checkpoint_take(c, 0, &back, &e));
	assert_non_null(strstr(e.lines[0], "is damaged: its sums do not fit this run"));
	err_clear(&e);
	sums_close(&back);
	checkpoint_close(c);
}

/* A finished replication outlives what now-0 held of it. */
static void finished_replications_are_kept(void **state)
{
	const struct place *p = *state;
	struct err e = ERR_INIT;
	struct checkpoint *c;
	struct sums s, back;

	write_as(p, 0, 1, some, 4);
	c = open_at(p, 0, 42, &e);
	sumsbench_open(&s);
	sumsbench_open(&back);
	sumsbench_fill(&s, 3, all, SUMSBENCH_JOBS);
	checkpoint_finished(c, 0, &s);
	assert_true(checkpoint_write(c, 0, NULL, &e));
	checkpoint_close(c);
	c = open_at(p, 0, 42, &e);
	assert_true(checkpoint_take(c, 0, &back, &e));
	assert_same(&s, &back);
	sums_close(&s);
	sums_close(&back);
	checkpoint_close(c);
}

static void expect_fault(const struct place *p, uint32_t fingerprint, const char *words)
{
	struct err e = ERR_INIT;

	assert_null(open_at(p, 0, fingerprint, &e));
	assert_int_equal(e.count, 1);
	assert_int_equal(e.status, EXIT_BAD_INPUT);
	assert_non_null(strstr(e.lines[0], words));
	err_clear(&e);
}

static void another_run_is_refused(void **state)
{
	write_as(*state, 0, 1, some, 4);
	expect_fault(*state, 43, "/now-0: belongs to another run");
}

/* Every byte of the head and the end, and some between: none may change unseen. */
static void a_flipped_bit_is_seen(void **state)
{
	char *path = file_of(*state, "now-0"), *bytes;
	struct err e = ERR_INIT;
	size_t length;

	write_as(*state, 0, 1, some, 4);
	bytes = file_read(path, &length, &e);
	for (size_t at = 0; at < length; at += at < 20 || at > length - 20 ? 1 : length / 50) {
		FILE *out = fopen(path, "wb");

		bytes[at] = (char)(bytes[at] ^ 0x10);
		fwrite(bytes, 1, length, out);
		fclose(out);
		bytes[at] = (char)(bytes[at] ^ 0x10);
		expect_fault(*state, 42, "/now-0: ");
	}
	for (size_t shorter = 0; shorter < length; shorter += length / 30) {
		assert_int_equal(truncate(path, (off_t)shorter), 0);
		expect_fault(*state, 42, "/now-0: ");
		assert_int_equal(truncate(path, (off_t)length), 0);
	}
	free(bytes);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_come_back_from_bytes),
		cmocka_unit_test(bytes_that_end_elsewhere_are_refused),
		cmocka_unit_test(numbers_have_one_form),
		cmocka_unit_test_setup_teardown(ranks_are_settled_into_one, make_place, remove_place),
		cmocka_unit_test_setup_teardown(the_same_jobs_count_once, make_place, remove_place),
		cmocka_unit_test_setup_teardown(jobs_in_part_the_same_are_refused, make_place, remove_place),
		cmocka_unit_test_setup_teardown(finished_replications_are_kept, make_place, remove_place),
		cmocka_unit_test_setup_teardown(another_run_is_refused, make_place, remove_place),
		cmocka_unit_test_setup_teardown(a_flipped_bit_is_seen, make_place, remove_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
