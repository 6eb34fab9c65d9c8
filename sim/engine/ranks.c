#include "sim/engine/ranks.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"
#include "sim/engine/runner.h"

#ifdef CGNSIM_MPI

#include <mpi.h>
#include <sched.h>
#include <time.h>

#define POLL_NS 300000         /* between two looks at a message and at `stop` */
#define PIECE (1u << 30)       /* MPI counts bytes in an int */

struct ranks {
	int mine, count;
	unsigned threads;
	bool broken;           /* a wait was given up */
	int out, err;          /* while hushed: the real streams; else -1 */
};

/* Ranks that may run on the very same cores share them. */
static unsigned threads_of(const struct ranks *r)
{
	MPI_Comm node;
	cpu_set_t mine, *all;
	int count;
	unsigned same = 0;

	if (sched_getaffinity(0, sizeof(mine), &mine))
		return 1;
	MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, r->mine, MPI_INFO_NULL, &node);
	MPI_Comm_size(node, &count);
	all = must_alloc((size_t)count, sizeof(*all));
	MPI_Allgather(&mine, (int)sizeof(mine), MPI_BYTE, all, (int)sizeof(mine), MPI_BYTE, node);
	for (int i = 0; i < count; i++)
		same += CPU_EQUAL(&all[i], &mine) ? 1 : 0;
	free(all);
	MPI_Comm_free(&node);
	return cores() > same ? cores() / same : 1;
}

struct ranks *ranks_open(void)
{
	struct ranks *r = must_alloc(1, sizeof(*r));
	int provided;

	MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
	must(provided >= MPI_THREAD_FUNNELED);
	MPI_Comm_rank(MPI_COMM_WORLD, &r->mine);
	MPI_Comm_size(MPI_COMM_WORLD, &r->count);
	r->out = r->err = -1;
	r->threads = threads_of(r);
	return r;
}

int ranks_close(struct ranks *r, int status)
{
	bool broken = r->broken;

	fflush(NULL);
	ranks_hush(r, false);
	free(r);
	if (broken) /* the others wait for a message that does not come, or are gone */
		MPI_Abort(MPI_COMM_WORLD, status);
	MPI_Finalize();
	return status;
}

unsigned ranks_mine(const struct ranks *r)
{
	return r ? (unsigned)r->mine : 0;
}

unsigned ranks_count(const struct ranks *r)
{
	return r ? (unsigned)r->count : 1;
}

unsigned ranks_threads(const struct ranks *r)
{
	return r ? r->threads : cores();
}

static void redirect(int *saved, int fd, bool away)
{
	int null;

	if (away == (*saved >= 0))
		return;
	if (!away) {
		dup2(*saved, fd);
		close(*saved);
		*saved = -1;
		return;
	}
	null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (null >= 0) {
		dup2(null, fd);
		close(null);
	}
}

void ranks_hush(struct ranks *r, bool hush)
{
	if (!r->mine)
		return;
	fflush(stdout);
	redirect(&r->out, STDOUT_FILENO, hush);
	redirect(&r->err, STDERR_FILENO, hush);
}

static bool wait_for(struct ranks *r, MPI_Request *request, const atomic_int *stop)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	int done = 0;

	for (;;) {
		MPI_Test(request, &done, MPI_STATUS_IGNORE);
		if (done)
			return true;
		if (stop && atomic_load(stop)) {
			r->broken = true;
			return false;
		}
		nanosleep(&pause, NULL);
	}
}

static bool send_bytes(struct ranks *r, const void *bytes, size_t length, const atomic_int *stop)
{
	uint64_t total = length;
	MPI_Request request;

	MPI_Isend(&total, 1, MPI_UINT64_T, 0, 0, MPI_COMM_WORLD, &request);
	if (!wait_for(r, &request, stop))
		return false;
	for (size_t at = 0; at < length; at += PIECE) {
		size_t piece = length - at < PIECE ? length - at : PIECE;

		MPI_Isend((const uint8_t *)bytes + at, (int)piece, MPI_BYTE, 0, 0, MPI_COMM_WORLD, &request);
		if (!wait_for(r, &request, stop))
			return false;
	}
	return true;
}

/* The caller frees it; NULL if the wait was given up. */
static uint8_t *receive_bytes(struct ranks *r, int from, size_t *length, const atomic_int *stop)
{
	uint64_t total = 0;
	uint8_t *bytes;
	MPI_Request request;

	MPI_Irecv(&total, 1, MPI_UINT64_T, from, 0, MPI_COMM_WORLD, &request);
	if (!wait_for(r, &request, stop))
		return NULL;
	bytes = must_alloc(total + 1, 1);
	for (size_t at = 0; at < total; at += PIECE) {
		size_t piece = total - at < PIECE ? total - at : PIECE;

		MPI_Irecv(bytes + at, (int)piece, MPI_BYTE, from, 0, MPI_COMM_WORLD, &request);
		if (!wait_for(r, &request, stop))
			return NULL; /* it may still be written to: left to the end of the process */
	}
	*length = total;
	return bytes;
}

bool ranks_gather(struct ranks *r, const void *bytes, size_t length,
                  bool (*take)(void *context, unsigned rank, const uint8_t *bytes, size_t length), void *context,
                  const atomic_int *stop)
{
	bool good = true;

	if (r && r->mine)
		return send_bytes(r, bytes, length, stop);
	for (int from = 1; r && from < r->count; from++) {
		uint8_t *theirs = receive_bytes(r, from, &length, stop);

		if (!theirs)
			return false;
		good = take(context, (unsigned)from, theirs, length) && good;
		free(theirs);
	}
	return good;
}

/* A rank's word: whether it is good for it, and its first fault. */
struct word {
	bool good;
	char fault[400];
};

static bool hear(void *context, unsigned rank, const uint8_t *bytes, size_t length)
{
	struct err *e = context;
	struct word word;

	must(length == sizeof(word));
	memcpy(&word, bytes, length);
	if (!word.good && word.fault[0] && !e->count)
		fail(e, "rank %u: %s", rank, word.fault);
	return word.good;
}

bool ranks_agree(struct ranks *r, bool good, struct err *e, const atomic_int *stop)
{
	struct word word = { .good = good };
	MPI_Request request;
	char verdict;

	if (ranks_count(r) == 1)
		return good;
	if (!good && e->count)
		snprintf(word.fault, sizeof(word.fault), "%s", e->lines[0]);
	verdict = ranks_gather(r, &word, sizeof(word), hear, e, stop) && good;
	if (r->broken)
		return false;
	MPI_Ibcast(&verdict, 1, MPI_CHAR, 0, MPI_COMM_WORLD, &request);
	return wait_for(r, &request, stop) && verdict;
}

#else

struct ranks *ranks_open(void)
{
	return NULL;
}

int ranks_close(struct ranks *r, int status)
{
	(void)r;
	return status;
}

unsigned ranks_mine(const struct ranks *r)
{
	(void)r;
	return 0;
}

unsigned ranks_count(const struct ranks *r)
{
	(void)r;
	return 1;
}

unsigned ranks_threads(const struct ranks *r)
{
	(void)r;
	return cores();
}

void ranks_hush(struct ranks *r, bool hush)
{
	(void)r;
	(void)hush;
}

bool ranks_gather(struct ranks *r, const void *bytes, size_t length,
                  bool (*take)(void *context, unsigned rank, const uint8_t *bytes, size_t length), void *context,
                  const atomic_int *stop)
{
	(void)r;
	(void)bytes;
	(void)length;
	(void)take;
	(void)context;
	(void)stop;
	return true;
}

bool ranks_agree(struct ranks *r, bool good, struct err *e, const atomic_int *stop)
{
	(void)r;
	(void)e;
	(void)stop;
	return good;
}

#endif
