/* The insides of an instance of a plugin, shared by the host that it calls (plugin_host.c) and what calls it
 * (plugin_instance.c). */
#ifndef SIM_SCHEME_PLUGIN_INSTANCE_H
#define SIM_SCHEME_PLUGIN_INSTANCE_H

#include "sim/scheme/plugin.h"

struct plugin_instance {
	const struct plugin_config *config;
	struct ground *ground;     /* the guard's; of a rule, its own */
	struct guard *guard;       /* NULL: of a rule */
	struct cgnsim_host host;
	void *state;
	int64_t now_ns, wake_ns;
	uint64_t looked;           /* in this call */
	bool dead;                 /* a call was given up: it is called no more */
};

/* Fills the host. */
void plugin_host_make(struct plugin_instance *in);

#endif
