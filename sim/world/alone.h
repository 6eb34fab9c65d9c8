/* alone - an allocator for NATs in which every subscriber has an address of its
 * own: the homes' NATs, and the demand that nothing limits. It keeps the inside
 * port where that is free, else gives the next free one. The NAT must have as
 * many addresses as subscribers. */
#ifndef SIM_WORLD_ALONE_H
#define SIM_WORLD_ALONE_H

#include "sim/nat/allocator.h"

struct allocator alone_create(const void *config, struct ground *ground); /* config is not used */

#endif
