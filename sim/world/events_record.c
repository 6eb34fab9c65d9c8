/* What is said of an event depends on its kind: a table says which fields. The
 * others are 0, in memory too. */
#include "sim/world/events_format.h"

#include <string.h>

#include "sim/base/must.h"
#include "sim/world/watch.h"

enum field {
	SUBSCRIBER, ADDRESS, AGE, SLOT, COUNT, STEP, ODDS, PROTOCOL, OUTCOME, END, NOTICE, LIVE, TAKEN, REMOTE, REMOTE_PORT, PORT,
	FIELDS,
};
#define BIT(field) (1u << (field))

enum {
	OF_ALL = BIT(SUBSCRIBER) | BIT(ADDRESS),
	OF_MAPPING = OF_ALL | BIT(SLOT) | BIT(PROTOCOL),
	OF_SESSION = OF_MAPPING | BIT(REMOTE) | BIT(REMOTE_PORT) | BIT(PORT),
	OF_BLOCK = OF_ALL | BIT(AGE) | BIT(SLOT) | BIT(COUNT) | BIT(STEP),
};
static const uint32_t fields_of[] = {
	[NAT_MAPPING_CREATED] = OF_MAPPING | BIT(ODDS) | BIT(LIVE) | BIT(TAKEN) | BIT(PORT),
	[NAT_MAPPING_ENDED]   = OF_MAPPING | BIT(AGE) | BIT(END) | BIT(LIVE) | BIT(PORT),
	[NAT_PORT_RELEASED]   = OF_MAPPING | BIT(AGE) | BIT(TAKEN),
	[NAT_SESSION_CREATED] = OF_SESSION,
	[NAT_SESSION_ENDED]   = OF_SESSION,
	[NAT_BLOCK_GIVEN]     = OF_BLOCK,
	[NAT_BLOCK_RETURNED]  = OF_BLOCK,
	[NAT_BLOCK_FREE]      = OF_BLOCK,
	[NAT_REFUSED]         = OF_ALL | BIT(PROTOCOL) | BIT(OUTCOME),
	[NAT_BLOCK_INTERIM]   = OF_BLOCK,
	[NAT_NOTICE]          = OF_ALL | BIT(PROTOCOL) | BIT(OUTCOME) | BIT(NOTICE),
};
#define KINDS (sizeof(fields_of) / sizeof(*fields_of))
#define TRAIN 16u /* the tag of a train; an event's is its kind */

/* Is the address of one that says SLOT always one of the pool's? Others may be of a newcomer whom none had room for. */
static bool is_placed(uint32_t fields)
{
	return fields & BIT(SLOT);
}

static uint64_t field_get(const struct nat_event *e, enum field field)
{
	switch (field) {
	case SUBSCRIBER:  return e->subscriber;
	case ADDRESS:     return (uint32_t)(e->address + 1); /* ADDRESS_NONE: 0 */
	case AGE:         return (uint64_t)(e->time_ns - e->since_ns);
	case SLOT:        return e->slot;
	case COUNT:       return e->count;
	case STEP:        return e->step;
	case ODDS:        return e->odds;
	case PROTOCOL:    return e->protocol;
	case OUTCOME:     return e->outcome;
	case END:         return e->end;
	case NOTICE:      return e->notice;
	case LIVE:        return e->live;
	case TAKEN:       return e->taken;
	case REMOTE:      return e->remote;
	case REMOTE_PORT: return e->remote_port;
	case PORT:        return e->port;
	case FIELDS:      break;
	}
	return 0;
}

static void field_set(struct nat_event *e, enum field field, uint64_t value)
{
	switch (field) {
	case SUBSCRIBER:  e->subscriber = (uint32_t)value; break;
	case ADDRESS:     e->address = (uint32_t)value - 1; break;
	case AGE:         e->since_ns = e->time_ns - (int64_t)value; break;
	case SLOT:        e->slot = (uint32_t)value; break;
	case COUNT:       e->count = (uint32_t)value; break;
	case STEP:        e->step = (uint32_t)value; break;
	case ODDS:        e->odds = (uint32_t)value; break;
	case PROTOCOL:    e->protocol = (enum protocol)value; break;
	case OUTCOME:     e->outcome = (enum outcome)value; break;
	case END:         e->end = (uint8_t)value; break;
	case NOTICE:      e->notice = (uint8_t)value; break;
	case LIVE:        e->live = (uint8_t)value; break;
	case TAKEN:       e->taken = (uint8_t)value; break;
	case REMOTE:      e->remote = (uint32_t)value; break;
	case REMOTE_PORT: e->remote_port = (uint16_t)value; break;
	case PORT:        e->port = (uint16_t)value; break;
	case FIELDS:      break;
	}
}

static uint64_t field_most(const struct events_bounds *b, const struct nat_event *e, enum field field)
{
	switch (field) {
	case SUBSCRIBER:  return b->subscribers - 1;
	case ADDRESS:     return b->addresses;
	case AGE:         return (uint64_t)e->time_ns;
	case SLOT:        return b->slots - 1;
	case COUNT:       return b->slots;
	case PROTOCOL:    return PROTO_COUNT - 1;
	case OUTCOME:     return OUT_COUNT - 1;
	case END:         return END_LOST;
	case NOTICE:      return NOTICE_COUNT - 1;
	case LIVE:
	case TAKEN:       return 1;
	case STEP:
	case REMOTE_PORT:
	case PORT:        return UINT16_MAX;
	case ODDS:
	case REMOTE:
	case FIELDS:      break;
	}
	return UINT32_MAX;
}

static uint64_t since(int64_t *clock_ns, int64_t now_ns)
{
	int64_t passed_ns = now_ns - *clock_ns;

	must(passed_ns >= 0);
	*clock_ns = now_ns;
	return (uint64_t)passed_ns;
}

void events_put_event(struct carry_out *o, struct events_clock *clock, const struct nat_event *e)
{
	must(e->kind < KINDS && (!(fields_of[e->kind] & BIT(AGE)) || e->since_ns <= e->time_ns));
	carry_number(o, e->kind);
	carry_number(o, since(&clock->event_ns, e->time_ns));
	for (unsigned f = 0; f < FIELDS; f++)
		if (fields_of[e->kind] & BIT(f))
			carry_number(o, field_get(e, (enum field)f));
}

static bool take_since(struct carry_in *in, int64_t *clock_ns, int64_t most_ns)
{
	uint64_t passed;

	if (*clock_ns > most_ns || !carry_take_number(in, (uint64_t)(most_ns - *clock_ns), &passed))
		return false;
	*clock_ns += (int64_t)passed;
	return true;
}

static bool take_event(struct carry_in *in, struct events_clock *clock, const struct events_bounds *b, struct nat_event *e,
                       uint64_t kind)
{
	uint32_t fields = fields_of[kind];

	*e = (struct nat_event){ .kind = (enum nat_event_kind)kind };
	if (!take_since(in, &clock->event_ns, b->end_ns))
		return false;
	e->time_ns = clock->event_ns;
	for (unsigned f = 0; f < FIELDS; f++) {
		uint64_t value;

		if (!(fields & BIT(f)))
			continue;
		if (!carry_take_number(in, field_most(b, e, (enum field)f), &value))
			return false;
		field_set(e, (enum field)f, value);
	}
	if (is_placed(fields) && !(fields & BIT(COUNT)))
		e->count = 1;
	if (is_placed(fields) && (e->address == ADDRESS_NONE || !e->count ||
	                          e->slot + (uint64_t)(e->count - 1) * (e->step ? e->step : 1) >= b->slots))
		return false;
	return kind != NAT_REFUSED || outcome_is_refusal(e->outcome);
}

/* A moment of a train, as the difference to its start, which may be negative; 0: there is none. */
static void put_moment(struct carry_out *o, int64_t start_ns, int64_t moment_ns)
{
	if (moment_ns == NS_NONE)
		carry_number(o, 0);
	else if (moment_ns < start_ns)
		carry_number(o, (uint64_t)(start_ns - moment_ns) * 2);
	else
		carry_number(o, (uint64_t)(moment_ns - start_ns) * 2 + 1);
}

static bool take_moment(struct carry_in *in, int64_t start_ns, int64_t *moment_ns)
{
	uint64_t n;

	if (!carry_take_number(in, 2 * (uint64_t)NS_LONGEST + 1, &n))
		return false;
	*moment_ns = !n ? NS_NONE : n % 2 ? start_ns + (int64_t)(n / 2) : start_ns - (int64_t)(n / 2);
	return true;
}

/* Does the verdict name a mapping? */
static bool names_mapping(const struct verdict *v)
{
	return v->outcome == OUT_CREATED || v->outcome == OUT_REFRESHED;
}

#define SIGHTS (SIGHT_BEGINS | SIGHT_NEEDS | SIGHT_AT_HOME | SIGHT_RETRY)
#define CROWDED_OUT (SIGHTS + 1)

void events_put_train(struct carry_out *o, struct events_clock *clock, const struct segment *train, const struct verdict *v,
                      unsigned sight)
{
	const uint64_t numbers[] = { train->subscriber, train->flow, train->source, train->host, train->protocol, train->flags,
	                             train->port, train->remote, train->remote_port };

	must(sight <= SIGHTS);
	carry_number(o, TRAIN);
	carry_number(o, since(&clock->train_ns, train->start_ns));
	put_moment(o, train->start_ns, train->last_out_ns);
	put_moment(o, train->start_ns, train->first_in_ns);
	put_moment(o, train->start_ns, train->last_in_ns);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		carry_number(o, numbers[i]);
	carry_number(o, sight | (v->crowded_out ? CROWDED_OUT : 0u));
	carry_number(o, v->outcome);
	if (!names_mapping(v))
		return;
	carry_number(o, v->address);
	carry_number(o, v->slot);
	carry_number(o, v->number);
}

static bool take_verdict(struct carry_in *in, const struct events_bounds *b, struct verdict *v)
{
	uint64_t outcome, address, slot, number;

	*v = (struct verdict){ 0 };
	if (!carry_take_number(in, OUT_COUNT - 1, &outcome))
		return false;
	v->outcome = (enum outcome)outcome;
	if (!names_mapping(v))
		return true;
	if (!carry_take_number(in, b->addresses - 1, &address) || !carry_take_number(in, b->slots - 1, &slot) ||
	    !carry_take_number(in, UINT16_MAX, &number))
		return false;
	v->address = (uint32_t)address;
	v->slot = (uint32_t)slot;
	v->number = (uint16_t)number;
	return true;
}

static bool take_train(struct carry_in *in, struct events_clock *clock, const struct events_bounds *b,
                       struct events_record *r)
{
	const uint64_t most[] = { (uint64_t)b->first_subscriber + b->subscribers - 1, UINT32_MAX, UINT8_MAX, UINT8_MAX,
	                          PROTO_COUNT - 1, UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT16_MAX };
	struct segment *t = &r->train;
	uint64_t n[sizeof(most) / sizeof(*most)], sight;

	if (!take_since(in, &clock->train_ns, b->end_ns - 1))
		return false;
	t->start_ns = clock->train_ns;
	if (!take_moment(in, t->start_ns, &t->last_out_ns) || !take_moment(in, t->start_ns, &t->first_in_ns) ||
	    !take_moment(in, t->start_ns, &t->last_in_ns))
		return false;
	for (size_t i = 0; i < sizeof(most) / sizeof(*most); i++)
		if (!carry_take_number(in, most[i], &n[i]))
			return false;
	t->subscriber = (uint32_t)n[0];
	t->flow = (uint32_t)n[1];
	t->source = (uint8_t)n[2];
	t->host = (uint8_t)n[3];
	t->protocol = (uint8_t)n[4];
	t->flags = (uint8_t)n[5];
	t->port = (uint16_t)n[6];
	t->remote = (uint32_t)n[7];
	t->remote_port = (uint16_t)n[8];
	if (t->subscriber < b->first_subscriber || !carry_take_number(in, SIGHTS | CROWDED_OUT, &sight) ||
	    !take_verdict(in, b, &r->verdict))
		return false;
	r->sight = (unsigned)sight & SIGHTS;
	r->verdict.crowded_out = sight & CROWDED_OUT;
	return true;
}

bool events_take(struct carry_in *in, struct events_clock *clock, const struct events_bounds *bounds,
                 struct events_record *out)
{
	uint64_t tag;

	if (!carry_take_number(in, TRAIN, &tag))
		return false;
	out->is_train = tag == TRAIN;
	if (out->is_train)
		return take_train(in, clock, bounds, out);
	return tag < KINDS && take_event(in, clock, bounds, &out->event, tag);
}
