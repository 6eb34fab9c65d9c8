/* keep - kept logs: one compressed part for each instance, joined at the end in
 * the order of instances (zstd frames may simply follow one another), so that
 * the file is the same for any number of threads. */
#ifndef SIM_WORLD_KEEP_H
#define SIM_WORLD_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/world/trial.h"

/* Where an instance leaves its part. The caller frees it. */
char *keep_part_path(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instance);

/* The file that the parts become: SCHEME.EXT.zst, SCHEME.rN.EXT.zst from the
 * second replication on. NULL if the trial has no log. The caller frees it. */
char *keep_path(const char *directory, const struct trial *trial, uint32_t replication);

/* Joins the parts and then removes them; does only what is left to do if it was done before. */
bool keep_join(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instances, struct err *e);

/* Is the part of this instance there, or joined already? False with `e` set. */
bool keep_there(const char *directory, const struct trial *trial, uint32_t replication, uint32_t instance, struct err *e);

/* Beside a kept log: what the scheme must keep of its rule (scheme.h), as made at the start and repeated daily, in
 * SCHEME.records. Does nothing for a scheme that has none. */
bool keep_records(const char *directory, const struct trial *trial, const struct workload *workload, struct err *e);

#endif
