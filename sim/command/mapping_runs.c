#include "sim/command/mapping_runs.h"

#include <stdlib.h>

#include "sim/base/must.h"

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void runs_of(const struct mapping_rule *m, uint32_t subscriber, struct runs *out)
{
	uint32_t count = m->type->numbers(m->config, m->pool, subscriber), first;
	bool sorted = true;

	out->whole = m->type->whole ? m->type->whole(m->config, m->pool, subscriber, &first) : 0;
	if (out->whole && count > m->pool->slots->count)
		count = m->pool->slots->count; /* those of the first address: the others' are the same */
	if (out->room < count) {
		out->room = count;
		out->keys = must_grow(out->keys, count, sizeof(*out->keys));
		out->items = must_grow(out->items, count, sizeof(*out->items));
	}
	for (uint32_t n = 0; n < count; n++) {
		struct scheme_number number;

		m->type->forward(m->config, m->pool, subscriber, n, &number);
		out->keys[n] = (uint64_t)number.address << 16 | slots_number(m->pool->slots, number.slot);
		sorted = sorted && (!n || out->keys[n - 1] < out->keys[n]);
	}
	if (!sorted)
		qsort(out->keys, count, sizeof(*out->keys), by_key);
	out->count = 0;
	out->numbers = (uint64_t)count * (out->whole ? out->whole : 1);
	out->subscriber = subscriber;
	for (uint32_t n = 0; n < count; n++) {
		struct run *last = out->count ? &out->items[out->count - 1] : NULL;
		uint32_t address = (uint32_t)(out->keys[n] >> 16);
		uint16_t number = (uint16_t)out->keys[n];

		if (last && last->address == address && last->hi + 1 == number)
			last->hi = number;
		else
			out->items[out->count++] = (struct run){ address, number, number };
	}
}

void runs_clear(struct runs *r)
{
	free(r->items);
	free(r->keys);
}

bool is_dynamic(const struct mapping_rule *m, uint32_t address, uint32_t slot, uint32_t *block)
{
	return m->type->dynamic && m->type->dynamic(m->config, m->pool, address, slot, block);
}

void dynamic_of(const struct mapping_rule *m, const struct runs *runs, struct dynamic *d)
{
	struct scheme_number first;
	uint32_t before = SLOT_NONE;

	if (!m->type->dynamic || !runs->count)
		return;
	m->type->forward(m->config, m->pool, runs->subscriber, 0, &first);
	if (d->items && d->address == first.address)
		return;
	d->items = must_grow(d->items, m->pool->slots->count, sizeof(*d->items));
	d->count = d->numbers = 0;
	d->address = first.address;
	for (uint32_t slot = 0; slot < m->pool->slots->count; slot++) {
		uint16_t number = slots_number(m->pool->slots, slot);

		if (!is_dynamic(m, d->address, slot, &d->block))
			continue;
		if (d->count && before + 1 == slot && d->items[d->count - 1].hi + 1 == number)
			d->items[d->count - 1].hi = number;
		else
			d->items[d->count++] = (struct run){ d->address, number, number };
		d->numbers++;
		before = slot;
	}
}

void dynamic_clear(struct dynamic *d)
{
	free(d->items);
}
