/* A sound scheme of blocks with guard time and parameters; a file that defines one
 * of the DEFECT_ macros before it includes this has that defect, and one that defines
 * BLOCKS_HOOKS_ONLY says itself what of it is the scheme. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

#ifndef PRESET_SIZE
#define PRESET_SIZE 8
#endif

enum { SIZE, MOST, GUARD };

struct block {
	uint32_t owner;      /* CGNSIM_NONE: nobody */
	uint32_t used;       /* live or held, all protocols */
	int64_t  free_ns;    /* end of guard time; 0: not in guard */
};

struct blocks {
	const struct cgnsim_host *host;
	uint32_t size, most, per_address, count;
	int64_t guard_ns;
	struct block *items;
};

static void *blocks_create(const struct cgnsim_host *host)
{
	struct blocks *b = calloc(1, sizeof(*b));

	b->host = host;
	b->size = (uint32_t)host->values[SIZE];
	b->most = (uint32_t)host->values[MOST];
	b->guard_ns = host->values[GUARD];
	b->per_address = host->slots / b->size;
	b->count = b->per_address * host->addresses;
	b->items = calloc(b->count + 1, sizeof(*b->items));
	for (uint32_t i = 0; i < b->count; i++)
		b->items[i].owner = CGNSIM_NONE;
	return b;
}

static void blocks_destroy(void *state)
{
	struct blocks *b = state;

	free(b->items);
	free(b);
}

static void tell(struct blocks *b, int event, uint32_t subscriber, uint32_t i)
{
	struct cgnsim_block k = { .event = event, .subscriber = subscriber, .address = i / b->per_address,
	                          .first = i % b->per_address * b->size, .count = b->size, .step = 1 };

#ifdef DEFECT_SILENT
	if (i % 3 == 2)
		return;
#endif
#ifdef DEFECT_HALVES
	if (event == CGNSIM_BLOCK_RETURNED) {
		k.count /= 2;
		b->host->emit(b->host->nat, &k);
		k.first += k.count;
	}
#endif
	b->host->emit(b->host->nat, &k);
}

static uint32_t find_in(struct blocks *b, uint32_t i, const struct cgnsim_request *r)
{
	uint32_t lo = i % b->per_address * b->size, hi = lo + b->size - 1;

	return b->host->find(b->host->nat, i / b->per_address, r->protocol, lo, hi, lo + b->host->random(b->host->nat, b->size));
}

static int blocks_alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct blocks *b = state;
	uint32_t first = r->address * b->per_address, owned = 0, fresh = CGNSIM_NONE;

	for (uint32_t i = first; i < first + b->per_address; i++) {
		if (b->items[i].owner == CGNSIM_NONE && !b->items[i].free_ns)
			fresh = i;
#ifdef DEFECT_TWO_OWNERS
		if (b->items[i].owner != CGNSIM_NONE && b->items[i].owner != r->subscriber && b->items[i].used == 1)
			fresh = i;
#endif
		if (b->items[i].owner != r->subscriber)
			continue;
		owned++;
		grant->slot = find_in(b, i, r);
		if (grant->slot != CGNSIM_NONE) {
			b->items[i].used++;
			return CGNSIM_GIVEN;
		}
	}
	if (b->most && owned >= b->most)
		return CGNSIM_BLOCK_LIMIT;
	if (fresh == CGNSIM_NONE)
		return CGNSIM_NO_BLOCK;
	b->items[fresh].owner = r->subscriber;
	tell(b, CGNSIM_BLOCK_GIVEN, r->subscriber, fresh);
	grant->slot = find_in(b, fresh, r);
	b->items[fresh].used++;
	return CGNSIM_GIVEN;
}

static void blocks_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct blocks *b = state;
	uint32_t i = address * b->per_address + slot / b->size;

	(void)protocol;
	if (--b->items[i].used)
		return;
#ifdef DEFECT_LEAK
	if (i % 5 == 0)
		return;
#endif
	b->items[i].owner = CGNSIM_NONE;
	tell(b, CGNSIM_BLOCK_RETURNED, subscriber, i);
	if (b->guard_ns) {
		b->items[i].free_ns = now_ns + b->guard_ns;
		b->host->wake(b->host->nat, b->items[i].free_ns);
		b->items[i].used = subscriber; /* while in guard: whose it was */
	} else {
		tell(b, CGNSIM_BLOCK_FREE, subscriber, i);
	}
}

static void blocks_tick(void *state, int64_t now_ns)
{
	struct blocks *b = state;

#ifdef DEFECT_ELSEWHERE
	for (uint32_t i = 0; i < b->per_address && b->host->addresses > 1; i++)
		if (b->items[i].owner != CGNSIM_NONE && b->items[b->count - 1].owner == CGNSIM_NONE) {
			b->items[b->count - 1].owner = b->items[i].owner;
			tell(b, CGNSIM_BLOCK_GIVEN, b->items[i].owner, b->count - 1);
		}
#endif
	for (uint32_t i = 0; i < b->count; i++) {
		struct block *k = &b->items[i];
		uint32_t was = k->used;

		if (!k->free_ns)
			continue;
		if (k->free_ns > now_ns) {
			b->host->wake(b->host->nat, k->free_ns);
			continue;
		}
		k->free_ns = 0;
		k->used = 0;
		tell(b, CGNSIM_BLOCK_FREE, was, i);
	}
}

static bool blocks_room(void *state, uint32_t address, int protocol)
{
	struct blocks *b = state;

	(void)protocol;
	for (uint32_t i = address * b->per_address; i < (address + 1) * b->per_address; i++)
		if (b->items[i].owner == CGNSIM_NONE && !b->items[i].free_ns)
			return true;
	return false;
}

static void blocks_promise(void *state, struct cgnsim_promise *promise)
{
	struct blocks *b = state;

	promise->most = b->most * b->size;
	promise->draws = b->host->slots;
#ifdef DEFECT_SOON
	promise->interval_ns = 600000000000;
#endif
#ifndef DEFECT_REMAINDER
	promise->partial = b->host->slots % b->size != 0; /* what is left over is nobody's */
#endif
}

static const struct cgnsim_param blocks_params[] = {
	{ .name = "size", .type = CGNSIM_WHOLE, .preset = PRESET_SIZE, .min = 1, .max = 4096, .help = "numbers in a block" },
	{ .name = "most", .type = CGNSIM_WHOLE, .preset = 4, .min = 0, .max = 4096, .help = "blocks of a subscriber; 0: no limit" },
	{ .name = "guard", .type = CGNSIM_DURATION, .preset = 60000000000, .min = 0, .max = 3600000000000,
	  .help = "a returned block is nobody's for so long" },
	{ .name = 0 },
};

#ifndef BLOCKS_HOOKS_ONLY
const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "blocks",
	.summary = "blocks with guard time",
	.params = blocks_params,
	.logs = CGNSIM_LOGS_BLOCKS,
	.create = blocks_create,
	.alloc = blocks_alloc,
	.release = blocks_release,
	.tick = blocks_tick,
	.destroy = blocks_destroy,
	.room = blocks_room,
	.promise = blocks_promise,
};
#endif
