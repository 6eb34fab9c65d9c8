#include "tests/support/natbench.h"
#include "tests/support/schemeconf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void open_blocks(struct bench *b, uint32_t size, uint32_t max_blocks, uint16_t numbers, uint32_t subscribers,
                        int64_t idle_ns, int64_t guard_ns, void **config)
{
	const struct scheme_type *scheme = scheme_find("block");

	*config = conf_new(scheme);
	conf_u32(scheme, *config, "size", size);
	conf_u32(scheme, *config, "max_blocks", max_blocks);
	conf_ns(scheme, *config, "idle", idle_ns);
	conf_ns(scheme, *config, "guard", guard_ns);
	bench_open(b, bench_defaults(), (struct port_range){ 1024, (uint16_t)(1024 + numbers - 1) }, 1, subscribers, scheme, *config);
	b->blocks_only = true;
}

static void close_blocks(struct bench *b, void *config)
{
	bench_close(b);
	free(config);
}

/* A block is filled before the next is given; a full one, the limit, and the last block each refuse by name. */
static void a_block_is_filled_before_the_next(void **state)
{
	struct bench b;
	void *config;

	(void)state;
	open_blocks(&b, 4, 2, 14, 3, 0, 0, &config); /* three blocks of 4, 2 numbers stranded */
	for (uint16_t n = 1; n <= 8; n++) {
		assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, n, 0).outcome, OUT_CREATED);
		assert_int_equal(b.blocks_given, (n + 3) / 4);
	}
	assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 9, 0).outcome, OUT_BLOCK_LIMIT);
	assert_int_equal(bench_send(&b, 0, 0, PROTO_TCP, 9, 0).outcome, OUT_CREATED); /* a block covers all protocols */
	assert_int_equal(b.blocks_given, 2);
	for (uint16_t n = 1; n <= 4; n++)
		assert_int_equal(bench_send(&b, 0, 1, PROTO_UDP, n, 0).outcome, OUT_CREATED);
	assert_int_equal(bench_send(&b, 0, 1, PROTO_UDP, 5, 0).outcome, OUT_NO_BLOCK);
	assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, 5, 0).outcome, OUT_NO_ADDRESS);
	close_blocks(&b, config);
}

/* Returned when its last number leaves hold-down and it has been idle; free again after the guard time. */
static void a_block_comes_back_after_idle_and_guard(void **state)
{
	static const struct { int64_t idle, guard; } rows[] = { { 0, 0 }, { 30, 0 }, { 0, 50 }, { 30, 50 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t returned = 300 + 120 + rows[i].idle, again = returned + rows[i].guard;
		struct bench b;
		void *config;

		open_blocks(&b, 4, 1, 4, 2, rows[i].idle * S, rows[i].guard * S, &config);
		bench_send(&b, 0, 0, PROTO_UDP, 1, 0);
		nat_advance(b.nat, returned * S - 1);
		assert_int_equal(b.blocks_returned, 0);
		nat_advance(b.nat, returned * S);
		assert_int_equal(b.blocks_returned, 1);
		if (rows[i].guard)
			assert_int_equal(bench_send(&b, again * S - 1, 1, PROTO_UDP, 1, 0).outcome, OUT_NO_ADDRESS);
		assert_int_equal(bench_send(&b, again * S, 1, PROTO_UDP, 1, 0).outcome, OUT_CREATED);
		close_blocks(&b, config);
	}
}

/* A block that is used again while it idles is not returned. */
static void use_ends_idling(void **state)
{
	struct bench b;
	void *config;

	(void)state;
	open_blocks(&b, 4, 1, 4, 1, 100 * S, 0, &config);
	bench_send(&b, 0, 0, PROTO_UDP, 1, 0);
	bench_send(&b, 500 * S, 0, PROTO_UDP, 1, 0);
	nat_advance(b.nat, 1019 * S);
	assert_int_equal(b.blocks_returned, 0);
	nat_advance(b.nat, 1020 * S);
	assert_int_equal(b.blocks_returned, 1);
	close_blocks(&b, config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_filled_before_the_next),
		cmocka_unit_test(a_block_comes_back_after_idle_and_guard),
		cmocka_unit_test(use_ends_idling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
