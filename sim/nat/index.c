#include "sim/nat/index.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/must.h"

static void make_cells(struct index *ix, uint32_t cells)
{
	ix->cells = must_grow(NULL, cells, sizeof(*ix->cells));
	memset(ix->cells, 0xff, cells * sizeof(*ix->cells));
	ix->mask = cells - 1;
}

void index_init(struct index *ix, uint32_t expected)
{
	uint32_t cells = 16;

	while (cells < expected * 2)
		cells *= 2;
	make_cells(ix, cells);
	ix->count = 0;
}

void index_clear(struct index *ix)
{
	free(ix->cells);
	*ix = (struct index){ 0 };
}

static void place(struct index *ix, uint32_t hash, uint32_t entry)
{
	uint32_t at = hash & ix->mask;

	while (ix->cells[at].entry != INDEX_NONE)
		at = (at + 1) & ix->mask;
	ix->cells[at] = (struct index_cell){ hash, entry };
}

void index_add(struct index *ix, uint32_t hash, uint32_t entry)
{
	if (++ix->count > ix->mask / 2) {
		struct index_cell *old = ix->cells;
		uint32_t cells = ix->mask + 1;

		must(cells <= UINT32_MAX / 4);
		make_cells(ix, cells * 2);
		for (uint32_t i = 0; i < cells; i++)
			if (old[i].entry != INDEX_NONE)
				place(ix, old[i].hash, old[i].entry);
		free(old);
	}
	place(ix, hash, entry);
}

void index_remove(struct index *ix, uint32_t hash, uint32_t entry)
{
	uint32_t hole = hash & ix->mask;

	while (ix->cells[hole].entry != entry) {
		must(ix->cells[hole].entry != INDEX_NONE);
		hole = (hole + 1) & ix->mask;
	}
	for (uint32_t at = (hole + 1) & ix->mask; ix->cells[at].entry != INDEX_NONE; at = (at + 1) & ix->mask) {
		/* A cell may move back to the hole unless its home lies between the two. */
		uint32_t from_home = (at - ix->cells[at].hash) & ix->mask;

		if (from_home >= ((at - hole) & ix->mask)) {
			ix->cells[hole] = ix->cells[at];
			hole = at;
		}
	}
	ix->cells[hole].entry = INDEX_NONE;
	ix->count--;
}
