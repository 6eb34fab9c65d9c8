/* The life of a mapping
 *
 *   nat_show() finds no mapping for the inside endpoint -> admit() asks the
 *   limits, pairs a newcomer with an address, and has the scheme find a number
 *   -> the mapping and its first session exist, one timer entry in the queue
 *   -> trains move the session's expiry; the entry stays where it is and is
 *   looked at again when its time comes (only a shorter life needs a new entry)
 *   -> the last session ends: the mapping is gone, its number goes into
 *   hold-down -> released: the portset has it back, and the scheme is told.
 *
 * Timers of three kinds run in order of time: hold-downs (a ring: the time is
 * the same for all), the scheme's own, and sessions (the event queue). At equal
 * times in that order.
 */
#include "sim/nat/nat.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/nat/holddown.h"
#include "sim/nat/pairing.h"
#include "sim/nat/table.h"
#include "sim/nat/tcp.h"

struct nat {
	const struct nat_config *config;
	struct ground ground;
	struct allocator allocator;
	struct pairing pairing;
	struct table table;
	struct holddown holddown;
	struct queue *timers;   /* what: mapping * 2, or further session * 2 + 1 */
	uint32_t mappings;
	int64_t now_ns;
	struct sink sink;
};

static void emit(struct nat *nat, const struct nat_event *event)
{
	nat->sink.event(nat->sink.context, event);
}

/* A scheme's block events pass through here: a returned block may end a pairing. */
static void block_event(void *context, const struct nat_event *event)
{
	struct nat *nat = context;

	emit(nat, event);
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
	pairing_init(&nat->pairing, setup->subscribers, setup->addresses, setup->assignment, setup->rng_key);
	table_init(&nat->table, setup->subscribers * 16);
	holddown_init(&nat->holddown);
	nat->timers = queue_create();
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

/* Hold-down is over: anybody may have the number. */
static void release(struct nat *nat, int64_t now_ns, const struct held_number *n, int64_t ended_ns)
{
	struct allocator *a = &nat->allocator;
	uint32_t subscriber = n->subscriber;

	portset_give(ground_ports(&nat->ground, n->address, n->protocol), n->slot);
	nat->pairing.tenants[subscriber].held[n->protocol]--;
	emit(nat, &(struct nat_event){
		.kind = NAT_PORT_RELEASED,
		.time_ns = now_ns,
		.since_ns = ended_ns,
		.subscriber = subscriber,
		.address = n->address,
		.slot = n->slot,
		.count = 1,
		.protocol = n->protocol,
	});
	if (a->release)
		a->release(a->state, now_ns, subscriber, n->address, n->slot, n->protocol);
	if (!nat->pairing.tenants[subscriber].held[n->protocol])
		pairing_end_if_idle(&nat->pairing, a, subscriber);
}

static void end_mapping(struct nat *nat, int64_t now_ns, uint32_t entry)
{
	const struct nat_hold_down *hold = &nat->config->hold_down;
	const struct mapping *m = &nat->table.mappings[entry];
	/* Written and read at the same widths: a copy of the mapping would wait for what was just stored in it. */
	struct nat_event ended = {
		.kind = NAT_MAPPING_ENDED,
		.time_ns = now_ns,
		.since_ns = m->created_ns,
		.subscriber = m->subscriber,
		.address = m->address,
		.slot = m->slot,
		.count = 1,
		.protocol = m->protocol,
		.port = m->port,
	};
	struct held_number *n = holddown_add(&nat->holddown);

	n->release_ns = now_ns + hold->time;
	n->subscriber = ended.subscriber;
	n->address = ended.address;
	n->slot = (uint16_t)ended.slot;
	n->protocol = (uint8_t)ended.protocol;
	table_remove(&nat->table, entry);
	nat->mappings--;
	nat->pairing.tenants[ended.subscriber].active[ended.protocol]--;
	emit(nat, &ended);
	if (nat->allocator.ended)
		nat->allocator.ended(nat->allocator.state, now_ns, ended.subscriber, ended.address, ended.slot, ended.protocol);
	/* Without hold-down it is released at once; so is the longest held one, if too many are. */
	if (!hold->time || (hold->max_ports && nat->holddown.count > hold->max_ports)) {
		const struct held_number *oldest = holddown_take(&nat->holddown);

		release(nat, now_ns, oldest, oldest->release_ns - hold->time);
	}
}

static void session_event(struct nat *nat, int64_t now_ns, enum nat_event_kind kind, const struct mapping *m,
                          const struct session *s)
{
	emit(nat, &(struct nat_event){
		.kind = kind,
		.time_ns = now_ns,
		.subscriber = m->subscriber,
		.address = m->address,
		.slot = m->slot,
		.count = 1,
		.protocol = m->protocol,
		.port = m->port,
		.remote = s->remote,
		.remote_port = s->remote_port,
	});
}

/* A session's queue entry has come: it ends, or is looked at again at its expiry. */
static void session_timer(struct nat *nat, int64_t time_ns, uint32_t what)
{
	bool further = what & 1;
	uint32_t entry = what >> 1;
	struct session *s = further ? &nat->table.further[entry].session : &nat->table.mappings[entry].session;
	uint32_t owner;
	struct mapping *m;

	if (!s->expires_ns || s->timer_ns != time_ns)
		return; /* stale: it ended, or has a newer entry */
	if (s->expires_ns > time_ns) {
		s->timer_ns = s->expires_ns;
		queue_push(nat->timers, s->timer_ns, what);
		return;
	}
	owner = further ? nat->table.further[entry].mapping : entry;
	m = &nat->table.mappings[owner];
	if (m->sessions > 1)
		session_event(nat, time_ns, NAT_SESSION_ENDED, m, s);
	if (further)
		table_remove_further(&nat->table, entry);
	else
		s->expires_ns = 0;
	if (--m->sessions == 0)
		end_mapping(nat, time_ns, owner);
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
		uint32_t what;

		if (hold > now_ns && timer > now_ns && own > now_ns)
			return;
		if (hold <= timer && hold <= own) {
			const struct held_number *n = holddown_take(&nat->holddown);

			release(nat, n->release_ns, n, n->release_ns - nat->config->hold_down.time);
		} else if (own <= timer) {
			a->tick(a->state, own);
		} else {
			prefetch_timers(nat);
			queue_pop(nat->timers, &timer, &what);
			session_timer(nat, timer, what);
		}
	}
}

static int64_t session_timeout(const struct nat *nat, const struct session *s, enum protocol protocol)
{
	const struct nat_timeouts *t = &nat->config->timeouts;

	switch (protocol) {
	case PROTO_TCP:
		return tcp_timeout(s->tcp, t);
	case PROTO_UDP:
		return s->remote_port < 1024 ? t->udp_well_known : t->udp;
	default:
		return t->icmp;
	}
}

/* When the session last was refreshed by this train; NS_NONE if nothing in it does. */
static int64_t refreshed_at(const struct nat *nat, const struct segment *train)
{
	if (train->protocol == PROTO_TCP || nat->config->inbound_refresh)
		return longer(train->last_out_ns, train->last_in_ns);
	return train->last_out_ns;
}

/* Moves the session's expiry to what the train makes it, and its queue entry if need be. */
static void refresh(struct nat *nat, struct session *s, uint32_t what, const struct segment *train)
{
	int64_t last = refreshed_at(nat, train);
	int64_t expires;

	if (last == NS_NONE)
		return;
	if (train->protocol == PROTO_TCP)
		s->tcp = tcp_after(s->tcp, train->flags);
	expires = last + session_timeout(nat, s, train->protocol);
	/* Only TCP's state can shorten a life; trains of the rest may overlap. */
	if (train->protocol != PROTO_TCP)
		expires = longer(expires, s->expires_ns);
	if (!s->expires_ns || expires < s->timer_ns) {
		s->timer_ns = expires;
		queue_push(nat->timers, expires, what);
	}
	s->expires_ns = expires;
}

/* The train's session of this mapping, made if it is outbound and new. */
static void show_mapping(struct nat *nat, uint32_t entry, const struct segment *train)
{
	struct mapping *m = &nat->table.mappings[entry];
	struct session *s = &m->session;
	bool outbound = !(train->flags & SEG_INBOUND);
	uint32_t further;

	if (s->expires_ns && s->remote == train->remote && s->remote_port == train->remote_port) {
		refresh(nat, s, entry * 2, train);
		return;
	}
	further = m->sessions ? table_find_further(&nat->table, entry, train->remote, train->remote_port) : INDEX_NONE;
	if (further != INDEX_NONE) {
		refresh(nat, &nat->table.further[further].session, further * 2 + 1, train);
		return;
	}
	if (!outbound)
		return; /* filtered in by the mapping; it has no state of its own */
	if (s->expires_ns) {
		further = table_add_further(&nat->table, entry, train->remote, train->remote_port);
		s = &nat->table.further[further].session;
		refresh(nat, s, further * 2 + 1, train);
	} else {
		*s = (struct session){ .remote = train->remote, .remote_port = train->remote_port };
		refresh(nat, s, entry * 2, train);
	}
	if (m->sessions++)
		session_event(nat, train->start_ns, NAT_SESSION_CREATED, m, s);
}

static bool is_exempt(const struct nat_config *config, const struct segment *train)
{
	for (size_t i = 0; i < config->exempt.count; i++) {
		const struct exempt *x = &config->exempt.items[i];

		if (range_has(x->addresses, train->remote) && (!x->port || x->port == train->remote_port))
			return true;
	}
	return false;
}

/* The first limit that stands against a new mapping; OUT_CREATED if none does. */
static enum outcome admit(const struct nat *nat, const struct tenant *tenant, enum protocol protocol)
{
	const struct nat_limits *limits = &nat->config->limits;
	const uint32_t of_protocol[PROTO_COUNT] = { limits->tcp, limits->udp, limits->icmp };
	uint32_t active = tenant->active[PROTO_TCP] + tenant->active[PROTO_UDP] + tenant->active[PROTO_ICMP];

	if (limits->ports_per_subscriber && active >= limits->ports_per_subscriber)
		return OUT_SUBSCRIBER_LIMIT;
	if (of_protocol[protocol] && tenant->active[protocol] >= of_protocol[protocol])
		return OUT_PROTOCOL_LIMIT;
	if (limits->mappings_total && nat->mappings >= limits->mappings_total)
		return OUT_TABLE_FULL;
	return OUT_CREATED;
}

/* Was it refused for want of numbers although it holds less than its fair share? */
static bool crowded_out(const struct nat *nat, const struct tenant *tenant, uint32_t address, enum protocol protocol,
                        enum outcome why)
{
	if (why == OUT_NO_ADDRESS)
		return true; /* a newcomer holds nothing */
	if (why != OUT_NO_PORT && why != OUT_NO_BLOCK)
		return false;
	return (uint64_t)tenant->held[protocol] * nat->pairing.tenants_on[address] < nat->ground.slots->count;
}

/* Finds an address and a number for a new mapping. */
static struct verdict assign(struct nat *nat, const struct segment *train, uint32_t *odds)
{
	struct tenant *tenant = &nat->pairing.tenants[train->subscriber];
	struct verdict v = { .outcome = admit(nat, tenant, train->protocol), .address = tenant->address };
	bool newcomer = v.address == ADDRESS_NONE;
	struct binding binding;

	if (v.outcome != OUT_CREATED)
		return v;
	if (newcomer)
		v.address = pairing_choose(&nat->pairing, &nat->allocator, train->subscriber, train->protocol);
	if (v.address == ADDRESS_NONE) {
		v.outcome = OUT_NO_ADDRESS;
	} else {
		struct request request = {
			.time_ns = train->start_ns,
			.subscriber = train->subscriber,
			.address = v.address,
			.protocol = train->protocol,
			.port = train->port,
			.remote = train->remote,
			.remote_port = train->remote_port,
			.held = tenant->held[train->protocol],
		};

		/* Paired first: a block given on the way is the subscriber's on this address. */
		if (newcomer)
			pairing_begin(&nat->pairing, train->subscriber, v.address);
		v.outcome = nat->allocator.alloc(nat->allocator.state, &request, &binding);
	}
	if (v.outcome != OUT_CREATED) {
		v.crowded_out = crowded_out(nat, tenant, v.address, train->protocol, v.outcome);
		if (newcomer)
			pairing_end_if_idle(&nat->pairing, &nat->allocator, train->subscriber);
		return v;
	}
	v.slot = binding.slot;
	v.number = (uint16_t)slots_number(nat->ground.slots, binding.slot);
	*odds = binding.odds;
	return v;
}

static struct verdict create_mapping(struct nat *nat, const struct segment *train, uint32_t hash)
{
	struct tenant *tenant = &nat->pairing.tenants[train->subscriber];
	uint32_t entry, odds = 1;
	struct verdict v = assign(nat, train, &odds);
	struct mapping *m;

	if (v.outcome != OUT_CREATED) {
		emit(nat, &(struct nat_event){
			.kind = NAT_REFUSED,
			.time_ns = train->start_ns,
			.subscriber = train->subscriber,
			.address = v.address,
			.protocol = train->protocol,
			.outcome = v.outcome,
		});
		return v;
	}
	portset_take(ground_ports(&nat->ground, v.address, train->protocol), v.slot);
	tenant->active[train->protocol]++;
	tenant->held[train->protocol]++;
	nat->mappings++;
	entry = table_add(&nat->table, hash, train->subscriber, train->host, train->port, train->protocol);
	m = &nat->table.mappings[entry];
	m->created_ns = train->start_ns;
	m->address = v.address;
	m->slot = (uint16_t)v.slot;
	emit(nat, &(struct nat_event){
		.kind = NAT_MAPPING_CREATED,
		.time_ns = train->start_ns,
		.subscriber = train->subscriber,
		.address = v.address,
		.slot = v.slot,
		.count = 1,
		.odds = odds,
		.protocol = train->protocol,
		.port = train->port,
	});
	show_mapping(nat, entry, train);
	return v;
}

void nat_prefetch(const struct nat *nat, const struct segment *train)
{
	table_prefetch(&nat->table, table_hash(train->subscriber, train->host, train->port, train->protocol));
}

struct verdict nat_show(struct nat *nat, const struct segment *train)
{
	uint32_t hash = table_hash(train->subscriber, train->host, train->port, train->protocol), entry;
	const struct mapping *m;

	nat_advance(nat, train->start_ns);
	if (nat->config->exempt.count && is_exempt(nat->config, train))
		return (struct verdict){ .outcome = OUT_EXEMPT, .address = ADDRESS_NONE };
	entry = table_find(&nat->table, hash, train->subscriber, train->host, train->port, train->protocol);
	if (entry == INDEX_NONE) {
		if (train->flags & SEG_INBOUND)
			return (struct verdict){ .outcome = OUT_NO_MAPPING, .address = ADDRESS_NONE };
		return create_mapping(nat, train, hash);
	}
	show_mapping(nat, entry, train);
	m = &nat->table.mappings[entry];
	return (struct verdict){
		.outcome = OUT_REFRESHED,
		.address = m->address,
		.slot = m->slot,
		.number = slots_number(nat->ground.slots, m->slot),
	};
}

uint32_t nat_mappings(const struct nat *nat)
{
	return nat->mappings;
}

uint32_t nat_active(const struct nat *nat, uint32_t subscriber, enum protocol protocol)
{
	return nat->pairing.tenants[subscriber].active[protocol];
}

uint32_t nat_address_of(const struct nat *nat, uint32_t subscriber)
{
	return nat->pairing.tenants[subscriber].address;
}
