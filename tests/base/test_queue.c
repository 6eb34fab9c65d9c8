/* The queue is held against a plain heap of (time, number of push): over random
 * sequences of calls in which every habit of a simulation and every trap of a
 * bucketed queue has its turn, and over the traps one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <malloc.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/base/rng.h"
#include "sim/base/simtime.h"

/* --- the plain queue ------------------------------------------------------ */

struct plain_event {
	int64_t time;
	uint64_t order;
	uint32_t what;
};

struct plain {
	struct plain_event *items; /* a heap; [0] is not used */
	size_t count, room;
	uint64_t pushed;
};

static bool sooner(const struct plain_event *a, const struct plain_event *b)
{
	return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void plain_push(struct plain *p, int64_t time, uint32_t what)
{
	struct plain_event e = { .time = time, .order = p->pushed++, .what = what };
	size_t i = ++p->count;

	if (i >= p->room) {
		p->room = p->room ? 2 * p->room : 1024;
		p->items = must_grow(p->items, p->room, sizeof(*p->items));
	}
	for (; i > 1 && sooner(&e, &p->items[i / 2]); i /= 2)
		p->items[i] = p->items[i / 2];
	p->items[i] = e;
}

static struct plain_event plain_pop(struct plain *p)
{
	struct plain_event first = p->items[1], e = p->items[p->count--];
	size_t i = 1;

	for (size_t child = 2; child <= p->count; child = 2 * i) {
		if (child < p->count && sooner(&p->items[child + 1], &p->items[child]))
			child++;
		if (sooner(&e, &p->items[child]))
			break;
		p->items[i] = p->items[child];
		i = child;
	}
	p->items[i] = e;
	return first;
}

/* --- both together -------------------------------------------------------- */

struct pair {
	struct queue *queue;
	struct plain plain;
	int64_t now;
	uint32_t pushed;
};

static struct pair pair_create(void)
{
	return (struct pair){ .queue = queue_create() };
}

static void pair_destroy(struct pair *p)
{
	queue_destroy(p->queue);
	free(p->plain.items);
}

/* After `gap`, or now if that would be beyond time. */
static void both_push(struct pair *p, int64_t gap)
{
	int64_t time = gap < NS_NEVER - p->now ? p->now + gap : p->now;

	queue_push(p->queue, time, p->pushed);
	plain_push(&p->plain, time, p->pushed++);
	assert_int_equal(queue_count(p->queue), p->plain.count);
}

static void both_peek(struct pair *p)
{
	int64_t next = p->plain.count ? p->plain.items[1].time : NS_NEVER;

	assert_true(queue_next(p->queue) == next);
}

static bool both_pop(struct pair *p)
{
	int64_t time = 0;
	uint32_t what = 0;
	struct plain_event right;

	if (!p->plain.count) {
		assert_false(queue_pop(p->queue, &time, &what));
		assert_true(queue_next(p->queue) == NS_NEVER);
		return false;
	}
	right = plain_pop(&p->plain);
	assert_true(queue_pop(p->queue, &time, &what));
	assert_true(time == right.time);
	assert_int_equal(what, right.what);
	p->now = time;
	return true;
}

static void both_drain(struct pair *p)
{
	while (both_pop(p))
		;
}

/* --- random sequences ------------------------------------------------------ */

enum habit {
	AT_ONCE,       /* at the very time last popped */
	NEAR_TIES,     /* 0 to 2 ns on */
	EVEN,          /* up to a scale */
	ONE_TIMER,     /* always the same gap */
	EVERY_SCALE,   /* heavy tails: any order of magnitude */
	RARE_CENTURY,  /* one in a hundred a hundred years away */
	FEW_TIMERS,    /* four timers of whole seconds */
	CLUSTER,       /* five neighbouring nanoseconds, far off */
	TWO_WORLDS,    /* half in a few ns, half far off */
	BACKWARDS,     /* each sooner than the one before */
	HABITS,
};

static int64_t gap_of(enum habit habit, int64_t scale, uint32_t step, struct rng *r)
{
	switch (habit) {
	case AT_ONCE:
		return 0;
	case NEAR_TIES:
		return rng_below(r, 3);
	case EVEN:
		return (int64_t)(rng_next(r) >> 1) % scale;
	case ONE_TIMER:
		return scale;
	case EVERY_SCALE:
		return (int64_t)(rng_next(r) >> (2 + rng_below(r, 62)));
	case RARE_CENTURY:
		return rng_below(r, 100) ? rng_below(r, 1000) : NS_LONGEST;
	case FEW_TIMERS:
		return rng_below(r, 4) * NS_PER_S;
	case CLUSTER:
		return scale + rng_below(r, 5);
	case TWO_WORLDS:
		return step & 1 ? rng_below(r, 10) : scale + rng_below(r, 100000);
	case BACKWARDS:
		return scale + 100000 - step;
	case HABITS:
		break;
	}
	return 0;
}

static void any_sequence_of_calls(void **state)
{
	enum { ROUNDS = 400, PHASES = 8 };

	(void)state;
	for (uint64_t round = 0; round < ROUNDS; round++) {
		struct pair p = pair_create();
		struct rng r;

		rng_seed(&r, mix64(RNG_TEST, round));
		for (uint32_t phases = 1 + rng_below(&r, PHASES); phases; phases--) {
			enum habit habit = (enum habit)rng_below(&r, HABITS);
			uint32_t calls = 1 + rng_below(&r, rng_below(&r, 4) ? 3000 : 40000);
			uint32_t pushes_in_100 = 20 + rng_below(&r, 60);
			bool peeks = rng_below(&r, 2);
			int64_t scale = INT64_C(1) << rng_below(&r, 50);

			for (uint32_t step = 0; step < calls; step++) {
				if (rng_below(&r, 100) < pushes_in_100)
					both_push(&p, gap_of(habit, scale, step, &r));
				else
					both_pop(&p);
				if (peeks && rng_below(&r, 3) == 0)
					both_peek(&p);
			}
			if (rng_below(&r, 3) == 0)
				both_drain(&p);
		}
		pair_destroy(&p);
	}
}

/* --- traps ------------------------------------------------------------------ */

static void empty_and_one(void **state)
{
	struct pair p = pair_create();

	(void)state;
	queue_destroy(NULL);
	assert_false(both_pop(&p));
	both_push(&p, 0);
	both_drain(&p);
	both_push(&p, NS_LONGEST);
	both_peek(&p);
	both_push(&p, 5);              /* before what was already looked at */
	both_push(&p, 5);
	both_drain(&p);
	both_push(&p, NS_NEVER - 1 - p.now);  /* the last moment there is */
	both_push(&p, 0);
	both_drain(&p);
	both_push(&p, 0);
	both_drain(&p);
	pair_destroy(&p);
}

/* A burst under one far event that the run was already made of: everything is late. */
static void burst_before_the_first(void **state)
{
	static const int64_t spans[] = { 1, 2, 1000, NS_PER_S, NS_PER_DAY };
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (size_t k = 0; k < sizeof(spans) / sizeof(spans[0]); k++) {
		struct pair p = pair_create();

		both_push(&p, 100 * NS_PER_DAY);
		both_peek(&p);
		for (int i = 0; i < 50000; i++)
			both_push(&p, (int64_t)(rng_next(&r) >> 1) % spans[k]);
		both_drain(&p);
		pair_destroy(&p);
	}
}

/* Two hundred thousand at one nanosecond, twice, while they are popped. */
static void all_at_one_time(void **state)
{
	struct pair p = pair_create();

	(void)state;
	for (int i = 0; i < 200000; i++)
		both_push(&p, NS_PER_S);
	for (int i = 0; i < 200000; i++) {
		both_pop(&p);
		both_push(&p, 0);
	}
	both_drain(&p);
	pair_destroy(&p);
}

/* A bucket of many with all its events in a corner, over and over: rungs within rungs. */
static void corners_within_corners(void **state)
{
	struct pair p = pair_create();
	struct rng r;

	(void)state;
	rng_seed(&r, RNG_TEST);
	for (int bits = 0; bits < 60; bits++)
		for (int i = 0; i < 2000; i++)
			both_push(&p, (int64_t)(rng_next(&r) >> (63 - bits)));
	for (int i = 0; i < 100000; i++) {
		both_pop(&p);
		both_push(&p, (int64_t)(rng_next(&r) >> (4 + rng_below(&r, 60))));
	}
	both_drain(&p);
	pair_destroy(&p);
}

/* A chain of tiny steps beneath a century of silence, with a burst at each step. */
static void late_pushes_nest(void **state)
{
	struct pair p = pair_create();

	(void)state;
	for (int64_t far = 1; far < NS_LONGEST / 2; far *= 2)
		both_push(&p, far);
	for (int i = 0; i < 300; i++) {
		both_pop(&p);
		for (int64_t k = 0; k < 200; k++)
			both_push(&p, k % 7);
		for (int k = 0; k < 195; k++)
			both_pop(&p);
	}
	both_drain(&p);
	pair_destroy(&p);
}

/* A run of 3 billion pushes cannot be tested, but order must not hang on how
 * many there were: an old event and a young one at one time, with many between. */
static void ties_hold_over_epochs(void **state)
{
	struct pair p = pair_create();

	(void)state;
	for (int i = 0; i < 1000; i++)
		both_push(&p, NS_PER_S);
	while (p.now < NS_PER_S - 2000) {
		both_push(&p, 1 + (NS_PER_S - p.now) / 1000);
		both_push(&p, NS_PER_S - p.now);
		both_pop(&p);
	}
	both_drain(&p);
	pair_destroy(&p);
}

/* The past is closed: a push into it is a bug of the caller, and ends the program. */
static void pushing_into_the_past_aborts(void **state)
{
	static const int64_t bad[] = { 99, -1, NS_NEVER, NS_NONE };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int status = 0;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			struct queue *q = queue_create();
			int64_t time;
			uint32_t what;

			signal(SIGABRT, SIG_DFL);
			if (!freopen("/dev/null", "w", stderr))
				_exit(1);
			queue_push(q, 100, 0);
			queue_pop(q, &time, &what);
			queue_push(q, 100, 1);
			queue_push(q, bad[i], 2);
			_exit(0);
		}
		assert_true(waitpid(child, &status, 0) == child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

/* --- memory ------------------------------------------------------------------ */

static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* Held flat: after the queue has seen its size, a hold allocates nothing. */
static void memory_is_bounded(void **state)
{
	enum { PENDING = 1000000 };
	size_t before = in_use(), small, full, later;
	struct queue *q = queue_create();
	int64_t time = 0;
	uint32_t what = 0;
	struct rng r;

	(void)state;
	if (in_use() == before) {
		queue_destroy(q);
		print_message("the allocator (a sanitizer's) does not tell how much is in use\n");
		skip();
	}
	rng_seed(&r, RNG_TEST);
	for (uint32_t i = 0; i < 100; i++)
		queue_push(q, rng_below(&r, 1000000), i);
	queue_next(q);
	small = in_use() - before;
	assert_true(small < 64 * 1024);

	for (uint32_t i = 0; i < PENDING; i++)
		queue_push(q, rng_below(&r, 2000000000), i);
	for (int i = 0; i < 4 * PENDING; i++) {
		queue_pop(q, &time, &what);
		queue_push(q, time + rng_below(&r, 2000000000), what);
	}
	full = in_use() - before;
	assert_true(full < 2 * 16 * (size_t)PENDING);
	for (int i = 0; i < 4 * PENDING; i++) {
		queue_pop(q, &time, &what);
		queue_push(q, time + rng_below(&r, 2000000000), what);
	}
	later = in_use() - before;
	assert_true(later <= full + full / 100);
	print_message("%zu bytes for 100 pending, %.1f each for %d\n", small, (double)full / PENDING, PENDING);
	queue_destroy(q);
	assert_true(in_use() <= before + 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_and_one),          cmocka_unit_test(any_sequence_of_calls),
		cmocka_unit_test(burst_before_the_first), cmocka_unit_test(all_at_one_time),
		cmocka_unit_test(corners_within_corners), cmocka_unit_test(late_pushes_nest),
		cmocka_unit_test(ties_hold_over_epochs),  cmocka_unit_test(pushing_into_the_past_aborts),
		cmocka_unit_test(memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
