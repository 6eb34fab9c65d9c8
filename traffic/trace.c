/* docs/formats.md gives the bytes. Numbers are put and taken byte by byte, so
 * the file is the same on every machine.
 *
 * Loading trusts nothing: the counts are held against the size of the file
 * before memory is asked for, the checksum against the bytes, and every field
 * against its range, so that a trace in memory keeps the promises of trace.h
 * whoever wrote the file. */
#include "traffic/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/stat.h>

#include "sim/base/crc.h"
#include "sim/base/file.h"
#include "sim/base/must.h"

#define MAGIC "CGNTRACE"
#define MAGIC_BYTES 8
#define VERSION 1u

enum { /* bytes */
	HEADER = 72,
	HOST = 8,
	RECORD = 72,
	TRAILER = 4,
	LARGEST = 72,
};

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

static void header_put(uint8_t *at, const struct trace *t)
{
	memcpy(at, MAGIC, MAGIC_BYTES);
	at += MAGIC_BYTES;
	put(&at, VERSION, 4);
	put(&at, t->host_count, 4);
	put(&at, t->record_count, 4);
	put(&at, 0, 4);
	put(&at, (uint64_t)t->duration_ns, 8);
	put(&at, (uint64_t)t->epoch_ns, 8);
	for (int p = 0; p < PROTO_COUNT; p++)
		put(&at, t->flows[p], 8);
	put(&at, t->peak_flows, 8);
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
	put(&at, r->close, 1);
	put(&at, r->train.host, 1);
}

static void record_take(const uint8_t *at, uint32_t host, struct trace_record *r)
{
	r->train.start_ns = take_time(&at);
	r->train.last_out_ns = take_time(&at);
	r->train.first_in_ns = take_time(&at);
	r->train.last_in_ns = take_time(&at);
	r->bytes_out = take(&at, 8);
	r->bytes_in = take(&at, 8);
	r->packets_out = (uint32_t)take(&at, 4);
	r->packets_in = (uint32_t)take(&at, 4);
	r->train.subscriber = host;
	r->train.flow = (uint32_t)take(&at, 4);
	r->train.remote = (uint32_t)take(&at, 4);
	r->train.remote_port = (uint16_t)take(&at, 2);
	r->train.port = (uint16_t)take(&at, 2);
	r->train.protocol = (uint8_t)take(&at, 1);
	r->train.flags = (uint8_t)take(&at, 1);
	r->train.source = 0;
	r->close = (uint8_t)take(&at, 1);
	r->train.host = (uint8_t)take(&at, 1);
}

/* Why a record is not one, or NULL. Trains may outlast the trace (a workload's
 * flows do), but not by more than NS_LONGEST: so no sum of times overflows. */
static const char *record_fault(const struct trace_record *r, int64_t duration_ns)
{
	const struct segment *s = &r->train;
	int64_t latest = duration_ns + NS_LONGEST;
	bool inbound = s->flags & SEG_INBOUND;
	bool answered = s->first_in_ns != NS_NONE;

	if (s->protocol >= PROTO_COUNT)
		return "a protocol beyond the last";
	if (r->close >= CLOSE_COUNT)
		return "a close beyond the last";
	if (s->start_ns < 0 || s->start_ns > duration_ns)
		return "a start outside the trace";
	if (inbound ? s->last_out_ns != NS_NONE : s->last_out_ns < s->start_ns || s->last_out_ns > latest)
		return "an impossible last outbound time";
	if (answered ? s->first_in_ns < 0 || s->last_in_ns < s->first_in_ns || s->last_in_ns > latest
		     : s->last_in_ns != NS_NONE)
		return "impossible inbound times";
	if (inbound && s->first_in_ns != s->start_ns)
		return "an inbound train that does not start with its first packet";
	if (s->protocol != PROTO_TCP && ((s->flags & ~(SEG_FIRST | SEG_LAST | SEG_INBOUND)) || r->close != CLOSE_NONE))
		return "TCP's marks on another protocol";
	return NULL;
}

struct fault {
	const char *what; /* NULL: none */
	uint32_t record;
};

/* What is known of a host's flows so far; a flow's number is below the number of
 * its host's records. */
enum { FLOW_UNSEEN, FLOW_OPEN, FLOW_OVER };

static struct fault host_fault(const struct trace *t, const struct trace_host *h, uint8_t *seen,
                               uint64_t flows[PROTO_COUNT])
{
	uint32_t begun = 0;

	memset(seen, FLOW_UNSEEN, h->count);
	for (uint32_t i = 0; i < h->count; i++) {
		const struct trace_record *r = &t->records[h->first + i];
		const char *what = record_fault(r, t->duration_ns);
		uint8_t *state;

		if (!what && i && r->train.start_ns < r[-1].train.start_ns)
			what = "out of order";
		if (!what && r->train.flow >= h->count)
			what = "a flow's number beyond the number of trains";
		if (what)
			return (struct fault){ what, h->first + i };
		state = &seen[r->train.flow];
		if (r->train.flags & SEG_FIRST ? *state != FLOW_UNSEEN : *state != FLOW_OPEN)
			return (struct fault){ "a flow's trains in disorder", h->first + i };
		if (r->train.flags & SEG_FIRST) {
			flows[r->train.protocol]++;
			begun++;
		}
		*state = r->train.flags & SEG_LAST ? FLOW_OVER : FLOW_OPEN;
	}
	for (uint32_t f = 0; f < begun; f++)
		if (seen[f] == FLOW_UNSEEN)
			return (struct fault){ "a gap in the numbers of the flows", h->first };
	return (struct fault){ 0 };
}

static struct fault trace_fault(const struct trace *t)
{
	uint64_t flows[PROTO_COUNT] = { 0 };
	uint32_t largest = 0;
	uint64_t records = 0;
	struct fault fault = { 0 };
	uint8_t *seen;

	for (uint32_t h = 0; h < t->host_count; h++) {
		must(t->hosts[h].first == records);
		records += t->hosts[h].count;
		if (t->hosts[h].count > largest)
			largest = t->hosts[h].count;
	}
	must(records == t->record_count);
	seen = must_alloc(largest, 1);
	for (uint32_t h = 0; h < t->host_count && !fault.what; h++)
		fault = host_fault(t, &t->hosts[h], seen, flows);
	free(seen);
	if (!fault.what && memcmp(flows, t->flows, sizeof(flows)))
		fault.what = "the flows are not as many as its header says";
	else if (!fault.what && t->peak_flows > flows[0] + flows[1] + flows[2])
		fault.what = "more flows alive at once than there are";
	return fault;
}

/* A file being read: what is left of it, and the checksum so far. */
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

static bool header_get(struct reader *r, struct trace *t, uint64_t size, struct err *e)
{
	uint8_t bytes[HEADER];
	const uint8_t *at = bytes + MAGIC_BYTES;
	uint64_t version, wanted, zero;

	if (size < MAGIC_BYTES || fread(bytes, 1, MAGIC_BYTES, r->in) != MAGIC_BYTES || memcmp(bytes, MAGIC, MAGIC_BYTES))
		return fail(e, "%s: not a flow trace (it does not begin with %s); captures become one with cgnsim import",
		            r->path, MAGIC);
	r->crc = crc32c(0, bytes, MAGIC_BYTES);
	if (!get(r, bytes + MAGIC_BYTES, HEADER - MAGIC_BYTES, e))
		return false;
	version = take(&at, 4);
	if (version != VERSION)
		return fail(e, "%s: a flow trace of version %llu; this program reads version %u", r->path,
		            (unsigned long long)version, VERSION);
	t->host_count = (uint32_t)take(&at, 4);
	t->record_count = (uint32_t)take(&at, 4);
	zero = take(&at, 4);
	t->duration_ns = take_time(&at);
	t->epoch_ns = take_time(&at);
	for (int p = 0; p < PROTO_COUNT; p++)
		t->flows[p] = take(&at, 8);
	t->peak_flows = take(&at, 8);
	wanted = HEADER + (uint64_t)t->host_count * HOST + (uint64_t)t->record_count * RECORD + TRAILER;
	if (size != wanted)
		return fail(e, "%s: the flow trace is %llu bytes long, and its header speaks of %llu: it %s", r->path,
		            (unsigned long long)size, (unsigned long long)wanted,
		            size < wanted ? "breaks off" : "has more behind its end");
	if (zero || t->duration_ns < 0 || t->duration_ns > NS_LONGEST)
		return bad(e, r->path, "the flow trace has a damaged header");
	return true;
}

static bool body_get(struct reader *r, struct trace *t, struct err *e)
{
	uint8_t bytes[LARGEST];
	const uint8_t *at;
	uint64_t records = 0;
	uint32_t crc;

	t->hosts = must_alloc(t->host_count, sizeof(*t->hosts));
	t->records = must_alloc(t->record_count, sizeof(*t->records));
	for (uint32_t h = 0; h < t->host_count; h++) {
		if (!get(r, bytes, HOST, e))
			return false;
		at = bytes;
		t->hosts[h].address = (uint32_t)take(&at, 4);
		t->hosts[h].count = (uint32_t)take(&at, 4);
		t->hosts[h].first = (uint32_t)records;
		records += t->hosts[h].count;
		if (records > t->record_count)
			return bad(e, r->path, "the flow trace has hosts with more trains than there are");
	}
	if (records != t->record_count)
		return bad(e, r->path, "the flow trace has trains of no host");
	for (uint32_t h = 0; h < t->host_count; h++)
		for (uint32_t i = 0; i < t->hosts[h].count; i++) {
			if (!get(r, bytes, RECORD, e))
				return false;
			record_take(bytes, h, &t->records[t->hosts[h].first + i]);
		}
	crc = r->crc;
	if (!get(r, bytes, TRAILER, e))
		return false;
	at = bytes;
	if ((uint32_t)take(&at, TRAILER) != crc)
		return bad(e, r->path, "the flow trace is damaged: its checksum does not match");
	return true;
}

struct trace *trace_load(const char *path, struct err *e)
{
	struct reader r = { .in = fopen(path, "rb"), .path = path };
	struct trace *t = must_alloc(1, sizeof(*t));
	struct fault fault;
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

void trace_destroy(struct trace *t)
{
	if (!t)
		return;
	free(t->hosts);
	free(t->records);
	free(t);
}

static uint32_t write_out(FILE *out, uint32_t crc, const uint8_t *bytes, size_t count)
{
	fwrite(bytes, 1, count, out); /* outfile_commit() sees a failure */
	return crc32c(crc, bytes, count);
}

bool trace_save(const struct trace *t, const char *path, struct err *e)
{
	struct stat st;
	struct outfile f;
	uint8_t bytes[LARGEST], *at;
	uint32_t crc;

	must(t->duration_ns >= 0 && t->duration_ns <= NS_LONGEST);
	must(!trace_fault(t).what);
	if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > 0 && !trace_is(path))
		return fail(e, "%s: is there and is no flow trace; name another file, or remove it first", path);
	if (!outfile_open(&f, path, e))
		return false;
	header_put(bytes, t);
	crc = write_out(f.stream, 0, bytes, HEADER);
	for (uint32_t h = 0; h < t->host_count; h++) {
		at = bytes;
		put(&at, t->hosts[h].address, 4);
		put(&at, t->hosts[h].count, 4);
		crc = write_out(f.stream, crc, bytes, HOST);
	}
	for (uint32_t i = 0; i < t->record_count; i++) {
		record_put(bytes, &t->records[i]);
		crc = write_out(f.stream, crc, bytes, RECORD);
	}
	at = bytes;
	put(&at, crc, TRAILER);
	fwrite(bytes, 1, TRAILER, f.stream);
	return outfile_commit(&f, e);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Of a start and an end at the same moment the start comes first: spans are closed. */
uint64_t trace_peak(int64_t *first_ns, int64_t *last_ns, size_t n)
{
	uint64_t most = 0;

	if (n) {
		qsort(first_ns, n, sizeof(*first_ns), by_value);
		qsort(last_ns, n, sizeof(*last_ns), by_value);
	}
	for (size_t begun = 0, over = 0; begun < n; begun++) {
		while (last_ns[over] < first_ns[begun])
			over++;
		if (begun + 1 - over > most)
			most = begun + 1 - over;
	}
	return most;
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
