/* blocks - runs of slots of one address that belong to one subscriber at a time
 * (RFC 7768). The `block` scheme divides whole addresses into them, the
 * `deterministic` scheme its dynamic pool.
 *
 * A block covers the same numbers in all protocols: a run of slots, or, scattered,
 * every n-th one of all the blocks' slots, n being how many blocks there are. Its
 * life: free -> given (NAT_BLOCK_GIVEN, and NAT_BLOCK_INTERIM now and then while it
 * is) -> empty when none of its numbers is live or held, and after `idle` of that
 * returned (NAT_BLOCK_RETURNED) -> after `guard` free again (NAT_BLOCK_FREE). Each is
 * one event, unless the pool's exclusions lie between the numbers of a scattered
 * block: then each piece whose numbers lie evenly apart is told of, as start, end and
 * step can say it. */
#ifndef SIM_SCHEME_BLOCKS_H
#define SIM_SCHEME_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/nat/allocator.h"

enum block_order { BLOCK_ORDER_RANDOM, BLOCK_ORDER_SEQUENTIAL };
enum block_select { BLOCK_SELECT_RANDOM, BLOCK_SELECT_SEQUENTIAL };

struct blocks_config {
	uint32_t size;        /* slots in a block */
	uint32_t per_address; /* blocks on an address */
	uint32_t first_slot;  /* where the first block of each address begins */
	uint32_t max_blocks;  /* of a subscriber; 0: no limit */
	int order;            /* enum block_order: which free block */
	int select;           /* enum block_select: which slot in a block */
	int64_t idle_ns, guard_ns;
	int64_t interval_ns;  /* a subscriber gets no block sooner than so long after its last one */
	bool scattered;
	/* Interleaved otherwise: runs of `lanes` slots, `stride` apart, of which block n has one slot each; 0: not. */
	uint32_t lanes, stride;
	bool skip_idle;       /* RFC 7768 section 2: the block that is idle longest gives numbers only if no other can */
	int64_t interim_ns;   /* a given block is told of again after each so long; 0: never */
};

struct blocks;

struct blocks *blocks_create(const struct blocks_config *config, struct ground *ground); /* config is copied */
void blocks_destroy(struct blocks *b);

bool blocks_free_on(const struct blocks *b, uint32_t address);    /* is any block free there? */
bool blocks_owned(const struct blocks *b, uint32_t subscriber);   /* does the subscriber own any? */
bool blocks_has(const struct blocks *b, uint32_t slot);           /* is the slot in any of the blocks? */

/* A slot from the subscriber's blocks on the request's address, from a new one there if those are full; of
 * ADDRESS_NONE, on any address. OUT_CREATED, OUT_BLOCK_LIMIT or OUT_NO_BLOCK. */
enum outcome blocks_alloc(struct blocks *b, const struct request *r, struct binding *out);

/* The portset has this slot of an owned block back. */
void blocks_release(struct blocks *b, int64_t now_ns, uint32_t address, uint32_t slot, enum protocol protocol);

int64_t blocks_next(const struct blocks *b); /* next idle or guard time; NS_NEVER */
void blocks_tick(struct blocks *b, int64_t now_ns);

#endif
