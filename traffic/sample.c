#include <math.h>
#include <stdlib.h>

#include "sim/base/must.h"
#include "traffic/law.h"

void sample_add(struct sample *s, double low, double high)
{
	if (low < high) {
		if (s->range_count == s->range_room) {
			s->range_room = s->range_room ? s->range_room * 2 : 64;
			s->ranges = must_grow(s->ranges, s->range_room, sizeof(*s->ranges));
		}
		s->ranges[s->range_count++] = (struct sample_range){ low, high, 1 };
		return;
	}
	must(low > 0);
	if (s->exact == s->room) {
		s->room = s->room ? s->room * 2 : 64;
		s->x = must_grow(s->x, s->room, sizeof(*s->x));
	}
	s->x[s->exact++] = low;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int by_range(const void *a, const void *b)
{
	const struct sample_range *x = a, *y = b;
	int by_low = (x->low > y->low) - (x->low < y->low);

	return by_low ? by_low : (x->high > y->high) - (x->high < y->high);
}

/* Every k-th of both kinds alike. */
static void thin(struct sample *s, size_t most)
{
	size_t all = s->exact + s->range_count, every, left = 0;

	if (all <= most)
		return;
	every = all / most + (all % most != 0);
	for (size_t i = 0; i < s->exact; i += every)
		s->x[left++] = s->x[i];
	s->exact = left;
	left = 0;
	for (size_t i = 0; i < s->range_count; i += every)
		s->ranges[left++] = s->ranges[i];
	s->range_count = left;
}

static void merge_ranges(struct sample *s)
{
	size_t left = 0;

	qsort(s->ranges, s->range_count, sizeof(*s->ranges), by_range);
	for (size_t i = 0; i < s->range_count; i++) {
		struct sample_range *last = left ? &s->ranges[left - 1] : NULL;

		if (last && last->low == s->ranges[i].low && last->high == s->ranges[i].high)
			last->weight += s->ranges[i].weight;
		else
			s->ranges[left++] = s->ranges[i];
	}
	s->range_count = left;
}

void sample_settle(struct sample *s, size_t most)
{
	thin(s, most);
	if (s->exact)
		qsort(s->x, s->exact, sizeof(*s->x), by_value);
	if (s->range_count)
		merge_ranges(s);
	s->log_x = must_alloc(s->exact, sizeof(*s->log_x));
	s->count = (double)s->exact;
	for (size_t i = 0; i < s->exact; i++) {
		s->log_x[i] = log(s->x[i]);
		s->sum += s->x[i];
		s->sum_log += s->log_x[i];
		s->sum_log2 += s->log_x[i] * s->log_x[i];
	}
	s->count += (double)s->blur_count;
	for (size_t i = 0; i < s->range_count; i++) {
		s->count += s->ranges[i].weight;
		if (!(s->ranges[i].high < HUGE_VAL))
			s->censored += s->ranges[i].weight;
	}
}

void sample_clear(struct sample *s)
{
	free(s->x);
	free(s->log_x);
	free(s->ranges);
	free(s->edges);
	for (size_t i = 0; i < s->blur_count; i++) {
		free(s->blurs[i].edge);
		free(s->blurs[i].likelihood);
	}
	free(s->blurs);
	*s = (struct sample){ 0 };
}
