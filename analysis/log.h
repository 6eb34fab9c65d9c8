/* log - what a NAT writes down, and what that weighs.
 *
 * A record is one line of the log. The writer makes records from the NAT's
 * events, encodes them and counts bytes; what it hands on (to a reader such as
 * attribution) is the record as the log shows it: times cut to the log's
 * resolution, nothing else known. docs/formats.md gives each format's text. */
#ifndef ANALYSIS_LOG_H
#define ANALYSIS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/base/err.h"
#include "sim/base/packet.h"

enum log_kind {
	LOG_MAPPING_ADD,    /* RFC 8158 NAT44 BIB create: inside endpoint <-> outside endpoint */
	LOG_MAPPING_DELETE,
	LOG_BLOCK_ADD,      /* RFC 7768 / RFC 8158 port block allocation: all protocols */
	LOG_BLOCK_DELETE,
	LOG_SESSION_ADD,    /* with its remote endpoint, only if destinations are logged */
	LOG_SESSION_DELETE,
	LOG_KINDS,
};

struct log_record {
	int64_t  time_ns;      /* simulated time, cut to the format's resolution */
	enum log_kind kind;
	enum protocol protocol; /* not for blocks */
	uint32_t inside;       /* the subscriber's address */
	uint32_t outside;      /* public address */
	uint16_t inside_port;  /* not for blocks */
	uint16_t lo, hi;       /* outside numbers; equal for a mapping */
	uint32_t remote;       /* sessions only */
	uint16_t remote_port;
};

/* Longest text of one record in any format. */
#define LOG_LINE_MAX 384

/* A family of formats: one file each, one line in log_formats[]. */
struct log_format {
	const char *name;       /* "syslog" */
	const char *summary;
	const char *extension;  /* "log" */
	int64_t resolution_ns;
	/* Text before the first record (a CSV's header line); NULL: none. */
	const char *prologue;
	/* Writes the record, with its line end, to `out` (LOG_LINE_MAX bytes); returns its length. */
	size_t (*encode)(const struct log_record *r, char *out);
	/* The same length without writing. A test holds it equal to encode(). */
	size_t (*length)(const struct log_record *r);
	/* Reads one line (length without the line end) back. False if it is not one. For tests and readers. */
	bool (*decode)(const char *line, size_t length, struct log_record *out);
};
extern const struct log_format *const log_formats[]; /* ended by NULL; without "none" */
const struct log_format *log_format_find(const char *name); /* NULL for "none" or unknown */

struct log_config {
	int format;          /* index into log_format_choices */
	int events;          /* enum log_events */
	bool destinations;   /* false only, for now */
	int64_t flush_ns;
	bool keep;
	int64_t max_life_ns; /* 0: none. Of a record without an end */
};
enum log_events { LOG_CREATE_DELETE, LOG_CREATE };
extern const char *const log_format_choices[]; /* names of all formats and "none"; ended by NULL */

/* What a log weighed. Plain sums: adding two gives the weight of both logs. */
struct log_weight {
	uint64_t records, bytes;
	uint64_t messages;         /* datagrams: closed at 1472 bytes or after `flush` */
	uint64_t sample_bytes, sample_zstd; /* of the blocks that were compressed */
	uint32_t *per_second;      /* records in each second of the window; owned */
	size_t seconds;
};
void log_weight_add(struct log_weight *to, const struct log_weight *from); /* `to` may be zeroed */
void log_weight_clear(struct log_weight *w);
uint64_t log_weight_wire(const struct log_weight *w);  /* bytes + 28 a message */
uint64_t log_weight_zstd(const struct log_weight *w);  /* scaled from the sample */

/* One instance's log. */
struct log_writer;

struct log_setup {
	const struct log_config *config;
	int64_t warmup_ns, end_ns;     /* volume counts records in [warmup, end) */
	uint64_t whole_below;          /* compress everything up to this many bytes, then 1 block in 64 */
	const char *keep_path;         /* also write a .zst here; NULL: encoded, counted and discarded */
};
struct log_writer *log_open(const struct log_setup *setup, struct err *e);

/* Writes a record (skips deletions under `create`), and gives it to you as the
 * log shows it in *shown; false if the log does not hold such a record at all. */
bool log_write(struct log_writer *w, const struct log_record *r, struct log_record *shown);

/* Closes; `out` is set to what it weighed. False with `e` set if a kept log could not be written. */
bool log_close(struct log_writer *w, struct log_weight *out, struct err *e);

#endif
