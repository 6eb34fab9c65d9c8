/* A stream whose bytes come from a decoder: bytes of the file go in, plain ones
 * come out. A file may hold several compressed members one after the other. A file
 * that ends within a member is a fault, and so is anything behind the last one but
 * zeros, which copying in blocks leaves there.
 *
 * A decoder is given all the memory that a format's own packer can ask for; what is
 * asked for and never filled is never touched. */
#include "traffic/input.h"

#include <errno.h>
#include <fcntl.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "sim/base/must.h"

#define MAGIC_MOST 6
#define PIECE ((size_t)128 << 10)
#define XZ_MEMORY (UINT64_C(2) << 30) /* its largest dictionary is of 1.5 GiB */
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, and gzip's header */

/* What a decoder makes of some bytes: how many it took and gave. */
struct step {
	const uint8_t *in;
	size_t in_count;
	uint8_t *out;
	size_t out_count;
	bool over; /* answer: a member is complete, and nothing of another one was taken */
};

enum answer { STEPPED, DAMAGED, TOO_MUCH_MEMORY };

struct input {
	int fd;               /* of a plain file: its stream's, from input_stream() on */
	bool fd_given;        /* then: not ours to close */
	uint64_t size, read;
	uint8_t piece[128 << 10];
	size_t first, count;  /* of the piece: still to be decoded */
	bool end;             /* of the file */
	uint8_t head[16];     /* plain bytes looked at before */
	size_t head_first, head_count;
	const struct packing *packing; /* NULL: plain */
	z_stream gzip;
	ZSTD_DCtx *zstd;
	lzma_stream xz;
	bool over;            /* at the end of a member */
	char fault[200];
};

struct packing {
	const char *name;
	uint8_t magic[MAGIC_MOST];
	size_t magic_count;
	uint8_t first_mask; /* the bits of the first byte that count */
	bool (*open)(struct input *in);
	enum answer (*step)(struct input *in, struct step *s);
	bool (*again)(struct input *in); /* before a further member */
	void (*close)(struct input *in);
};

static bool gzip_open(struct input *in)
{
	return inflateInit2(&in->gzip, GZIP_WINDOW) == Z_OK;
}

static bool gzip_again(struct input *in)
{
	return inflateReset(&in->gzip) == Z_OK;
}

static enum answer gzip_step(struct input *in, struct step *s)
{
	int status;

	in->gzip.next_in = (Bytef *)(uintptr_t)s->in;
	in->gzip.avail_in = (uInt)s->in_count;
	in->gzip.next_out = s->out;
	in->gzip.avail_out = (uInt)s->out_count;
	status = inflate(&in->gzip, Z_NO_FLUSH);
	s->in_count -= in->gzip.avail_in;
	s->out_count -= in->gzip.avail_out;
	s->over = status == Z_STREAM_END;
	if (status == Z_MEM_ERROR)
		return TOO_MUCH_MEMORY;
	return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR ? STEPPED : DAMAGED;
}

static void gzip_close(struct input *in)
{
	inflateEnd(&in->gzip);
}

static bool zstd_open(struct input *in)
{
	in->zstd = ZSTD_createDCtx();
	return in->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax,
	                                                         ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound));
}

/* The decoder is ready for another frame as it is. */
static bool zstd_again(struct input *in)
{
	return in->zstd != NULL;
}

static enum answer zstd_step(struct input *in, struct step *s)
{
	ZSTD_inBuffer from = { s->in, s->in_count, 0 };
	ZSTD_outBuffer to = { s->out, s->out_count, 0 };
	size_t status = ZSTD_decompressStream(in->zstd, &to, &from);

	s->in_count = from.pos;
	s->out_count = to.pos;
	s->over = status == 0;
	switch (ZSTD_getErrorCode(status)) {
	case ZSTD_error_no_error:
		return STEPPED;
	case ZSTD_error_frameParameter_windowTooLarge:
	case ZSTD_error_memory_allocation:
		return TOO_MUCH_MEMORY;
	default:
		return DAMAGED;
	}
}

static void zstd_close(struct input *in)
{
	ZSTD_freeDCtx(in->zstd);
}

static bool xz_again(struct input *in)
{
	return lzma_stream_decoder(&in->xz, XZ_MEMORY, 0) == LZMA_OK;
}

static bool xz_open(struct input *in)
{
	in->xz = (lzma_stream)LZMA_STREAM_INIT;
	return xz_again(in);
}

static enum answer xz_step(struct input *in, struct step *s)
{
	lzma_ret status;

	in->xz.next_in = s->in;
	in->xz.avail_in = s->in_count;
	in->xz.next_out = s->out;
	in->xz.avail_out = s->out_count;
	status = lzma_code(&in->xz, LZMA_RUN);
	s->in_count -= in->xz.avail_in;
	s->out_count -= in->xz.avail_out;
	s->over = status == LZMA_STREAM_END;
	if (status == LZMA_MEMLIMIT_ERROR || status == LZMA_MEM_ERROR)
		return TOO_MUCH_MEMORY;
	return status == LZMA_OK || status == LZMA_STREAM_END || status == LZMA_BUF_ERROR ? STEPPED : DAMAGED;
}

static void xz_close(struct input *in)
{
	lzma_end(&in->xz);
}

static const struct packing packings[] = {
	{ "gzip", { 0x1f, 0x8b, 8 }, 3, 0xff, gzip_open, gzip_step, gzip_again, gzip_close },
	{ "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0xff, zstd_open, zstd_step, zstd_again, zstd_close },
	{ "zstd", { 0x50, 0x2a, 0x4d, 0x18 }, 4, 0xf0, zstd_open, zstd_step, zstd_again, zstd_close }, /* a skippable frame */
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, 0xff, xz_open, xz_step, xz_again, xz_close },
};

/* How bytes that begin so are packed; NULL: not. */
static const struct packing *packing_of(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		const struct packing *p = &packings[i];

		if (count >= p->magic_count && (bytes[0] & p->first_mask) == p->magic[0] &&
		    !memcmp(bytes + 1, p->magic + 1, p->magic_count - 1))
			return p;
	}
	return NULL;
}

static bool read_piece(struct input *in)
{
	ssize_t got;

	do
		got = read(in->fd, in->piece + in->count, PIECE - in->count);
	while (got < 0 && errno == EINTR);
	if (got < 0) {
		snprintf(in->fault, sizeof(in->fault), "%s", strerror(errno));
		return false;
	}
	in->end = got == 0;
	in->read += (uint64_t)got;
	in->count += (size_t)got;
	return true;
}

/* Behind a member: the next one is begun. False: there is none, or what follows is none, and a fault is set. */
static bool next_member(struct input *in)
{
	const struct packing *next;

	for (;;) {
		while (in->first < in->count && in->piece[in->first] == 0)
			in->first++;
		if (in->end || in->count - in->first >= MAGIC_MOST)
			break;
		memmove(in->piece, in->piece + in->first, in->count - in->first);
		in->count -= in->first;
		in->first = 0;
		if (!read_piece(in))
			return false;
	}
	if (in->first == in->count)
		return false;
	next = packing_of(in->piece + in->first, in->count - in->first);
	if (!next || next->step != in->packing->step)
		snprintf(in->fault, sizeof(in->fault), "behind the %s data is something else", in->packing->name);
	else
		must(in->packing->again(in)); /* fails for want of memory alone */
	return !in->fault[0];
}

/* Some plain bytes, at least one; 0 at the end, -1 at a fault. */
static ssize_t plain(struct input *in, uint8_t *out, size_t count)
{
	while (!in->fault[0]) {
		enum answer answer;
		struct step s = { .in = in->piece + in->first, .in_count = in->count - in->first, .out = out, .out_count = count };

		if (!s.in_count && !in->end) {
			in->first = in->count = 0;
			if (!read_piece(in))
				return -1;
			continue;
		}
		if (!in->packing) {
			s.out_count = s.in_count < count ? s.in_count : count;
			memcpy(out, s.in, s.out_count);
			in->first += s.out_count;
			return (ssize_t)s.out_count;
		}
		if (in->over) {
			if (!next_member(in))
				return in->fault[0] ? -1 : 0;
			in->over = false;
			continue;
		}
		answer = in->packing->step(in, &s);
		if (answer != STEPPED) {
			snprintf(in->fault, sizeof(in->fault), answer == DAMAGED ? "the %s data is damaged" :
			         "the %s data needs more memory to be unpacked than there is, or than 2 GiB", in->packing->name);
			return -1;
		}
		in->over = s.over;
		in->first += s.in_count;
		if (s.out_count)
			return (ssize_t)s.out_count;
		if (!s.in_count && !in->over)
			snprintf(in->fault, sizeof(in->fault), "the %s data %s", in->packing->name,
			         in->end && in->first == in->count ? "breaks off" : "is damaged");
	}
	return -1;
}

struct input *input_open(const char *path, struct err *e)
{
	struct input *in = must_alloc(1, sizeof(*in));
	bool given = !strcmp(path, "-");
	struct stat st;

	in->fd = given ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0 || fstat(in->fd, &st)) {
		fail(e, "%s: %s", given ? "standard input" : path, strerror(errno));
		input_close(in);
		return NULL;
	}
	if (S_ISREG(st.st_mode))
		in->size = (uint64_t)st.st_size;
	while (!in->end && in->count < MAGIC_MOST)
		if (!read_piece(in))
			break;
	in->packing = packing_of(in->piece, in->count);
	if (in->packing)
		must(in->packing->open(in)); /* fails for want of memory alone */
	return in;
}

void input_close(struct input *in)
{
	if (!in)
		return;
	if (in->packing)
		in->packing->close(in);
	if (in->fd >= 0 && !in->fd_given)
		close(in->fd);
	free(in);
}

size_t input_peek(struct input *in, uint8_t *out, size_t count)
{
	must(count <= sizeof(in->head));
	while (in->head_count < count) {
		ssize_t got = plain(in, in->head + in->head_count, count - in->head_count);

		if (got <= 0)
			break;
		in->head_count += (size_t)got;
	}
	count = in->head_count < count ? in->head_count : count;
	memcpy(out, in->head, count);
	return count;
}

static ssize_t stream_read(void *cookie, char *out, size_t count)
{
	struct input *in = cookie;
	size_t left = in->head_count - in->head_first;
	ssize_t got;

	if (left) {
		count = left < count ? left : count;
		memcpy(out, in->head + in->head_first, count);
		in->head_first += count;
		return (ssize_t)count;
	}
	got = plain(in, (uint8_t *)out, count);
	if (got < 0)
		errno = EIO;
	return got;
}

/* A plain file needs no cookie, which would copy every byte once more. */
static FILE *plain_stream(struct input *in)
{
	FILE *stream = lseek(in->fd, 0, SEEK_SET) ? NULL : fdopen(in->fd, "rb");

	in->fd_given = stream != NULL;
	return stream;
}

FILE *input_stream(struct input *in)
{
	FILE *stream = !in->packing && in->size ? plain_stream(in) : fopencookie(in, "rb", (cookie_io_functions_t){ .read = stream_read });

	if (stream)
		setvbuf(stream, NULL, _IOFBF, PIECE);
	return stream;
}

const char *input_fault(const struct input *in)
{
	return in->fault[0] ? in->fault : NULL;
}

const char *input_packed(const struct input *in)
{
	return in->packing ? in->packing->name : NULL;
}

uint64_t input_size(const struct input *in)
{
	return in->size;
}

uint64_t input_read(const struct input *in)
{
	off_t at = !in->packing && in->size ? lseek(in->fd, 0, SEEK_CUR) : (off_t)in->read;

	return at > 0 ? (uint64_t)at : 0;
}
