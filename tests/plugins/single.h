/* A sound scheme of single numbers, with a place for a defect in each of its parts. */
#include <cgnsim/scheme.h>
#include <stdlib.h>

struct single {
	const struct cgnsim_host *host;
	uint32_t given;      /* numbers so far */
	uint32_t last[64];   /* the last ones */
	void *volatile lost; /* for a defect that loses memory */
};

static void *single_create(const struct cgnsim_host *host)
{
	struct single *s = calloc(1, sizeof(*s));

	s->host = host;
	return s;
}

static inline int single_draw(struct single *s, const struct cgnsim_request *r, struct cgnsim_grant *grant)
{
	const struct cgnsim_host *h = s->host;

	grant->slot = h->find(h->nat, r->address, r->protocol, 0, h->slots - 1, h->random(h->nat, h->slots));
	if (grant->slot == CGNSIM_NONE)
		return CGNSIM_NO_PORT;
	s->last[s->given++ % 64] = grant->slot;
	return CGNSIM_GIVEN;
}
