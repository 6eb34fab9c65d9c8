/* plugin - a scheme from a shared object: include/cgnsim/scheme.h is its side. */
#ifndef SIM_SCHEME_PLUGIN_H
#define SIM_SCHEME_PLUGIN_H

#include <pthread.h>

#include "include/cgnsim/scheme.h"
#include "sim/scheme/guard.h"
#include "sim/scheme/scheme.h"

/* The first breach of any instance. */
struct plugin_breach {
	pthread_mutex_t lock;
	bool is, told;
	enum guard_rule rule;
	char *text;             /* owned */
};

struct plugin_instance;

struct plugin_config {
	char *library;
	struct named_numbers parameters;

	/* By settle(). */
	bool opened;                        /* its signals are caught */
	void *handle;                       /* of dlopen() */
	const struct cgnsim_scheme *scheme; /* the library's */
	int64_t *values;                    /* of its parameters; owned */
	uint32_t first_inside;
	bool unpaired;                      /* pooling is not paired */
	struct slots *slots;                /* the pool's; owned */
	struct plugin_instance *rule;       /* the whole pool as one instance, asked for the rule alone; NULL: it has none */
	uint32_t *tenants, *first_tenant;   /* of a rule: subscribers by address, and where each address's begin; owned */
	struct plugin_breach *breach;
};

/* Opens the library and fills `scheme` and `values`. */
bool plugin_open(struct plugin_config *c, const char *place, struct err *e);
void plugin_close(struct plugin_config *c);

/* Breaches of this configuration's instances are told here. */
struct guard_report plugin_report(const struct plugin_config *c);

/* An instance of the library's scheme on a ground, with a guard around it; and without, on a guard's. */
struct allocator plugin_create(const void *config, struct ground *ground);
struct allocator plugin_create_guarded(const void *config, struct guard *guard);

/* The same for the rule: nothing is ever given. NULL if the scheme refuses its parameters. */
struct plugin_instance *plugin_rule_create(const struct plugin_config *c, const struct scheme_pool *pool);
void plugin_rule_destroy(struct plugin_instance *in);
bool plugin_rule_reverse(struct plugin_instance *in, uint32_t address, uint32_t slot, uint32_t *subscriber);
uint32_t plugin_rule_home(struct plugin_instance *in, uint32_t subscriber);

/* What the library promises with these parameters. */
void plugin_rule_promise(struct plugin_instance *in, struct cgnsim_promise *out);

#endif
