#include "sim/scheme/own.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/pick.h"

#define DRAWS 8

/* A subscriber's own numbers of one protocol. */
struct account {
	uint32_t used;   /* live or held; not counted where numbers carry several mappings */
	bool     shown;  /* one came back: a guesser who saw it knows a free one */
};

struct own {
	struct own_setup setup;
	struct ground *ground;
	struct scheme_pool pool;   /* for the rule */
	struct blocks *blocks;     /* NULL: no dynamic pool; owned */
	struct account *accounts;  /* by subscriber and protocol; owned */
};

static uint32_t numbers_of(const struct own *o, uint32_t subscriber)
{
	return o->setup.type->numbers(o->setup.config, &o->pool, o->ground->first_subscriber + subscriber);
}

/* The n-th number, by the instance's own count of addresses. */
static struct scheme_number number_of(const struct own *o, uint32_t subscriber, uint32_t n)
{
	struct scheme_number number;

	o->setup.type->forward(o->setup.config, &o->pool, o->ground->first_subscriber + subscriber, n, &number);
	number.address -= o->ground->first_address;
	return number;
}

static bool is_own(const struct own *o, uint32_t subscriber, uint32_t address, uint32_t slot)
{
	uint32_t who;

	return o->setup.type->reverse(o->setup.config, &o->pool, o->ground->first_address + address, slot, &who) &&
	       who == o->ground->first_subscriber + subscriber;
}

static bool is_free(const struct own *o, const struct request *r, struct scheme_number number)
{
	struct request there = *r;

	there.address = number.address;
	return pick_is_free(o->ground, &there, number.slot);
}

static uint32_t own_home(void *state, uint32_t subscriber)
{
	return number_of(state, subscriber, 0).address;
}

static bool own_room(void *state, uint32_t address, enum protocol protocol)
{
	(void)state;
	(void)address;
	(void)protocol;
	return true; /* never asked: every subscriber has a home */
}

/* A few uniform draws, then one of the free ones by its rank among them, drawn too, so that each number is looked at
 * once more at most and the choice stays uniform, as the odds say. `used` of them are taken, and not all. */
static struct scheme_number pick(const struct own *o, const struct request *r, uint32_t count, uint32_t used)
{
	struct scheme_number number;
	uint32_t rank;

	if (o->setup.select == OWN_PRESERVE) {
		number = (struct scheme_number){ number_of(o, r->subscriber, 0).address, o->ground->slots->slot[r->port] };
		if (number.slot != SLOT_NONE && is_own(o, r->subscriber, number.address, number.slot) && is_free(o, r, number))
			return number;
	}
	for (int i = 0; i < DRAWS; i++) {
		number = number_of(o, r->subscriber, rng_below(&o->ground->rng, count));
		if (is_free(o, r, number))
			return number;
	}
	rank = rng_below(&o->ground->rng, count - used);
	for (uint32_t n = 0; n < count; n++) {
		number = number_of(o, r->subscriber, n);
		if (is_free(o, r, number) && !rank--)
			return number;
	}
	must(!"a subscriber's own numbers are all taken, and were counted free");
	return number;
}

/* The first free one from a place on, round all of them once; its slot is SLOT_NONE if none is. */
static struct scheme_number walk(const struct own *o, const struct request *r, uint32_t count, uint32_t from)
{
	struct scheme_number number;

	for (uint32_t i = 0; i < count; i++) {
		number = number_of(o, r->subscriber, (from + i) % count);
		if (is_free(o, r, number))
			return number;
	}
	number.slot = SLOT_NONE;
	return number;
}

/* What a guesser has to choose from. Behind a key it knows the numbers that it
 * has seen, and nothing of the rest; one of them may be free again. */
static uint32_t odds_of(const struct own *o, const struct account *a, uint32_t count)
{
	if (o->setup.select != OWN_RANDOM)
		return 1; /* as guessable as the inside port */
	if (o->setup.overload)
		return ODDS_UNKNOWN; /* the walk favours the number behind a run that carries the remote already */
	if (o->setup.hidden && !a->shown)
		return o->setup.hidden - a->used;
	return count - a->used;
}

/* A number of the dynamic pool, on the address of the subscriber's first number. */
static enum outcome alloc_dynamic(const struct own *o, const struct request *r, struct binding *out)
{
	struct request at_home = *r;

	if (!o->blocks)
		return OUT_RANGE_FULL;
	at_home.address = out->address = number_of(o, r->subscriber, 0).address;
	return blocks_alloc(o->blocks, &at_home, out);
}

static enum outcome own_alloc(void *state, const struct request *r, struct binding *out)
{
	struct own *o = state;
	struct account *a = &o->accounts[r->subscriber * PROTO_COUNT + r->protocol];
	uint32_t count = numbers_of(o, r->subscriber);
	struct scheme_number number;

	if (!o->setup.overload && a->used == count)
		return alloc_dynamic(o, r, out);
	if (o->setup.select == OWN_MODULO)
		number = walk(o, r, count, r->port % count);
	else if (o->setup.overload)
		number = walk(o, r, count, rng_below(&o->ground->rng, count));
	else
		number = pick(o, r, count, a->used);
	if (number.slot == SLOT_NONE)
		return OUT_RANGE_FULL;
	out->address = number.address;
	out->slot = number.slot;
	out->odds = odds_of(o, a, count);
	a->used += !o->setup.overload;
	return OUT_CREATED;
}

static void own_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                        enum protocol protocol)
{
	struct own *o = state;
	struct account *a = &o->accounts[subscriber * PROTO_COUNT + protocol];

	if (is_own(o, subscriber, address, slot)) {
		a->used -= !o->setup.overload;
		a->shown = true;
	} else {
		blocks_release(o->blocks, now_ns, address, slot, protocol);
	}
}

static bool own_owns(void *state, uint32_t subscriber)
{
	struct own *o = state;

	return o->blocks && blocks_owned(o->blocks, subscriber);
}

static void own_destroy(void *state)
{
	struct own *o = state;

	blocks_destroy(o->blocks);
	free(o->accounts);
	free(o);
}

struct allocator own_allocator(const struct own_setup *setup, struct ground *ground)
{
	struct own *o = must_alloc(1, sizeof(*o));

	o->setup = *setup;
	o->ground = ground;
	o->pool = (struct scheme_pool){
		.slots = ground->slots,
		.addresses = setup->addresses,
		.subscribers = setup->subscribers,
	};
	o->accounts = must_alloc((size_t)ground->subscribers * PROTO_COUNT, sizeof(*o->accounts));
	if (setup->blocks)
		o->blocks = blocks_create(setup->blocks, ground);
	return (struct allocator){
		.home = own_home,
		.room = own_room,
		.alloc = own_alloc,
		.release = own_release,
		.owns = own_owns,
		.destroy = own_destroy,
		.tied = true,
		.overloads = setup->overload,
		.state = o,
	};
}
