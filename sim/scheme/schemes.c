#include <string.h>

#include "sim/scheme/scheme.h"

extern const struct scheme_type scheme_session, scheme_bounded, scheme_block, scheme_deterministic;

const struct scheme_type *const scheme_types[] = {
	&scheme_session,
	&scheme_bounded,
	&scheme_block,
	&scheme_deterministic,
	NULL,
};

const struct scheme_type *scheme_find(const char *name)
{
	for (size_t i = 0; scheme_types[i]; i++)
		if (!strcmp(scheme_types[i]->name, name))
			return scheme_types[i];
	return NULL;
}
