/* Parts are at least TIMELINE_GAP apart, so the total grows only where a part
 * grows or begins: joining two puts the true gap, the shorter one, in the place
 * of TIMELINE_GAP. */
#include "traffic/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

/* The first part that does not end TIMELINE_GAP or more before the time. */
static size_t search(const struct timeline *t, int64_t time_ns)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (time_ns - t->parts[middle].last_ns >= TIMELINE_GAP)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool near_part(const struct timeline_part *p, int64_t time_ns)
{
	return time_ns - p->last_ns < TIMELINE_GAP && p->first_ns - time_ns < TIMELINE_GAP;
}

static int64_t total(const struct timeline *t)
{
	int64_t sum = 0;

	for (size_t i = 0; i < t->count; i++)
		sum += t->parts[i].last_ns - t->parts[i].first_ns + (i ? TIMELINE_GAP : 0);
	return sum;
}

static bool begin_part(struct timeline *t, size_t at, int64_t time_ns)
{
	if (t->total_ns + (t->count ? TIMELINE_GAP : 0) > NS_LONGEST)
		return false;
	if (t->count == t->room) {
		t->room = t->room ? 2 * t->room : 4;
		t->parts = must_grow(t->parts, t->room, sizeof(*t->parts));
	}
	memmove(&t->parts[at + 1], &t->parts[at], (t->count - at) * sizeof(*t->parts));
	t->parts[at] = (struct timeline_part){ .first_ns = time_ns, .last_ns = time_ns };
	t->total_ns += t->count ? TIMELINE_GAP : 0;
	t->count++;
	t->current = at;
	return true;
}

/* Stretches part `at` to hold the time, which is near it, and joins the next one if that is near now. */
static bool stretch(struct timeline *t, size_t at, int64_t time_ns)
{
	struct timeline_part *p = &t->parts[at];
	int64_t more = time_ns > p->last_ns ? time_ns - p->last_ns : time_ns < p->first_ns ? p->first_ns - time_ns : 0;

	if (t->total_ns + more > NS_LONGEST)
		return false;
	t->total_ns += more;
	t->current = at;
	if (time_ns > p->last_ns)
		p->last_ns = time_ns;
	if (time_ns < p->first_ns)
		p->first_ns = time_ns;
	if (at + 1 < t->count && p[1].first_ns - p->last_ns < TIMELINE_GAP) {
		p->last_ns = p[1].last_ns;
		memmove(&p[1], &p[2], (t->count - at - 2) * sizeof(*p));
		t->count--;
		t->total_ns = total(t);
	}
	return true;
}

bool timeline_add(struct timeline *t, int64_t time_ns)
{
	struct timeline_part *p = t->current < t->count ? &t->parts[t->current] : NULL;
	int64_t more = p ? time_ns - p->last_ns : 0;
	size_t at;

	/* Most packets come in order, and stretch the last part: stretch() would find no more to do. */
	if (more > 0 && more < TIMELINE_GAP && t->current + 1 == t->count && t->total_ns + more <= NS_LONGEST) {
		t->total_ns += more;
		p->last_ns = time_ns;
		return true;
	}
	if (p && time_ns >= p->first_ns && time_ns <= p->last_ns)
		return true;
	at = search(t, time_ns);
	if (at == t->count || !near_part(&t->parts[at], time_ns))
		return begin_part(t, at, time_ns);
	return stretch(t, at, time_ns);
}

void timeline_clear(struct timeline *t)
{
	free(t->parts);
	free(t->watched);
	*t = (struct timeline){ 0 };
}

void timeline_watch(struct timeline *t, const struct timeline *file)
{
	if (!file->count)
		return;
	t->watched = must_grow(t->watched, t->watched_count + file->count, sizeof(*t->watched));
	memcpy(t->watched + t->watched_count, file->parts, file->count * sizeof(*file->parts));
	t->watched_count += file->count;
}

static int by_first(const void *a, const void *b)
{
	const struct timeline_part *x = a, *y = b;

	return (x->first_ns > y->first_ns) - (x->first_ns < y->first_ns);
}

/* Spans that overlap, or nearly meet, become one. */
static void join_watched(struct timeline *t)
{
	size_t kept = 0;

	if (t->watched_count)
		qsort(t->watched, t->watched_count, sizeof(*t->watched), by_first);
	for (size_t i = 0; i < t->watched_count; i++) {
		struct timeline_part *before = kept ? &t->watched[kept - 1] : NULL;

		if (!before || t->watched[i].first_ns - before->last_ns >= TIMELINE_UNWATCHED)
			t->watched[kept++] = t->watched[i];
		else if (t->watched[i].last_ns > before->last_ns)
			before->last_ns = t->watched[i].last_ns;
	}
	t->watched_count = kept;
}

void timeline_close(struct timeline *t)
{
	int64_t begin_ns = 0;

	join_watched(t);
	for (size_t i = 0; i < t->count; i++) {
		t->parts[i].begin_ns = begin_ns;
		begin_ns += t->parts[i].last_ns - t->parts[i].first_ns + TIMELINE_GAP;
	}
}

static bool holds(const struct timeline_part *p, int64_t time_ns)
{
	return time_ns >= p->first_ns && time_ns <= p->last_ns;
}

static const struct timeline_part *part_of(const struct timeline *t, int64_t time_ns)
{
	size_t at = search(t, time_ns);

	must(at < t->count && holds(&t->parts[at], time_ns));
	return &t->parts[at];
}

const struct timeline_part *timeline_watched(const struct timeline *t, int64_t time_ns)
{
	size_t low = 0, high = t->watched_count;

	if (!t->watched_count)
		return part_of(t, time_ns);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (time_ns > t->watched[middle].last_ns)
			low = middle + 1;
		else
			high = middle;
	}
	must(low < t->watched_count && holds(&t->watched[low], time_ns));
	return &t->watched[low];
}

size_t timeline_seams(const struct timeline *t)
{
	return t->watched_count > t->count ? t->watched_count - t->count : 0;
}

int64_t timeline_since(const struct timeline *t, int64_t time_ns)
{
	const struct timeline_part *p = part_of(t, time_ns);

	return p->begin_ns + (time_ns - p->first_ns);
}
