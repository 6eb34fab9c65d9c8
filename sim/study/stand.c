#include <stdarg.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/scheme/plugin_call.h"
#include "sim/study/stand_state.h"

/* A wait of a day is long if every block is told of again every second. */
#define EVENTS_OF_LIST 500000u
#define EVENTS_OF_END 3000000u
#define LOOKED_AT_ONCE 16 /* numbers of a block: one of more counts as several */

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

void stand_tell(struct stand *s, const char *format, ...)
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

void stand_trace_add(struct stand *s, uint64_t a, uint64_t b)
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

	stand_tell(s, "emit block %s: subscriber %u, address %u, %u slots from %u by %u", names[e->kind], e->subscriber, e->address,
	     e->count, e->slot, e->step);
	stand_trace_add(s, (uint64_t)e->kind << 32 | e->subscriber, (uint64_t)e->address << 32 | e->slot);
	s->events += 1 + e->count / LOOKED_AT_ONCE;
	judge_block(s, e);
	stand_log_block(s, e);
	if (e->kind == NAT_BLOCK_RETURNED)
		stand_part_if_idle(s, e->subscriber);
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
	s->ruled = must_alloc(addresses, sizeof(*s->ruled));
	s->live_free = s->asking = NOBODY;
	s->events_most = EVENTS_OF_LIST;
	holddown_init(&s->held);
	if (setup->type->promise)
		setup->type->promise(setup->config, setup->pool, &s->promise);
	stand_log_open(s);
	stand_tell(s, "create: %u subscribers, %u addresses of %u numbers", subscribers, addresses, slots);
	s->guard = guard_create(&s->ground, &report);
	inner = setup->type->create_guarded ? setup->type->create_guarded(setup->config, s->guard)
	                                    : setup->type->create(setup->config, guard_ground(s->guard));
	s->allocator = guard_wrap(s->guard, &inner);
	if (inner.overloads)
		guard_ground(s->guard)->tuples = s->ground.tuples = tuples_create(addresses, slots);
	return s;
}

void stand_destroy(struct stand *s)
{
	if (!s)
		return;
	stand_tell(s, "destroy");
	s->allocator.destroy(s->allocator.state);
	for (size_t i = 0; i < (size_t)s->ground.addresses * PROTO_COUNT; i++)
		portset_destroy(s->ground.ports[i]);
	stand_log_close(s);
	for (uint32_t k = 0; k < s->ground.subscribers; k++)
		free(s->tenants[k].mine);
	tuples_destroy(s->ground.tuples);
	free(s->remotes);
	free(s->ground.ports);
	free(s->lives);
	free(s->tenants);
	free(s->tenants_on);
	free(s->is_home);
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		free(s->ruled[a]);
	free(s->ruled);
	free(s->cells);
	free(s->blocks);
	free(s->blocks_from);
	guesses_destroy(s);
	holddown_clear(&s->held);
	free(s);
}

/* A rule's calls have no guard of their own: what became of them is asked for. */
bool stand_still_good(struct stand *s)
{
	if (plugin_call_given_up())
		stand_broken(s, RULE_CALLS, "%s", plugin_call_given_up());
	return !s->finding.is;
}

uint64_t stand_looked(const struct stand *s)
{
	uint64_t n = s->ground.tuples ? tuples_looked(s->ground.tuples) : 0;

	for (size_t i = 0; i < (size_t)s->ground.addresses * PROTO_COUNT; i++)
		n += portset_looked(s->ground.ports[i]);
	return n - guard_looked(s->guard);
}

void stand_advance(struct stand *s, int64_t until_ns)
{
	while (stand_still_good(s) && !s->cut) {
		int64_t hold = holddown_next(&s->held);
		int64_t own = s->allocator.next ? s->allocator.next(s->allocator.state) : NS_NEVER;
		uint64_t before;

		if (hold > until_ns && own > until_ns)
			break;
		if (hold > s->now_ns && own > s->now_ns) {
			s->now_ns = hold < own ? hold : own;
			attribution_advance(s->attribution, s->now_ns - 1); /* the log forgets what is over */
		}
		if (hold <= own) {
			stand_release(s, holddown_take(&s->held));
		} else {
			stand_tell(s, "tick");
			before = stand_looked(s);
			s->allocator.tick(s->allocator.state, s->now_ns);
			judge_work(s, "tick()", before, (uint64_t)s->ground.addresses * PROTO_COUNT * s->ground.slots->count);
			judge_release(s); /* a block may be free again */
		}
		s->cut = s->events > s->events_most;
	}
	if (!s->cut)
		s->now_ns = until_ns;
	attribution_advance(s->attribution, s->now_ns);
}

/* All of a subscriber's mappings end. */
static void drain(struct stand *s, uint32_t subscriber)
{
	while (s->tenants[subscriber].active && !s->finding.is) {
		stand_close(s, &(struct operation){ .kind = OPERATION_CLOSE, .subscriber = subscriber });
		stand_advance(s, s->now_ns + STAND_APART_NS);
	}
}

bool stand_do(struct stand *s, const struct operation *op)
{
	if (s->cut)
		return stand_still_good(s);
	switch ((enum operation_kind)op->kind) {
	case OPERATION_OPEN:
		stand_open(s, op);
		break;
	case OPERATION_CLOSE:
		stand_close(s, op);
		break;
	case OPERATION_FILL:
		stand_fill(s, op);
		break;
	case OPERATION_DRAIN:
		drain(s, op->subscriber);
		break;
	case OPERATION_WAIT:
		stand_advance(s, s->now_ns + op->wait_ns);
		break;
	}
	return stand_still_good(s);
}

#define FOREVER (400 * NS_PER_DAY)

bool stand_finish(struct stand *s)
{
	bool cut = s->cut;

	s->cut = false;
	s->events_most = s->events + EVENTS_OF_END;
	for (uint32_t k = 0; k < s->ground.subscribers && !s->finding.is; k++)
		drain(s, k);
	if (!s->finding.is)
		stand_advance(s, s->now_ns + FOREVER);
	if (!s->finding.is)
		judge_end(s);
	s->cut |= cut;
	return stand_still_good(s);
}

const struct finding *stand_finding(const struct stand *s)
{
	return &s->finding;
}

bool stand_cut(const struct stand *s)
{
	return s->cut;
}

const uint64_t *stand_checks(const struct stand *s)
{
	return s->checks;
}

uint64_t stand_trace(const struct stand *s)
{
	return s->trace;
}
