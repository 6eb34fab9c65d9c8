/* zstream - bytes through zstd at level 3, counted, and written if there is a file. */
#ifndef ANALYSIS_ZSTREAM_H
#define ANALYSIS_ZSTREAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct zstream;

/* `to` (NULL: only counted) stays the caller's, who must ask ferror() in the end. */
struct zstream *zstream_create(FILE *to);
void zstream_feed(struct zstream *z, const void *bytes, size_t length);

/* Ends the frame, frees the stream; returns how many compressed bytes there were. */
uint64_t zstream_finish(struct zstream *z);

/* Frees it with the frame unfinished; NULL is fine. */
void zstream_destroy(struct zstream *z);

#endif
