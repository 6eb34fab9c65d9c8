/* docs/formats.md gives the bytes; trace_read.c reads them. Numbers are put byte by
 * byte, so the file is the same on every machine.
 *
 * The header has a checksum of its own: it is written last, over the place that
 * was left for it. */
#include "traffic/trace_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"
#include "traffic/spool.h"
#include "traffic/trace_layout.h"

static void put(uint8_t **at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*(*at)++ = (uint8_t)(value >> (8 * i));
}

static void header_put(uint8_t bytes[HEADER], const struct trace *t)
{
	uint8_t *at = bytes + MAGIC_BYTES;

	memset(bytes, 0, HEADER);
	memcpy(bytes, MAGIC, MAGIC_BYTES);
	put(&at, VERSION, 4);
	put(&at, t->host_count, 4);
	put(&at, t->record_count, 4);
	put(&at, t->anonymised ? ANONYMISED : 0, 4);
	put(&at, (uint64_t)t->duration_ns, 8);
	put(&at, (uint64_t)t->epoch_ns, 8);
	for (int p = 0; p < PROTO_COUNT; p++)
		put(&at, t->flows[p], 8);
	put(&at, t->peak_flows, 8);
	put(&at, (uint64_t)t->silence_ns, 8);
	for (int p = 0; p < PROTO_COUNT; p++)
		put(&at, (uint64_t)t->split_ns[p], 8);
	put(&at, t->inner_count, 4);
	put(&at, t->flow6_count, 4);
	at = bytes + HEADER_CRC;
	put(&at, crc32c(0, bytes, HEADER_CRC), 4);
}

static void record_put(uint8_t *at, const struct trace_record *r)
{
	put(&at, (uint64_t)r->train.start_ns, 8);
	put(&at, (uint64_t)r->train.last_out_ns, 8);
	put(&at, (uint64_t)r->train.first_in_ns, 8);
	put(&at, (uint64_t)r->train.last_in_ns, 8);
	put(&at, r->bytes_out, 8);
	put(&at, r->bytes_in, 8);
	put(&at, r->packets_out, 4);
	put(&at, r->packets_in, 4);
	put(&at, r->train.flow, 4);
	put(&at, r->train.remote, 4);
	put(&at, r->train.remote_port, 2);
	put(&at, r->train.port, 2);
	put(&at, r->train.protocol, 1);
	put(&at, r->train.flags, 1);
	put(&at, (uint64_t)(r->close | r->cut << 4), 1);
	put(&at, r->train.host, 1);
}

static void flow6_put(uint8_t *at, const struct trace_flow6 *f)
{
	memcpy(at, f->inside, 16);
	memcpy(at + 16, f->remote, 16);
	at += 32;
	put(&at, (uint64_t)f->first_ns, 8);
	put(&at, (uint64_t)f->last_ns, 8);
	put(&at, f->bytes_out, 8);
	put(&at, f->bytes_in, 8);
	put(&at, f->packets_out, 4);
	put(&at, f->packets_in, 4);
	put(&at, f->port, 2);
	put(&at, f->remote_port, 2);
	put(&at, f->protocol, 1);
	put(&at, (uint64_t)(f->close | f->cut << 4), 1);
	put(&at, 0, 2);
}

enum { MEMORY = 1 << 20 }; /* of a spool */

/* What waits to be written: in the order of `number`. */
struct host_waiting {
	uint32_t number;
	struct trace_host host;
};

struct inner_waiting {
	uint32_t number, address;
};

struct trace_writer {
	struct outfile file;
	struct spool *hosts, *inner;
	uint32_t crc, trains, flows6, host_count, inner_count;
};

static int host_order(const void *a, const void *b)
{
	uint32_t x = ((const struct host_waiting *)a)->number, y = ((const struct host_waiting *)b)->number;

	return (x > y) - (x < y);
}

static int inner_order(const void *a, const void *b)
{
	uint32_t x = ((const struct inner_waiting *)a)->number, y = ((const struct inner_waiting *)b)->number;

	return (x > y) - (x < y);
}

static void write_out(struct trace_writer *w, const uint8_t *bytes, size_t count)
{
	fwrite(bytes, 1, count, w->file.stream); /* outfile_commit() sees a failure */
	w->crc = crc32c(w->crc, bytes, count);
}

struct trace_writer *trace_writer_open(const char *path, struct err *e)
{
	static const uint8_t place[HEADER];
	struct trace_writer *w;
	struct stat st;

	if (!strcmp(path, "-")) {
		fail(e, "-: a flow trace is not written to standard output; name a file");
		return NULL;
	}
	if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && !trace_is(path)) {
		fail(e, "%s: is there and is no flow trace; name another file, or remove it first", path);
		return NULL;
	}
	w = must_alloc(1, sizeof(*w));
	if (!outfile_open(&w->file, path, e)) {
		free(w);
		return NULL;
	}
	w->hosts = spool_create(sizeof(struct host_waiting), host_order, MEMORY);
	w->inner = spool_create(sizeof(struct inner_waiting), inner_order, MEMORY);
	fwrite(place, 1, HEADER, w->file.stream);
	return w;
}

void trace_writer_train(struct trace_writer *w, const struct trace_record *r)
{
	uint8_t bytes[RECORD];

	must(w->flows6 == 0 && w->trains < UINT32_MAX);
	record_put(bytes, r);
	write_out(w, bytes, RECORD);
	w->trains++;
}

void trace_writer_flow6(struct trace_writer *w, const struct trace_flow6 *f)
{
	uint8_t bytes[FLOW6];

	must(w->flows6 < UINT32_MAX);
	flow6_put(bytes, f);
	write_out(w, bytes, FLOW6);
	w->flows6++;
}

static void host_put(uint8_t *at, const struct trace_host *host)
{
	put(&at, host->address, 4);
	put(&at, host->count, 4);
	put(&at, host->inner_count, 4);
	memcpy(at, host->home, sizeof(host->home));
}

void trace_writer_host(struct trace_writer *w, const struct trace_host *h, const uint32_t *inner)
{
	must(w->host_count < UINT32_MAX && h->inner_count <= UINT32_MAX - w->inner_count);
	*(struct host_waiting *)spool_add(w->hosts) = (struct host_waiting){ w->host_count++, *h };
	for (uint32_t i = 0; i < h->inner_count; i++)
		*(struct inner_waiting *)spool_add(w->inner) = (struct inner_waiting){ w->inner_count++, inner[i] };
}

static bool write_hosts(struct trace_writer *w, struct err *e)
{
	const struct host_waiting *h;
	const struct inner_waiting *i;
	uint8_t bytes[HOST], *at;

	if (!spool_sort(w->hosts, e) || !spool_sort(w->inner, e))
		return false;
	while ((h = spool_next(w->hosts))) {
		host_put(bytes, &h->host);
		write_out(w, bytes, HOST);
	}
	while ((i = spool_next(w->inner))) {
		at = bytes;
		put(&at, i->address, INNER);
		write_out(w, bytes, INNER);
	}
	return spool_good(w->hosts, e) && spool_good(w->inner, e);
}

bool trace_writer_commit(struct trace_writer *w, const struct trace *rest, struct err *e)
{
	uint8_t bytes[HEADER], *at = bytes;
	bool good;

	must(w->trains == rest->record_count && w->flows6 == rest->flow6_count);
	must(w->host_count == rest->host_count && w->inner_count == rest->inner_count);
	must(rest->duration_ns >= 0 && rest->duration_ns <= NS_LONGEST);
	good = write_hosts(w, e);
	put(&at, w->crc, TRAILER);
	fwrite(bytes, 1, TRAILER, w->file.stream);
	header_put(bytes, rest);
	errno = 0;
	if (good && (fseeko(w->file.stream, 0, SEEK_SET) || fwrite(bytes, 1, HEADER, w->file.stream) != HEADER))
		good = fail(e, "%s: %s", w->file.path, errno ? strerror(errno) : "could not be written");
	good = good && outfile_commit(&w->file, e);
	trace_writer_abandon(w);
	return good;
}

void trace_writer_abandon(struct trace_writer *w)
{
	if (!w)
		return;
	outfile_abandon(&w->file);
	spool_destroy(w->hosts);
	spool_destroy(w->inner);
	free(w);
}

bool trace_save(const struct trace *t, const char *path, struct err *e)
{
	struct trace_writer *w;

	must(!trace_fault(t).what);
	w = trace_writer_open(path, e);
	if (!w)
		return false;
	for (uint32_t i = 0; i < t->record_count; i++)
		trace_writer_train(w, &t->records[i]);
	for (uint32_t i = 0; i < t->flow6_count; i++)
		trace_writer_flow6(w, &t->flows6[i]);
	for (uint32_t h = 0; h < t->host_count; h++)
		trace_writer_host(w, &t->hosts[h], t->inner ? t->inner + t->hosts[h].first_inner : NULL);
	return trace_writer_commit(w, t, e);
}

uint32_t trace_digest(const struct trace *t)
{
	uint8_t bytes[RECORD];
	uint32_t crc = 0;

	for (uint32_t i = 0; i < t->record_count; i++) {
		record_put(bytes, &t->records[i]);
		crc = crc32c(crc, bytes, RECORD);
	}
	for (uint32_t h = 0; h < t->host_count; h++) {
		host_put(bytes, &t->hosts[h]);
		crc = crc32c(crc, bytes, HOST);
	}
	return crc;
}

bool trace_is(const char *path)
{
	char bytes[MAGIC_BYTES];
	FILE *in = fopen(path, "rb");
	struct stat st;
	bool is = in && !fstat(fileno(in), &st) && S_ISREG(st.st_mode) &&
	          fread(bytes, 1, MAGIC_BYTES, in) == MAGIC_BYTES && !memcmp(bytes, MAGIC, MAGIC_BYTES);

	if (in)
		fclose(in);
	return is;
}
