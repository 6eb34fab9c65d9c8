/* A sound scheme of ranges by rule with a pool of blocks behind them: who has taken its range gets blocks, which are
 * logged. The pool may be too small for a block. With DEFECT_HASTY one in three is told that there is no block before
 * its own range is looked at. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

#define SIZE 4

struct block {
	uint32_t owner, used;
};

struct dynamic {
	const struct cgnsim_host *host;
	uint32_t each, share;        /* subscribers on an address, numbers of each */
	uint32_t first, count;       /* of the pool of an address: its first slot, how many blocks */
	uint32_t asked;
	struct block *items;
};

static void *dynamic_create(const struct cgnsim_host *host)
{
	struct dynamic *d = calloc(1, sizeof(*d));

	d->host = host;
	d->each = (host->subscribers + host->addresses - 1) / host->addresses;
	d->share = host->slots / 2 / d->each;
	d->first = d->share * d->each;
	d->count = (host->slots - d->first) / SIZE;
	d->items = calloc((size_t)host->addresses * d->count + 1, sizeof(*d->items));
	for (uint32_t i = 0; i < host->addresses * d->count; i++)
		d->items[i].owner = CGNSIM_NONE;
	if (d->share)
		return d;
	free(d->items);
	free(d);
	return NULL;
}

static void dynamic_destroy(void *state)
{
	struct dynamic *d = state;

	free(d->items);
	free(d);
}

static uint32_t home(void *state, uint32_t subscriber)
{
	struct dynamic *d = state;

	return subscriber / d->each;
}

static bool reverse(void *state, uint32_t address, uint32_t slot, uint32_t *subscriber)
{
	struct dynamic *d = state;

	*subscriber = address * d->each + slot / d->share;
	return slot < d->first && *subscriber < d->host->subscribers;
}

static void tell(struct dynamic *d, int event, uint32_t subscriber, uint32_t address, uint32_t i)
{
	struct cgnsim_block k = { .event = event, .subscriber = subscriber, .address = address, .first = d->first + i * SIZE,
	                          .count = SIZE, .step = 1 };

	d->host->emit(d->host->nat, &k);
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct dynamic *d = state;
	struct block *items = d->items + (size_t)r->address * d->count;
	uint32_t lo = r->subscriber % d->each * d->share, fresh = CGNSIM_NONE;

#ifdef DEFECT_HASTY
	if (++d->asked % 3 == 0)
		return CGNSIM_NO_BLOCK;
#endif
	grant->slot = d->host->find(d->host->nat, r->address, r->protocol, lo, lo + d->share - 1, lo);
	if (grant->slot != CGNSIM_NONE)
		return CGNSIM_GIVEN;
	for (uint32_t i = 0; i < d->count; i++) {
		uint32_t first = d->first + i * SIZE;

		if (items[i].owner == CGNSIM_NONE)
			fresh = i;
		if (items[i].owner != r->subscriber)
			continue;
		grant->slot = d->host->find(d->host->nat, r->address, r->protocol, first, first + SIZE - 1, first);
		if (grant->slot != CGNSIM_NONE) {
			items[i].used++;
			return CGNSIM_GIVEN;
		}
	}
	if (fresh == CGNSIM_NONE)
		return CGNSIM_NO_BLOCK;
	items[fresh] = (struct block){ r->subscriber, 1 };
	tell(d, CGNSIM_BLOCK_GIVEN, r->subscriber, r->address, fresh);
	grant->slot = d->first + fresh * SIZE;
	return CGNSIM_GIVEN;
}

static void release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct dynamic *d = state;
	uint32_t i = (slot - d->first) / SIZE;
	struct block *k = &d->items[(size_t)address * d->count + i];

	(void)now_ns, (void)protocol;
	if (slot < d->first || --k->used)
		return;
	k->owner = CGNSIM_NONE;
	tell(d, CGNSIM_BLOCK_RETURNED, subscriber, address, i);
	tell(d, CGNSIM_BLOCK_FREE, subscriber, address, i);
}

static void promise(void *state, struct cgnsim_promise *promise)
{
	struct dynamic *d = state;

	promise->partial = true; /* what is left over is nobody's */
	promise->draws = d->host->slots;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "dynamic",
	.logs = CGNSIM_LOGS_NOTHING,
	.create = dynamic_create,
	.alloc = alloc,
	.release = release,
	.reverse = reverse,
	.destroy = dynamic_destroy,
	.home = home,
	.promise = promise,
};
