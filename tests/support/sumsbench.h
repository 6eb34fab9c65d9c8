/* sumsbench - sums filled with numbers that follow from a seed. Header only, for tests. */
#ifndef TESTS_SUPPORT_SUMSBENCH_H
#define TESTS_SUPPORT_SUMSBENCH_H

#include "sim/base/must.h"
#include "sim/base/rng.h"
#include "sim/base/simtime.h"
#include "sim/world/sums.h"

#define SUMSBENCH_JOBS 12
#define SUMSBENCH_TRIALS 2

static const struct usage_frame sumsbench_frames[SUMSBENCH_TRIALS] = {
	{ 5 * NS_PER_S, 65 * NS_PER_S, NS_PER_S, 1000, 64512 },
	{ 5 * NS_PER_S, 65 * NS_PER_S, 7 * NS_PER_S, 1000, 8 * 64512 },
};

static inline void sumsbench_open(struct sums *s)
{
	sums_open(s, SUMSBENCH_JOBS, SUMSBENCH_TRIALS, sumsbench_frames, sumsbench_frames);
}

static inline uint64_t sumsbench_next(uint64_t *seed)
{
	*seed = mix64(*seed, 1);
	return *seed >> (*seed & 63); /* of every length */
}

static inline void sumsbench_fill_usage(struct usage *u, uint64_t *seed)
{
	for (int p = 0; p < PROTO_COUNT; p++) {
		u->active[p] = sumsbench_next(seed);
		u->created[p] = sumsbench_next(seed);
		u->address_peak[p][sumsbench_next(seed) & 0xffff] = 3;
		u->address_peak[p][65535] = sumsbench_next(seed);
	}
	for (int i = 0; i < 50; i++) {
		u->level_time[i] = sumsbench_next(seed);
		u->peak[sumsbench_next(seed) % USAGE_LEVELS]++;
	}
	for (size_t i = 0; i < u->sample_count; i += 3)
		u->samples[i].held[1] = sumsbench_next(seed);
	for (size_t i = 5; i < u->seconds; i++)
		u->created_per_second[i] = (uint32_t)sumsbench_next(seed);
	u->refused_by[OUT_NO_PORT] = sumsbench_next(seed);
	u->jain_sum = sumsbench_next(seed);
}

/* As if these jobs had been done. */
static inline void sumsbench_fill(struct sums *s, uint64_t seed, const size_t *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sums_done(s, jobs[i]);
	for (size_t i = 0; i < s->trials; i++) {
		struct tally *t = &s->tallies[i];

		sumsbench_fill_usage(t->usage, &seed);
		sumsbench_fill_usage(t->demand, &seed);
		t->log.records = sumsbench_next(&seed);
		t->log.sample_zstd = sumsbench_next(&seed);
		t->log.seconds = t->usage->seconds;
		t->log.per_second = must_alloc(t->log.seconds, sizeof(*t->log.per_second));
		t->log.per_second[59] = 7;
		t->answers.count = t->answers.room = 40;
		t->answers.items = must_alloc(40, sizeof(*t->answers.items));
		for (size_t k = 0; k < 40; k++)
			t->answers.items[k] = (struct answer){
				.hash = mix64(seed, k), .candidates = { (uint32_t)k, 1, UINT32_MAX }, .right = { k > 3, k & 1, true },
				.reached = k % 3,
			};
		t->not_offered = sumsbench_next(&seed);
	}
}

#endif
