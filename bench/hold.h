/* hold - the hold model: a queue of constant size, of which the next event is
 * taken and put back later, by exponential increments (Jones, 1986).
 *
 * For C and C++, with nothing of the simulator in it: the program that drives
 * ns-3's schedulers includes it too. Both do the identical holds, so the time of
 * the last event must be the same. */
#ifndef BENCH_HOLD_H
#define BENCH_HOLD_H

#include <math.h>
#include <stdint.h>
#include <time.h>

/* Increments come from a table read in a circle, so that no draw is timed. */
#define HOLD_TABLE 65536u
#define HOLD_MEAN_NS 1e8

static inline void hold_table(uint32_t table[HOLD_TABLE])
{
	uint64_t state = 1;

	for (uint32_t i = 0; i < HOLD_TABLE; i++) {
		uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15)); /* SplitMix64 */

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
		table[i] = (uint32_t)(-log(((double)(z >> 11) + 0.5) * 0x1p-53) * HOLD_MEAN_NS);
	}
}

/* The increment of hold n; up to 1 ms of n's own keeps the table's repeats from being ties. */
static inline uint64_t hold_increment(const uint32_t table[HOLD_TABLE], uint64_t n)
{
	return (uint64_t)table[n % HOLD_TABLE] + ((uint32_t)n * UINT32_C(0x9e3779b1) >> 12);
}

static inline double hold_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

#endif
