/* spool - items of one size, put in in any order and taken out in order, however
 * many there are: what does not fit into the memory allowed goes to a temporary
 * file, in sorted runs that are merged at the end.
 *
 * The file lies in $TMPDIR, else /var/tmp, has no name there, and so is gone with
 * the process, however that ends. */
#ifndef TRAFFIC_SPOOL_H
#define TRAFFIC_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"

struct spool; /* opaque */

/* `compare` as qsort() wants it, and never 0 for items that differ in what matters. `memory`: bytes, about. */
struct spool *spool_create(size_t item, int (*compare)(const void *, const void *), size_t memory);
void spool_destroy(struct spool *s); /* NULL is fine */

/* Room for one more item, to be filled at once; not zeroed. */
void *spool_add(struct spool *s);

/* No more will be added. False with `e` set if the temporary file could not be
 * made, written or read. */
bool spool_sort(struct spool *s, struct err *e);

/* The next item in order, valid until the next call; NULL: there is none. */
const void *spool_next(struct spool *s);

/* Did every read succeed? Ask when spool_next() has given NULL. */
bool spool_good(const struct spool *s, struct err *e);

#endif
