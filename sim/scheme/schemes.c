#include <string.h>

#include "sim/scheme/scheme.h"

const struct scheme_type *const scheme_types[] = {
	&scheme_session,
	&scheme_bounded,
	&scheme_block,
	&scheme_deterministic,
	&scheme_port_set,
	&scheme_one_to_one,
	&scheme_plugin,
	NULL,
};

const struct scheme_type *scheme_find(const char *name)
{
	for (size_t i = 0; scheme_types[i]; i++)
		if (!strcmp(scheme_types[i]->name, name))
			return scheme_types[i];
	return NULL;
}

bool scheme_lookup(const struct scheme_type *type, const void *config, const struct scheme_pool *pool, uint32_t outside,
                   uint16_t port, uint32_t *inside)
{
	uint32_t subscriber, slot = pool->slots->slot[port];
	uint64_t address;

	if (slot == SLOT_NONE || !pool_config_find(pool->config, outside, &address) ||
	    !type->reverse(config, pool, (uint32_t)address, slot, &subscriber))
		return false;
	*inside = pool->first_inside + subscriber;
	return true;
}
