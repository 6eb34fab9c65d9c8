#include "sim/engine/runner.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "sim/base/must.h"

struct crew {
	size_t count;
	int (*job)(void *context, size_t n, unsigned worker);
	void *context;
	atomic_size_t next;
	atomic_size_t failed;  /* lowest job that failed; count: none */
};

struct hand {
	struct crew *crew;
	unsigned worker;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct hand *hand = arg;
	struct crew *crew = hand->crew;

	for (;;) {
		size_t n = atomic_fetch_add(&crew->next, 1);
		size_t failed = atomic_load(&crew->failed);

		if (n >= crew->count || failed < crew->count)
			return NULL;
		if (crew->job(crew->context, n, hand->worker))
			while (n < failed && !atomic_compare_exchange_weak(&crew->failed, &failed, n))
				;
	}
}

size_t run_jobs(size_t count, unsigned workers, int (*job)(void *context, size_t n, unsigned worker), void *context)
{
	struct crew crew = { .count = count, .job = job, .context = context };
	struct hand *hands;

	if (workers > count)
		workers = (unsigned)count;
	if (!workers)
		workers = 1;
	atomic_init(&crew.next, 0);
	atomic_init(&crew.failed, count);
	hands = must_alloc(workers, sizeof(*hands));
	for (unsigned i = 0; i < workers; i++)
		hands[i] = (struct hand){ .crew = &crew, .worker = i };
	for (unsigned i = 1; i < workers; i++)
		must(!pthread_create(&hands[i].thread, NULL, work, &hands[i]));
	work(&hands[0]);
	for (unsigned i = 1; i < workers; i++)
		must(!pthread_join(hands[i].thread, NULL));
	free(hands);
	return atomic_load(&crew.failed);
}

unsigned cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) < 1)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
