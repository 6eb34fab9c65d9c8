/* An instance of a plugin: the host that it calls, and the allocator that calls it. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/simtime.h"
#include "sim/scheme/plugin.h"

/* A call that asks for more numbers than this many times those of an address is
 * taken to be one that never ends: it is told that all are free, and then nothing more. */
#define ENDLESS 64

struct plugin_instance {
	const struct plugin_config *config;
	struct ground *ground;     /* the guard's; of a rule, its own */
	struct guard *guard;       /* NULL: of a rule */
	struct cgnsim_host host;
	void *state;
	int64_t now_ns, wake_ns;
	uint64_t looked;           /* in this call */
};

static bool good_place(struct plugin_instance *in, const char *what, uint32_t address, int protocol, uint32_t last)
{
	if (!in->guard)
		return false; /* a rule knows of no numbers taken */
	if (address < in->ground->addresses && protocol >= 0 && protocol < PROTO_COUNT && last < in->ground->slots->count)
		return true;
	guard_breach(in->guard, GUARD_CALLS, "%s() is called for address %u of %u, protocol %d, slot %u of %u", what, address,
	             in->ground->addresses, protocol, last, in->ground->slots->count);
	return false;
}

/* False once it has looked at far too many. */
static bool look(struct plugin_instance *in, uint32_t slots)
{
	in->looked += slots;
	if (in->looked <= (uint64_t)ENDLESS * (in->ground->slots->count + 1024))
		return true;
	guard_breach(in->guard, GUARD_WORK, "a call looks at %llu slots of the %u that there are, and does not end",
	             (unsigned long long)in->looked, in->ground->slots->count);
	return false;
}

static bool host_taken(void *nat, uint32_t address, int protocol, uint32_t slot)
{
	struct plugin_instance *in = nat;

	if (!good_place(in, "taken", address, protocol, slot) || !look(in, 1))
		return false;
	return portset_has(ground_ports(in->ground, address, (enum protocol)protocol), slot);
}

static uint32_t host_find(void *nat, uint32_t address, int protocol, uint32_t lo, uint32_t hi, uint32_t from)
{
	struct plugin_instance *in = nat;
	uint32_t slot;

	if (!good_place(in, "find", address, protocol, hi))
		return CGNSIM_NONE;
	if (lo > from || from > hi) {
		guard_breach(in->guard, GUARD_CALLS, "find() is called from slot %u of %u to %u", from, lo, hi);
		return CGNSIM_NONE;
	}
	if (!look(in, hi - lo + 1))
		return lo;
	slot = portset_find(ground_ports(in->ground, address, (enum protocol)protocol), lo, hi, from);
	return slot == SLOT_NONE ? CGNSIM_NONE : slot;
}

static uint32_t host_free(void *nat, uint32_t address, int protocol)
{
	struct plugin_instance *in = nat;

	return good_place(in, "free_slots", address, protocol, 0)
	               ? portset_free(ground_ports(in->ground, address, (enum protocol)protocol))
	               : 0;
}

static uint32_t host_random(void *nat, uint32_t below)
{
	struct plugin_instance *in = nat;

	if (!in->guard || !below) {
		if (in->guard)
			guard_breach(in->guard, GUARD_CALLS, "random() is called for a number below 0");
		return 0;
	}
	return look(in, 1) ? rng_below(&in->ground->rng, below) : 0;
}

static void host_emit(void *nat, const struct cgnsim_block *b)
{
	static const enum nat_event_kind kinds[] = {
		[CGNSIM_BLOCK_GIVEN] = NAT_BLOCK_GIVEN, [CGNSIM_BLOCK_INTERIM] = NAT_BLOCK_INTERIM,
		[CGNSIM_BLOCK_RETURNED] = NAT_BLOCK_RETURNED, [CGNSIM_BLOCK_FREE] = NAT_BLOCK_FREE,
	};
	struct plugin_instance *in = nat;

	if (!in->guard)
		return;
	if (b->event < CGNSIM_BLOCK_GIVEN || b->event > CGNSIM_BLOCK_FREE) {
		guard_breach(in->guard, GUARD_CALLS, "emit() is called with event %d, which is none", b->event);
		return;
	}
	in->ground->sink.event(in->ground->sink.context, &(struct nat_event){
		.kind = kinds[b->event],
		.time_ns = in->now_ns,
		.subscriber = b->subscriber,
		.address = b->address,
		.slot = b->first,
		.count = b->count,
		.step = b->step,
	});
}

static void host_wake(void *nat, int64_t time_ns)
{
	struct plugin_instance *in = nat;

	if (time_ns < in->now_ns)
		time_ns = in->now_ns;
	if (time_ns < in->wake_ns)
		in->wake_ns = time_ns;
}

/* A call begins. */
static void enter(struct plugin_instance *in, int64_t now_ns)
{
	in->now_ns = now_ns;
	in->looked = 0;
}

static uint32_t plugin_home(void *state, uint32_t subscriber)
{
	struct plugin_instance *in = state;

	enter(in, in->now_ns);
	return in->config->scheme->home(in->state, subscriber);
}

static bool plugin_room(void *state, uint32_t address, enum protocol protocol)
{
	struct plugin_instance *in = state;

	enter(in, in->now_ns);
	if (in->config->scheme->room)
		return in->config->scheme->room(in->state, address, (int)protocol);
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
	enum outcome o;

	enter(in, r->time_ns);
	o = outcome_of(in, in->config->scheme->alloc(in->state, &request, &grant));
	out->address = grant.address;
	out->slot = grant.slot;
	out->odds = grant.odds;
	return o;
}

static void plugin_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot,
                           enum protocol protocol)
{
	struct plugin_instance *in = state;

	enter(in, now_ns);
	in->config->scheme->release(in->state, now_ns, subscriber, address, slot, (int)protocol);
}

static int64_t plugin_next(void *state)
{
	struct plugin_instance *in = state;

	return in->wake_ns;
}

static void plugin_tick(void *state, int64_t now_ns)
{
	struct plugin_instance *in = state;

	enter(in, now_ns);
	in->wake_ns = NS_NEVER;
	in->config->scheme->tick(in->state, now_ns);
	if (in->wake_ns > now_ns)
		return;
	guard_breach(in->guard, GUARD_CALLS, "tick() asks to be called again at once, without end");
	in->wake_ns = NS_NEVER;
}

static void plugin_destroy(void *state)
{
	struct plugin_instance *in = state;

	if (in->state && in->config->scheme->destroy)
		in->config->scheme->destroy(in->state);
	free(in);
}

static void make_host(struct plugin_instance *in)
{
	in->host = (struct cgnsim_host){
		.nat = in,
		.addresses = in->ground->addresses,
		.slots = in->ground->slots->count,
		.subscribers = in->ground->subscribers,
		.first_subscriber = in->ground->first_subscriber,
		.first_address = in->ground->first_address,
		.numbers = in->ground->slots->number,
		.values = in->config->values,
		.taken = host_taken,
		.find = host_find,
		.free_slots = host_free,
		.random = host_random,
		.emit = host_emit,
		.wake = host_wake,
	};
	in->wake_ns = NS_NEVER;
	in->state = in->config->scheme->create ? in->config->scheme->create(&in->host) : &in->host;
}

struct allocator plugin_create_guarded(const void *config, struct guard *guard)
{
	const struct plugin_config *c = config;
	struct plugin_instance *in = must_alloc(1, sizeof(*in));

	in->config = c;
	in->guard = guard;
	in->ground = guard_ground(guard);
	make_host(in);
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
	make_host(in);
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

bool plugin_rule_reverse(const struct plugin_instance *in, uint32_t address, uint32_t slot, uint32_t *subscriber)
{
	return in->config->scheme->reverse(in->state, address, slot, subscriber) && *subscriber < in->ground->subscribers;
}

uint32_t plugin_rule_home(const struct plugin_instance *in, uint32_t subscriber)
{
	return in->config->scheme->home(in->state, subscriber);
}

void plugin_rule_promise(const struct plugin_instance *in, struct cgnsim_promise *out)
{
	if (in->config->scheme->promise)
		in->config->scheme->promise(in->state, out);
}
