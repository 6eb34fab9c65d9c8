/* An instance of a plugin: the allocator that calls it. Every call can be given up
 * (plugin_call.h): the instance then has broken a rule, and is called no more. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/plugin_call.h"
#include "sim/scheme/plugin_instance.h"

enum hook { CREATE, ALLOC, RELEASE, TICK, REVERSE, DESTROY, HOME, ROOM, PROMISE };
static const char *const hook_name[] = { "create", "alloc", "release", "tick", "reverse", "destroy", "home", "room", "promise" };

/* A call's arguments, and what came of it. */
struct hook_call {
	enum hook hook;
	struct plugin_instance *in;
	const struct cgnsim_request *request;
	struct cgnsim_grant *grant;
	struct cgnsim_promise *promise;
	int64_t  now_ns;
	uint32_t subscriber, address, slot;
	int      protocol;
	int      answer;      /* ALLOC */
	uint32_t number;      /* HOME: an address, REVERSE: a subscriber */
	bool     yes;         /* ROOM, REVERSE */
};

static void do_call(void *context)
{
	struct hook_call *c = context;
	const struct cgnsim_scheme *s = c->in->config->scheme;
	void *state = c->in->state;

	switch (c->hook) {
	case CREATE:
		c->in->state = s->create(&c->in->host);
		break;
	case ALLOC:
		c->answer = s->alloc(state, c->request, c->grant);
		break;
	case RELEASE:
		s->release(state, c->now_ns, c->subscriber, c->address, c->slot, c->protocol);
		break;
	case TICK:
		s->tick(state, c->now_ns);
		break;
	case REVERSE:
		c->yes = s->reverse(state, c->address, c->slot, &c->number);
		break;
	case DESTROY:
		s->destroy(state);
		break;
	case HOME:
		c->number = s->home(state, c->subscriber);
		break;
	case ROOM:
		c->yes = s->room(state, c->address, c->protocol);
		break;
	case PROMISE:
		s->promise(state, c->promise);
	}
}

/* False if the call did not come back, or the instance is called no more. */
static bool call(struct hook_call *c)
{
	struct plugin_instance *in = c->in;
	struct plugin_call which = { .library = in->config->library, .hook = hook_name[c->hook], .who = in };
	struct guard_report report;
	char how[PLUGIN_CALL_HOW];

	if (in->dead)
		return false;
	in->looked = 0;
	if (plugin_call(&which, do_call, c, how))
		return true;
	in->dead = true;
	report = plugin_report(in->config);
	if (in->guard)
		guard_breach(in->guard, GUARD_CALLS, "%s", how);
	else if (in->config->breach)
		report.breach(report.context, GUARD_CALLS, how);
	return false;
}

static uint32_t home_of(struct plugin_instance *in, uint32_t subscriber)
{
	struct hook_call c = { .hook = HOME, .in = in, .subscriber = subscriber };

	return call(&c) ? c.number : 0;
}

static uint32_t plugin_home(void *state, uint32_t subscriber)
{
	return home_of(state, subscriber);
}

static bool plugin_room(void *state, uint32_t address, enum protocol protocol)
{
	struct plugin_instance *in = state;
	struct hook_call c = { .hook = ROOM, .in = in, .address = address, .protocol = (int)protocol };

	if (in->config->scheme->room)
		return call(&c) && c.yes;
	return portset_free(ground_ports(in->ground, address, protocol)) > 0;
}

static enum outcome outcome_of(struct plugin_instance *in, int answer)
{
	static const enum outcome outcomes[] = {
		[CGNSIM_GIVEN] = OUT_CREATED, [CGNSIM_NO_PORT] = OUT_NO_PORT, [CGNSIM_NO_BLOCK] = OUT_NO_BLOCK,
		[CGNSIM_BLOCK_LIMIT] = OUT_BLOCK_LIMIT, [CGNSIM_RANGE_FULL] = OUT_RANGE_FULL,
		[CGNSIM_TRIES_EXHAUSTED] = OUT_TRIES_EXHAUSTED,
	};

	if (answer >= CGNSIM_GIVEN && answer <= CGNSIM_TRIES_EXHAUSTED)
		return outcomes[answer];
	guard_breach(in->guard, GUARD_REASON, "alloc() answers %d, which is none of enum cgnsim_answer", answer);
	return OUT_NO_PORT;
}

static enum outcome plugin_alloc(void *state, const struct request *r, struct binding *out)
{
	struct plugin_instance *in = state;
	uint32_t slot = in->ground->slots->slot[r->port];
	struct cgnsim_request request = {
		.time_ns = r->time_ns,
		.protocol = (int)r->protocol,
		.subscriber = r->subscriber,
		.inside = in->config->first_inside + in->ground->first_subscriber + r->subscriber,
		.inside_port = r->port,
		.remote_port = r->remote_port,
		.remote = r->remote,
		.address = r->address,
		.suggested = slot == SLOT_NONE ? CGNSIM_NONE : slot,
		.count = 1,
		.held = r->held,
		.reason = CGNSIM_FLOW,
	};
	struct cgnsim_grant grant = { .address = r->address, .slot = CGNSIM_NONE };
	struct hook_call c = { .hook = ALLOC, .in = in, .request = &request, .grant = &grant };
	enum outcome o;

	in->now_ns = r->time_ns;
	o = call(&c) ? outcome_of(in, c.answer) : OUT_NO_PORT;
	out->address = grant.address;
	out->slot = grant.slot;
	out->odds = grant.odds;
	return o;
}

static void plugin_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                           enum protocol protocol)
{
	struct plugin_instance *in = state;

	in->now_ns = now_ns;
	call(&(struct hook_call){ .hook = RELEASE, .in = in, .now_ns = now_ns, .subscriber = subscriber, .address = address,
	                          .slot = slot, .protocol = (int)protocol });
}

static int64_t plugin_next(void *state)
{
	struct plugin_instance *in = state;

	return in->wake_ns;
}

static void plugin_tick(void *state, int64_t now_ns)
{
	struct plugin_instance *in = state;

	in->now_ns = now_ns;
	in->wake_ns = NS_NEVER;
	call(&(struct hook_call){ .hook = TICK, .in = in, .now_ns = now_ns });
	if (in->wake_ns > now_ns)
		return;
	guard_breach(in->guard, GUARD_CALLS, "tick() asks to be called again at once, without end");
	in->wake_ns = NS_NEVER;
}

static void plugin_destroy(void *state)
{
	struct plugin_instance *in = state;

	if (in->state && in->config->scheme->destroy)
		call(&(struct hook_call){ .hook = DESTROY, .in = in });
	free(in);
}

static void make(struct plugin_instance *in)
{
	plugin_host_make(in);
	in->wake_ns = NS_NEVER;
	if (in->config->scheme->create)
		call(&(struct hook_call){ .hook = CREATE, .in = in });
	else
		in->state = &in->host;
}

struct allocator plugin_create_guarded(const void *config, struct guard *guard)
{
	const struct plugin_config *c = config;
	struct plugin_instance *in = must_alloc(1, sizeof(*in));

	in->config = c;
	in->guard = guard;
	in->ground = guard_ground(guard);
	make(in);
	if (!in->state)
		guard_breach(guard, GUARD_CALLS, "create() refuses an instance of %u addresses and %u subscribers",
		             in->ground->addresses, in->ground->subscribers);
	return (struct allocator){
		.home = c->scheme->home ? plugin_home : NULL,
		.room = plugin_room,
		.alloc = plugin_alloc,
		.release = c->scheme->release ? plugin_release : NULL,
		.next = c->scheme->tick ? plugin_next : NULL,
		.tick = plugin_tick,
		.destroy = plugin_destroy,
		.state = in,
		.tied = c->scheme->reverse != NULL,
	};
}

struct allocator plugin_create(const void *config, struct ground *ground)
{
	struct guard_report report = plugin_report(config);
	struct guard *guard = guard_create(ground, &report);
	struct allocator inner = plugin_create_guarded(config, guard);

	return guard_wrap(guard, &inner);
}

struct plugin_instance *plugin_rule_create(const struct plugin_config *c, const struct scheme_pool *pool)
{
	struct plugin_instance *in = must_alloc(1, sizeof(*in));

	in->config = c;
	in->ground = must_alloc(1, sizeof(*in->ground));
	*in->ground = (struct ground){ .slots = c->slots, .addresses = pool->addresses, .subscribers = pool->subscribers };
	make(in);
	if (in->state)
		return in;
	free(in->ground);
	free(in);
	return NULL;
}

void plugin_rule_destroy(struct plugin_instance *in)
{
	if (!in)
		return;
	free(in->ground);
	plugin_destroy(in);
}

bool plugin_rule_reverse(struct plugin_instance *in, uint32_t address, uint32_t slot, uint32_t *subscriber)
{
	struct hook_call c = { .hook = REVERSE, .in = in, .address = address, .slot = slot, .number = CGNSIM_NONE };

	if (!call(&c) || !c.yes || c.number >= in->ground->subscribers)
		return false;
	*subscriber = c.number;
	return true;
}

uint32_t plugin_rule_home(struct plugin_instance *in, uint32_t subscriber)
{
	return home_of(in, subscriber);
}

void plugin_rule_promise(struct plugin_instance *in, struct cgnsim_promise *out)
{
	if (in->config->scheme->promise && !call(&(struct hook_call){ .hook = PROMISE, .in = in, .promise = out }))
		*out = (struct cgnsim_promise){ 0 };
}
