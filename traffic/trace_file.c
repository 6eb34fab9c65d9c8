/* docs/formats.md gives the bytes. Numbers are put and taken byte by byte, so
 * the file is the same on every machine.
 *
 * Loading trusts nothing: the counts are held against the size of the file
 * before memory is asked for, the checksums against the bytes, and every field
 * against its range, so that a trace in memory keeps the promises of trace.h
 * whoever wrote the file.
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

#define MAGIC "CGNTRACE"
#define MAGIC_BYTES 8
#define VERSION 2u

enum { /* bytes */
	HEADER = 128,
	HEADER_CRC = HEADER - 4, /* where its checksum stands */
	HOST = 28,
	INNER = 4,
	RECORD = 72,
	FLOW6 = 80,
	TRAILER = 4,
};
enum { ANONYMISED = 1 };

static void put(uint8_t **at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*(*at)++ = (uint8_t)(value >> (8 * i));
}

static uint64_t take(const uint8_t **at, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)*(*at)++ << (8 * i);
	return value;
}

static int64_t take_time(const uint8_t **at)
{
	uint64_t bits = take(at, 8);
	int64_t value;

	memcpy(&value, &bits, sizeof(value));
	return value;
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

static void record_take(const uint8_t *at, struct trace_record *r)
{
	uint8_t ends;

	r->train.start_ns = take_time(&at);
	r->train.last_out_ns = take_time(&at);
	r->train.first_in_ns = take_time(&at);
	r->train.last_in_ns = take_time(&at);
	r->bytes_out = take(&at, 8);
	r->bytes_in = take(&at, 8);
	r->packets_out = (uint32_t)take(&at, 4);
	r->packets_in = (uint32_t)take(&at, 4);
	r->train.flow = (uint32_t)take(&at, 4);
	r->train.remote = (uint32_t)take(&at, 4);
	r->train.remote_port = (uint16_t)take(&at, 2);
	r->train.port = (uint16_t)take(&at, 2);
	r->train.protocol = (uint8_t)take(&at, 1);
	r->train.flags = (uint8_t)take(&at, 1);
	r->train.source = 0;
	ends = (uint8_t)take(&at, 1);
	r->close = ends & 0x0f;
	r->cut = ends >> 4;
	r->train.host = (uint8_t)take(&at, 1);
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

/* False: the two bytes that must be 0 are not. */
static bool flow6_take(const uint8_t *at, struct trace_flow6 *f)
{
	uint8_t ends;

	memcpy(f->inside, at, 16);
	memcpy(f->remote, at + 16, 16);
	at += 32;
	f->first_ns = take_time(&at);
	f->last_ns = take_time(&at);
	f->bytes_out = take(&at, 8);
	f->bytes_in = take(&at, 8);
	f->packets_out = (uint32_t)take(&at, 4);
	f->packets_in = (uint32_t)take(&at, 4);
	f->port = (uint16_t)take(&at, 2);
	f->remote_port = (uint16_t)take(&at, 2);
	f->protocol = (uint8_t)take(&at, 1);
	ends = (uint8_t)take(&at, 1);
	f->close = ends & 0x0f;
	f->cut = ends >> 4;
	return take(&at, 2) == 0;
}

/* A file being read, and the checksum since the header. */
struct reader {
	FILE *in;
	const char *path;
	uint32_t crc;
};

static bool bad(struct err *e, const char *path, const char *what)
{
	return fail(e, "%s: %s; a flow trace is made anew with cgnsim import", path, what);
}

static bool get(struct reader *r, uint8_t *bytes, size_t count, struct err *e)
{
	if (fread(bytes, 1, count, r->in) != count) {
		if (ferror(r->in))
			return fail(e, "%s: %s", r->path, strerror(errno));
		return bad(e, r->path, "the flow trace breaks off");
	}
	r->crc = crc32c(r->crc, bytes, count);
	return true;
}

/* The fields behind the version. */
static bool header_take(const uint8_t bytes[HEADER], struct trace *t)
{
	const uint8_t *at = bytes + MAGIC_BYTES + 4;
	uint64_t flags;
	bool good = true;

	t->host_count = (uint32_t)take(&at, 4);
	t->record_count = (uint32_t)take(&at, 4);
	flags = take(&at, 4);
	t->anonymised = flags & ANONYMISED;
	t->duration_ns = take_time(&at);
	t->epoch_ns = take_time(&at);
	for (int p = 0; p < PROTO_COUNT; p++)
		t->flows[p] = take(&at, 8);
	t->peak_flows = take(&at, 8);
	t->silence_ns = take_time(&at);
	for (int p = 0; p < PROTO_COUNT; p++) {
		t->split_ns[p] = take_time(&at);
		good = good && t->split_ns[p] >= 0 && t->split_ns[p] <= NS_LONGEST;
	}
	t->inner_count = (uint32_t)take(&at, 4);
	t->flow6_count = (uint32_t)take(&at, 4);
	while (at < bytes + HEADER_CRC)
		good = take(&at, 1) == 0 && good;
	return good && !(flags & ~(uint64_t)ANONYMISED) && t->duration_ns >= 0 && t->duration_ns <= NS_LONGEST &&
	       t->silence_ns >= 0 && t->silence_ns <= NS_LONGEST;
}

static bool header_get(struct reader *r, struct trace *t, uint64_t size, struct err *e)
{
	uint8_t bytes[HEADER];
	const uint8_t *at = bytes + MAGIC_BYTES;
	uint64_t version, wanted;
	bool sane;

	if (size < MAGIC_BYTES || fread(bytes, 1, MAGIC_BYTES, r->in) != MAGIC_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES))
		return fail(e, "%s: not a flow trace (it does not begin with %s); captures become one with cgnsim import",
		            r->path, MAGIC);
	if (!get(r, bytes + MAGIC_BYTES, 4, e))
		return false;
	version = take(&at, 4);
	if (version != VERSION)
		return fail(e, "%s: a flow trace of version %llu, and this program reads version %u: make it anew with cgnsim import",
		            r->path, (unsigned long long)version, VERSION);
	if (!get(r, bytes + MAGIC_BYTES + 4, HEADER - MAGIC_BYTES - 4, e))
		return false;
	sane = header_take(bytes, t);
	at = bytes + HEADER_CRC;
	if (crc32c(0, bytes, HEADER_CRC) != (uint32_t)take(&at, 4))
		return bad(e, r->path, "the flow trace is damaged: the checksum of its header does not match");
	wanted = HEADER + (uint64_t)t->host_count * HOST + (uint64_t)t->record_count * RECORD +
	         (uint64_t)t->inner_count * INNER + (uint64_t)t->flow6_count * FLOW6 + TRAILER;
	if (size != wanted)
		return fail(e, "%s: the flow trace is %llu bytes long, and its header speaks of %llu: it %s", r->path,
		            (unsigned long long)size, (unsigned long long)wanted,
		            size < wanted ? "breaks off" : "has more behind its end");
	if (!sane)
		return bad(e, r->path, "the flow trace has a damaged header");
	r->crc = 0;
	return true;
}

static bool hosts_get(struct reader *r, struct trace *t, struct err *e)
{
	uint8_t bytes[HOST];
	uint64_t records = 0, inner = 0;

	for (uint32_t h = 0; h < t->host_count; h++) {
		struct trace_host *host = &t->hosts[h];
		const uint8_t *at = bytes;

		if (!get(r, bytes, HOST, e))
			return false;
		host->address = (uint32_t)take(&at, 4);
		host->count = (uint32_t)take(&at, 4);
		host->inner_count = (uint32_t)take(&at, 4);
		memcpy(host->home, at, sizeof(host->home));
		host->first = (uint32_t)records;
		host->first_inner = host->inner_count ? (uint32_t)inner : 0;
		records += host->count;
		inner += host->inner_count;
		if (records > t->record_count)
			return bad(e, r->path, "the flow trace has hosts with more trains than there are");
		if (inner > t->inner_count)
			return bad(e, r->path, "the flow trace has homes with more hosts than there are");
		for (uint32_t i = 0; i < host->count; i++)
			t->records[host->first + i].train.subscriber = h;
	}
	if (records != t->record_count)
		return bad(e, r->path, "the flow trace has trains of no host");
	return inner == t->inner_count || bad(e, r->path, "the flow trace has hosts of no home");
}

static bool body_get(struct reader *r, struct trace *t, struct err *e)
{
	uint8_t bytes[FLOW6];
	const uint8_t *at;
	uint32_t crc;

	t->hosts = must_alloc(t->host_count, sizeof(*t->hosts));
	t->records = must_alloc(t->record_count, sizeof(*t->records));
	t->inner = must_alloc(t->inner_count, sizeof(*t->inner));
	t->flows6 = must_alloc(t->flow6_count, sizeof(*t->flows6));
	for (uint32_t i = 0; i < t->record_count; i++) {
		if (!get(r, bytes, RECORD, e))
			return false;
		record_take(bytes, &t->records[i]);
	}
	for (uint32_t i = 0; i < t->flow6_count; i++) {
		if (!get(r, bytes, FLOW6, e))
			return false;
		if (!flow6_take(bytes, &t->flows6[i]))
			return bad(e, r->path, "the flow trace is damaged: bytes that must be 0 are not");
	}
	if (!hosts_get(r, t, e))
		return false;
	for (uint32_t i = 0; i < t->inner_count; i++) {
		if (!get(r, bytes, INNER, e))
			return false;
		at = bytes;
		t->inner[i] = (uint32_t)take(&at, INNER);
	}
	crc = r->crc;
	if (!get(r, bytes, TRAILER, e))
		return false;
	at = bytes;
	return (uint32_t)take(&at, TRAILER) == crc || bad(e, r->path, "the flow trace is damaged: its checksum does not match");
}

struct trace *trace_load(const char *path, struct err *e)
{
	struct reader r = { .in = fopen(path, "rb"), .path = path };
	struct trace *t = must_alloc(1, sizeof(*t));
	struct trace_fault fault;
	struct stat st;
	bool ok = false;

	if (!r.in || fstat(fileno(r.in), &st)) {
		fail(e, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		fail(e, "%s: not a regular file, as a flow trace must be", path);
		goto out;
	}
	if (!header_get(&r, t, (uint64_t)st.st_size, e) || !body_get(&r, t, e))
		goto out;
	fault = trace_fault(t);
	if (fault.what) {
		fail(e, "%s: the flow trace has a fault at train %u: %s", path, fault.record, fault.what);
		goto out;
	}
	ok = true;
out:
	if (r.in)
		fclose(r.in);
	if (!ok) {
		trace_destroy(t);
		t = NULL;
	}
	return t;
}

struct trace_writer {
	struct outfile file;
	uint32_t crc, trains, flows6;
};

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

	if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && !trace_is(path)) {
		fail(e, "%s: is there and is no flow trace; name another file, or remove it first", path);
		return NULL;
	}
	w = must_alloc(1, sizeof(*w));
	if (!outfile_open(&w->file, path, e)) {
		free(w);
		return NULL;
	}
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

bool trace_writer_commit(struct trace_writer *w, const struct trace *rest, struct err *e)
{
	uint8_t bytes[HEADER], *at;
	bool good = true;

	must(w->trains == rest->record_count && w->flows6 == rest->flow6_count);
	must(rest->duration_ns >= 0 && rest->duration_ns <= NS_LONGEST);
	for (uint32_t h = 0; h < rest->host_count; h++) {
		host_put(bytes, &rest->hosts[h]);
		write_out(w, bytes, HOST);
	}
	for (uint32_t i = 0; i < rest->inner_count; i++) {
		at = bytes;
		put(&at, rest->inner[i], INNER);
		write_out(w, bytes, INNER);
	}
	at = bytes;
	put(&at, w->crc, TRAILER);
	fwrite(bytes, 1, TRAILER, w->file.stream);
	header_put(bytes, rest);
	errno = 0;
	if (fseeko(w->file.stream, 0, SEEK_SET) || fwrite(bytes, 1, HEADER, w->file.stream) != HEADER)
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
