/* What the NAT does around an allocator when a flow begins, when it ends, and when its number is free again. */
#include "sim/base/must.h"
#include "sim/study/stand_state.h"

/* ---- pairing ---- */

static bool has_room(struct stand *s, uint32_t address, enum protocol protocol)
{
	uint64_t before = stand_looked(s);
	bool room = s->allocator.room(s->allocator.state, address, protocol);

	judge_work(s, "room()", before, s->ground.slots->count);
	return room;
}

/* Where a newcomer goes: home, else the emptiest address with room. */
static uint32_t choose(struct stand *s, uint32_t subscriber, enum protocol protocol)
{
	uint32_t best = s->allocator.home ? s->allocator.home(s->allocator.state, subscriber) : ADDRESS_NONE;

	if (best != ADDRESS_NONE)
		return best;
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		if ((best == ADDRESS_NONE || s->tenants_on[a] < s->tenants_on[best]) && has_room(s, a, protocol))
			best = a;
	return best;
}

static void pair(struct stand *s, uint32_t subscriber, uint32_t address)
{
	s->tenants[subscriber].address = address;
	s->tenants_on[address]++;
}

void stand_part_if_idle(struct stand *s, uint32_t subscriber)
{
	struct tenant_book *t = &s->tenants[subscriber];

	if (t->address == ADDRESS_NONE || t->held[PROTO_TCP] || t->held[PROTO_UDP] || t->held[PROTO_ICMP] ||
	    guard_owns(s->guard, subscriber))
		return;
	s->tenants_on[t->address]--;
	t->address = ADDRESS_NONE;
}

/* ---- mappings ---- */

static uint32_t take_live(struct stand *s)
{
	uint32_t at = s->live_free;

	if (at != NOBODY) {
		s->live_free = s->lives[at].next;
		return at;
	}
	if (s->live_count == s->live_room) {
		s->live_room = s->live_room ? s->live_room * 2 : 64;
		s->lives = must_grow(s->lives, s->live_room, sizeof(*s->lives));
	}
	return s->live_count++;
}

static void begin_mapping(struct stand *s, const struct request *r, const struct binding *b)
{
	struct tenant_book *t = &s->tenants[r->subscriber];
	uint32_t at = take_live(s);
	bool more = true;

	s->lives[at] = (struct live){ .address = b->address, .slot = b->slot, .next = t->first, .since_ns = s->now_ns,
	                              .port = r->port, .protocol = (uint8_t)r->protocol, .remote = r->remote,
	                              .remote_port = r->remote_port };
	t->first = at;
	t->active++;
	t->held[r->protocol]++;
	*cell_of(s, b->address, r->protocol, b->slot) = (struct cell_book){ .holder = r->subscriber, .live = true };
	if (s->ground.tuples)
		more = stand_carry(s, &s->lives[at], at);
	if (more)
		portset_take(ground_ports(&s->ground, b->address, r->protocol), b->slot);
	stand_log_mapping(s, &s->lives[at], r->subscriber, false);
	stand_log_ask(s, &s->lives[at], r->subscriber);
}

/* Whether the subscriber was given a number. */
bool stand_open(struct stand *s, const struct operation *op)
{
	struct tenant_book *t = &s->tenants[op->subscriber];
	struct request r = { .time_ns = s->now_ns, .subscriber = op->subscriber, .protocol = (enum protocol)op->protocol,
	                     .port = op->port, .remote = op->remote, .remote_port = op->remote_port, .held = t->held[op->protocol] };
	bool unpaired = s->setup.unpaired || s->allocator.places;
	bool newcomer = t->address == ADDRESS_NONE && !unpaired;
	struct binding b = { 0 };
	enum outcome o;
	uint64_t before;

	r.address = t->address;
	if (!s->allocator.places && r.address == ADDRESS_NONE)
		r.address = choose(s, op->subscriber, r.protocol);
	if (r.address == ADDRESS_NONE && !s->allocator.places && unpaired && guard_owns(s->guard, op->subscriber))
		r.address = 0; /* a block of its own may have what no newcomer could get */
	if (r.address == ADDRESS_NONE && !s->allocator.places) {
		stand_tell(s, "no address has room for subscriber %u", op->subscriber);
		judge_newcomer(s, &r);
		return false;
	}
	if (newcomer)
		pair(s, op->subscriber, r.address);
	b.address = r.address;
	b.slot = SLOT_NONE;
	b.odds = ODDS_UNKNOWN;
	before = stand_looked(s);
	s->asking = op->subscriber;
	s->given = false;
	o = s->allocator.alloc(s->allocator.state, &r, &b);
	s->asking = NOBODY;
	if (o == OUT_CREATED && s->ground.tuples)
		stand_tell(s, "alloc %s: subscriber %u, inside port %u, towards remote %u: address %u, slot %u",
		           protocol_name[r.protocol], op->subscriber, r.port, stand_remote(s, r.remote, r.remote_port), b.address,
		           b.slot);
	else if (o == OUT_CREATED)
		stand_tell(s, "alloc %s: subscriber %u, inside port %u: address %u, slot %u", protocol_name[r.protocol], op->subscriber,
		     r.port, b.address, b.slot);
	else
		stand_tell(s, "alloc %s: subscriber %u, address %u, inside port %u: %s", protocol_name[r.protocol], op->subscriber,
		     r.address, r.port, s->finding.is ? "breaks a rule" : outcome_text[o].name);
	stand_trace_add(s, o, o == OUT_CREATED ? (uint64_t)b.address << 32 | b.slot : 0);
	if (!stand_still_good(s))
		return false;
	judge_work(s, "alloc()", before, s->ground.slots->count);
	if (o == OUT_CREATED) {
		judge_grant(s, &r, &b);
		if (!s->finding.is)
			begin_mapping(s, &r, &b);
	} else {
		judge_refusal(s, &r, o);
		if (newcomer)
			stand_part_if_idle(s, op->subscriber);
	}
	return o == OUT_CREATED && !s->finding.is;
}

void stand_fill(struct stand *s, const struct operation *op)
{
	struct operation one = *op;

	for (uint32_t n = 0; n < op->n; n++) {
		one.port = (uint16_t)(1024 + n * 7919 % 64512);
		one.remote = 0xc6120000 + n % OPERATION_REMOTES;
		one.remote_port = 443;
		if (!stand_open(s, &one))
			return;
		stand_advance(s, s->now_ns + STAND_APART_NS);
	}
}

#define FURTHEST 4096 /* of a whole address of mappings, those that began last: a walk to the first takes long */

void stand_close(struct stand *s, const struct operation *op)
{
	struct tenant_book *t = &s->tenants[op->subscriber];
	uint32_t *from = &t->first, at;
	struct held_number *n;
	struct live m;

	if (!t->active)
		return;
	for (uint32_t skip = op->n % t->active % FURTHEST; skip; skip--)
		from = &s->lives[*from].next;
	at = *from;
	m = s->lives[at];
	stand_log_ask(s, &m, op->subscriber);
	*from = m.next;
	s->lives[at].next = s->live_free;
	s->live_free = at;
	t->active--;
	cell_of(s, m.address, m.protocol, m.slot)->live = false;
	stand_tell(s, "ended %s: subscriber %u, address %u, slot %u", protocol_name[m.protocol], op->subscriber, m.address, m.slot);
	stand_log_mapping(s, &m, op->subscriber, true);
	n = holddown_add(&s->held);
	n->release_ns = s->now_ns + s->setup.hold_ns;
	n->subscriber = op->subscriber;
	n->address = m.address;
	n->slot = (uint16_t)m.slot;
	n->protocol = m.protocol;
	n->remote = m.remote;
	n->remote_port = m.remote_port;
	if (s->ground.tuples)
		tuples_hold(s->ground.tuples, &(struct tuple){ m.address, m.slot, m.remote, m.remote_port, m.protocol });
	if (s->allocator.ended)
		s->allocator.ended(s->allocator.state, s->now_ns, op->subscriber, m.address, m.slot, (enum protocol)m.protocol);
}

void stand_release(struct stand *s, const struct held_number *held)
{
	struct held_number n = *held;
	uint64_t before;

	stand_tell(s, "release %s: subscriber %u, address %u, slot %u", protocol_name[n.protocol], n.subscriber, n.address, n.slot);
	if (!s->ground.tuples || stand_uncarry(s, &n)) {
		cell_of(s, n.address, n.protocol, n.slot)->holder = NOBODY;
		portset_give(ground_ports(&s->ground, n.address, (enum protocol)n.protocol), n.slot);
	}
	s->tenants[n.subscriber].held[n.protocol]--;
	judge_guess_release(s, n.subscriber, n.address, (enum protocol)n.protocol, n.slot);
	before = stand_looked(s);
	if (s->allocator.release)
		s->allocator.release(s->allocator.state, s->now_ns, n.subscriber, n.address, n.slot, (enum protocol)n.protocol);
	judge_work(s, "release()", before, (uint64_t)PROTO_COUNT * s->ground.slots->count);
	judge_release(s);
	stand_part_if_idle(s, n.subscriber);
}
