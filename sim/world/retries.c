#include "sim/world/retries.h"

#include <stdlib.h>

#include "sim/base/must.h"

/* Linux (RFC 6298 section 2, an initial timeout of 1 s that doubles, tcp_syn_retries 6); ns-3's TcpSocketBase (3 s, 6 tries). */
static const int64_t linux_delays[] = { 1 * NS_PER_S, 3 * NS_PER_S, 7 * NS_PER_S, 15 * NS_PER_S, 31 * NS_PER_S, 63 * NS_PER_S, 0 };
static const int64_t ns3_delays[] = { 3 * NS_PER_S, 9 * NS_PER_S, 21 * NS_PER_S, 45 * NS_PER_S, 93 * NS_PER_S, 0 };

void retries_init(struct retries *r, int retry)
{
	static const int64_t *const delays[] = { [RETRY_NONE] = NULL, [RETRY_TCP] = linux_delays, [RETRY_NS3] = ns3_delays };

	*r = (struct retries){ .delays = delays[retry] };
}

void retries_clear(struct retries *r)
{
	free(r->heap);
	*r = (struct retries){ 0 };
}

static bool before(const struct retry *a, const struct retry *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

/* Puts it at the hole, or where its way to the root leads. */
static void rise(struct retries *r, uint32_t hole, const struct retry *new)
{
	for (; hole && before(new, &r->heap[(hole - 1) / 2]); hole = (hole - 1) / 2)
		r->heap[hole] = r->heap[(hole - 1) / 2];
	r->heap[hole] = *new;
}

static bool wait(struct retries *r, const struct segment *train, uint32_t tries)
{
	struct retry new = { .due_ns = train->start_ns + r->delays[tries - 1], .order = r->order++, .tries = tries, .train = *train };

	if (!r->delays[tries - 1])
		return false;
	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 16;
		r->heap = must_grow(r->heap, r->room, sizeof(*r->heap));
	}
	rise(r, r->count++, &new);
	return true;
}

bool retries_refused(struct retries *r, const struct segment *train)
{
	return r->delays && train->protocol == PROTO_TCP && train->flags & SEG_FIRST && train->flags & SEG_SYN_OUT &&
	       wait(r, train, 1);
}

bool retries_again(struct retries *r, const struct retry *retry)
{
	return wait(r, &retry->train, retry->tries + 1);
}

struct retry retries_take(struct retries *r)
{
	struct retry first = r->heap[0], last = r->heap[--r->count];
	uint32_t hole = 0;

	for (;;) {
		uint32_t child = 2 * hole + 1;

		if (child + 1 < r->count && before(&r->heap[child + 1], &r->heap[child]))
			child++;
		if (child >= r->count || before(&last, &r->heap[child]))
			break;
		r->heap[hole] = r->heap[child];
		hole = child;
	}
	if (r->count)
		r->heap[hole] = last;
	return first;
}

static void shift(int64_t *time_ns, int64_t by_ns)
{
	if (*time_ns != NS_NONE)
		*time_ns += by_ns;
}

struct segment retry_train(const struct retry *retry)
{
	struct segment train = retry->train;
	int64_t by_ns = retry->due_ns - train.start_ns;

	shift(&train.start_ns, by_ns);
	shift(&train.last_out_ns, by_ns);
	shift(&train.first_in_ns, by_ns);
	shift(&train.last_in_ns, by_ns);
	return train;
}
