#include <stdlib.h>

#include "analysis/attribution.h"
#include "sim/base/fp.h"
#include "sim/base/must.h"

static int by_hash(const void *x, const void *y)
{
	const struct answer *a = x, *b = y;

	return (a->hash > b->hash) - (a->hash < b->hash);
}

static int by_value(const void *x, const void *y)
{
	const uint32_t *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* The smallest value that at least `percent` of the sorted ones do not exceed. */
static uint32_t quantile(const uint32_t *sorted, size_t count, unsigned percent)
{
	return sorted[(count * percent + 99) / 100 - 1];
}

struct counts {
	uint64_t candidates, unique, ambiguous, missed, wrong, wrong_single;
};

static void count(struct counts *n, uint32_t candidates, bool right)
{
	n->candidates += candidates;
	n->unique += right && candidates == 1;
	n->ambiguous += right && candidates > 1;
	n->missed += candidates == 0;
	n->wrong += !right && candidates > 0;
	n->wrong_single += !right && candidates == 1;
}

/* Summed from the smallest to the largest, so that the order of incidents does not show. */
static double entropy_bits(const uint32_t *sorted, size_t total)
{
	double bits = 0;
	size_t with = 0;

	for (size_t i = 0; i < total; i++) {
		if (sorted[i] == 0)
			continue;
		bits += fp_log2((double)sorted[i]);
		with++;
	}
	return with > 0 ? bits / (double)with : 0;
}

void ambiguity_of(struct answers *all, uint32_t want, enum evidence evidence,
                  const struct evidence_config *config, struct ambiguity *out)
{
	size_t drawn = all->count < want ? all->count : want, reached = 0;
	uint32_t *sorted = must_alloc(drawn, sizeof(*sorted));
	struct counts n = { 0 };

	*out = (struct ambiguity){ .window_s = seconds_from_ns(config->resolution_ns + 2 * config->assumed_error_ns) };
	if (all->count > 0)
		qsort(all->items, all->count, sizeof(*all->items), by_hash);
	for (size_t i = 0; i < drawn; i++) {
		const struct answer *a = &all->items[i];

		if (!a->reached)
			continue;
		sorted[reached++] = a->candidates[evidence];
		count(&n, a->candidates[evidence], a->right[evidence]);
	}
	must(n.unique + n.ambiguous + n.missed + n.wrong == reached);
	out->incidents = reached;
	out->not_reached = drawn - reached;
	if (reached > 0) {
		double total = (double)reached;

		qsort(sorted, reached, sizeof(*sorted), by_value);
		out->candidates_mean = (double)n.candidates / total;
		out->candidates_p50 = quantile(sorted, reached, 50);
		out->candidates_p95 = quantile(sorted, reached, 95);
		out->candidates_max = sorted[reached - 1];
		out->unique_ratio = (double)n.unique / total;
		out->ambiguous_ratio = (double)n.ambiguous / total;
		out->missed_ratio = (double)n.missed / total;
		out->wrong_ratio = (double)n.wrong / total;
		out->wrong_single_ratio = (double)n.wrong_single / total;
		out->entropy_bits = entropy_bits(sorted, reached);
	}
	free(sorted);
}
