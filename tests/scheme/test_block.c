#include "sim/scheme/blocks.h"
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

/* What a pool's numbers make: blocks on an address, numbers that no block has, most numbers of a subscriber. */
static void block_arithmetic(void **state)
{
	static const struct {
		struct port_range ports;
		uint32_t size, max_blocks, extension_size;
		double share;
		uint32_t initial, extensions, stranded;
	} rows[] = {
		{ { 1024, 65535 }, 128, 8, 0, 0, 504, 0, 0 },       /* Junos: 504 blocks, 8 of them a subscriber */
		{ { 1024, 65535 }, 256, 8, 0, 0, 252, 0, 0 },
		{ { 1024, 65535 }, 2000, 1, 0, 0, 32, 0, 512 },     /* RFC 6888's neighbours: 32 subscribers, 512 numbers nobody's */
		{ { 5117, 65530 }, 128, 8, 0, 0, 471, 0, 126 },     /* FortiGate's range: 60,414 numbers */
		{ { 1, 65535 }, 4096, 2, 0, 0, 15, 0, 4095 },
		{ { 1024, 65535 }, 64512, 1, 0, 0, 1, 0, 0 },
		{ { 1024, 65535 }, 128, 4, 512, 0.5, 252, 63, 0 },  /* half for first blocks, half for further ones */
		{ { 1024, 65535 }, 100, 0, 1000, 0.25, 483, 16, 84 + 128 },
		{ { 2001, 2300 }, 7, 3, 0, 0, 42, 0, 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct scheme_type *scheme = scheme_find("block");
		void *config = conf_new(scheme);
		struct slots *slots = slots_create(rows[i].ports, &(struct port_ranges){ 0 });
		struct pool_config pool_config = { 0 };
		struct scheme_pool pool = { .config = &pool_config, .slots = slots, .addresses = 1, .subscribers = 1 };
		struct err e = ERR_INIT;
		struct bench b;
		uint32_t given = 0, most = 0;

		conf_u32(scheme, config, "size", rows[i].size);
		conf_u32(scheme, config, "max_blocks", rows[i].max_blocks);
		conf_u32(scheme, config, "extension_size", rows[i].extension_size);
		if (rows[i].extension_size)
			*(double *)conf_member(scheme, config, "extension_share") = rows[i].share;
		assert_true(scheme->settle(config, &pool, "$", &e));
		assert_int_equal(scheme->stranded(config, &pool), rows[i].stranded);
		slots_destroy(slots);

		/* One number each for as many subscribers as there are first blocks, then all that the first can get. */
		bench_open(&b, bench_defaults(), rows[i].ports, 1, rows[i].initial + 1, scheme, config);
		b.blocks_only = true;
		while (given <= rows[i].initial && bench_send(&b, 0, given, PROTO_UDP, 1, 0).outcome == OUT_CREATED)
			given++;
		assert_int_equal(given, rows[i].initial);
		for (uint32_t port = 1; port < 65535; port++)
			most += bench_send(&b, 0, 0, PROTO_UDP, (uint16_t)port, 0).outcome == OUT_CREATED;
		assert_int_equal(most + 1, rows[i].size + (rows[i].extension_size ? rows[i].extension_size *
		                 (rows[i].max_blocks ? rows[i].max_blocks - 1 : rows[i].extensions) : 0));
		bench_close(&b);
		free(config);
	}
}

/* A scattered block is every n-th number; blocks do not touch, whichever way numbers are chosen in them, and every
 * number of each is given. The witness holds each to the block that was told of. */
static void scattered_blocks_lie_between_each_other(void **state)
{
	(void)state;
	for (int select = 0; select < 2; select++) {
		const struct scheme_type *scheme = scheme_find("block");
		void *config = conf_new(scheme);
		struct bench b;

		conf_u32(scheme, config, "size", 6);
		conf_u32(scheme, config, "max_blocks", 2);
		conf_u32(scheme, config, "layout", 1);
		conf_u32(scheme, config, "select", (uint32_t)select);
		bench_open(&b, bench_defaults(), (struct port_range){ 1024, 1024 + 31 }, 1, 3, scheme, config); /* 5 of 6 */
		b.blocks_only = true;
		for (uint16_t port = 1; port <= 12; port++)
			for (uint32_t who = 0; who < 2; who++)
				assert_int_equal(bench_send(&b, 0, who, PROTO_UDP, port, 0).outcome, OUT_CREATED);
		assert_int_equal(bench_send(&b, 0, 0, PROTO_UDP, 13, 0).outcome, OUT_BLOCK_LIMIT);
		for (uint16_t port = 1; port <= 6; port++)
			assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, port, 0).outcome, OUT_CREATED);
		assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, 7, 0).outcome, OUT_NO_BLOCK);
		assert_int_equal(b.refused, 2);
		nat_advance(b.nat, 3600 * S);
		assert_int_equal(b.blocks_returned, 5);
		assert_int_equal(b.last.step, 5);
		bench_close(&b);
		free(config);
	}
}

struct told {
	const struct slots *slots;
	uint16_t numbers[64];
	uint32_t count, events;
};

/* What a record of the event says: start, end, step. */
static void hear(void *context, const struct nat_event *e)
{
	struct told *t = context;
	uint32_t lo = slots_number(t->slots, e->slot), hi = slots_number(t->slots, e->slot + (e->count - 1) * e->step);

	if (e->kind != NAT_BLOCK_GIVEN)
		return;
	t->events++;
	for (uint32_t number = lo; number <= hi; number += e->step)
		t->numbers[t->count++] = (uint16_t)number;
}

/* Exclusions lie between the numbers of scattered blocks: what is told of each, in pieces, are its numbers and no others. */
static void scattered_blocks_around_exclusions(void **state)
{
	static const struct { uint32_t lanes, stride, per_address; bool scattered; } rows[] = {
		{ 0, 0, 5, true }, { 2, 5, 2, false }, { 1, 7, 1, false },
	};
	struct port_range holes[] = { { 1028, 1028 }, { 1040, 1042 }, { 1050, 1050 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slots *slots = slots_create((struct port_range){ 1024, 1060 }, &(struct port_ranges){ holes, 3 });
		struct portset *ports[PROTO_COUNT];
		struct told told = { .slots = slots };
		struct ground ground = { .slots = slots, .addresses = 1, .subscribers = 5, .ports = ports, .sink = { &told, hear } };
		struct blocks *b;
		uint8_t seen[65536] = { 0 };

		rng_seed(&ground.rng, RNG_TEST);
		for (int p = 0; p < PROTO_COUNT; p++)
			ports[p] = portset_create(slots->count);
		b = blocks_create(&(struct blocks_config){ .size = 4, .per_address = rows[i].per_address, .order = BLOCK_ORDER_SEQUENTIAL,
			.scattered = rows[i].scattered, .lanes = rows[i].lanes, .stride = rows[i].stride }, &ground);
		for (uint32_t who = 0; who < rows[i].per_address; who++) {
			told.count = 0;
			for (uint32_t n = 0; n < 4; n++) {
				struct request r = { .subscriber = who, .protocol = PROTO_UDP };
				struct binding out = { 0 };
				bool is_told = false;

				assert_int_equal(blocks_alloc(b, &r, &out), OUT_CREATED);
				portset_take(ports[PROTO_UDP], out.slot);
				for (uint32_t k = 0; k < told.count; k++)
					is_told |= told.numbers[k] == slots_number(slots, out.slot);
				assert_true(is_told);
			}
			assert_int_equal(told.count, 4);
			for (uint32_t k = 0; k < 4; k++) {
				assert_int_not_equal(slots->slot[told.numbers[k]], SLOT_NONE);
				assert_int_equal(seen[told.numbers[k]]++, 0);
			}
		}
		assert_true(told.events > rows[i].per_address);
		blocks_destroy(b);
		for (int p = 0; p < PROTO_COUNT; p++)
			portset_destroy(ports[p]);
		slots_destroy(slots);
	}
}

/* Two addresses of 16 numbers, blocks of four, and of `extension` if that is not 0, for subscribers of such a pooling. */
struct pooled {
	const struct scheme_type *scheme;
	struct slots *slots;
	void *config;
	struct bench b;
};

static void pooled_open(struct pooled *p, int pooling, uint32_t subscribers, uint32_t extension)
{
	struct port_range ports = { 1024, 1024 + 15 };
	struct pool_config pool_config = { .ports = ports, .pooling = pooling };
	struct err e = ERR_INIT;

	p->scheme = scheme_find("block");
	p->slots = slots_create(ports, &(struct port_ranges){ 0 });
	p->config = conf_new(p->scheme);
	conf_u32(p->scheme, p->config, "size", 4);
	conf_u32(p->scheme, p->config, "extension_size", extension);
	assert_true(p->scheme->settle(p->config, &(struct scheme_pool){
		.config = &pool_config, .slots = p->slots, .addresses = 2, .subscribers = subscribers }, "x", &e));
	bench_open(&p->b, bench_defaults(), ports, 2, subscribers, p->scheme, p->config);
	nat_destroy(p->b.nat);
	p->b.nat = nat_create(&(struct nat_setup){
		.config = &p->b.config, .slots = p->b.slots, .pooling = pooling, .addresses = 2, .subscribers = subscribers,
		.rng_key = RNG_TEST, .sink = { .context = &p->b, .event = bench_event },
		.scheme_create = p->scheme->create, .scheme_config = p->config,
	});
	p->b.blocks_only = true;
}

/* After all is over, and all blocks are back. */
static void pooled_close(struct pooled *p)
{
	nat_advance(p->b.nat, 3600 * S);
	assert_int_equal(p->b.blocks_returned, p->b.blocks_given);
	bench_close(&p->b);
	slots_destroy(p->slots);
	free(p->config);
}

/* Two addresses of four blocks. Arbitrary: a subscriber's blocks are filled before the next, lie on both, and it can get all.
 * Soft-paired: all of one address first, then the other's. Paired: no more than its address has. */
static void blocks_of_other_poolings(void **state)
{
	static const struct { int pooling; uint32_t all; } rows[] = {
		{ POOLING_PAIRED, 16 }, { POOLING_SOFT_PAIRED, 32 }, { POOLING_ARBITRARY, 32 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint32_t on[2] = { 0 }, first = 0;
		struct pooled p;

		pooled_open(&p, rows[i].pooling, 2, 0);
		for (uint32_t n = 0; n < rows[i].all; n++) {
			struct verdict v = bench_send(&p.b, 0, 0, PROTO_UDP, (uint16_t)(n + 1), 0);

			assert_int_equal(v.outcome, OUT_CREATED);
			assert_int_equal(p.b.blocks_given, n / 4 + 1);
			first = n ? first : v.address;
			assert_true(rows[i].pooling == POOLING_ARBITRARY || v.address == (n < 16 ? first : 1 - first));
			on[v.address]++;
		}
		assert_int_equal(bench_send(&p.b, 0, 0, PROTO_UDP, 5000, 0).outcome, OUT_NO_BLOCK);
		assert_int_equal(bench_send(&p.b, 0, 0, PROTO_ICMP, 5000, 0).outcome, OUT_CREATED); /* in a block it has */
		assert_int_equal(on[0] + on[1], rows[i].all);
		pooled_close(&p);
	}
}

/* Two addresses of two first blocks and an extension each: the fifth subscriber is refused, whatever the pooling, though
 * extensions are free, and the others get those. */
static void a_first_block_is_of_the_first_part(void **state)
{
	static const int poolings[] = { POOLING_PAIRED, POOLING_SOFT_PAIRED, POOLING_ARBITRARY };

	(void)state;
	for (size_t i = 0; i < sizeof(poolings) / sizeof(*poolings); i++) {
		struct pooled p;

		pooled_open(&p, poolings[i], 5, 8);
		for (uint32_t who = 0; who < 4; who++)
			assert_int_equal(bench_send(&p.b, 0, who, PROTO_UDP, 1, 0).outcome, OUT_CREATED);
		assert_int_not_equal(bench_send(&p.b, 0, 4, PROTO_UDP, 1, 0).outcome, OUT_CREATED);
		assert_int_equal(p.b.blocks_given, 4);
		for (uint16_t port = 2; port <= 5; port++)
			assert_int_equal(bench_send(&p.b, 0, 0, PROTO_UDP, port, 0).outcome, OUT_CREATED);
		assert_int_equal(p.b.blocks_given, 5);
		pooled_close(&p);
	}
}

/* Heavy users take all extension blocks; a newcomer still gets its first block. With one partition it does not. */
static void heavy_users_cannot_starve_newcomers(void **state)
{
	(void)state;
	for (int apart = 0; apart < 2; apart++) {
		const struct scheme_type *scheme = scheme_find("block");
		void *config = conf_new(scheme);
		struct bench b;

		conf_u32(scheme, config, "size", 8);
		conf_u32(scheme, config, "max_blocks", 0);
		conf_u32(scheme, config, "extension_size", apart ? 16 : 0);
		*(double *)conf_member(scheme, config, "extension_share") = 0.5;
		bench_open(&b, bench_defaults(), (struct port_range){ 1024, 1024 + 63 }, 1, 3, scheme, config);
		b.blocks_only = true;
		for (uint16_t port = 1; port <= 100; port++)
			bench_send(&b, 0, port % 2, PROTO_UDP, port, 0);
		assert_int_equal(b.created, apart ? 8 + 8 + 32 : 64);
		assert_int_equal(bench_send(&b, 0, 2, PROTO_UDP, 1, 0).outcome, apart ? OUT_CREATED : OUT_NO_ADDRESS);
		nat_advance(b.nat, 3600 * S);
		assert_int_equal(b.blocks_given, b.blocks_returned);
		bench_close(&b);
		free(config);
	}
}

/* RFC 7768 section 2: of two blocks with room, numbers come from the one that was in use last, so that the other
 * drains; when that one is full, from the idle one. */
static void the_longest_idle_block_is_skipped(void **state)
{
	static const struct { bool skip; uint32_t from_first; } rows[] = { { false, 4 }, { true, 2 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct scheme_type *scheme = scheme_find("block");
		void *config = conf_new(scheme);
		struct bench b;
		uint32_t from_first = 0, first;

		conf_u32(scheme, config, "size", 4);
		conf_u32(scheme, config, "max_blocks", 2);
		conf_u32(scheme, config, "order", 1);
		*(bool *)conf_member(scheme, config, "skip_idle") = rows[i].skip;
		bench_open(&b, bench_defaults(), (struct port_range){ 1024, 1024 + 15 }, 1, 1, scheme, config);
		for (uint16_t port = 1; port <= 4; port++) /* the first block, all at once */
			bench_send(&b, 0, 0, PROTO_UDP, port, 0);
		first = b.last.slot / 4;
		for (uint16_t port = 5; port <= 6; port++) /* the second, later and kept alive */
			bench_send(&b, 100 * S, 0, PROTO_UDP, port, 0);
		for (uint16_t port = 5; port <= 6; port++)
			bench_send(&b, 399 * S, 0, PROTO_UDP, port, 0);
		bench_send(&b, 299 * S + 100 * S, 0, PROTO_TCP, 1, 0); /* keeps nothing of UDP, and the first block given */
		for (uint16_t port = 11; port <= 14; port++) {
			struct verdict v = bench_send(&b, 430 * S, 0, PROTO_UDP, port, 0);

			assert_int_equal(v.outcome, OUT_CREATED);
			from_first += v.slot / 4 == first;
		}
		assert_int_equal(from_first, rows[i].from_first);
		bench_close(&b);
		free(config);
	}
}

/* An interim record every so often while the block is given, and none after. */
static void interim_records_come_while_a_block_is_given(void **state)
{
	const struct scheme_type *scheme = scheme_find("block");
	void *config = conf_new(scheme);
	struct bench b;

	(void)state;
	conf_u32(scheme, config, "size", 4);
	conf_ns(scheme, config, "interim", 100 * S);
	conf_ns(scheme, config, "guard", 1000 * S);
	bench_open(&b, bench_defaults(), (struct port_range){ 1024, 1024 + 15 }, 1, 1, scheme, config);
	bench_send(&b, 50 * S, 0, PROTO_UDP, 1, 0);
	nat_advance(b.nat, 150 * S - 1);
	assert_int_equal(b.blocks_interim, 0);
	nat_advance(b.nat, 150 * S);
	assert_int_equal(b.blocks_interim, 1);
	nat_advance(b.nat, 5000 * S); /* returned at 50 + 300 + 120 */
	assert_int_equal(b.blocks_interim, 4);
	assert_int_equal(b.blocks_returned, 1);
	bench_close(&b);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_block_is_filled_before_the_next),
		cmocka_unit_test(a_block_comes_back_after_idle_and_guard),
		cmocka_unit_test(use_ends_idling),
		cmocka_unit_test(block_arithmetic),
		cmocka_unit_test(scattered_blocks_lie_between_each_other),
		cmocka_unit_test(scattered_blocks_around_exclusions),
		cmocka_unit_test(blocks_of_other_poolings),
		cmocka_unit_test(a_first_block_is_of_the_first_part),
		cmocka_unit_test(heavy_users_cannot_starve_newcomers),
		cmocka_unit_test(the_longest_idle_block_is_skipped),
		cmocka_unit_test(interim_records_come_while_a_block_is_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
