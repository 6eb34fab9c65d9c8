#include "sim/nat/pool.h"

#include <stdlib.h>

#include "sim/base/must.h"

uint64_t pool_config_size(const struct pool_config *config)
{
	uint64_t total = 0;

	for (size_t i = 0; i < config->prefixes.count; i++)
		total += range_size(config->prefixes.items[i]);
	if (config->addresses && config->addresses < total)
		total = config->addresses;
	return total;
}

uint32_t pool_config_address(const struct pool_config *config, uint64_t n)
{
	for (size_t i = 0; i < config->prefixes.count; i++) {
		uint64_t size = range_size(config->prefixes.items[i]);

		if (n < size)
			return (uint32_t)(config->prefixes.items[i].first + n);
		n -= size;
	}
	must(!"an address beyond the pool");
	return 0;
}

bool pool_config_find(const struct pool_config *config, uint32_t address, uint64_t *n)
{
	uint64_t before = 0;

	for (size_t i = 0; i < config->prefixes.count; i++) {
		struct addr_range r = config->prefixes.items[i];

		if (range_has(r, address)) {
			*n = before + (address - r.first);
			return *n < pool_config_size(config);
		}
		before += range_size(r);
	}
	return false;
}

static bool excluded(uint32_t number, const struct port_ranges *exclude)
{
	for (size_t i = 0; i < exclude->count; i++)
		if (number >= exclude->items[i].lo && number <= exclude->items[i].hi)
			return true;
	return false;
}

struct slots *slots_create(struct port_range ports, const struct port_ranges *exclude)
{
	struct slots *s = must_alloc(1, sizeof(*s));

	s->number = must_alloc(65536, sizeof(*s->number));
	s->slot = must_alloc(65536, sizeof(*s->slot));
	for (uint32_t number = 0; number < 65536; number++) {
		s->slot[number] = SLOT_NONE;
		if (number < ports.lo || number > ports.hi || excluded(number, exclude))
			continue;
		s->slot[number] = (uint16_t)s->count;
		s->number[s->count++] = (uint16_t)number;
	}
	if (!s->count) {
		slots_destroy(s);
		return NULL;
	}
	s->lo = s->number[0];
	s->contiguous = s->number[s->count - 1] - s->lo + 1u == s->count;
	return s;
}

void slots_destroy(struct slots *s)
{
	if (!s)
		return;
	free(s->number);
	free(s->slot);
	free(s);
}
