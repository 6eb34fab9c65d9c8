/* record - what an operator keeps so that an old complaint still resolves after its
 * pool has changed (RFC 7422 section 2.3): the configuration of a deterministic rule
 * in a line, made whenever it changes and repeated daily.
 *
 *   [2026-01-01T00:00:00Z]:I:mask:O:mask:D:M:A:R
 *   [2026-01-01T00:00:00Z]:198.51.100.0:28:192.0.2.1:32:2:5040:0:1-1023
 *
 * I, inside: a prefix whose addresses but the first and the last are subscribers
 * (/31 and /32: all), as in the RFC's example; or A-B with an empty mask, all of it.
 * O, outside: prefixes, all of each, or A-B; several are joined by commas, and so are
 * their masks. D: dynamic shares. M: most ports, 0 for no limit. A: the algorithm.
 * R: reserved numbers, as 1-1023,5004; those that are not are the rule's.
 * What these do not say follows in one more field, as name=value joined by commas:
 * C (subscribers on an address, else |I| / |O| rounded up) or P (a share, else
 * numbers / (C + D)), block, fill, layout (continuous), key. */
#ifndef SIM_SCHEME_RECORD_H
#define SIM_SCHEME_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/scheme/scheme.h"

/* Simulated time 0, in seconds since 1970, as in every log. */
#define RECORD_EPOCH_S INT64_C(1767225600)

#define RECORD_BLOCK 100 /* numbers in a block of the dynamic pool, if the record does not say */

/* A record that was read, and the rule that it stands for. */
struct record {
	int64_t time_s;                   /* since 1970 */
	const struct scheme_type *type;
	void *config;                     /* settled; owned */
	struct pool_config pool_config;   /* owned */
	struct scheme_pool pool;          /* owned slots */
};

/* The line of a settled scheme from its I on. The caller frees it. */
char *record_text(const void *deterministic_config, const struct scheme_pool *pool);

/* "2026-01-01T00:00:00Z", also with a fraction of a second, which is cut off. */
bool record_time_parse(const char *text, int64_t *out_s);
#define RECORD_TIME 80
char *record_time_format(int64_t time_s, char text[RECORD_TIME]);

/* Reads a line, without its end. `place` stands for it in messages. False with `e` set. */
bool record_read(const char *line, const char *place, struct record *out, struct err *e);
void record_clear(struct record *r);

/* The record in force at a time: the last one of the file made then or before. Empty lines and those that
 * begin with # are passed over. False with `e` set; its status is EXIT_NO if no record is old enough. */
bool record_find(const char *path, int64_t time_s, struct record *out, struct err *e);

#endif
