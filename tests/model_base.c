/* The model's lists and records; how it is made, and what it tells. */
#include <stdlib.h>

#include "sim/base/must.h"
#include "tests/model_state.h"

/* ---- lists and records ---- */

struct link {
	struct link *next;
};

void *list_append(void *list, size_t size)
{
	struct link **at = list;

	while (*at)
		at = &(*at)->next;
	return *at = must_alloc(1, size);
}

void list_remove(void *list, const void *element)
{
	struct link **at = list, *gone;

	while (*at != element)
		at = &(*at)->next;
	gone = *at;
	*at = gone->next;
	free(gone);
}

static void list_clear(void *list)
{
	struct link **at = list;

	while (*at)
		list_remove(list, *at);
}

void records_add(struct records *r, const struct record *record)
{
	if (r->count == r->room) {
		r->room = r->room * 2 + 16;
		r->items = must_grow(r->items, r->room, sizeof(*r->items));
	}
	r->items[r->count++] = *record;
}

void say_event(struct model *m, const struct nat_event *e)
{
	records_add(&m->said, &(struct record){ .event = *e });
}

const struct nat_event *core_event(const struct model *m)
{
	const struct record *r = m->core && m->said.count < m->core->count ? &m->core->items[m->said.count] : NULL;

	return r && !r->sent ? &r->event : NULL;
}

/* ---- made, followed, asked ---- */

struct model *model_create(const struct model_setup *setup)
{
	struct model *m = must_alloc(1, sizeof(*m));

	must(setup->addresses <= MODEL_ADDRESSES && setup->subscribers <= MODEL_SUBSCRIBERS);
	m->setup = *setup;
	m->config = setup->config;
	for (uint32_t number = setup->ports.lo; number <= setup->ports.hi; number++) {
		bool excluded = false;

		for (size_t i = 0; i < setup->exclude->count; i++)
			excluded |= number >= setup->exclude->items[i].lo && number <= setup->exclude->items[i].hi;
		if (!excluded)
			m->number[m->numbers++] = (uint16_t)number;
	}
	for (uint32_t i = 0; i < setup->subscribers; i++)
		m->subscribers[i] =
			(struct m_subscriber){ .address = ADDRESS_NONE, .hash_starts = (1u << setup->addresses) - 1 };
	for (int i = 0; i < NOTICE_COUNT; i++)
		m->noticed_ns[i] = NS_NONE;
	return m;
}

void model_destroy(struct model *m)
{
	for (struct m_mapping *x = m->mappings; x; x = x->next)
		list_clear(&x->sessions);
	list_clear(&m->mappings);
	list_clear(&m->held);
	list_clear(&m->syns);
	list_clear(&m->waiting);
	list_clear(&m->packets);
	free(m->said.items);
	free(m);
}

void model_follow(struct model *m, const struct records *core)
{
	m->core = core;
	m->said.count = 0;
}

const struct records *model_said(const struct model *m)
{
	return &m->said;
}

uint32_t model_mappings(const struct model *m)
{
	uint32_t n = 0;

	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		n++;
	return n;
}

uint32_t model_active(const struct model *m, uint32_t subscriber, enum protocol protocol)
{
	return count_active(m, subscriber, (int)protocol);
}

uint32_t model_sessions(const struct model *m, uint32_t subscriber)
{
	uint32_t n = 0;

	for (const struct m_mapping *x = m->mappings; x; x = x->next)
		if (x->subscriber == subscriber)
			n += count_sessions(x);
	return n;
}

uint32_t model_address_of(const struct model *m, uint32_t subscriber)
{
	return m->subscribers[subscriber].address;
}

uint64_t model_datagrams(const struct model *m, enum outcome outcome)
{
	return m->datagrams[outcome];
}

uint64_t model_icmp_sent(const struct model *m)
{
	return m->icmp_sent;
}

uint64_t model_icmp_withheld(const struct model *m)
{
	return m->icmp_withheld;
}
