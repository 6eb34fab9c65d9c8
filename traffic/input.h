/* input - a file's bytes as they were before they were compressed: gzip, zstd and
 * xz are told by their first bytes. "-" is standard input. */
#ifndef TRAFFIC_INPUT_H
#define TRAFFIC_INPUT_H

#include <stdint.h>
#include <stdio.h>

#include "sim/base/err.h"

struct input; /* opaque */

/* NULL with `e` set if the file cannot be opened. */
struct input *input_open(const char *path, struct err *e);
void input_close(struct input *in); /* NULL is fine */

/* The first plain bytes, 16 at most; before input_stream(). How many there are. */
size_t input_peek(struct input *in, uint8_t *out, size_t count);

/* The plain bytes from the beginning, once. The caller closes it, before the input, of which nothing is asked then. NULL
 * with errno set. A file takes one descriptor, packed or not. */
FILE *input_stream(struct input *in);

/* What was wrong with the compressed data, or with reading; NULL: nothing so far. */
const char *input_fault(const struct input *in);

const char *input_packed(const struct input *in); /* "gzip", "zstd", "xz"; NULL: it is not compressed */
uint64_t input_size(const struct input *in);      /* bytes of the file; 0 if it is not a regular one */
uint64_t input_read(const struct input *in);      /* bytes of the file read so far */

#endif
