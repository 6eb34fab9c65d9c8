/* Runs lie in the file one after the other. Merging keeps a buffer for each and
 * a heap of their first items: of equal items the one of the earlier run first. */
#include "traffic/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/base/must.h"

#define ITEMS_FIRST 64u
#define BUFFER_LEAST 64u /* items */

struct run {
	off_t at, end;       /* what is still to be read of it */
	uint8_t *buffer;
	size_t first, count; /* items of the buffer that are still to be taken */
};

struct spool {
	size_t item, most;   /* most: items in memory */
	int (*compare)(const void *, const void *);
	uint8_t *items;
	size_t count, room;
	size_t next;         /* nothing was spilled: the next to take */
	int fd;              /* -1: nothing was spilled */
	int fault;           /* errno */
	off_t size;
	struct run *runs;
	size_t run_count;
	size_t *heap;        /* runs that have items, the one with the least first */
	size_t heap_count, buffer_items;
	bool taken;          /* the heap's first item was handed out */
};

struct spool *spool_create(size_t item, int (*compare)(const void *, const void *), size_t memory)
{
	struct spool *s = must_alloc(1, sizeof(*s));

	s->item = item;
	s->most = memory / item > ITEMS_FIRST ? memory / item : ITEMS_FIRST;
	s->compare = compare;
	s->fd = -1;
	return s;
}

void spool_destroy(struct spool *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->run_count; i++)
		free(s->runs[i].buffer);
	if (s->fd >= 0)
		close(s->fd);
	free(s->runs);
	free(s->heap);
	free(s->items);
	free(s);
}

static int temporary(void)
{
	const char *given = getenv("TMPDIR");
	char *name = must_printf("%s/cgnsim.XXXXXX", given && *given ? given : "/var/tmp");
	int fd = mkstemp(name);

	if (fd >= 0)
		unlink(name);
	free(name);
	return fd;
}

static bool write_all(int fd, const uint8_t *bytes, size_t count, off_t at)
{
	while (count) {
		ssize_t put = pwrite(fd, bytes, count, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes += put;
		count -= (size_t)put;
		at += put;
	}
	return true;
}

/* Writes what is in memory as a run. After a fault items are dropped: spool_sort() tells. */
static void spill(struct spool *s)
{
	size_t bytes = s->count * s->item;

	qsort(s->items, s->count, s->item, s->compare);
	if (s->fd < 0 && !s->fault) {
		s->fd = temporary();
		if (s->fd < 0)
			s->fault = errno;
	}
	if (!s->fault && !write_all(s->fd, s->items, bytes, s->size))
		s->fault = errno ? errno : EIO;
	s->runs = must_grow(s->runs, s->run_count + 1, sizeof(*s->runs));
	s->runs[s->run_count++] = (struct run){ .at = s->size, .end = s->size + (off_t)bytes };
	s->size += (off_t)bytes;
	s->count = 0;
}

void *spool_add(struct spool *s)
{
	if (s->count == s->most)
		spill(s);
	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : ITEMS_FIRST;
		if (s->room > s->most)
			s->room = s->most;
		s->items = must_grow(s->items, s->room, s->item);
	}
	return s->items + s->count++ * s->item;
}

static void refill(struct spool *s, struct run *r)
{
	size_t wanted = s->buffer_items * s->item, got = 0;

	if ((off_t)wanted > r->end - r->at)
		wanted = (size_t)(r->end - r->at);
	while (got < wanted) {
		ssize_t more = pread(s->fd, r->buffer + got, wanted - got, r->at + (off_t)got);

		if (more < 0 && errno == EINTR)
			continue;
		if (more <= 0) {
			s->fault = more ? errno : EIO;
			wanted = got = 0;
			r->end = r->at;
		} else {
			got += (size_t)more;
		}
	}
	r->at += (off_t)wanted;
	r->first = 0;
	r->count = wanted / s->item;
}

static const uint8_t *head(const struct spool *s, size_t run)
{
	return s->runs[run].buffer + s->runs[run].first * s->item;
}

static bool before(const struct spool *s, size_t a, size_t b)
{
	int order = s->compare(head(s, a), head(s, b));

	return order < 0 || (order == 0 && a < b);
}

static void sink(struct spool *s, size_t at)
{
	for (;;) {
		size_t least = at, left = 2 * at + 1, moved;

		if (left < s->heap_count && before(s, s->heap[left], s->heap[least]))
			least = left;
		if (left + 1 < s->heap_count && before(s, s->heap[left + 1], s->heap[least]))
			least = left + 1;
		if (least == at)
			return;
		moved = s->heap[at];
		s->heap[at] = s->heap[least];
		s->heap[least] = moved;
		at = least;
	}
}

static bool told(const struct spool *s, struct err *e)
{
	const char *given = getenv("TMPDIR");

	return !s->fault || fail(e, "%s: a temporary file: %s; TMPDIR names another place",
	                         given && *given ? given : "/var/tmp", strerror(s->fault));
}

bool spool_sort(struct spool *s, struct err *e)
{
	if (s->run_count == 0) {
		if (s->count)
			qsort(s->items, s->count, s->item, s->compare);
		return true;
	}
	if (s->count)
		spill(s);
	free(s->items);
	s->items = NULL;
	if (!told(s, e))
		return false;
	s->buffer_items = s->most / s->run_count > BUFFER_LEAST ? s->most / s->run_count : BUFFER_LEAST;
	s->heap = must_alloc(s->run_count, sizeof(*s->heap));
	for (size_t i = 0; i < s->run_count; i++) {
		s->runs[i].buffer = must_alloc(s->buffer_items, s->item);
		refill(s, &s->runs[i]);
		if (s->runs[i].count)
			s->heap[s->heap_count++] = i;
	}
	for (size_t i = s->heap_count; i-- > 0;)
		sink(s, i);
	return told(s, e);
}

const void *spool_next(struct spool *s)
{
	struct run *r;

	if (s->run_count == 0)
		return s->next < s->count ? s->items + s->next++ * s->item : NULL;
	if (s->taken && s->heap_count) {
		r = &s->runs[s->heap[0]];
		r->first++;
		if (--r->count == 0)
			refill(s, r);
		if (r->count == 0)
			s->heap[0] = s->heap[--s->heap_count];
		sink(s, 0);
	}
	s->taken = true;
	return s->heap_count ? head(s, s->heap[0]) : NULL;
}

bool spool_good(const struct spool *s, struct err *e)
{
	return told(s, e);
}
