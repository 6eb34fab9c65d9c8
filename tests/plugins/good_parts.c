/* Two parts: of the lower half a subscriber has one block, of the upper half all further ones, as many as there are. One
 * who kept a further block is given a first one again. With DEFECT_KEEPS every third further block that is asked for is
 * said not to be there. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

#define FIRST_SIZE 4
#define FURTHER_SIZE 2

struct block {
	uint32_t owner, used;
};

struct parts {
	const struct cgnsim_host *host;
	uint32_t firsts, count;  /* of an address */
	uint32_t asked;
	struct block *items;
};

static void *parts_create(const struct cgnsim_host *host)
{
	struct parts *p = calloc(1, sizeof(*p));
	uint32_t half = host->slots / 2;

	p->host = host;
	p->firsts = half / FIRST_SIZE;
	p->count = p->firsts + (host->slots - half) / FURTHER_SIZE;
	p->items = calloc((size_t)host->addresses * p->count + 1, sizeof(*p->items));
	for (uint32_t i = 0; i < host->addresses * p->count; i++)
		p->items[i].owner = CGNSIM_NONE;
	if (p->firsts)
		return p;
	free(p->items);
	free(p);
	return 0;
}

static void parts_destroy(void *state)
{
	struct parts *p = state;

	free(p->items);
	free(p);
}

static uint32_t size_of(const struct parts *p, uint32_t n)
{
	return n < p->firsts ? FIRST_SIZE : FURTHER_SIZE;
}

static uint32_t first_of(const struct parts *p, uint32_t n)
{
	return n < p->firsts ? n * FIRST_SIZE : p->host->slots / 2 + (n - p->firsts) * FURTHER_SIZE;
}

static void tell(struct parts *p, int event, uint32_t subscriber, uint32_t address, uint32_t n)
{
	struct cgnsim_block k = { .event = event, .subscriber = subscriber, .address = address, .first = first_of(p, n),
	                          .count = size_of(p, n), .step = 1 };

	p->host->emit(p->host->nat, &k);
}

/* A number of one of the subscriber's blocks among lo..hi-1, of a new one if it has none there, or `more`. */
static bool give(struct parts *p, const struct cgnsim_request *r, uint32_t lo, uint32_t hi, bool more,
                 struct cgnsim_grant *grant)
{
	struct block *items = p->items + (size_t)r->address * p->count;
	uint32_t fresh = CGNSIM_NONE;

	for (uint32_t n = lo; n < hi; n++) {
		uint32_t first = first_of(p, n), last = first + size_of(p, n) - 1;

		if (items[n].owner == CGNSIM_NONE && fresh == CGNSIM_NONE)
			fresh = n;
		if (items[n].owner != r->subscriber)
			continue;
		grant->slot = p->host->find(p->host->nat, r->address, r->protocol, first, last, first);
		if (grant->slot != CGNSIM_NONE) {
			items[n].used++;
			return true;
		}
		if (!more)
			return false;
	}
	if (fresh == CGNSIM_NONE)
		return false;
#ifdef DEFECT_KEEPS
	if (more && ++p->asked % 3 == 0)
		return false;
#endif
	items[fresh] = (struct block){ r->subscriber, 1 };
	tell(p, CGNSIM_BLOCK_GIVEN, r->subscriber, r->address, fresh);
	grant->slot = first_of(p, fresh);
	return true;
}

static int parts_alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct parts *p = state;

	if (give(p, r, 0, p->firsts, false, grant))
		return CGNSIM_GIVEN;
	return give(p, r, p->firsts, p->count, true, grant) ? CGNSIM_GIVEN : CGNSIM_NO_BLOCK;
}

static void parts_release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct parts *p = state;
	uint32_t half = p->host->slots / 2;
	uint32_t n = slot < half ? slot / FIRST_SIZE : p->firsts + (slot - half) / FURTHER_SIZE;
	struct block *k = &p->items[(size_t)address * p->count + n];

	(void)now_ns;
	(void)protocol;
	if (--k->used)
		return;
	k->owner = CGNSIM_NONE;
	tell(p, CGNSIM_BLOCK_RETURNED, subscriber, address, n);
	tell(p, CGNSIM_BLOCK_FREE, subscriber, address, n);
}

static bool parts_room(void *state, uint32_t address, int protocol)
{
	struct parts *p = state;

	(void)protocol;
	for (uint32_t n = 0; n < p->firsts; n++)
		if (p->items[(size_t)address * p->count + n].owner == CGNSIM_NONE)
			return true;
	return false;
}

static void parts_promise(void *state, struct cgnsim_promise *promise)
{
	struct parts *p = state;

	promise->draws = p->host->slots;
	promise->partial = true; /* each half keeps its numbers for its own */
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "parts",
	.logs = CGNSIM_LOGS_BLOCKS,
	.create = parts_create,
	.alloc = parts_alloc,
	.release = parts_release,
	.destroy = parts_destroy,
	.room = parts_room,
	.promise = parts_promise,
};
