/* log - what a NAT writes down, and what that weighs.
 *
 * A record is one line of the log. The writer is given the NAT's records in
 * order of time, encodes them and counts bytes; what it hands on (to a reader
 * such as attribution) is the record as the log shows it: times cut to the log's
 * resolution, nothing else known. docs/formats.md gives each format's text.
 *
 * Volume. Records with warmup <= time < end count; so does a format's prologue,
 * once for each instance's log. All records, from time 0, go to the reader and
 * into a kept file.
 *
 * Messages. Records are packed into datagrams of at most 1472 bytes; one is
 * closed when the next record does not fit, or when `flush` or more has passed
 * since its first record. With flush 0 each record is a message of its own.
 *
 * Compression. What counts is also compressed, by zstd at level 3, to learn by
 * how much it shrinks: all of it while the instance's log is below `whole_below`
 * bytes; beyond, a systematic sample. The rest of the log is cut into blocks of
 * LOG_SAMPLE_BLOCK bytes, and of every LOG_SAMPLE_EVERY blocks the first is
 * compressed; a record belongs to the block in which it begins. All go through
 * one zstd stream, so a block finds the dictionary warm, as it would in the whole
 * log. Only what is compressed or kept is really encoded: for the rest length()
 * says what it would take. */
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
	uint16_t step;         /* blocks: every so-many-th number of lo..hi; 0 and 1: all of them */
	uint32_t remote;       /* sessions only */
	uint16_t remote_port;
};

/* Room for one record in any format: its longest text, and what encode() may scribble after it. */
#define LOG_LINE_MAX 384

/* A family of formats: one file each, one line in log_formats[]. */
struct log_format {
	const char *name;       /* "syslog" */
	const char *summary;
	const char *extension;  /* "log" */
	int64_t resolution_ns;
	/* Text before the first record (a CSV's header line); NULL: none. */
	const char *prologue;
	/* Writes the record, with its line end, to `out` (LOG_LINE_MAX bytes); returns its length. time_ns >= 0. */
	size_t (*encode)(const struct log_record *r, char *out);
	/* The same length without writing. A test holds it equal to encode(). Of a mapping's record it is
	 * a sum of what kind and protocol, each digit of a number, and the two addresses take. */
	size_t (*length)(const struct log_record *r);
	/* Reads one line (length without the line end) back. False, with `out` untouched, if it is not
	 * exactly what encode() writes for some record. Fields that the record has not are 0. */
	bool (*decode)(const char *line, size_t length, struct log_record *out);
};
extern const struct log_format *const log_formats[]; /* ended by NULL; without "none" */
const struct log_format *log_format_find(const char *name); /* NULL for "none" or unknown */

struct log_config {
	int format;          /* index into log_format_choices */
	int events;          /* enum log_events */
	bool destinations;   /* session records instead of mappings' (never both: RFC 8158 section 4.6.1) */
	int64_t flush_ns;
	bool keep;
	int64_t max_life_ns; /* 0: none. Of a record without an end */
};
enum log_events { LOG_CREATE_DELETE, LOG_CREATE };
extern const char *const log_format_choices[]; /* names of all formats and "none"; ended by NULL */

#define LOG_MESSAGE_MAX 1472          /* payload bytes of a datagram: 1500 less IP and UDP */
#define LOG_SAMPLE_BLOCK (256u << 10) /* bytes */
#define LOG_SAMPLE_EVERY 64u          /* blocks */

/* What a log weighed. Plain sums: adding two gives the weight of both logs. */
struct log_weight {
	uint64_t records, bytes;
	uint64_t records_before;   /* written before the window: in no other figure here */
	uint64_t messages;
	uint64_t sample_bytes, sample_zstd; /* what was compressed, before and after */
	uint32_t *per_second;      /* records in each second of the window; owned */
	size_t seconds;
};
void log_weight_add(struct log_weight *to, const struct log_weight *from); /* `to` may be zeroed */
void log_weight_clear(struct log_weight *w);
uint64_t log_weight_wire(const struct log_weight *w);  /* bytes + 28 a message */
uint64_t log_weight_zstd(const struct log_weight *w);  /* scaled from the sample; 0 if there is none */

/* One instance's log. */
struct log_writer;

struct log_setup {
	const struct log_config *config;
	int64_t warmup_ns, end_ns;     /* volume counts records in [warmup, end) */
	uint64_t whole_below;          /* compress everything up to this many bytes, then a sample */
	const char *keep_path;         /* also write a .zst here; NULL: encoded, counted and discarded */
};

/* `setup->config` must outlive the writer. NULL with `e` set if keep_path
 * cannot be written. Format "none" holds no record, and keeps no file. */
struct log_writer *log_open(const struct log_setup *setup, struct err *e);

/* Writes a record (skips deletions under `create`), and gives it to you as the
 * log shows it in *shown (which may be r itself); false if the log does not hold such a record at all. */
bool log_write(struct log_writer *w, const struct log_record *r, struct log_record *shown);

/* Closes and frees the writer; `out` is set to what it weighed, and is the
 * caller's (log_weight_clear). False with `e` set if a kept log could not be written. */
bool log_close(struct log_writer *w, struct log_weight *out, struct err *e);

/* Frees the writer and leaves no kept file. NULL is fine. */
void log_abandon(struct log_writer *w);

#endif
