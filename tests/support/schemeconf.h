/* schemeconf - a scheme's configuration filled by parameter names, for tests of
 * whole-number parameters and choices. Header only. */
#ifndef TESTS_SUPPORT_SCHEMECONF_H
#define TESTS_SUPPORT_SCHEMECONF_H

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"
#include "sim/scheme/scheme.h"

static inline void *conf_member(const struct scheme_type *scheme, void *config, const char *name)
{
	for (const struct param *p = scheme->params; p->name; p++)
		if (!strcmp(p->name, name))
			return (char *)config + p->offset;
	must(!"a parameter that the scheme does not have");
	return NULL;
}

static inline void conf_u32(const struct scheme_type *scheme, void *config, const char *name, uint32_t value)
{
	memcpy(conf_member(scheme, config, name), &value, sizeof(value));
}

static inline void conf_ns(const struct scheme_type *scheme, void *config, const char *name, int64_t value)
{
	memcpy(conf_member(scheme, config, name), &value, sizeof(value));
}

/* All zero, but the block sizes, which may not be, and extension_share, which is as by default. The caller frees it. */
static inline void *conf_new(const struct scheme_type *scheme)
{
	void *config = must_alloc(1, scheme->config_size);

	if (!strcmp(scheme->name, "deterministic"))
		conf_u32(scheme, config, "block", 100);
	if (!strcmp(scheme->name, "block")) {
		conf_u32(scheme, config, "size", 256);
		*(double *)conf_member(scheme, config, "extension_share") = 0.5;
	}
	return config;
}

#endif
