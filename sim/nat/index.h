/* index - open-addressing hash from a 32-bit hash to entries of a table.
 *
 * A cell holds the entry's hash beside its number, so a probe that misses never
 * touches the table itself; cells are probed in line, and a removal moves later
 * cells back, so there are no tombstones. The caller compares keys. */
#ifndef SIM_NAT_INDEX_H
#define SIM_NAT_INDEX_H

#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index_cell {
	uint32_t hash;
	uint32_t entry;   /* INDEX_NONE: empty */
};

struct index {
	struct index_cell *cells; /* owned */
	uint32_t mask;            /* cells - 1, cells a power of two */
	uint32_t count;
};

void index_init(struct index *ix, uint32_t expected);
void index_clear(struct index *ix); /* frees */

/* Walks the entries with this hash: start with *at = hash, call until INDEX_NONE. */
static inline uint32_t index_next(const struct index *ix, uint32_t hash, uint32_t *at)
{
	for (;;) {
		struct index_cell cell = ix->cells[(*at)++ & ix->mask];

		if (cell.entry == INDEX_NONE || cell.hash == hash)
			return cell.entry;
	}
}

void index_add(struct index *ix, uint32_t hash, uint32_t entry);
void index_remove(struct index *ix, uint32_t hash, uint32_t entry); /* must be there */

#endif
