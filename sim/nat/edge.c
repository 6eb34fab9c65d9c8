#include "sim/nat/edge.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/nat/errors.h"
#include "sim/nat/state.h"

struct holders *holders_create(uint32_t addresses, uint32_t slots)
{
	struct holders *h = must_alloc(1, sizeof(*h));

	h->page_count = addresses * PROTO_COUNT;
	h->pages = must_alloc(h->page_count, sizeof(*h->pages));
	h->slots = slots;
	return h;
}

void holders_destroy(struct holders *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; i < h->page_count; i++)
		free(h->pages[i]);
	free(h->pages);
	free(h);
}

void holders_set(struct holders *h, uint32_t address, enum protocol protocol, uint32_t slot, uint32_t mapping)
{
	uint32_t **page = &h->pages[address * PROTO_COUNT + protocol];

	if (!*page) {
		*page = must_grow(NULL, h->slots, sizeof(**page));
		memset(*page, 0xff, h->slots * sizeof(**page));
	}
	(*page)[slot] = mapping;
}

uint32_t holders_get(const struct holders *h, uint32_t address, enum protocol protocol, uint32_t slot)
{
	const uint32_t *page = h->pages[address * PROTO_COUNT + protocol];

	return page ? page[slot] : INDEX_NONE;
}

static int by_address(const void *a, const void *b)
{
	uint32_t x = ((const struct public_address *)a)->address, y = ((const struct public_address *)b)->address;

	return (x > y) - (x < y);
}

struct edge *edge_create(const struct nat_setup *setup)
{
	struct edge *e = must_alloc(1, sizeof(*e));

	e->addresses = setup->addresses;
	e->outside = must_alloc(setup->addresses, sizeof(*e->outside));
	e->known = must_alloc(setup->addresses, sizeof(*e->known));
	for (uint32_t i = 0; i < setup->addresses; i++) {
		e->outside[i] = setup->outside[i];
		e->known[i] = (struct public_address){ .address = setup->outside[i], .index = i };
	}
	qsort(e->known, e->addresses, sizeof(*e->known), by_address);
	fragments_init(&e->fragments);
	unsolicited_init(&e->syns);
	e->send = setup->send;
	e->send_context = setup->send_context;
	return e;
}

void edge_destroy(struct edge *e)
{
	if (!e)
		return;
	free(e->outside);
	free(e->known);
	fragments_clear(&e->fragments);
	unsolicited_clear(&e->syns);
	free(e);
}

uint32_t edge_find(const struct edge *e, uint32_t address)
{
	const struct public_address key = { .address = address };
	const struct public_address *found = bsearch(&key, e->known, e->addresses, sizeof(key), by_address);

	return found ? found->index : ADDRESS_NONE;
}

void edge_tick(struct nat *nat, int64_t now_ns)
{
	struct edge *e = nat->edge;

	e->count[OUT_FRAGMENT_LOST] += fragments_forget(&e->fragments, now_ns);
	while (unsolicited_next(&e->syns) <= now_ns) {
		struct kept_syn syn = unsolicited_take(&e->syns);

		if (!syn.answered)
			error_send(nat, now_ns, &syn.datagram, ICMP_PORT_UNREACHABLE, (struct nat_path){ 0 });
	}
}

void edge_forget(struct edge *e)
{
	e->count[OUT_FRAGMENT_LOST] += fragments_forget(&e->fragments, NS_NEVER);
	while (e->syns.count)
		unsolicited_take(&e->syns);
}
