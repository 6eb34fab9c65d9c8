/* The totals of a section, its entry in the directory, and the ledger. */
#include "sim/world/events_format.h"

#include <stdlib.h>

#include "analysis/utilisation.h"
#include "sim/base/must.h"

void events_entry_put(struct carry_out *o, const struct events_entry *entry)
{
	carry_half(o, entry->place.trial);
	carry_half(o, entry->place.instance);
	carry_word(o, entry->records);
	carry_word(o, entry->length);
	carry_half(o, entry->totals);
	carry_half(o, entry->crc);
	carry_half(o, 0);
}

bool events_entry_take(struct carry_in *in, struct events_entry *entry)
{
	uint32_t zero;

	return carry_take_half(in, &entry->place.trial) && carry_take_half(in, &entry->place.instance) &&
	       carry_take_word(in, &entry->records) && carry_take_word(in, &entry->length) &&
	       carry_take_half(in, &entry->totals) && carry_take_half(in, &entry->crc) && carry_take_half(in, &zero) && !zero &&
	       entry->totals <= EVENTS_TOTALS_MOST;
}

int events_place_order(const struct events_place *a, const struct events_place *b)
{
	if (a->trial != b->trial)
		return a->trial < b->trial ? -1 : 1;
	return a->instance < b->instance ? -1 : a->instance > b->instance;
}

/* The cells that are not 0, each behind how many to skip; their number is first. */
static void put_delays(struct carry_out *o, const struct delays *d)
{
	uint32_t full = 0, next = 0;

	for (uint32_t cell = 0; cell < DELAY_CELLS; cell++)
		full += d->cells[cell] > 0;
	carry_number(o, full);
	for (uint32_t cell = 0; cell < DELAY_CELLS; cell++) {
		if (!d->cells[cell])
			continue;
		carry_number(o, cell - next);
		carry_number(o, d->cells[cell]);
		next = cell + 1;
	}
	carry_number(o, d->sum_us);
	carry_number(o, d->max_us);
}

static bool take_delays(struct carry_in *in, struct delays *d)
{
	uint64_t full, skip, cell = 0;

	if (!carry_take_number(in, DELAY_CELLS, &full))
		return false;
	for (; full; full--, cell++) {
		if (cell == DELAY_CELLS || !carry_take_number(in, DELAY_CELLS - 1 - cell, &skip))
			return false;
		cell += skip;
		if (!carry_take_number(in, UINT64_MAX - d->count, &d->cells[cell]) || !d->cells[cell])
			return false;
		d->count += d->cells[cell];
	}
	return carry_take_number(in, UINT64_MAX, &d->sum_us) && carry_take_number(in, UINT64_MAX, &d->max_us);
}

void events_put_totals(struct carry_out *o, const struct packets *packets)
{
	carry_number(o, PACKETS_SUMS);
	for (int s = 0; s < PACKETS_SUMS; s++)
		carry_number(o, packets->sums[s]);
	carry_number(o, DELAYS);
	for (int d = 0; d < DELAYS; d++)
		put_delays(o, &packets->delays[d]);
}

bool events_take_totals(struct carry_in *in, struct packets *packets)
{
	uint64_t n;

	*packets = (struct packets){ 0 };
	if (!carry_take_number(in, PACKETS_SUMS, &n) || n != PACKETS_SUMS)
		return false;
	for (int s = 0; s < PACKETS_SUMS; s++)
		if (!carry_take_number(in, UINT64_MAX, &packets->sums[s]))
			return false;
	if (!carry_take_number(in, DELAYS, &n) || n != DELAYS)
		return false;
	for (int d = 0; d < DELAYS; d++)
		if (!take_delays(in, &packets->delays[d]))
			return false;
	return in->at == in->end;
}

struct events_ledger {
	struct events_bounds bounds;
	uint32_t *active;      /* mappings by subscriber; owned */
	uint32_t *held;        /* numbers by [address * PROTO_COUNT + protocol]; owned */
	uint64_t live[PROTO_COUNT];
	uint64_t further, blocks;
};

struct events_ledger *events_ledger_create(const struct events_bounds *bounds)
{
	struct events_ledger *l = must_alloc(1, sizeof(*l));

	l->bounds = *bounds;
	l->active = must_alloc(bounds->subscribers, sizeof(*l->active));
	l->held = must_alloc((size_t)bounds->addresses * PROTO_COUNT, sizeof(*l->held));
	return l;
}

void events_ledger_destroy(struct events_ledger *l)
{
	if (!l)
		return;
	free(l->active);
	free(l->held);
	free(l);
}

/* Takes so many off what there is; false if there is less. */
static bool take_off(uint64_t *from, uint64_t count)
{
	if (*from < count)
		return false;
	*from -= count;
	return true;
}

static uint32_t *held_of(struct events_ledger *l, const struct nat_event *e)
{
	return &l->held[(size_t)e->address * PROTO_COUNT + e->protocol];
}

static bool mapping_created(struct events_ledger *l, const struct nat_event *e)
{
	uint32_t *held = held_of(l, e);

	*held += e->taken;
	l->live[e->protocol] += e->live;
	l->further += !e->live;
	return *held <= l->bounds.slots && ++l->active[e->subscriber] < USAGE_LEVELS;
}

static bool mapping_ended(struct events_ledger *l, const struct nat_event *e)
{
	return l->active[e->subscriber]-- && take_off(&l->live[e->protocol], e->live) && take_off(&l->further, !e->live);
}

static bool number_released(struct events_ledger *l, const struct nat_event *e)
{
	uint32_t *held = held_of(l, e);

	if (*held < e->taken)
		return false;
	*held -= e->taken;
	return true;
}

bool events_ledger_event(struct events_ledger *l, const struct nat_event *e)
{
	switch (e->kind) {
	case NAT_MAPPING_CREATED:
		return mapping_created(l, e);
	case NAT_MAPPING_ENDED:
		return mapping_ended(l, e);
	case NAT_PORT_RELEASED:
		return number_released(l, e);
	case NAT_BLOCK_GIVEN:
		l->blocks += e->count;
		return true;
	case NAT_BLOCK_FREE:
		return take_off(&l->blocks, e->count);
	case NAT_SESSION_CREATED:
		l->further++;
		return true;
	case NAT_SESSION_ENDED:
		return take_off(&l->further, 1);
	case NAT_REFUSED:
	case NAT_BLOCK_RETURNED:
	case NAT_BLOCK_INTERIM:
	case NAT_NOTICE:
		break;
	}
	return true;
}
