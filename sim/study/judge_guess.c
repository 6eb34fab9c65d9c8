/* Guesses: is a number as hard to guess as the scheme declares?
 *
 * Before each number with declared odds everybody guesses, from what the subscriber itself knows: its own past numbers
 * and ports. Some guess one number, others any of a class of numbers; the law allows a class as many right guesses as
 * it has numbers, by the odds. What a guesser chooses by is what came before, so that the bound holds for any choice.
 *
 * Where others have nearly all of an address, a number that was the subscriber's before is one of few that are free, and
 * no law of the scheme's: who guesses by what came before does so while nobody else has a number there. */
#include <stdio.h>
#include <stdlib.h>

#include "analysis/guess.h"
#include "sim/base/fp.h"
#include "sim/base/must.h"
#include "sim/study/stand_state.h"

/* Who guesses one number, beside those of guess.h. */
enum {
	OWN_INSIDE, OWN_LOWEST, OWN_RUN, OWN_FREED_LAST, OWN_FREED_FIRST, OWN_OFFSET, OWN_SUCCESSOR, OWN_SAME_PORT, OWN_GUESSERS
};
static const char *const own_name[OWN_GUESSERS] = {
	[OWN_INSIDE] = "the inside port",
	[OWN_LOWEST] = "the lowest number that is not its own",
	[OWN_RUN] = "the number behind the longest run of its own",
	[OWN_FREED_LAST] = "the number of its own that came free last",
	[OWN_FREED_FIRST] = "the number of its own that is free for longest",
	[OWN_OFFSET] = "the number as far from the inside port as its last",
	[OWN_SUCCESSOR] = "what followed its last number the last time",
	[OWN_SAME_PORT] = "what the same inside port was given the last time",
};
static const char *const past_name[GUESSERS] = {
	[GUESS_NEXT] = "the number after its last", [GUESS_BEFORE] = "the number before its last", [GUESS_STRIDE] = "its last stride",
	[GUESS_BLOCK] = "any of the 64 about its last",
};

/* Classes that an address is cut into: by remainder, and in parts. The one that came most often is guessed. */
static const struct partition {
	uint32_t count;
	bool remainders;
} partitions[] = {
	{ 2, true }, { 3, true }, { 5, true }, { 7, true }, { 8, true }, { 16, true }, { 64, true },
	{ 2, false }, { 3, false }, { 4, false }, { 16, false }, { 64, false },
};
#define PARTITIONS (sizeof(partitions) / sizeof(*partitions))
#define CLASSES_MAX 64
#define FEWEST 8u /* numbers of a class: with fewer of them the law of an address that is nearly full is another */

struct free_number {
	uint32_t slot;
	uint32_t serial;      /* of its release */
};

/* What a subscriber knows of itself in one protocol. */
struct self {
	struct guess_past past;
	bool     known;       /* a number was given: */
	uint32_t last;        /* this */
	uint16_t last_port;
	struct free_number *freed; /* by time; owned */
	size_t   freed_first, freed_count, freed_room;
	uint16_t counts[PARTITIONS][CLASSES_MAX];
};

struct memo {                 /* what was given when: by port, and by the number before */
	uint16_t subscriber;  /* + 1; 0: nobody's */
	uint16_t slot;
};

static struct memo memo_of(uint32_t subscriber, uint32_t slot)
{
	return (struct memo){ (uint16_t)(subscriber + 1), (uint16_t)slot };
}

struct tally {
	double right, allowed;
};

struct guesses {
	struct self **selves;     /* by subscriber and protocol; owned */
	struct memo *by_port, *by_last; /* [protocol * 65536 + port or slot]; owned */
	uint32_t *serials;        /* [(address * PROTO_COUNT + protocol) * slots + slot]: of its last release; owned */
	uint32_t released;
	uint64_t hits[GUESSERS];  /* in 1 / GUESS_RUN */
	struct tally past[GUESSERS], own[OWN_GUESSERS], classes[PARTITIONS];
};

static struct guesses *guesses_of(struct stand *s)
{
	size_t cells = (size_t)s->ground.addresses * PROTO_COUNT * s->ground.slots->count;

	if (s->guesses)
		return s->guesses;
	s->guesses = must_alloc(1, sizeof(*s->guesses));
	s->guesses->selves = must_alloc((size_t)s->ground.subscribers * PROTO_COUNT, sizeof(*s->guesses->selves));
	s->guesses->by_port = must_alloc((size_t)PROTO_COUNT << 16, sizeof(*s->guesses->by_port));
	s->guesses->by_last = must_alloc((size_t)PROTO_COUNT << 16, sizeof(*s->guesses->by_last));
	s->guesses->serials = must_alloc(cells, sizeof(*s->guesses->serials));
	return s->guesses;
}

void guesses_destroy(struct stand *s)
{
	struct guesses *g = s->guesses;

	if (!g)
		return;
	for (size_t i = 0; i < (size_t)s->ground.subscribers * PROTO_COUNT; i++) {
		if (g->selves[i])
			free(g->selves[i]->freed);
		free(g->selves[i]);
	}
	free(g->selves);
	free(g->by_port);
	free(g->by_last);
	free(g->serials);
	free(g);
}

static struct self *self_of(struct stand *s, uint32_t subscriber, enum protocol protocol)
{
	struct self **at = &s->guesses->selves[(size_t)subscriber * PROTO_COUNT + protocol];

	if (!*at)
		*at = must_alloc(1, sizeof(**at));
	return *at;
}

static uint32_t *serial_of(struct stand *s, uint32_t address, enum protocol protocol, uint32_t slot)
{
	return &s->guesses->serials[((size_t)address * PROTO_COUNT + protocol) * s->ground.slots->count + slot];
}

/* ---- guesses of one number ---- */

static bool is_own(const struct stand *s, const struct request *r, uint32_t address, uint32_t slot)
{
	return s->cells[((size_t)address * PROTO_COUNT + r->protocol) * s->ground.slots->count + slot].holder == r->subscriber;
}

static uint32_t lowest_not_own(const struct stand *s, const struct request *r, uint32_t address)
{
	for (uint32_t slot = 0; slot < s->ground.slots->count; slot++)
		if (!is_own(s, r, address, slot))
			return slot;
	return SLOT_NONE;
}

#define SCANNED_MAX 8192 /* a scan of larger addresses would take minutes, */
#define RUN_EVERY 4u     /* and so would one before every mapping */

/* The slot behind the longest run of its own: a search that walks up falls on it more often. */
static uint32_t behind_longest_run(const struct stand *s, const struct request *r, uint32_t address)
{
	uint32_t run = 0, longest = 0, behind = SLOT_NONE;

	for (uint32_t slot = 0; slot < s->ground.slots->count && s->ground.slots->count <= SCANNED_MAX; slot++) {
		if (is_own(s, r, address, slot)) {
			run++;
			continue;
		}
		if (run > longest) {
			longest = run;
			behind = slot;
		}
		run = 0;
	}
	return behind;
}

/* The one of its own that came free last, or first, and was not given to it again since; SLOT_NONE if there is none. */
static uint32_t freed_last(struct stand *s, const struct request *r, struct self *self, uint32_t address)
{
	for (; self->freed_count > self->freed_first; self->freed_count--) {
		const struct free_number *f = &self->freed[self->freed_count - 1];

		if (*serial_of(s, address, r->protocol, f->slot) == f->serial && !is_own(s, r, address, f->slot))
			return f->slot;
	}
	return SLOT_NONE;
}

static uint32_t freed_first(struct stand *s, const struct request *r, struct self *self, uint32_t address)
{
	for (; self->freed_first < self->freed_count; self->freed_first++) {
		const struct free_number *f = &self->freed[self->freed_first];

		if (*serial_of(s, address, r->protocol, f->slot) == f->serial && !is_own(s, r, address, f->slot))
			return f->slot;
	}
	return SLOT_NONE;
}

static struct memo *by_port(struct stand *s, const struct request *r)
{
	return &s->guesses->by_port[((size_t)r->protocol << 16) + r->port];
}

static struct memo *by_last(struct stand *s, const struct request *r, const struct self *self)
{
	return &s->guesses->by_last[((size_t)r->protocol << 16) + self->last];
}

static uint32_t recalled(const struct memo *m, uint32_t subscriber)
{
	return m->subscriber == subscriber + 1 ? m->slot : SLOT_NONE;
}

static void guess_one(struct tally *t, uint32_t guess, uint32_t slot, double chance)
{
	t->right += guess == slot;
	t->allowed += chance;
}

static void guess_numbers(struct stand *s, const struct request *r, const struct binding *b)
{
	struct tally *own = s->guesses->own;
	double chance = 1.0 / b->odds;

	guess_one(&own[OWN_INSIDE], s->ground.slots->slot[r->port], b->slot, chance);
	guess_one(&own[OWN_LOWEST], lowest_not_own(s, r, b->address), b->slot, chance);
	if (s->checks[RULE_GUESS] % RUN_EVERY == 0)
		guess_one(&own[OWN_RUN], behind_longest_run(s, r, b->address), b->slot, chance);
}

static void guess_by_past(struct stand *s, const struct request *r, const struct binding *b, struct self *self)
{
	struct guesses *g = s->guesses;
	uint32_t n = s->ground.slots->count;
	double chance = 1.0 / b->odds;

	guess_one(&g->own[OWN_FREED_LAST], freed_last(s, r, self, b->address), b->slot, chance);
	guess_one(&g->own[OWN_FREED_FIRST], freed_first(s, r, self, b->address), b->slot, chance);
	guess_one(&g->own[OWN_SAME_PORT], recalled(by_port(s, r), r->subscriber), b->slot, chance);
	if (!self->known)
		return;
	guess_one(&g->own[OWN_OFFSET], (self->last + r->port + 65536u / n * n + n - self->last_port) % n, b->slot, chance);
	guess_one(&g->own[OWN_SUCCESSOR], recalled(by_last(s, r, self), r->subscriber), b->slot, chance);
}

/* ---- guesses of any number of a class ---- */

static void guess_class(struct tally *t, bool right, uint32_t numbers, const struct binding *b)
{
	t->right += right;
	t->allowed += numbers < b->odds ? (double)numbers / b->odds : 1;
}

static void guess_classes(struct stand *s, const struct binding *b, struct self *self, bool alone)
{
	uint32_t n = s->ground.slots->count;

	for (size_t i = 0; i < PARTITIONS; i++) {
		const struct partition *p = &partitions[i];
		uint16_t *counts = self->counts[i];
		uint32_t best = 0, each = (n + p->count - 1) / p->count;
		uint32_t is = p->remainders ? b->slot % p->count : b->slot / each;

		if (n < FEWEST * p->count)
			continue;
		for (uint32_t k = 1; alone && k < p->count; k++)
			best = counts[k] > counts[best] ? k : best;
		if (alone)
			guess_class(&s->guesses->classes[i], is == best, each, b);
		counts[is]++;
	}
}

void judge_guess(struct stand *s, const struct request *r, const struct binding *b)
{
	struct guesses *g;
	struct self *self;
	uint32_t taken;
	bool alone;

	if (b->odds == ODDS_UNKNOWN || s->setup.unpaired || s->allocator.places)
		return; /* these guessers do not guess the address */
	taken = s->ground.slots->count - portset_free(ground_ports(&s->ground, r->address, r->protocol));
	alone = r->held == taken;
	s->checks[RULE_GUESS]++;
	g = guesses_of(s);
	self = self_of(s, r->subscriber, r->protocol);
	guess_numbers(s, r, b);
	if (alone)
		guess_by_past(s, r, b, self);
	guess_classes(s, b, self, alone);
	for (int i = 0; i < GUESS_BLOCK && self->known; i++)
		g->past[i].allowed += 1.0 / b->odds;
	if (self->known)
		guess_class(&g->past[GUESS_BLOCK], false, GUESS_RUN, b);
	guess_add(&self->past, b->slot, g->hits);
	if (self->known)
		*by_last(s, r, self) = memo_of(r->subscriber, b->slot);
	*by_port(s, r) = memo_of(r->subscriber, b->slot);
	self->known = true;
	self->last = b->slot;
	self->last_port = r->port;
}

void judge_guess_release(struct stand *s, uint32_t subscriber, uint32_t address, enum protocol protocol, uint32_t slot)
{
	struct self *self;

	if (!s->guesses)
		return;
	self = self_of(s, subscriber, protocol);
	if (self->freed_count == self->freed_room) {
		self->freed_room = self->freed_room ? self->freed_room * 2 : 64;
		self->freed = must_grow(self->freed, self->freed_room, sizeof(*self->freed));
	}
	*serial_of(s, address, protocol, slot) = ++s->guesses->released;
	self->freed[self->freed_count++] = (struct free_number){ slot, s->guesses->released };
}

/* ---- the end ---- */

/* Right guesses are at most those allowed on average, with no greater variance: five
 * standard deviations, and five more for the small numbers. */
static void judge_tally(struct stand *s, const struct tally *t, const char *what)
{
	if (t->right > t->allowed + 5 * fp_sqrt(t->allowed) + 5)
		stand_broken(s, RULE_GUESS, "who guesses %s is right %.0f times in %llu; the declared odds allow %.0f", what, t->right,
		             (unsigned long long)s->checks[RULE_GUESS], t->allowed);
}

void judge_guesses(struct stand *s)
{
	struct guesses *g = s->guesses;
	char what[64];

	if (!g)
		return;
	for (int i = 0; i < GUESSERS; i++) {
		g->past[i].right = (double)g->hits[i] / (i == GUESS_BLOCK ? 1 : GUESS_RUN);
		judge_tally(s, &g->past[i], past_name[i]);
	}
	for (int i = 0; i < OWN_GUESSERS; i++)
		judge_tally(s, &g->own[i], own_name[i]);
	for (size_t i = 0; i < PARTITIONS; i++) {
		snprintf(what, sizeof(what), partitions[i].remainders ? "any number of the commonest remainder by %u"
		                                                       : "any number of the commonest of %u parts",
		         partitions[i].count);
		judge_tally(s, &g->classes[i], what);
	}
}
