/* plugin - a scheme from a shared object, as a member of the family.
 *
 * What is known of other schemes when the program is built is known of a plugin
 * when its library is open: whether it logs mappings, and whether it has a rule.
 * So there are four types of plugin, and settle() says which one a scheme is. */
#include "sim/scheme/plugin.h"

#include <stdlib.h>

#include "sim/base/must.h"

static const struct param params[] = {
	{ .name = "library", .type = PARAM_FILE, .offset = offsetof(struct plugin_config, library),
	  .help = "the shared object, as include/cgnsim/scheme.h describes it" },
	{ .name = "parameters", .type = PARAM_NAMED, .preset = "{}", .offset = offsetof(struct plugin_config, parameters),
	  .help = "the library's own parameters: whole numbers, durations, true and false" },
	{ 0 },
};

static void breach(void *context, enum guard_rule rule, const char *text)
{
	struct plugin_breach *b = context;

	pthread_mutex_lock(&b->lock);
	if (!b->is) {
		b->is = true;
		b->rule = rule;
		b->text = must_strdup(text);
	}
	pthread_mutex_unlock(&b->lock);
}

struct guard_report plugin_report(const struct plugin_config *c)
{
	return (struct guard_report){ .context = c->breach, .breach = breach, .unpaired = c->unpaired };
}

static void plugin_unsettle(void *config)
{
	struct plugin_config *c = config;

	plugin_rule_destroy(c->rule);
	c->rule = NULL;
	slots_destroy(c->slots);
	c->slots = NULL;
	free(c->tenants);
	free(c->first_tenant);
	c->tenants = c->first_tenant = NULL;
	if (c->breach) {
		pthread_mutex_destroy(&c->breach->lock);
		free(c->breach->text);
		free(c->breach);
		c->breach = NULL;
	}
	plugin_close(c);
}

static const struct scheme_type *plugin_variant(const void *config)
{
	const struct plugin_config *c = config;

	if (!c->scheme)
		return &scheme_plugin;
	if (c->scheme->reverse)
		return c->scheme->logs == CGNSIM_LOGS_MAPPINGS ? &scheme_plugin_logged_rule : &scheme_plugin_rule;
	return c->scheme->logs == CGNSIM_LOGS_MAPPINGS ? &scheme_plugin : &scheme_plugin_blocks;
}

/* Who lives on each address, by address: attribution asks for them one after the other. */
static void list_tenants(struct plugin_config *c, const struct scheme_pool *pool)
{
	uint32_t *next = must_alloc(pool->addresses, sizeof(*next));
	uint32_t *home = must_alloc(pool->subscribers, sizeof(*home)); /* asked once: another answer later is not to matter here */

	c->first_tenant = must_alloc((size_t)pool->addresses + 1, sizeof(*c->first_tenant));
	c->tenants = must_alloc(pool->subscribers, sizeof(*c->tenants));
	for (uint32_t k = 0; k < pool->subscribers; k++)
		if ((home[k] = plugin_rule_home(c->rule, k)) < pool->addresses)
			c->first_tenant[home[k] + 1]++;
	for (uint32_t a = 0; a < pool->addresses; a++) {
		next[a] = c->first_tenant[a];
		c->first_tenant[a + 1] += c->first_tenant[a];
	}
	for (uint32_t k = 0; k < pool->subscribers; k++)
		if (home[k] < pool->addresses)
			c->tenants[next[home[k]]++] = k;
	free(home);
	free(next);
}

static bool plugin_settle(void *config, const struct scheme_pool *pool, const char *place, struct err *e)
{
	struct plugin_config *c = config;

	plugin_unsettle(c);
	if (!plugin_open(c, place, e))
		return false;
	c->breach = must_alloc(1, sizeof(*c->breach));
	must(!pthread_mutex_init(&c->breach->lock, NULL));
	c->first_inside = pool->first_inside;
	c->unpaired = pool->config->pooling != POOLING_PAIRED;
	c->slots = slots_create(pool->config->ports, &pool->config->exclude);
	c->rule = plugin_rule_create(c, pool);
	if (c->rule && c->scheme->reverse)
		list_tenants(c, pool);
	if (c->breach->is)
		return fail(e, "%s: %s: %s", place, c->library, c->breach->text);
	if (!c->rule)
		return fail(e, "%s.parameters: %s refuses them", place, c->scheme->name);
	return true;
}

static bool plugin_fault(const void *config, struct err *e)
{
	const struct plugin_config *c = config;

	bool is, told;

	if (!c->breach)
		return true;
	pthread_mutex_lock(&c->breach->lock);
	is = c->breach->is;
	told = c->breach->told;
	c->breach->told = is;
	pthread_mutex_unlock(&c->breach->lock);
	if (is && !told)
		fail(e, "%s: %s; `cgnsim conform --plugin %s` looks for the shortest way there", c->library,
		     c->breach->text, c->library);
	return !is;
}

static void plugin_promise(const void *config, const struct scheme_pool *pool, struct scheme_promise *out)
{
	const struct plugin_config *c = config;
	struct cgnsim_promise promise = { 0 };

	(void)pool;
	plugin_rule_promise(c->rule, &promise);
	*out = (struct scheme_promise){ .most = promise.most, .draws = promise.draws, .partial = promise.partial,
	                                  .interval_ns = promise.interval_ns };
}

static enum scheme_tie plugin_tie(const void *config, uint32_t *each)
{
	const struct plugin_config *c = config;

	*each = 0;
	return c->scheme->home || c->scheme->reverse ? TIE_WHOLE : TIE_NONE;
}

/* The rule is asked slot by slot: a library says no more of it. */
static uint32_t rule_numbers(const void *config, const struct scheme_pool *pool, uint32_t subscriber)
{
	const struct plugin_config *c = config;
	uint32_t address = plugin_rule_home(c->rule, subscriber), n = 0, who;

	(void)pool;
	for (uint32_t slot = 0; slot < c->slots->count; slot++)
		n += plugin_rule_reverse(c->rule, address, slot, &who) && who == subscriber;
	return n;
}

static void rule_forward(const void *config, const struct scheme_pool *pool, uint32_t subscriber, uint32_t n,
                         struct scheme_number *out)
{
	const struct plugin_config *c = config;
	uint32_t address = plugin_rule_home(c->rule, subscriber), who;

	(void)pool;
	for (uint32_t slot = 0; slot < c->slots->count; slot++)
		if (plugin_rule_reverse(c->rule, address, slot, &who) && who == subscriber && n-- == 0) {
			*out = (struct scheme_number){ .address = address, .slot = slot };
			return;
		}
	must(!"a number beyond those of the subscriber");
}

static bool rule_reverse(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t slot,
                         uint32_t *subscriber)
{
	const struct plugin_config *c = config;

	(void)pool;
	return plugin_rule_reverse(c->rule, address, slot, subscriber);
}

static bool rule_tenant(const void *config, const struct scheme_pool *pool, uint32_t address, uint32_t n,
                        uint32_t *subscriber)
{
	const struct plugin_config *c = config;

	(void)pool;
	if (n >= c->first_tenant[address + 1] - c->first_tenant[address])
		return false;
	*subscriber = c->tenants[c->first_tenant[address] + n];
	return true;
}

#define PLUGIN \
	.name = "plugin", \
	.summary = "a scheme of your own from a shared object (docs/plugin.md)", \
	.params = params, \
	.config_size = sizeof(struct plugin_config), \
	.settle = plugin_settle, \
	.unsettle = plugin_unsettle, \
	.variant = plugin_variant, \
	.create = plugin_create, \
	.create_guarded = plugin_create_guarded, \
	.tie = plugin_tie, \
	.promise = plugin_promise, \
	.fault = plugin_fault

const struct scheme_type scheme_plugin = { PLUGIN, .logs_mappings = true };
const struct scheme_type scheme_plugin_blocks = { PLUGIN };

#define PLUGIN_RULE \
	PLUGIN, \
	.numbers = rule_numbers, \
	.forward = rule_forward, \
	.reverse = rule_reverse, \
	.tenant = rule_tenant

const struct scheme_type scheme_plugin_rule = { PLUGIN_RULE };
const struct scheme_type scheme_plugin_logged_rule = { PLUGIN_RULE, .logs_mappings = true };
