/* docs/formats.md gives the bytes; trace_file.c writes them. Numbers are taken byte
 * by byte, so the file is the same on every machine.
 *
 * Loading trusts nothing: the counts are held against the size of the file
 * before memory is asked for, the checksums against the bytes, and every field
 * against its range, so that a trace in memory keeps the promises of trace.h
 * whoever wrote the file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/must.h"
#include "traffic/trace_file.h"
#include "traffic/trace_layout.h"

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
