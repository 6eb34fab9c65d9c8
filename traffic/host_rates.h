/* host_rates - the law of hosts' rates, once that of their gaps is known. Used by host_fit.c alone. */
#ifndef TRAFFIC_HOST_RATES_H
#define TRAFFIC_HOST_RATES_H

#include "traffic/host_fit.h"
#include "traffic/host_likelihood.h"

/* `gaps`: the gaps' parameters, as free numbers of a climb from place `first` on, and how sure they are. Sets
 * rates, equal_low and equal_high; what the gaps' law leaves open widens the intervals. */
void host_rates_choose(struct host_task *t, const struct estimate *gaps, size_t first, struct host_fit *out);

#endif
