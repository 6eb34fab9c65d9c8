/* Life of an incident: attribution_incident() works out what the server wrote
 * down, attribution_advance() answers it once every record that could overlap
 * its window has been read.
 *
 * A window lies at most `reach_ns` before the moment up to which all records
 * have been given: a record that ended earlier is of no more use to anybody. */
#include "analysis/attribution.h"

#include <stdlib.h>

#include "analysis/logbook.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"

const char *const evidence_name[EVIDENCE_COUNT] = {
	[EVIDENCE_ADDRESS]   = "address+time",
	[EVIDENCE_PORT]      = "address+port+time",
	[EVIDENCE_AS_LOGGED] = "as-logged",
};

struct pending {
	struct incident incident;
	int64_t from_ns, to_ns; /* the window */
	bool port_logged;
};

struct attribution {
	struct evidence_config evidence;
	int64_t log_resolution_ns;
	int64_t offset_bound_ns; /* no server's clock is further off */
	int64_t reach_ns;
	uint64_t seed;
	const struct rule *rule;
	bool port_only;
	int64_t now_ns;

	struct logbook *book;

	struct pending *pending; /* a heap: the window that ends first is on top */
	size_t pending_count, pending_room;

	struct answers answers;
	uint32_t *seen;          /* the candidates of the incident being answered */
	size_t seen_count, seen_room;
};

/* ---- set-up ---- */

static int64_t ns_up(double seconds)
{
	return seconds >= seconds_from_ns(NS_LONGEST) ? NS_LONGEST : (int64_t)(seconds * (double)NS_PER_S) + 1;
}

static double magnitude(double x)
{
	return x < 0 ? -x : x;
}

/* No value of the law is further from 0: its own bound, or ATTRIBUTION_FURTHEST_OFFSET if it has none. */
static int64_t offset_bound(const struct distribution *d)
{
	double bound = 0;
	int64_t part, widest = 0;

	switch (d->kind) {
	case DIST_CONSTANT:
		return ns_up(magnitude(d->value));
	case DIST_UNIFORM:
		bound = magnitude(d->low);
		return ns_up(magnitude(d->high) > bound ? magnitude(d->high) : bound);
	case DIST_EMPIRICAL:
		for (size_t i = 0; i < d->value_count; i++)
			if (magnitude(d->values[i]) > bound)
				bound = magnitude(d->values[i]);
		return ns_up(bound);
	case DIST_MIXTURE:
		for (size_t i = 0; i < d->part_count; i++) {
			part = offset_bound(&d->parts[i]);
			widest = part > widest ? part : widest;
		}
		return widest;
	default:
		return d->max > 0 ? ns_up(d->max) : ATTRIBUTION_FURTHEST_OFFSET;
	}
}

struct attribution *attribution_create(const struct attribution_setup *setup)
{
	struct attribution *a = must_alloc(1, sizeof(*a));
	const struct evidence_config *e = setup->evidence;
	int64_t before_flow, before_now;

	must(e->resolution_ns > 0 && e->assumed_error_ns >= 0 && setup->log_resolution_ns >= 0);
	a->evidence = *e;
	a->log_resolution_ns = setup->log_resolution_ns;
	a->offset_bound_ns = offset_bound(&e->clock_offset);
	a->seed = setup->seed;
	a->rule = setup->rule;
	a->port_only = setup->port_only;
	before_flow = a->offset_bound_ns + e->resolution_ns + e->assumed_error_ns;
	before_now = a->log_resolution_ns + e->resolution_ns + 2 * e->assumed_error_ns;
	a->reach_ns = (before_flow > before_now ? before_flow : before_now) + a->log_resolution_ns;
	a->book = logbook_create(setup->log_resolution_ns, setup->log->events == LOG_CREATE ? setup->log->max_life_ns : 0,
	                          setup->shared);
	return a;
}

void attribution_destroy(struct attribution *a)
{
	if (!a)
		return;
	logbook_destroy(a->book);
	free(a->pending);
	free(a->answers.items);
	free(a->seen);
	free(a);
}

void attribution_record(struct attribution *a, const struct log_record *shown)
{
	logbook_record(a->book, shown);
}

/* ---- who could it have been ---- */

static void candidate(void *context, uint32_t inside)
{
	struct attribution *a = context;

	for (size_t i = 0; i < a->seen_count; i++)
		if (a->seen[i] == inside)
			return;
	if (a->seen_count == a->seen_room) {
		a->seen_room = a->seen_room ? a->seen_room * 2 : 64;
		a->seen = must_grow(a->seen, a->seen_room, sizeof(*a->seen));
	}
	a->seen[a->seen_count++] = inside;
}

static void answer_port(struct attribution *a, const struct place *p, const struct pending *q, struct answer *out)
{
	const struct incident *i = &q->incident;
	const struct numbers *of_protocol = p->numbers[i->protocol];
	int64_t from_ns = q->from_ns - a->log_resolution_ns;
	uint32_t inside;

	a->seen_count = 0;
	if (of_protocol)
		numbers_of(of_protocol, i->port, from_ns, q->to_ns, candidate, a);
	if (p->blocks)
		holdings_of_number(p->blocks, i->port, from_ns, q->to_ns, candidate, a);
	if (a->rule && a->rule->holder(a->rule->context, i->outside, i->port, &inside))
		candidate(a, inside);
	out->candidates[EVIDENCE_PORT] = (uint32_t)a->seen_count;
	for (size_t k = 0; k < a->seen_count; k++)
		out->right[EVIDENCE_PORT] |= a->seen[k] == i->subscriber;
}

/* Subscribers with any record: counted, not listed, since an address may have
 * thousands. Three sources, each counting only whom the ones before did not. */
struct census {
	const struct presence *of_protocol, *blocks;
	int64_t from_ns, to_ns;
	uint32_t truth, count;
	bool right;
};

static void count_one(void *context, uint32_t inside)
{
	struct census *c = context;

	c->count++;
	c->right |= inside == c->truth;
}

static void count_block(void *context, uint32_t inside)
{
	struct census *c = context;

	if (!c->of_protocol || !presence_has(c->of_protocol, inside, c->from_ns, c->to_ns))
		count_one(c, inside);
}

static void count_assigned(void *context, uint32_t inside)
{
	struct census *c = context;

	if (!c->blocks || !presence_has(c->blocks, inside, c->from_ns, c->to_ns))
		count_block(c, inside);
}

static void answer_address(const struct attribution *a, const struct place *p, const struct pending *q, struct answer *out)
{
	const struct numbers *of_protocol = p->numbers[q->incident.protocol];
	struct census c = {
		.of_protocol = of_protocol ? numbers_presence(of_protocol) : NULL,
		.blocks = p->blocks ? holdings_presence(p->blocks) : NULL,
		.from_ns = q->from_ns - a->log_resolution_ns,
		.to_ns = q->to_ns,
		.truth = q->incident.subscriber,
	};

	if (c.of_protocol)
		presence_all(c.of_protocol, c.from_ns, c.to_ns, count_one, &c);
	if (c.blocks)
		presence_all(c.blocks, c.from_ns, c.to_ns, count_block, &c);
	if (a->rule)
		a->rule->assigned(a->rule->context, q->incident.outside, count_assigned, &c);
	out->candidates[EVIDENCE_ADDRESS] = c.count;
	out->right[EVIDENCE_ADDRESS] = c.right;
}

static struct answer *add_answer(struct attribution *a, const struct incident *i)
{
	struct answers *all = &a->answers;

	if (all->count == all->room) {
		all->room = all->room ? all->room * 2 : 64;
		all->items = must_grow(all->items, all->room, sizeof(*all->items));
	}
	all->items[all->count] = (struct answer){ .hash = i->hash, .reached = i->reached };
	return &all->items[all->count++];
}

static void answer(struct attribution *a, const struct pending *q)
{
	struct answer *out = add_answer(a, &q->incident);
	const struct place *p = logbook_place(a->book, q->incident.outside);
	enum evidence logged = q->port_logged ? EVIDENCE_PORT : EVIDENCE_ADDRESS;

	if (!a->port_only)
		answer_address(a, p, q, out);
	answer_port(a, p, q, out);
	out->candidates[EVIDENCE_AS_LOGGED] = out->candidates[logged];
	out->right[EVIDENCE_AS_LOGGED] = out->right[logged];
}

/* ---- incidents ---- */

static int64_t floor_to(int64_t ns, int64_t step)
{
	int64_t above = ns % step;

	return ns - (above < 0 ? above + step : above);
}

/* One stream for each server says whether it logs the port, and how wrong its clock is. */
static void look_at_server(const struct attribution *a, struct pending *q)
{
	struct rng r;
	int64_t offset_ns, stamp_ns;

	rng_seed(&r, mix64(mix64(a->seed, RNG_CLOCK), q->incident.remote));
	q->port_logged = rng_unit(&r) < a->evidence.port_logged;
	offset_ns = distribution_draw(&a->evidence.clock_offset, &r);
	if (offset_ns > a->offset_bound_ns)
		offset_ns = a->offset_bound_ns;
	if (offset_ns < -a->offset_bound_ns)
		offset_ns = -a->offset_bound_ns;
	stamp_ns = floor_to(q->incident.time_ns + offset_ns, a->evidence.resolution_ns);
	q->from_ns = stamp_ns - a->evidence.assumed_error_ns;
	q->to_ns = stamp_ns + a->evidence.resolution_ns + a->evidence.assumed_error_ns;
}

static void swap_pending(struct pending *x, struct pending *y)
{
	struct pending t = *x;

	*x = *y;
	*y = t;
}

static void push_pending(struct attribution *a, const struct pending *q)
{
	size_t at = a->pending_count++;

	if (at == a->pending_room) {
		a->pending_room = a->pending_room ? a->pending_room * 2 : 64;
		a->pending = must_grow(a->pending, a->pending_room, sizeof(*a->pending));
	}
	a->pending[at] = *q;
	for (; at > 0 && a->pending[at].to_ns < a->pending[(at - 1) / 2].to_ns; at = (at - 1) / 2)
		swap_pending(&a->pending[at], &a->pending[(at - 1) / 2]);
}

static struct pending pop_pending(struct attribution *a)
{
	struct pending top = a->pending[0];
	size_t at = 0, child, count = --a->pending_count;

	a->pending[0] = a->pending[count];
	for (; (child = 2 * at + 1) < count; at = child) {
		if (child + 1 < count && a->pending[child + 1].to_ns < a->pending[child].to_ns)
			child++;
		if (a->pending[at].to_ns <= a->pending[child].to_ns)
			break;
		swap_pending(&a->pending[at], &a->pending[child]);
	}
	return top;
}

void attribution_incident(struct attribution *a, const struct incident *i)
{
	struct pending q = { .incident = *i };

	must(i->time_ns >= a->now_ns);
	if (!i->reached) {
		add_answer(a, i);
		return;
	}
	look_at_server(a, &q);
	push_pending(a, &q);
}

/* Records to come show a time after now - log resolution: a window that ends
 * before that overlaps none of them, and no life ends later than they begin. */
void attribution_advance(struct attribution *a, int64_t now_ns)
{
	must(now_ns >= a->now_ns);
	a->now_ns = now_ns;
	logbook_expire(a->book, now_ns - a->log_resolution_ns);
	while (a->pending_count > 0 && a->pending[0].to_ns <= now_ns - a->log_resolution_ns) {
		struct pending q = pop_pending(a);

		answer(a, &q);
	}
	logbook_forget(a->book, now_ns - a->reach_ns);
}

void attribution_finish(struct attribution *a, struct answers *out)
{
	logbook_expire(a->book, NS_NEVER);
	while (a->pending_count > 0) {
		struct pending q = pop_pending(a);

		answer(a, &q);
	}
	*out = a->answers;
	a->answers = (struct answers){ 0 };
}
