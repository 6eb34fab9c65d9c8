/* A new mapping: the limits are asked, then pooling finds an address and the
 * scheme a number. If there is none, the NAT may make room: its last holder may
 * have a held number back (RFC 6888 REQ-8), or, against REQ-11, somebody else's
 * mapping is evicted. */
#include "sim/base/must.h"
#include "sim/nat/errors.h"
#include "sim/nat/rate.h"
#include "sim/nat/state.h"

bool destination_is_exempt(const struct nat_config *config, uint32_t remote, uint16_t remote_port)
{
	for (size_t i = 0; i < config->exempt.count; i++) {
		const struct exempt *x = &config->exempt.items[i];

		if (range_has(x->addresses, remote) && (!x->port || x->port == remote_port))
			return true;
	}
	return false;
}

/* The first limit that stands against a new mapping; OUT_CREATED if none does. */
static enum outcome admit(const struct nat *nat, const struct tenant *tenant, const struct need *need)
{
	const struct nat_limits *limits = &nat->config->limits;
	const uint32_t of_protocol[PROTO_COUNT] = { limits->tcp, limits->udp, limits->icmp };
	enum protocol protocol = need->inside.protocol;
	uint32_t active = tenant->active[PROTO_TCP] + tenant->active[PROTO_UDP] + tenant->active[PROTO_ICMP];

	if (limits->new_per_second && !rate_has(tenant->rate_ns, need->time_ns, limits->new_per_second))
		return OUT_RATE_LIMIT;
	if (limits->ports_per_subscriber && active >= limits->ports_per_subscriber)
		return OUT_SUBSCRIBER_LIMIT;
	if (of_protocol[protocol] && tenant->active[protocol] >= of_protocol[protocol])
		return OUT_PROTOCOL_LIMIT;
	if (limits->sessions_per_subscriber && tenant->sessions >= limits->sessions_per_subscriber)
		return OUT_SESSION_LIMIT;
	if (limits->state_bytes_per_subscriber &&
	    (uint64_t)(active + 1) * NAT_MAPPING_BYTES + (uint64_t)(tenant->sessions - active) * NAT_SESSION_BYTES >
	            limits->state_bytes_per_subscriber)
		return OUT_MEMORY_LIMIT;
	if (limits->mappings_total && nat->mappings >= limits->mappings_total)
		return OUT_TABLE_FULL;
	return OUT_CREATED;
}

static void notice(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
                   enum nat_notice what, enum outcome why)
{
	nat_emit(nat, &(struct nat_event){
		.kind = NAT_NOTICE,
		.time_ns = now_ns,
		.subscriber = subscriber,
		.address = address,
		.protocol = protocol,
		.notice = (uint8_t)what,
		.outcome = why,
	});
}

void mapping_refuse(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
                    enum outcome why)
{
	enum nat_notice what = notices_refused(&nat->notices, now_ns, why);

	nat_emit(nat, &(struct nat_event){
		.kind = NAT_REFUSED,
		.time_ns = now_ns,
		.subscriber = subscriber,
		.address = address,
		.protocol = protocol,
		.outcome = why,
	});
	if (what != NOTICE_COUNT)
		notice(nat, now_ns, subscriber, address, protocol, what, why);
}

/* Does this reason mean that no number could be found, rather than that none may be had? */
static bool wants_number(enum outcome why)
{
	return why == OUT_NO_ADDRESS || why == OUT_NO_BLOCK || why == OUT_NO_PORT || why == OUT_BLOCK_LIMIT ||
	       why == OUT_RANGE_FULL || why == OUT_TRIES_EXHAUSTED;
}

/* Subscribers who hold anything. */
static uint32_t holders_of_anything(const struct nat *nat)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < nat->ground.subscribers; i++) {
		const uint32_t *held = nat->pairing.tenants[i].held;

		count += held[PROTO_TCP] || held[PROTO_UDP] || held[PROTO_ICMP];
	}
	return count;
}

/* Was it refused for want of numbers although it holds less than its fair share? */
static bool crowded_out(const struct nat *nat, const struct tenant *tenant, uint32_t address, enum protocol protocol,
                        enum outcome why)
{
	uint64_t held = tenant->held[protocol], numbers = nat->ground.slots->count;

	if (why == OUT_NO_ADDRESS && nat->pooling != POOLING_ARBITRARY)
		return true; /* a newcomer holds nothing */
	if (why != OUT_NO_PORT && why != OUT_NO_BLOCK && why != OUT_NO_ADDRESS)
		return false;
	if (nat->pooling == POOLING_ARBITRARY)
		return held * holders_of_anything(nat) < numbers * nat->ground.addresses;
	return held * nat->pairing.tenants_on[address] < numbers;
}

static enum outcome ask_scheme(struct nat *nat, const struct need *need, uint32_t address, struct binding *out)
{
	struct request request = {
		.time_ns = need->time_ns,
		.subscriber = need->inside.subscriber,
		.address = address,
		.protocol = need->inside.protocol,
		.port = need->inside.port,
		.remote = need->remote,
		.remote_port = need->remote_port,
		.held = nat->pairing.tenants[need->inside.subscriber].held[need->inside.protocol],
	};

	out->address = address;
	return nat->allocator.alloc(nat->allocator.state, &request, out);
}

/* The paired address is full: any other with room will do (RFC 7857 section 4). */
static enum outcome ask_elsewhere(struct nat *nat, const struct need *need, uint32_t full, enum outcome why,
                                  struct binding *out)
{
	uint32_t other = pairing_choose(&nat->pairing, &nat->allocator, need->inside.subscriber, need->inside.protocol);
	struct binding found;
	enum outcome outcome;

	if (other == ADDRESS_NONE || other == full)
		return why;
	outcome = ask_scheme(nat, need, other, &found);
	if (outcome != OUT_CREATED)
		return why;
	pairing_gave(&nat->pairing, other);
	*out = found;
	return OUT_CREATED;
}

/* Finds an address and a number. */
static struct verdict place(struct nat *nat, const struct need *need, struct binding *binding)
{
	uint32_t subscriber = need->inside.subscriber;
	struct tenant *tenant = &nat->pairing.tenants[subscriber];
	struct verdict v = { .outcome = OUT_NO_ADDRESS, .address = tenant->address };
	bool pairs = nat->pooling != POOLING_ARBITRARY, newcomer = pairs && v.address == ADDRESS_NONE;

	if (v.address == ADDRESS_NONE && !nat->allocator.places)
		v.address = pairing_choose(&nat->pairing, &nat->allocator, subscriber, need->inside.protocol);
	if (v.address != ADDRESS_NONE || nat->allocator.places) {
		/* Paired first: a block given on the way is the subscriber's on this address. */
		if (newcomer)
			pairing_begin(&nat->pairing, subscriber, v.address);
		v.outcome = ask_scheme(nat, need, v.address, binding);
		if (nat->pooling == POOLING_SOFT_PAIRED && (v.outcome == OUT_NO_PORT || v.outcome == OUT_NO_BLOCK))
			v.outcome = ask_elsewhere(nat, need, v.address, v.outcome, binding);
	}
	if (v.outcome != OUT_CREATED) {
		v.crowded_out = crowded_out(nat, tenant, v.address, need->inside.protocol, v.outcome);
		if (newcomer && v.address != ADDRESS_NONE)
			pairing_end_if_idle(&nat->pairing, &nat->allocator, subscriber);
		return v;
	}
	if (!pairs)
		pairing_gave(&nat->pairing, binding->address);
	v.address = binding->address;
	v.slot = binding->slot;
	v.number = (uint16_t)slots_number(nat->ground.slots, binding->slot);
	return v;
}

/* A live mapping of this address and protocol, drawn by where its number lies; INDEX_NONE if there is none that
 * could be of use: where numbers belong to subscribers, only their own are. */
static uint32_t draw_victim(struct nat *nat, const struct need *need, uint32_t address)
{
	uint32_t count = nat->ground.slots->count, start = rng_below(&nat->eviction, count);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t entry = holders_get(nat->holders, address, need->inside.protocol, (start + i) % count);

		if (entry != INDEX_NONE && (!nat->allocator.tied ||
		                            nat->table.mappings[entry].inside.subscriber == need->inside.subscriber))
			return entry;
	}
	return INDEX_NONE;
}

/* Frees a number that the subscriber could be given. False if there is none to free. */
static bool make_room(struct nat *nat, const struct need *need, uint32_t address)
{
	uint32_t subscriber = need->inside.subscriber, at, victim;

	if (nat->config->hold_down.same_subscriber == RELEASE) {
		at = holddown_of(&nat->holddown, subscriber, address, need->inside.protocol);
		if (at != HELD_NONE) {
			holddown_cut_short(nat, need->time_ns, at);
			return true;
		}
	}
	if (nat->config->on_full != FULL_EVICT_RANDOM || nat->ground.tuples)
		return false;
	victim = draw_victim(nat, need, address != ADDRESS_NONE ? address : rng_below(&nat->eviction, nat->ground.addresses));
	if (victim != INDEX_NONE)
		mapping_cut(nat, need->time_ns, victim, END_EVICTED);
	return victim != INDEX_NONE;
}

static struct verdict assign(struct nat *nat, const struct need *need, struct binding *binding)
{
	const struct tenant *tenant = &nat->pairing.tenants[need->inside.subscriber];
	struct verdict v = { .outcome = admit(nat, tenant, need), .address = tenant->address };

	if (v.outcome != OUT_CREATED)
		return v;
	v = place(nat, need, binding);
	if (wants_number(v.outcome) && make_room(nat, need, v.address))
		v = place(nat, need, binding);
	return v;
}

/* By how much live and taken numbers become more. */
struct more {
	uint8_t live, taken;
};

/* Where numbers carry several mappings: its 5-tuple is the mapping's. */
static struct more take_tuple(struct nat *nat, const struct need *need, const struct verdict *v, uint32_t entry)
{
	enum protocol protocol = need->inside.protocol;
	struct tuples *t = nat->ground.tuples;

	tuples_take(t, &(struct tuple){ v->address, v->slot, need->remote, need->remote_port, protocol }, entry);
	return (struct more){ tuples_live(t, v->address, protocol, v->slot) == 1,
		              tuples_taken(t, v->address, protocol, v->slot) == 1 };
}

/* The number is the mapping's: counters, notices, the event. */
static void take(struct nat *nat, const struct need *need, const struct verdict *v, uint32_t entry, uint32_t odds)
{
	enum protocol protocol = need->inside.protocol;
	struct tenant *tenant = &nat->pairing.tenants[need->inside.subscriber];
	struct more more = { 1, 1 };
	uint32_t bits;

	if (nat->ground.tuples)
		more = take_tuple(nat, need, v, entry);
	else if (nat->holders)
		holders_set(nat->holders, v->address, protocol, v->slot, entry);
	if (more.taken)
		portset_take(ground_ports(&nat->ground, v->address, protocol), v->slot);
	tenant->active[protocol]++;
	tenant->held[protocol]++;
	nat->mappings++;
	if (nat->config->limits.new_per_second)
		rate_take(&tenant->rate_ns, need->time_ns, nat->config->limits.new_per_second);
	nat_emit(nat, &(struct nat_event){
		.kind = NAT_MAPPING_CREATED,
		.time_ns = need->time_ns,
		.subscriber = need->inside.subscriber,
		.address = v->address,
		.slot = v->slot,
		.count = 1,
		.odds = odds,
		.protocol = protocol,
		.port = need->inside.port,
		.live = more.live,
		.taken = more.taken,
	});
	if (!nat->notices.watching)
		return;
	bits = notices_taken(&nat->notices, need->time_ns, protocol, nat->mappings,
	                     tenant->active[PROTO_TCP] + tenant->active[PROTO_UDP] + tenant->active[PROTO_ICMP]);
	for (int what = 0; what < NOTICE_COUNT; what++)
		if (bits >> what & 1)
			notice(nat, need->time_ns, need->inside.subscriber, v->address, protocol, (enum nat_notice)what, OUT_CREATED);
}

struct verdict mapping_create(struct nat *nat, const struct need *need, uint32_t *entry)
{
	struct binding binding = { .odds = 1 };
	struct verdict v = assign(nat, need, &binding);
	struct mapping *m;

	if (v.outcome != OUT_CREATED) {
		mapping_refuse(nat, need->time_ns, need->inside.subscriber, v.address, need->inside.protocol, v.outcome);
		return v;
	}
	*entry = table_add(&nat->table, need->hash, &need->inside);
	m = &nat->table.mappings[*entry];
	m->created_ns = need->time_ns;
	m->address = v.address;
	m->slot = (uint16_t)v.slot;
	take(nat, need, &v, *entry, binding.odds);
	return v;
}
