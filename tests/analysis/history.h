/* A history for tests of attribution: what a log said, and the incidents among
 * it, in order of time. */
#ifndef TESTS_ANALYSIS_HISTORY_H
#define TESTS_ANALYSIS_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/attribution.h"
#include "sim/base/must.h"
#include "sim/base/rng.h"

struct step {
	size_t order; /* of steps at the same time */
	bool is_incident;
	struct log_record record;
	struct incident incident;
};
struct history {
	struct step *steps;
	size_t count, room;
};

static inline struct step *add_step(struct history *h)
{
	if (h->count == h->room) {
		h->room = h->room ? h->room * 2 : 1024;
		h->steps = must_grow(h->steps, h->room, sizeof(*h->steps));
	}
	h->steps[h->count] = (struct step){ .order = h->count };
	return &h->steps[h->count++];
}

static inline int64_t step_time(const struct step *s)
{
	return s->is_incident ? s->incident.time_ns : s->record.time_ns;
}

static inline int64_t cut_to(int64_t ns, int64_t step)
{
	int64_t q = ns / step;

	return (ns % step < 0 ? q - 1 : q) * step;
}

/* Answers to a history; advances at uneven moments, which must not matter. */
static inline struct answers answer(const struct attribution_setup *setup, const struct history *h, struct rng *r)
{
	struct attribution *a = attribution_create(setup);
	struct answers out;
	int64_t next_ns = 0;

	for (size_t i = 0; i < h->count; i++) {
		const struct step *s = &h->steps[i];
		int64_t now_ns = step_time(s);
		struct log_record shown = s->record;

		while (r && next_ns <= now_ns) {
			attribution_advance(a, next_ns);
			next_ns += 1 + (int64_t)rng_below(r, 3) * (int64_t)rng_below(r, 2000000000);
		}
		if (s->is_incident) {
			attribution_incident(a, &s->incident);
			continue;
		}
		shown.time_ns = cut_to(shown.time_ns, setup->log_resolution_ns);
		attribution_record(a, &shown);
	}
	attribution_finish(a, &out);
	attribution_destroy(a);
	return out;
}

#endif
