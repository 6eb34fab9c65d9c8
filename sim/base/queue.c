/* The event queue.
 *
 * Vocabulary, from the next event outwards:
 *
 *   run       the events of one stretch of time, sorted, being popped
 *   late      events pushed into the run's stretch after it was sorted: put into
 *             the run if their place is near its front, else into a small heap;
 *             a pop takes the lesser of run and heap
 *   rung      RING buckets of equal width (a power of two of nanoseconds) that
 *             hold events unsorted, each in a list of chunks
 *   overflow  one more such list: what lies beyond the horizon, which is the end
 *             of the first rung
 *
 * Life of an event: it is pushed into a bucket, or into the overflow, whence
 * it comes to a bucket when the first rung is used up and a new one is laid out
 * over what is pending (an epoch). When the bucket's turn comes it is sorted into
 * the run. A bucket that holds too much to be sorted in the cache, or whose
 * events sit together in a corner of it, is spread over a rung of its own,
 * 1/RING as wide; so is the run when too much is pushed late. Rungs form a stack:
 * rung d + 1 lies within a bucket of rung d that has had its turn.
 *
 *   now      run_end          rung[1]->end       rung[0]->end (horizon)
 *    |  run+late  |  rung[1]'s buckets |  rung[0]'s ...   |  overflow ...
 *
 * Ties cost nothing: lists are first in, first out, every move and every sort
 * is stable, and two events of one time always go to the same list. Only the
 * heap needs a number, and what is in it is younger than what is in the run.
 *
 * Cost: a push writes to the end of one of RING lists, an event is moved once
 * into the run, and once more for each epoch it waits through. An epoch is wide
 * enough to take in at least half of the overflow, so the latter is O(1) too. */
#include "sim/base/queue.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"

/* Measured on holds (pop one, push one) of 10 to 1,000,000 pending events with
 * constant, uniform, exponential and heavy-tailed increments. */
enum {
	RING_BITS = 10,
	RING = 1 << RING_BITS,
	CHUNK_BYTES = 512,
	CHUNK_EVENTS = CHUNK_BYTES / 16 - 1,
	EPOCH_TURNS = 8,   /* an epoch should outlast what is pending so many times */
	FILL = 32,         /* events that a bucket should hold at least, if there are enough */
	FILL_SHARE = 8,    /* if not, no more than one in so many of what is pending */
	FEW = 32,          /* sorted by insertion alone */
	MOVES = 8,         /* of insertion sort, per event, before more than a few are given up */
	SPLIT = 8192,      /* a bucket that holds more is spread over a rung of its own */
	SPLIT_FILL = 128,  /* ... in buckets of about so many */
	NEAR = 32,         /* a late event is put into the run if its place is as near as this */
	LATE = 64,         /* late events that a run bears, and one more for each LATE_SHARE in it */
	LATE_SHARE = 4,
	DEPTH_LATE = 16,   /* no rung for late events above this depth */
	DEPTH = 26,        /* a split takes 7 bits or more off a width of 53 at most */
};

struct event {
	uint64_t time;
	uint32_t what;
	uint32_t order;    /* among the late */
};

/* Aligned to its size, so that the end of a list tells which chunk it is in. */
struct chunk {
	struct chunk *next; /* of the last: the first */
	uint64_t before;    /* events in the chunks before it */
	struct event events[CHUNK_EVENTS];
};
_Static_assert(sizeof(struct chunk) == CHUNK_BYTES, "a chunk is as large as its alignment");

/* Where the next event goes; at the end of a chunk if that is full, NULL if
 * the list is empty. */
struct list {
	struct event *end;
};

struct rung {
	uint64_t start, end;       /* of a bucket i: start + (i << shift), one width on or `end` */
	unsigned shift;
	uint64_t used[RING / 64];  /* buckets that are not empty */
	struct list buckets[RING];
};

struct queue {
	struct event *run;         /* the next event; time NS_NEVER ends the run */
	uint64_t late_first;       /* time of the first late event; NS_NEVER if there is none */
	uint64_t now;              /* of the last pop */
	uint64_t run_end;          /* no event before this is in any list */
	size_t count;
	unsigned depth;            /* rungs in use */
	struct rung *rungs[DEPTH]; /* made when first needed, then kept */
	struct list overflow;
	uint64_t overflow_first;

	struct event *array;       /* of the run; [0] is a guard, earlier than any event */
	struct event *array_end;   /* the run's */
	size_t array_room;

	struct event *late;        /* a heap by (time, order); [0] is not used */
	size_t late_count, late_room;
	uint32_t late_order;
	size_t late_pushes;        /* into the heap since the run was made */

	struct chunk *free_chunks;
	struct chunk *fresh, *fresh_end; /* of the newest slab, never used yet */
	void **slabs;
	size_t slab_count, chunk_count;
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static unsigned bit_length(uint64_t x)
{
	return x ? 64 - (unsigned)__builtin_clzll(x) : 0;
}

/* --- chunks and lists ---------------------------------------------------- */

/* A quarter more each time: what is never used stays small beside what is. */
static void slab_add(struct queue *q)
{
	size_t chunks = q->chunk_count / 4 > 16 ? q->chunk_count / 4 : 16;
	char *slab = must_grow(NULL, chunks + 1, CHUNK_BYTES);

	q->slabs = must_grow(q->slabs, q->slab_count + 1, sizeof(*q->slabs));
	q->slabs[q->slab_count++] = slab;
	q->chunk_count += chunks;
	q->fresh = (struct chunk *)(void *)(slab + (-(uintptr_t)slab & (CHUNK_BYTES - 1)));
	q->fresh_end = q->fresh + chunks;
}

static struct chunk *chunk_take(struct queue *q)
{
	struct chunk *c = q->free_chunks;

	if (c) {
		q->free_chunks = c->next;
		return c;
	}
	if (q->fresh == q->fresh_end)
		slab_add(q);
	return q->fresh++;
}

static bool list_at_chunk_end(const struct list *l)
{
	return ((uintptr_t)l->end & (CHUNK_BYTES - 1)) == 0;
}

static struct chunk *list_tail(const struct list *l)
{
	return (struct chunk *)(((uintptr_t)l->end - 1) & ~(uintptr_t)(CHUNK_BYTES - 1));
}

/* Of a list that is not empty. */
static size_t list_count(const struct list *l)
{
	const struct chunk *tail = list_tail(l);

	return (size_t)tail->before + (size_t)(l->end - tail->events);
}

static __attribute__((noinline)) void list_add_chunk(struct queue *q, struct list *l)
{
	struct chunk *c = chunk_take(q);

	if (l->end) {
		struct chunk *tail = list_tail(l);

		c->next = tail->next;
		c->before = tail->before + CHUNK_EVENTS;
		tail->next = c;
	} else {
		c->next = c;
		c->before = 0;
	}
	l->end = c->events;
}

static inline void list_add(struct queue *q, struct list *l, uint64_t time, uint32_t what)
{
	if (list_at_chunk_end(l))
		list_add_chunk(q, l);
	l->end->time = time;
	l->end->what = what;
	l->end++;
}

/* Walks a list. A chunk that has been read may be given back before the next is
 * asked for, so that moving a list needs no more memory than it had. */
struct walk {
	struct chunk *next, *tail;
	struct event *end;
};

static struct walk walk_start(const struct list *l)
{
	struct chunk *tail = list_tail(l);

	return (struct walk){ .next = tail->next, .tail = tail, .end = l->end };
}

/* The events of the next chunk, up to *end; NULL after the last. */
static inline struct event *walk_next(struct walk *w, struct event **end)
{
	struct chunk *c = w->next;

	if (!c)
		return NULL;
	*end = c == w->tail ? w->end : c->events + CHUNK_EVENTS;
	w->next = c == w->tail ? NULL : c->next;
	if (w->next)
		for (size_t line = 0; line < CHUNK_BYTES; line += 64)
			__builtin_prefetch((const char *)w->next + line);
	return c->events;
}

/* The chunk that begins with these events. */
static void chunk_free(struct queue *q, struct event *events)
{
	struct chunk *c = (struct chunk *)((uintptr_t)events & ~(uintptr_t)(CHUNK_BYTES - 1));

	c->next = q->free_chunks;
	q->free_chunks = c;
}

/* All of a list's chunks at once. */
static void list_free(struct queue *q, const struct list *l)
{
	struct chunk *tail = list_tail(l);
	struct chunk *head = tail->next;

	tail->next = q->free_chunks;
	q->free_chunks = head;
}

/* --- rungs --------------------------------------------------------------- */

/* An empty rung over start .. end - 1, on top of the others. */
static struct rung *rung_push(struct queue *q, uint64_t start, uint64_t end, unsigned shift)
{
	struct rung *r;

	must(q->depth < DEPTH);
	if (!q->rungs[q->depth])
		q->rungs[q->depth] = must_alloc(1, sizeof(*r));
	r = q->rungs[q->depth++];
	r->start = start;
	r->end = end;
	r->shift = shift;
	return r;
}

static unsigned rung_shift(uint64_t span)
{
	unsigned bits = bit_length(span - 1);

	return bits > RING_BITS ? bits - RING_BITS : 0;
}

static inline void rung_add(struct queue *q, struct rung *r, uint64_t time, uint32_t what)
{
	size_t i = (time - r->start) >> r->shift;
	struct list *l = &r->buckets[i];

	if (list_at_chunk_end(l)) {
		r->used[i / 64] |= UINT64_C(1) << i % 64;
		list_add_chunk(q, l);
	}
	l->end->time = time;
	l->end->what = what;
	l->end++;
}

/* The first bucket that holds anything; RING if none does. */
static size_t rung_first(const struct rung *r)
{
	for (size_t i = 0; i < RING / 64; i++)
		if (r->used[i])
			return i * 64 + (size_t)__builtin_ctzll(r->used[i]);
	return RING;
}

/* --- the heap of late events --------------------------------------------- */

static inline bool before(const struct event *a, const struct event *b)
{
	return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static void late_add(struct queue *q, struct event e)
{
	size_t i = ++q->late_count;

	if (q->late_count >= q->late_room) {
		q->late_room = q->late_room ? 2 * q->late_room : 2 * LATE;
		q->late = must_grow(q->late, q->late_room, sizeof(*q->late));
	}
	for (; i > 1 && before(&e, &q->late[i / 2]); i /= 2)
		q->late[i] = q->late[i / 2];
	q->late[i] = e;
	q->late_first = q->late[1].time;
}

static struct event late_take(struct queue *q)
{
	struct event first = q->late[1];
	struct event e = q->late[q->late_count--];
	size_t i = 1;

	for (size_t child = 2; child <= q->late_count; child = 2 * i) {
		if (child < q->late_count && before(&q->late[child + 1], &q->late[child]))
			child++;
		if (before(&e, &q->late[child]))
			break;
		q->late[i] = q->late[child];
		i = child;
	}
	q->late[i] = e;
	if (q->late_count) {
		q->late_first = q->late[1].time;
	} else {
		q->late_first = NS_NEVER;
		q->late_order = 0;
	}
	return first;
}

/* --- the run ------------------------------------------------------------- */

static struct event *run_reserve(struct queue *q, size_t count)
{
	if (q->array_room < count + 2) {
		q->array_room = count + count / 4 + 2;
		free(q->array);
		q->array = must_grow(NULL, q->array_room, sizeof(*q->array));
		q->array[0] = (struct event){ .time = 0 };
	}
	q->late_pushes = 0;
	q->run = q->array + 1;
	q->array_end = q->run + count;
	q->array_end->time = NS_NEVER;
	return q->run;
}

/* Puts a late event straight into the run if its place is near: what is before
 * it moves into the gap that pops have left. False if it is far, if there is no
 * gap, or if an older event of the same time may be in the heap. */
static bool run_insert(struct queue *q, uint64_t time, uint32_t what)
{
	struct event *at = q->run;

	if (time >= q->late_first || at == q->array + 1)
		return false;
	if (q->array_end - at > NEAR && at[NEAR].time <= time)
		return false;
	for (; at->time <= time; at++)
		at[-1] = at[0];
	at[-1].time = time;
	at[-1].what = what;
	q->run--;
	return true;
}

/* Lays the run and the late events out over a rung of their own. */
static void run_spread(struct queue *q, uint64_t start)
{
	struct rung *r;

	while (q->depth && q->rungs[q->depth - 1]->end == q->run_end)
		q->depth--;
	r = rung_push(q, start, q->run_end, rung_shift(q->run_end - start));
	for (; q->run < q->array_end; q->run++)
		rung_add(q, r, q->run->time, q->run->what);
	while (q->late_count) {
		struct event e = late_take(q);

		rung_add(q, r, e.time, e.what);
	}
	q->run_end = start;
}

/* Insertion sort. Stable, and linear where events are in order or nearly so.
 * False if they are more than a few and not so: it gives up, with every event
 * still there. */
static bool run_sort(struct queue *q)
{
	ptrdiff_t count = q->array_end - q->run;
	ptrdiff_t moves = count * (count > FEW ? MOVES : FEW);

	for (struct event *next = q->run + 1; next < q->array_end; next++) {
		struct event e = *next;
		struct event *at = next;

		for (; at[-1].time > e.time; at--)
			*at = at[-1];
		*at = e;
		moves -= next - at;
		if (moves < 0)
			return false;
	}
	return true;
}

static void run_copy(struct queue *q, const struct list *l, size_t count)
{
	struct event *to = run_reserve(q, count);
	struct walk w = walk_start(l);

	for (struct event *end, *e; (e = walk_next(&w, &end));)
		for (; e < end; e++)
			*to++ = *e;
	list_free(q, l);
}

/* One counting pass by the leading bits within the bucket: about one event to a
 * place, so that what remains is next to sorted. */
static void run_distribute(struct queue *q, const struct list *l, size_t count, uint64_t start, unsigned shift)
{
	uint16_t places[2 * SPLIT];
	unsigned bits = (unsigned)min(bit_length(count - 1), shift);
	unsigned down = shift - bits;
	struct event *to = run_reserve(q, count);
	unsigned sum = 0;
	struct walk w;

	memset(places, 0, sizeof(*places) << bits);
	w = walk_start(l);
	for (struct event *end, *e; (e = walk_next(&w, &end));)
		for (; e < end; e++)
			places[(e->time - start) >> down]++;
	for (size_t i = 0; i < (size_t)1 << bits; i++) {
		unsigned here = places[i];

		places[i] = (uint16_t)sum;
		sum += here;
	}
	w = walk_start(l);
	for (struct event *end, *e; (e = walk_next(&w, &end));)
		for (; e < end; e++)
			to[places[(e->time - start) >> down]++] = *e;
	list_free(q, l);
}

/* Into the heap; but a run that so much is pushed into is too long. */
static void late_push(struct queue *q, uint64_t time, uint32_t what)
{
	size_t bearable = LATE + (size_t)(q->array_end - q->run) / LATE_SHARE;

	late_add(q, (struct event){ .time = time, .what = what, .order = q->late_order++ });
	if ((++q->late_pushes > bearable && q->depth < DEPTH_LATE) || q->late_order == UINT32_MAX)
		run_spread(q, q->now);
}

/* --- refilling the run --------------------------------------------------- */

/* Width of the buckets that one of width 1 << shift is split into: no more of
 * them than it has events for, since each costs a chunk. */
static unsigned split_shift(unsigned shift, size_t count)
{
	unsigned bits = bit_length(count / SPLIT_FILL);

	if (bits > RING_BITS)
		bits = RING_BITS;
	return shift > bits ? shift - bits : 0;
}

/* Bucket i of r has its turn. True if it became the run, false if it was spread. */
static bool bucket_take(struct queue *q, struct rung *r, size_t i)
{
	struct list l = r->buckets[i];
	size_t count = list_count(&l);
	uint64_t start = r->start + ((uint64_t)i << r->shift);
	uint64_t end = min(start + (UINT64_C(1) << r->shift), r->end);

	r->buckets[i].end = NULL;
	r->used[i / 64] &= ~(UINT64_C(1) << i % 64);
	if (r->shift == 0) {            /* all of one time: in order as they are */
		q->run_end = end;
		run_copy(q, &l, count);
		return true;
	}
	if (count > SPLIT) {
		struct rung *finer = rung_push(q, start, end, split_shift(r->shift, count));
		struct walk w = walk_start(&l);

		q->run_end = start;
		for (struct event *stop, *e; (e = walk_next(&w, &stop));) {
			struct event *events = e;

			for (; e < stop; e++)
				rung_add(q, finer, e->time, e->what);
			chunk_free(q, events);
		}
		return false;
	}
	q->run_end = end;
	if (count > FEW)
		run_distribute(q, &l, count, start, r->shift);
	else
		run_copy(q, &l, count);
	if (run_sort(q))
		return true;
	run_spread(q, start);
	return false;
}

/* Width of a bucket, as a shift, for an epoch over the overflow. Density is
 * taken from the near half of it: what lies far out must not make the buckets
 * wide, it can wait for another epoch. */
static unsigned epoch_shift(const struct queue *q)
{
	size_t within[65] = { 0 };
	size_t near = 0, fill = q->count * EPOCH_TURNS / RING;
	unsigned bits = 0;
	double span;
	struct walk w = walk_start(&q->overflow);

	for (struct event *end, *e; (e = walk_next(&w, &end));)
		for (; e < end; e++)
			within[bit_length(e->time - q->overflow_first)]++;
	for (near = within[0]; near < q->count / 2; near += within[bits])
		bits++;
	if (fill < FILL)
		fill = min(FILL, q->count / FILL_SHARE + 1);
	span = (double)fill / (double)near * RING * (double)(UINT64_C(1) << bits);
	return rung_shift(span < 0x1p62 ? (uint64_t)span : UINT64_C(1) << 62);
}

/* Everything pending is in the overflow: takes in the near part of it. True if
 * it became the run, all of it. */
static bool epoch_start(struct queue *q)
{
	struct list l = q->overflow;
	uint64_t start = q->overflow_first;
	struct rung *r;
	struct walk w;
	unsigned shift;

	if (q->count <= FEW) {
		run_copy(q, &l, q->count);
		q->overflow.end = NULL;
		q->overflow_first = NS_NEVER;
		run_sort(q);
		q->run_end = q->array_end[-1].time + 1;
		return true;
	}
	shift = epoch_shift(q);
	r = rung_push(q, start, start + ((uint64_t)RING << shift), shift);
	q->run_end = start;
	q->overflow.end = NULL;
	q->overflow_first = NS_NEVER;
	w = walk_start(&l);
	for (struct event *end, *e; (e = walk_next(&w, &end));) {
		struct event *events = e;

		for (; e < end; e++) {
			if (e->time < r->end) {
				rung_add(q, r, e->time, e->what);
			} else {
				q->overflow_first = min(q->overflow_first, e->time);
				list_add(q, &q->overflow, e->time, e->what);
			}
		}
		chunk_free(q, events);
	}
	return false;
}

/* Run and late events are used up. False if nothing is pending. */
static __attribute__((noinline)) bool refill(struct queue *q)
{
	if (!q->count) {
		q->depth = 0;
		q->run_end = q->now;
		return false;
	}
	for (;;) {
		if (q->depth) {
			struct rung *r = q->rungs[q->depth - 1];
			size_t i = rung_first(r);

			if (i == RING) {
				q->run_end = r->end;
				q->depth--;
			} else if (bucket_take(q, r, i)) {
				return true;
			}
		} else if (epoch_start(q)) {
			return true;
		}
	}
}

/* --- the interface ------------------------------------------------------- */

struct queue *queue_create(void)
{
	struct queue *q = must_alloc(1, sizeof(*q));

	q->late_first = NS_NEVER;
	q->overflow_first = NS_NEVER;
	run_reserve(q, 0);
	return q;
}

void queue_destroy(struct queue *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < DEPTH; i++)
		free(q->rungs[i]);
	for (size_t i = 0; i < q->slab_count; i++)
		free(q->slabs[i]);
	free(q->slabs);
	free(q->array);
	free(q->late);
	free(q);
}

void queue_push(struct queue *q, int64_t time_ns, uint32_t what)
{
	uint64_t time = (uint64_t)time_ns;

	must(time >= q->now && time < (uint64_t)NS_NEVER);
	q->count++;
	if (time < q->run_end) {
		if (!run_insert(q, time, what))
			late_push(q, time, what);
		return;
	}
	for (unsigned d = q->depth; d-- > 0;) {
		if (time < q->rungs[d]->end) {
			rung_add(q, q->rungs[d], time, what);
			return;
		}
	}
	q->overflow_first = min(q->overflow_first, time);
	list_add(q, &q->overflow, time, what);
}

int64_t queue_next(struct queue *q)
{
	if (q->run->time == NS_NEVER && q->late_first == NS_NEVER && !refill(q))
		return NS_NEVER;
	return (int64_t)min(q->run->time, q->late_first);
}

bool queue_pop(struct queue *q, int64_t *time_ns, uint32_t *what)
{
	struct event e;

	if (q->run->time > q->late_first) {
		e = late_take(q);
	} else {
		if (q->run->time == NS_NEVER && !refill(q))
			return false;
		e = *q->run++;
	}
	q->now = e.time;
	q->count--;
	*time_ns = (int64_t)e.time;
	*what = e.what;
	return true;
}

uint32_t queue_hint(const struct queue *q, unsigned n)
{
	return q->array_end - q->run > (ptrdiff_t)n ? q->run[n].what : UINT32_MAX;
}

size_t queue_count(const struct queue *q)
{
	return q->count;
}
