/* Lookups of `map`: whose is this address and port, and which is this subscriber's n-th number, for each kind of rule.
 * What is asked is drawn beforehand, uniformly over the pool, so that the rule alone is timed. */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/scenario/scenario.h"

#define QUESTIONS 65536
#define KEY "\"key\": \"000102030405060708090a0b0c0d0e0f\""

#define ARBITRARY "\"pool\": { \"pooling\": \"arbitrary\" }"

/* Every kind of rule; "map, NAME, reverse" and "map, NAME, forward" are the series. */
static const struct kind {
	const char *name, *scheme;
} rules[] = {
	{ "deterministic", "\"type\": \"deterministic\"" },
	{ "deterministic with a dynamic pool", "\"type\": \"deterministic\", \"dynamic\": 8" },
	{ "address-first", "\"type\": \"deterministic\", \"fill\": \"address-first\"" },
	{ "interlaced", "\"type\": \"deterministic\", \"algorithm\": 1" },
	{ "round robin", "\"type\": \"deterministic\", \"algorithm\": 2, " ARBITRARY },
	{ "interlaced horizontally", "\"type\": \"deterministic\", \"algorithm\": 3, " ARBITRARY },
	{ "cryptographic", "\"type\": \"deterministic\", \"algorithm\": 4, " KEY },
	{ "cryptographic with a dynamic pool", "\"type\": \"deterministic\", \"algorithm\": 4, \"dynamic\": 8, " KEY },
	{ "continuous", "\"type\": \"deterministic\", \"layout\": \"continuous\", " ARBITRARY },
	{ "port-set", "\"type\": \"port-set\", \"psid_length\": 6" },
	{ "port-set of offset 0", "\"type\": \"port-set\", \"psid_offset\": 0, \"psid_length\": 7" },
	{ "masks", "\"type\": \"port-set\", \"masks\": \"0x01f0\", \"pool\": { \"prefixes\": [\"192.0.2.0/23\"] }" },
	{ "cryptographic port-set", "\"type\": \"port-set\", \"psid_length\": 6, " KEY },
	{ "A+P", "\"type\": \"port-set\", \"psid_offset\": 0, \"psid_length\": 9, \"sharing\": 64, \"growth\": 128" },
	{ "one-to-one", "\"type\": \"one-to-one\", \"pool\": { \"prefixes\": [\"198.18.0.0/18\"] }" },
};

struct question {
	uint32_t outside, subscriber, n;
	uint16_t port;
};

static volatile uint64_t answers; /* so that none is left out */

static double reverse_seconds(const struct trial *t, const struct scheme_pool *pool, const struct question *q, uint32_t rounds)
{
	double begin = seconds_now();
	uint64_t sum = 0;

	for (uint32_t r = 0; r < rounds; r++)
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			uint32_t inside = 0;

			if (scheme_lookup(t->scheme, t->scheme_config, pool, q[i].outside, q[i].port, &inside))
				sum += inside;
		}
	answers = sum;
	return seconds_now() - begin;
}

static double forward_seconds(const struct trial *t, const struct scheme_pool *pool, const struct question *q, uint32_t rounds)
{
	double begin = seconds_now();
	uint64_t sum = 0;

	for (uint32_t r = 0; r < rounds; r++)
		for (uint32_t i = 0; i < QUESTIONS; i++) {
			struct scheme_number number;

			t->scheme->forward(t->scheme_config, pool, q[i].subscriber, q[i].n, &number);
			sum += pool_config_address(pool->config, number.address) + slots_number(pool->slots, number.slot);
		}
	answers = sum;
	return seconds_now() - begin;
}

static void add(struct bench *b, const char *rule, const char *direction, double a_second, double *slowest)
{
	char *name = must_printf("map, %s, %s", rule, direction);

	sheet_add(b->sheet, name, LOOKUPS_UNIT, a_second);
	if (!*slowest || a_second < *slowest)
		*slowest = a_second;
	free(name);
}

static void measure(struct bench *b, const struct kind *rule, struct question *q, double *slowest)
{
	char *text = must_printf("{ \"subscribers\": { \"count\": 16384 }, \"pool\": { \"prefixes\": [\"192.0.2.0/25\", "
	                         "\"198.51.100.0/25\"] }, \"schemes\": [{ %s }] }", rule->scheme);
	uint32_t rounds = b->quick ? 4 : 100;
	double lookups = (double)rounds * QUESTIONS;
	struct err e = ERR_INIT;
	struct scenario *s = scenario_parse(text, strlen(text), "bench", NULL, &e);
	struct scheme_pool pool;
	struct rng rng;

	if (!s) {
		err_print(&e, stderr);
		give_up("the rule of %s does not load", rule->name);
	}
	must(scheme_pool_fill(&pool, &s->workload, &s->trials[0]));
	rng_seed(&rng, RNG_TEST);
	for (uint32_t i = 0; i < QUESTIONS; i++) {
		q[i].outside = pool_config_address(pool.config, rng_below(&rng, pool.addresses));
		q[i].port = (uint16_t)(1024 + rng_below(&rng, 64512));
		q[i].subscriber = rng_below(&rng, pool.subscribers);
		q[i].n = rng_below(&rng, s->trials[0].scheme->numbers(s->trials[0].scheme_config, &pool, q[i].subscriber));
	}
	add(b, rule->name, "reverse", lookups / reverse_seconds(&s->trials[0], &pool, q, rounds), slowest);
	add(b, rule->name, "forward", lookups / forward_seconds(&s->trials[0], &pool, q, rounds), slowest);
	scheme_pool_clear(&pool);
	scenario_destroy(s);
	free(text);
}

void bench_lookups(struct bench *b)
{
	struct question *questions = must_alloc(QUESTIONS, sizeof(*questions));
	double slowest = 0;

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		measure(b, &rules[i], questions, &slowest);
	sheet_add(b->sheet, LOOKUPS_SLOWEST, LOOKUPS_UNIT, slowest);
	sheet_add(b->sheet, LOOKUPS_WANTED, LOOKUPS_UNIT, 1e7);
	free(questions);
}
