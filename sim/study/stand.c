#include <stdarg.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/plugin_call.h"
#include "sim/study/stand_state.h"

bool stand_broken(struct stand *s, enum rule_id rule, const char *format, ...)
{
	va_list args;

	if (s->finding.is)
		return false;
	s->finding.is = true;
	s->finding.rule = rule;
	va_start(args, format);
	vsnprintf(s->finding.text, sizeof(s->finding.text), format, args);
	va_end(args);
	if (s->setup.told)
		fprintf(s->setup.told, "broken: %s\n", s->finding.text);
	return false;
}

static void tell(struct stand *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct stand *s, const char *format, ...)
{
	va_list args;

	if (!s->setup.told || s->silent)
		return;
	s->silent = s->finding.is; /* the call that broke a rule is the last one told */
	fprintf(s->setup.told, "%s%.3f s: ", s->setup.label ? s->setup.label : "", seconds_from_ns(s->now_ns));
	va_start(args, format);
	vfprintf(s->setup.told, format, args);
	va_end(args);
	fputc('\n', s->setup.told);
}

static void trace(struct stand *s, uint64_t a, uint64_t b)
{
	s->trace = mix64(s->trace, mix64(a, b));
}

/* A guard's finding by the book's rules: only the book knows whether a taken number is live. */
static void breach(void *context, enum guard_rule rule, const char *text)
{
	static const enum rule_id rules[GUARD_RULES] = {
		[GUARD_TAKEN] = RULE_ONCE, [GUARD_OUTSIDE] = RULE_POOL, [GUARD_PAIRING] = RULE_PAIRING,
		[GUARD_BLOCKS] = RULE_BLOCKS, [GUARD_REASON] = RULE_REASON, [GUARD_CALLS] = RULE_CALLS,
		[GUARD_WORK] = RULE_WORK, [GUARD_HELD] = RULE_HOLD_DOWN,
	};

	stand_broken(context, rules[rule], "%s", text);
}

static void block_event(void *context, const struct nat_event *e)
{
	static const char *const names[] = { [NAT_BLOCK_GIVEN] = "given", [NAT_BLOCK_RETURNED] = "returned",
		                             [NAT_BLOCK_FREE] = "free", [NAT_BLOCK_INTERIM] = "interim" };
	struct stand *s = context;

	tell(s, "emit block %s: subscriber %u, address %u, %u slots from %u by %u", names[e->kind], e->subscriber, e->address,
	     e->count, e->slot, e->step);
	trace(s, (uint64_t)e->kind << 32 | e->subscriber, (uint64_t)e->address << 32 | e->slot);
	judge_block(s, e);
	stand_log_block(s, e);
}

static bool guard_says_held(void *context, uint32_t address, enum protocol protocol, uint32_t slot)
{
	return !cell_of(context, address, protocol, slot)->live;
}

struct stand *stand_create(const struct stand_setup *setup)
{
	struct stand *s = must_alloc(1, sizeof(*s));
	uint32_t addresses = setup->pool->addresses, subscribers = setup->pool->subscribers, slots = setup->pool->slots->count;
	size_t cells = (size_t)addresses * PROTO_COUNT * slots;
	struct guard_report report = { .context = s, .breach = breach, .held = guard_says_held, .unpaired = setup->unpaired };
	struct allocator inner;

	s->setup = *setup;
	s->ground = (struct ground){
		.slots = setup->pool->slots,
		.addresses = addresses,
		.subscribers = subscribers,
		.ports = must_alloc((size_t)addresses * PROTO_COUNT, sizeof(*s->ground.ports)),
		.sink = { .context = s, .event = block_event },
	};
	for (size_t i = 0; i < (size_t)addresses * PROTO_COUNT; i++)
		s->ground.ports[i] = portset_create(slots);
	rng_seed(&s->ground.rng, setup->seed);
	s->cells = must_alloc(cells, sizeof(*s->cells));
	for (size_t i = 0; i < cells; i++)
		s->cells[i].holder = NOBODY;
	s->tenants = must_alloc(subscribers, sizeof(*s->tenants));
	for (uint32_t i = 0; i < subscribers; i++)
		s->tenants[i] = (struct tenant_book){ .address = ADDRESS_NONE, .first = NOBODY };
	s->tenants_on = must_alloc(addresses, sizeof(*s->tenants_on));
	s->past = must_alloc((size_t)subscribers * PROTO_COUNT, sizeof(*s->past));
	s->live_free = NOBODY;
	holddown_init(&s->held);
	if (setup->type->promise)
		setup->type->promise(setup->config, setup->pool, &s->promise);
	stand_log_open(s);
	tell(s, "create: %u subscribers, %u addresses of %u numbers", subscribers, addresses, slots);
	s->guard = guard_create(&s->ground, &report);
	inner = setup->type->create_guarded ? setup->type->create_guarded(setup->config, s->guard)
	                                    : setup->type->create(setup->config, guard_ground(s->guard));
	s->allocator = guard_wrap(s->guard, &inner);
	return s;
}

void stand_destroy(struct stand *s)
{
	if (!s)
		return;
	tell(s, "destroy");
	s->allocator.destroy(s->allocator.state);
	for (size_t i = 0; i < (size_t)s->ground.addresses * PROTO_COUNT; i++)
		portset_destroy(s->ground.ports[i]);
	stand_log_close(s);
	for (uint32_t k = 0; k < s->ground.subscribers; k++)
		free(s->tenants[k].mine);
	free(s->ground.ports);
	free(s->lives);
	free(s->tenants);
	free(s->tenants_on);
	free(s->cells);
	free(s->blocks);
	free(s->past);
	holddown_clear(&s->held);
	free(s);
}

/* A rule's calls have no guard of their own: what became of them is asked for. */
static bool still_good(struct stand *s)
{
	if (plugin_call_given_up())
		stand_broken(s, RULE_CALLS, "%s", plugin_call_given_up());
	return !s->finding.is;
}

static uint64_t looked(const struct stand *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < (size_t)s->ground.addresses * PROTO_COUNT; i++)
		n += portset_looked(s->ground.ports[i]);
	return n;
}

/* ---- pairing ---- */

/* Where a newcomer goes: home, else the emptiest address with room. */
static uint32_t choose(struct stand *s, uint32_t subscriber, enum protocol protocol)
{
	uint32_t best = s->allocator.home ? s->allocator.home(s->allocator.state, subscriber) : ADDRESS_NONE;

	if (best != ADDRESS_NONE)
		return best;
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		if ((best == ADDRESS_NONE || s->tenants_on[a] < s->tenants_on[best]) &&
		    s->allocator.room(s->allocator.state, a, protocol))
			best = a;
	return best;
}

static void pair(struct stand *s, uint32_t subscriber, uint32_t address)
{
	s->tenants[subscriber].address = address;
	s->tenants_on[address]++;
}

static void part_if_idle(struct stand *s, uint32_t subscriber)
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

	s->lives[at] = (struct live){ .address = b->address, .slot = b->slot, .next = t->first, .since_ns = s->now_ns,
	                              .port = r->port, .protocol = (uint8_t)r->protocol };
	t->first = at;
	t->active++;
	t->held[r->protocol]++;
	*cell_of(s, b->address, r->protocol, b->slot) = (struct cell_book){ .holder = r->subscriber, .live = true };
	portset_take(ground_ports(&s->ground, b->address, r->protocol), b->slot);
	stand_log_mapping(s, &s->lives[at], r->subscriber, false);
	stand_log_ask(s, &s->lives[at], r->subscriber);
}

/* Whether the subscriber was given a number. */
static bool open_flow(struct stand *s, const struct operation *op)
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
		tell(s, "no address has room for subscriber %u", op->subscriber);
		judge_newcomer(s, op->subscriber, r.protocol);
		return false;
	}
	if (newcomer)
		pair(s, op->subscriber, r.address);
	b.address = r.address;
	b.slot = SLOT_NONE;
	b.odds = ODDS_UNKNOWN;
	before = looked(s);
	o = s->allocator.alloc(s->allocator.state, &r, &b);
	if (o == OUT_CREATED)
		tell(s, "alloc %s: subscriber %u, inside port %u: address %u, slot %u", protocol_name[r.protocol], op->subscriber,
		     r.port, b.address, b.slot);
	else
		tell(s, "alloc %s: subscriber %u, address %u, inside port %u: %s", protocol_name[r.protocol], op->subscriber,
		     r.address, r.port, s->finding.is ? "breaks a rule" : outcome_text[o].name);
	trace(s, o, o == OUT_CREATED ? (uint64_t)b.address << 32 | b.slot : 0);
	if (!still_good(s))
		return false;
	if (o == OUT_CREATED) {
		judge_grant(s, &r, &b, looked(s) - before);
		if (!s->finding.is)
			begin_mapping(s, &r, &b);
	} else {
		judge_refusal(s, &r, o, looked(s) - before);
		if (newcomer)
			part_if_idle(s, op->subscriber);
	}
	return o == OUT_CREATED && !s->finding.is;
}

static void fill(struct stand *s, const struct operation *op)
{
	struct operation one = *op;

	for (uint32_t n = 0; n < op->n; n++) {
		one.port = (uint16_t)(1024 + n * 7919 % 64512);
		one.remote = 0xc6120000 + n % 16;
		one.remote_port = 443;
		if (!open_flow(s, &one))
			return;
	}
}

static void close_flow(struct stand *s, const struct operation *op)
{
	struct tenant_book *t = &s->tenants[op->subscriber];
	uint32_t *from = &t->first, at;
	struct held_number *n;
	struct live m;

	if (!t->active)
		return;
	for (uint32_t skip = op->n % t->active; skip; skip--)
		from = &s->lives[*from].next;
	at = *from;
	m = s->lives[at];
	stand_log_ask(s, &m, op->subscriber);
	*from = m.next;
	s->lives[at].next = s->live_free;
	s->live_free = at;
	t->active--;
	cell_of(s, m.address, m.protocol, m.slot)->live = false;
	tell(s, "ended %s: subscriber %u, address %u, slot %u", protocol_name[m.protocol], op->subscriber, m.address, m.slot);
	stand_log_mapping(s, &m, op->subscriber, true);
	n = holddown_add(&s->held);
	n->release_ns = s->now_ns + s->setup.hold_ns;
	n->subscriber = op->subscriber;
	n->address = m.address;
	n->slot = (uint16_t)m.slot;
	n->protocol = m.protocol;
	if (s->allocator.ended)
		s->allocator.ended(s->allocator.state, s->now_ns, op->subscriber, m.address, m.slot, (enum protocol)m.protocol);
}

static void release(struct stand *s, const struct held_number *held)
{
	struct held_number n = *held;

	tell(s, "release %s: subscriber %u, address %u, slot %u", protocol_name[n.protocol], n.subscriber, n.address, n.slot);
	cell_of(s, n.address, n.protocol, n.slot)->holder = NOBODY;
	portset_give(ground_ports(&s->ground, n.address, (enum protocol)n.protocol), n.slot);
	s->tenants[n.subscriber].held[n.protocol]--;
	if (s->allocator.release)
		s->allocator.release(s->allocator.state, s->now_ns, n.subscriber, n.address, n.slot, (enum protocol)n.protocol);
	judge_release(s);
	part_if_idle(s, n.subscriber);
}

/* Hold-downs and the scheme's own timers, in order of time, up to and including `until_ns`. */
static void advance(struct stand *s, int64_t until_ns)
{
	while (still_good(s)) {
		int64_t hold = holddown_next(&s->held);
		int64_t own = s->allocator.next ? s->allocator.next(s->allocator.state) : NS_NEVER;

		if (hold > until_ns && own > until_ns)
			break;
		s->now_ns = hold <= own ? hold : own > s->now_ns ? own : s->now_ns;
		if (hold <= own) {
			release(s, holddown_take(&s->held));
		} else {
			tell(s, "tick");
			s->allocator.tick(s->allocator.state, s->now_ns);
			judge_release(s); /* a block may be free again */
		}
	}
	s->now_ns = until_ns;
	attribution_advance(s->attribution, until_ns);
}

bool stand_do(struct stand *s, const struct operation *op)
{
	switch ((enum operation_kind)op->kind) {
	case OPERATION_OPEN:
		open_flow(s, op);
		break;
	case OPERATION_CLOSE:
		close_flow(s, op);
		break;
	case OPERATION_FILL:
		fill(s, op);
		break;
	case OPERATION_DRAIN:
		while (s->tenants[op->subscriber].active && !s->finding.is)
			close_flow(s, op);
		break;
	case OPERATION_WAIT:
		advance(s, s->now_ns + op->wait_ns);
		break;
	}
	return still_good(s);
}

#define FOREVER (400 * NS_PER_DAY)

bool stand_finish(struct stand *s, bool fair)
{
	for (uint32_t k = 0; k < s->ground.subscribers && !s->finding.is; k++)
		while (s->tenants[k].active && !s->finding.is)
			close_flow(s, &(struct operation){ .kind = OPERATION_CLOSE, .subscriber = k });
	if (!s->finding.is)
		advance(s, s->now_ns + FOREVER);
	if (!s->finding.is)
		judge_end(s, fair);
	return still_good(s);
}

const struct finding *stand_finding(const struct stand *s)
{
	return &s->finding;
}

const uint64_t *stand_checks(const struct stand *s)
{
	return s->checks;
}

uint64_t stand_trace(const struct stand *s)
{
	return s->trace;
}
