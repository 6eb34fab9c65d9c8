/* The number that came free last, declared as hard to guess as any of all. */
#include "single.h"

static void release(void *state, int64_t now_ns, uint32_t subscriber, uint32_t address, uint32_t slot, int protocol)
{
	struct single *s = state;

	(void)now_ns, (void)subscriber, (void)address, (void)protocol;
	s->last[s->given++ % 64] = slot;
}

static int alloc(void *state, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	struct single *s = state;
	const struct cgnsim_host *h = s->host;

	grant->slot = s->given ? s->last[--s->given % 64] : CGNSIM_NONE;
	if (grant->slot == CGNSIM_NONE || h->taken(h->nat, r->address, r->protocol, grant->slot))
		grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, h->random(h->nat, h->slots));
	grant->odds = h->slots - r->held;
	return grant->slot == CGNSIM_NONE ? CGNSIM_NO_PORT : CGNSIM_GIVEN;
}

const struct cgnsim_scheme cgnsim_scheme = {
	.abi = CGNSIM_SCHEME_ABI, .name = "broken_unpredictable_lifo", .create = single_create, .alloc = alloc, .destroy = free, .release = release,
};
