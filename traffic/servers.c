#include "traffic/servers.h"

#include <stddef.h>
#include <stdlib.h>

#include "sim/base/fp.h"
#include "sim/base/must.h"

#define SERVERS_MOST 131072 /* 198.18.0.0/15 */

const struct param server_params[] = {
	{ .name = "count", .type = PARAM_U32, .unit = "servers", .preset = "10000", .min = 1, .max = SERVERS_MOST,
	  .offset = offsetof(struct servers, count),
	  .help = "servers, from 198.18.0.0 up" },
	{ .name = "zipf", .type = PARAM_REAL, .unit = "", .preset = "1.0", .min = 0, .max = 10,
	  .offset = offsetof(struct servers, zipf),
	  .help = "server number d gets a share that falls as 1 / d^zipf; 0: all alike" },
	{ 0 },
};

/* Fills under-full places from over-full ones, both in order of number. */
struct server_alias *servers_build(const struct servers *d)
{
	struct server_alias *table = must_alloc(d->count, sizeof(*table));
	double *share = must_alloc(d->count, sizeof(*share)); /* of a place; 1 is full */
	double sum = 0;
	uint32_t over = 0, under = 0, low;

	for (uint32_t i = 0; i < d->count; i++)
		sum += share[i] = fp_pow(i + 1.0, -d->zipf);
	for (uint32_t i = 0; i < d->count; i++) {
		share[i] *= d->count / sum;
		table[i] = (struct server_alias){ .own = UINT32_MAX, .other = i };
	}
	while (over < d->count && share[over] < 1)
		over++;
	while (under < d->count && share[under] >= 1)
		under++;
	for (low = under; low < d->count && over < d->count;) {
		table[low].own = (uint32_t)(share[low] * 0x1p32);
		table[low].other = over;
		share[over] -= 1 - share[low];
		/* What has become under-full itself is filled next, if `under` is past it. */
		if (share[over] < 1 && over < under) {
			low = over;
		} else {
			do
				under++;
			while (under < d->count && share[under] >= 1);
			low = under;
		}
		while (over < d->count && share[over] < 1)
			over++;
	}
	free(share);
	return table;
}
