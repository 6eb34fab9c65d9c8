#include "sim/study/operation.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/base/simtime.h"

void operations_add(struct operations *o, const struct operation *one)
{
	if (o->count == o->room) {
		o->room = o->room ? o->room * 2 : 64;
		o->items = must_grow(o->items, o->room, sizeof(*o->items));
	}
	o->items[o->count++] = *one;
}

static void open_flow(struct operations *o, struct rng *r, uint32_t subscriber, enum protocol protocol)
{
	operations_add(o, &(struct operation){
		.kind = OPERATION_OPEN,
		.protocol = (uint8_t)protocol,
		.subscriber = subscriber,
		.port = (uint16_t)(1024 + rng_below(r, 64512)),
		.remote = 0xc6120000 + rng_below(r, OPERATION_REMOTES),
		.remote_port = protocol == PROTO_ICMP ? 0 : 443,
	});
}

static void close_flow(struct operations *o, struct rng *r, uint32_t subscriber)
{
	operations_add(o, &(struct operation){
		.kind = OPERATION_CLOSE, .subscriber = subscriber, .n = (uint32_t)(rng_next(r) >> 32) });
}

/* Odd times, so that nothing ends in the very moment in which something else begins. */
static void wait_about(struct operations *o, struct rng *r, int64_t ns)
{
	operations_add(o, &(struct operation){ .kind = OPERATION_WAIT, .wait_ns = ns / 2 + 1 + (int64_t)(rng_next(r) % (uint64_t)ns) });
}

static void make_churn(struct operations *o, struct rng *r, uint32_t subscribers)
{
	for (uint32_t wave = 0; wave < 6; wave++) {
		uint32_t opens_of_ten = 3 + 5 * (wave % 2), heavy = rng_below(r, subscribers);

		for (int i = 0; i < 500; i++) {
			uint32_t who = rng_below(r, 3) ? rng_below(r, subscribers) : heavy;

			if (rng_below(r, 10) < opens_of_ten)
				open_flow(o, r, who, (enum protocol)rng_below(r, PROTO_COUNT));
			else
				close_flow(o, r, who);
			if (rng_below(r, 4) == 0)
				wait_about(o, r, rng_below(r, 20) ? 2 * NS_PER_S : 200 * NS_PER_S);
		}
	}
}

/* A number each, then a share each, then whatever is left; at last each is refused once more. */
static void ask_for_all(struct operations *o, struct rng *r, uint32_t subscribers, uint32_t numbers, enum protocol protocol)
{
	for (uint32_t k = 0; k < subscribers; k++)
		open_flow(o, r, k, protocol);
	for (int round = 0; round < 3; round++)
		for (uint32_t k = 0; k < subscribers; k++)
			operations_add(o, &(struct operation){ .kind = OPERATION_FILL, .protocol = (uint8_t)protocol,
			                                       .subscriber = k, .n = round ? numbers + 1 : numbers / subscribers + 1 });
}

static void end_all(struct operations *o, struct rng *r, uint32_t subscribers)
{
	for (uint32_t k = 0; k < subscribers; k++)
		operations_add(o, &(struct operation){ .kind = OPERATION_DRAIN, .subscriber = k });
	wait_about(o, r, 1000 * NS_PER_S);
}

static void make_brim(struct operations *o, struct rng *r, uint32_t subscribers, uint32_t numbers, enum protocol protocol)
{
	ask_for_all(o, r, subscribers, numbers, protocol);
	for (int round = 0; round < 40; round++) {
		uint32_t few = numbers / 1000 + 1;

		for (uint32_t i = 0; i < few; i++)
			close_flow(o, r, rng_below(r, subscribers));
		wait_about(o, r, 400 * NS_PER_S);
		for (uint32_t i = 0; i < 2 * few; i++)
			open_flow(o, r, rng_below(r, subscribers), protocol);
	}
}

/* Asks again at the last time for what it may have kept from others at the first. */
static void make_fill(struct operations *o, struct rng *r, uint32_t subscribers, uint32_t numbers)
{
	for (int round = 0; round <= PROTO_COUNT; round++) {
		ask_for_all(o, r, subscribers, numbers, (enum protocol)(round % PROTO_COUNT));
		end_all(o, r, subscribers);
	}
}

static void make_one(struct operations *o, struct rng *r, uint32_t subscribers)
{
	uint32_t who = rng_below(r, subscribers);

	for (int i = 0; i < 20000; i++) {
		open_flow(o, r, who, (enum protocol)rng_below(r, PROTO_COUNT));
		if (rng_below(r, 2)) /* a port that comes again and again */
			o->items[o->count - 1].port = (uint16_t)(1024 + 991 * rng_below(r, 50));
		if (i >= 20 || rng_below(r, 3) == 0)
			close_flow(o, r, who);
		wait_about(o, r, 20 * NS_PER_S);
	}
}

void operations_make(struct operations *o, enum operation_mix mix, uint64_t seed, uint32_t subscribers, uint32_t numbers)
{
	struct rng r;

	rng_seed(&r, mix64(seed, (uint64_t)mix));
	o->count = 0;
	switch (mix) {
	case MIX_CHURN:
		make_churn(o, &r, subscribers);
		break;
	case MIX_BRIM:
		make_brim(o, &r, subscribers, numbers, (enum protocol)(seed % PROTO_COUNT));
		break;
	case MIX_FILL:
		make_fill(o, &r, subscribers, numbers);
		break;
	default:
		make_one(o, &r, subscribers);
	}
}

/* The list without `length` items from `at` on. */
static void without(struct operations *to, const struct operations *from, size_t at, size_t length)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		if (i < at || i >= at + length)
			operations_add(to, &from->items[i]);
}

static void leave_out(struct operations *o, bool (*broken)(void *context, const struct operations *o), void *context,
                      unsigned *tries)
{
	struct operations shorter = { 0 };

	for (size_t length = (o->count + 1) / 2; length && *tries;) {
		bool any = false;

		for (size_t at = 0; at < o->count && *tries;) {
			--*tries;
			without(&shorter, o, at, length);
			if (broken(context, &shorter)) {
				struct operations longer = *o;

				*o = shorter;
				shorter = longer;
				any = true;
			} else {
				at += length;
			}
		}
		if (!any || length > o->count)
			length = length > 1 ? length / 2 : 0;
	}
	free(shorter.items);
}

/* The list without all operations of one subscriber, if that still breaks it: for each. */
static void leave_out_subscribers(struct operations *o, bool (*broken)(void *context, const struct operations *o),
                                  void *context, unsigned *tries)
{
	struct operations shorter = { 0 };
	uint32_t last = 0;

	for (size_t i = 0; i < o->count; i++)
		last = o->items[i].subscriber > last ? o->items[i].subscriber : last;
	for (uint32_t who = 0; who <= last && *tries; who++) {
		shorter.count = 0;
		for (size_t i = 0; i < o->count; i++)
			if (o->items[i].kind == OPERATION_WAIT || o->items[i].subscriber != who)
				operations_add(&shorter, &o->items[i]);
		if (shorter.count == o->count)
			continue;
		--*tries;
		if (broken(context, &shorter)) {
			struct operations longer = *o;

			*o = shorter;
			shorter = longer;
		}
	}
	free(shorter.items);
}

#define PAIRED_MAX 200u /* of longer lists the pairs are too many */

/* Two at once, wherever they are: one that begins and the one that ends it. */
static bool leave_out_pairs(struct operations *o, bool (*broken)(void *context, const struct operations *o), void *context,
                            unsigned *tries)
{
	struct operations one = { 0 }, shorter = { 0 };
	bool any = false;

	for (size_t i = 0; i + 1 < o->count && o->count <= PAIRED_MAX && *tries; i++) {
		bool again = false;

		without(&one, o, i, 1);
		for (size_t k = i; k < one.count && !again && *tries; k++) {
			--*tries;
			without(&shorter, &one, k, 1);
			again = broken(context, &shorter);
		}
		if (again) {
			struct operations longer = *o;

			*o = shorter;
			shorter = longer;
			any = true;
			i--;
		}
	}
	free(one.items);
	free(shorter.items);
	return any;
}

/* The fewest times, by halves, that a FILL must ask. */
static void ask_less(struct operations *o, size_t at, bool (*broken)(void *context, const struct operations *o),
                     void *context, unsigned *tries)
{
	uint32_t good = 0, enough = o->items[at].n;

	while (enough - good > 1 && *tries) {
		o->items[at].n = good + (enough - good) / 2;
		--*tries;
		if (broken(context, o))
			enough = o->items[at].n;
		else
			good = o->items[at].n;
	}
	o->items[at].n = enough;
}

void operations_shrink(struct operations *o, bool (*broken)(void *context, const struct operations *o), void *context,
                       unsigned *tries)
{
	do {
		leave_out_subscribers(o, broken, context, tries);
		leave_out(o, broken, context, tries);
	} while (leave_out_pairs(o, broken, context, tries));
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].kind == OPERATION_FILL)
			ask_less(o, i, broken, context, tries);
}
