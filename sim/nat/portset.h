/* portset - which numbers of one public address are in use, for one protocol.
 *
 * Numbers are slots (see pool.h). A slot is taken from the moment a mapping is
 * given it until its hold-down is over.
 *
 * Promise: portset_find() looks at every slot of its range at most once, 64 at
 * a time, before it answers SLOT_NONE, wherever it starts. */
#ifndef SIM_NAT_PORTSET_H
#define SIM_NAT_PORTSET_H

#include <stdbool.h>
#include <stdint.h>

struct portset;

/* All free; 1 <= count <= 65535. The caller owns it. */
struct portset *portset_create(uint32_t count);
void portset_destroy(struct portset *ps); /* NULL is fine */

/* First free slot of lo..hi at or after `from`, wrapping to lo; SLOT_NONE if all are taken.
 * lo <= from <= hi < count. */
uint32_t portset_find(const struct portset *ps, uint32_t lo, uint32_t hi, uint32_t from);

/* The free slot of lo..hi that comes after `fraction` / 2^32 of the free ones there: uniform over
 * them if `fraction` is. SLOT_NONE if all are taken. Looks at every slot once. lo <= hi < count. */
uint32_t portset_pick(const struct portset *ps, uint32_t lo, uint32_t hi, uint32_t fraction);

bool portset_has(const struct portset *ps, uint32_t slot); /* is it taken? */
void portset_take(struct portset *ps, uint32_t slot);      /* must be free: two holders is a bug */
void portset_give(struct portset *ps, uint32_t slot);      /* must be taken */
uint32_t portset_free(const struct portset *ps);           /* how many are free */

/* How many slots portset_has() and portset_find() have looked at so far: the work of a search, counted. */
uint64_t portset_looked(const struct portset *ps);

#endif
