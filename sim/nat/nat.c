/* The life of a mapping
 *
 *   a train or a datagram finds no mapping for its inside endpoint ->
 *   mapping_create() asks the limits, pairs a newcomer with an address, and has
 *   the scheme find a number -> the mapping and its first session exist, one
 *   timer entry in the queue
 *   -> packets move the session's expiry; the entry stays where it is and is
 *   looked at again when its time comes (only a shorter life needs a new entry)
 *   -> the last session ends: the mapping is gone, its number goes into
 *   hold-down -> released: the portset has it back, and the scheme is told.
 *
 * Timers of four kinds run in order of time: hold-downs (a ring: the time is
 * the same for all), the scheme's own, sessions (the event queue), and what only
 * datagrams need (edge.h). At equal times in that order.
 */
#include "sim/nat/nat.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/nat/state.h"
#include "sim/nat/tcp.h"

/* A scheme's block events pass through here: a returned block may end a pairing. */
static void block_event(void *context, const struct nat_event *event)
{
	struct nat *nat = context;

	nat_emit(nat, event);
	if (event->kind == NAT_BLOCK_RETURNED)
		pairing_end_if_idle(&nat->pairing, &nat->allocator, event->subscriber);
}

struct nat *nat_create(const struct nat_setup *setup)
{
	struct nat *nat = must_alloc(1, sizeof(*nat));
	struct ground *ground = &nat->ground;

	must(setup->addresses && setup->subscribers);
	nat->config = setup->config;
	nat->sink = setup->sink;
	nat->pooling = setup->pooling;
	*ground = (struct ground){
		.slots = setup->slots,
		.addresses = setup->addresses,
		.subscribers = setup->subscribers,
		.first_subscriber = setup->first_subscriber,
		.first_address = setup->first_address,
		.ports = must_alloc((size_t)setup->addresses * PROTO_COUNT, sizeof(*ground->ports)),
		.sink = { .context = nat, .event = block_event },
	};
	for (size_t i = 0; i < (size_t)setup->addresses * PROTO_COUNT; i++)
		ground->ports[i] = portset_create(setup->slots->count);
	rng_seed(&ground->rng, mix64(setup->rng_key, RNG_ALLOCATOR));
	nat->allocator = setup->scheme_create(setup->scheme_config, ground);
	if (nat->allocator.overloads)
		ground->tuples = tuples_create(setup->addresses, setup->slots->count);
	for (int p = 0; p < PROTO_COUNT; p++)
		must(!nat->allocator.overloads || (nat->config->mapping[p] == ADDRESS_AND_PORT_DEPENDENT &&
		                                   nat->config->filtering[p] == ADDRESS_AND_PORT_DEPENDENT));
	pairing_init(&nat->pairing, setup->subscribers, setup->addresses, setup->assignment, setup->rng_key);
	table_init(&nat->table, setup->subscribers * 16);
	holddown_init(&nat->holddown);
	nat->timers = queue_create();
	notices_init(&nat->notices, &nat->config->notify, (uint64_t)setup->addresses * setup->slots->count);
	rng_seed(&nat->eviction, mix64(setup->rng_key, RNG_EVICTION));
	if (setup->outside || nat->config->on_full == FULL_EVICT_RANDOM)
		nat->holders = holders_create(setup->addresses, setup->slots->count);
	if (setup->outside)
		nat->edge = edge_create(setup);
	return nat;
}

void nat_destroy(struct nat *nat)
{
	if (!nat)
		return;
	nat->allocator.destroy(nat->allocator.state);
	for (size_t i = 0; i < (size_t)nat->ground.addresses * PROTO_COUNT; i++)
		portset_destroy(nat->ground.ports[i]);
	free(nat->ground.ports);
	pairing_clear(&nat->pairing);
	table_clear(&nat->table);
	holddown_clear(&nat->holddown);
	queue_destroy(nat->timers);
	holders_destroy(nat->holders);
	tuples_destroy(nat->ground.tuples);
	edge_destroy(nat->edge);
	free(nat);
}

static int64_t longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t nat_longest_timeout(const struct nat_timeouts *t, const bool protocols[PROTO_COUNT], bool tcp_left_open)
{
	int64_t longest = 0;

	if (protocols[PROTO_TCP])
		longest = t->tcp_closing;
	if (protocols[PROTO_TCP] && tcp_left_open)
		longest = longer(longest, longer(t->tcp_established, t->tcp_open));
	if (protocols[PROTO_UDP])
		longest = longer(longest, longer(t->udp, t->udp_well_known));
	if (protocols[PROTO_ICMP])
		longest = longer(longest, t->icmp);
	return longest;
}

static void tell_notice(struct nat *nat, int64_t now_ns, uint32_t subscriber, uint32_t address, enum protocol protocol,
                        enum nat_notice notice)
{
	if (notice != NOTICE_COUNT)
		nat_emit(nat, &(struct nat_event){
			.kind = NAT_NOTICE,
			.time_ns = now_ns,
			.subscriber = subscriber,
			.address = address,
			.protocol = protocol,
			.notice = (uint8_t)notice,
		});
}

/* Where numbers carry several mappings: was this the number's last 5-tuple? */
static bool give_tuple(struct nat *nat, const struct held_number *n)
{
	tuples_give(nat->ground.tuples, &(struct tuple){ n->address, n->slot, n->remote, n->remote_port, n->protocol });
	return !tuples_taken(nat->ground.tuples, n->address, n->protocol, n->slot);
}

/* The same of its last live one. */
static bool hold_tuple(struct nat *nat, const struct held_number *n)
{
	tuples_hold(nat->ground.tuples, &(struct tuple){ n->address, n->slot, n->remote, n->remote_port, n->protocol });
	return !tuples_live(nat->ground.tuples, n->address, n->protocol, n->slot);
}

/* Hold-down is over: anybody may have the number. */
static void release(struct nat *nat, int64_t now_ns, const struct held_number *n, int64_t ended_ns)
{
	struct allocator *a = &nat->allocator;
	uint32_t subscriber = n->subscriber, address = n->address;
	enum protocol protocol = n->protocol;
	bool last = true;

	if (nat->ground.tuples)
		last = give_tuple(nat, n);
	if (last)
		portset_give(ground_ports(&nat->ground, address, protocol), n->slot);
	nat->pairing.tenants[subscriber].held[protocol]--;
	nat_emit(nat, &(struct nat_event){
		.kind = NAT_PORT_RELEASED,
		.time_ns = now_ns,
		.since_ns = ended_ns,
		.subscriber = subscriber,
		.address = address,
		.slot = n->slot,
		.count = 1,
		.protocol = protocol,
		.taken = last,
	});
	if (a->release)
		a->release(a->state, now_ns, subscriber, address, n->slot, protocol);
	if (nat->notices.watching)
		tell_notice(nat, now_ns, subscriber, address, protocol, notices_released(&nat->notices, now_ns, protocol));
	if (!nat->pairing.tenants[subscriber].held[protocol])
		pairing_end_if_idle(&nat->pairing, a, subscriber);
}

/* A number whose hold-down is over. */
static void release_held(struct nat *nat, int64_t now_ns, const struct held_number *held)
{
	struct held_number n = *held;

	if (n.subscriber != HELD_BY_NOBODY)
		release(nat, now_ns, &n, n.release_ns - nat->config->hold_down.time);
}

void holddown_cut_short(struct nat *nat, int64_t now_ns, uint32_t at)
{
	struct held_number n = holddown_void(&nat->holddown, at);

	release(nat, now_ns, &n, n.release_ns - nat->config->hold_down.time);
}

/* Is its number nobody's for a while? RFC 6888 REQ-8 and its exceptions. */
static bool is_held(const struct nat *nat, enum protocol protocol, enum nat_end why, bool closed)
{
	const struct nat_hold_down *hold = &nat->config->hold_down;

	if (!hold->time || why == END_EVICTED)
		return false;
	if (why == END_LOST)
		return true;
	return !(hold->tcp == RELEASE && protocol == PROTO_TCP && closed) &&
	       !(hold->filtered == RELEASE && nat->config->filtering[protocol] != ENDPOINT_INDEPENDENT);
}

void mapping_end(struct nat *nat, int64_t now_ns, uint32_t entry, enum nat_end why, bool closed)
{
	const struct nat_hold_down *hold = &nat->config->hold_down;
	const struct mapping *m = &nat->table.mappings[entry];
	/* Written and read at the same widths: a copy of the mapping would wait for what was just stored in it. */
	struct nat_event ended = {
		.kind = NAT_MAPPING_ENDED,
		.time_ns = now_ns,
		.since_ns = m->created_ns,
		.subscriber = m->inside.subscriber,
		.address = m->address,
		.slot = m->slot,
		.count = 1,
		.protocol = m->inside.protocol,
		.port = m->inside.port,
		.end = (uint8_t)why,
		.live = 1,
	};
	struct held_number n = {
		.release_ns = now_ns + hold->time,
		.subscriber = ended.subscriber,
		.address = ended.address,
		.remote = m->inside.remote,
		.remote_port = m->inside.remote_port,
		.slot = (uint16_t)ended.slot,
		.protocol = (uint8_t)ended.protocol,
	};
	bool held = is_held(nat, ended.protocol, why, closed);

	if (held)
		*holddown_add(&nat->holddown) = n;
	if (nat->ground.tuples)
		ended.live = hold_tuple(nat, &n);
	else if (nat->holders)
		holders_set(nat->holders, ended.address, ended.protocol, ended.slot, INDEX_NONE);
	table_remove(&nat->table, entry);
	nat->mappings--;
	nat->pairing.tenants[ended.subscriber].active[ended.protocol]--;
	nat_emit(nat, &ended);
	if (nat->allocator.ended)
		nat->allocator.ended(nat->allocator.state, now_ns, ended.subscriber, ended.address, ended.slot, ended.protocol);
	if (!held)
		release(nat, now_ns, &n, now_ns);
	while (held && hold->max_ports && nat->holddown.count - nat->holddown.voids > hold->max_ports)
		release_held(nat, now_ns, holddown_take(&nat->holddown)); /* the longest held; it may be a void */
}

static void session_event(struct nat *nat, int64_t now_ns, const struct mapping *m, const struct session *s)
{
	nat_emit(nat, &(struct nat_event){
		.kind = NAT_SESSION_ENDED,
		.time_ns = now_ns,
		.subscriber = m->inside.subscriber,
		.address = m->address,
		.slot = m->slot,
		.count = 1,
		.protocol = m->inside.protocol,
		.port = m->inside.port,
		.remote = s->remote,
		.remote_port = s->remote_port,
	});
}

/* Ends a session; with the last one goes the mapping. */
static void end_session(struct nat *nat, int64_t now_ns, uint32_t what, enum nat_end why)
{
	bool further = what & 1;
	uint32_t entry = what >> 1, owner = further ? nat->table.further[entry].mapping : entry;
	struct session *s = further ? &nat->table.further[entry].session : &nat->table.mappings[entry].session;
	struct mapping *m = &nat->table.mappings[owner];
	bool closed = m->inside.protocol == PROTO_TCP && tcp_closed(s->tcp);

	if (m->sessions > 1)
		session_event(nat, now_ns, m, s);
	nat->pairing.tenants[m->inside.subscriber].sessions--;
	if (further)
		table_remove_further(&nat->table, entry);
	else
		s->expires_ns = 0;
	if (--m->sessions == 0)
		mapping_end(nat, now_ns, owner, why, closed);
}

/* A session's queue entry has come: it ends, or is looked at again at its expiry. */
static void session_timer(struct nat *nat, int64_t time_ns, uint32_t what)
{
	struct session *s = what & 1 ? &nat->table.further[what >> 1].session : &nat->table.mappings[what >> 1].session;

	if (!s->expires_ns || s->timer_ns != time_ns)
		return; /* stale: it ended, or has a newer entry */
	if (s->expires_ns > time_ns) {
		s->timer_ns = s->expires_ns;
		queue_push(nat->timers, s->timer_ns, what);
		return;
	}
	end_session(nat, time_ns, what, END_IDLE);
}

/* Further sessions are found by a walk over those of all mappings: this is rare. */
void mapping_cut(struct nat *nat, int64_t now_ns, uint32_t entry, enum nat_end why)
{
	const struct mapping *m = &nat->table.mappings[entry];

	if (m->sessions > 1 || !m->session.expires_ns)
		for (uint32_t i = 0; m->sessions && i < nat->table.further_count; i++)
			if (nat->table.further[i].mapping == entry)
				end_session(nat, now_ns, i * 2 + 1, why);
	if (m->sessions)
		end_session(nat, now_ns, entry * 2, why);
}

void nat_lose_state(struct nat *nat, int64_t now_ns)
{
	nat_advance(nat, now_ns);
	for (uint32_t entry = 0; entry < nat->table.mapping_count; entry++)
		if (nat->table.mappings[entry].sessions)
			mapping_cut(nat, now_ns, entry, END_LOST);
	if (nat->edge)
		edge_forget(nat->edge);
}

/* The session timers a few events ahead: their mappings, and then where the index has them. */
static void prefetch_timers(const struct nat *nat)
{
	uint32_t far = queue_hint(nat->timers, 10), near = queue_hint(nat->timers, 5);

	if (far != UINT32_MAX && !(far & 1))
		__builtin_prefetch(&nat->table.mappings[far >> 1], 1);
	if (near != UINT32_MAX && !(near & 1))
		table_prefetch(&nat->table, nat->table.mappings[near >> 1].hash);
}

void nat_advance(struct nat *nat, int64_t now_ns)
{
	struct allocator *a = &nat->allocator;

	must(now_ns >= nat->now_ns);
	nat->now_ns = now_ns;
	for (;;) {
		int64_t hold = holddown_next(&nat->holddown);
		int64_t timer = queue_next(nat->timers);
		int64_t own = a->next ? a->next(a->state) : NS_NEVER;
		int64_t edge = nat->edge ? edge_next(nat->edge) : NS_NEVER;
		uint32_t what;

		if (hold > now_ns && timer > now_ns && own > now_ns && edge > now_ns)
			return;
		if (edge < hold && edge < timer && edge < own) {
			edge_tick(nat, edge);
		} else if (hold <= timer && hold <= own) {
			release_held(nat, hold, holddown_take(&nat->holddown));
		} else if (own <= timer) {
			a->tick(a->state, own);
		} else {
			prefetch_timers(nat);
			queue_pop(nat->timers, &timer, &what);
			session_timer(nat, timer, what);
		}
	}
}

uint32_t nat_mappings(const struct nat *nat)
{
	return nat->mappings;
}

uint32_t nat_active(const struct nat *nat, uint32_t subscriber, enum protocol protocol)
{
	return nat->pairing.tenants[subscriber].active[protocol];
}

uint32_t nat_sessions(const struct nat *nat, uint32_t subscriber)
{
	return nat->pairing.tenants[subscriber].sessions;
}

uint32_t nat_address_of(const struct nat *nat, uint32_t subscriber)
{
	return nat->pairing.tenants[subscriber].address;
}
