#include "sim/scheme/blocks.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/base/queue.h"
#include "sim/scheme/pick.h"

#define BLOCK_NONE UINT32_MAX

enum block_state { BLOCK_FREE, BLOCK_GIVEN, BLOCK_GUARDED };

struct block {
	int64_t  since_ns;   /* given, or returned */
	int64_t  due_ns;     /* when idle or guard time ends, if it is running; else NS_NEVER */
	int64_t  interim_ns; /* when it is told of again; NS_NEVER: not */
	int64_t  last_ns;    /* when it last gave a number */
	uint32_t owner;
	uint32_t next;       /* the owner's next one, in the order given */
	uint32_t used[PROTO_COUNT]; /* live or held */
	uint16_t cursor;     /* sequential: offset to look at next */
	uint8_t  state;      /* enum block_state */
};

struct owner {
	uint32_t first, last, count;
	int64_t  next_ns;    /* no further block before this */
};

struct blocks {
	struct blocks_config config;
	struct ground *ground;
	struct block *blocks;     /* [address * per_address + n]; owned */
	struct portset **free_on; /* by address: taken while given or guarded; owned */
	struct owner *owners;     /* owned */
	struct queue *due;        /* what: block * 2, + 1 for interim. Entries whose time is not the block's are stale */
};

struct blocks *blocks_create(const struct blocks_config *config, struct ground *ground)
{
	struct blocks *b = must_alloc(1, sizeof(*b));

	must(config->size && config->per_address && config->per_address <= INT32_MAX / ground->addresses);
	must((uint64_t)config->first_slot + (uint64_t)config->per_address * config->size <= ground->slots->count);
	b->config = *config;
	if (!config->lanes)
		b->config.lanes = b->config.stride = config->scattered ? config->per_address : 1;
	b->config.scattered = b->config.stride > 1;
	b->ground = ground;
	b->blocks = must_alloc((size_t)ground->addresses * config->per_address, sizeof(*b->blocks));
	b->owners = must_alloc(ground->subscribers, sizeof(*b->owners));
	b->free_on = must_alloc(ground->addresses, sizeof(*b->free_on));
	for (uint32_t i = 0; i < ground->addresses; i++)
		b->free_on[i] = portset_create(config->per_address);
	b->due = queue_create();
	return b;
}

void blocks_destroy(struct blocks *b)
{
	if (!b)
		return;
	for (uint32_t i = 0; i < b->ground->addresses; i++)
		portset_destroy(b->free_on[i]);
	free(b->free_on);
	free(b->blocks);
	free(b->owners);
	queue_destroy(b->due);
	free(b);
}

bool blocks_free_on(const struct blocks *b, uint32_t address)
{
	return portset_free(b->free_on[address]) > 0;
}

bool blocks_owned(const struct blocks *b, uint32_t subscriber)
{
	return b->owners[subscriber].count > 0;
}

/* Which block of an address the offset from the first slot is in: of those that share its run of slots, and before. */
static uint32_t at_offset(const struct blocks *b, uint32_t offset)
{
	return offset / b->config.stride / b->config.size * b->config.lanes + offset % b->config.stride;
}

bool blocks_has(const struct blocks *b, uint32_t slot)
{
	uint32_t offset = slot - b->config.first_slot;

	return slot >= b->config.first_slot && offset % b->config.stride < b->config.lanes &&
	       at_offset(b, offset) < b->config.per_address;
}

static uint32_t block_of(const struct blocks *b, uint32_t address, uint32_t slot)
{
	return address * b->config.per_address + at_offset(b, slot - b->config.first_slot);
}

/* From one slot of a block to the next. */
static uint32_t step_of(const struct blocks *b)
{
	return b->config.stride;
}

static uint32_t first_of(const struct blocks *b, uint32_t id)
{
	uint32_t n = id % b->config.per_address;

	return b->config.first_slot + n % b->config.lanes + n / b->config.lanes * b->config.size * b->config.stride;
}

/* How many slots of a block, from its n-th on, have numbers that one record can say: a run, whatever is excluded inside,
 * or numbers that lie evenly apart, which an exclusion between two of them ends. */
static uint32_t piece_of(const struct blocks *b, uint32_t id, uint32_t n)
{
	const struct slots *slots = b->ground->slots;
	uint32_t step = step_of(b), slot = first_of(b, id) + n * step, count = 1;

	if (step == 1 || slots->contiguous)
		return b->config.size - n;
	for (; n + count < b->config.size; count++, slot += step)
		if (slots_number(slots, slot + step) - slots_number(slots, slot) != (int)step)
			break;
	return count;
}

/* Tells of a block: once, or once for each of its pieces. */
static void emit(const struct blocks *b, enum nat_event_kind kind, int64_t now_ns, uint32_t id)
{
	const struct block *k = &b->blocks[id];
	struct sink sink = b->ground->sink;
	uint32_t count;

	for (uint32_t n = 0; n < b->config.size; n += count) {
		count = piece_of(b, id, n);
		sink.event(sink.context, &(struct nat_event){
			.kind = kind,
			.time_ns = now_ns,
			.since_ns = k->since_ns,
			.subscriber = k->owner,
			.address = id / b->config.per_address,
			.slot = first_of(b, id) + n * step_of(b),
			.count = count,
			.step = step_of(b),
		});
	}
}

static void expect_interim(struct blocks *b, int64_t now_ns, uint32_t id)
{
	if (!b->config.interim_ns)
		return;
	b->blocks[id].interim_ns = now_ns + b->config.interim_ns;
	queue_push(b->due, b->blocks[id].interim_ns, id * 2 + 1);
}

/* An address with a free block, each looked at once from a random one on; ADDRESS_NONE if there is none. */
static uint32_t any_address(struct blocks *b)
{
	uint32_t count = b->ground->addresses, from = rng_below(&b->ground->rng, count);

	for (uint32_t i = 0; i < count; i++)
		if (blocks_free_on(b, (from + i) % count))
			return (from + i) % count;
	return ADDRESS_NONE;
}

/* Gives the subscriber a free block of an address; BLOCK_NONE if there is none. */
static uint32_t give(struct blocks *b, const struct request *r, uint32_t address)
{
	struct portset *free_on = b->free_on[address];
	struct owner *o = &b->owners[r->subscriber];
	uint32_t n, id;

	if (b->config.order == BLOCK_ORDER_RANDOM)
		n = pick_random(free_on, 0, b->config.per_address, &b->ground->rng);
	else
		n = portset_find(free_on, 0, b->config.per_address - 1, 0);
	if (n == SLOT_NONE)
		return BLOCK_NONE;
	portset_take(free_on, n);
	id = address * b->config.per_address + n;
	must(b->blocks[id].state == BLOCK_FREE);
	b->blocks[id] = (struct block){
		.since_ns = r->time_ns,
		.due_ns = NS_NEVER,
		.interim_ns = NS_NEVER,
		.owner = r->subscriber,
		.next = BLOCK_NONE,
		.state = BLOCK_GIVEN,
	};
	if (o->count++)
		b->blocks[o->last].next = id;
	else
		o->first = id;
	o->last = id;
	o->next_ns = b->config.interval_ns ? r->time_ns + b->config.interval_ns : 0;
	emit(b, NAT_BLOCK_GIVEN, r->time_ns, id);
	expect_interim(b, r->time_ns, id);
	return id;
}

static void free_block(struct blocks *b, int64_t now_ns, uint32_t id)
{
	struct block *k = &b->blocks[id];

	k->state = BLOCK_FREE;
	k->due_ns = NS_NEVER;
	portset_give(b->free_on[id / b->config.per_address], id % b->config.per_address);
	emit(b, NAT_BLOCK_FREE, now_ns, id);
}

static void unlink_from_owner(struct blocks *b, uint32_t id)
{
	struct owner *o = &b->owners[b->blocks[id].owner];
	uint32_t before = BLOCK_NONE;

	for (uint32_t at = o->first; at != id; at = b->blocks[at].next)
		before = at;
	if (before == BLOCK_NONE)
		o->first = b->blocks[id].next;
	else
		b->blocks[before].next = b->blocks[id].next;
	if (o->last == id)
		o->last = before;
	o->count--;
}

static void return_block(struct blocks *b, int64_t now_ns, uint32_t id)
{
	struct block *k = &b->blocks[id];

	unlink_from_owner(b, id);
	emit(b, NAT_BLOCK_RETURNED, now_ns, id);
	k->since_ns = now_ns;
	k->state = BLOCK_GUARDED;
	k->interim_ns = NS_NEVER;
	k->due_ns = now_ns + b->config.guard_ns;
	if (b->config.guard_ns)
		queue_push(b->due, k->due_ns, id * 2);
	else
		free_block(b, now_ns, id);
}

/* The next free slot of a block from its n-th on, wrapping; SLOT_NONE if all are taken. */
static uint32_t next_scattered(const struct blocks *b, const struct portset *ports, uint32_t id, uint32_t n)
{
	for (uint32_t i = 0; i < b->config.size; i++) {
		uint32_t slot = first_of(b, id) + (n + i) % b->config.size * step_of(b);

		if (!portset_has(ports, slot))
			return slot;
	}
	return SLOT_NONE;
}

/* As pick_random() over slots that lie apart. */
static uint32_t pick_scattered(struct blocks *b, const struct portset *ports, uint32_t id, uint32_t used)
{
	uint32_t slot = SLOT_NONE;

	for (int i = 0; i < PICK_DRAWS; i++) {
		slot = first_of(b, id) + rng_below(&b->ground->rng, b->config.size) * step_of(b);
		if (!portset_has(ports, slot))
			return slot;
	}
	slot = next_scattered(b, ports, id, 0);
	for (uint32_t n = rng_below(&b->ground->rng, b->config.size - used); n; n--)
		slot = next_scattered(b, ports, id, (slot - first_of(b, id)) / step_of(b) + 1);
	return slot;
}

static enum outcome take_from(struct blocks *b, uint32_t id, const struct request *r, struct binding *out)
{
	const struct portset *ports;
	struct block *k = &b->blocks[id];
	uint32_t lo = first_of(b, id), size = b->config.size;

	out->address = id / b->config.per_address;
	ports = ground_ports(b->ground, out->address, r->protocol);
	if (b->config.select == BLOCK_SELECT_RANDOM) {
		out->slot = b->config.scattered ? pick_scattered(b, ports, id, k->used[r->protocol])
		                                : pick_random(ports, lo, size, &b->ground->rng);
		out->odds = size - k->used[r->protocol];
	} else {
		out->slot = b->config.scattered ? next_scattered(b, ports, id, k->cursor)
		                                : portset_find(ports, lo, lo + size - 1, lo + k->cursor);
		out->odds = 1;
	}
	must(out->slot != SLOT_NONE);
	k->cursor = (uint16_t)(((out->slot - lo) / step_of(b) + 1) % size);
	k->used[r->protocol]++;
	k->last_ns = r->time_ns;
	k->due_ns = NS_NEVER;
	return OUT_CREATED;
}

/* Of the owner's blocks on this address (ADDRESS_NONE: on any) the oldest with room, so that later ones drain and can be
 * returned; without the one that is idle longest if that is to be skipped and another has room. BLOCK_NONE: all are full. */
static uint32_t with_room(const struct blocks *b, const struct owner *o, uint32_t address, enum protocol protocol)
{
	uint32_t oldest = BLOCK_NONE, second = BLOCK_NONE, idlest = BLOCK_NONE;

	for (uint32_t id = o->count ? o->first : BLOCK_NONE; id != BLOCK_NONE; id = b->blocks[id].next) {
		const struct block *k = &b->blocks[id];

		if (address != ADDRESS_NONE && id / b->config.per_address != address)
			continue;
		if (idlest == BLOCK_NONE || k->last_ns < b->blocks[idlest].last_ns)
			idlest = id;
		if (k->used[protocol] == b->config.size)
			continue;
		if (oldest == BLOCK_NONE)
			oldest = id;
		else if (second == BLOCK_NONE)
			second = id;
		if (!b->config.skip_idle)
			return id;
	}
	return oldest == idlest && second != BLOCK_NONE ? second : oldest;
}

/* How many blocks of the address the owner has. */
static uint32_t owned_on(const struct blocks *b, const struct owner *o, uint32_t address)
{
	uint32_t count = 0;

	for (uint32_t id = o->count ? o->first : BLOCK_NONE; id != BLOCK_NONE; id = b->blocks[id].next)
		count += id / b->config.per_address == address;
	return count;
}

enum outcome blocks_alloc(struct blocks *b, const struct request *r, struct binding *out)
{
	struct owner *o = &b->owners[r->subscriber];
	uint32_t id = with_room(b, o, r->address, r->protocol), address = r->address;

	if (id != BLOCK_NONE)
		return take_from(b, id, r, out);
	if ((b->config.max_blocks && o->count >= b->config.max_blocks) || r->time_ns < o->next_ns)
		return OUT_BLOCK_LIMIT;
	if (address == ADDRESS_NONE)
		address = any_address(b);
	id = address == ADDRESS_NONE ? BLOCK_NONE : give(b, r, address);
	if (id == BLOCK_NONE)
		return OUT_NO_BLOCK;
	take_from(b, id, r, out);
	/* Which of the others' blocks it is not is all that a guesser knows. */
	if (b->config.order == BLOCK_ORDER_RANDOM)
		out->odds *= b->config.per_address - (owned_on(b, o, address) - 1);
	return OUT_CREATED;
}

void blocks_release(struct blocks *b, int64_t now_ns, uint32_t address, uint32_t slot, enum protocol protocol)
{
	uint32_t id = block_of(b, address, slot);
	struct block *k = &b->blocks[id];

	must(k->state == BLOCK_GIVEN && k->used[protocol]);
	k->used[protocol]--;
	if (k->used[PROTO_TCP] || k->used[PROTO_UDP] || k->used[PROTO_ICMP])
		return;
	if (b->config.idle_ns) {
		k->due_ns = now_ns + b->config.idle_ns;
		queue_push(b->due, k->due_ns, id * 2);
	} else {
		return_block(b, now_ns, id);
	}
}

int64_t blocks_next(const struct blocks *b)
{
	return queue_next(b->due);
}

void blocks_tick(struct blocks *b, int64_t now_ns)
{
	int64_t due;
	uint32_t what;

	while (queue_next(b->due) <= now_ns && queue_pop(b->due, &due, &what)) {
		uint32_t id = what / 2;

		if (what % 2 ? b->blocks[id].interim_ns != due : b->blocks[id].due_ns != due)
			continue; /* returned, or used again since */
		if (what % 2) {
			emit(b, NAT_BLOCK_INTERIM, due, id);
			expect_interim(b, due, id);
		} else if (b->blocks[id].state == BLOCK_GIVEN) {
			return_block(b, due, id);
		} else if (b->blocks[id].state == BLOCK_GUARDED) {
			free_block(b, due, id);
		}
	}
}
