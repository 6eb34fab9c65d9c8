/* Blocks of two sizes cut from the same numbers: a first block of four, further ones of eight where two fours that lie
 * side by side are free, else of four. An address is cut otherwise every time. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

#define SIZE 4

struct unit {
	uint32_t owner, used;
	uint32_t first, count; /* of its block, in units */
};

struct buddy {
	const struct cgnsim_host *host;
	uint32_t units;        /* of an address */
	struct unit *items;
};

static void *buddy_create(const struct cgnsim_host *host)
{
	struct buddy *b = calloc(1, sizeof(*b));

	b->host = host;
	b->units = host->slots / SIZE;
	b->items = calloc((size_t)b->units * host->addresses + 1, sizeof(*b->items));
	for (uint32_t i = 0; i < b->units * host->addresses; i++)
		b->items[i].owner = CGNSIM_NONE;
	return b;
}

static void buddy_destroy(void *state)
{
	struct buddy *b = state;

	free(b->items);
	free(b);
}

static void tell(struct buddy *b, int event, uint32_t subscriber, uint32_t address, uint32_t first, uint32_t count)
{
	struct cgnsim_block k = { .event = event, .subscriber = subscriber, .address = address, .first = first * SIZE,
	                          .count = count * SIZE, .step = 1 };

	b->host->emit(b->host->nat, &k);
}

static int give(struct buddy *b, const struct cgnsim_request *r, uint32_t first, uint32_t count, struct cgnsim_grant *grant)
{
	struct unit *items = b->items + (size_t)r->address * b->units;

	for (uint32_t i = first; i < first + count; i++)
		items[i] = (struct unit){ r->subscriber, i == first, first, count };
	tell(b, CGNSIM_BLOCK_GIVEN, r->subscriber, r->address, first, count);
	grant->slot = first * SIZE;
	return CGNSIM_GIVEN;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct buddy *b = state;
	struct unit *items = b->items + (size_t)r->address * b->units;
	bool any = false;

	for (uint32_t i = 0; i < b->units; i++) {
		if (items[i].owner != r->subscriber)
			continue;
		any = true;
		grant->slot = b->host->find(b->host->nat, r->address, r->protocol, i * SIZE, i * SIZE + SIZE - 1, i * SIZE);
		if (grant->slot != CGNSIM_NONE) {
			items[i].used++;
			return CGNSIM_GIVEN;
		}
	}
	for (uint32_t i = 0; any && i + 1 < b->units; i += 2)
		if (items[i].owner == CGNSIM_NONE && items[i + 1].owner == CGNSIM_NONE)
			return give(b, r, i, 2, grant);
	for (uint32_t i = 0; i < b->units; i++)
		if (items[i].owner == CGNSIM_NONE)
			return give(b, r, i, 1, grant);
	return CGNSIM_NO_BLOCK;
}

static void release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct buddy *b = state;
	struct unit *items = b->items + (size_t)address * b->units;
	uint32_t first = items[slot / SIZE].first, count = items[slot / SIZE].count;

	(void)now_ns;
	(void)protocol;
	items[slot / SIZE].used--;
	for (uint32_t i = first; i < first + count; i++)
		if (items[i].used)
			return;
	for (uint32_t i = first; i < first + count; i++)
		items[i].owner = CGNSIM_NONE;
	tell(b, CGNSIM_BLOCK_RETURNED, subscriber, address, first, count);
	tell(b, CGNSIM_BLOCK_FREE, subscriber, address, first, count);
}

static bool room(void *state, uint32_t address, int protocol)
{
	struct buddy *b = state;

	(void)protocol;
	for (uint32_t i = address * b->units; i < (address + 1) * b->units; i++)
		if (b->items[i].owner == CGNSIM_NONE)
			return true;
	return false;
}

static void promise(void *state, struct cgnsim_promise *promise)
{
	struct buddy *b = state;

	promise->draws = b->host->slots;
	promise->partial = b->host->slots % SIZE != 0; /* what is left over is nobody's */
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "buddy",
	.logs = CGNSIM_LOGS_BLOCKS,
	.create = buddy_create,
	.alloc = alloc,
	.release = release,
	.destroy = buddy_destroy,
	.room = room,
	.promise = promise,
};
