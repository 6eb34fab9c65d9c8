/* A sound scheme of fixed ranges: the subscribers of an address share it evenly, by rule. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

struct ranges {
	const struct cgnsim_host *host;
	uint32_t each, share; /* subscribers on an address, numbers of each */
};

static void *ranges_create(const struct cgnsim_host *host)
{
	struct ranges *r = calloc(1, sizeof(*r));

	r->host = host;
	r->each = (host->subscribers + host->addresses - 1) / host->addresses;
	r->share = host->slots / r->each;
	if (r->share)
		return r;
	free(r);
	return NULL;
}

static uint32_t ranges_home(void *state, uint32_t subscriber)
{
	struct ranges *r = state;

	return subscriber / r->each;
}

static int ranges_alloc(void *state, const struct cgnsim_request *q, struct cgnsim_grant *grant)
{
	struct ranges *r = state;
	uint32_t lo = q->subscriber % r->each * r->share, hi = lo + r->share - 1;

#ifdef DEFECT_NEIGHBOUR
	if (q->held + 1 >= r->share && hi + r->share < r->host->slots)
		hi += r->share;
#endif
	grant->slot = r->host->find(r->host->nat, q->address, q->protocol, lo, hi,
	                            lo + r->host->random(r->host->nat, hi - lo + 1));
	return grant->slot == CGNSIM_NONE ? CGNSIM_RANGE_FULL : CGNSIM_GIVEN;
}

static bool ranges_reverse(void *state, uint32_t address, uint32_t slot, uint32_t *subscriber)
{
	struct ranges *r = state;
	uint32_t k = address * r->each + slot / r->share;

	if (slot / r->share >= r->each || k >= r->host->subscribers)
		return false;
	*subscriber = k;
#ifdef DEFECT_LAST
	if (address > 1 && address + 1 == r->host->addresses)
		*subscriber = 0;
#endif
#ifdef DEFECT_ONE
	*subscriber = 0;
#endif
	return true;
}

static void ranges_promise(void *state, struct cgnsim_promise *promise)
{
	(void)state;
	promise->partial = true; /* what is left over is nobody's */
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI,
	.name = "ranges",
#ifdef LOGS_MAPPINGS
	.logs = CGNSIM_LOGS_MAPPINGS,
#else
	.logs = CGNSIM_LOGS_NOTHING,
#endif
	.create = ranges_create,
	.alloc = ranges_alloc,
	.reverse = ranges_reverse,
	.destroy = free,
	.home = ranges_home,
	.promise = ranges_promise,
};
