/* Refusals: is the reason true, and is really nothing left? */
#include "sim/base/must.h"
#include "sim/study/stand_state.h"

/* May somebody who has this be given the block? Unless somebody may be refused while numbers are free, every block may
 * be anybody's; else only who had as much when given it shows that. */
static bool may_have(const struct stand *s, const struct block_book *k, const struct estate *e)
{
	if (!e->blocks)
		return k->opens;
	if (!s->promise.partial)
		return true;
	return e->firsts && k->beside.firsts >= e->firsts && k->beside.blocks >= e->blocks;
}

/* Is any slot of it in another block? A scheme may cut an address otherwise than before. */
static bool is_cut(const struct stand *s, const struct block_book *k)
{
	for (uint32_t n = 0; n < k->count; n++)
		if (guard_in_block(s->guard, k->address, k->first + n * k->step))
			return true;
	return false;
}

/* A block of an address that nobody has now, nor any slot of it, and that somebody who has this may be given. */
static const struct block_book *free_block(const struct stand *s, uint32_t address, const struct estate *e)
{
	for (size_t i = 0; i < s->block_count; i++) {
		const struct block_book *k = &s->blocks[i];

		if (k->address == address && k->owner == NOBODY && !k->guarded && may_have(s, k, e) && !is_cut(s, k))
			return k;
	}
	return NULL;
}

/* Is every slot of the subscriber's blocks taken in this protocol? */
static bool own_blocks_full(struct stand *s, const struct request *r)
{
	for (size_t i = 0; i < s->block_count; i++) {
		const struct block_book *k = &s->blocks[i];

		for (uint32_t n = 0; k->owner == r->subscriber && n < k->count; n++)
			if (cell_of(s, k->address, r->protocol, k->first + n * k->step)->holder == NOBODY)
				return false;
	}
	return true;
}

/* Whose the numbers of an address are by rule. */
static const uint32_t *ruled(struct stand *s, uint32_t address)
{
	uint32_t **at = &s->ruled[address];

	if (*at)
		return *at;
	*at = must_alloc(s->ground.slots->count, sizeof(**at));
	for (uint32_t slot = 0; slot < s->ground.slots->count; slot++)
		if (!s->setup.type->reverse(s->setup.config, s->setup.pool, address, slot, &(*at)[slot]))
			(*at)[slot] = NOBODY;
	return *at;
}

const struct tenant_book *judge_own(struct stand *s, uint32_t subscriber, uint32_t address)
{
	struct tenant_book *t = &s->tenants[subscriber];
	bool unpaired = s->setup.unpaired || s->allocator.places;
	size_t room = 0;

	if (t->mine)
		return t;
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		for (uint32_t slot = 0; slot < s->ground.slots->count && (unpaired || a == address); slot++) {
			if (ruled(s, a)[slot] != subscriber)
				continue;
			if (t->mine_count == room) {
				room = room ? room * 2 : 64;
				t->mine = must_grow(t->mine, room, sizeof(*t->mine));
			}
			t->mine[t->mine_count++] = (struct own_number){ a, slot };
		}
	if (!t->mine)
		t->mine = must_alloc(1, sizeof(*t->mine));
	return t;
}

/* Is every number taken that is the subscriber's by rule, or, where numbers carry several mappings, does it carry the remote? */
static bool own_range_full(struct stand *s, const struct request *r)
{
	const struct tenant_book *t = judge_own(s, r->subscriber, r->address);

	for (size_t i = 0; i < t->mine_count; i++) {
		const struct own_number *n = &t->mine[i];

		if (s->ground.tuples ? stand_is_free_for(s, n->address, n->slot, r)
		                     : cell_of(s, n->address, r->protocol, n->slot)->holder == NOBODY)
			return false;
	}
	return true;
}

/* ---- a refusal ---- */

static uint32_t free_on(const struct stand *s, uint32_t address, enum protocol protocol)
{
	uint32_t n = 0;

	if (address != ADDRESS_NONE)
		return portset_free(ground_ports(&s->ground, address, protocol));
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		n += portset_free(ground_ports(&s->ground, a, protocol));
	return n;
}

/* As free_on() of one address, but for the request: a number that does not carry its remote endpoint is free. */
static uint32_t free_for(const struct stand *s, uint32_t address, const struct request *r)
{
	uint32_t n = 0;

	if (!s->ground.tuples)
		return free_on(s, address, r->protocol);
	for (uint32_t slot = 0; slot < s->ground.slots->count; slot++)
		n += stand_is_free_for(s, address, slot, r);
	return n;
}

static void judge_no_block(struct stand *s, const struct request *r)
{
	const struct block_book *k = free_block(s, r->address, &s->tenants[r->subscriber].has);

	if (k)
		stand_broken(s, RULE_REASON, "no-block: but the block of %u slots from %u on address %u is nobody's", k->count,
		             k->first, k->address);
	else if (!s->block_count && s->setup.type->logs_mappings) /* else an address may be too small for a block */
		stand_broken(s, RULE_REASON, "no-block: but no block was ever given");
	else if (!own_blocks_full(s, r))
		stand_broken(s, RULE_REASON, "no-block: but subscriber %u has a free number in a block", r->subscriber);
	else if (s->setup.type->reverse && !own_range_full(s, r))
		stand_broken(s, RULE_REASON, "no-block: but a number that is subscriber %u's by rule is free", r->subscriber);
}

/* The fewest numbers that a further block of the subscriber's could have, as far as blocks were seen. */
static uint32_t least_block(const struct stand *s, uint32_t subscriber)
{
	uint32_t least = 0;
	bool own = s->tenants[subscriber].has.blocks > 0;

	for (size_t i = 0; i < s->block_count; i++)
		if ((!own || s->blocks[i].owner == subscriber) && (!least || s->blocks[i].count < least))
			least = s->blocks[i].count;
	return least;
}

/* May it have no block more? It may if one of those that it has would fit once more below its limit. */
static void judge_block_limit(struct stand *s, const struct request *r)
{
	bool early = s->now_ns < s->tenants[r->subscriber].next_block_ns;

	if (!s->promise.most && !s->promise.interval_ns)
		stand_broken(s, RULE_REASON, "block-limit: but no limit is promised");
	else if (!own_blocks_full(s, r))
		stand_broken(s, RULE_REASON, "block-limit: but subscriber %u has a free number in a block", r->subscriber);
	else if (s->setup.type->reverse && !own_range_full(s, r))
		stand_broken(s, RULE_REASON, "block-limit: but a number that is subscriber %u's by rule is free", r->subscriber);
	else if (!early && (!s->promise.most || r->held + least_block(s, r->subscriber) <= s->promise.most))
		stand_broken(s, RULE_REASON, "block-limit: but subscriber %u has %u numbers of the %u promised, and its last block "
		             "is older than promised", r->subscriber, r->held, s->promise.most);
}

static void judge_reason(struct stand *s, const struct request *r, enum outcome o)
{
	uint32_t left = free_for(s, r->address, r);

	s->checks[RULE_REASON]++;
	if (o == OUT_NO_PORT && left)
		stand_broken(s, RULE_REASON, "no-port: but %u numbers of address %u are free", left, r->address);
	else if (o == OUT_TRIES_EXHAUSTED && !s->promise.partial)
		stand_broken(s, RULE_REASON, "tries-exhausted: but the whole pool is promised");
	else if (o == OUT_TRIES_EXHAUSTED && !left && !s->ground.tuples) /* else only a search would know */
		stand_broken(s, RULE_REASON, "tries-exhausted: but no number is free: no-port");
	else if (o == OUT_NO_BLOCK)
		judge_no_block(s, r);
	else if (o == OUT_BLOCK_LIMIT)
		judge_block_limit(s, r);
	else if (o == OUT_RANGE_FULL && s->setup.type->reverse && !own_range_full(s, r))
		stand_broken(s, RULE_REASON, "range-full: but a number that is the subscriber's by rule is free");
	else if (o == OUT_RANGE_FULL && !s->setup.type->reverse && (!s->promise.most || r->held < s->promise.most))
		stand_broken(s, RULE_REASON, "range-full: but the subscriber has %u numbers of the %u promised", r->held,
		             s->promise.most);
}

static void find_homes(struct stand *s)
{
	s->is_home = must_alloc(s->ground.addresses, sizeof(*s->is_home));
	for (uint32_t k = 0; k < s->ground.subscribers && s->allocator.home; k++) {
		uint32_t home = s->allocator.home(s->allocator.state, k);

		if (home != ADDRESS_NONE)
			s->is_home[home] = true;
	}
}

/* How many numbers of a protocol the subscribers could have, at most: none that is stranded, only those of addresses
 * that anybody is paired with or at home (a rule of our own counts the others as stranded), no more than the limits. */
static uint64_t usable(struct stand *s)
{
	uint64_t all = (uint64_t)s->ground.slots->count * s->ground.addresses, most;
	uint32_t inhabited = 0;

	if (!s->is_home)
		find_homes(s);
	for (uint32_t a = 0; a < s->ground.addresses; a++)
		inhabited += s->tenants_on[a] > 0 || s->is_home[a];
	if (s->setup.type->stranded)
		all -= s->setup.type->stranded(s->setup.config, s->setup.pool);
	if (!s->allocator.places && !s->setup.unpaired && !(s->allocator.home && s->setup.type->stranded))
		all = all / s->ground.addresses * inhabited;
	most = (uint64_t)s->promise.most * s->ground.subscribers;
	return s->promise.most && most < all ? most : all;
}

/* Everybody was refused since anything became free: then nothing is left. */
static void judge_full(struct stand *s, enum protocol protocol)
{
	uint64_t left = 0, taken, could = usable(s);

	if (s->promise.partial || s->refused_in_a_row[protocol] < s->ground.subscribers)
		return;
	if (s->setup.type->reverse && s->block_count)
		return; /* how a pool behind a rule is divided is the scheme's own */
	s->checks[RULE_FULL]++;
	left = free_on(s, ADDRESS_NONE, protocol);
	taken = (uint64_t)s->ground.slots->count * s->ground.addresses - left;
	if (taken < could)
		stand_broken(s, RULE_FULL, "every subscriber is refused while %llu of %llu usable numbers of %s are taken",
		             (unsigned long long)taken, (unsigned long long)could, protocol_name[protocol]);
}

static void count_refused(struct stand *s, uint32_t subscriber, enum protocol protocol)
{
	struct tenant_book *t = &s->tenants[subscriber];

	s->refused_in_a_row[protocol] += !t->refused[protocol];
	t->refused[protocol] = true;
	judge_full(s, protocol);
}

void judge_refusal(struct stand *s, const struct request *r, enum outcome o)
{
	judge_reason(s, r, o);
	if (s->ground.tuples) /* each remote is a pool of its own: full when the reason is true */
		s->checks[RULE_FULL] += o == OUT_NO_PORT || o == OUT_RANGE_FULL;
	else
		count_refused(s, r->subscriber, r->protocol);
}

void judge_newcomer(struct stand *s, const struct request *r)
{
	s->checks[RULE_REASON]++;
	for (uint32_t a = 0; a < s->ground.addresses; a++) {
		const struct block_book *k = free_block(s, a, &(struct estate){ 0 });

		if (s->block_count ? k != NULL : !s->promise.partial && free_for(s, a, r))
			stand_broken(s, RULE_REASON, "address %u has no room for a newcomer, but %s", a,
			             k ? "a block of it is nobody's" : "numbers of it are free");
	}
	if (!s->ground.tuples)
		count_refused(s, r->subscriber, r->protocol);
}

/* Something is free again: who was refused may be served now. */
void judge_release(struct stand *s)
{
	for (int p = 0; p < PROTO_COUNT; p++) {
		for (uint32_t k = 0; s->refused_in_a_row[p] && k < s->ground.subscribers; k++)
			s->tenants[k].refused[p] = false;
		s->refused_in_a_row[p] = 0;
	}
}
