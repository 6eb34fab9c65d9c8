/* checkpoint - the sums of a run under way, on disk: what an interrupted run
 * goes on from.
 *
 * A directory holds files of one form, each written whole under another name
 * and then renamed:
 *
 *	done-N   replications that are finished; written once
 *	now-R    what rank R has summed up of the replication under way; replaced each time
 *
 * so that whatever moment a run is killed at, what lies there is right, if not
 * the newest. The same sums may lie there twice (in now-R, and by then in done-N);
 * they are taken once. Form of a file, all numbers little-endian:
 *
 *	8 bytes   "cgnsim\0\1"
 *	4 bytes   fingerprint: checksum of all that the sums depend on
 *	...       entries: replication (number), length (number), sums (see sums.h, analysis/carry.h)
 *	4 bytes   CRC-32C of everything before */
#ifndef SIM_WORLD_CHECKPOINT_H
#define SIM_WORLD_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/world/sums.h"

struct checkpoint_setup {
	const char *directory;   /* it must be there */
	uint32_t fingerprint;
	unsigned rank;
	int64_t every_ns;        /* how often it is worth writing */
};

struct checkpoint;

/* Reads what is there, in any number of ranks at once. NULL with `e` set if a file is damaged or not of this run. */
struct checkpoint *checkpoint_open(const struct checkpoint_setup *setup, struct err *e);
void checkpoint_close(struct checkpoint *c); /* NULL is fine */

/* Rank 0, once all have read: what now-R hold of unfinished replications goes
 * into its own now-0, and theirs are removed. */
bool checkpoint_settle(struct checkpoint *c, struct err *e);

/* Adds to `into` all that was read of this replication. */
bool checkpoint_take(struct checkpoint *c, uint32_t replication, struct sums *into, struct err *e);

/* Has it been so long since the last writing? */
bool checkpoint_due(const struct checkpoint *c);
int64_t checkpoint_every_ns(const struct checkpoint *c);

/* Rank 0: a replication is finished. Is written with the next checkpoint_write(). */
void checkpoint_finished(struct checkpoint *c, uint32_t replication, const struct sums *sums);

/* Writes the finished replications not yet written, and this rank's sums of the one under way. */
bool checkpoint_write(struct checkpoint *c, uint32_t replication, const struct sums *now, struct err *e);

/* Is there anything on disk to go on from? */
bool checkpoint_holds(const struct checkpoint *c);

#endif
