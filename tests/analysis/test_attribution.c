/* Attribution: every answer against a naive model, and the table by hand. */
#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/analysis/history.h"

#include <cmocka.h> /* last: its macro fail would catch our fail() */

static int answer_by_hash(const void *x, const void *y)
{
	const struct answer *a = x, *b = y;

	return (a->hash > b->hash) - (a->hash < b->hash);
}

/* ---- the naive model: a list of all records, looked through for every question ---- */

struct naive_record {
	struct log_record begin;
	int64_t end_ns;
};
struct naive {
	const struct attribution_setup *setup;
	struct naive_record *records;
	size_t count;
};

static bool is_block(const struct log_record *r)
{
	return r->kind == LOG_BLOCK_ADD || r->kind == LOG_BLOCK_DELETE;
}

static bool holds(const struct log_record *r, uint32_t number)
{
	return number >= r->lo && number <= r->hi && (r->step < 2 || (number - r->lo) % r->step == 0);
}

static bool shares_number(const struct log_record *a, const struct log_record *b)
{
	for (uint32_t number = a->lo > b->lo ? a->lo : b->lo; number <= a->hi && number <= b->hi; number++)
		if (holds(a, number) && holds(b, number))
			return true;
	return false;
}

static bool same_ground(const struct log_record *a, const struct log_record *b)
{
	return a->outside == b->outside && is_block(a) == is_block(b) && (is_block(a) || a->protocol == b->protocol) &&
	       shares_number(a, b);
}

static void naive_read(struct naive *n, const struct log_record *r)
{
	bool begins = r->kind == LOG_MAPPING_ADD || r->kind == LOG_BLOCK_ADD;
	bool creates_only = n->setup->log->events == LOG_CREATE;

	for (size_t i = 0; i < n->count; i++) {
		struct naive_record *x = &n->records[i];

		if (x->end_ns <= r->time_ns || !same_ground(&x->begin, r))
			continue;
		if (n->setup->shared && !is_block(r)) { /* others stand beside it; its oldest record ends */
			if (begins || x->begin.inside != r->inside)
				continue;
			x->end_ns = r->time_ns;
			break;
		}
		if (begins || (x->begin.lo == r->lo && x->begin.hi == r->hi && x->begin.inside == r->inside))
			x->end_ns = r->time_ns;
	}
	if (!begins)
		return;
	n->records[n->count] = (struct naive_record){ *r, NS_NEVER };
	if (creates_only && n->setup->log->max_life_ns > 0)
		n->records[n->count].end_ns = r->time_ns + n->setup->log->max_life_ns;
	n->count++;
}

struct names {
	uint32_t inside[4096];
	size_t count;
};

static void name(void *context, uint32_t inside)
{
	struct names *n = context;

	for (size_t i = 0; i < n->count; i++)
		if (n->inside[i] == inside)
			return;
	n->inside[n->count++] = inside;
}

static void naive_candidates(const struct naive *n, const struct incident *i, bool with_port, int64_t from_ns, int64_t to_ns,
                             struct names *out)
{
	const struct rule *rule = n->setup->rule;
	uint32_t inside;

	out->count = 0;
	for (size_t k = 0; k < n->count; k++) {
		const struct naive_record *x = &n->records[k];

		if (x->begin.outside != i->outside || (!is_block(&x->begin) && x->begin.protocol != i->protocol))
			continue;
		if (with_port && !holds(&x->begin, i->port))
			continue;
		if (x->begin.time_ns > to_ns || (x->end_ns != NS_NEVER && x->end_ns + n->setup->log_resolution_ns < from_ns))
			continue;
		name(out, x->begin.inside);
	}
	if (rule && with_port && rule->holder(rule->context, i->outside, i->port, &inside))
		name(out, inside);
	if (rule && !with_port)
		rule->assigned(rule->context, i->outside, name, out);
}

static struct answer naive_answer(const struct naive *n, const struct incident *i)
{
	const struct evidence_config *e = n->setup->evidence;
	struct answer out = { .hash = i->hash, .reached = i->reached };
	struct names *names = must_alloc(1, sizeof(*names));
	struct rng r;
	bool logs_port;
	int64_t stamp_ns;

	rng_seed(&r, mix64(mix64(n->setup->seed, RNG_CLOCK), i->remote));
	logs_port = rng_unit(&r) < e->port_logged;
	stamp_ns = cut_to(i->time_ns + distribution_draw(&e->clock_offset, &r), e->resolution_ns);
	for (int k = 0; k < EVIDENCE_COUNT && i->reached; k++) {
		bool with_port = k == EVIDENCE_PORT || (k == EVIDENCE_AS_LOGGED && logs_port);

		naive_candidates(n, i, with_port, stamp_ns - e->assumed_error_ns,
		                 stamp_ns + e->resolution_ns + e->assumed_error_ns, names);
		out.candidates[k] = (uint32_t)names->count;
		for (size_t c = 0; c < names->count; c++)
			out.right[k] |= names->inside[c] == i->subscriber;
	}
	free(names);
	return out;
}

/* Reads the whole log, then answers: nothing is forgotten, nothing comes too late. */
static struct answers naive_answers(const struct attribution_setup *setup, const struct history *h)
{
	struct naive n = { .setup = setup, .records = must_alloc(h->count, sizeof(*n.records)) };
	struct answers out = { .items = must_alloc(h->count, sizeof(*out.items)) };

	for (size_t i = 0; i < h->count; i++) {
		struct log_record shown = h->steps[i].record;

		if (h->steps[i].is_incident)
			continue;
		shown.time_ns = cut_to(shown.time_ns, setup->log_resolution_ns);
		naive_read(&n, &shown);
	}
	for (size_t i = 0; i < h->count; i++)
		if (h->steps[i].is_incident)
			out.items[out.count++] = naive_answer(&n, &h->steps[i].incident);
	free(n.records);
	return out;
}

/* ---- random histories ---- */

#define ADDRESSES 3
#define NUMBERS 40 /* few, so that they are used again and again */

struct owner {
	uint32_t inside;
	int64_t until_ns;
};

struct world {
	struct rng rng;
	struct history *to;
	bool deletes;
	int64_t now_ns;
	uint32_t subscribers;
	struct owner mapped[ADDRESSES][PROTO_COUNT][NUMBERS];
	struct owner blocks[ADDRESSES][NUMBERS / 4]; /* of four numbers */
};

static void say(struct world *w, enum log_kind kind, uint32_t address, enum protocol protocol, uint32_t inside, uint32_t lo, uint32_t hi)
{
	struct step *s = add_step(w->to);

	s->record = (struct log_record){
		.time_ns = w->now_ns, .kind = kind, .inside = inside, .outside = 1000 + address,
		.lo = (uint16_t)(1000 + lo), .hi = (uint16_t)(1000 + hi),
	};
	if (!is_block(&s->record))
		s->record.protocol = protocol;
}

/* A slot (of a mapping or a block) ends, begins, or changes hands at once. */
static void stir(struct world *w, struct owner *o, bool block, uint32_t address, enum protocol protocol, uint32_t lo, uint32_t hi)
{
	bool held = o->until_ns == NS_NEVER;

	if (held) {
		if (w->deletes)
			say(w, block ? LOG_BLOCK_DELETE : LOG_MAPPING_DELETE, address, protocol, o->inside, lo, hi);
		o->until_ns = w->now_ns;
	}
	if (!held || rng_below(&w->rng, 3) == 0) {
		o->inside = rng_below(&w->rng, w->subscribers);
		o->until_ns = NS_NEVER;
		say(w, block ? LOG_BLOCK_ADD : LOG_MAPPING_ADD, address, protocol, o->inside, lo, hi);
	}
}

static void random_incident(struct world *w, uint64_t hash)
{
	struct step *s = add_step(w->to);
	uint32_t address = rng_below(&w->rng, ADDRESSES + 1), number = rng_below(&w->rng, NUMBERS + 2);

	s->is_incident = true;
	s->incident = (struct incident){
		.hash = hash, .time_ns = w->now_ns, .subscriber = rng_below(&w->rng, w->subscribers), .outside = 1000 + address,
		.port = (uint16_t)(1000 + number), .remote = rng_below(&w->rng, 50),
		.protocol = (enum protocol)rng_below(&w->rng, PROTO_COUNT), .reached = rng_below(&w->rng, 20) > 0,
	};
	if (address < ADDRESSES && number < NUMBERS && rng_below(&w->rng, 8) > 0)
		s->incident.subscriber = w->mapped[address][s->incident.protocol][number].inside;
}

/* `shared`: a number may be several mappings' at a time. */
static void random_history(struct history *to, uint64_t key, int steps, bool deletes, bool mappings, bool blocks, bool shared)
{
	const uint32_t numbers = shared ? NUMBERS / 8 : NUMBERS;

	struct world *w = must_alloc(1, sizeof(*w));

	rng_seed(&w->rng, mix64(key, RNG_TEST));
	w->to = to;
	w->deletes = deletes;
	w->subscribers = 1 + rng_below(&w->rng, 30);
	for (int i = 0; i < steps; i++) {
		uint32_t address = rng_below(&w->rng, ADDRESSES), number = rng_below(&w->rng, NUMBERS);
		enum protocol protocol = (enum protocol)rng_below(&w->rng, PROTO_COUNT);

		if (rng_below(&w->rng, 3) > 0) /* often nothing passes between two records */
			w->now_ns += rng_below(&w->rng, 1u << (8 + rng_below(&w->rng, 22)));
		if (rng_below(&w->rng, 6) == 0)
			random_incident(w, (uint64_t)i);
		else if (blocks && (!mappings || rng_below(&w->rng, 4) == 0))
			stir(w, &w->blocks[address][number / 4], true, address, protocol, number / 4 * 4, number / 4 * 4 + 3);
		else
			stir(w, &w->mapped[address][protocol][number], false, address, protocol, number % numbers, number % numbers);
	}
	free(w);
}

/* A rule: number n of address a belongs to subscriber 2a + (n mod 2), but only in the lower half. */
static bool rule_holder(void *context, uint32_t outside, uint16_t port, uint32_t *inside)
{
	(void)context;
	if (outside >= 1000 + ADDRESSES || port < 1000 || port >= 1000 + NUMBERS / 2)
		return false;
	*inside = (outside - 1000) * 2 + port % 2;
	return true;
}

static void rule_assigned(void *context, uint32_t outside, void (*each)(void *context, uint32_t inside), void *each_context)
{
	(void)context;
	if (outside >= 1000 + ADDRESSES)
		return;
	each(each_context, (outside - 1000) * 2);
	each(each_context, (outside - 1000) * 2 + 1);
}

static const struct rule two_each = { .holder = rule_holder, .assigned = rule_assigned };

/* Every kind of log, with every kind of clock: numbers used again at once, logs
 * without ends, with a longest life, blocks, a rule beside blocks; windows from
 * far narrower than a life to far wider, and some that lie before the flow, or after it. */
static void agrees_with_the_naive_model(void **state)
{
	static const struct distribution clocks[] = {
		{ .kind = DIST_CONSTANT, .value = 0 },
		{ .kind = DIST_CONSTANT, .value = -7 },
		{ .kind = DIST_UNIFORM, .low = -1, .high = 1 },
		{ .kind = DIST_UNIFORM, .low = -30, .high = 5 },
		{ .kind = DIST_EXPONENTIAL, .mean = 2 },
	};
	static const int64_t resolutions[] = { 1, NS_PER_MS, 7777777, NS_PER_S, 60 * NS_PER_S };
	static const int64_t errors[] = { 0, 1, 300 * NS_PER_MS, NS_PER_S, 20 * NS_PER_S };
	static const int64_t lives[] = { 0, 1, 50 * NS_PER_MS, 2 * NS_PER_S + 1, 100 * NS_PER_S };
	size_t asked = 0, right = 0;

	(void)state;
	for (uint64_t key = 0; key < 300; key++) {
		struct rng r;
		struct history h = { 0 };
		struct evidence_config e = { .port_logged = 0.5 };
		struct log_config log = { 0 };
		struct attribution_setup setup = { .evidence = &e, .log = &log, .seed = key };
		struct answers got, want;
		uint32_t what;

		rng_seed(&r, mix64(key, RNG_TEST));
		e.clock_offset = clocks[rng_below(&r, 5)];
		e.resolution_ns = resolutions[rng_below(&r, 5)];
		e.assumed_error_ns = errors[rng_below(&r, 5)];
		log.events = rng_below(&r, 2) ? LOG_CREATE : LOG_CREATE_DELETE;
		log.max_life_ns = lives[rng_below(&r, 5)];
		setup.log_resolution_ns = rng_below(&r, 2) ? NS_PER_MS : NS_PER_S;
		setup.rule = rng_below(&r, 3) == 0 ? &two_each : NULL;
		what = 1 + rng_below(&r, 3);
		setup.shared = rng_below(&r, 4) == 0;
		random_history(&h, key, 1500, log.events == LOG_CREATE_DELETE, what & 1, what & 2, setup.shared);
		got = answer(&setup, &h, &r);
		want = naive_answers(&setup, &h);
		assert_int_equal(got.count, want.count);
		qsort(got.items, got.count, sizeof(*got.items), answer_by_hash);
		for (size_t i = 0; i < got.count; i++) {
			assert_int_equal(got.items[i].hash, want.items[i].hash);
			assert_int_equal(got.items[i].reached, want.items[i].reached);
			for (int k = 0; k < EVIDENCE_COUNT; k++) {
				assert_int_equal(got.items[i].candidates[k], want.items[i].candidates[k]);
				assert_int_equal(got.items[i].right[k], want.items[i].right[k]);
			}
			asked++;
			right += got.items[i].right[EVIDENCE_PORT];
		}
		free(got.items);
		free(want.items);
		free(h.steps);
	}
	assert_true(right > asked / 10 && right < asked); /* the histories are neither empty nor trivial */
}

/* Blocks of any size, that overlap blocks of other sizes over time. */
static void blocks_of_any_size(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < 60; key++) {
		struct rng r;
		struct history h = { 0 };
		struct evidence_config e = { .resolution_ns = NS_PER_S, .assumed_error_ns = 2 * NS_PER_S, .port_logged = 1 };
		struct log_config log = { .events = LOG_CREATE };
		struct attribution_setup setup = { .evidence = &e, .log = &log, .log_resolution_ns = NS_PER_MS, .seed = key };
		struct answers got, want;
		int64_t now_ns = 0;

		rng_seed(&r, mix64(key, RNG_TEST));
		for (uint64_t i = 0; i < 800; i++) {
			struct step *s = add_step(&h);
			uint32_t size = 1u << rng_below(&r, (uint32_t)(key % 17) + 1), lo = rng_below(&r, 65536 / size) * size;

			now_ns += rng_below(&r, 1000000000);
			if (i % 3 == 0) {
				s->is_incident = true;
				s->incident = (struct incident){ .hash = i, .time_ns = now_ns, .outside = 5, .port = (uint16_t)rng_next(&r), .reached = true };
				continue;
			}
			s->record = (struct log_record){ .time_ns = now_ns, .kind = LOG_BLOCK_ADD, .inside = rng_below(&r, 9), .outside = 5,
			                                 .lo = (uint16_t)lo, .hi = (uint16_t)(lo + size - 1) };
			if (key % 2 && rng_below(&r, 2)) { /* scattered: some with the others' step, some with one of their own */
				s->record.step = rng_below(&r, 2) ? 7 : (uint16_t)(2 + rng_below(&r, 40));
				s->record.hi = (uint16_t)(s->record.hi - (s->record.hi - s->record.lo) % s->record.step);
			}
		}
		got = answer(&setup, &h, &r);
		want = naive_answers(&setup, &h);
		qsort(got.items, got.count, sizeof(*got.items), answer_by_hash);
		assert_int_equal(got.count, want.count);
		for (size_t i = 0; i < got.count; i++)
			assert_memory_equal(got.items[i].candidates, want.items[i].candidates, sizeof(want.items[i].candidates));
		free(got.items);
		free(want.items);
		free(h.steps);
	}
}

/* A law without bounds is cut to an hour: the window then ends an hour and a bit after the flow. */
static void far_clocks_are_cut(void **state)
{
	struct evidence_config e = { .resolution_ns = NS_PER_S, .clock_offset = { .kind = DIST_EXPONENTIAL, .mean = 1e6 } };
	struct log_config log = { 0 };
	struct attribution_setup setup = { .evidence = &e, .log = &log, .log_resolution_ns = NS_PER_MS };
	struct attribution *a = attribution_create(&setup);
	struct log_record r = { .time_ns = 3600 * NS_PER_S, .kind = LOG_MAPPING_ADD, .protocol = PROTO_UDP, .inside = 1, .outside = 2, .lo = 3, .hi = 3 };
	struct answers out;
	int hits = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		struct incident x = { .hash = i, .time_ns = 0, .subscriber = 1, .outside = 2, .port = 3, .remote = i, .protocol = PROTO_UDP, .reached = true };

		attribution_incident(a, &x);
	}
	attribution_record(a, &r);
	attribution_finish(a, &out);
	for (size_t i = 0; i < out.count; i++)
		hits += out.items[i].right[EVIDENCE_PORT];
	assert_true(hits > 90);
	free(out.items);
	attribution_destroy(a);
}

/* Ten mappings at a time, on every number of an address in turn, by ever new
 * subscribers: memory follows what is live, not what was. (0 with a sanitizer.) */
static void memory_follows_what_is_live(void **state)
{
	enum { LIVE = 10, RECORDS = 1000000 };
	static const int events[] = { LOG_CREATE_DELETE, LOG_CREATE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct evidence_config e = { .resolution_ns = NS_PER_S };
		struct log_config log = { .events = events[i], .max_life_ns = LIVE * NS_PER_MS };
		struct attribution_setup setup = { .evidence = &e, .log = &log, .log_resolution_ns = NS_PER_MS };
		size_t before = mallinfo2().uordblks, used, most = 0;
		struct attribution *a = attribution_create(&setup);

		for (uint32_t n = 0; n < RECORDS; n++) {
			struct log_record r = { .time_ns = n * NS_PER_MS, .kind = LOG_MAPPING_ADD, .protocol = PROTO_UDP, .outside = 7 };

			r.inside = n;
			r.lo = r.hi = (uint16_t)(n * 40503);
			attribution_record(a, &r);
			if (events[i] == LOG_CREATE_DELETE && n >= LIVE) {
				r.kind = LOG_MAPPING_DELETE;
				r.inside = n - LIVE;
				r.lo = r.hi = (uint16_t)(r.inside * 40503);
				attribution_record(a, &r);
			}
			if (n % 100 == 0)
				attribution_advance(a, r.time_ns);
			if (n % 1000 == 0) {
				used = mallinfo2().uordblks - before;
				most = used > most ? used : most;
			}
		}
		assert_true(most < 1 << 20); /* a million records, were they kept, would take 60 times that */
		attribution_destroy(a);
	}
}

/* ---- the table ---- */

/* By hand: seven answers, of which the five with the smallest hashes are wanted, one of them not reached. */
static void the_table(void **state)
{
	struct answer items[] = {
		{ .hash = 60, .reached = true, .candidates = { 9, 9, 9 }, .right = { true, true, true } },
		{ .hash = 10, .reached = true, .candidates = { 4, 1, 4 }, .right = { true, true, true } },
		{ .hash = 50, .reached = true, .candidates = { 2, 1, 1 }, .right = { true, false, false } },
		{ .hash = 20, .reached = false },
		{ .hash = 30, .reached = true, .candidates = { 8, 2, 2 }, .right = { false, false, false } },
		{ .hash = 70, .reached = true },
		{ .hash = 40, .reached = true, .candidates = { 2, 0, 0 }, .right = { true, false, false } },
	};
	struct answers all = { .items = items, .count = 7 };
	struct evidence_config e = { .resolution_ns = NS_PER_S, .assumed_error_ns = NS_PER_S / 2 };
	struct ambiguity m;

	(void)state;
	ambiguity_of(&all, 5, EVIDENCE_ADDRESS, &e, &m);
	assert_int_equal(m.incidents, 4);
	assert_int_equal(m.not_reached, 1);
	assert_true(m.window_s == 2);
	assert_true(m.candidates_mean == 4);
	assert_int_equal(m.candidates_p50, 2);
	assert_int_equal(m.candidates_p95, 8);
	assert_int_equal(m.candidates_max, 8);
	assert_true(m.ambiguous_ratio == 0.75 && m.wrong_ratio == 0.25 && m.wrong_single_ratio == 0 && m.missed_ratio == 0);
	assert_true(m.entropy_bits == 1.75);
	ambiguity_of(&all, 5, EVIDENCE_PORT, &e, &m);
	assert_true(m.unique_ratio == 0.25 && m.missed_ratio == 0.25 && m.wrong_ratio == 0.5 && m.wrong_single_ratio == 0.25);
	assert_true(fabs(m.entropy_bits - 1 / 3.0) < 1e-15);
	ambiguity_of(&all, 100, EVIDENCE_PORT, &e, &m);
	assert_int_equal(m.incidents, 6);
	all.count = 0;
	ambiguity_of(&all, 5, EVIDENCE_PORT, &e, &m);
	assert_int_equal(m.incidents, 0);
	assert_true(m.unique_ratio == 0 && m.candidates_mean == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_naive_model),
		cmocka_unit_test(blocks_of_any_size),
		cmocka_unit_test(far_clocks_are_cut),
		cmocka_unit_test(memory_follows_what_is_live),
		cmocka_unit_test(the_table),
	};

	return cmocka_run_group_tests_name("attribution", tests, NULL, NULL);
}
