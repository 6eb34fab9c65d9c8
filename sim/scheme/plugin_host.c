/* What an instance of a plugin may ask of its NAT: every call is held against what can be asked. */
#include "sim/base/simtime.h"
#include "sim/scheme/plugin_call.h"
#include "sim/scheme/plugin_instance.h"

/* A call that asks for more numbers than this many times those of an address is
 * taken to be one that never ends: it is told that all are free, and then nothing more. */
#define ENDLESS 64

/* The host is there for the instance that is called, while it is called. */
static bool in_call(struct plugin_instance *in, const char *what)
{
	if (plugin_call_who() == in)
		return true;
	if (in->guard)
		guard_breach(in->guard, GUARD_CALLS, "%s() is called while the instance is not: by a thread of the plugin's own, or "
		             "with another instance's host", what);
	return false;
}

static bool good_place(struct plugin_instance *in, const char *what, uint32_t address, int protocol, uint32_t last)
{
	if (!in_call(in, what) || !in->guard)
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

	if (!in_call(in, "random") || !in->guard || !below) {
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

	if (!in_call(in, "emit") || !in->guard)
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

	if (!in_call(in, "wake"))
		return;
	if (in->guard && !in->config->scheme->tick)
		guard_breach(in->guard, GUARD_CALLS, "wake() is called, and there is no tick()");
	if (time_ns < in->now_ns)
		time_ns = in->now_ns;
	if (time_ns < in->wake_ns)
		in->wake_ns = time_ns;
}

void plugin_host_make(struct plugin_instance *in)
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
}
