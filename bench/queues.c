/* The event queue on the hold model (hold.h), beside ns-3's schedulers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/child.h"
#include "bench/hold.h"
#include "sim/base/must.h"
#include "sim/base/queue.h"

#define UNIT "events/s"

static const char *const schedulers[] = { "PriorityQueue", "Map", "Heap" };
#define SCHEDULERS (sizeof(schedulers) / sizeof(*schedulers))

static const struct {
	uint64_t pending, holds, quick_holds;
	const char *name;
} sizes[] = {
	{ 1000, 4000000, 200000, "1,000 pending" },
	{ 100000, 4000000, 200000, "100,000 pending" },
	{ 1000000, 4000000, 200000, "1,000,000 pending" },
};
#define SIZES (sizeof(sizes) / sizeof(*sizes))

/* Holds number first .. first + count - 1. Returns the time of the last event taken. */
static int64_t hold(struct queue *q, const uint32_t *table, uint64_t first, uint64_t count)
{
	int64_t time_ns = 0;
	uint32_t what = 0;

	for (uint64_t n = first; n < first + count; n++) {
		must(queue_pop(q, &time_ns, &what));
		queue_push(q, time_ns + (int64_t)hold_increment(table, n), what);
	}
	return time_ns;
}

static double measure_own(uint64_t pending, uint64_t holds, int64_t *last_ns)
{
	uint32_t *table = must_alloc(HOLD_TABLE, sizeof(*table));
	struct queue *q = queue_create();
	double begin, seconds;

	hold_table(table);
	for (uint64_t n = 0; n < pending; n++)
		queue_push(q, (int64_t)hold_increment(table, n), (uint32_t)n);
	hold(q, table, pending, pending);
	begin = hold_clock();
	*last_ns = hold(q, table, 2 * pending, holds);
	seconds = hold_clock() - begin;
	queue_destroy(q);
	free(table);
	return seconds;
}

static double measure_ns3(const char *program, const char *scheduler, uint64_t pending, uint64_t holds, int64_t last_ns)
{
	char *count = must_printf("%" PRIu64, pending), *turns = must_printf("%" PRIu64, holds);
	const char *argv[] = { program, scheduler, count, turns, NULL };
	struct child child = child_run(argv, 0);
	int64_t its_last_ns;
	double seconds;

	if (child.status || sscanf(child.output, "%lf %" SCNd64, &seconds, &its_last_ns) != 2)
		give_up("%s %s failed", program, scheduler);
	if (its_last_ns != last_ns)
		give_up("ns-3's %s ended its holds at %" PRId64 " ns, our queue at %" PRId64 " ns: one is wrong", scheduler,
		        its_last_ns, last_ns);
	child_clear(&child);
	free(count);
	free(turns);
	return seconds;
}

void bench_queues(struct bench *b)
{
	char *program = must_printf("%s/bench/hold_ns3", b->build);

	for (size_t i = 0; i < SIZES; i++) {
		uint64_t holds = b->quick ? sizes[i].quick_holds : sizes[i].holds;
		char *name = must_printf("event queue, %s", sizes[i].name);
		int64_t last_ns;

		sheet_add(b->sheet, name, UNIT, (double)holds / measure_own(sizes[i].pending, holds, &last_ns));
		free(name);
		for (size_t k = 0; k < SCHEDULERS; k++) {
			name = must_printf("ns-3 %s, %s", schedulers[k], sizes[i].name);
			if (access(program, X_OK))
				sheet_lack(b->sheet, name, "not installed: libns3-dev");
			else
				sheet_add(b->sheet, name, UNIT,
				          (double)holds / measure_ns3(program, schedulers[k], sizes[i].pending, holds, last_ns));
			free(name);
		}
	}
	free(program);
}
