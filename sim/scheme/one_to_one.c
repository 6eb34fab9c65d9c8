/* one-to-one - no sharing: subscriber k has address k, with all of its numbers.
 * The baseline of all others. A mapping keeps its inside port where it can, as a
 * NAT that has no need to translate ports does (RFC 3022 section 2). */
#include "sim/base/must.h"
#include "sim/scheme/own.h"

struct one_to_one_config {
	int select;
	uint32_t subscribers, addresses, numbers; /* settled */
};

static const char *const select_choices[] = { "random", "preserve", NULL };

static const struct param params[] = {
	{ .name = "select", .type = PARAM_CHOICE, .preset = "\"preserve\"", .choices = select_choices,
	  .offset = offsetof(struct one_to_one_config, select),
	  .help = "preserve: the inside port if it is free, else a random one; random: always a random one" },
	{ .name = NULL },
};

static bool one_to_one_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct one_to_one_config *c = config;

	c->subscribers = pool->subscribers;
	c->addresses = pool->addresses;
	c->numbers = pool->slots->count;
	if (pool->addresses < pool->subscribers)
		return fail(e, "%s: %u subscribers need as many addresses, and the pool has %u", place, pool->subscribers,
		            pool->addresses);
	return true;
}

static struct allocator one_to_one_create(const void *config, struct ground *ground)
{
	const struct one_to_one_config *c = config;

	return own_allocator(&(struct own_setup){
		.type = &scheme_one_to_one,
		.config = config,
		.addresses = c->addresses,
		.subscribers = c->subscribers,
		.select = c->select,
	}, ground);
}

static enum scheme_tie one_to_one_tie(const void *config, uint32_t *each)
{
	(void)config;
	*each = 1;
	return TIE_RUNS;
}

static uint64_t one_to_one_assigned(const void *config, const struct scheme_pool *pool)
{
	return (uint64_t)((const struct one_to_one_config *)config)->numbers * pool->subscribers;
}

static uint64_t one_to_one_stranded(const void *config, const struct scheme_pool *pool)
{
	return (uint64_t)((const struct one_to_one_config *)config)->numbers * (pool->addresses - pool->subscribers);
}

static uint32_t one_to_one_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber)
{
	(void)pool;
	(void)subscriber;
	return ((const struct one_to_one_config *)config)->numbers;
}

static void one_to_one_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                               struct scheme_number *out)
{
	(void)config;
	(void)pool;
	*out = (struct scheme_number){ subscriber, n };
}

static bool one_to_one_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                               uint32_t *subscriber)
{
	(void)pool;
	(void)slot;
	*subscriber = address;
	return address < ((const struct one_to_one_config *)config)->subscribers;
}

static bool one_to_one_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                              uint32_t *subscriber)
{
	return n == 0 && one_to_one_reverse(config, pool, address, 0, subscriber);
}

const struct scheme_type scheme_one_to_one = {
	.name = "one-to-one",
	.summary = "no sharing: each subscriber has an address of its own; nothing is logged",
	.params = params,
	.config_size = sizeof(struct one_to_one_config),
	.settle = one_to_one_settle,
	.create = one_to_one_create,
	.tie = one_to_one_tie,
	.stranded = one_to_one_stranded,
	.assigned = one_to_one_assigned,
	.numbers = one_to_one_numbers,
	.forward = one_to_one_forward,
	.reverse = one_to_one_reverse,
	.tenant = one_to_one_tenant,
};
