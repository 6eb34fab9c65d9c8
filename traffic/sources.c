#include "traffic/sources.h"

#include <string.h>

const struct source_type *const source_types[] = {
	&source_poisson,
	&source_capture,
	&source_p2p,
	&source_mix,
	NULL,
};

const struct source_type *source_find(const char *name)
{
	for (size_t i = 0; source_types[i]; i++)
		if (!strcmp(source_types[i]->name, name))
			return source_types[i];
	return NULL;
}
