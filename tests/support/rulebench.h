/* rulebench - an algorithmic scheme settled on a pool from a scenario's text, and
 * its rule held to what every rule must keep. Header only, for tests. ' stands for ". */
#ifndef TESTS_SUPPORT_RULEBENCH_H
#define TESTS_SUPPORT_RULEBENCH_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scenario/scenario.h"

struct rulebench {
	struct scenario *scenario;
	const struct trial *trial;
	struct scheme_pool pool;
};

/* `body` is what stands between the scenario's braces. False with `e` set. */
static inline bool rulebench_open(struct rulebench *b, const char *body, struct err *e)
{
	char *json = must_printf("{ %s }", body);

	for (char *c = json; *c; c++)
		if (*c == '\'')
			*c = '"';
	*b = (struct rulebench){ .scenario = scenario_parse(json, strlen(json), "test", NULL, e) };
	free(json);
	if (!b->scenario)
		return false;
	b->trial = &b->scenario->trials[0];
	must(scheme_pool_fill(&b->pool, &b->scenario->workload, b->trial));
	return true;
}

static inline void rulebench_must_open(struct rulebench *b, const char *body)
{
	struct err e = ERR_INIT;

	if (!rulebench_open(b, body, &e)) {
		err_print(&e, stderr);
		must(!"a scenario that should be good");
	}
}

static inline void rulebench_close(struct rulebench *b)
{
	if (b->scenario)
		scheme_pool_clear(&b->pool);
	scenario_destroy(b->scenario);
}

static inline uint32_t rulebench_numbers(const struct rulebench *b, uint32_t subscriber)
{
	return b->trial->scheme->numbers(b->trial->scheme_config, &b->pool, subscriber);
}

/* The n-th number of a subscriber, as address index and port. */
static inline void rulebench_number(const struct rulebench *b, uint32_t subscriber, uint32_t n, uint32_t *address,
                                    uint16_t *port)
{
	struct scheme_number number;

	b->trial->scheme->forward(b->trial->scheme_config, &b->pool, subscriber, n, &number);
	*address = number.address;
	*port = slots_number(b->pool.slots, number.slot);
}

/* Whose a number is; UINT32_MAX: nobody's. */
static inline uint32_t rulebench_holder(const struct rulebench *b, uint32_t address, uint16_t port)
{
	uint32_t who, slot = b->pool.slots->slot[port];

	if (slot == SLOT_NONE ||
	    !b->trial->scheme->reverse(b->trial->scheme_config, &b->pool, address, slot, &who))
		return UINT32_MAX;
	return who;
}

/* Forward then reverse is the identity for every number of `subscribers` of them, evenly
 * spread; no number is given twice; returns how many numbers were looked at. */
static inline uint64_t rulebench_identity(const struct rulebench *b, uint32_t subscribers)
{
	const struct scheme_type *t = b->trial->scheme;
	uint32_t all = b->pool.subscribers, step = all > subscribers ? all / subscribers : 1;
	uint64_t looked = 0;

	for (uint32_t k = 0; k < all; k += step) {
		for (uint32_t n = 0; n < rulebench_numbers(b, k); n++, looked++) {
			struct scheme_number number;
			uint32_t who;

			t->forward(b->trial->scheme_config, &b->pool, k, n, &number);
			must(number.address < b->pool.addresses && number.slot < b->pool.slots->count);
			must(t->reverse(b->trial->scheme_config, &b->pool, number.address, number.slot, &who) && who == k);
		}
	}
	return looked;
}

/* The reverse of every number of every address: each leads to a subscriber who has
 * it, or to nobody; as many lead to somebody as subscribers have; those with a number on an
 * address are its tenants, each named once. Returns how many are somebody's. */
static inline uint64_t rulebench_reverse_all(const struct rulebench *b)
{
	const struct scheme_type *t = b->trial->scheme;
	const void *config = b->trial->scheme_config;
	uint8_t *here = must_alloc(b->pool.subscribers, 1);
	uint64_t theirs = 0, own = 0;

	for (uint32_t a = 0; a < b->pool.addresses; a++) {
		uint32_t who, tenants = 0;

		memset(here, 0, b->pool.subscribers);
		for (uint32_t slot = 0; slot < b->pool.slots->count; slot++)
			if (t->reverse(config, &b->pool, a, slot, &who)) {
				must(who < b->pool.subscribers);
				here[who] = 1;
				theirs++;
			}
		while (t->tenant(config, &b->pool, a, tenants, &who)) {
			must(who < b->pool.subscribers && here[who] == 1);
			here[who] = 2;
			tenants++;
		}
		for (uint32_t k = 0; k < b->pool.subscribers; k++)
			must(here[k] != 1);
	}
	for (uint32_t k = 0; k < b->pool.subscribers; k++)
		own += rulebench_numbers(b, k);
	must(theirs == own && own == t->assigned(config, &b->pool));
	free(here);
	return theirs;
}

#endif
