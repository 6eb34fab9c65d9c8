/* The rules that need the book: each is held against a moment of a stand. */
#include "sim/base/must.h"
#include "sim/study/stand_state.h"

/* ---- work ---- */

/* What the guard looks at for itself, and the NAT on taking the number. */
#define OWN_LOOKS 4

void judge_work(struct stand *s, const char *hook, uint64_t since, uint64_t most)
{
	uint32_t draws = s->promise.draws ? s->promise.draws : SCHEME_DRAWS;
	uint64_t looked = stand_looked(s) - since;

	s->checks[RULE_WORK]++;
	if (looked > most + draws + OWN_LOOKS)
		stand_broken(s, RULE_WORK, "one call of %s looked at %llu slots: it may look at %llu, and %u more may be drawn", hook,
		             (unsigned long long)looked, (unsigned long long)most, draws);
}

/* ---- a number is given ---- */

static void judge_reverse(struct stand *s, const struct request *r, const struct binding *b)
{
	const struct scheme_type *type = s->setup.type;
	uint32_t who = NOBODY;

	if (!type->reverse)
		return;
	if (guard_in_block(s->guard, b->address, b->slot))
		return; /* a logged block is not the rule's */
	s->checks[RULE_REVERSE]++;
	if (!type->reverse(s->setup.config, s->setup.pool, b->address, b->slot, &who) && type->logs_mappings)
		return; /* the log says whose it is */
	if (who != r->subscriber)
		stand_broken(s, RULE_REVERSE, "subscriber %u is given slot %u of address %u, which is %s by the rule", r->subscriber,
		             b->slot, b->address, who == NOBODY ? "nobody's" : "another's");
}

/* A rule alone is a limit too. */
static uint32_t limit_of(struct stand *s, const struct request *r)
{
	const struct scheme_type *type = s->setup.type;

	if (s->promise.most || !type->reverse || s->block_count)
		return s->promise.most;
	return (uint32_t)judge_own(s, r->subscriber, r->address)->mine_count;
}

static void judge_limit(struct stand *s, const struct request *r)
{
	uint32_t most = limit_of(s, r);

	if (!most || s->ground.tuples) /* a number that carries one mapping more is no number more */
		return;
	s->checks[RULE_LIMIT]++;
	if (r->held >= most)
		stand_broken(s, RULE_LIMIT, "subscriber %u is given a number of %s and has %u already: %u are promised at most",
		             r->subscriber, protocol_name[r->protocol], r->held, most);
}

void judge_grant(struct stand *s, const struct request *r, const struct binding *b)
{
	struct tenant_book *t = &s->tenants[r->subscriber];

	s->checks[RULE_ONCE]++;
	s->checks[RULE_HOLD_DOWN]++;
	s->checks[RULE_POOL]++;
	s->checks[RULE_PAIRING]++;
	s->checks[RULE_CALLS]++;
	judge_limit(s, r);
	judge_reverse(s, r, b);
	if (s->setup.fair)
		judge_guess(s, r, b);
	s->refused_in_a_row[r->protocol] -= t->refused[r->protocol];
	t->refused[r->protocol] = false;
}

/* ---- blocks ---- */

/* The block in the book; a new one is entered. */
static struct block_book *block_of(struct stand *s, const struct nat_event *e)
{
	uint32_t *from, at;

	if (!s->blocks_from)
		s->blocks_from = must_alloc((size_t)s->ground.addresses * s->ground.slots->count, sizeof(*s->blocks_from));
	from = &s->blocks_from[(size_t)e->address * s->ground.slots->count + e->slot];
	for (at = *from ? *from - 1 : NOBODY; at != NOBODY; at = s->blocks[at].next)
		if (s->blocks[at].count == e->count && s->blocks[at].step == e->step)
			return &s->blocks[at];
	s->blocks = must_grow(s->blocks, s->block_count + 1, sizeof(*s->blocks));
	s->blocks[s->block_count] = (struct block_book){ .address = e->address, .first = e->slot, .count = e->count,
	                                                 .step = e->step, .owner = NOBODY, .next = *from ? *from - 1 : NOBODY };
	*from = (uint32_t)++s->block_count;
	return &s->blocks[s->block_count - 1];
}

/* To whom a block may be given is known by to whom it was. One who has others but no known first block tells nothing. */
static void note_given(struct stand *s, struct block_book *k, uint32_t subscriber)
{
	bool asked = subscriber == s->asking, piece = asked && s->given;
	struct tenant_book *t = &s->tenants[subscriber];
	struct estate had = piece ? s->before : t->has;

	if (s->promise.interval_ns && !piece) {
		s->checks[RULE_LIMIT]++;
		if (s->now_ns < t->next_block_ns)
			stand_broken(s, RULE_LIMIT, "subscriber %u is given a block %.3f s sooner after its last one than is promised",
			             subscriber, seconds_from_ns(t->next_block_ns - s->now_ns));
		t->next_block_ns = s->now_ns + s->promise.interval_ns;
	}
	if (asked) {
		s->given = true;
		s->before = had;
	}
	if (!had.blocks)
		k->opens = true;
	if (had.firsts > k->beside.firsts || (had.firsts == k->beside.firsts && had.firsts && had.blocks > k->beside.blocks))
		k->beside = had;
	k->owner = subscriber;
	k->guarded = false;
	t->has.blocks++;
	t->has.firsts += k->opens;
}

/* The guard knows where a subscriber's blocks lie, the book where its numbers do. */
static void judge_block_pairing(struct stand *s, const struct nat_event *e)
{
	const struct tenant_book *t = &s->tenants[e->subscriber];

	if (s->setup.unpaired || s->allocator.places || e->address == t->address)
		return;
	if (t->address == ADDRESS_NONE)
		stand_broken(s, RULE_PAIRING, "subscriber %u, which is paired with no address and asks for nothing, is given a block "
		             "of address %u", e->subscriber, e->address);
	else
		stand_broken(s, RULE_PAIRING, "subscriber %u, of address %u, is given a block of address %u", e->subscriber,
		             t->address, e->address);
}

void judge_block(struct stand *s, const struct nat_event *e)
{
	struct block_book *k = block_of(s, e);

	s->checks[RULE_BLOCKS]++;
	switch (e->kind) {
	case NAT_BLOCK_GIVEN:
		judge_block_pairing(s, e);
		note_given(s, k, e->subscriber);
		break;
	case NAT_BLOCK_RETURNED:
		k->owner = NOBODY;
		k->guarded = true;
		s->tenants[e->subscriber].has.blocks--;
		s->tenants[e->subscriber].has.firsts -= k->opens;
		break;
	case NAT_BLOCK_FREE:
		k->guarded = false;
		break;
	default:
		break;
	}
}

/* ---- the end ---- */

static void judge_leak(struct stand *s)
{
	s->checks[RULE_LEAK]++;
	for (size_t i = 0; i < s->block_count; i++)
		if (s->blocks[i].owner != NOBODY || s->blocks[i].guarded)
			stand_broken(s, RULE_LEAK, "a year after the last flow the block of %u slots from %u on address %u is still %s",
			             s->blocks[i].count, s->blocks[i].first, s->blocks[i].address,
			             s->blocks[i].guarded ? "guarded" : "given");
	for (uint32_t k = 0; k < s->ground.subscribers; k++)
		if (s->allocator.owns(s->allocator.state, k))
			stand_broken(s, RULE_LEAK, "a year after the last flow subscriber %u still owns a block", k);
}

void judge_end(struct stand *s)
{
	if (!s->cut)
		judge_leak(s);
	for (uint32_t k = 0; k < s->ground.subscribers && s->allocator.home; k++)
		s->allocator.home(s->allocator.state, k); /* the guard remembers what it said before */
	stand_log_judge(s);
	if (s->setup.fair)
		judge_guesses(s);
}
