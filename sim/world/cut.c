#include "sim/world/cut.h"

#include "sim/base/rng.h"

struct cut cut_of(const struct workload *workload, const struct trial *trial)
{
	struct cut cut = {
		.subscribers = workload->subscribers,
		.addresses = (uint32_t)pool_config_size(&trial->pool),
		.instances = trial->pool.instances,
	};
	enum scheme_tie tie = trial->scheme->tie ? trial->scheme->tie(trial->scheme_config, &cut.tie) : TIE_NONE;

	if (tie != TIE_RUNS)
		cut.tie = 0;
	if (tie == TIE_WHOLE)
		cut.instances = 1;
	if (!cut.instances)
		cut.instances = (cut.subscribers - 1) / CUT_AUTO + 1;
	if (cut.instances > cut.addresses)
		cut.instances = cut.addresses;
	return cut;
}

/* The n-th of `instances` equal runs of `count` begins here. */
static uint32_t deal(uint32_t count, uint32_t instances, uint32_t n)
{
	return (uint32_t)((uint64_t)count * n / instances);
}

static uint32_t at_most(uint64_t value, uint32_t most)
{
	return value < most ? (uint32_t)value : most;
}

struct share cut_share(const struct cut *cut, uint32_t instance)
{
	struct share s;
	uint32_t end;

	s.first_address = deal(cut->addresses, cut->instances, instance);
	s.addresses = deal(cut->addresses, cut->instances, instance + 1) - s.first_address;
	if (cut->tie) {
		s.first_subscriber = at_most((uint64_t)s.first_address * cut->tie, cut->subscribers);
		end = at_most(((uint64_t)s.first_address + s.addresses) * cut->tie, cut->subscribers);
	} else {
		s.first_subscriber = deal(cut->subscribers, cut->instances, instance);
		end = deal(cut->subscribers, cut->instances, instance + 1);
	}
	s.subscribers = end - s.first_subscriber;
	return s;
}

bool cut_same(const struct cut *a, const struct cut *b)
{
	if (a->instances != b->instances)
		return false;
	if (!a->tie && !b->tie)
		return true; /* dealt evenly, whatever the addresses */
	for (uint32_t i = 0; i < a->instances; i++) {
		struct share x = cut_share(a, i), y = cut_share(b, i);

		if (x.first_subscriber != y.first_subscriber || x.subscribers != y.subscribers)
			return false;
	}
	return true;
}

uint64_t nat_key(const struct workload *workload, const struct trial *trial, uint32_t replication, uint32_t instance)
{
	return mix64(mix64(mix_text(workload->seed, trial->name), replication), instance);
}
