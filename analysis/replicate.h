/* replicate - several replications' measures, as JSON of one shape, to one. */
#ifndef ANALYSIS_REPLICATE_H
#define ANALYSIS_REPLICATE_H

#include <stdint.h>

#include <cjson/cJSON.h>

/* Every number becomes the mean over the replications (count >= 1); texts, nulls
 * and the shape are the first one's. A number that a replication lacks counts as
 * 0 there (a reason for refusal that did not occur). The caller owns it. */
cJSON *replicate_mean(cJSON *const *each, uint32_t count);

/* The same shape with half-widths of the mean's 95% interval (Student's t); count >= 2. */
cJSON *replicate_half_width(cJSON *const *each, uint32_t count);

#endif
