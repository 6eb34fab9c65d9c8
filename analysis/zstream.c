#include "analysis/zstream.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "sim/base/must.h"

#define LEVEL 3

/* Records are short: they are gathered here, and zstd is called for many at once. */
struct zstream {
	ZSTD_CCtx *context;
	FILE *to;
	uint64_t compressed;
	size_t filled;
	char gathered[64 << 10];
	char out[64 << 10];
};

struct zstream *zstream_create(FILE *to)
{
	struct zstream *z = must_alloc(1, sizeof(*z));

	z->context = ZSTD_createCCtx();
	must(z->context);
	must(!ZSTD_isError(ZSTD_CCtx_setParameter(z->context, ZSTD_c_compressionLevel, LEVEL)));
	z->to = to;
	return z;
}

void zstream_destroy(struct zstream *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->context);
	free(z);
}

/* Compression in memory fails only where the memory does. A short write is left
 * in the file's error flag. */
static void compress(struct zstream *z, const void *bytes, size_t length, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = { bytes, length, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { z->out, sizeof(z->out), 0 };

		left = ZSTD_compressStream2(z->context, &out, &in, how);
		must(!ZSTD_isError(left));
		z->compressed += out.pos;
		if (z->to && out.pos > 0)
			(void)!fwrite(z->out, 1, out.pos, z->to);
	} while (in.pos < in.size || (how == ZSTD_e_end && left > 0));
}

void zstream_feed(struct zstream *z, const void *bytes, size_t length)
{
	if (length > sizeof(z->gathered) - z->filled) {
		compress(z, z->gathered, z->filled, ZSTD_e_continue);
		z->filled = 0;
	}
	if (length > sizeof(z->gathered)) {
		compress(z, bytes, length, ZSTD_e_continue);
		return;
	}
	memcpy(z->gathered + z->filled, bytes, length);
	z->filled += length;
}

uint64_t zstream_finish(struct zstream *z)
{
	uint64_t compressed;

	compress(z, z->gathered, z->filled, ZSTD_e_end);
	compressed = z->compressed;
	zstream_destroy(z);
	return compressed;
}
