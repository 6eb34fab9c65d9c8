/* cpe - the NATs in the homes of one instance: the CGN's own core with one
 * address a subscriber, each subscriber at home on it. It keeps the inside port
 * where that is free, as home routers do, and has no hold-down. */
#ifndef SIM_WORLD_CPE_H
#define SIM_WORLD_CPE_H

#include <stdint.h>

#include "sim/nat/nat.h"
#include "sim/world/trial.h"

struct cpe_bank;

/* `slots` are the CPE's allowed ports. Both must outlive it. */
struct cpe_bank *cpe_create(const struct cpe_config *config, const struct slots *slots, uint32_t subscribers, uint64_t rng_key);
void cpe_destroy(struct cpe_bank *bank); /* NULL is fine */

/* Shows the home's NAT a train; if it lets it through, *train becomes what the
 * CGN sees: one host, the port that the CPE gave. */
enum outcome cpe_show(struct cpe_bank *bank, struct segment *train);

#endif
