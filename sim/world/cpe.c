#include "sim/world/cpe.h"

#include <stdlib.h>

#include "sim/base/must.h"
#include "sim/world/alone.h"

struct cpe_bank {
	struct nat_config config;
	struct nat *nat;
};

static void nobody_listens(void *context, const struct nat_event *event)
{
	(void)context;
	(void)event;
}

struct cpe_bank *cpe_create(const struct cpe_config *config, const struct slots *slots, uint32_t subscribers, uint64_t rng_key)
{
	struct cpe_bank *bank = must_alloc(1, sizeof(*bank));

	bank->config.timeouts = config->timeouts;
	bank->nat = nat_create(&(struct nat_setup){
		.config = &bank->config,
		.slots = slots,
		.addresses = subscribers,
		.subscribers = subscribers,
		.rng_key = rng_key,
		.sink = { .event = nobody_listens },
		.scheme_create = alone_create,
	});
	return bank;
}

void cpe_destroy(struct cpe_bank *bank)
{
	if (!bank)
		return;
	nat_destroy(bank->nat);
	free(bank);
}

enum outcome cpe_show(struct cpe_bank *bank, struct segment *train)
{
	struct verdict v = nat_show(bank->nat, train);

	if (v.outcome == OUT_CREATED || v.outcome == OUT_REFRESHED) {
		train->port = v.number;
		train->host = 0;
	}
	return v.outcome;
}
