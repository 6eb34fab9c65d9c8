#include <stdlib.h>

#include "traffic/fit.h"

const char *const fit_end_name[FIT_ENDS] = {
	[FIT_FIN] = "fin", [FIT_HALF] = "half", [FIT_RESET] = "reset", [FIT_SILENT] = "silent", [FIT_UNANSWERED] = "unanswered",
};

/* Ends before those that lived on for as long. */
static int by_time(const void *a, const void *b)
{
	const struct fit_ending *x = a, *y = b;

	if (x->lasted_s < y->lasted_s || x->lasted_s > y->lasted_s)
		return x->lasted_s < y->lasted_s ? -1 : 1;
	return (x->end == FIT_ENDS) - (y->end == FIT_ENDS);
}

void fit_end_shares(struct fit_ending *flows, size_t count, double share[FIT_ENDS])
{
	double alive = 1, sum = 0;

	for (int i = 0; i < FIT_ENDS; i++)
		share[i] = 0;
	qsort(flows, count, sizeof(*flows), by_time);
	for (size_t i = 0; i < count; i++)
		if (flows[i].end < FIT_ENDS) {
			double chance = alive / (double)(count - i);

			share[flows[i].end] += chance;
			alive -= chance;
			sum += chance;
		}
	for (int i = 0; i < FIT_ENDS && sum > 0; i++)
		share[i] /= sum;
}
